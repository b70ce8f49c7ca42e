"""Formulas of recovery, against powers of the transition matrix and plain sums."""

import numpy as np
import pytest
import sympy as sp
from scipy import special

from simlib.formulas import REGISTRY, n, prove_equal, recovery
from simlib.formulas.recovery import break_rate, repair_rate

FORMULAS = [f for name, f in REGISTRY.items() if name.startswith("recovery.")]


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda f: f.name)
def test_computed_form_is_proved(formula):
    assert formula.prove().holds


@pytest.mark.parametrize(("breaks", "repairs"), [(0.05, 0.02), (0.7, 0.6), (1e-4, 0.3)])
def test_powers_of_the_transition_matrix(breaks, repairs):
    matrix = np.array([[1 - breaks, breaks], [repairs, 1 - repairs]])
    for steps in (0, 1, 2, 7, 40):
        power = np.linalg.matrix_power(matrix, steps)[0, 0]
        assert float(recovery.right_now(steps, breaks, repairs)) == pytest.approx(power)
    limit = np.linalg.matrix_power(matrix, 10**6)[0]
    assert float(recovery.plateau(breaks, repairs)) == pytest.approx(limit[0])
    assert float(recovery.error_floor(breaks, repairs)) == pytest.approx(limit[1])


def test_check_values():
    assert float(recovery.right_now(10, 0.05, 0.02)) == pytest.approx(0.6314, abs=5e-5)
    assert float(recovery.right_now(50, 0.05, 0.02)) == pytest.approx(0.3047, abs=5e-5)
    assert float(recovery.plateau(0.05, 0.02)) == pytest.approx(0.2857, abs=5e-5)


def test_a_wrong_recursion_is_refuted():
    law = recovery.right_now.expression
    without_repair = (1 - break_rate) * law
    assert not prove_equal(law.subs(n, n + 1), without_repair).holds
    ahead = without_repair + repair_rate * (1 - law)
    assert prove_equal(law.subs(n, n + 1), ahead).holds


def test_relaxation():
    tau = float(recovery.relaxation(0.05, 0.02))
    rest = float(recovery.plateau(0.05, 0.02))
    distance = [float(recovery.right_now(steps, 0.05, 0.02)) - rest for steps in (7.0, 7.0 + tau)]
    assert distance[0] / distance[1] == pytest.approx(np.e)


def test_constant_repair_is_a_case_of_renewal():
    mean = 1 / repair_rate
    general = recovery.renewal_plateau.expression.subs(recovery.renewal_plateau.arguments[1], mean)
    assert prove_equal(sp.simplify(general), recovery.plateau.expression).holds


def test_mixed_repair_is_the_mean_of_what_is_left():
    a, b = 0.6, 3.0
    for age in (1, 2, 9, 40):
        left = lambda power, age=age: special.beta(a + power, b + age - 1)
        chance = float(recovery.mixed_repair(age, a, b))
        assert chance == pytest.approx(left(1) / left(0))
        one_late = float(recovery.mixed_repair(age + 1, a, b))
        assert one_late < chance
