"""From a SymPy expression to a JAX function, strictly.

Only functions in `TABLE` are translated; anything else is an error at definition time, not a
wrong or slow number at run time. Constants stay Python numbers, so the result follows the
dtype of the arguments.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.special as jsp
import sympy as sp
from sympy.functions.elementary.piecewise import ExprCondPair

from .._checks import as_floating
from . import _beta, _functions, _special


class UnsupportedExpressionError(ValueError):
    """The expression contains something that has no entry in the translation table."""


def _lower_gamma(s, x):
    return jsp.gammainc(s, x) * jnp.exp(jsp.gammaln(s))


def _upper_gamma(s, x):
    return jsp.gammaincc(s, x) * jnp.exp(jsp.gammaln(s))


def _binomial(n, k):
    return jnp.exp(-_special.log1p(n) - _beta.log_beta(n - k + 1, k + 1))


def _polygamma(order, x):
    return jsp.digamma(x) if order == 0 else jsp.polygamma(order, x)


# For real arguments in the domain of the real function: gamma functions for positive ones,
# the binomial coefficient for 0 <= k <= n.
TABLE: dict[type, Callable] = {
    sp.exp: jnp.exp,
    sp.log: jnp.log,
    sp.sin: jnp.sin,
    sp.cos: jnp.cos,
    sp.tanh: jnp.tanh,
    sp.Abs: jnp.abs,
    sp.floor: jnp.floor,
    sp.ceiling: jnp.ceil,
    sp.erf: jsp.erf,
    sp.erfc: jsp.erfc,
    sp.erfinv: jsp.erfinv,
    sp.gamma: lambda x: jnp.exp(jsp.gammaln(x)),
    sp.loggamma: jsp.gammaln,
    sp.digamma: jsp.digamma,
    sp.polygamma: _polygamma,
    sp.lowergamma: _lower_gamma,
    sp.uppergamma: _upper_gamma,
    sp.binomial: _binomial,
    _functions.log1p: _special.log1p,
    _functions.expm1: _special.expm1,
    _functions.log1mexp: _special.log1mexp,
    _functions.exprel: _special.exprel,
    _functions.log1pmx: _special.log1pmx,
    _functions.log_beta: _beta.log_beta,
    _functions.log_beta_ratio: _beta.log_beta_ratio,
}

_RELATIONS: dict[type, Callable] = {
    sp.StrictLessThan: jnp.less,
    sp.LessThan: jnp.less_equal,
    sp.StrictGreaterThan: jnp.greater,
    sp.GreaterThan: jnp.greater_equal,
}

# Handled one by one in `_apply`.
_STRUCTURE = (sp.Add, sp.Mul, sp.Pow, sp.Min, sp.Max, sp.Piecewise, ExprCondPair)


def to_jax(expression: sp.Expr, arguments: Sequence[sp.Symbol]) -> Callable[..., jax.Array]:
    """Compile `expression` to a function of positional JAX arrays, one per argument.

    The function is elementwise, works under `jit`, `vmap` and `grad`, and keeps the floating
    dtype of its arguments. Its result has the shape to which the arguments broadcast.

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
    arguments = tuple(arguments)
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
        if not _is_constant(node):
            for child in node.args:
                visit(child)
        _check(node)
        order.append(node)

    visit(expression)

    def function(*values) -> jax.Array:
        if len(values) != len(arguments):
            raise TypeError(
                f"expected {len(arguments)} arguments ({', '.join(map(str, arguments))}), "
                f"got {len(values)}"
            )
        arrays = [as_floating(value) for value in values]
        known: dict[sp.Basic, Any] = dict(zip(arguments, arrays, strict=True))
        for node in order:
            known[node] = _apply(node, known)
        # A constant alone is a Python number: it takes the dtype of the arguments too.
        result = jnp.asarray(known[expression], dtype=jnp.result_type(*arrays) if arrays else float)
        shape = jnp.broadcast_shapes(*(x.shape for x in arrays))
        return result if result.shape == shape else jnp.broadcast_to(result, shape)

    return function


def _is_constant(node: sp.Basic) -> bool:
    """A real number, such as 1/3, log(2) or pi: it enters as a Python float."""
    return isinstance(node, sp.Expr) and not node.free_symbols and node.is_extended_real is True


def _check(node: sp.Basic) -> None:
    known = (
        _is_constant(node)
        or isinstance(node, _STRUCTURE)
        or type(node) in TABLE
        or type(node) in _RELATIONS
        or node in (sp.true, sp.false)
    )
    if not known:
        raise UnsupportedExpressionError(
            f"cannot translate {node} to JAX: {type(node).__name__} is not in the table of "
            f"allowed functions ({', '.join(sorted(f.__name__ for f in TABLE))}); rewrite the "
            "formula with these or add a tested entry to simlib.formulas._to_jax.TABLE."
        )


def _apply(node: sp.Basic, known: dict[sp.Basic, Any]) -> Any:
    if _is_constant(node):
        number: Any = node
        return int(number) if number.is_Integer else float(number)
    if node in (sp.true, sp.false):
        return node == sp.true
    args = [known[child] for child in node.args]
    if isinstance(node, sp.Add):
        return _fold(jnp.add, args)
    if isinstance(node, sp.Mul):
        return _fold(jnp.multiply, args)
    if isinstance(node, sp.Pow):
        return _raise(node, *args)
    if isinstance(node, sp.Min):
        return _fold(jnp.minimum, args)
    if isinstance(node, sp.Max):
        return _fold(jnp.maximum, args)
    if isinstance(node, ExprCondPair):
        return tuple(args)
    if isinstance(node, sp.Piecewise):
        result: Any = jnp.nan
        for value, condition in reversed(args):
            result = jnp.where(condition, value, result)
        return result
    if type(node) in _RELATIONS:
        return _RELATIONS[type(node)](*args)
    return TABLE[type(node)](*args)


def _raise(node: Any, base: Any, exponent: Any) -> Any:
    if node.exp.is_Integer:
        # An integer power keeps the sign of a negative base and differentiates at 0.
        return base**exponent
    if node.exp == sp.Rational(1, 2):
        return jnp.sqrt(base)
    if node.base == sp.E:
        return jnp.exp(exponent)
    return jnp.power(base, exponent)


def _fold(operation: Callable, args: Sequence[Any]) -> Any:
    result = args[0]
    for value in args[1:]:
        result = operation(result, value)
    return result
