"""Allocation of further attempts against its theorem and against brute force."""

import itertools

import jax
import numpy as np
import pytest

from simlib.forecast import Counts, expected_interval, forecast, plan
from simlib.forecast._plan import _fill

COUNTS = Counts.from_columns(None, [100] * 6, [0, 0, 1, 3, 20, 71])


def test_attempts_go_where_coverage_is_uncertain():
    found = forecast(COUNTS, [1000])
    further = plan(found, 1000, 1000)
    assert further.sum() == 1000
    assert np.all(further >= 0)
    # Rates near 1/2000 matter most: problems never solved get more than those often solved.
    assert abs(further[0] - further[1]) <= 1  # rounding
    assert further[1] > further[3]
    assert further[4] == further[5] == 0
    # For few attempts it is the other way round.
    few = plan(found, 1000, 2)
    assert few[4] > few[0]


def test_the_filling_minimises_the_variance_it_is_meant_to():
    # sum w_i^2 / n_i over all ways to spend 9 attempts on 3 problems
    spent, weight = np.array([4, 1, 2]), np.array([0.2, 1.0, 0.6])
    ways = [w for w in itertools.product(range(10), repeat=3) if sum(w) == 9]
    variance = [np.sum(weight**2 / (spent + w)) for w in ways]
    best = ways[int(np.argmin(variance))]
    found = _fill(spent, weight, 9)
    assert found.sum() == 9
    assert np.max(np.abs(found - best)) <= 1


def test_where_nothing_is_uncertain_the_budget_is_spread_evenly():
    solved = forecast(Counts.from_columns(None, [500] * 4, [500, 500, 499, 500]), [100])
    # (1-p)^(2k-1) is below the smallest float for every problem.
    further = plan(solved, 10, 1e12)
    assert further.sum() == 10
    assert further.max() - further.min() <= 1


def test_the_other_rules():
    found = forecast(COUNTS, [1000])
    np.testing.assert_array_equal(plan(found, 10, 1, rule="fewest successes"), [5, 5, 0, 0, 0, 0])
    np.testing.assert_array_equal(
        plan(found, 8, 1, rule="stop after", successes=4), [2, 2, 2, 2, 0, 0]
    )


def test_a_large_budget_is_worth_more_than_a_small_one():
    found = forecast(COUNTS, [1000])
    small, large = (
        expected_interval(found, plan(found, budget, 1000), key=jax.random.key(1), replicates=4)
        for budget in (60, 60_000)
    )
    assert float(large.value[0]) < 0.5
    assert float(large.value[0]) < float(small.value[0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f: plan(f, 0, 10), "budget must be"),
        (lambda f: plan(f, 10, 0), "k must be"),
        (lambda f: plan(f, 10, 10, rule="stop after", successes=0), "nothing is left"),
        (
            lambda f: expected_interval(f, np.array([-1] * 6), key=jax.random.key(0)),
            "further must hold",
        ),
    ],
)
def test_impossible_plans_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(forecast(COUNTS, [10]))
