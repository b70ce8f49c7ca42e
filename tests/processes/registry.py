"""Every error process, with example parameters. A new process joins the contract tests here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import jax.numpy as jnp

from simlib.mixing import Beta, Gamma, WithAtom
from simlib.processes import (
    AbstractErrorProcess,
    ConstantRate,
    ConstantRepair,
    DecayingRate,
    Frailty,
    HeavyTailed,
    KeyTokens,
    LinearShare,
    LogarithmicGrowth,
    Mixture,
    NoErrors,
    PositionalHazard,
    PowerGrowth,
    Recoverable,
    SaturatingGrowth,
    Segments,
    SelfConditioning,
    Uniform,
)
from tests.mixing._families import EXAMPLES


@dataclass(frozen=True)
class Case:
    """A process as a function of its parameters, with example values inside their domain."""

    make: Callable[..., AbstractErrorProcess]
    parameters: tuple[float, ...]
    plateau: bool = False
    """Survival has a positive limit."""
    independent: bool = True
    """Attempts are independent: no heterogeneity between units."""

    def build(self, dtype=jnp.float64) -> AbstractErrorProcess:
        return self.make(*(jnp.asarray(value, dtype) for value in self.parameters))


GROWTHS = {
    "share": (LinearShare, (0.2,)),
    "power": (PowerGrowth, (3.1, 0.5)),  # its corner, at 9.61, is no length of the tests
    "power above one": (PowerGrowth, (0.01, 1.5)),
    "logarithm": (LogarithmicGrowth, (10.0,)),
    "saturating": (SaturatingGrowth, (50.0, 100.0)),
}
NON_KEY = {
    "": (NoErrors, ()),
    " and constant": (ConstantRate, (1e-3,)),
    " and decaying": (DecayingRate, (0.01, 0.5)),
    " and decaying as 1/m": (DecayingRate, (0.01, 1.0)),
    " and decaying fast": (DecayingRate, (0.01, 2.0)),
}
MIXINGS = EXAMPLES | {
    "beta with atom": (lambda a, b, atom: WithAtom(Beta(a, b), atom), (0.3, 5.0, 0.2)),
}


def key_tokens(growth: str, non_key: str) -> Case:
    (grow, first), (err, second) = GROWTHS[growth], NON_KEY[non_key]

    def make(rate, *parameters):
        own, others = parameters[: len(first)], parameters[len(first) :]
        return KeyTokens(rate, grow(*own), err(*others))

    plateau = growth == "saturating" and non_key in ("", " and decaying fast")
    return Case(make, (0.02, *first, *second), plateau=plateau)


def heavy_tailed(mixing: str, event: Literal["error", "success"] = "error") -> Case:
    family, parameters = MIXINGS[mixing]
    make = lambda *parameters: HeavyTailed(family(*parameters), event)
    return Case(make, parameters, plateau="atom" in mixing, independent=False)


def segments(first, second, coefficient, exponent, border):
    late = KeyTokens(second, PowerGrowth(coefficient, exponent))
    return Segments([Uniform(first), late], border[None])


def frail(rate, coefficient, exponent, variance):
    process = KeyTokens(rate, PowerGrowth(coefficient, exponent))
    return Frailty(process, Gamma(jnp.ones_like(variance), variance))


def two_kinds(first, mean, variance, weight):
    kinds = [Uniform(first), HeavyTailed(Gamma(mean, variance))]
    return Mixture(kinds, jnp.stack([weight, 1 - weight]))


# Until their first error, processes with memory are uniform: tests/processes/test_history.py
# knows the rest.
MEMORY = {
    "self-conditioning, count": Case(
        lambda e, g: SelfConditioning(e, g, dependence="count"), (0.03, 0.4)
    ),
    "self-conditioning, share": Case(
        lambda e, g: SelfConditioning(e, g, dependence="share"), (0.03, 0.7)
    ),
    "recovery": Case(lambda e, c: Recoverable(e, ConstantRepair(c)), (0.05, 0.02)),
}
WRAPPERS = {
    "positional": Case(lambda *e: PositionalHazard(jnp.stack(e)), (0.002, 0.03, 0.01)),
    "segments": Case(segments, (0.002, 0.01, 2.0, 0.5, 20.5)),
    "frailty": Case(frail, (0.02, 3.1, 0.5, 0.8), independent=False),
    "mixture": Case(two_kinds, (0.001, 0.05, 0.002, 0.4), independent=False),
}

# Every growth law with every kind of other errors, and the borderline cases of decay once.
PAIRS = [(growth, non_key) for growth in GROWTHS for non_key in list(NON_KEY)[:3]]
PAIRS = [pair for pair in PAIRS if pair[0] != "power above one" or not pair[1]]
PAIRS += [("logarithm", " and decaying as 1/m"), ("saturating", " and decaying fast")]

CASES = {
    "uniform": Case(Uniform, (0.01,)),
    **{growth + non_key: key_tokens(growth, non_key) for growth, non_key in PAIRS},
    **{name: heavy_tailed(name) for name in MIXINGS},
    **MEMORY,
    **WRAPPERS,
}
