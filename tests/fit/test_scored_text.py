"""Scored texts: published marks of key tokens, and the answers in worked lines."""

import numpy as np
import polars as pl
import pytest

from simlib import fit
from simlib.fit import ScoredText
from simlib.traces import load
from tests.traces.small_data import family_tables, write_data


def text(tokens, log_prob=None, **short):
    count = len(tokens)
    values = np.zeros(count) if log_prob is None else np.asarray(log_prob, dtype=float)
    return ScoredText(
        "t", np.arange(1, count + 1), list(tokens), values, np.zeros(count),
        {int(k[1:]): np.asarray(v, dtype=float) for k, v in short.items()},
    )  # fmt: skip


def test_key_tokens_gain_from_the_long_context_and_are_likely_with_it():
    found = fit.longppl_keys(
        text("abcd", [-1.0, -1.0, -2.5, -1.9], k32=[-3.5, -2.5, -9.0, -3.95]), 32
    )
    assert found.tolist() == [True, False, False, True]
    strict = text("a", [-1.0], k32=[-3.5])
    assert not fit.longppl_keys(strict, 32, gain=2.6).any()
    assert not fit.longppl_keys(strict, 32, floor=-0.5).any()
    with pytest.raises(ValueError, match=r"short contexts of \[32\] tokens, not 64"):
        fit.longppl_keys(strict, 64)


def test_scaled_contexts_follow_the_place():
    count = 300
    scored = text(
        "x" * count,
        np.zeros(count),
        k4=np.full(count, -3.0),
        k16=np.where(np.arange(count) % 2, 0, -3),
    )
    is_key, context = fit.scaled_keys(scored, 4)
    place = scored.place
    assert (context == np.select([place < 16, place < 64, place < 256], [0, 4, 16], 0)).all()
    assert is_key[context == 4].all()
    assert (is_key[context == 16] == (place[context == 16] % 2 == 1)).all()
    assert not is_key[context == 0].any()
    with pytest.raises(ValueError, match="ratio must be at least 4, got 3"):
        fit.scaled_keys(scored, 3)


def test_answers_are_found_and_the_first_line_is_left_out():
    tokens = [
        "1",
        " =",
        " ",
        "1",
        "\n",
        "copy",
        " ",
        "4",
        " =",
        " ",
        "4",
        "\n",
        "2",
        " =",
        " ",
        "2",
    ]
    is_answer, line = fit.answer_places(text(tokens))
    assert [t for t, a in zip(tokens, is_answer, strict=True) if a] == ["4", "\n"]
    assert line.tolist() == [0] * 5 + [1] * 7 + [2] * 4


def test_texts_are_read_from_a_data_set(tmp_path):
    write_data(tmp_path, family_tables("surprisal"), family="surprisal")
    data = load("tiny", directory=tmp_path)
    (scored,) = fit.scored_texts(data, "prose")
    assert scored.place.tolist() == [2, 3]
    assert scored.log_prob.tolist() == [-0.5, -1.0]
    assert {k: v.tolist() for k, v in scored.short.items()} == {1: [-0.5, -2.0]}
    with pytest.raises(
        ValueError, match=r"tiny has no texts of kind 'code'; there are \['prose'\]"
    ):
        fit.scored_texts(data, "code")


def test_contexts_must_have_the_same_tokens(tmp_path):
    tables = family_tables("surprisal")
    tables["steps"] = tables["steps"].filter(
        ~((pl.col("condition") == "full") & (pl.col("position") == 1))
    )
    write_data(tmp_path, tables, family="surprisal")
    with pytest.raises(ValueError, match="short-1 and full have other tokens"):
        fit.scored_texts(load("tiny", directory=tmp_path), "prose")


def test_answers_are_pooled_and_rises_add_up_within_lines():
    tokens = ["x", "\n", "1", " =", " ", "4", "5", "\n", "2", " =", " ", "7", "\n"]
    log_prob = np.log(np.linspace(0.3, 0.9, len(tokens)))
    one = text(tokens, log_prob, k4=log_prob - 3.0, k8=log_prob)
    two = text(tokens, log_prob, k4=log_prob)
    found = fit.answer_tokens([one, two])
    assert found.line.tolist() == [1, 1, 1, 2, 2, 4, 4, 4, 5, 5]
    assert found.place.tolist() == [6, 7, 8, 12, 13] * 2
    for line in (1, 2, 4, 5):
        here = found.line == line
        start = np.exp(found.log_prob[here].sum())
        assert found.rise[here].sum() == pytest.approx(1 - start)
    assert found.rise[2] == pytest.approx(1 - np.exp(found.log_prob[2]))
    assert list(found.longppl) == [4]
    likely = found.log_prob[:5] > -2.0
    assert found.longppl[4].tolist() == [*likely, *[False] * 5]
    with pytest.raises(ValueError, match="texts hold no worked line"):
        fit.answer_tokens([text("abc")])


def test_marks_are_pooled_over_texts_with_their_contexts():
    count = 80
    scored = text("x" * count, np.zeros(count), k4=np.full(count, -3.0), k16=np.zeros(count))
    bare = text("y" * count)
    fixed = fit.key_marks([scored, bare], context=4)
    assert fixed.is_key.all()
    assert fixed.place.tolist() == list(range(9, count + 1))
    assert set(fixed.context) == {4}
    both = fit.key_marks([scored, scored], ratio=4, block=8)
    assert both.place.tolist() == 2 * list(range(16, count + 1))
    assert (both.is_key == (both.context == 4)).all()
    first, second = both.block[: count - 15], both.block[count - 15 :]
    assert not set(first) & set(second)
    assert (np.diff(first) >= 0).all()
    for bad in ({}, {"context": 4, "ratio": 4}):
        with pytest.raises(ValueError, match="give context or ratio"):
            fit.key_marks([scored], **bad)
    with pytest.raises(ValueError, match="texts have no token with context=64"):
        fit.key_marks([scored, bare], context=64)
