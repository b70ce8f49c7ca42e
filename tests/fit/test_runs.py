"""Runs: what is refused, and what compression keeps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.fit import Runs


def from_columns(*columns, **more):
    # Annotations, which the tests check, would refuse some arguments before the function does.
    function = getattr(Runs.from_columns, "__wrapped__", Runs.from_columns)
    return function(*columns, **more)


@pytest.mark.parametrize(
    ("length", "error", "more", "message"),
    [
        ([], [], {}, "length holds no run"),
        ([1, 0], [1, 1], {}, "whole numbers from 1, got 0 in entry 1"),
        ([1, -3], [1, 1], {}, "got -3 in entry 1"),
        ([1.5, 2.0], [1, 1], {}, r"got 1.5 in entry 0"),
        ([1.0, np.nan], [1, 1], {}, "got nan in entry 1"),
        ([1.0, np.inf], [1, 0], {}, "got inf in entry 1"),
        (["1", "2"], [1, 1], {}, "whole numbers, got values of type"),
        ([[1, 2]], [[1, 1]], {}, "one column"),
        ([1, 2], [1, 2], {}, "error must be 0 or 1, got 2 in entry 1"),
        ([1, 2], [1.0, 0.5], {}, "error must be 0 or 1"),
        ([1, 2], [1.0, np.nan], {}, "error must be 0 or 1"),
        ([1, 2], ["yes", "no"], {}, "error must be 0 or 1"),
        ([1, 2], [1], {}, "error must have one entry per run"),
        ([1, 2], [1, 0], {"item": np.array(["a"])}, "item must have one entry per run"),
        ([1, 2], [1, 0], {"run": np.array(["a", "a"])}, "run must name every run once, got 'a'"),
    ],
)
def test_bad_columns_are_named(length, error, more, message):
    with pytest.raises(ValueError, match=message):
        from_columns(np.asarray(length), np.asarray(error), **more)


@given(
    st.lists(st.tuples(st.integers(1, 30), st.booleans(), st.integers(0, 5)), min_size=1),
    st.randoms(use_true_random=False),
)
@settings(max_examples=50, deadline=None, derandomize=True)
def test_compression_keeps_every_run_and_forgets_the_order(rows, random):
    length, error, item = (np.array(column) for column in zip(*rows, strict=True))
    runs = Runs.from_columns(length, error, item=item)
    assert np.array_equal(runs.length[runs.pair], length)
    assert np.array_equal(runs.error[runs.pair], error)
    assert np.array_equal(np.bincount(runs.pair), runs.count)
    assert (runs.runs, runs.errors, runs.steps) == (len(rows), error.sum(), length.sum())
    assert runs.items == len(set(item.tolist()))
    assert runs.has_repeats == (runs.items < len(rows))
    order = list(range(len(rows)))
    random.shuffle(order)
    other = Runs.from_columns(length[order], error[order])
    assert np.array_equal(runs.length, other.length)
    assert np.array_equal(runs.count, other.count)
    assert not other.has_repeats


def test_counts_of_chosen_runs():
    runs = Runs.from_columns(np.array([3, 3, 5]), np.array([True, True, False]))
    assert runs.counts_of(np.array([True, False, True])).tolist() == [1, 1]


def test_floats_that_are_whole_numbers_are_lengths():
    assert Runs.from_columns(np.array([2.0, 3.0]), np.array([1, 0])).length.tolist() == [2, 3]


def test_counts_stand_for_that_many_runs():
    rng = np.random.default_rng(0)
    length, error, item = rng.integers(1, 6, 40), rng.integers(0, 2, 40), rng.integers(0, 7, 40)
    count = rng.integers(1, 5, 40)
    found = Runs.from_counts(length, error, count, item=item)
    columns = (np.repeat(x, count) for x in (length, error, item))
    one, two, three = columns
    expected = Runs.from_columns(one, two, item=three)
    for name in ("length", "error", "count", "pair", "item"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


@pytest.mark.parametrize(
    ("count", "message"),
    [
        ([0, 1], "count must hold whole numbers from 1, got 0 in entry 0; say how many runs"),
        ([1.5, 1], "got 1.5 in entry 0"),
        ([1], r"count must have one entry per row, got shape \(1,\) for 2 lengths"),
        (["a", "b"], "count must hold whole numbers, got values of type"),
    ],
)
def test_wrong_counts_are_refused(count, message):
    from_counts = getattr(Runs.from_counts, "__wrapped__", Runs.from_counts)
    with pytest.raises(ValueError, match=message):
        from_counts(np.array([3, 4]), np.array([1, 0]), np.array(count))
