"""Notebooks for readers outside the book."""

import nbformat
import pytest

from simlib.book.sphinx_ext._notebooks import readable
from simlib.book.sphinx_ext._plain_markdown import plain_markdown
from simlib.book.sphinx_ext._stamp import MARK

VALUES = {"rate": "0.30", "n": "12"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{glue:text}`rate` of {glue}`n`", "0.30 of 12"),
        ("see {doc}`a/key_tokens` and {ref}`words <x>`", "see *key tokens* and words"),
        ("{term}`hazard`, {cite:t}`ord2025`", "hazard, ord2025"),
        ("(label)=\n## Title", "\n## Title"),
        ("```{prf:theorem} Law\n:label: t\n\nLet $x$.\n```", "**Theorem (Law).** Let $x$."),
        ("```{prf:proof}\nClear.\n```", "*Proof.* Clear. ∎"),
        ("```{exercise} Easy\n:label: e\n\nDo {glue:text}`n`.\n```", "**Exercise (Easy).** Do 12."),
        ("```{solution-start} e\n:class: dropdown\n```", "**Solution.**"),
        ("```{solution-end}\n```", ""),
        ("```{glue:figure} f\n:alt: words\n\nA caption.\n```", "*A caption.*"),
        ("```{admonition} Takeaway\n:class: takeaway\n\nOne.\nTwo.\n```",
         "> **Takeaway**\n>\n> One.\n> Two."),
        ("````{note}\n```{math}\nx\n```\n````", "> **Note**\n>\n> $$\n> x\n> $$"),
        ("```python\nx = {1}\n```", "```python\nx = {1}\n```"),
        ("{claim}`a.b` {claim}`c.d`", "A statement. c.d"),
    ],
)  # fmt: skip
def test_plain_markdown(text, expected):
    quote = lambda role, content: "A statement." if (role, content) == ("claim", "a.b") else None
    assert plain_markdown(text, VALUES, quote) == expected


def test_a_notebook_becomes_readable():
    new = nbformat.v4
    page = new.new_notebook(
        cells=[
            new.new_markdown_cell("The rate is {glue:text}`rate`."),
            new.new_code_cell('book.glue_figure("curve", fig)'),
            new.new_markdown_cell("```{solution-end}\n```"),
            new.new_code_cell(f"{MARK}abc"),
        ],
        metadata={"source_map": [0, 1]},
    )
    glued = {
        "rate": {"data": {"text/plain": "'0.30'"}},
        "curve": {"data": {"application/papermill.record/image/svg+xml": "<svg/>"}},
    }
    found = readable(page, glued, "Head.")
    assert [c.source for c in found.cells] == [
        "Head.", "The rate is 0.30.", 'book.glue_figure("curve", fig)'
    ]  # fmt: skip
    assert found.cells[2].outputs[0].data == {"image/svg+xml": "<svg/>"}
    assert "source_map" not in found.metadata
    nbformat.validate(found)
