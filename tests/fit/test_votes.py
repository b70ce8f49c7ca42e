"""Correlation of attempts, majorities and pluralities: by enumeration, simulation and faults."""

from itertools import combinations

import jax
import numpy as np
import pytest

from simlib import traces
from simlib.fit import (
    attempt_correlation,
    majority_forecast,
    majority_share,
    overdispersion,
    plurality_share,
)
from simlib.formulas.measuring import majority
from tests.statistics import assert_agrees

KEY = jax.random.key(0)
A, B = 0.6, 2.4
MEAN, RHO = A / (A + B), 1 / (A + B + 1)


def _counts(seed, items=400, attempts=5):
    rng = np.random.default_rng(seed)
    n = np.full(items, attempts)
    return rng.binomial(n, rng.beta(A, B, items)), n


def test_correlation_has_no_bias_with_few_attempts_and_the_naive_one_has():
    """100 data sets; |z| above 5 has probability 6e-7."""
    found, naive = [], []
    for seed in range(100):
        c, n = _counts(seed)
        found.append(float(attempt_correlation(c, n, key=KEY, resamples=200).rho.value))
        rate = c / n
        naive.append(rate.var() / (rate.mean() * (1 - rate.mean())))
    for values, right in ((found, True), (naive, False)):
        z = (np.mean(values) - RHO) / (np.std(values, ddof=1) / len(values) ** 0.5)
        assert (abs(z) < 5) == right


def test_its_interval_covers():
    """150 intervals of level 0.9: 15 misses expected, 34 or more has probability 4e-6."""
    missed = 0
    for seed in range(150):
        c, n = _counts(seed, items=300)
        found = attempt_correlation(c, n, key=jax.random.key(seed), resamples=200, level=0.9)
        missed += not bool(found.rho.contains(RHO))
    assert 2 < missed < 34


@pytest.mark.parametrize("model", ["smollm2", "gemma3"])
def test_correlation_from_counts_is_that_of_the_exact_rates(model):
    rows = traces.load(f"attempts-{model}").sampled().filter(stop_rule="fixed")
    for _, cell in rows.group_by("task", maintain_order=True):
        c, n, log_p = (cell[x].to_numpy() for x in ("successes", "n", "log_p"))
        counted = attempt_correlation(c, n, key=KEY, resamples=500)
        exact = overdispersion(log_p, key=KEY, resamples=500)
        # The noise of 1,000 attempts per item is small beside the differences between items.
        assert float(counted.rho.value) == pytest.approx(float(exact.rho.value), abs=0.015)


def test_majority_share_by_enumeration():
    outcome = [True, True, False, True, False, False, False]
    for votes in (1, 2, 3, 4, 7):
        wins = [
            (2 * sum(x) > votes) + 0.5 * (2 * sum(x) == votes) for x in combinations(outcome, votes)
        ]
        found = majority_share(np.array([3, 3]), np.array([7, 7]), votes)
        assert found == pytest.approx(np.mean(wins))


def test_majority_of_beta_binomial_votes():
    """The formula, the estimator and a simulation agree; the factor of the paper is caught."""
    rng = np.random.default_rng(5)
    items, votes = 20_000, 5
    c = rng.binomial(40, rng.beta(A, B, items))
    share = majority_share(c, np.full(items, 40), votes)
    error = share.std(ddof=1) / items**0.5
    wrong = 1 - (1 - MEAN) ** votes
    assert_agrees(
        share.mean(),
        float(majority(votes, MEAN, RHO)),
        stderr=error,
        wrong={
            "lets one right vote decide": wrong,
            "takes votes as independent": float(majority(votes, MEAN, 0.0)),
        },
    )


def _forecast_is_right(c, seed):
    n, learn = np.full(len(c), 30), np.arange(len(c)) < len(c) // 2
    key = jax.random.key(seed)
    found = majority_forecast(c, n, learn, votes=(3, 29), key=key, resamples=200)
    return bool(found.error.contains(0.0).all())


def test_forecast_covers_when_the_model_is_right():
    """40 forecasts, each missing with probability 0.1 at most: 17 or more misses 4e-7."""
    missed = sum(not _forecast_is_right(_counts(seed, 300, 30)[0], seed) for seed in range(40))
    assert missed < 17


def test_forecast_fails_when_the_model_is_wrong():
    """Items of two kinds, which no beta distribution describes."""
    rng = np.random.default_rng(7)
    kinds = lambda: rng.binomial(30, rng.choice([0.55, 0.01], 1000))
    assert sum(not _forecast_is_right(kinds(), seed) for seed in range(10)) >= 8


def test_both_ways_is_the_mean_of_both_and_sharper():
    c, n = _counts(2, attempts=20)
    learn = np.arange(400) < 150
    settings = {"votes": (3, 9), "key": KEY, "resamples": 500}
    there, back = (majority_forecast(c, n, x, **settings) for x in (learn, ~learn))
    both = majority_forecast(c, n, learn, both_ways=True, **settings)
    mean = (np.asarray(there.error.value) + np.asarray(back.error.value)) / 2
    np.testing.assert_allclose(both.error.value, mean, rtol=1e-9, atol=1e-12)
    assert np.all(np.asarray(both.error.stderr) < np.asarray(there.error.stderr) / 2)


def test_forecast_uses_other_items_only():
    c, n = _counts(1, attempts=20)
    learn = np.arange(400) < 200
    base = majority_forecast(c, n, learn, votes=(3,), key=KEY, resamples=200)
    changed = np.where(learn, c, 0)
    changed[-1] = 1  # not all zero
    other = majority_forecast(changed, n, learn, votes=(3,), key=KEY, resamples=200)
    assert float(base.forecast.value[0]) == float(other.forecast.value[0])
    assert float(base.observed.value[0]) != float(other.observed.value[0])


def test_plurality_by_hand():
    item = np.array([0, 0, 0, 1, 1])
    count = np.array([4, 3, 3, 6, 4])
    correct = np.array([True, False, False, False, True])
    named = np.array([True, True, True, True, True])
    share = plurality_share(item, count, correct, named, votes=(1, 10), key=KEY, shuffles=400)
    # All ten votes: the right answer leads in the first item and not in the second.
    assert share[:, 1].tolist() == [1.0, 0.0]
    # Single votes: its share, exactly, since ballots use every attempt once.
    assert share[:, 0] == pytest.approx([0.4, 0.4])


def test_ties_are_shared_and_silent_attempts_do_not_vote():
    share = plurality_share(
        np.array([0, 0, 1, 1]),
        np.array([5, 5, 9, 1]),
        np.array([True, False, False, True]),
        np.array([True, True, False, True]),
        votes=(10,),
        key=KEY,
    )
    assert share[:, 0].tolist() == [0.5, 1.0]
    silent = plurality_share(
        np.array([0]), np.array([3]), np.array([False]), np.array([False]), votes=(3,), key=KEY
    )
    assert silent.tolist() == [[0.0]]


def test_a_plurality_of_two_answers_is_a_majority():
    c, n = _counts(3, items=60, attempts=99)
    item = np.repeat(np.arange(60), 2)
    count = np.stack([c, n - c], axis=1).ravel()
    correct = np.tile([True, False], 60)
    share = plurality_share(
        item, count, correct, np.ones(120, bool), votes=(3,), key=KEY, shuffles=200
    )
    expected = majority_share(c, n, 3)
    assert share[:, 0] == pytest.approx(expected, abs=0.03)
    assert share.mean() == pytest.approx(expected.mean(), abs=0.003)


@pytest.mark.parametrize(
    ("successes", "attempts", "message"),
    [
        ([1, 2], [1, 5], "item 0 has 1 successes in 1 attempts"),
        ([1, 9], [5, 5], "item 1 has 9"),
        ([0, 0], [5, 5], "without any success"),
        ([5, 5], [5, 5], "without any failure"),
        ([1], [5], "at least two items"),
    ],
)
def test_faults_of_counts_are_named(successes, attempts, message):
    with pytest.raises(ValueError, match=message):
        attempt_correlation(np.array(successes), np.array(attempts), key=KEY)


def test_faults_of_votes_are_named():
    c, n = np.array([1, 2, 3, 1]), np.array([5, 5, 5, 5])
    with pytest.raises(ValueError, match="between 1 and the 5 attempts"):
        majority_share(c, n, 7)
    with pytest.raises(ValueError, match="two items on each side"):
        majority_forecast(c, n, np.array([True, True, True, False]), votes=(3,), key=KEY)
    with pytest.raises(ValueError, match="between 1 and the 2 attempts"):
        plurality_share(
            np.array([0]), np.array([2]), np.array([True]), np.array([True]), votes=(3,), key=KEY
        )
