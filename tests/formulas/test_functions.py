"""The SymPy side of the stable functions: definition, evaluation, derivative, printing."""

import mpmath
import pytest
import sympy as sp

from simlib.formulas import (
    expm1,
    exprel,
    log1mexp,
    log1p,
    log1pmx,
    log_beta,
    log_beta_ratio,
    to_elementary,
)

x, y, z = sp.symbols("x y z", positive=True)
ONE = [log1p, expm1, log1mexp, exprel, log1pmx]
ALL = [*(f(x) for f in ONE), log_beta(x, y), log_beta_ratio(x, y, z)]
POINT = {x: sp.Rational(3, 7), y: sp.Rational(5, 3), z: sp.Integer(11)}


@pytest.mark.parametrize("node", ALL, ids=lambda node: type(node).__name__)
def test_definition_evaluates_alike(node):
    direct = sp.N(node.subs(POINT), 40)
    defined = sp.N(to_elementary(node).subs(POINT), 40)
    assert abs(direct - defined) < sp.Float(10, 40) ** -38


@pytest.mark.parametrize("node", ALL, ids=lambda node: type(node).__name__)
def test_derivative(node):
    for symbol in sorted(node.free_symbols, key=str):
        derivative = sp.N(sp.diff(node, symbol).subs(POINT), 30)
        numeric = mpmath.diff(
            lambda t, s=symbol: mpmath.mpf(str(sp.N(node.subs({**POINT, s: sp.Float(t, 50)}), 50))),
            mpmath.mpf(str(sp.N(POINT[symbol], 30))),
        )
        assert float(derivative) == pytest.approx(float(numeric), rel=1e-6)


def test_evaluation_keeps_digits_where_the_definition_cancels():
    tiny = sp.Float("1e-40", 60)
    assert float(sp.N(log1p(tiny), 20)) == pytest.approx(1e-40, rel=1e-15)
    assert float(sp.N(expm1(tiny), 20)) == pytest.approx(1e-40, rel=1e-15)


def test_exprel_at_zero():
    assert exprel(0) == 1


def test_rewriting_replaces_every_stable_function():
    nested = expm1(x * log1p(log1mexp(y)))
    plain = to_elementary(nested)
    assert not plain.atoms(log1p, expm1, log1mexp)
    assert sp.simplify(plain - nested.rewrite(sp.log)) == 0


@pytest.mark.parametrize(
    ("node", "latex"),
    [
        (log1p(-x), r"\ln\left(1 - x\right)"),
        (expm1(x) ** 2, r"\left(\left(e^{x} - 1\right)\right)^{2}"),
        (log_beta(x, y), r"\ln B\left(x, y\right)"),
        (log_beta_ratio(x, y, z), r"\ln\frac{B\left(x, y + z\right)}{B\left(x, y\right)}"),
    ],
)
def test_latex(node, latex):
    assert sp.latex(node) == latex
