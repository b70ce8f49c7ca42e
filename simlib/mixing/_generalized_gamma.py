"""Generalised gamma distributed hazard: gamma, Weibull and in between."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import jax.scipy.special as jsp
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from .._checks import as_parameter, check_interval
from ._base import AbstractMixing
from ._gamma import log_gamma_cdf
from ._log_gamma import log_gamma

_INF = float("inf")
# exp(80) is beyond every argument at which the density or its complement is still a number.
_LARGEST = 80.0


class GeneralizedGamma(AbstractMixing):
    r"""Hazard $X=s\,G^{1/\gamma}$ with $G\sim\mathrm{Gamma}(b/\gamma)$ over units.

    The density of $X$ is proportional to $x^{b-1}e^{-(x/s)^{\gamma}}$: it falls like the power
    $b-1$ near 0, and $\gamma$ says how sharply large hazards are cut off. $\gamma=1$ is the gamma
    distribution. $\gamma=b$ is the Weibull distribution, for which $P(X>x)=e^{-(x/s)^b}$, so that
    coverage after $k$ attempts is close to the Fréchet form $e^{-a k^{-b}}$ with $a=s^{-b}$ (a
    problem with $X>1/k$ is solved, one with less is not).

    Parameters
    ----------
    scale
        $s>0$, a hazard per trial.
    tail_rate
        $b>0$, the tail exponent.
    power
        $\gamma>0$.

    Raises
    ------
    ValueError
        If a concrete parameter is not positive and finite.

    Source: Stacy (1962), Ann. Math. Statist. 33, 1187.

    Examples
    --------
    >>> weibull = GeneralizedGamma(scale=1.0, tail_rate=0.4, power=0.4)
    >>> import math
    >>> round(1 - math.exp(weibull.log_cdf(0.5)), 4), round(math.exp(-(math.log(2) ** 0.4)), 4)
    (0.4216, 0.4216)
    """

    name: ClassVar[str] = "generalised gamma"

    scale: Float[Array, "..."] = eqx.field(converter=as_parameter)
    tail_rate: Float[Array, "..."] = eqx.field(converter=as_parameter)
    power: Float[Array, "..."] = eqx.field(converter=as_parameter)

    def __check_init__(self):
        check_interval("scale", self.scale, 0.0, _INF, "a hazard per trial")
        check_interval("tail_rate", self.tail_rate, 0.0, _INF, "a tail exponent")
        check_interval("power", self.power, 0.0, _INF, "an exponent")

    @property
    def tail_exponent(self) -> Float[Array, "..."]:
        return jnp.broadcast_to(self.tail_rate, self.batch_shape)

    def log_density_log_hazard(self, log_hazard: Shaped[Array, "..."]) -> Float[Array, "..."]:
        z = log_hazard - jnp.log(self.scale)
        cut = jnp.exp(jnp.minimum(self.power * z, _LARGEST))
        norm = jnp.log(self.power) - jsp.gammaln(self.tail_rate / self.power)
        return norm + self.tail_rate * z - cut

    def log_cdf_log_hazard(self, log_hazard: Shaped[Array, "..."]) -> Float[Array, "..."]:
        z = self.power * (log_hazard - jnp.log(self.scale))
        return log_gamma_cdf(self.tail_rate / self.power, z)

    def sample_log_hazard(
        self, shape: tuple[int, ...], *, key: PRNGKeyArray
    ) -> Float[Array, "..."]:
        concentration = (self.tail_rate / self.power).astype(self.dtype)
        return jnp.log(self.scale) + log_gamma(key, concentration, shape) / self.power
