"""Logit-normal rate."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.scipy.special import log_ndtr
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from .._checks import as_parameter, check_interval
from ._base import AbstractMixing
from ._coordinates import log_hazard_from_logit, log_rate, logit_rate

_HALF_LOG_2PI = 0.9189385332046727


class LogitNormal(AbstractMixing):
    r"""$\operatorname{logit}p\sim N(\mu,\sigma^2)$ over units.

    The density vanishes faster than any power of $p$ near 0, so failure of $k$ attempts falls
    faster than any power of $k$ in the end, though the local exponent changes slowly.

    Parameters
    ----------
    center
        $\mu$, the median of $\operatorname{logit}p$.
    spread
        $\sigma>0$.

    Raises
    ------
    ValueError
        If a concrete parameter lies outside its domain.

    Examples
    --------
    >>> difficulty = LogitNormal(center=-3.0, spread=2.0)
    >>> round(float(difficulty.mean()), 4)
    0.1212
    """

    name: ClassVar[str] = "logit-normal"

    center: Float[Array, "..."] = eqx.field(converter=as_parameter)
    spread: Float[Array, "..."] = eqx.field(converter=as_parameter)

    def __check_init__(self):
        check_interval("center", self.center, -float("inf"), float("inf"), "a logit")
        check_interval("spread", self.spread, 0.0, float("inf"), "a standard deviation")

    @property
    def tail_exponent(self) -> Float[Array, "..."]:
        return jnp.full(self.batch_shape, jnp.inf)

    def log_density_log_hazard(self, log_hazard: Shaped[Array, "..."]) -> Float[Array, "..."]:
        z = (logit_rate(log_hazard) - self.center) / self.spread
        # d logit p / dy = X / p
        return -z * z / 2 - _HALF_LOG_2PI - jnp.log(self.spread) + log_hazard - log_rate(log_hazard)

    def log_cdf_log_hazard(self, log_hazard: Shaped[Array, "..."]) -> Float[Array, "..."]:
        return log_ndtr((logit_rate(log_hazard) - self.center) / self.spread)

    def sample_log_hazard(
        self, shape: tuple[int, ...], *, key: PRNGKeyArray
    ) -> Float[Array, "..."]:
        return log_hazard_from_logit(
            self.center + self.spread * jax.random.normal(key, shape, self.dtype)
        )
