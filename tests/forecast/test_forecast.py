"""Forecasts: limits, invariances, calibration, and input that cannot be."""

import jax
import numpy as np
import pytest
from scipy import stats

from simlib.forecast import (
    Counts,
    Truth,
    broad_prior,
    draw_counts,
    forecast,
    learn_prior,
    pooled_priors,
)
from simlib.forecast._posterior import node_masses
from simlib.forecast._prior import Normal, Prior
from simlib.mixing import Beta

K = [1, 10, 1000, 10**6, 10**12]


def counts_of(attempts, successes, rule="fixed"):
    return Counts.from_columns(None, attempts, successes, rule)


EXTREMES = {
    "no success at all": counts_of([50] * 20, [0] * 20),
    "all always solved": counts_of([50] * 20, [50] * 20),
    "one problem": counts_of([20], [0]),
    "one problem, solved": counts_of([1], [1]),
    "one success": counts_of([1000] * 128, [1] + [0] * 127),
    "unequal attempts": counts_of([1, 10, 10**6, 0], [1, 0, 3, 0]),
    "stopped at the first success": counts_of([3, 500, 500], [1, 0, 1], "first_success"),
    "mixed rules": counts_of([3, 500, 40], [1, 0, 7], ["first_success", "first_success", "fixed"]),
}


@pytest.mark.parametrize("name", EXTREMES)
def test_poor_data_give_wide_answers_and_never_nan(name):
    found = forecast(EXTREMES[name], K)
    value, lower, upper = (
        np.asarray(x) for x in (found.pass_at_k.value, found.pass_at_k.lower, found.pass_at_k.upper)
    )
    assert np.all((lower >= 0) & (lower <= value) & (value <= upper) & (upper <= 1))
    assert np.all(np.diff(value) >= -1e-9)
    parts = (found.slope(), found.never_solved(), found.cost(), found.attempts_for([0.5, 0.999]))
    for part in parts:
        assert not np.isnan(np.asarray(part.value)).any()
        assert np.all(np.asarray(part.lower) <= np.asarray(part.upper))
    if name in ("one problem", "no success at all"):
        assert upper[3] - lower[3] > 0.5


def test_the_stop_rule_makes_no_difference_to_the_likelihood():
    attempts, successes = [7, 100, 12, 100], [1, 0, 1, 0]
    fixed, stopped = (
        forecast(counts_of(attempts, successes, rule), K) for rule in ("fixed", "first_success")
    )
    np.testing.assert_array_equal(fixed.pass_at_k.value, stopped.pass_at_k.value)


def test_quantities_agree_with_the_curve():
    found = forecast(counts_of([100] * 30, [0] * 10 + list(range(1, 100, 5))), [100, 1000])
    (slope,) = np.asarray(found.slope([[100, 1000]]).value)
    low, high = np.asarray(found.pass_at_k.value)
    # The slope of the mean curve, up to the spread of the members
    implied = (np.log(-np.log(low)) - np.log(-np.log(high))) / np.log(10)
    assert slope == pytest.approx(implied, rel=0.25)
    needed = found.attempts_for([float(high)])
    assert float(needed.lower[0]) < 1000 < float(needed.upper[0])
    # Mean attempts until the first success, by summation of the curve: sum_{j<k} E(1-p)^j.
    curve = found.at(np.arange(1, 100)).pass_at_k.value
    assert float(found.cost().value[0]) == pytest.approx(
        1 + np.sum(1 - np.asarray(curve)), rel=2e-3
    )
    # Ten problems were never solved; the others stay solved.
    never = np.asarray(found.never_solved().value)
    assert np.all((never > 0) & (never < 10))
    assert np.all(np.diff(never) < 0)


def test_more_attempts_narrow_the_interval_around_the_truth():
    truth = Truth(
        "synthetic",
        "beta",
        np.asarray(Beta(0.5, 5.0).sample_log_rate((128,), key=jax.random.key(8))),
    )
    widths = []
    for n in (10, 100, 1000):
        found = forecast(draw_counts(truth, n, key=jax.random.key(n)), [10_000], level=0.99)
        assert bool(found.pass_at_k.contains(truth.coverage([10_000]))[0])
        widths.append(float(found.pass_at_k.upper[0] - found.pass_at_k.lower[0]))
    assert widths[0] > widths[1] > widths[2]


def test_intervals_hold_the_truth_as_often_as_they_say():
    """Rates drawn from the prior itself: 60 forecasts, 80 % intervals.

    The number inside is binomial; fewer than 36 or all 60 are rarer than one in 10,000 under a
    correct posterior. Intervals of half the width are caught.
    """
    center, spread = np.log([0.4, 6.0]), 0.25 * np.eye(2)
    prior = Prior({"beta": 1.0}, {"beta": [(1.0, Normal(center, spread))]},
                  np.array([0.0]), np.array([1.0]))  # fmt: skip
    inside = narrow = 0
    rng = np.random.default_rng(11)
    for _ in range(60):
        a, b = np.exp(rng.multivariate_normal(center, spread))
        p = np.maximum(rng.beta(a, b, 40), 1e-300)
        found = forecast(counts_of([20] * 40, rng.binomial(20, p)), [1000], level=0.8, prior=prior)
        truth = np.mean(-np.expm1(1000 * np.log1p(-p)))
        value, lower, upper = (
            float(x[0])
            for x in (found.pass_at_k.value, found.pass_at_k.lower, found.pass_at_k.upper)
        )
        inside += lower <= truth <= upper
        narrow += value - (value - lower) / 2 <= truth <= value + (upper - value) / 2
    low, high = stats.binom.ppf([1e-4, 1 - 1e-4], 60, 0.8)
    assert low <= inside <= high
    assert narrow < low


def test_a_prior_learnt_from_like_benchmarks_sharpens_a_forecast():
    rng = np.random.default_rng(2)
    sets = [counts_of([200] * 60, rng.binomial(200, rng.beta(0.5, 20, 60))) for _ in range(6)]
    new = counts_of([10] * 60, rng.binomial(10, rng.beta(0.5, 20, 60)))
    learnt = learn_prior(sets, trust=0.9, widen=1.2)
    plain, sharper = forecast(new, [1000]), forecast(new, [1000], prior=learnt)
    width = [float(f.pass_at_k.upper[0] - f.pass_at_k.lower[0]) for f in (plain, sharper)]
    assert width[1] < 0.9 * width[0]
    assert sum(learnt.weight.values()) == pytest.approx(1.0)
    pooled = pooled_priors(dict(zip("abc", sets[:3], strict=True)))
    assert set(pooled) == set("abc")


def test_the_prior_is_a_density():
    # Its own points must give every family a distribution: no mass lost, no weight forgotten.
    prior = broad_prior()
    assert sum(prior.weight.values()) == pytest.approx(1.0)
    assert prior.atom_weight.sum() == pytest.approx(1.0)
    for name in prior.weight:
        mean = prior.moments(name).mean
        assert np.isfinite(node_masses(name, np.tile(mean, (512, 1)))).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: forecast(c, [0]), "k must hold"),
        (lambda c: forecast(c, [np.nan]), "k must hold"),
        (lambda c: forecast(c, [1e16]), "k must hold"),
        (lambda c: forecast(c, [10], level=1.0), "level must lie"),
        (lambda c: forecast(counts_of([0, 0], [0, 0]), [10]), "attempts are all 0"),
        (lambda c: forecast(c, [10]).slope([[10, 10]]), "window must hold"),
        (lambda c: forecast(c, [10]).slope([[0.5, 10]]), "window must hold"),
        (lambda c: forecast(c, [10]).attempts_for(1.0), "coverage must lie"),
        (lambda c: learn_prior([c]), "at least 2"),
        (lambda c: learn_prior([c, c], trust=1.0), "trust must lie"),
        (lambda c: learn_prior([c, c], widen=0.5), "widen must be"),
        (lambda c: pooled_priors({"a": c, "b": c}), "at least 3"),
    ],
)
def test_impossible_wishes_are_refused_with_the_remedy(call, message):
    with pytest.raises(ValueError, match=message):
        call(counts_of([10, 10], [0, 3]))
