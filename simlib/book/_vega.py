"""From a SymPy expression to a Vega expression that the reader's browser evaluates.

The formula behind an interactive figure is the registered one, not a second copy typed in
JavaScript. Vega knows neither `log1p`, `expm1` nor the gamma function; they are spelled out with
what it knows, and anything else is an error when the page is built.
"""

import math
from collections.abc import Mapping
from typing import Any

import sympy as sp
from sympy.functions.elementary.piecewise import ExprCondPair

from ..formulas import _functions

_RELATIONS = {
    sp.StrictLessThan: "<",
    sp.LessThan: "<=",
    sp.StrictGreaterThan: ">",
    sp.GreaterThan: ">=",
}
_PLAIN = {sp.exp: "exp", sp.log: "log", sp.sin: "sin", sp.cos: "cos", sp.Abs: "abs"}


def vega_expression(expression: Any, values: Mapping[str, str]) -> str:
    """Translate a formula to a Vega expression.

    Parameters
    ----------
    expression
        A SymPy expression or a `simlib.formulas.Formula` (its stable form is used).
    values
        For every symbol, by its ASCII name, the Vega expression that stands for it, e.g.
        `{"n": "datum.n", "error_rate": "pow(10, exponent)"}`.

    Returns
    -------
    str
        An expression in Vega's language; agrees with the formula to about nine digits.

    Raises
    ------
    ValueError
        If a symbol has no entry in `values`, or a function has no translation.

    Examples
    --------
    >>> n, e = sp.symbols("n error_rate")
    >>> vega_expression((1 - e) ** n, {"n": "datum.n", "error_rate": "rate"})
    'pow((1 + (-1 * rate)), datum.n)'
    """
    stable = getattr(expression, "stable", None)
    expression = sp.sympify(
        stable if stable is not None else getattr(expression, "expression", expression)
    )
    missing = sorted({s.name for s in expression.free_symbols} - set(values))  # type: ignore[attr-defined]
    if missing:
        raise ValueError(
            f"no value for {missing} in {expression}; give each a slider, a constant or the x axis."
        )
    return _write(expression, values)


def _write(node: sp.Basic, values: Mapping[str, str]) -> str:
    write = lambda child: _write(child, values)
    if isinstance(node, sp.Symbol):
        return values[node.name]
    if isinstance(node, sp.Expr) and node.is_number and node.is_Atom and node.is_real:
        return str(int(node)) if node.is_Integer else repr(float(node))
    args = [write(child) for child in node.args if not isinstance(child, ExprCondPair)]
    if isinstance(node, (sp.Add, sp.Mul)):
        return "(" + (" + " if isinstance(node, sp.Add) else " * ").join(args) + ")"
    if isinstance(node, sp.Pow):
        return f"exp({args[1]})" if node.args[0] == sp.E else f"pow({args[0]}, {args[1]})"
    if isinstance(node, (sp.Min, sp.Max)):
        return f"{'min' if isinstance(node, sp.Min) else 'max'}({', '.join(args)})"
    if isinstance(node, sp.Piecewise):
        result = "NaN"
        for pair in reversed(node.args):
            result = f"({write(pair.args[1])} ? {write(pair.args[0])} : {result})"
        return result
    if type(node) in _RELATIONS:
        return f"({args[0]} {_RELATIONS[type(node)]} {args[1]})"
    if node in (sp.true, sp.false):
        return "true" if node == sp.true else "false"
    if type(node) in _PLAIN:
        return f"{_PLAIN[type(node)]}({args[0]})"
    if type(node) in _SPELLED:
        return _SPELLED[type(node)](*args)
    if hasattr(node, "_elementary"):
        # Stable functions of several arguments (log-beta and the like) by their definition.
        return write(node._elementary())  # type: ignore[attr-defined]
    raise ValueError(
        f"{type(node).__name__} has no translation to a Vega expression (in {node}); rewrite the "
        "formula with exp, log, powers, loggamma, or draw a grid computed in Python."
    )


def _expm1(x: str) -> str:
    return f"(abs({x}) < 1e-5 ? ({x}) * (1 + ({x}) / 2) : exp({x}) - 1)"


def _log1p(x: str) -> str:
    return f"(abs({x}) < 1e-5 ? ({x}) * (1 - ({x}) / 2) : log(1 + ({x})))"


def _log1mexp(x: str) -> str:
    return f"log(-{_expm1(f'-({x})')})"


def _exprel(x: str) -> str:
    return f"(abs({x}) < 1e-5 ? 1 + ({x}) / 2 : (exp({x}) - 1) / ({x}))"


def _log1pmx(x: str) -> str:
    series = f"-({x}) * ({x}) * (1 / 2 - ({x}) * (1 / 3 - ({x}) * (1 / 4 - ({x}) / 5)))"
    return f"(abs({x}) < 1e-3 ? {series} : log(1 + ({x})) - ({x}))"


def _loggamma(x: str) -> str:
    """Stirling's series at x + 7, brought back by the recurrence; for x > 0."""
    shifted = f"(({x}) + 7)"
    product = " * ".join(f"(({x}) + {i})" for i in range(7))
    half_log_two_pi = repr(0.5 * math.log(2 * math.pi))
    square = f"({shifted} * {shifted})"
    series = f"(1 / 12 - (1 / 360 - (1 / 1260) / {square}) / {square}) / {shifted}"
    return (
        f"(({shifted} - 0.5) * log({shifted}) - {shifted} + {half_log_two_pi} + {series}"
        f" - log({product}))"
    )


_SPELLED = {
    _functions.expm1: _expm1,
    _functions.log1p: _log1p,
    _functions.log1mexp: _log1mexp,
    _functions.exprel: _exprel,
    _functions.log1pmx: _log1pmx,
    sp.loggamma: _loggamma,
}
