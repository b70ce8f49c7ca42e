"""Formulas of self-conditioning, against recursions, urns and roots found elsewhere."""

import numpy as np
import pytest
import sympy as sp
from scipy import optimize, special

from simlib.formulas import REGISTRY, error_rate, prove_equal, self_conditioning
from simlib.formulas.heavy_tailed import shape_a, shape_b
from simlib.formulas.self_conditioning import error_share, feedback, past_errors
from simlib.processes import SelfConditioning

FORMULAS = [f for name, f in REGISTRY.items() if name.startswith("self_conditioning.")]


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda f: f.name)
def test_computed_form_is_proved(formula):
    assert formula.prove().holds


@pytest.mark.parametrize(("e", "g"), [(0.01, 0.5), (0.2, 3.0), (1e-5, 0.0)])
def test_errors_after_a_history(e, g):
    by_hand = lambda x: 1 - (1 - e) * np.exp(-g * x)
    assert float(self_conditioning.count_error(e, g, 7.0)) == pytest.approx(by_hand(7.0))
    assert float(self_conditioning.share_error(e, g, 0.3)) == pytest.approx(by_hand(0.3))
    assert float(self_conditioning.share_drift(e, g, 0.3)) == pytest.approx(by_hand(0.3) - 0.3)
    # The mutant adds probabilities instead of hazards.
    if g:
        assert float(self_conditioning.count_error(e, g, 7.0)) != pytest.approx(e + g * 7, rel=0.1)


def test_the_bound_solves_its_recursion():
    e, g, mean = 0.03, 0.2, 0.0
    for step in range(1, 30):
        mean = (1 + g) * mean - np.log(1 - e)
        assert float(self_conditioning.count_bound(step, e, g)) == pytest.approx(mean)
        assert float(self_conditioning.count_bound(step, e, g)) != pytest.approx(mean * 1.01)


def test_small_rates_below_the_threshold():
    for g in (0.0, 0.3, 0.7):
        process = SelfConditioning(1e-7, g, dependence="share")
        slope = float(self_conditioning.share_slope(1e-7, g))
        assert float(process.long_run_error_rate()) == pytest.approx(slope, rel=1e-4)


def test_large_feedback_is_the_equation_of_epidemics():
    """x = 1 - exp(-g x) in closed form by Lambert's W, the limit of small clean rates."""
    for g in (1.5, 2.0, 4.0):
        epidemic = 1 + special.lambertw(-g * np.exp(-g)).real / g
        process = SelfConditioning(1e-9, g, dependence="share")
        assert float(process.long_run_error_rate()) == pytest.approx(epidemic, rel=1e-6)
        root = optimize.brentq(
            lambda x, g=g: float(self_conditioning.share_drift(1e-9, g, x)), 1e-3, 1
        )
        assert root == pytest.approx(epidemic, rel=1e-6)


def test_urn_is_a_mixture():
    a, b, j, n = 0.7, 2.5, 3, 11
    integral = lambda wrong: special.beta(a + wrong, b + n - j)
    assert float(self_conditioning.urn_error(n, a, b, j)) == pytest.approx(
        integral(j + 1) / integral(j)
    )
    wrong = (shape_a + past_errors) / (shape_a + shape_b)
    assert not prove_equal(self_conditioning.urn_error.expression, wrong).holds


def test_equal_exponents_depend_on_the_share_alone():
    odds = self_conditioning.next_odds
    assert float(odds(2.0, 30, 10, 0.8, 0.8)) == pytest.approx(float(odds(2.0, 300, 100, 0.8, 0.8)))
    assert float(odds(2.0, 30, 10, 0.0, 0.5)) == pytest.approx(float(odds(2.0, 300, 10, 0.0, 0.5)))
    assert float(odds(2.0, 30, 10, 0.9, 0.8)) < float(odds(2.0, 300, 100, 0.9, 0.8))


def test_the_drift_is_the_error_less_the_share():
    difference = self_conditioning.share_error.expression - error_share
    assert prove_equal(self_conditioning.share_drift.expression, difference).holds
    assert sp.simplify(self_conditioning.share_error.expression.subs(feedback, 0)) == error_rate
