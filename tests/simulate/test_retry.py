"""Repeated attempts at one problem share its difficulty."""

import jax
import numpy as np
import pytest
from scipy import integrate

from simlib import Uniform
from simlib.simulate import conditional_pass_at_k, conditional_survival, pass_at_k, survival
from tests.simulate._frailty import ExponentialFrailty
from tests.statistics import assert_agrees

KEY = jax.random.key(13)
ATTEMPTS = np.array([1, 2, 10, 100])


def shared(k, rate_times_length):
    """E[1 - (1 - exp(-Z c))^k] for Z ~ Exp(1), by quadrature in s = exp(-Z)."""
    value, _ = integrate.quad(lambda s: 1 - (1 - s**rate_times_length) ** k, 0, 1, limit=200)
    return value


def test_independent_attempts_without_heterogeneity():
    e, n = 0.01, 300
    q = (1 - e) ** n
    assert_agrees(
        pass_at_k(Uniform(e), n, ATTEMPTS, key=KEY, problems=300_000),
        1 - (1 - q) ** ATTEMPTS,
        wrong={
            "counts failures before the first success as attempts": 1 - (1 - q) ** (ATTEMPTS - 1)
        },
    )


def test_attempts_share_the_latent():
    process, n = ExponentialFrailty(0.05), 40
    truth = np.array([shared(k, 2.0) for k in ATTEMPTS])
    marginal = 1 / (1 + 2.0)
    wrong = {"draws a new latent for every attempt": 1 - (1 - marginal) ** ATTEMPTS}
    counted = pass_at_k(process, n, ATTEMPTS, key=KEY, problems=300_000)
    averaged = conditional_pass_at_k(process, n, ATTEMPTS, key=KEY, problems=300_000)
    assert_agrees(counted, truth, wrong=wrong)
    assert_agrees(averaged, truth, wrong=wrong)
    # Rao and Blackwell: the conditional mean is never worse.
    assert np.all(np.asarray(averaged.stderr) < np.asarray(counted.stderr))


def test_conditional_survival_agrees_and_has_smaller_error():
    process, lengths = ExponentialFrailty(0.01), np.array([[0, 1], [100, 10_000]])
    truth = 1 / (1 + 0.01 * lengths)
    counted = survival(process, lengths, key=KEY, replicates=200_001)
    averaged = conditional_survival(process, lengths, key=KEY, replicates=200_001)
    assert averaged.shape == (2, 2)
    assert (averaged.n, averaged.method) == (200_001, "conditional mean")
    assert_agrees(averaged, truth, wrong={"averages the hazard": np.exp(-0.01 * lengths)})
    assert np.all(np.asarray(averaged.stderr) <= np.asarray(counted.stderr))
    # The exact standard error: Var S(n | Z) = 1 / (1 + 2c) - 1 / (1 + c)^2 with c = 0.01 n.
    c = 0.01 * lengths
    exact = np.sqrt((1 / (1 + 2 * c) - 1 / (1 + c) ** 2) / 200_001)
    np.testing.assert_allclose(averaged.stderr, exact, rtol=0.05, atol=1e-12)


def test_tiny_pass_probability_keeps_its_digits():
    # One attempt of a million tokens: pass@1 is 1e-4 of the problems' average, not 1 - 0.9999.
    process = ExponentialFrailty(1.0)
    estimate = conditional_pass_at_k(process, 10_000, [1], key=KEY, problems=400_000)
    assert_agrees(estimate, [1 / 10_001], wrong={"is zero": [0.0]})


def test_no_attempt_passes_nothing():
    estimate = pass_at_k(Uniform(0.1), 5, [0, 1], key=KEY, problems=100)
    assert float(estimate.value[0]) == 0.0


@pytest.mark.parametrize("function", [pass_at_k, conditional_pass_at_k])
def test_impossible_requests_are_named(function):
    process = ExponentialFrailty(0.1)
    with pytest.raises(ValueError, match="length must be >= 1, got 0"):
        function(process, 0, [1], key=KEY, problems=10)
    with pytest.raises(ValueError, match=r"attempts must be whole numbers >= 0, got 1\.5"):
        function(process, 10, [1.5], key=KEY, problems=10)


def test_averaging_needs_heterogeneity_and_two_draws():
    with pytest.raises(ValueError, match="Uniform has no latent to average over"):
        conditional_survival(Uniform(0.1), [1], key=KEY, replicates=100)
    with pytest.raises(ValueError, match="at least 2"):
        conditional_survival(ExponentialFrailty(0.1), [1], key=KEY, replicates=1)
