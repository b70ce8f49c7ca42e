"""Segmentations by dynamic programming, against brute force; answers with several are refused."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.traces.collect import Vocabulary
from simlib.traces.collect._vocabulary import (
    block_texts,
    byte_level_texts,
    redundant_bytes,
)


def vocabulary(*texts, special=(), ends=()):
    return Vocabulary(tuple(texts), frozenset(special), frozenset(ends))


def brute_force(texts, answer):
    """All token sequences that spell the answer, by trying every sequence."""
    return {
        tokens
        for length in range(len(answer) + 1)
        for tokens in product(range(len(texts)), repeat=length)
        if "".join(texts[token] for token in tokens) == answer
    }


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=4),
    st.text("ab", max_size=5),
)
def test_segmentations_are_all_there(texts, answer):
    found = vocabulary(*texts).segmentations(answer)
    assert len(set(found)) == len(found)
    assert set(found) == brute_force(texts, answer)


def test_a_single_segmentation_is_returned():
    assert vocabulary("1", "2", " ", "\n").spell_answer("1 2") == (0, 2, 1)


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        (("1", "2", "12", " "), "has 2 segmentations"),
        (("1", "2", " 2", " "), "has 2 segmentations"),
        (("1", "1", "2", " "), "has 2 segmentations"),
        (("1", " "), "has 0 segmentations"),
        (("1", "2", " ", "2\n"), "runs over the end"),
        (("1", "2", " ", " 2\n\n"), "runs over the end"),
    ],
)
def test_an_ambiguous_answer_is_refused(texts, says):
    answer = "12" if "12" in texts else "1 2"
    with pytest.raises(ValueError, match=says):
        vocabulary(*texts).spell_answer(answer)


def test_special_tokens_spell_nothing_and_may_end():
    words = vocabulary("1", "<end>", "<pad>", "\n", "\n\n", "\n ", special=(1, 2), ends=(1,))
    assert words.segmentations("<end>") == []
    assert words.terminators == (1, 3, 4, 5)


def test_too_many_segmentations_are_refused():
    with pytest.raises(ValueError, match="more than 1000 segmentations"):
        vocabulary("a", "aa").segmentations("a" * 60)


def test_byte_level_names_are_decoded():
    # Ġ stands for the space, Ċ for the line break; é is the two bytes Ã ©.
    assert byte_level_texts(["Ġthe", "Ċ", "Ã©", "Ã", "7", "<|x|>"]) == (
        " the",
        "\n",
        "é",
        "\ufffd",
        "7",
        "<|x|>",
    )


def test_block_texts_are_spaces_and_bytes():
    names = ["\u2581", "\u2581the", "<0x0A>", "<0x31>", "<0xE2>", "1", "<bos>"]
    assert block_texts(names) == (" ", " the", "\n", "1", "\ufffd", "1", "<bos>")
    # Only the byte of a character that has a token of its own is redundant.
    assert redundant_bytes(names) == {3}


def test_redundant_tokens_spell_nothing():
    names = ["1", "<0x31>", "\n", "<0x0A>"]
    texts = block_texts(names)
    ambiguous = Vocabulary(texts, frozenset(), frozenset())
    with pytest.raises(ValueError, match="has 2 segmentations"):
        ambiguous.spell_answer("1")
    unique = Vocabulary(texts, frozenset(), frozenset(), redundant_bytes(names))
    assert unique.spell_answer("1") == (0,)
    assert unique.terminators == (2,)
