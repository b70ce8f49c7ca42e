"""Overdispersion and the price of mixed difficulty."""

import jax
import numpy as np
import pytest

from simlib.fit import coverage_ratio, overdispersion
from simlib.formulas import real_tokens

KEY = jax.random.key(20)


def beta_items(a: float, b: float, count: int, seed: int = 1) -> np.ndarray:
    return np.log(np.random.default_rng(seed).beta(a, b, count))


def test_recovers_the_moments_of_a_beta_population():
    a, b = 0.7, 2.1
    found = overdispersion(beta_items(a, b, 4_000), key=KEY, level=0.99, resamples=4_000)
    assert found.mean.contains(a / (a + b))
    assert found.rho.contains(1 / (a + b + 1))
    # False-alarm rate 2 % for the pair of intervals, under a fixed draw.
    # The same data must refuse a wrong formula: rho of a beta law without the + 1.
    assert not found.rho.contains(1 / (a + b))


def test_interval_covers_at_its_level():
    # 200 data sets, nominal 90 %. With true coverage 0.9 fewer than 160 hits have probability
    # 2e-5; the same intervals cover a rho that is a third too large much less often.
    a, b = 2.0, 3.0
    truth, hits, false_hits = 1 / (a + b + 1), 0, 0
    for seed in range(200):
        found = overdispersion(
            beta_items(a, b, 300, seed), key=jax.random.key(seed), level=0.9, resamples=400
        ).rho
        hits += bool(found.contains(truth))
        false_hits += bool(found.contains(truth * 4 / 3))
    assert hits >= 160
    assert false_hits < 100


def test_two_attempts_follow_from_mean_and_rho():
    log_p = beta_items(0.4, 1.0, 500)
    found = overdispersion(log_p, key=KEY)
    pair = 1 - (1 - np.exp(log_p)) ** 2
    formula = real_tokens.two_attempts(found.mean.value, found.rho.value)
    np.testing.assert_allclose(pair.mean(), formula, rtol=1e-12)


def test_coverage_ratio_is_one_for_equal_items_and_falls_with_spread():
    k = np.array([1.0, 2.0, 10.0, 1000.0])
    equal = coverage_ratio(np.log(np.full(50, 0.03)), k, key=KEY)
    np.testing.assert_allclose(equal.value, 1.0, rtol=1e-12)
    spread = coverage_ratio(beta_items(0.3, 2.0, 400), k, key=KEY)
    assert float(spread.value[0]) == pytest.approx(1.0)
    assert (np.asarray(spread.upper[1:]) < 1).all()


def test_impossible_items_count():
    log_p = np.array([np.log(0.5), -np.inf])
    assert float(overdispersion(log_p, key=KEY).mean.value) == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("log_p", "message"),
    [
        (np.array([-1.0]), "at least two items"),
        (np.array([0.1, -1.0]), "at most 0"),
        (np.array([np.nan, -1.0]), "at most 0"),
        (np.array([-np.inf, -np.inf]), "impossible items only"),
        (np.array([0.0, 0.0]), "all items are certain"),
    ],
)
def test_bad_items_are_named(log_p, message):
    with pytest.raises(ValueError, match=message):
        overdispersion(log_p, key=KEY)


def test_attempts_below_one_are_refused():
    with pytest.raises(ValueError, match="attempts must be at least 1, got 0"):
        coverage_ratio(np.array([-1.0, -2.0]), np.array([0.0]), key=KEY)
