"""Data cards: written text and generated tables in one piece of Markdown."""

import re

import pytest

from simlib.traces import TABLES, DataError, registry, render_card, render_cards


def test_a_card_carries_the_text_the_facts_and_the_data(data):
    card = render_card("tiny", directory=data)
    assert card.startswith("(tiny)=\n## A tiny data set\n")
    assert "### Use\n\nFor tests." in card
    assert "| add | 1 | 1 | -0.33 |" in card  # -0.75 / ln 10
    assert "* It has a back\\slash." in card
    for file in registry(directory=data)["tiny"].files:
        assert f"| `{file.path}` | {file.content} | {file.rows} | `{file.sha256}` |" in card


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
