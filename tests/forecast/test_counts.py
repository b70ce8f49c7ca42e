"""Counts: what is accepted, what is refused, and what equal counts share."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib.forecast import Counts


def test_columns_become_integers():
    counts = Counts.from_columns(["a", "b"], [100.0, 0], np.array([3, 0]))
    assert counts.attempts.dtype == counts.successes.dtype == np.int64
    assert (counts.n_problems, counts.n_attempts, counts.n_successes) == (2, 100, 3)
    assert counts.problem == ("a", "b")
    assert counts.stop_rule == "fixed"


def test_polars_columns_and_truth_values():
    frame = pl.DataFrame({"n": [5, 9], "solved": [True, False]})
    counts = Counts.from_columns(None, frame["n"], frame["solved"], "first_success")
    assert counts.successes.tolist() == [1, 0]
    assert counts.stop_rule == "first_success"
    assert counts.stopped.all()


def test_mixed_rules():
    rules = ["fixed", "first_success"]
    counts = Counts.from_columns(None, [5, 5], [3, 1], rules)
    assert counts.stop_rule == "mixed"
    assert counts.stopped.tolist() == [False, True]
    assert counts[1:].stop_rule == "first_success"
    assert counts[1:].problem == ()


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=30))
def test_distinct_counts_restore_all(pairs):
    n, c = (np.array(x) for x in zip(*((max(p), min(p)) for p in pairs), strict=True))
    counts = Counts.from_columns(None, n, c)
    found = counts.distinct()
    assert (found.attempts[found.inverse] == n).all()
    assert (found.successes[found.inverse] == c).all()
    assert found.multiplicity.sum() == len(n)
    assert len(set(zip(found.attempts, found.successes, strict=True))) == len(found.attempts)


BAD = {
    "swapped columns": ((None, [2, 3], [1, 9]), "successes has 9 in row 1"),
    "negative": ((None, [2, 3], [0, -1]), "successes has -1 in row 1"),
    "fraction": ((None, [2, 3.5], [0, 1]), r"attempts has 3\.5 in row 1"),
    "not a number": ((None, [2, float("nan")], [0, 1]), "attempts has nan in row 1"),
    "infinite": ((None, [2, float("inf")], [0, 1]), "attempts has inf in row 1"),
    "text": ((None, [2, "many"], [0, 1]), "attempts has 'many' in row 1"),
    "digits as text": ((None, [2, 3], ["0", "1"]), "successes has '0' in row 0"),
    "missing": ((None, [2, None], [0, 1]), "attempts has None in row 1"),
    "too large to be exact": ((None, [2, 1e300], [0, 1]), "attempts has 1e.300 in row 1"),
    "a table": ((None, [[2, 3]], [0, 1]), "attempts must be a column"),
    "no rows": ((None, [], []), "attempts has no rows"),
    "lengths": ((None, [2, 3], [0]), "successes has 1 rows and attempts has 2"),
    "names": ((["a"], [2, 3], [0, 1]), "problem has 1 names for 2 rows"),
    "twice": ((["a", "a"], [2, 3], [0, 1]), "problem 'a' is in row 0 and again in row 1"),
    "rule": ((None, [2], [0], "when bored"), "stop_rule has 'when bored' in row 0"),
    "rules": ((None, [2, 3], [0, 1], ["fixed"]), "stop_rule has shape"),
    "after the first": ((["x"], [9], [2], "first_success"), r"successes has 2 in row 0 \(x\)"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_names_column_row_and_value(name):
    columns, message = BAD[name]
    with pytest.raises(ValueError, match=message):
        Counts.from_columns(*columns)
