"""One noun, one stem: page, formulas, module, tests, claims and exercises share a name."""

from pathlib import Path

import pytest

from simlib import claims, formulas, processes
from simlib.exercises import exercises, topics

ROOT = Path(__file__).resolve().parents[2]


def stems(folder: str, pattern: str = "*.py") -> set[str]:
    """Public stems in a folder."""
    found = (p.stem for p in (ROOT / folder).glob(pattern))
    return {stem for stem in found if not stem.startswith("_")}


CHAPTERS = {
    p.stem: p.relative_to(ROOT).as_posix()
    for folder in ("foundations", "processes", "forecasting")
    for p in (ROOT / "chapters" / folder).glob("*.md")
}
PAGES = {p.stem for p in (ROOT / "chapters").rglob("*.md")}


@pytest.mark.parametrize("stem", sorted(CHAPTERS))
@pytest.mark.parametrize(
    "place",
    [
        "simlib/formulas/{}.py",
        "simlib/exercises/{}.py",
        "simlib/claims/evidence/{}.py",
        "data/claims/{}.toml",
        "tests/formulas/test_{}.py",
    ],
)
def test_every_chapter_has_its_parts(stem, place):
    assert (ROOT / place.format(stem)).is_file()


@pytest.mark.parametrize(
    ("folder", "pattern"),
    [
        ("simlib/formulas", "*.py"),
        ("simlib/claims/evidence", "*.py"),
        ("data/claims", "*.toml"),
    ],
)
def test_no_part_is_without_its_chapter(folder, pattern):
    assert stems(folder, pattern) == set(CHAPTERS)


def test_exercises_belong_to_pages():
    assert set(topics()) <= PAGES
    assert set(topics()) >= set(CHAPTERS)
    for topic in topics():
        assert [x.id for x in exercises(topic)] == [
            f"{topic}.{i}" for i in range(1, len(exercises(topic)) + 1)
        ]


def test_claims_name_a_page_and_a_formula_that_exist():
    for entry in claims.ledger():
        assert entry.claim.topic in CHAPTERS
        assert (ROOT / entry.claim.page).is_file()
        if entry.claim.formula:
            assert entry.claim.formula in formulas.REGISTRY


def test_formulas_are_named_after_their_module():
    for name in formulas.REGISTRY:
        topic = name.split(".")[0]
        module = getattr(formulas, topic)
        values = [v for v in vars(module).values() if isinstance(v, formulas.Formula)]
        assert name in {v.name for v in values}


# Processes made of other processes, or of a bare table, have no chapter of their own; that on the
# choice names them.
WRAPPERS = {"Frailty", "Mixture", "PositionalHazard", "Segments"}


def test_every_process_has_a_chapter_and_tests():
    abstract = processes.AbstractErrorProcess
    found = [
        x for x in vars(processes).values()
        if isinstance(x, type) and issubclass(x, abstract) and not x.__name__.startswith("Abstract")
    ]  # fmt: skip
    assert len(found) >= 3
    for process in found:
        path = Path(__import__(process.__module__, fromlist=["x"]).__file__)
        stem = path.stem.removeprefix("_")
        if process.__name__ in WRAPPERS:
            assert process.__name__ in (ROOT / CHAPTERS["choose"]).read_text("utf-8")
        else:
            assert f"chapters/processes/{stem}.md" == CHAPTERS[stem]
        assert (ROOT / f"tests/processes/test_{stem}.py").is_file()


def test_every_claim_is_quoted_on_its_page():
    for entry in claims.ledger():
        text = (ROOT / entry.claim.page).read_text("utf-8")
        assert entry.id in text, entry.id
