"""Proofs that two expressions are equal: by SymPy, or by sampling at 50 digits."""

from dataclasses import dataclass
from typing import Literal

import mpmath
import numpy as np
import sympy as sp

from ._functions import to_elementary
from ._symbols import describe

DIGITS = 50
POINTS = 64
_WORKING = 400
_FLOOR = 300


@dataclass(frozen=True)
class Proof:
    """The outcome of checking an identity.

    `method` is `"symbolic"` (SymPy reduced the difference to 0) or `"sampled"` (both sides
    agree to `largest` relative error at `points` points of the domain, evaluated with 50
    digits; evidence of equality, not a theorem). A false identity has `holds=False` and names
    a counterexample.
    """

    holds: bool
    method: Literal["symbolic", "sampled"]
    points: int = 0
    largest: float = 0.0
    counterexample: tuple[tuple[str, float], ...] = ()

    def __bool__(self) -> bool:
        return self.holds

    def __str__(self) -> str:
        if self.method == "symbolic":
            return "proved symbolically" if self.holds else "refuted symbolically"
        if self.holds:
            return (
                f"equal at {self.points} points of the domain to {self.largest:.0e} "
                f"({DIGITS}-digit arithmetic)"
            )
        where = ", ".join(f"{name} = {value:.6g}" for name, value in self.counterexample)
        return f"refuted at {where} (relative difference {self.largest:.1e})"


def prove_equal(left: sp.Expr, right: sp.Expr) -> Proof:
    """Check `left == right` on the domain of their registered symbols.

    First symbolically; where SymPy cannot decide, at 64 points drawn from the domain
    (always the same ones), with 50-digit arithmetic.

    Raises
    ------
    KeyError
        If a symbol has no registered domain.

    Examples
    --------
    >>> from simlib.formulas import n, error_rate
    >>> str(prove_equal(sp.exp(n * sp.log(1 - error_rate)), (1 - error_rate) ** n))
    'proved symbolically'
    >>> prove_equal((1 - error_rate) ** n, 1 - n * error_rate).holds
    False
    """
    left, right = to_elementary(sp.sympify(left)), to_elementary(sp.sympify(right))
    symbolic = _symbolically_zero(left - right)
    symbols = sorted(left.free_symbols | right.free_symbols, key=str)
    rng = np.random.default_rng(20250524)  # fixed points: the same proof every time
    columns = [describe(s).draw(POINTS, rng=rng) for s in symbols]
    worst = 0.0
    # A symbolic proof is spot-checked too: SymPy's simplifications assume generic arguments.
    rows = list(zip(*columns, strict=True))[: 8 if symbolic else POINTS] if columns else [()]
    for row in rows:
        difference = _relative_difference(left, right, dict(zip(symbols, row, strict=True)))
        if not difference < 1e-30:
            pairs = tuple((s.name, float(v)) for s, v in zip(symbols, row, strict=True))
            return Proof(False, "sampled", len(rows), difference, pairs)
        worst = max(worst, difference)
    if symbolic:
        return Proof(holds=True, method="symbolic")
    return Proof(True, "sampled", len(rows), worst)


def _symbolically_zero(difference: sp.Expr) -> bool:
    if difference == 0:
        return True
    for attempt in (_open_unit_intervals, sp.simplify):
        try:
            difference = attempt(difference)
        except (NotImplementedError, RecursionError, TypeError, ValueError):
            continue
        if difference == 0:
            return True
    return False


def _open_unit_intervals(expression: sp.Expr) -> sp.Expr:
    """Write every symbol of (0, 1) as 1/(1+t) with t > 0, so that SymPy knows 1 - e > 0."""
    for symbol in expression.free_symbols:
        quantity = describe(symbol)
        if (quantity.low, quantity.high) == (0, 1):
            t = sp.Dummy("t", positive=True)
            expression = expression.subs(symbol, 1 / (1 + t))
    # Bring 1 - 1/(1+t) to t/(1+t) inside logarithms and powers before comparing.
    together = expression.replace(
        lambda node: node.is_Add, lambda node: sp.factor(sp.together(node))
    )
    return sp.powdenest(sp.expand_log(together), force=True)


def _relative_difference(left: sp.Expr, right: sp.Expr, values: dict) -> float:
    # Guard digits: the plain form may cancel; WORKING digits outlast that for values of the
    # domain that matter. Below 10^-FLOOR both sides count as zero.
    symbols = list(values)
    with mpmath.workdps(_WORKING):
        point = [mpmath.mpf(values[s]) for s in symbols]
        a, b = (
            mpmath.mpmathify(sp.lambdify(symbols, side, modules="mpmath")(*point))
            for side in (left, right)
        )
        if a == b:
            return 0.0
        scale = max(abs(a), abs(b), mpmath.mpf(10) ** -_FLOOR)
        return float(abs(a - b) / scale)
