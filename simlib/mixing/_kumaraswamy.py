"""Kumaraswamy distributed rate."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from .._checks import as_parameter, check_interval
from .._levels import exponential_level
from ..formulas._special import log1mexp
from ._base import AbstractMixing
from ._coordinates import hazard, log_hazard_from_log_rate, log_rate

_INF = float("inf")
# Beyond this hazard 1 - p^a = a e^-X to rounding, while p itself rounds to 1.
_NEAR_CERTAIN = 30.0


class Kumaraswamy(AbstractMixing):
    r"""Rate with $P(p>x)=(1-x^{\alpha})^{\beta}$ over units.

    Like the beta distribution near 0 and near 1, but with slow corrections: the density is
    $\alpha\beta\,p^{\alpha-1}(1-(\beta-1)p^{\alpha}+\dots)$.

    Parameters
    ----------
    a
        $\alpha>0$, the tail exponent.
    b
        $\beta>0$.

    Raises
    ------
    ValueError
        If a concrete parameter is not positive and finite.

    Source: Kumaraswamy (1980), J. Hydrol. 46, 79.

    Examples
    --------
    >>> import math
    >>> difficulty = Kumaraswamy(0.3, 5.0)
    >>> round(math.exp(difficulty.log_laplace(100.0)), 6)
    0.694699
    """

    name: ClassVar[str] = "Kumaraswamy"

    a: Float[Array, "..."] = eqx.field(converter=as_parameter)
    b: Float[Array, "..."] = eqx.field(converter=as_parameter)

    def __check_init__(self):
        check_interval("a", self.a, 0.0, _INF, "a shape parameter")
        check_interval("b", self.b, 0.0, _INF, "a shape parameter")

    @property
    def tail_exponent(self) -> Float[Array, "..."]:
        return jnp.broadcast_to(self.a, self.batch_shape)

    def _log_rest(self, log_hazard: Array) -> Array:
        r"""$\ln(1-p^{\alpha})$."""
        x = hazard(log_hazard)
        certain = x > _NEAR_CERTAIN
        level = -self.a * jnp.where(certain, -1.0, log_rate(jnp.where(certain, 0.0, log_hazard)))
        return jnp.where(certain, jnp.log(self.a) - x, log1mexp(level))

    def log_density_log_hazard(self, log_hazard: Shaped[Array, "..."]) -> Float[Array, "..."]:
        return (
            jnp.log(self.a)
            + jnp.log(self.b)
            + (self.a - 1) * log_rate(log_hazard)
            + (self.b - 1) * self._log_rest(log_hazard)
            + log_hazard
            - hazard(log_hazard)
        )

    def log_cdf_log_hazard(self, log_hazard: Shaped[Array, "..."]) -> Float[Array, "..."]:
        return log1mexp(-self.b * self._log_rest(log_hazard))

    def sample_log_hazard(
        self, shape: tuple[int, ...], *, key: PRNGKeyArray
    ) -> Float[Array, "..."]:
        # P(p > x) is uniform, so -ln P is exponential: p^a = 1 - exp(-E / b)
        level = exponential_level(key, shape, self.dtype) / self.b
        certain = level > _NEAR_CERTAIN
        log_p = log1mexp(jnp.where(certain, 1.0, level)) / self.a
        return jnp.where(certain, jnp.log(level + jnp.log(self.a)), log_hazard_from_log_rate(log_p))
