"""Uniform errors: reference values, and brute force over all error patterns."""

import itertools

import jax
import numpy as np
import pytest

from simlib.processes import AbstractErrorProcess, Uniform


def test_reference_values():
    assert float(Uniform(0.01).survival(100)) == pytest.approx(0.3660, abs=5e-5)
    assert float(Uniform(0.05).survival(100)) == pytest.approx(0.00592, abs=5e-6)
    for p, steps in ((0.9, 6.58), (0.99, 68.97), (0.999, 692.8)):
        assert float(Uniform(1 - p).horizon(0.5)) == pytest.approx(steps, rel=1e-3)


@pytest.mark.parametrize("e", [0.03, 0.4])
def test_every_error_pattern(e):
    # All 2^n patterns of right and wrong tokens with their probabilities.
    n = 10
    first_error = np.zeros(n + 1)
    for pattern in itertools.product((0, 1), repeat=n):
        probability = np.prod([e if wrong else 1 - e for wrong in pattern])
        first_error[pattern.index(1) if 1 in pattern else n] += probability
    process = Uniform(e)
    survival = 1 - np.cumsum(first_error[:-1])
    np.testing.assert_allclose(process.survival(np.arange(1.0, n + 1)), survival, rtol=1e-12)
    np.testing.assert_allclose(process.hazard(np.arange(1.0, n + 1)), e, rtol=1e-10)
    mean = np.sum(first_error * np.arange(n + 1))
    np.testing.assert_allclose(process.mean_run_length(n), mean, rtol=1e-12)


def test_closed_forms_agree_with_the_general_ones():
    process = Uniform(0.02)
    general = AbstractErrorProcess
    np.testing.assert_allclose(
        general.inverse_cumulative_hazard(process, 0.7), process.inverse_cumulative_hazard(0.7)
    )
    np.testing.assert_allclose(general.mean_run_length(process), process.mean_run_length())


def test_horizon_differentiates_like_its_formula():
    slope = jax.grad(lambda e: Uniform(e).horizon(0.5))(0.01)
    step = 1e-6
    by_hand = (Uniform(0.01 + step).horizon(0.5) - Uniform(0.01 - step).horizon(0.5)) / (2 * step)
    assert float(slope) == pytest.approx(float(by_hand), rel=1e-6)


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.1, 1.2, float("nan")])
def test_impossible_rates_are_named(rate):
    with pytest.raises(ValueError, match="error_rate must lie in"):
        Uniform(rate)
