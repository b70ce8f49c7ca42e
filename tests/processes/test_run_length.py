"""Mean run length: against sums over every length, closed forms, and known divergence."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

from simlib.processes import (
    AbstractErrorProcess,
    ConstantRate,
    DecayingRate,
    KeyTokens,
    LogarithmicGrowth,
    PowerGrowth,
    SaturatingGrowth,
    Uniform,
)
from simlib.processes._run_length import sum_of_survival


def brute_force(process, limit):
    total, curve = 0.0, jax.jit(lambda n: process.survival(n))
    for start in range(1, limit + 1, 100_000):
        n = np.arange(start, min(limit, start + 99_999) + 1, dtype=float)
        total += float(np.asarray(curve(n)).sum())
    return total


@pytest.mark.parametrize("rate", [1e-12, 1e-8, 1e-5, 1e-3, 0.1, 0.9])
def test_geometric_law(rate):
    process = Uniform(rate)
    whole = float(sum_of_survival(process, np.inf))
    assert whole == pytest.approx((1 - rate) / rate, rel=1e-13)
    assert float(process.mean_run_length()) == pytest.approx((1 - rate) / rate, rel=1e-13)
    for limit in (1, 7, 1024, 1025, 100_000, 10**12):
        exact = -(1 - rate) / rate * np.expm1(limit * np.log1p(-rate))
        assert float(sum_of_survival(process, limit)) == pytest.approx(exact, rel=1e-12)
    # The error of forgetting the correction of the end points would be seen.
    assert whole != pytest.approx((1 - rate) / rate + 0.5, rel=1e-13) or rate < 1e-11


PROCESSES = {
    "power": KeyTokens(0.01, PowerGrowth(3.0, 0.5)),
    "power above one": KeyTokens(0.001, PowerGrowth(1e-4, 1.5)),
    "logarithm": KeyTokens(0.01, LogarithmicGrowth(100.0)),
    "saturating": KeyTokens(0.01, SaturatingGrowth(50.0, 1e4), ConstantRate(1e-5)),
    "decaying": KeyTokens(0.001, LogarithmicGrowth(50.0), DecayingRate(0.01, 0.5)),
}


@pytest.mark.parametrize("name", PROCESSES)
def test_against_the_sum_over_every_length(name):
    process = PROCESSES[name]
    for limit in (5000, 100_000):
        expected = brute_force(process, limit)
        assert float(process.mean_run_length(limit)) == pytest.approx(expected, rel=1e-10)


def test_a_corner_beyond_the_summed_part_costs_six_digits():
    # The only loss: a growth law that leaves the line k = n beyond 1024 tokens.
    process = KeyTokens(0.001, SaturatingGrowth(5000.0, 1000.0), DecayingRate(0.01, 0.5))
    expected = brute_force(process, 100_000)
    assert float(process.mean_run_length(100_000)) == pytest.approx(expected, rel=2e-5)


def power_law(exponent):
    """S(n) = n^-exponent for n beyond a few tokens, or 1 up to there."""
    return KeyTokens(0.5, LogarithmicGrowth(exponent / np.log(2)))


@pytest.mark.parametrize("exponent", [1.05, 1.5, 2.0, 3.0])
def test_power_tails_are_summed_to_the_end(exponent):
    process = power_law(exponent)
    # The first tokens are all key until c ln n drops below n - 1; beyond, the zeta function.
    near = np.asarray(process.survival(np.arange(1.0, 101)))
    expected = near.sum() + special.zeta(exponent, 101)
    assert float(process.mean_run_length()) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("exponent", [0.3, 0.99, 1.0])
def test_slow_power_tails_have_no_mean(exponent):
    process = power_law(exponent)
    assert np.isinf(process.mean_run_length())
    assert np.isfinite(process.mean_run_length(10**9))


def test_a_plateau_has_no_mean():
    assert np.isinf(KeyTokens(0.01, SaturatingGrowth(50.0, 100.0)).mean_run_length())


def test_differentiable():
    closed = jax.grad(lambda e: (1 - e) / e)(0.01)
    found = jax.jit(jax.grad(lambda e: sum_of_survival(Uniform(e), np.inf)))(0.01)
    assert float(found) == pytest.approx(float(closed), rel=1e-10)
    cut = lambda e: float(KeyTokens(e, PowerGrowth(3.0, 0.5)).mean_run_length(5000))
    slope = jax.grad(lambda e: KeyTokens(e, PowerGrowth(3.0, 0.5)).mean_run_length(5000))(0.01)
    assert float(slope) == pytest.approx((cut(0.01 + 1e-6) - cut(0.01 - 1e-6)) / 2e-6, rel=1e-6)


def test_batches_and_precision():
    rates = jnp.array([0.01, 0.1])
    assert sum_of_survival(Uniform(rates), np.inf) == pytest.approx([99.0, 9.0], rel=1e-12)
    single = sum_of_survival(Uniform(rates.astype(jnp.float32)), np.inf)
    assert single.dtype == jnp.float32
    assert single == pytest.approx([99.0, 9.0], rel=1e-5)


@pytest.mark.parametrize("limit", [0, -3, 2.5, np.nan])
def test_a_limit_must_be_a_number_of_trials(limit):
    with pytest.raises(ValueError, match="limit must be a whole number of trials"):
        AbstractErrorProcess.mean_run_length(Uniform(0.1), limit)
