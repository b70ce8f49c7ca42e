"""Formulas of the chapter on pass@k, against enumeration of all outcomes and simulation."""

import numpy as np
import pytest
import sympy as sp

from simlib.forecast import estimator_moments, log_all_fail
from simlib.formulas import REGISTRY, k, pass_at_k, prove_equal
from simlib.formulas.pass_at_k import attempts_made, successes_seen
from tests.statistics import assert_agrees

FORMULAS = [f for name, f in REGISTRY.items() if name.startswith("pass_at_k.")]


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda f: f.name)
def test_computed_form_is_proved(formula):
    assert formula.prove().holds


def test_a_wrong_binomial_is_refuted():
    c, n = successes_seen, attempts_made
    choose = sp.binomial(n - c, k) / sp.binomial(n, k)
    wrong = sp.binomial(n - c - 1, k) / sp.binomial(n, k)
    estimate = 1 - pass_at_k.unbiased.expression
    assert prove_equal(choose.rewrite(sp.gamma), estimate).holds
    assert not prove_equal(wrong.rewrite(sp.gamma), estimate).holds


def test_estimate_is_that_of_the_forecasts():
    c, n, k = np.array([1.0, 3, 40]), 100.0, np.array([1.0, 7, 50])
    found = np.asarray(pass_at_k.unbiased(c, n, k))
    assert found == pytest.approx(-np.expm1(log_all_fail(c, n, k)), rel=1e-13)


@pytest.mark.parametrize("rate", [0.01, 0.2])
def test_bias_of_the_plug_in_rule(rate):
    def bias(n, k):
        return estimator_moments(rate, n, k)[1, 0] - (1 - (1 - rate) ** k)

    assert bias(10, 2) == pytest.approx(float(pass_at_k.plug_in_bias(rate, 10, 2)))
    found, leading = bias(4000, 5), float(pass_at_k.plug_in_bias(rate, 4000, 5))
    assert found == pytest.approx(leading, rel=0.01)
    assert found != pytest.approx(float(pass_at_k.plug_in_bias(rate, 4000, 6)), rel=0.1)


@pytest.mark.parametrize("rate", [0.01, 0.2, 0.7])
def test_variance_leading_term_and_bound(rate):
    _, variance = estimator_moments(rate, 4000, 5)[0]
    assert variance == pytest.approx(float(pass_at_k.noise_variance(rate, 4000, 5)), rel=0.02)
    for n, tries in [(10, 3), (10, 10), (50, 20)]:
        _, variance = estimator_moments(rate, n, tries)[0]
        assert variance <= float(pass_at_k.block_bound(rate, n, tries)) * (1 + 1e-9)
    _, one_block = estimator_moments(rate, 10, 10)[0]
    assert one_block == pytest.approx(float(pass_at_k.block_bound(rate, 10, 10)))


def test_verified_attempts_against_simulation():
    """One false alarm in a million; swapping the two rates of the verifier is caught."""
    rng, trials, tries = np.random.default_rng(1), 200_000, 6
    rate, right, wrong = 0.1, 0.9, 0.2
    good = rng.uniform(size=(trials, tries)) < rate
    accepted = rng.uniform(size=good.shape) < np.where(good, right, wrong)
    first = accepted.argmax(1)
    hit = accepted.any(1) & good[np.arange(trials), first]
    assert_agrees(
        np.array([hit.sum()]),
        np.asarray([pass_at_k.verified(rate, right, wrong, tries)], dtype=float),
        n=trials,
        wrong={
            "swaps the rates": [float(pass_at_k.verified(rate, wrong, right, tries))],
            "forgets false positives": [1 - (1 - rate * right) ** tries],
        },
    )
    most = float(pass_at_k.verified(rate, right, wrong, 10_000))
    assert most == pytest.approx(float(pass_at_k.verifier_cap(rate, right, wrong)))


def test_marginal_value_is_the_difference_of_values():
    rate, right, wrong, cost = 0.05, 0.9, 0.1, 0.7
    accept = rate * right + (1 - rate) * wrong

    def value(tries):
        some = 1 - (1 - accept) ** tries
        good = float(pass_at_k.verified(rate, right, wrong, tries))
        return good - cost * (some - good)

    found = float(pass_at_k.marginal_value(rate, right, wrong, cost, 4))
    assert found == pytest.approx(value(5) - value(4))
