"""Formulas of the chapter on Monte Carlo, against SciPy, quadrature and enumeration."""

import numpy as np
import pytest
import sympy as sp
from scipy import integrate, stats

from simlib import Estimate
from simlib.formulas import REGISTRY, monte_carlo, prove_equal
from simlib.formulas.monte_carlo import miss_probability, replicates

FORMULAS = [f for name, f in REGISTRY.items() if name.startswith("monte_carlo.")]


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda f: f.name)
def test_computed_form_is_proved(formula):
    assert formula.prove().holds


def test_standard_error_is_that_of_the_binomial_law():
    p, size = 0.03, 400
    assert float(monte_carlo.standard_error(p, size)) == pytest.approx(
        stats.binom(size, p).std() / size
    )
    relative = float(monte_carlo.relative_standard_error(p, size))
    assert relative == pytest.approx(stats.binom(size, p).std() / size / p)
    assert float(monte_carlo.replicates_needed(p, relative)) == pytest.approx(size)


@pytest.mark.parametrize("size", [1, 10, 1000, 10**7])
def test_limit_without_events_is_that_of_clopper_and_pearson(size):
    limit = float(monte_carlo.none_seen(size, 0.025))
    interval = Estimate.from_counts(0, size, level=0.95, method="clopper-pearson")
    assert limit == pytest.approx(float(interval.upper), rel=1e-9)
    assert stats.binom(size, limit).pmf(0) == pytest.approx(0.025)
    assert limit <= float(monte_carlo.none_seen_bound(size, 0.025))


def test_rule_of_three():
    bound = float(monte_carlo.none_seen_bound(1000, 0.05)) * 1000
    assert 2.99 < bound < 3
    wrong = 1 - miss_probability ** (1 / (replicates + 1))
    assert not prove_equal(monte_carlo.none_seen.expression, wrong).holds


@pytest.mark.parametrize(("successes", "size"), [(1, 20), (7, 10), (3, 1000)])
def test_wilson_ends_are_those_of_estimate(successes, size):
    interval = Estimate.from_counts(successes, size, level=0.9)
    arguments = successes / size, size, stats.norm.ppf(0.95)
    assert float(monte_carlo.wilson_lower(*arguments)) == pytest.approx(float(interval.lower))
    assert float(monte_carlo.wilson_upper(*arguments)) == pytest.approx(float(interval.upper))


def test_wilson_ends_lie_z_of_their_own_standard_errors_away():
    seen, size, z = 0.1, 50, 2.5
    for end in (monte_carlo.wilson_lower, monte_carlo.wilson_upper):
        p = float(end(seen, size, z))
        assert abs(seen - p) / float(monte_carlo.standard_error(p, size)) == pytest.approx(z)


@pytest.mark.parametrize("theta", [0.2, 1.0, 3.0])
@pytest.mark.parametrize("hazard", [0.1, 2.0, 30.0])
def test_conditional_ratio_by_quadrature(hazard, theta):
    law = stats.gamma(1 / theta, scale=theta)

    def mean(function):
        return integrate.quad(lambda u: function(law.ppf(u)), 0, 1, limit=200)[0]

    first, second = mean(lambda z: np.exp(-z * hazard)), mean(lambda z: np.exp(-2 * z * hazard))
    ratio = float(monte_carlo.conditional_ratio(hazard, theta))
    assert ratio == pytest.approx((second - first**2) / (first - first**2), rel=1e-4)


def test_conditional_ratio_at_its_ends():
    # Equal sequences: nothing is left. Frailty so wild that each is certain or doomed: all.
    assert float(monte_carlo.conditional_ratio(1.0, 1e-6)) < 1e-5
    assert float(monte_carlo.conditional_ratio(1.0, 1e6)) > 0.9


def test_power_against_enumeration():
    """Normal approximation, within 0.02 of the exact rejection probability."""
    p, fault, size, z = 0.3, 0.05, 5000, 1.96
    truth, wrong = stats.binom(size, p), stats.binom(size, p * (1 + fault))
    count = np.arange(size + 1)
    rejected = np.abs(count - truth.mean()) > z * truth.std()
    assert float(monte_carlo.power(p, fault, size, z)) == pytest.approx(
        wrong.pmf(count)[rejected].sum(), abs=0.02
    )
    # A fault of size zero is found as often as a false alarm on one side.
    assert float(monte_carlo.power(p, 1e-12, size, z)) == pytest.approx(0.025, abs=1e-4)


def test_a_proportion_has_this_variance():
    # Enumerate two replicates: the definition of variance, not the formula.
    q = sp.Symbol("q", positive=True)
    mean = sum(sp.binomial(2, j) * q**j * (1 - q) ** (2 - j) * sp.Rational(j, 2) for j in range(3))
    square = sum(
        sp.binomial(2, j) * q**j * (1 - q) ** (2 - j) * sp.Rational(j, 2) ** 2 for j in range(3)
    )
    assert sp.simplify(square - mean**2 - q * (1 - q) / 2) == 0


def test_splitting_variance_by_enumeration():
    """Two stages of three replicates: all sixteen outcomes, not the formula."""
    p, size = 0.2, 3
    share = stats.binom(size, np.sqrt(p))
    count = np.arange(size + 1)
    product = np.multiply.outer(count, count) / size**2
    weight = np.multiply.outer(share.pmf(count), share.pmf(count))
    mean = (weight * product).sum()
    variance = (weight * product**2).sum() - mean**2
    assert mean == pytest.approx(p)
    assert float(monte_carlo.splitting_variance(p, 2, size)) == pytest.approx(variance / p**2)
    # One stage is counting.
    counting = float(monte_carlo.relative_standard_error(p, size)) ** 2
    assert float(monte_carlo.splitting_variance(p, 1, size)) == pytest.approx(counting)


def test_cost_of_splitting_is_the_limit_of_its_variance():
    x, size = 1.3, sp.Symbol("R", positive=True)
    many = monte_carlo.splitting_variance.expression.subs(replicates, size)
    hazard, k = monte_carlo.hazard_per_stage, monte_carlo.stages
    rare = many.subs(monte_carlo.p, sp.exp(-hazard * k))
    limit = sp.limit(sp.powdenest(rare, force=True).subs(k, 7) * size, size, sp.oo)
    per_draw = sp.simplify(limit * 7 / (7 * hazard) ** 2)
    assert sp.simplify(per_draw - monte_carlo.splitting_cost.expression) == 0
    assert float(monte_carlo.splitting_cost(x)) == pytest.approx((np.exp(x) - 1) / x**2)
    wrong = sp.exp(hazard) / hazard**2  # forgets that survivors are not all lost
    assert not prove_equal(monte_carlo.splitting_cost.expression, wrong).holds


def test_best_share_of_a_stage_is_a_fifth():
    x = np.linspace(0.5, 4, 100_001)
    best = x[np.argmin(np.asarray(monte_carlo.splitting_cost(x)))]
    # The minimum solves x = 2 (1 - exp(-x)).
    assert best == pytest.approx(2 * (1 - np.exp(-best)), abs=1e-4)
    assert np.exp(-best) == pytest.approx(0.2032, abs=1e-4)
