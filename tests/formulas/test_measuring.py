"""Formulas of the chapter on measuring, against SciPy, enumeration and the theory's values."""

import jax
import numpy as np
import pytest
import sympy as sp
from scipy import optimize, stats

from simlib.formulas import REGISTRY, k, measuring, prove_equal
from simlib.formulas.measuring import item_cost, rho

FORMULAS = [f for name, f in REGISTRY.items() if name.startswith("measuring.")]


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda f: f.name)
def test_computed_form_is_proved(formula):
    assert formula.prove().holds


def test_design_variance_is_that_of_a_beta_binomial():
    a, b, size = 0.7, 3.0, 12
    law = stats.betabinom(size, a, b)
    p, correlation = a / (a + b), float(measuring.beta_correlation(a, b))
    found = float(measuring.design_variance(p, 40, size, correlation))
    assert found == pytest.approx(law.var() / size**2 / 40)
    independent = float(measuring.design_variance(p, 40, size, 0.0))
    assert found / independent == pytest.approx(float(measuring.design_effect(size, correlation)))


def test_correlation_of_two_attempts():
    a, b = 0.4, 1.6
    p, both = a / (a + b), stats.beta(a, b).moment(2)
    assert float(measuring.beta_correlation(a, b)) == pytest.approx((both - p**2) / (p * (1 - p)))


@pytest.mark.parametrize(("cost", "correlation"), [(10.0, 0.2), (1.0, 0.05), (300.0, 0.5)])
def test_best_attempts_minimise_the_error(cost, correlation):
    error = jax.jit(lambda log_k: measuring.budget_error(0.2, np.e**log_k, correlation, cost, 1e4))
    best = optimize.minimize_scalar(lambda x: float(error(x)), bounds=(-5, 9), method="bounded")
    assert np.exp(best.x) == pytest.approx(
        float(measuring.best_attempts(cost, correlation)), rel=1e-3
    )


def test_best_attempts_by_calculus_and_a_wrong_one_is_refuted():
    square = (1 + (k - 1) * rho) * (item_cost + k) / k
    (best,) = (x for x in sp.solve(sp.diff(square, k), k) if not x.could_extract_minus_sign())
    assert prove_equal(best**2, measuring.best_attempts.expression**2).holds
    assert not prove_equal(best**2, item_cost / rho).holds


@pytest.mark.parametrize("p", [0.02, 0.3, 0.9])
def test_waits_are_those_of_the_geometric_law(p):
    trials = np.arange(1, 6000)
    chance = stats.geom(p).pmf(trials)
    assert float(measuring.inverse_wait(p)) == pytest.approx((chance / trials).sum(), rel=1e-6)
    capped = (chance * np.minimum(trials, 50)).sum()
    assert float(measuring.capped_wait(p, 50)) == pytest.approx(capped, rel=1e-6)
    assert float(measuring.inverse_wait(p)) > p


def test_hidden_atom_is_the_total_variation():
    share, p, size = 0.2, 1e-3, 100
    count = np.arange(size + 1)
    with_atom = share * (count == 0)
    without = share * stats.binom(size, p).pmf(count)
    distance = np.abs(with_atom - without).sum() / 2
    assert float(measuring.hidden_atom(share, p, size)) == pytest.approx(distance)


@pytest.mark.parametrize("attempts", [1, 2, 10, 100, 1000])
def test_allocation_is_largest_at_one_over_twice_the_attempts(attempts):
    p = np.linspace(0.2, 3, 2801) / (2 * attempts)
    p = p[p < 1]
    best = p[np.argmax(np.asarray(measuring.allocation(p, float(attempts))))]
    assert best == pytest.approx(1 / (2 * attempts), rel=2e-3)


@pytest.mark.parametrize("votes", [1, 3, 4, 15, 101])
@pytest.mark.parametrize(("mean", "correlation"), [(0.7, 0.1), (0.2, 0.5), (0.5, 0.03)])
def test_majority_is_that_of_scipy(votes, mean, correlation):
    size = 1 / correlation - 1
    law = stats.betabinom(votes, mean * size, (1 - mean) * size)
    expected = law.sf(votes // 2) + (law.pmf(votes // 2) / 2 if votes % 2 == 0 else 0)
    assert float(measuring.majority(votes, mean, correlation)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("correlation", "failure"), [(0.0, 0.0500), (0.1, 0.149), (0.5, 0.276), (0.9, 0.299), (1, 0.3)]
)
def test_majority_of_fifteen_of_the_theory(correlation, failure):
    found = 1 - float(measuring.majority(15, 0.7, correlation))
    assert found == pytest.approx(failure, abs=5e-4)
    # The factor of the paper: all fail.
    assert abs(found - 0.3**15) > 0.04


def test_binomial_limit_and_bound():
    assert float(measuring.majority(41, 0.45, 0.0)) == pytest.approx(1 - 0.741, abs=5e-4)
    for votes in (3, 15, 41):
        failure = 1 - float(measuring.majority(votes, 0.7, 0.0))
        assert failure <= (4 * 0.3 * 0.7) ** (votes / 2)


def test_endless_votes():
    assert float(measuring.majority_of_many(0.2, 0.3)) == pytest.approx(
        float(measuring.majority(20_001, 0.2, 0.3)), rel=2e-3
    )


def test_faults_are_named():
    with pytest.raises(ValueError, match="votes must be at least 1"):
        measuring.majority(0, 0.5, 0.1)
