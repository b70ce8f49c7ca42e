"""Formulas of the chapter on choosing: proofs and reference values."""

import numpy as np
import pytest
from scipy import stats

from simlib import fit
from simlib.formulas import REGISTRY, choose

FORMULAS = [f for name, f in REGISTRY.items() if name.startswith("choose.")]


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda f: f.name)
def test_computed_form_is_proved(formula):
    assert formula.prove().holds


def test_the_rule_of_three():
    for n in (100.0, 1e4, 1e6):
        bound = float(choose.no_error_bound(n, 0.95))
        assert bound * n == pytest.approx(3.0, rel=0.02)
        assert bound == pytest.approx(stats.beta.ppf(0.95, 1, n), rel=1e-9)


def test_the_library_gives_the_same_bound():
    runs = fit.Runs.from_columns(np.array([40, 60]), np.array([0, 0]))
    bound = fit.error_free(runs)["error_rate"]
    assert float(bound.upper) == pytest.approx(float(choose.no_error_bound(100.0, 0.95)))


def test_steps_for_a_horizon_are_enough():
    steps = float(choose.steps_for_horizon(1000.0, 0.95, 0.99))
    bound = float(choose.no_error_bound(steps, 0.95))
    assert np.log(0.99) / np.log1p(-bound) == pytest.approx(1000.0)
    assert steps == pytest.approx(298_073, rel=1e-4)


def test_errors_for_a_tenth():
    assert float(choose.errors_needed(1.96, 0.1)) == pytest.approx(384.16)
