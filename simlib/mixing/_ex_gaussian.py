"""ExGaussian on the logit: a Gaussian bulk with an exponential left tail."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.scipy.special as jsp
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from .._checks import as_parameter, check_interval
from .._levels import exponential_level
from ._base import AbstractMixing
from ._coordinates import log_hazard_from_logit, log_rate, logit_rate

_HALF_LOG_2PI = 0.9189385332046727
# From here on Laplace's continued fraction for Mills' ratio is exact to rounding.
_SWITCH, _TERMS = 5.0, 10
_SQRT_HALF = 0.7071067811865476


class ExGaussian(AbstractMixing):
    r"""$\operatorname{logit}p=N(\mu,\sigma^2)-\mathrm{Exponential}(b)$ over units.

    The density of $p$ falls like $p^{b-1}$ near 0 whatever the bulk looks like. The limit
    $b\to\infty$ is the logit-normal.

    Parameters
    ----------
    center, spread
        $\mu$ and $\sigma>0$ of the Gaussian part.
    tail_rate
        $b>0$, the tail exponent. The mean of $\operatorname{logit}p$ is $\mu-1/b$.

    Raises
    ------
    ValueError
        If a concrete parameter lies outside its domain.

    Source: Grushka (1972), Anal. Chem. 44, 1733, for the exponentially modified Gaussian.

    Examples
    --------
    >>> difficulty = ExGaussian(center=-1.0, spread=1.0, tail_rate=0.3)
    >>> round(float(difficulty.mean()), 4)
    0.0895
    """

    name: ClassVar[str] = "exGaussian"

    center: Float[Array, "..."] = eqx.field(converter=as_parameter)
    spread: Float[Array, "..."] = eqx.field(converter=as_parameter)
    tail_rate: Float[Array, "..."] = eqx.field(converter=as_parameter)

    def __check_init__(self):
        check_interval("center", self.center, -float("inf"), float("inf"), "a logit")
        check_interval("spread", self.spread, 0.0, float("inf"), "a standard deviation")
        check_interval("tail_rate", self.tail_rate, 0.0, float("inf"), "a tail exponent")

    @property
    def tail_exponent(self) -> Float[Array, "..."]:
        return jnp.broadcast_to(self.tail_rate, self.batch_shape)

    def _log_density_logit(self, t: Array) -> Array:
        r"""$b\,e^{b(t-\mu)+b^2\sigma^2/2}\,\Phi(-x)=b\,\varphi(z)\,R(x)$ with $x=z+b\sigma$.

        $z=(t-\mu)/\sigma$ and Mills' ratio $R=\Phi(-x)/\varphi(x)$: the first form where $x$ is
        small, the second where both factors of the first would run off in opposite directions.
        """
        z = (t - self.center) / self.spread
        step = self.tail_rate * self.spread
        x = z + step
        low = x < _SWITCH
        below = jnp.where(low, x, 0.0)
        first = step * (z + step / 2) + jnp.log(jsp.erfc(below * _SQRT_HALF) / 2)
        above = jnp.where(low, _SWITCH, x)
        tail = above
        for term in range(_TERMS, 0, -1):
            tail = above + term / tail
        second = -z * z / 2 - _HALF_LOG_2PI - jnp.log(tail)
        return jnp.log(self.tail_rate) + jnp.where(low, first, second)

    def log_density_log_hazard(self, log_hazard: Shaped[Array, "..."]) -> Float[Array, "..."]:
        density = self._log_density_logit(logit_rate(log_hazard))
        return density + log_hazard - log_rate(log_hazard)

    def log_cdf_log_hazard(self, log_hazard: Shaped[Array, "..."]) -> Float[Array, "..."]:
        # P(T <= t) = Phi(z) + f(t) / b
        t = logit_rate(log_hazard)
        bulk = jsp.log_ndtr((t - self.center) / self.spread)
        return jnp.logaddexp(bulk, self._log_density_logit(t) - jnp.log(self.tail_rate))

    def sample_log_hazard(
        self, shape: tuple[int, ...], *, key: PRNGKeyArray
    ) -> Float[Array, "..."]:
        bulk, tail = jax.random.split(key)
        logit = self.center + self.spread * jax.random.normal(bulk, shape, self.dtype)
        return log_hazard_from_logit(
            logit - exponential_level(tail, shape, self.dtype) / self.tail_rate
        )
