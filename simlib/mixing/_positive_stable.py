"""Positive stable hazard: the frailty that makes exponentials stretched exponentials."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from .._checks import as_floating, as_parameter, check_interval
from .._levels import exponential_level
from .._types import Numbers
from ..formulas import heavy_tailed as formulas
from ..formulas._special import log1mexp
from ._base import AbstractMixing

# On the logit scale the angle u/pi is told apart from 0 and 1 up to here; the weight there
# is e^-80.
_END = 80.0
# Keeps a logarithm finite, and with it the gradient.
_LEAST = 1e-37
_NODES = 241


class PositiveStable(AbstractMixing):
    r"""Hazard $X$ positive stable over units: $\mathbb{E}\,e^{-sX}=e^{-(\lambda s)^{\alpha}}$.

    Parameters
    ----------
    index
        $\alpha\in(0,1)$; the smaller, the more units differ.
    scale
        $\lambda>0$, 1 per trial; 1 gives the standard positive stable frailty. The mean hazard
        is infinite for every $\alpha<1$.

    Notes
    -----
    With $U$ uniform on $(0,\pi)$ and $W$ standard exponential (Kanter 1975),

    $$X=\lambda\,(A(U)/W)^{(1-\alpha)/\alpha},\qquad
      A(u)^{1-\alpha}=\frac{\sin^{\alpha}(\alpha u)\,\sin^{1-\alpha}((1-\alpha)u)}{\sin u}.$$

    The sampler uses this as it stands; density and distribution function average over $U$, with
    a relative error below 1e-5 in the bulk for indices between 0.1 and 0.9.

    Raises
    ------
    ValueError
        If a concrete parameter lies outside its interval.

    Source: Hougaard (1986), Biometrika 73, 387; Kanter (1975), Ann. Probab. 3, 697.

    Examples
    --------
    >>> import math
    >>> frailty = PositiveStable(index=0.5, scale=1.0)
    >>> round(math.exp(frailty.log_laplace(0.5)), 4)
    0.4931
    """

    name: ClassVar[str] = "positive stable"

    index: Float[Array, "..."] = eqx.field(converter=as_parameter)
    scale: Float[Array, "..."] = eqx.field(converter=as_parameter)

    def __check_init__(self):
        check_interval("index", self.index, 0.0, 1.0, "the index of a positive stable law")
        check_interval("scale", self.scale, 0.0, float("inf"), "a hazard per trial")

    @property
    def tail_exponent(self) -> Float[Array, "..."]:
        return jnp.full(self.batch_shape, jnp.inf)

    def log_laplace(self, s: Numbers) -> Float[Array, "..."]:
        s = as_floating(s)
        # At 0 the slope in s is infinite, but the value does not depend on the parameters.
        scale, index = (
            jnp.where(s > 0, x, jax.lax.stop_gradient(x)) for x in (self.scale, self.index)
        )
        return formulas.stable_log_laplace(s, scale, index)

    def _log_angle(self, t: Array) -> Array:
        r"""$\ln A(u)$ with $u=\pi/(1+e^{-t})$, exact near both ends of $(0,\pi)$."""
        t = jnp.clip(t, -_END, _END)
        u, rest = jnp.pi * jax.nn.sigmoid(t), jnp.pi * jax.nn.sigmoid(-t)
        log_sin = jnp.log(jnp.sin(jnp.minimum(u, rest)))
        a = self.index
        return (a * jnp.log(jnp.sin(a * u)) + (1 - a) * jnp.log(jnp.sin((1 - a) * u)) - log_sin) / (
            1 - a
        )

    def _average_over_angle(self, log_hazard: Array, power: int) -> Array:
        r"""$\ln\mathbb{E}_U\,w^{j}e^{-w}$ with $w=A(U)\,(x/\lambda)^{-\alpha/(1-\alpha)}$.

        Trapezoidal rule on the logit scale $t$ of the angle, as in `_quadrature` but with the
        centre known: where $w$, which rises with $t$, has grown by one (or to one, if it starts
        above). There the integrand bends within $1-\alpha$; elsewhere it is exponential in $t$.
        """
        z = jnp.clip(as_floating(log_hazard), -1e6, 1e6) - jnp.log(self.scale)
        z = jnp.broadcast_to(z, jnp.broadcast_shapes(z.shape, self.batch_shape))

        def log_w(mixing, z, t):
            value = mixing._log_angle(t) - z * mixing.index / (1 - mixing.index)
            return jnp.minimum(value, 80.0)

        frozen, fixed = jax.lax.stop_gradient((self, z))
        start = jnp.exp(log_w(frozen, fixed, jnp.full_like(z, -_END)))

        def halve(_, bounds):
            low, high = bounds
            middle = (low + high) / 2
            below = jnp.exp(log_w(frozen, fixed, middle)) - start < 1.0
            return jnp.where(below, middle, low), jnp.where(below, high, middle)

        ends = (jnp.full_like(z, -_END), jnp.full_like(z, _END))
        low, high = jax.lax.fori_loop(0, 20, halve, ends)
        centre = (low + high) / 2
        # Without the factor w and with w growing only beyond t = 0, the average is near 1: its
        # complement, of 1 - exp(-w), is the one that has its mass around the centre.
        complement = (centre > 0) & (start < 1) & (power == 0)
        if power == 0:
            centre = jnp.where(complement, centre, jnp.minimum(centre, 0.0))
        width = jnp.broadcast_to(1 - frozen.index, z.shape)
        reach = jnp.arcsinh(2 * _END / width)
        expand = (slice(None),) + (None,) * z.ndim
        u = jnp.linspace(-1.0, 1.0, _NODES, dtype=z.dtype)[expand] * reach
        t = centre + width * jnp.sinh(u)
        weight = width * jnp.cosh(u) * (2 * reach / (_NODES - 1))
        value = log_w(self, z, t)
        w = jnp.exp(value)
        inside = jnp.where(complement, log1mexp(jnp.maximum(w, _LEAST)), power * value - w)
        value = jax.nn.log_sigmoid(t) + jax.nn.log_sigmoid(-t) + inside + jnp.log(weight)
        total = jax.nn.logsumexp(value, axis=0)
        return jnp.where(complement, log1mexp(-jnp.where(complement, total, -1.0)), total)

    def log_density_log_hazard(self, log_hazard: Shaped[Array, "..."]) -> Float[Array, "..."]:
        jacobian = jnp.log(self.index) - jnp.log1p(-self.index)
        return jacobian + self._average_over_angle(log_hazard, 1)

    def log_cdf_log_hazard(self, log_hazard: Shaped[Array, "..."]) -> Float[Array, "..."]:
        return self._average_over_angle(log_hazard, 0)

    def sample_log_hazard(
        self, shape: tuple[int, ...], *, key: PRNGKeyArray
    ) -> Float[Array, "..."]:
        angle, exponential = jax.random.split(key)
        t = jax.random.logistic(
            angle, shape, self.dtype
        )  # u / pi uniform on (0, 1), on the logit scale
        log_w = jnp.log(exponential_level(exponential, shape, self.dtype))
        ratio = (1 - self.index) / self.index
        return ratio * (self._log_angle(t) - log_w) + jnp.log(self.scale)
