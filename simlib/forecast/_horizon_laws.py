"""Laws of success against length that are fitted to horizons."""

from collections.abc import Callable
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.scipy.special as jsp
import numpy as np
from jaxtyping import Array, Float
from scipy import special

from .._checks import as_floating, as_parameter, check_interval
from .._types import Numbers
from ..fit import FrailPower, PowerHazard
from ..formulas._special import exprel, log1mexp
from ..processes import AbstractErrorProcess

_INF = float("inf")
_LN2 = 0.6931471805599453
# Where the argument of the incomplete gamma function is sought, on the scale of its logarithm.
_LOG_LOW, _LOG_HIGH, _HALVINGS = -600.0, 20.0, 64
# Below this an incomplete gamma function is worked out on the scale of its logarithm.
_TINY = 1e-260


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

    def log_failure(self, n: Numbers) -> Float[Array, "..."]:
        """Logarithm of the probability of an error, however small that is."""
        z = (jnp.log(as_floating(n)) - jnp.log(self.half_life)) / self.spread
        return jsp.log_ndtr(z)

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
        half, x = self._place(jnp.where(n > 0, n, 1.0))
        return jnp.where(n > 0, _log_gamma_ratio(half, x), 0.0)

    def log_failure(self, n: Numbers) -> Float[Array, "..."]:
        """Logarithm of the probability of an error at `n > 0`, however small that is."""
        return _log_gamma_complement(*self._place(as_floating(n)))

    def _place(self, n):
        half = self.directions / 2
        x = half * jnp.exp(-jnp.log(self.noise_rate) - 2 * jnp.log(n))
        return jnp.broadcast_arrays(half, x)

    def inverse_cumulative_hazard(self, level: Numbers) -> Float[Array, "..."]:
        level = as_floating(level)
        half, level = jnp.broadcast_arrays(self.directions / 2, level)
        fixed, target = jax.lax.stop_gradient((half, -level))

        def halve(_, ends):
            low, high = ends
            middle = (low + high) / 2
            below = _log_gamma_ratio(fixed, jnp.exp(middle)) < target
            return jnp.where(below, middle, low), jnp.where(below, high, middle)

        ends = jnp.full_like(level, _LOG_LOW), jnp.full_like(level, _LOG_HIGH)
        x = jnp.exp(jax.lax.fori_loop(0, _HALVINGS, halve, ends)[0])
        # One step of Newton's method carries the derivatives.
        value = _log_gamma_ratio(half, x)
        slope = jnp.exp((fixed - 1) * jnp.log(x) - x - jsp.gammaln(fixed) - value)
        x = x - (value + level) / jax.lax.stop_gradient(slope)
        n = jnp.sqrt(half / (self.noise_rate * x))
        return jnp.where(level > 0, n, 0.0)


@jax.custom_jvp
def _log_gamma_ratio(
    s: Float[Array, "*shape"], x: Float[Array, "*shape"]
) -> Float[Array, "*shape"]:
    """Logarithm of the regularised lower incomplete gamma function, with digits at both ends."""
    below = x < s
    near = jnp.log(jsp.gammainc(s, jnp.where(below, x, s)))
    far = jnp.log1p(-jsp.gammaincc(s, jnp.where(below, s, x)))
    return jnp.where(below, near, far)


@_log_gamma_ratio.defjvp
def _(primals, tangents):
    # One derivative in s instead of those of two functions: they compile for seconds.
    (s, x), (ds, dx) = primals, tangents
    value = _log_gamma_ratio(s, x)
    in_x = jnp.exp((s - 1) * jnp.log(x) - x - jsp.gammaln(s) - value)
    in_s = jax.lax.igamma_grad_a(s, x) * jnp.exp(-value)
    return value, in_s * ds + in_x * dx


@jax.custom_jvp
def _log_gamma_complement(
    s: Float[Array, "*shape"], x: Float[Array, "*shape"]
) -> Float[Array, "*shape"]:
    """Logarithm of the regularised upper incomplete gamma function, also where it underflows."""
    value = jsp.gammaincc(s, x)
    tiny = value < _TINY
    return jnp.where(tiny, _far_complement(s, x), jnp.log(jnp.where(tiny, 1.0, value)))


@_log_gamma_complement.defjvp
def _(primals, tangents):
    (s, x), (ds, dx) = primals, tangents
    value = _log_gamma_complement(s, x)
    in_x = -jnp.exp((s - 1) * jnp.log(x) - x - jsp.gammaln(s) - value)
    in_s = -jax.lax.igamma_grad_a(s, x) * jnp.exp(-jnp.maximum(value, jnp.log(_TINY)))
    in_s = jnp.where(value < jnp.log(_TINY), jnp.log(x) - jsp.digamma(s), in_s)
    return value, in_s * ds + in_x * dx


def _far_complement(s, x):
    # Leading terms of the expansion for x far above s; only used where the ratio is below e^-600.
    x = jnp.maximum(x, 2 * s)
    series = jnp.ones_like(x)
    for i in range(12, 0, -1):
        series = 1 + (s - i) / x * series
    return (s - 1) * jnp.log(x) - x - jsp.gammaln(s) + jnp.log(series)


def log_failure(process: AbstractErrorProcess, n: Numbers) -> Float[Array, "..."]:
    """Logarithm of the probability of an error up to `n > 0`, finite as far as the law allows."""
    if isinstance(process, LogNormal | NoiseThreshold):
        return process.log_failure(n)
    return log1mexp(process.cumulative_hazard(n))


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
    on_host
        Logarithms of horizons from the vector and the reliabilities, in SciPy, where its inverse
        functions save seconds of compilation.
    """

    name: str
    meaning: str
    build: Callable[[Float[Array, " p"]], AbstractErrorProcess]
    parameters: dict[str, Callable]
    shapes: tuple[tuple[float, float], ...]
    starts: tuple[tuple[float, ...], ...]
    on_host: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None


def _weibull(v):
    shape = jnp.exp(v[1])
    return PowerHazard(jnp.exp(v[0] - jnp.log(_LN2) / shape), shape)


def _gamma_frailty(v):
    # Cumulative hazard of a unit of frailty 1 at the half-life: (2^theta - 1) / theta.
    hazard = _LN2 * exprel(_LN2 * v[1])
    return FrailPower(jnp.exp(v[0]) / hazard, 1.0, v[1])


def _noise_threshold_horizons(v: np.ndarray, reliabilities: np.ndarray) -> np.ndarray:
    half = np.exp(v[1]) / 2
    # Close to 1 the complement keeps the digits.
    x = special.gammainccinv(half, 1 - reliabilities)
    return v[0] + (np.log(half) - np.log(x)) / 2


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
            ((0.3,), (1.8,)),
            _noise_threshold_horizons,
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
