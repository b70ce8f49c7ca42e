"""Key tokens: the reference table, the regimes, and when other errors spoil them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simlib.formulas import key_tokens as formulas
from simlib.processes import (
    ConstantRate,
    DecayingRate,
    KeyTokens,
    LinearShare,
    LogarithmicGrowth,
    NoErrors,
    PowerGrowth,
    SaturatingGrowth,
    Uniform,
)

N = jnp.array([100.0, 1e3, 1e4])
# e_key = .01 and no other errors.
TABLE = {
    "share": (LinearShare(0.09), [0.9135, 0.4047, 1.18e-4]),
    "power": (PowerGrowth(3.0, 0.5), [0.7397, 0.3854, 0.0490]),
    "logarithm": (LogarithmicGrowth(10.0), [0.6295, 0.4994, 0.3963]),
    "plateau": (SaturatingGrowth(50.0, 1.0), [0.6050, 0.6050, 0.6050]),
}


@pytest.mark.parametrize("name", TABLE)
def test_reference_table(name):
    growth, expected = TABLE[name]
    assert KeyTokens(0.01, growth).survival(N).tolist() == pytest.approx(expected, rel=2e-3)
    assert KeyTokens(0.011, growth).survival(N).tolist() != pytest.approx(expected, rel=2e-3)


def test_the_process_is_the_formulas():
    growth, other = PowerGrowth(3.0, 0.5), ConstantRate(1e-3)
    process = KeyTokens(0.01, growth, other)
    count = growth.count(N)
    exact = formulas.two_rates(N, count, 0.01, 1e-3)
    assert process.survival(N) == pytest.approx(np.asarray(exact), rel=1e-13)


def test_a_constant_rate_of_zero_is_no_errors():
    for growth, _ in TABLE.values():
        none, zero = KeyTokens(0.01, growth, NoErrors()), KeyTokens(0.01, growth, ConstantRate(0))
        assert none.log_survival(N).tolist() == zero.log_survival(N).tolist()
        assert zero.horizon(0.7) == pytest.approx(np.asarray(none.horizon(0.7)), rel=1e-9)
    # And the derivative there is that of the first errors to come.
    log_survival = lambda e: KeyTokens(0.01, LinearShare(0.09), ConstantRate(e)).log_survival(1e3)
    assert float(jax.grad(log_survival)(0.0)) == pytest.approx(-910)
    horizon = lambda e: KeyTokens(0.01, LinearShare(0.09), ConstantRate(e)).horizon(0.5)
    assert float(jax.grad(horizon)(0.0)) < -1e4


def test_concentration_at_equal_mean_never_helps():
    # n = 1000: all error on 9 % of the tokens, against the same mean spread evenly.
    for mean, even, concentrated in ((0.01, 4.32e-5, 2.49e-5), (0.001, 0.3677, 0.3658)):
        spread = float(Uniform(mean).survival(1000))
        on_keys = float(KeyTokens(mean / 0.09, LinearShare(0.09)).survival(1000))
        assert (spread, on_keys) == pytest.approx((even, concentrated), rel=2e-3)
        gap = formulas.concentration_gap(1000, 0.09, mean / 0.09, 0.0)
        assert float(gap) == pytest.approx(np.log(spread / on_keys), rel=1e-9)


def test_other_errors_that_a_reliability_allows():
    # With 91 % of the tokens not key, their factor is .9 at exactly this rate.
    for n, rate in ((1e3, 1.16e-4), (1e4, 1.16e-5), (1e5, 1.16e-6)):
        allowed = formulas.non_key_rate_allowed(0.9, 0.91 * n)
        assert float(allowed) == pytest.approx(rate, rel=3e-3)
        factor = KeyTokens(0.01, LinearShare(0.09), ConstantRate(allowed)).survival(n) / (
            KeyTokens(0.01, LinearShare(0.09)).survival(n)
        )
        assert float(factor) == pytest.approx(0.9, rel=1e-9)


@pytest.mark.parametrize("growth", ["power", "logarithm", "plateau"])
def test_a_constant_rate_brings_the_exponential_back(growth):
    process = KeyTokens(0.01, TABLE[growth][0], ConstantRate(1e-3))
    # The local slope of ln S against n tends to ln(1 - e_non).
    slope = float(process.log_log_slope(1e10)) / 1e10
    assert slope == pytest.approx(np.log1p(-1e-3), rel=1e-3)


def test_what_decaying_errors_leave():
    at = 1e12
    keys = LogarithmicGrowth(10.0)
    exponent = float(formulas.logarithmic_exponent(10.0, 0.01))
    slope = lambda non_key: -float(KeyTokens(0.01, keys, non_key).log_log_slope(at))
    # A bounded total leaves the power law alone, c/n adds c to its exponent, and slower decay
    # makes a stretched exponential: the slope grows without end.
    assert slope(DecayingRate(0.01, 2.0)) == pytest.approx(exponent, rel=1e-6)
    assert slope(DecayingRate(0.05, 1.0)) == pytest.approx(exponent + 0.05, rel=1e-6)
    assert slope(DecayingRate(0.01, 0.5)) == pytest.approx(exponent + 0.01 * at**0.5, rel=1e-3)
    # The stretched exponential of the power law has its own exponent.
    power = KeyTokens(0.01, PowerGrowth(3.0, 0.5))
    log_slope = np.log(float(power.log_log_slope(4e6) / power.log_log_slope(1e6))) / np.log(4)
    assert log_slope == pytest.approx(0.5, rel=1e-9)


def test_power_law_exponent_and_plateau():
    process = KeyTokens(0.01, LogarithmicGrowth(10.0))
    assert float(process.log_log_slope(1e5)) == pytest.approx(10 * np.log(0.99), rel=1e-12)
    cured = KeyTokens(0.01, SaturatingGrowth(50.0, 100.0))
    assert float(cured.survival(1e9)) == pytest.approx(float(formulas.plateau(50.0, 0.01)))
    assert np.isinf(cured.horizon(0.6))
    assert np.isfinite(cured.horizon(0.61))


def test_no_token_is_key_twice():
    n = jnp.linspace(0, 50, 501)
    for growth in (
        PowerGrowth(3.0, 0.5), PowerGrowth(0.1, 1.8), PowerGrowth(2.0, 1.0),
        LogarithmicGrowth(10.0), LogarithmicGrowth(2.0), SaturatingGrowth(50.0, 10.0),
    ):  # fmt: skip
        count = np.asarray(growth.count(n))
        steps = np.diff(count) / 0.1
        assert np.all((steps >= -1e-9) & (steps <= 1 + 1e-9))
        assert np.all(count <= np.asarray(n) + 1e-12)


def test_count_is_the_largest_that_grows_by_one_at_most():
    # The definition, by brute force over the length u at which growth at slope 1 begins.
    u = np.linspace(0, 40, 4001)
    nominal = {
        "power": (PowerGrowth(0.1, 1.8), 0.1 * u**1.8),
        "log": (LogarithmicGrowth(5.0), np.maximum(5 * np.log(np.maximum(u, 1)), 0)),
        "saturating": (SaturatingGrowth(30.0, 4.0), 30 * (1 - np.exp(-u / 4))),
        "square root": (PowerGrowth(4.0, 0.5), 4 * u**0.5),
    }
    for growth, g in nominal.values():
        expected = np.minimum.accumulate(g - u) + u
        assert growth.count(u) == pytest.approx(expected, abs=0.02)


def test_first_token_is_not_key_under_logarithmic_growth():
    process = KeyTokens(0.5, LogarithmicGrowth(10.0))
    assert float(process.survival(1)) == 1.0
    assert float(process.hazard(1)) == 0.0
    assert float(process.horizon(0.999999)) > 1


def test_linear_share_with_constant_rate_has_a_closed_horizon():
    process = KeyTokens(0.05, LinearShare(0.2), ConstantRate(1e-3))
    exact = formulas.linear_horizon(0.8, 0.2, 0.05, 1e-3)
    assert float(process.horizon(0.8)) == pytest.approx(float(exact), rel=1e-13)
