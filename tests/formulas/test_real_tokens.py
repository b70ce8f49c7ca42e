"""Formulas of the chapter on real tokens."""

import numpy as np
import pytest

from simlib.formulas import k, prove_equal, real_tokens, success_rate


@pytest.mark.parametrize(
    "formula", [real_tokens.relative_error, real_tokens.no_success, real_tokens.two_attempts]
)
def test_computed_form_is_proved(formula):
    assert formula.prove().holds


def test_relative_error_of_known_case():
    # 100 attempts at p = 1/2: standard error 0.05, a tenth of the rate.
    assert float(real_tokens.relative_error(0.5, 100)) == pytest.approx(0.1)


def test_no_success_keeps_small_rates():
    # In single precision (1 - 1e-9)^1000 rounds to 1 unless it is computed through log1p.
    value = real_tokens.no_success(np.float32(1e-6), np.float32(1000))
    assert float(value) == pytest.approx(np.exp(1000 * np.log1p(-1e-6)), rel=1e-6)


def test_two_attempts_at_its_ends():
    # rho = 0: equal items; rho = 1: each item is certain or impossible, so pass@2 = pass@1.
    assert float(real_tokens.two_attempts(0.3, 0.0)) == pytest.approx(1 - 0.7**2)
    assert float(real_tokens.two_attempts(0.3, 1.0)) == pytest.approx(0.3)


def test_a_wrong_formula_is_refuted():
    wrong = (1 - success_rate) ** (k + 1)
    assert not prove_equal(real_tokens.no_success.expression, wrong).holds
