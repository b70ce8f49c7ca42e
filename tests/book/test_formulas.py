import pytest
import sympy as sp

from simlib.book import formula_list
from simlib.formulas import survival, uniform


def test_each_formula_is_aligned_at_its_first_equality_sign():
    shown = formula_list({"even": uniform.survival, "by half-life": survival.exponential})
    latex = shown._repr_latex_()
    assert latex.startswith("$$")
    assert latex.endswith("$$")
    assert latex.count("&=") == 2
    assert r"\text{by half-life}" in latex


def test_results_of_sympy_are_printed_in_the_notation_of_the_book():
    rate = uniform.survival.arguments[1]
    shown = formula_list({"slope": 2 * rate + sp.Symbol("b")})
    assert shown._repr_latex_() == (r"$$\begin{aligned} &\text{slope} & & b + 2 e \end{aligned}$$")
    assert repr(shown) == "slope: b + 2*error_rate"


def test_no_formula_is_an_error():
    with pytest.raises(ValueError, match="at least one"):
        formula_list({})
