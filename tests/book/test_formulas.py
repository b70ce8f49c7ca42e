import pytest

from simlib.book import formula_list
from simlib.formulas import survival, uniform


def test_each_formula_is_aligned_at_its_first_equality_sign():
    shown = formula_list({"even": uniform.survival, "by half-life": survival.exponential})
    latex = shown._repr_latex_()
    assert latex.startswith("$$")
    assert latex.endswith("$$")
    assert latex.count("&&=") == 2
    assert r"\text{by half-life}" in latex


def test_no_formula_is_an_error():
    with pytest.raises(ValueError, match="at least one"):
        formula_list({})
