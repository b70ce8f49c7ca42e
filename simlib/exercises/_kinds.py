"""Kinds of answers: what a reader may hand in, and when two answers count as the same."""

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import Any, cast

import jax
import numpy as np
import sympy as sp

from .._estimate import Estimate
from ..formulas import QUANTITIES, prove_equal

#: Relative tolerance of numbers: an answer rounded to three significant digits is accepted.
RTOL = 5e-3
#: An estimate may miss the truth by this many of its standard errors (false alarm: 6e-5).
SIGMAS = 4.0


class AnswerKind:
    """How answers of one kind are read and compared."""

    def read(self, given: Any, right: Any, exercise: str) -> Any:
        """The answer in a comparable form; raises if it is of the wrong type or shape."""
        raise NotImplementedError

    def same(self, given: Any, other: Any) -> bool:
        """Whether a read answer equals another answer within the tolerance."""
        raise NotImplementedError

    def too_vague(self, given: Any, right: Any) -> str:
        """Why a read answer is not sharp enough to tell right from wrong; usually empty."""
        del given, right
        return ""


@dataclass(frozen=True)
class Number(AnswerKind):
    """A number or an array of numbers; an `Estimate` counts too.

    Parameters
    ----------
    rtol
        Accepted relative deviation, entry by entry.
    precision
        Largest relative standard error of an estimate. Its deviation may be `SIGMAS` standard
        errors on top of `rtol`.
    """

    rtol: float = RTOL
    precision: float = 0.02

    def read(self, given: Any, right: Any, exercise: str) -> Any:
        shape = np.shape(right)
        if isinstance(given, Estimate):
            found = given.shape
        else:
            given = _as_floats(given, exercise)
            found = given.shape
        if found != shape:
            wanted = "one number" if shape == () else f"an array of shape {shape}"
            raise ValueError(
                f"exercise {exercise} asks for {wanted}, got shape {found}; "
                f"{'index it' if shape == () else 'give one entry per case'}."
            )
        return given

    def same(self, given: Any, other: Any) -> bool:
        other = np.asarray(other, dtype=float)
        slack = self.rtol * np.abs(other)
        if isinstance(given, Estimate):
            slack = slack + SIGMAS * np.asarray(given.stderr)
            given = np.asarray(given.value)
        return bool(np.all(np.abs(given - other) <= slack))

    def too_vague(self, given: Any, right: Any) -> str:
        if not isinstance(given, Estimate):
            return ""
        allowed = self.precision * np.abs(np.asarray(right, dtype=float))
        largest = float(np.max(np.asarray(given.stderr) / np.maximum(allowed, 1e-300)))
        if largest <= 1.0:
            return ""
        return (
            f"The standard error is {largest:.2g} times too large to tell right from wrong; "
            f"about {max(largest**2, 1.1):.2g} times as many replicates will do."
        )


@dataclass(frozen=True)
class Expression(AnswerKind):
    """A SymPy expression; equal if `simlib.formulas.prove_equal` says so.

    Symbols are matched by name, so `sympy.Symbol("n")` is as good as `simlib.formulas.n`.
    """

    def read(self, given: Any, right: Any, exercise: str) -> sp.Expr:
        if not isinstance(given, (sp.Expr, int, float)) or isinstance(given, bool):
            raise TypeError(
                f"exercise {exercise} asks for a SymPy expression, got {type(given).__name__}; "
                "build one from the symbols in simlib.formulas."
            )
        expression = sp.sympify(given)
        if expression.has(sp.zoo, sp.nan, sp.oo):
            raise ValueError(f"exercise {exercise}: the answer {expression} is not finite.")
        allowed = _names(right)
        strangers = sorted(_names(expression) - allowed)
        if strangers:
            raise ValueError(
                f"exercise {exercise} is about {', '.join(sorted(allowed))}, but the answer "
                f"contains {', '.join(strangers)}; eliminate it or rename it."
            )
        known = {symbol: QUANTITIES[str(symbol)].symbol for symbol in expression.free_symbols}
        return cast(sp.Expr, expression.xreplace(known))

    def same(self, given: Any, other: Any) -> bool:
        return prove_equal(given, other).holds


@dataclass(frozen=True)
class Choice(AnswerKind):
    """One of several strings; case and outer spaces do not matter."""

    options: tuple[str, ...]

    def read(self, given: Any, right: Any, exercise: str) -> str:
        del right
        if not isinstance(given, str):
            raise TypeError(
                f"exercise {exercise} asks for one of {self.options}, "
                f"got {type(given).__name__}; pass the words in quotes."
            )
        chosen = {option.casefold(): option for option in self.options}.get(
            given.strip().casefold()
        )
        if chosen is None:
            raise ValueError(f"exercise {exercise} asks for one of {self.options}, got {given!r}.")
        return chosen

    def same(self, given: Any, other: Any) -> bool:
        return given == other


@dataclass(frozen=True)
class Function(AnswerKind):
    """A function of numbers, compared with the right one at given points.

    Parameters
    ----------
    points
        Tuples of arguments.
    rtol
        Accepted relative deviation at each point.
    """

    points: tuple[tuple[float, ...], ...]
    rtol: float = 1e-4

    def read(self, given: Any, right: Any, exercise: str) -> np.ndarray:
        del right
        if not callable(given):
            raise TypeError(
                f"exercise {exercise} asks for a function of {len(self.points[0])} argument(s), "
                f"got {type(given).__name__}; pass the function itself, without calling it."
            )
        return self._values(given, exercise)

    def same(self, given: Any, other: Any) -> bool:
        other = self._values(other, "") if callable(other) else other
        return bool(np.all(np.abs(given - other) <= self.rtol * np.abs(other)))

    def _values(self, function: Callable, exercise: str) -> np.ndarray:
        values = []
        for point in self.points:
            try:
                value = _as_floats(function(*point), exercise)
            except Exception as error:
                error.add_note(f"while calling the answer to exercise {exercise} at {point}")
                raise
            if value.shape != ():
                raise ValueError(
                    f"exercise {exercise}: the function must return one number at {point}, "
                    f"got shape {value.shape}."
                )
            values.append(float(value))
        return np.array(values)


def _names(expression: sp.Expr) -> set[str]:
    return {str(symbol) for symbol in expression.free_symbols}


def _as_floats(given: Any, exercise: str) -> np.ndarray:
    if isinstance(given, sp.Expr):
        if given.free_symbols:
            raise ValueError(
                f"exercise {exercise} asks for numbers, but the expression still contains "
                f"{', '.join(sorted(map(str, given.free_symbols)))}; substitute values first."
            )
        given = float(given)
    if isinstance(given, (Real, np.ndarray, jax.Array, list, tuple)) and not isinstance(
        given, bool
    ):
        try:
            array = np.asarray(given, dtype=float)
        except (TypeError, ValueError):
            pass
        else:
            if not np.isfinite(array).all():
                raise ValueError(
                    f"exercise {exercise} asks for finite numbers, got {array}; "
                    "look for a division by zero or the logarithm of zero."
                )
            return array
    raise TypeError(
        f"exercise {exercise} asks for a number, an array of numbers or an Estimate, "
        f"got {type(given).__name__} {given!r}."
    )
