"""Chains that break and are repaired: closed forms, renewal, plateaus."""

import numpy as np
import pytest

from simlib.formulas import recovery
from simlib.processes import ConstantRepair, Recoverable, WeibullRepair


def test_check_values_of_the_two_state_chain():
    chain = Recoverable(0.05, ConstantRepair(0.02))
    assert chain.right_at([10, 50]) == pytest.approx([0.6314, 0.3047], abs=5e-5)
    assert float(chain.plateau()) == pytest.approx(0.2857, abs=5e-5)
    assert float(chain.right_at(5000)) == pytest.approx(float(chain.plateau()), rel=1e-12)


def test_renewal_and_closed_form_are_one():
    constant, weibull = (
        Recoverable(0.03, law) for law in (ConstantRepair(0.2), WeibullRepair(0.2, 1.0))
    )
    assert weibull.right_curve(300) == pytest.approx(
        np.asarray(constant.right_curve(300)), rel=1e-12
    )
    assert float(weibull.plateau()) == pytest.approx(float(constant.plateau()), rel=1e-12)


@pytest.mark.parametrize("shape", [0.3, 0.6, 2.0])
def test_the_plateau_of_a_semi_markov_chain(shape):
    process = Recoverable(0.02, WeibullRepair(0.4, shape))
    m = np.arange(2_000_000.0)
    mean = np.sum(0.6**m**shape)
    plateau = float(recovery.renewal_plateau(0.02, mean))
    assert float(process.plateau()) == pytest.approx(plateau, rel=1e-8)
    # Where repairs take long, so does the way to the plateau.
    tolerance = 5e-2 if shape == 0.3 else 1e-9
    assert float(process.right_at(4000)) == pytest.approx(plateau, rel=tolerance)


def test_without_repair_both_definitions_agree():
    process = Recoverable(0.02)
    n = np.arange(0, 500, 50)
    assert process.right_at(n) == pytest.approx(np.asarray(process.survival(n)), rel=1e-13)
    assert float(process.plateau()) == 0.0
