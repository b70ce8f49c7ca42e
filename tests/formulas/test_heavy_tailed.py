"""Formulas of the chapter on heavy-tailed difficulty: proofs and reference values."""

import numpy as np
import pytest
from scipy import integrate, stats

from simlib.formulas import REGISTRY, heavy_tailed, prove_equal

FORMULAS = [f for name, f in REGISTRY.items() if name.startswith("heavy_tailed.")]


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda f: f.name)
def test_computed_form_is_proved(formula):
    assert formula.prove().holds


@pytest.mark.parametrize(
    ("integral", "formula"),
    [
        (heavy_tailed.gamma_frailty_integral, heavy_tailed.gamma_frailty),
        (heavy_tailed.log_logistic_integral, heavy_tailed.log_logistic),
        (heavy_tailed.watson_integral, heavy_tailed.watson_leading),
    ],
    ids=lambda x: getattr(x, "name", ""),
)
def test_sympy_evaluates_the_definition(integral, formula):
    assert prove_equal(integral.doit(conds="none"), formula.expression).holds


def test_gamma_and_stable_frailty_at_reference_points():
    assert float(heavy_tailed.gamma_frailty(3.0, 0.5)) == pytest.approx(0.16)
    assert float(heavy_tailed.stable_frailty(1.0, 0.5, 0.5)) == pytest.approx(0.4931, abs=5e-5)
    assert float(heavy_tailed.stable_frailty(1.0, 3.0, 0.5)) == pytest.approx(0.1769, abs=5e-5)


def test_beta_mixture_reference_column():
    k = np.array([1.0, 10.0, 1e2, 1e3, 1e4])
    exact = [0.943396, 0.709069, 0.393134, 0.199461, 0.100093]
    leading = [1.587, 0.7952, 0.3985, 0.1997, 0.1001]
    np.testing.assert_allclose(heavy_tailed.beta_mixture(k, 0.3, 5.0), exact, atol=6e-7)
    np.testing.assert_allclose(heavy_tailed.beta_asymptote(k, 0.3, 5.0), leading, rtol=4e-4)


def test_kumaraswamy_reference_column():
    k = np.array([1.0, 10.0, 1e2, 1e3, 1e4])
    leading = [4.487, 2.249, 1.127, 0.5649, 0.2831]
    np.testing.assert_allclose(heavy_tailed.kumaraswamy_leading(k, 0.3, 5.0), leading, rtol=4e-4)


def test_beta_mixture_equals_direct_integration():
    law = stats.beta(0.8, 3.0)
    direct, _ = integrate.quad(lambda p: (1 - p) ** 7 * law.pdf(p), 0, 1)
    assert float(heavy_tailed.beta_mixture(7.0, 0.8, 3.0)) == pytest.approx(direct, rel=1e-7)


def test_slope_inflation_reference_values():
    unsolved = np.array([0.1, 0.2, 0.4, 0.6, 0.73, 0.9])
    g = [1.05, 1.12, 1.31, 1.64, 2.06, 3.91]
    np.testing.assert_allclose(heavy_tailed.slope_inflation(unsolved), g, atol=6e-3)
