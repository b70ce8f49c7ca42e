"""`Formula`: an expression that prints, compiles and proves itself."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import mpmath
import sympy as sp
from jaxtyping import Array, Float

from .._types import Numbers
from ._functions import to_elementary
from ._proof import Proof, prove_equal
from ._symbols import Quantity, describe
from ._to_jax import to_jax

REGISTRY: dict[str, "Formula"] = {}


@dataclass(frozen=True)
class Formula:
    r"""One result of the theory, typed once.

    Parameters
    ----------
    name
        `topic.name`, unique; claims refer to it.
    left
        LaTeX of the left-hand side, for printing.
    expression
        The plain SymPy expression, as a textbook would write it.
    arguments
        Registered symbols in the order in which the compiled function takes them.
    description
        One sentence: what it is.
    source
        Where it comes from (work and equation) or `derived` with the page.
    stable
        Numerically stable form; compiled instead of `expression`, proved equal to it by
        `prove`.

    Examples
    --------
    >>> from simlib.formulas import uniform
    >>> uniform.survival.expression
    (1 - error_rate)**n
    >>> round(float(uniform.survival(100, 0.01)), 4)
    0.366
    >>> str(uniform.survival.prove())
    'proved symbolically'
    """

    name: str
    left: str
    expression: sp.Expr
    arguments: tuple[sp.Symbol, ...]
    description: str
    source: str
    stable: sp.Expr | None = None
    compiled: Callable[..., Array] = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        if self.name in REGISTRY:
            raise ValueError(f"a formula named {self.name!r} exists already; choose another name.")
        for symbol in self.arguments:
            describe(symbol)
        # Compile now: an untranslatable formula fails where it is defined.
        compiled = to_jax(self.expression if self.stable is None else self.stable, self.arguments)
        object.__setattr__(self, "compiled", compiled)
        REGISTRY[self.name] = self

    def __call__(self, *values: Numbers) -> Float[Array, "..."]:
        """Evaluate the stable form with JAX; arguments in the order of `arguments`.

        Elementwise with broadcasting; follows the floating dtype of the arguments.
        """
        return self.compiled(*values)

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """Meaning, unit and domain of each argument."""
        return tuple(describe(symbol) for symbol in self.arguments)

    @cached_property
    def _proof(self) -> Proof:
        return prove_equal(self.expression, self.expression if self.stable is None else self.stable)

    def prove(self) -> Proof:
        """Proof that the compiled form equals the plain expression on the domain."""
        return self._proof

    def exact(self, *values: float | int | str, digits: int = 50) -> Any:
        """The plain expression at `digits` significant digits, as an mpmath number.

        Strings are read as decimals, so `exact("0.01")` means one hundredth exactly.

        Raises
        ------
        ValueError
            If the expression is not a real number there.
        """
        substitution = {
            symbol: sp.Rational(value) if isinstance(value, str) else sp.Float(value, digits)
            if isinstance(value, float) else sp.Integer(value)
            for symbol, value in zip(self.arguments, values, strict=True)
        }  # fmt: skip
        expression: Any = to_elementary(self.expression)
        number: Any = sp.N(expression.subs(substitution), digits, maxn=2000)
        if not number.is_extended_real:
            raise ValueError(f"{self.name} is not a real number at {values}: {number.n(6)}.")
        with mpmath.workdps(digits):
            return mpmath.mpf(str(number))

    def latex(self) -> str:
        r"""`left = right` in LaTeX, in the notation of the book."""
        names = {symbol: describe(symbol).latex for symbol in self.arguments}
        # Bounds, leading terms and approximations bring their own relation.
        equals = "" if self.left.endswith((r"\sim", r"\approx", r"\ge", r"\le")) else "="
        right = sp.latex(self.expression, symbol_names=names, ln_notation=True)
        return f"{self.left} {equals} {right}"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"


def formula(name: str) -> Formula:
    """The formula registered under `name`.

    Raises
    ------
    KeyError
        If there is none; the message lists those of the same topic.
    """
    if name not in REGISTRY:
        topic = name.split(".", maxsplit=1)[0]
        known = sorted(x for x in REGISTRY if x.startswith(f"{topic}.")) or sorted(REGISTRY)
        raise KeyError(f"no formula {name!r}; known: {', '.join(known)}")
    return REGISTRY[name]
