"""Beta distributed rate."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.scipy.special as jsp
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from .._checks import as_floating, as_parameter, check_interval
from .._types import Numbers
from ..formulas import heavy_tailed as formulas
from ..formulas._beta import log_beta, log_beta_ratio
from ._base import AbstractMixing
from ._coordinates import hazard, log_hazard_from_logit, log_rate
from ._log_gamma import log_gamma

_INF = float("inf")


class Beta(AbstractMixing):
    r"""Rate $p\sim\mathrm{Beta}(\alpha,\beta)$ over units.

    $$\mathbb{E}\,(1-p)^k=\frac{B(\alpha,\beta+k)}{B(\alpha,\beta)}$$

    Parameters
    ----------
    a
        $\alpha>0$, the tail exponent: the density falls like $p^{\alpha-1}$ near 0.
    b
        $\beta>0$; the density behaves like $(1-p)^{\beta-1}$ near 1.

    Raises
    ------
    ValueError
        If a concrete parameter is not positive and finite.

    Examples
    --------
    >>> import math
    >>> difficulty = Beta(0.3, 5.0)
    >>> round(math.exp(difficulty.log_laplace(100.0)), 6)
    0.393134
    """

    name: ClassVar[str] = "beta"

    a: Float[Array, "..."] = eqx.field(converter=as_parameter)
    b: Float[Array, "..."] = eqx.field(converter=as_parameter)

    def __check_init__(self):
        check_interval("a", self.a, 0.0, _INF, "a shape parameter")
        check_interval("b", self.b, 0.0, _INF, "a shape parameter")

    @property
    def tail_exponent(self) -> Float[Array, "..."]:
        return jnp.broadcast_to(self.a, self.batch_shape)

    def log_laplace(self, s: Numbers) -> Float[Array, "..."]:
        return formulas.beta_log_laplace(s, self.a, self.b)

    def log_moment(self, successes: Numbers, failures: Numbers) -> Float[Array, "..."]:
        c, m = (as_floating(x) for x in (successes, failures))
        # B(a + c, b + m) / B(a, b), one factor at a time
        return log_beta_ratio(self.a, self.b, m) + log_beta_ratio(self.b + m, self.a, c)

    def mean_odds_against(self) -> Float[Array, "..."]:
        return jnp.where(self.a > 1, self.b / jnp.where(self.a > 1, self.a - 1, 1.0), jnp.inf)

    def log_density_log_hazard(self, log_hazard: Shaped[Array, "..."]) -> Float[Array, "..."]:
        x = hazard(log_hazard)
        log_p = log_rate(log_hazard)
        return (self.a - 1) * log_p - self.b * x + log_hazard - log_beta(self.a, self.b)

    def log_cdf_log_hazard(self, log_hazard: Shaped[Array, "..."]) -> Float[Array, "..."]:
        log_p = log_rate(log_hazard)
        p = jnp.exp(log_p)
        # p^a / (a B) (1 + a (1-b) p / (a+1) + ...) near 0
        small = p * (1 + self.b) < 1e-5
        correction = self.a * (1 - self.b) / (self.a + 1) * jnp.where(small, p, 0.0)
        near = self.a * log_p - jnp.log(self.a) - log_beta(self.a, self.b) + jnp.log1p(correction)
        # Near 1 the complement is the argument that keeps its digits.
        middle = jnp.where(small, 0.5, p)
        rest = jnp.where(small, 0.5, jnp.exp(-hazard(log_hazard)))
        a, b = jax.lax.stop_gradient((self.a, self.b))
        shape = jnp.broadcast_shapes(jnp.shape(middle), self.batch_shape)
        a, b, middle, rest = (jnp.broadcast_to(x, shape) for x in (a, b, middle, rest))
        far = jnp.where(
            middle < 0.5, jnp.log(jsp.betainc(a, b, middle)), jnp.log1p(-jsp.betainc(b, a, rest))
        )
        return jnp.where(small, near, far)

    def sample_log_hazard(
        self, shape: tuple[int, ...], *, key: PRNGKeyArray
    ) -> Float[Array, "..."]:
        first, second = jax.random.split(key)
        # p = G_a / (G_a + G_b) with independent gammas, as logit p = ln G_a - ln G_b
        a, b = self.a.astype(self.dtype), self.b.astype(self.dtype)
        logit = log_gamma(first, a, shape) - log_gamma(second, b, shape)
        return log_hazard_from_logit(logit)
