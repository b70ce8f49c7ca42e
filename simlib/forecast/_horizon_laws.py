"""Laws of success against length that are fitted to horizons."""

from collections.abc import Callable
from dataclasses import dataclass

import equinox as eqx
import jax.numpy as jnp
import jax.scipy.special as jsp
from jaxtyping import Array, Float

from .._checks import as_floating, as_parameter, check_interval
from .._types import Numbers
from ..fit import FrailPower, PowerHazard
from ..formulas._special import exprel
from ..processes import AbstractErrorProcess

_INF = float("inf")
_LN2 = 0.6931471805599453


class LogNormal(AbstractErrorProcess):
    r"""Log-normal law: $S(n)=\Phi\big(-\ln(n/T_{50})/\sigma\big)$.

    The hazard rises from 0, and falls far beyond the half-life. Success is a probit of the
    logarithm of the length, where the log-logistic law has a logit.

    Parameters
    ----------
    half_life
        $T_{50}>0$, in units of length.
    spread
        $\sigma>0$: standard deviation of the logarithm of the length of first failure.

    Raises
    ------
    ValueError
        If a parameter is a concrete number that is not positive and finite.
    """

    half_life: Float[Array, "..."] = eqx.field(converter=as_parameter)
    spread: Float[Array, "..."] = eqx.field(converter=as_parameter)

    def __check_init__(self):
        check_interval("half_life", self.half_life, 0.0, _INF, "a length")
        check_interval("spread", self.spread, 0.0, _INF, "a pure number, such as 1.6")

    def log_survival(self, n: Numbers) -> Float[Array, "..."]:
        n = as_floating(n)
        at = jnp.where(n > 0, n, 1.0)
        z = (jnp.log(self.half_life) - jnp.log(at)) / self.spread
        return jnp.where(n > 0, jsp.log_ndtr(z), 0.0)

    def inverse_cumulative_hazard(self, level: Numbers) -> Float[Array, "..."]:
        level = as_floating(level)
        short = level < _LN2
        # The smaller of both tails keeps its digits.
        failure = -jnp.expm1(-jnp.where(short, level, _LN2))
        z = jnp.where(short, jsp.ndtri(failure), -jsp.ndtri(jnp.exp(-level)))
        return self.half_life * jnp.exp(self.spread * z)


class NoiseThreshold(AbstractErrorProcess):
    r"""Noise that adds up and stays below a threshold: $S(n)=P(q/2,\,q/(2rn^2))$.

    $P$ is the regularised incomplete gamma function: the probability that $q$ Gaussian components
    of standard deviation proportional to $n$ have a squared norm below a threshold. Survival has a
    shoulder near 1 and falls as $n^{-q}$ beyond $r^{-1/2}$.

    Parameters
    ----------
    noise_rate
        $r>0$: summed variance at length 1, relative to the squared threshold.
    directions
        $q>0$: number of components.

    Raises
    ------
    ValueError
        If a parameter is a concrete number that is not positive and finite.

    Source: Raju and Netrapalli (2026), arXiv 2601.14175, from a secondary account.
    """

    noise_rate: Float[Array, "..."] = eqx.field(converter=as_parameter)
    directions: Float[Array, "..."] = eqx.field(converter=as_parameter)

    def __check_init__(self):
        check_interval("noise_rate", self.noise_rate, 0.0, _INF, "per squared length")
        check_interval("directions", self.directions, 0.0, _INF, "a number, such as 5")

    def log_survival(self, n: Numbers) -> Float[Array, "..."]:
        n = as_floating(n)
        at = jnp.where(n > 0, n, 1.0)
        half = self.directions / 2
        x = half * jnp.exp(-jnp.log(self.noise_rate) - 2 * jnp.log(at))
        return jnp.where(n > 0, _log_gamma_ratio(half, x), 0.0)


def _log_gamma_ratio(s: Float[Array, "..."], x: Float[Array, "..."]) -> Float[Array, "..."]:
    """Logarithm of the regularised lower incomplete gamma function, with digits at both ends."""
    s, x = jnp.broadcast_arrays(s, x)
    below = x < s
    near = jnp.log(jsp.gammainc(s, jnp.where(below, x, s)))
    far = jnp.log1p(-jsp.gammaincc(s, jnp.where(below, s, x)))
    return jnp.where(below, near, far)


@dataclass(frozen=True, eq=False)
class HorizonLaw:
    r"""A law as a function of an unconstrained vector.

    Attributes
    ----------
    name
        What it is called.
    meaning
        The law in words.
    build
        The process from the vector. Its first coordinate is the logarithm of a length: the
        half-life, or $r^{-1/2}$ of the noise-threshold law.
    parameters
        Name of each reported parameter, and its logarithm from the vector.
    shapes
        Range of each coordinate after the first.
    starts
        Values of these at which a fit starts.
    """

    name: str
    meaning: str
    build: Callable[[Float[Array, " p"]], AbstractErrorProcess]
    parameters: dict[str, Callable]
    shapes: tuple[tuple[float, float], ...]
    starts: tuple[tuple[float, ...], ...]


def _weibull(v):
    shape = jnp.exp(v[1])
    return PowerHazard(jnp.exp(v[0] - jnp.log(_LN2) / shape), shape)


def _gamma_frailty(v):
    # Cumulative hazard of a unit of frailty 1 at the half-life: (2^theta - 1) / theta.
    hazard = _LN2 * exprel(_LN2 * v[1])
    return FrailPower(jnp.exp(v[0]) / hazard, 1.0, v[1])


_half_life = lambda v: v[0]
_shape = lambda v: v[1]
_STARTS = ((0.0,), (-0.7,), (0.9,))

HORIZON_LAWS: dict[str, HorizonLaw] = {
    law.name: law
    for law in (
        HorizonLaw(
            "exponential",
            "constant hazard, the same for all tasks (Ord)",
            lambda v: PowerHazard(jnp.exp(v[0]) / _LN2, 1.0),
            {"half_life": _half_life},
            (),
            ((),),
        ),
        HorizonLaw(
            "weibull",
            "hazard that falls or rises as a power of length (Hamilton)",
            _weibull,
            {"half_life": _half_life, "weibull_shape": _shape},
            ((-3.0, 3.0),),
            _STARTS,
        ),
        HorizonLaw(
            "log-logistic",
            "logistic in the logarithm of length (METR)",
            lambda v: FrailPower(jnp.exp(v[0]), jnp.exp(v[1]), 1.0),
            {"half_life": _half_life, "log_logistic_shape": _shape},
            ((-3.0, 3.0),),
            _STARTS,
        ),
        HorizonLaw(
            "log-normal",
            "probit in the logarithm of length",
            lambda v: LogNormal(jnp.exp(v[0]), jnp.exp(v[1])),
            {"half_life": _half_life, "log_spread": _shape},
            ((-3.0, 3.5),),
            _STARTS,
        ),
        HorizonLaw(
            "gamma-frailty",
            "constant hazard of each task, gamma distributed over tasks",
            _gamma_frailty,
            {"half_life": _half_life, "frailty_variance": lambda v: jnp.log(v[1])},
            ((1e-6, 50.0),),
            ((0.1,), (1.0,), (4.0,)),
        ),
        HorizonLaw(
            "noise-threshold",
            "noise that adds up to a threshold (Raju and Netrapalli)",
            lambda v: NoiseThreshold(jnp.exp(-2 * v[0]), jnp.exp(v[1])),
            {"noise_rate": lambda v: -2 * v[0], "directions": _shape},
            ((-3.0, 5.5),),
            ((0.0,), (1.5,), (3.0,)),
        ),
    )
}


def find_law(law: str) -> HorizonLaw:
    """The law of that name.

    Raises
    ------
    ValueError
        If there is none.
    """
    if law not in HORIZON_LAWS:
        raise ValueError(f"law must be one of {', '.join(HORIZON_LAWS)}, got {law!r}.")
    return HORIZON_LAWS[law]
