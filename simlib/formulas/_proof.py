"""Proofs that two expressions are equal: by SymPy, or by sampling at 50 digits."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import mpmath
import numpy as np
import sympy as sp

from ._functions import to_elementary
from ._symbols import describe

DIGITS = 50
POINTS = 64
SPOTS = 8
TOLERANCE = 1e-30
_WORKING = 400
_FLOOR = 300


@dataclass(frozen=True)
class Proof:
    """The outcome of checking an identity.

    Points where the left side is not a real number lie outside its domain and do not count.
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


def prove_equal(left: Any, right: Any) -> Proof:
    """Check `left == right` on the domain of their registered symbols.

    First symbolically; where SymPy cannot decide, at 64 points drawn from the domain
    (always the same ones), with 50-digit arithmetic.

    Raises
    ------
    KeyError
        If a symbol has no registered domain.
    ValueError
        If `left` is real at fewer than 8 of the points.

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
    columns = [describe(symbol).draw(POINTS, rng=rng) for symbol in symbols]
    rows = list(zip(*columns, strict=True)) if columns else [()]
    left_at, right_at = (sp.lambdify(symbols, side, modules="mpmath") for side in (left, right))
    # A symbolic proof is spot-checked too: SymPy's simplifications assume generic arguments.
    wanted = SPOTS if symbolic else POINTS
    points, worst = 0, 0.0
    for row in rows:
        difference = _relative_difference(left_at, right_at, row)
        if difference is None:
            continue
        if not difference < TOLERANCE:
            pairs = tuple((str(s), float(v)) for s, v in zip(symbols, row, strict=True))
            return Proof(False, "sampled", points + 1, difference, pairs)
        points, worst = points + 1, max(worst, difference)
        if points == wanted:
            break
    if points < min(SPOTS, len(rows)):
        raise ValueError(
            f"only {points} of {len(rows)} points of the domain give {left} a real value; "
            "narrow the reach of its symbols."
        )
    return Proof(True, "symbolic") if symbolic else Proof(True, "sampled", points, worst)


def _symbolically_zero(difference: Any) -> bool:
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


def _open_unit_intervals(expression: Any) -> Any:
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


def _relative_difference(left: Callable, right: Callable, values: tuple) -> float | None:
    # Guard digits: the plain form may cancel; WORKING digits outlast that for values of the
    # domain that matter. Below 10^-FLOOR both sides count as zero.
    with mpmath.workdps(_WORKING):
        point = [mpmath.mpf(value) for value in values]
        a, b = (mpmath.mpmathify(side(*point)) for side in (left, right))
        scale = max(abs(a), abs(b), mpmath.mpf(10) ** -_FLOOR)
        if mpmath.isnan(a) or abs(mpmath.im(a)) > TOLERANCE * scale:
            return None
        return 0.0 if a == b else float(abs(a - b) / scale)
