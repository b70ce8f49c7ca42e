"""Rules that every page of the book keeps."""

import re
from pathlib import Path

import pytest
import yaml
from myst_nb.core.config import NbParserConfig
from myst_nb.core.read import create_nb_reader
from myst_parser.config.main import MdParserConfig

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "chapters").rglob("*.md"))
CHAPTERS = [p for p in PAGES if p.parent.name in ("foundations", "processes", "forecasting")]
# Lines that a reader need not read: shown folded, or not at all.
HIDDEN = {"hide-input", "hide-cell", "remove-cell", "remove-input"}

name = lambda path: path.relative_to(ROOT / "chapters").as_posix()
every_page = pytest.mark.parametrize("path", PAGES, ids=name)
every_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=name)


def cells(path):
    """Code cells of a page: their tags and sources."""
    text = path.read_text("utf-8")
    reader = create_nb_reader(str(path), MdParserConfig(), NbParserConfig(), text)
    if reader is None:
        return []
    found = reader.read(text).cells
    return [(set(c.metadata.get("tags", [])), c.source) for c in found if c.cell_type == "code"]


def prose(text: str) -> str:
    """The sentences of a page: no code, mathematics, roles, links, labels or options."""
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.S)
    text = re.sub(r"^(`{3,}|:{3,})\{(code-cell|eval-rst)\}.*?^\1\s*$", "", text, flags=re.M | re.S)
    text = re.sub(r"^(`{3,})(?!\{)\w*\n.*?^\1\s*$", "", text, flags=re.M | re.S)
    text = re.sub(r"^\s*:[\w-]+:.*$", "", text, flags=re.M)
    text = re.sub(r"\$\$.+?\$\$", "", text, flags=re.S)
    text = re.sub(r"\$[^$]+\$", "", text)
    text = re.sub(r"\{[\w:-]+\}`[^`]+`", "", text)
    text = re.sub(r"`[^`]*`", "", text)
    text = re.sub(r"^\s*(`{3,}|:{3,}).*$", "", text, flags=re.M)
    return re.sub(r"\]\([^)]*\)", "]", text)


# Decimal numbers that are names or definitions, not results.
ALLOWED = {
    "WCAG 2.2",
    "Apache-2.0",
    "CC BY 4.0",
    "Python 3.11",
    "Python 3.13",
}


@every_page
def test_no_result_is_typed(path):
    """A decimal number in a sentence is glued from a computation, or quoted by a claim."""
    text = prose(path.read_text("utf-8"))
    for allowed in ALLOWED:
        text = text.replace(allowed, "")
    found = [
        line.strip() for line in text.splitlines() if re.search(r"(?<![\w.])\d+\.\d+(?!\.\d)", line)
    ]
    assert found == []


def test_the_scan_for_typed_results_sees_what_it_should():
    caught = "The survival is 0.366 here."
    passed = "With $e=0.01$, `x = 0.5` and {glue:text}`a.b` we get {claim}`uniform.horizon`."
    assert re.search(r"\d+\.\d+", prose(caught))
    assert not re.search(r"\d+\.\d+", prose(passed))


@every_page
def test_cells_are_few_and_short(path):
    found = cells(path)
    # Solutions are folded: they count as pages of their own.
    visible = [source for tags, source in found if not tags & HIDDEN]
    solutions = len(re.findall(r"\{solution-start\}", path.read_text("utf-8")))
    assert len(found) - solutions <= 30
    too_long = [source.splitlines()[0] for source in visible if len(source.splitlines()) > 25]
    assert too_long == []


@every_page
def test_the_first_cell_prepares_the_page_in_sight(path):
    found = cells(path)
    if found:
        tags, source = found[0]
        assert "setup()" in source
        assert not tags & HIDDEN


@every_page
def test_what_produces_a_number_is_not_hidden(path):
    for tags, source in cells(path):
        if tags & {"remove-cell", "remove-input", "hide-cell"}:
            assert "glue(" not in source, source
        if "hide-input" in tags:
            assert "simulate." not in source, source
            assert "traces.load" not in source, source


@every_page
def test_keys_come_from_the_page_and_never_from_a_seed(path):
    for _, source in cells(path):
        assert "random.key(" not in source
        assert "PRNGKey" not in source
        assert "np.random" not in source
        assert "from myst_nb" not in source


@every_page
def test_figures_have_caption_and_alternative_text(path):
    text = path.read_text("utf-8")
    captions = []
    for match in re.finditer(
        r"^(`{3,}|:{3,})\{(glue:figure|figure)\}[^\n]*\n(.*?)^\1\s*$", text, re.M | re.S
    ):
        body = match[3]
        assert re.search(r"^:alt: .{15,}", body, re.M), body
        assert re.search(r"^:name: fig-[\w-]+", body, re.M), body
        caption = re.sub(r"^:.*$", "", body, flags=re.M).strip()
        assert len(caption) >= 15, body
        captions.append(caption)
    assert len(set(captions)) == len(captions)
    assert "glue_figure(" not in text or captions
    glued = re.findall(r'glue_figure\(\s*"([^"]+)"', text)
    assert all(re.search(rf"\{{glue:figure\}} {re.escape(g)}\b", text) for g in glued)


def test_captions_are_not_copied_between_pages():
    seen: dict[str, Path] = {}
    for path in PAGES:
        text = path.read_text("utf-8")
        for match in re.finditer(r"\{glue:figure\}[^\n]*\n(.*?)^`{3,}\s*$", text, re.M | re.S):
            caption = re.sub(r"^:.*$", "", match[1], flags=re.M).strip()
            assert caption not in seen, (path, seen[caption])
            seen[caption] = path


@every_page
def test_charts_are_described(path):
    for _, source in cells(path):
        if "explore(" in source:
            assert "description=" in source, source


@every_chapter
def test_a_chapter_has_the_shape_of_a_chapter(path):
    """Objectives, proofs, a figure, an interactive figure, takeaways with claims, exercises."""
    text = path.read_text("utf-8")
    assert ":class: objectives" in text
    assert text.count(":class: takeaway") >= 3
    assert text.count("{prf:proof}") >= 1
    assert text.count("{glue:figure}") >= 2
    assert "explore(" in text
    assert len(re.findall(r"^`{3,}\{exercise(?:-start)?\}", text, re.M)) >= 4
    takeaways = re.findall(r":class: takeaway\n(.*?)^```$", text, re.M | re.S)
    assert all("{claim" in takeaway for takeaway in takeaways)


@every_chapter
def test_every_exercise_has_a_hint_and_a_checked_solution(path):
    text, topic = path.read_text("utf-8"), path.stem
    labels = re.findall(r"^`{3,}\{exercise(?:-start)?\}.*?^:label: (\S+)", text, re.M | re.S)
    solved = re.findall(r"\{solution-start\} (\S+)", text)
    assert sorted(labels) == sorted(solved)
    source = "\n".join(code for _, code in cells(path))
    from simlib.exercises import exercises

    for exercise in exercises(topic):
        assert f'check("{exercise.id}"' in source
        assert exercise.hint


@every_page
def test_header_and_title(path):
    text = path.read_text("utf-8")
    if text.startswith("---"):
        header = yaml.safe_load(text.split("---")[1])
        assert header["kernelspec"]["name"] == "python3"
        assert header["jupytext"]["text_representation"]["format_name"] == "myst"
    titles = re.findall(
        r"^# (.+)$", re.sub(r"^(`{3,}).*?^\1\s*$", "", text, flags=re.M | re.S), re.M
    )
    assert len(titles) == 1
