"""From a SymPy expression to a JAX function, strictly.

Only functions in `TABLE` are translated; anything else is an error at definition time, not a
wrong or slow number at run time. Constants stay Python numbers, so the result follows the
dtype of the arguments.
"""

from collections.abc import Callable, Sequence

import jax.numpy as jnp
import jax.scipy.special as jsp
import sympy as sp
from sympy.codegen.cfunctions import expm1, log1p
from sympy.functions.elementary.piecewise import ExprCondPair

from .._checks import as_floating
from . import _functions, _special


class UnsupportedExpressionError(ValueError):
    """The expression contains something that has no entry in the translation table."""


TABLE: dict[type, Callable] = {
    sp.exp: jnp.exp,
    sp.log: jnp.log,
    sp.sin: jnp.sin,
    sp.cos: jnp.cos,
    sp.tanh: jnp.tanh,
    sp.Abs: jnp.abs,
    sp.erf: jsp.erf,
    sp.erfc: jsp.erfc,
    sp.loggamma: jsp.gammaln,
    sp.digamma: jsp.digamma,
    log1p: jnp.log1p,
    expm1: jnp.expm1,
    _functions.log1mexp: _special.log1mexp,
    _functions.exprel: _special.exprel,
    _functions.log1pmx: _special.log1pmx,
    _functions.log_beta: _special.log_beta,
}

_RELATIONS = {
    sp.StrictLessThan: jnp.less,
    sp.LessThan: jnp.less_equal,
    sp.StrictGreaterThan: jnp.greater,
    sp.GreaterThan: jnp.greater_equal,
}


def to_jax(expression: sp.Expr, arguments: Sequence[sp.Symbol]) -> Callable:
    """Compile `expression` to a function of positional JAX arrays, one per argument.

    The function is elementwise, works under `jit`, `vmap` and `grad`, and keeps the floating
    dtype of its arguments.

    Raises
    ------
    UnsupportedExpressionError
        If the expression uses a function outside `TABLE` or a symbol outside `arguments`.

    Examples
    --------
    >>> x = sp.Symbol("x")
    >>> float(to_jax(sp.exp(-x) / 2, [x])(0.0))
    0.5
    >>> to_jax(sp.zeta(x), [x])
    Traceback (most recent call last):
    ...
    simlib.formulas._to_jax.UnsupportedExpressionError: cannot translate zeta(x) to JAX: ...
    """
    expression = sp.sympify(expression)
    missing = sorted(str(s) for s in expression.free_symbols - set(arguments))
    if missing:
        raise UnsupportedExpressionError(
            f"symbols {missing} of {expression} are not among the arguments "
            f"{[str(a) for a in arguments]}; add them or substitute values."
        )
    # Post-order list of distinct sub-expressions: each is computed once.
    order: list[sp.Basic] = []
    seen: set[sp.Basic] = set(arguments)

    def visit(node: sp.Basic) -> None:
        if node in seen:
            return
        seen.add(node)
        for child in node.args:
            visit(child)
        _check(node)
        order.append(node)

    visit(expression)
    arguments = tuple(arguments)

    def function(*values):
        if len(values) != len(arguments):
            raise TypeError(f"expected {len(arguments)} arguments {arguments}, got {len(values)}")
        # Arguments become arrays of the default floating dtype unless they already are floating.
        known: dict[sp.Basic, object] = {
            symbol: as_floating(value) for symbol, value in zip(arguments, values, strict=True)
        }
        for node in order:
            known[node] = _apply(node, [known[child] for child in node.args])
        return jnp.asarray(known[expression])

    return function


def _check(node: sp.Basic) -> None:
    known = (
        isinstance(node, (sp.Add, sp.Mul, sp.Pow, sp.Min, sp.Max, sp.Piecewise, ExprCondPair))
        or type(node) in TABLE
        or type(node) in _RELATIONS
        or node in (sp.true, sp.false)
        or (isinstance(node, sp.Expr) and node.is_number and node.is_real and node.is_Atom)
    )
    if not known:
        raise UnsupportedExpressionError(
            f"cannot translate {node} to JAX: {type(node).__name__} is not in the table of "
            f"allowed functions ({', '.join(sorted(f.__name__ for f in TABLE))}); rewrite the "
            "formula with these or add a tested entry to simlib.formulas._to_jax.TABLE."
        )


def _apply(node: sp.Basic, args: list):
    if isinstance(node, sp.Add):
        return _fold(jnp.add, args)
    if isinstance(node, sp.Mul):
        return _fold(jnp.multiply, args)
    if isinstance(node, sp.Pow):
        base, exponent = node.args
        if exponent.is_Integer:
            # An integer power keeps the sign of a negative base and differentiates at 0.
            return args[0] ** int(exponent)
        if exponent == sp.Rational(1, 2):
            return jnp.sqrt(args[0])
        if base == sp.E:
            return jnp.exp(args[1])
        return jnp.power(args[0], args[1])
    if isinstance(node, sp.Min):
        return _fold(jnp.minimum, args)
    if isinstance(node, sp.Max):
        return _fold(jnp.maximum, args)
    if isinstance(node, ExprCondPair):
        return tuple(args)
    if isinstance(node, sp.Piecewise):
        result = jnp.nan
        for value, condition in reversed(args):
            result = jnp.where(condition, value, result)
        return result
    if type(node) in _RELATIONS:
        return _RELATIONS[type(node)](*args)
    if node in (sp.true, sp.false):
        return node == sp.true
    if type(node) in TABLE:
        return TABLE[type(node)](*args)
    return int(node) if node.is_Integer else float(node)


def _fold(operation, args):
    result = args[0]
    for value in args[1:]:
        result = operation(result, value)
    return result
