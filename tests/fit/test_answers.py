"""Answers as a matrix."""

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from simlib.fit import answer_log_probs


def _traces():
    rows = [
        # Shuffled on purpose: the matrix is ordered by item and position.
        ("b", "copy", 2, "clean", 1, -0.2),
        ("a", "copy", 2, "clean", 0, -0.3),
        ("b", "copy", 2, "clean", 0, -0.1),
        ("a", "copy", 2, "clean", 1, -0.4),
        ("a", "copy", 2, "noisy", 0, -9.0),
        ("c", "add", 1, "clean", 0, -0.5),
        ("d", "add", 1, "clean", 0, -0.6),
        ("d", "add", 1, "clean", 1, -0.7),
    ]
    names = ["item_id", "task", "level", "condition", "position", "log_prob"]
    frame = pl.DataFrame(rows, schema=names, orient="row")
    return SimpleNamespace(id="made-up", steps_with_items=lambda: frame)


def test_rows_are_answers_and_columns_positions():
    found = answer_log_probs(_traces(), task="copy", level=2)
    np.testing.assert_array_equal(found, [[-0.3, -0.4], [-0.1, -0.2]])


def test_answers_of_different_length_need_a_choice():
    with pytest.raises(ValueError, match=r"have \[1, 2\] tokens"):
        answer_log_probs(_traces(), task="add", level=1)
    np.testing.assert_array_equal(
        answer_log_probs(_traces(), task="add", level=1, tokens=2), [[-0.6, -0.7]]
    )


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"task": "sort", "level": 3}, "no clean answers of sort, level 3"),
        ({"task": "add", "level": 1, "tokens": 9}, r"found: \[1, 2\]"),
    ],
)
def test_missing_answers_are_named(choice, message):
    with pytest.raises(ValueError, match=message):
        answer_log_probs(_traces(), **choice)
