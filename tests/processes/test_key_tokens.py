"""Sparse key tokens: the reference table, the regimes, and brute force."""

import itertools

import numpy as np
import pytest

from simlib.processes import (
    ConstantRate,
    DecayingRate,
    KeyTokens,
    LinearShare,
    LogarithmicGrowth,
    PowerGrowth,
    SaturatingGrowth,
    Uniform,
)

N = np.array([100.0, 1e3, 1e4])

TABLE = {
    "linear": (LinearShare(0.09), [0.9135, 0.4047, 1.18e-4]),
    "power": (PowerGrowth(3.0, 0.5), [0.7397, 0.3854, 0.0490]),
    "logarithmic": (LogarithmicGrowth(10.0), [0.6295, 0.4994, 0.3963]),
    # Saturated long before the first length: the plateau itself.
    "saturating": (SaturatingGrowth(50.0, 0.5), [0.6050, 0.6050, 0.6050]),
}


@pytest.mark.parametrize("name", TABLE)
def test_reference_table(name):
    growth, expected = TABLE[name]
    np.testing.assert_allclose(KeyTokens(0.01, growth).survival(N), expected, rtol=2e-3)


def test_a_fixed_share_is_exponential():
    process, uniform = KeyTokens(0.01, LinearShare(0.09)), Uniform(1 - 0.99**0.09)
    np.testing.assert_allclose(process.survival(N), uniform.survival(N), rtol=1e-9)


def test_two_rates_by_every_error_pattern():
    # Three key tokens among eight, in any order: all 2^8 patterns.
    rates = np.array([0.2, 0.05, 0.05, 0.2, 0.05, 0.05, 0.2, 0.05])
    clean = sum(
        np.prod(np.where(pattern, rates, 1 - rates))
        for pattern in itertools.product((0, 1), repeat=len(rates))
        if not any(pattern)
    )
    process = KeyTokens(0.2, LinearShare(3 / 8), ConstantRate(0.05))
    assert float(process.survival(8)) == pytest.approx(clean, rel=1e-12)
    # A process that forgets the other tokens is visibly wrong.
    assert float(KeyTokens(0.2, LinearShare(3 / 8)).survival(8)) > 1.2 * clean


def test_concentration_costs_at_equal_mean():
    for mean, even, nine in ((0.01, 4.32e-5, 2.49e-5), (0.001, 0.3677, 0.3658)):
        concentrated = KeyTokens(mean / 0.09, LinearShare(0.09)).survival(1000)
        assert float(Uniform(mean).survival(1000)) == pytest.approx(even, rel=2e-3)
        assert float(concentrated) == pytest.approx(nine, rel=2e-3)


def test_non_key_errors_bring_the_exponential_back():
    # The saturating regime has a plateau only while the others are faultless.
    growth = SaturatingGrowth(50.0, 100.0)
    assert np.isinf(float(KeyTokens(0.01, growth).horizon(0.5)))
    spoilt = KeyTokens(0.01, growth, ConstantRate(1e-4))
    assert np.isfinite(float(spoilt.horizon(0.5)))
    assert float(spoilt.log_log_slope(1e6)) == pytest.approx(-100, rel=1e-2)


def test_decaying_non_key_hazard_at_its_three_regimes():
    n = np.array([1e5, 1e7])
    slope = lambda a: np.asarray(
        KeyTokens(0.01, LogarithmicGrowth(1e-9), DecayingRate(0.2, a)).log_log_slope(n)
    )
    np.testing.assert_allclose(slope(1.0), -0.2, rtol=1e-3)  # power law
    assert np.abs(slope(1.5)).max() < 1e-3  # plateau
    assert slope(0.5)[1] < 5 * slope(0.5)[0] < 0  # stretched exponential
