"""The hazard in bins of trials: by hand, against lifelines, and by simulation."""

from itertools import pairwise

import jax
import jax.numpy as jnp
import lifelines
import numpy as np
import pytest

from simlib import KeyTokens, PowerGrowth, Uniform, simulate
from simlib.fit import hazard_curve, product_limit
from tests.statistics import assert_agrees


def _runs(seed=3, size=300):
    rng = np.random.default_rng(seed)
    first, cut = rng.geometric(0.05, size), rng.integers(1, 60, size)
    return np.minimum(first, cut), first <= cut


def _cut_simulation(process, *, size, longest, key):
    keys = jax.random.split(key)
    first = np.asarray(simulate.first_error(process, key=keys[0], shape=(size,)))
    cut = np.asarray(jax.random.randint(keys[1], first.shape, 1, longest + 1))
    return np.minimum(first, cut).astype(int), first <= cut


def test_counts_are_those_of_a_slow_loop():
    seen, wrong = _runs()
    edges = np.array([0, 1, 4, 20, 59])
    found = hazard_curve(seen, wrong, edges=edges)
    for b, (low, high) in enumerate(pairwise(edges)):
        trials = range(low + 1, high + 1)
        assert found.at_risk[b] == sum(int((seen >= j).sum()) for j in trials)
        assert found.errors[b] == sum(int(((seen == j) & wrong).sum()) for j in trials)
    assert found.first.tolist() == [1, 2, 5, 21]
    assert found.last.tolist() == [1, 4, 20, 59]
    assert found.middle.tolist() == [1, 3, 12.5, 40]


def test_its_sum_is_the_nelson_aalen_estimate():
    seen, wrong = _runs()
    ours = hazard_curve(seen, wrong)
    theirs = lifelines.NelsonAalenFitter(nelson_aalen_smoothing=False).fit(
        seen, wrong, timeline=np.arange(1, seen.max() + 1)
    )
    total = np.cumsum(np.asarray(ours.hazard.value))
    np.testing.assert_allclose(total, theirs.cumulative_hazard_.iloc[:, 0], rtol=1e-12)


def test_its_product_is_the_product_limit_and_kaplan_meier():
    seen, wrong = _runs()
    lengths = np.arange(1, seen.max() + 1)
    product = np.cumprod(1 - np.asarray(hazard_curve(seen, wrong).hazard.value))
    np.testing.assert_allclose(
        product, product_limit(seen, wrong, lengths=lengths).value, rtol=1e-12
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        theirs = lifelines.KaplanMeierFitter().fit(seen, wrong, timeline=lengths)
    np.testing.assert_allclose(product, theirs.survival_function_.iloc[:, 0], rtol=1e-12)


def test_one_trial_per_bin_has_the_binomial_error_and_interval():
    found = hazard_curve([1] * 30 + [2] * 70, [True] * 30 + [False] * 70, edges=[0, 1], level=0.9)
    assert float(found.hazard.stderr[0]) == pytest.approx((0.3 * 0.7 / 100) ** 0.5)
    # scipy.stats.binomtest(30, 100).proportion_ci(0.9, "exact")
    assert float(found.hazard.lower[0]) == pytest.approx(0.2249232, abs=1e-6)
    assert float(found.hazard.upper[0]) == pytest.approx(0.3842206, abs=1e-6)


def test_simulations_give_the_hazard_of_the_law_and_wrong_ones_are_caught():
    process = KeyTokens(0.1, PowerGrowth(2.0, 0.5))
    seen, wrong = _cut_simulation(process, size=400_000, longest=120, key=jax.random.key(5))
    found = hazard_curve(seen, wrong, edges=np.arange(101))
    trials = np.array([1, 3, 5, 10, 50])  # the hazard drops between trials 4 and 5
    truth = np.asarray(process.hazard(jnp.asarray(trials, float)))
    # False alarms of one in a million; given the trials at risk each count is binomial.
    at, n = found.errors[trials - 1], found.at_risk[trials - 1]
    before = np.asarray(process.hazard(jnp.asarray(trials - 1.0).at[0].set(1.0)))
    assert_agrees(
        at,
        truth,
        n=n,
        wrong={
            "counts the trial before": before,
            "takes the rate for the probability": -np.log1p(-truth),
        },
    )
    # Runs as the denominator, instead of trials at risk.
    assert not np.allclose(found.errors[trials - 1] / len(seen), truth, rtol=0.02)


def test_a_wide_bin_is_the_mean_over_trials_at_risk():
    process = KeyTokens(0.05, PowerGrowth(2.0, 0.5))
    seen, wrong = _cut_simulation(process, size=200_000, longest=120, key=jax.random.key(6))
    fine, coarse = (hazard_curve(seen, wrong, edges=e) for e in (np.arange(121), [0, 120]))
    hazards = np.asarray(process.hazard(jnp.arange(1.0, 121.0)))
    mean = (fine.at_risk * hazards).sum() / fine.at_risk.sum()
    assert_agrees(coarse.errors, mean, n=coarse.at_risk, wrong={"ignores risk": hazards.mean()})


@pytest.mark.parametrize("edges", [[14, 15], [10, 20]])
def test_coverage_is_near_nominal(edges):
    """300 intervals of level 0.9, conservative: 57 misses or more have probability below 1e-6."""
    missed = 0
    for seed in range(300):
        found = hazard_curve(*_runs(seed, 200), edges=edges, level=0.9)
        missed += not bool(found.hazard[0].contains(0.05))
    assert missed < 57
    # And intervals around a wrong hazard miss it: the check can fail.
    wrong = sum(
        not bool(hazard_curve(*_runs(s, 200), edges=[0, 30], level=0.9).hazard[0].contains(0.08))
        for s in range(50)
    )
    assert wrong > 40


def test_edges_of_the_domain():
    found = hazard_curve([3, 3, 3], [False] * 3, edges=[0, 3, 9])
    assert found.at_risk.tolist() == [9, 0]
    assert found.hazard.value.tolist()[0] == 0.0
    assert np.isnan(float(found.hazard.value[1]))
    assert (float(found.hazard.lower[1]), float(found.hazard.upper[1])) == (0.0, 1.0)
    # Nothing in nine trials at risk: the upper end is that of Clopper and Pearson.
    assert float(found.hazard.upper[0]) == pytest.approx(1 - 0.025 ** (1 / 9))
    certain = hazard_curve([1, 1], [True, True])
    assert (float(certain.hazard.value[0]), float(certain.hazard.upper[0])) == (1.0, 1.0)
    assert float(certain.hazard.lower[0]) == pytest.approx(0.025**0.5)


def test_work_does_not_grow_with_the_length():
    """A loop over trials would not end."""
    found = hazard_curve([10**12, 2], [True, True], edges=[0, 10, 10**12])
    assert found.at_risk.tolist() == [12, 10**12 - 10]


def test_a_uniform_law_has_the_same_hazard_in_every_bin():
    seen, wrong = _cut_simulation(Uniform(0.02), size=100_000, longest=200, key=jax.random.key(7))
    found = hazard_curve(seen, wrong, edges=[0, 5, 20, 80, 200])
    assert_agrees(found.errors, 0.02, n=found.at_risk, wrong={"is a tenth larger": 0.022})


@pytest.mark.parametrize(
    ("seen", "wrong", "edges", "message"),
    [
        ([], [], None, "one entry per run"),
        ([1, 2], [True], None, "one entry per run"),
        ([0, 2], [True, True], None, "seen must hold whole numbers of at least 1"),
        ([1.5], [True], None, "whole numbers"),
        ([1], [True], [1], "at least two numbers"),
        ([1], [True], [0, 0.5], "edges must hold whole numbers"),
        ([1], [True], [0, 5, 5], "edges must increase"),
        ([1], [True], [-1, 5], "edges must hold whole numbers of at least 0"),
    ],
)
def test_faults_are_named(seen, wrong, edges, message):
    with pytest.raises(ValueError, match=message):
        hazard_curve(seen, wrong, edges=edges)
