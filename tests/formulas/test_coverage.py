"""Formulas of forecasts of coverage: proofs, and values found another way."""

import numpy as np
import pytest
from scipy import integrate, optimize

from simlib.formulas import REGISTRY, coverage

FORMULAS = [f for name, f in REGISTRY.items() if name.startswith("coverage.")]


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda f: f.name)
def test_computed_form_is_proved(formula):
    assert formula.prove().holds


def test_the_posterior_of_one_problem_by_quadrature():
    a, b, n, c, k = 0.7, 4.0, 30.0, 2.0, 50.0
    top, bottom = (
        integrate.quad(
            lambda p, m=m: p ** (a + c - 1) * (1 - p) ** (b + n - c - 1 + m), 0, 1, epsabs=0
        )[0]
        for m in (k, 0.0)
    )
    assert float(coverage.all_fail_again(k, c, n, a, b)) == pytest.approx(top / bottom, rel=1e-9)


def test_unsolvable_by_counting():
    # Of 1000 problems 100 are unsolvable and 900 fail with probability one ninth.
    assert float(coverage.unsolvable(1 / 9, 0.1)) == pytest.approx(100 / 200)


@pytest.mark.parametrize("k", [1.0, 10.0, 1e4])
def test_the_peak_is_the_maximum_of_the_weight(k):
    found = optimize.minimize_scalar(
        lambda x: -float(coverage.allocation_weight(np.exp(x), k)), bounds=(-14, -0.01)
    )
    assert np.exp(found.x) == pytest.approx(float(coverage.allocation_peak(k)), rel=1e-3)
