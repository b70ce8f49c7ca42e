"""The symbols of the book: one name, one meaning, one domain everywhere.

The notation page is generated from `QUANTITIES`, and the sampler that checks stable forms
draws its test points from the same domains.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import sympy as sp

Scale = Literal["linear", "log", "logit"]


@dataclass(frozen=True)
class Quantity:
    r"""A symbol with its meaning.

    Parameters
    ----------
    symbol
        SymPy symbol; its name is the ASCII identifier used in code.
    latex
        How it is printed.
    meaning, unit
        One phrase and the unit (`tokens`, `attempts`, `problems`, `1` for a pure number).
    low, high
        The domain, an open interval unless an end is included by `low_included`.
    scale
        How a representative point of the domain is drawn: evenly in $x$, $\ln x$ or
        $\operatorname{logit} x$.
    reach
        Smallest and largest value drawn when checking formulas.
    """

    symbol: sp.Symbol
    latex: str
    meaning: str
    unit: str
    low: float
    high: float
    scale: Scale
    reach: tuple[float, float]
    low_included: bool = False

    @property
    def name(self) -> str:
        return self.symbol.name

    @property
    def domain_latex(self) -> str:
        left = "[" if self.low_included else "("
        low, high = (
            r"\infty" if x == float("inf") else r"-\infty" if x == -float("inf") else f"{x:g}"
            for x in (self.low, self.high)
        )
        return f"{left}{low}, {high})"

    def draw(self, count: int, *, rng: np.random.Generator) -> np.ndarray:
        """`count` points of the domain, spread over `reach` on `scale`."""
        low, high = self.reach
        if self.scale == "linear":
            return rng.uniform(low, high, count)
        if self.scale == "log":
            return np.exp(rng.uniform(np.log(low), np.log(high), count))
        logit = lambda p: np.log(p) - np.log1p(-p)
        return 1.0 / (1.0 + np.exp(-rng.uniform(logit(low), logit(high), count)))


QUANTITIES: dict[str, Quantity] = {}


def quantity(
    name: str,
    latex: str,
    meaning: str,
    unit: str,
    *,
    low: float,
    high: float,
    scale: Scale,
    reach: tuple[float, float],
    low_included: bool = False,
) -> sp.Symbol:
    """Register a symbol of the book and return it.

    Raises
    ------
    ValueError
        If the name is already taken: a symbol has one meaning in the whole book.
    """
    if name in QUANTITIES:
        raise ValueError(
            f"symbol {name!r} is already registered as {QUANTITIES[name].meaning!r}; "
            "reuse it or choose another name."
        )
    positive = low >= 0 and not low_included
    symbol = sp.Symbol(
        name, real=True, positive=positive or None, nonnegative=True if low >= 0 else None
    )
    QUANTITIES[name] = Quantity(symbol, latex, meaning, unit, low, high, scale, reach, low_included)
    return symbol


def describe(symbol: sp.Symbol) -> Quantity:
    """The registered meaning of `symbol`.

    Raises
    ------
    KeyError
        If the symbol was not made by `quantity`.
    """
    found = QUANTITIES.get(symbol.name)
    if found is None or found.symbol != symbol:
        raise KeyError(
            f"symbol {symbol.name!r} is not registered; declare it with "
            "simlib.formulas.quantity(...) so that it has a meaning, a unit and a domain."
        )
    return found


_INF = float("inf")

n = quantity(
    "n", "n", "length: number of trials survived (tokens of an output, or attempts)", "tokens",
    low=0, high=_INF, scale="log", reach=(1e-1, 1e7), low_included=True,
)  # fmt: skip
k = quantity(
    "k", "k", "number of attempts at one problem", "attempts",
    low=0, high=_INF, scale="log", reach=(1, 1e6), low_included=True,
)  # fmt: skip
error_rate = quantity(
    "error_rate", "e", "error rate: probability that one token is wrong", "1 per token",
    low=0, high=1, scale="logit", reach=(1e-9, 1 - 1e-6),
)  # fmt: skip
success_rate = quantity(
    "success_rate", "p", "probability that one attempt succeeds", "1 per attempt",
    low=0, high=1, scale="logit", reach=(1e-9, 1 - 1e-6),
)  # fmt: skip
reliability = quantity(
    "reliability", "r", "reliability: survival asked for at the horizon", "1",
    low=0, high=1, scale="logit", reach=(1e-6, 1 - 1e-9),
)  # fmt: skip
