"""Formulas of the chapter on which process made the runs: proofs and reference values."""

import numpy as np
import pytest
import sympy as sp
from scipy import stats

from simlib.formulas import REGISTRY, heavy_tailed, n, prove_equal, which_process
from simlib.formulas.heavy_tailed import cumulative_hazard, frailty_variance, unit_hazard
from simlib.formulas.which_process import other_hazard

FORMULAS = [f for name, f in REGISTRY.items() if name.startswith("which_process.")]


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda f: f.name)
def test_computed_form_is_proved(formula):
    assert formula.prove().holds


def test_the_imitating_hazard_is_the_slope_of_the_marginal_law():
    log_survival = sp.log(
        heavy_tailed.gamma_frailty.expression.subs(cumulative_hazard, unit_hazard * n)
    )
    assert prove_equal(-sp.diff(log_survival, n), which_process.imitating_hazard.expression).holds


def test_the_cross_ratio_is_constant():
    joint = which_process.joint_gamma.expression
    first, second = sp.diff(joint, cumulative_hazard), sp.diff(joint, other_hazard)
    both = sp.diff(joint, cumulative_hazard, other_hazard)
    ratio = sp.simplify(joint * both / (first * second))
    assert prove_equal(ratio, which_process.cross_ratio.expression).holds


def test_twins_against_simulation():
    rng = np.random.default_rng(0)
    z = rng.gamma(2.0, 0.5, 400_000)
    alone, both = np.exp(-0.7 * z).mean(), np.exp(-1.4 * z).mean()
    assert float(which_process.both_against_chance(0.7, 0.5)) == pytest.approx(
        both / alone**2, rel=5e-3
    )


def test_divergence_of_geometric_lengths():
    lengths = np.arange(1, 3000)
    p, q = stats.geom(0.05), stats.geom(0.08)
    direct = (p.pmf(lengths) * (p.logpmf(lengths) - q.logpmf(lengths))).sum()
    assert float(which_process.uniform_divergence(0.05, 0.08)) == pytest.approx(direct, rel=1e-9)


def test_runs_needed_grow_with_the_square():
    few, many = (float(which_process.runs_needed(2.8, 0.2, d)) for d in (0.1, 0.05))
    assert few == pytest.approx(31.36)
    assert many == pytest.approx(4 * few)
    assert float(which_process.cross_ratio(frailty := 0.5)) == 1 + frailty
    assert frailty_variance in which_process.cross_ratio.arguments
