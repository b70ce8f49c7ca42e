"""Gamma distributed hazard: the classical frailty."""

from typing import ClassVar

import jax.numpy as jnp
import jax.scipy.special as jsp
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from .._checks import as_parameter, check_interval
from .._types import Numbers
from ..formulas import heavy_tailed as formulas
from ._base import AbstractMixing
from ._log_gamma import log_gamma

_INF = float("inf")


class Gamma(AbstractMixing):
    r"""Hazard $X$ gamma distributed over units, given by its mean and variance.

    $$\ln\mathbb{E}\,e^{-sX}=-\frac{\bar x^2}{v}\ln\Big(1+\frac{v s}{\bar x}\Big)$$

    Parameters
    ----------
    mean
        Mean hazard $\bar x>0$, 1 per trial.
    variance
        Variance $v>0$ of the hazard. The frailty variance is $\theta=v/\bar x^2$ and the tail
        exponent $1/\theta$.

    Raises
    ------
    ValueError
        If a concrete parameter is not positive and finite.

    Source: Vaupel, Manton and Stallard (1979), Demography 16, 439.

    Examples
    --------
    >>> import math
    >>> frailty = Gamma(mean=1.0, variance=0.5)
    >>> round(math.exp(frailty.log_laplace(3.0)), 4)
    0.16
    """

    name: ClassVar[str] = "gamma"

    mean_hazard: Float[Array, "..."]
    variance: Float[Array, "..."]

    def __init__(self, mean: Numbers, variance: Numbers):
        self.mean_hazard = as_parameter(mean)
        self.variance = as_parameter(variance)

    def __check_init__(self):
        check_interval("mean", self.mean_hazard, 0.0, _INF, "a hazard per trial")
        check_interval("variance", self.variance, 0.0, _INF, "a variance")

    @property
    def tail_exponent(self) -> Float[Array, "..."]:
        return self.mean_hazard**2 / self.variance

    @property
    def _log_scale(self) -> Float[Array, "..."]:
        return jnp.log(self.variance) - jnp.log(self.mean_hazard)

    def log_laplace(self, s: Numbers) -> Float[Array, "..."]:
        return formulas.gamma_log_laplace(s, self.mean_hazard, self.variance)

    def log_density_log_hazard(self, log_hazard: Shaped[Array, "..."]) -> Float[Array, "..."]:
        shape, z = self.tail_exponent, log_hazard - self._log_scale
        return shape * z - jnp.exp(jnp.minimum(z, 80.0)) - jsp.gammaln(shape)

    def log_cdf_log_hazard(self, log_hazard: Shaped[Array, "..."]) -> Float[Array, "..."]:
        return log_gamma_cdf(self.tail_exponent, log_hazard - self._log_scale)

    def sample_log_hazard(
        self, shape: tuple[int, ...], *, key: PRNGKeyArray
    ) -> Float[Array, "..."]:
        return log_gamma(key, self.tail_exponent, shape) + self._log_scale


def log_gamma_cdf(shape: Shaped[Array, "..."], z: Shaped[Array, "..."]) -> Float[Array, "..."]:
    r"""$\ln P(\ln G\le z)$ for $G\sim\mathrm{Gamma}(a,1)$, also where $e^z$ underflows."""
    x = jnp.exp(jnp.minimum(z, 80.0))
    # x^a e^-x / Gamma(a + 1) (1 + x/(a+1) + x^2/((a+1)(a+2)) + ...) near 0
    small = x < 1e-4
    x_near = jnp.where(small, x, 0.0)
    series = x_near / (shape + 1) * (1 + x_near / (shape + 2))
    near = shape * z - x_near - jsp.gammaln(shape + 1) + jnp.log1p(series)
    far = jnp.log(jsp.gammainc(shape, jnp.where(small, 1.0, x)))
    return jnp.where(small, near, far)
