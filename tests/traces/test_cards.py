"""Data cards: written text and generated tables in one piece of Markdown."""

import re

import polars as pl
import pytest

from simlib.traces import TABLES, DataError, load, registry, render_card, render_cards
from simlib.traces._cards import summary
from tests.traces.small_data import FAMILIES, family_tables, write_data


def test_a_card_carries_the_text_the_facts_and_the_data(data):
    card = render_card("tiny", directory=data)
    assert card.startswith("(tiny)=\n## A tiny data set\n")
    assert "### Use\n\nFor tests." in card
    assert "* It has a back\\slash." in card
    for file in registry(directory=data)["tiny"].files:
        assert f"| `{file.path}` | {file.content} | {file.rows} | `{file.sha256}` |" in card


# Worked out by hand from the small tables: -0.75 / ln 10 = -0.326, exp(-1) = 0.368, and so on.
NUMBERS = {
    "answers": ("| add | 1 | 1 | -0.326 |", "| copy | 2 | 1 | -0.434 |"),
    "attempts": (
        "| copy | 2 | fixed | 1 | 10 | 0.4 | 0.368 | 0 |",
        "| copy | 2 | first_success | 1 | 3 | 0.333 | 0.368 | 0 |",
    ),
    "chains": ("| sum | clean | 1 | 4 | 0.368 | 0.882 |", "| sum | free | 1 | 3 | – | 0 |"),
    "pivots": ("| sum | 1 | 1 | 4 | 0.25 | 0.75 |", "| sum | 2 | 1 | 4 | 0 | 0.25 |"),
    "planted": ("| sum | planted-0.25 | 1 | 3 | 0.368 | 0.135 |",),
    "surprisal": (
        "| prose | full | 1 | 2 | 0.75 | 1.5 | 0.5 |",
        "| prose | short-1 | 1 | 2 | 1.25 | 1.5 | 0.5 |",
    ),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_has_a_summary_of_its_own(tmp_path, family):
    write_data(tmp_path, family_tables(family), family=family)
    card = render_card("tiny", directory=tmp_path)
    for row in NUMBERS[family]:
        assert row in card


def test_the_last_quarter_of_free_runs_is_that_of_the_runs(tmp_path):
    # Free runs end before the chain does; the end of the chain would have no step of theirs.
    tables = family_tables("chains")
    tables["items"] = tables["items"].with_columns(level=pl.lit(8, pl.Int32))
    write_data(tmp_path, tables, family="chains")
    free = summary(load("tiny", directory=tmp_path)).filter(condition="free")
    assert free["right, last quarter"].to_list() == [0.0]


def test_all_cards_explain_every_column(data):
    text = render_cards(directory=data)
    for table in TABLES.values():
        for column in table.columns:
            assert f"| `{column.name}` | {column.kind} |" in text


def test_tables_are_well_formed():
    for line in render_cards().splitlines():
        if line.startswith("|"):
            assert line.endswith(" |"), line
    blocks = re.findall(r"(?:^\|.*\n)+", render_cards(), flags=re.MULTILINE)
    assert len(blocks) >= 5
    for block in blocks:
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(widths) == 1, block


def test_a_missing_card_is_an_error(data):
    (data / "cards" / "tiny.md").unlink()
    with pytest.raises(DataError, match="data card is missing"):
        render_card("tiny", directory=data)
