"""Families of laws of the first error, as functions of a vector in a box.

Every family that contains uniform errors has them at a finite point or on an edge of its box, so
that a fit to uniform errors ends there instead of running away. Lengths enter in units of a
`scale`, the mean observed length.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from ..formulas._special import exprel
from ..mixing import Gamma
from ..processes import (
    AbstractErrorProcess,
    HeavyTailed,
    KeyTokens,
    LogarithmicGrowth,
    SaturatingGrowth,
    Uniform,
)
from ._laws import FrailPower, PowerHazard, log1p_ratio
from ._runs import Runs

# Ranges of the shapes. Wide enough for any data, narrow enough that nothing overflows.
_EXPONENT = (-3.5, 3.5)  # logarithm of an exponent: 0.03 to 33
_VARIANCE = (0.0, 100.0)  # of a frailty of mean 1
_SATURATION = (1e-7, 50.0)  # mean observed length over the scale of saturation
_LARGEST_HAZARD = 30.0  # per step
_REACH = 30.0  # of the logarithm of a hazard, around that of uniform errors

Line = Callable[[Array, Array], Array]
Edges = Mapping[tuple[int, int], float]


@dataclass(frozen=True, eq=False)
class Parameter:
    """One reported number of a family.

    `line` gives it, from vector and scale, where it is unbounded and smooth; `value` brings it
    back. `edges` says what it is where a coordinate of the vector lies on the lower (-1) or upper
    (+1) edge of its range.
    """

    name: str
    meaning: str
    line: Line
    value: Callable[[float], float] = np.exp
    edges: Edges = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, eq=False)
class ProcessFamily:
    r"""A family of laws of the first error.

    Attributes
    ----------
    name
        What it is called in tables.
    meaning
        The law in words.
    build
        The process from vector and scale.
    log_inverse
        $\ln\Lambda^{-1}(x)$ from vector, scale and $x$.
    parameters
        What is reported.
    bounds
        Range of each coordinate; the first is relative to the logarithm of the rate of uniform
        errors.
    starts
        Shapes at which a fit starts (the coordinates after the first).
    equivalents
        Processes with the very same law of the first error, in words.
    plateau
        The logarithm of $\Lambda(\infty)$, where that can be finite.
    refuses
        Why the family cannot have produced the runs; None if it can.
    """

    name: str
    meaning: str
    build: Callable[[Array, Array], AbstractErrorProcess]
    log_inverse: Callable[[Array, Array, Array], Array]
    parameters: tuple[Parameter, ...]
    bounds: tuple[tuple[float, float], ...]
    starts: tuple[tuple[float, ...], ...]
    equivalents: tuple[str, ...]
    plateau: Line | None = None
    refuses: Callable[[Runs], str | None] = lambda runs: None

    def box(self, log_rate: float, scale: float) -> list[tuple[float, float]]:
        """Range of every coordinate, for runs with this logarithm of errors per scale."""
        low, high = self.bounds[0]
        # An error rate is not told apart from 1 beyond this.
        most = max(np.log(_LARGEST_HAZARD * scale), log_rate + 1.0)
        return [(low + log_rate, min(high + log_rate, most)), *self.bounds[1:]]


def _logistic(x):
    return 1 / (1 + np.exp(-x))


def _variance(x):
    return max(float(x), 0.0)


def _plateau(x):
    # Too small to be seen in any number of runs is 0.
    value = float(np.exp(-np.exp(x)))
    return value if value >= 1e-12 else 0.0


def _hazard(vector, scale):
    return jnp.exp(vector[0]) / scale


def _uniform(vector, scale):
    return Uniform(-jnp.expm1(-_hazard(vector, scale)))


def _logit_error(vector, scale):
    # ln(e / (1 - e)) with e = 1 - exp(-h)
    h = _hazard(vector, scale)
    return jnp.log(h) + jnp.log(exprel(h))


def _power(vector, scale):
    exponent = jnp.exp(vector[1])
    return PowerHazard(scale * jnp.exp(-vector[0] / exponent), exponent)


def _log_logistic(vector, scale):
    exponent = jnp.exp(vector[1])
    return FrailPower(scale * jnp.exp(-vector[0] / exponent), exponent, 1.0)


def _frail_power(vector, scale):
    exponent = jnp.exp(vector[1])
    return FrailPower(scale * jnp.exp(-vector[0] / exponent), exponent, vector[2])


def _heavy_tailed(vector, scale):
    mean = _hazard(vector, scale)
    # A variance of 0 is uniform errors; this is as near as `Gamma` gets.
    return HeavyTailed(Gamma(mean, (vector[1] + 1e-9) * mean**2))


def _saturating(vector, scale):
    # k(n) = tau (1 - exp(-n / tau)): every token is key at the start.
    tau = scale / vector[1]
    return KeyTokens(-jnp.expm1(-_hazard(vector, scale)), SaturatingGrowth(tau, tau))


def _logarithmic(vector, scale):
    return KeyTokens(-jnp.expm1(-jnp.exp(vector[0])), LogarithmicGrowth(1.0))


def _saturating_log_inverse(vector, scale, level):
    # Beyond the plateau the length is infinite; here it stays finite, for the search.
    share = jnp.minimum(level * vector[1] * jnp.exp(-vector[0]), 1 - 1e-12)
    return jnp.log(scale) + jnp.log(level) - vector[0] + jnp.log(log1p_ratio(-share))


def _log_plateau(vector, scale):
    return vector[0] - jnp.log(vector[1])


def _no_first_step(runs: Runs) -> str | None:
    if ((runs.length == 1) & (runs.error == 1)).any():
        return "some run failed at its first step, which ln(1) = 0 key tokens do not allow"
    return None


_RATE = (-_REACH, _REACH)
_SHAPE = Parameter(
    "exponent",
    "power of the length in the cumulative hazard: below 1 the hazard falls, above 1 it rises",
    lambda v, s: v[1],
    edges={(1, -1): 0.0, (1, 1): np.inf},
)
_VARIANCE_EDGES = {(1, -1): 0.0, (1, 1): np.inf}

PROCESS_FAMILIES: dict[str, ProcessFamily] = {
    family.name: family
    for family in (
        ProcessFamily(
            "uniform",
            "every step fails alike, and so does every run",
            _uniform,
            lambda v, s, x: jnp.log(x) + jnp.log(s) - v[0],
            (Parameter("error_rate", "probability that a step is wrong", _logit_error, _logistic),),
            (_RATE,),
            ((),),
            ("key tokens that are a fixed share of all tokens",),
        ),
        ProcessFamily(
            "power",
            "hazard that falls or rises as a power of the length (Weibull)",
            _power,
            lambda v, s, x: jnp.log(s) + (jnp.log(x) - v[0]) * jnp.exp(-v[1]),
            (
                _SHAPE,
                Parameter(
                    "scale",
                    "length survived with probability 1/e",
                    lambda v, s: jnp.log(s) - v[0] * jnp.exp(-v[1]),
                ),
            ),
            (_RATE, _EXPONENT),
            ((0.0,), (-0.7,), (0.7,)),
            (
                "key tokens whose number grows as a power of the length (exponent up to 1)",
                "uniform errors with positive stable frailty over runs (exponent below 1)",
            ),
        ),
        ProcessFamily(
            "logarithmic",
            "key tokens whose number is the logarithm of the length (exact power law)",
            _logarithmic,
            lambda v, s, x: x * jnp.exp(-v[0]),
            (Parameter("power", "survival is the length to minus this", lambda v, s: v[0]),),
            (_RATE,),
            ((),),
            (),
            refuses=_no_first_step,
        ),
        ProcessFamily(
            "saturating",
            "key tokens that come to an end: survival ends on a plateau",
            _saturating,
            _saturating_log_inverse,
            (
                Parameter(
                    "plateau",
                    "survival that is never lost",
                    _log_plateau,
                    _plateau,
                    {(1, -1): 0.0},
                ),
                Parameter(
                    "scale",
                    "length at which two thirds of the hazard are spent",
                    lambda v, s: jnp.log(s) - jnp.log(v[1]),
                    edges={(1, -1): np.inf, (1, 1): 0.0},
                ),
            ),
            (_RATE, _SATURATION),
            ((0.1,), (1.0,), (3.0,)),
            (),
            plateau=_log_plateau,
        ),
        ProcessFamily(
            "heavy_tailed",
            "constant hazard that differs between runs, gamma distributed (Pareto)",
            _heavy_tailed,
            lambda v, s, x: jnp.log(s) + jnp.log(x) - v[0] + jnp.log(exprel(v[1] * x)),
            (
                Parameter(
                    "mean_hazard", "hazard per step, mean over runs",
                    lambda v, s: v[0] - jnp.log(s),
                ),
                Parameter(
                    "frailty_variance", "squared relative spread of the hazard between runs",
                    lambda v, s: v[1], _variance, _VARIANCE_EDGES,
                ),
            ),
            (_RATE, _VARIANCE),
            ((0.1,), (1.0,), (5.0,)),
            ("the same hazard in every run, falling as 1/(n + constant)",),
        ),
        ProcessFamily(
            "log_logistic",
            "logistic in the logarithm of the length",
            _log_logistic,
            lambda v, s, x: jnp.log(s) + (x + jnp.log(-jnp.expm1(-x)) - v[0]) * jnp.exp(-v[1]),
            (
                _SHAPE,
                Parameter(
                    "half_life", "length survived with probability 1/2",
                    lambda v, s: jnp.log(s) - v[0] * jnp.exp(-v[1]),
                ),
            ),
            (_RATE, _EXPONENT),
            ((0.0,), (-0.7,), (0.7,)),
            ("gamma frailty of variance 1 over a hazard that is a power of the length",),
        ),
        ProcessFamily(
            "frail_power",
            "gamma frailty over a hazard that is a power of the length (Burr)",
            _frail_power,
            lambda v, s, x: jnp.log(s)
            + (jnp.log(x) + jnp.log(exprel(v[2] * x)) - v[0]) * jnp.exp(-v[1]),
            (
                _SHAPE,
                Parameter(
                    "frailty_variance", "squared relative spread of the hazard between units",
                    lambda v, s: v[2], _variance, {(2, -1): 0.0, (2, 1): np.inf},
                ),
                Parameter(
                    "scale",
                    "length survived with probability 1/e by a unit of mean frailty",
                    lambda v, s: jnp.log(s) - v[0] * jnp.exp(-v[1]),
                ),
            ),
            (_RATE, _EXPONENT, _VARIANCE),
            ((0.0, 0.1), (-0.7, 0.1), (0.3, 1.0)),
            (),
        ),
    )
}  # fmt: skip

#: Compared unless others are asked for. `frail_power` contains three of them.
DEFAULT_FAMILIES = tuple(name for name in PROCESS_FAMILIES if name != "frail_power")


def find_process_family(family: str | ProcessFamily) -> ProcessFamily:
    """The family of that name.

    Raises
    ------
    ValueError
        If there is none.
    """
    if isinstance(family, ProcessFamily):
        return family
    if family not in PROCESS_FAMILIES:
        raise ValueError(f"family must be one of {', '.join(PROCESS_FAMILIES)}, got {family!r}.")
    return PROCESS_FAMILIES[family]


def lines(
    family: ProcessFamily, vector: Float[Array, " p"], scale: Array, levels: Float[Array, " r"]
) -> Float[Array, " q"]:
    """All reported numbers of a family on their lines: parameters, then logarithms of horizons."""
    found = [parameter.line(vector, scale) for parameter in family.parameters]
    horizons = jax.vmap(lambda level: family.log_inverse(vector, scale, level))(levels)
    return jnp.concatenate([jnp.stack(found), horizons])
