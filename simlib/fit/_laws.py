"""Laws of the first error that a fit needs in the whole range of their parameters.

`KeyTokens` allows at most one key token per token. A fit must not stop there: a rising hazard
(exponent above 1) is a possible finding.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._checks import as_floating, as_parameter, check_interval
from .._types import Numbers
from ..formulas._special import exprel, log1p
from ..processes import AbstractErrorProcess

_INF = float("inf")


class PowerHazard(AbstractErrorProcess):
    r"""Weibull law: $\Lambda(n)=(n/s)^{a}$.

    For $a\le1$ it is the law of key tokens whose number grows as $n^a$ (`PowerGrowth`), and of
    uniform errors with positive stable frailty of index $a$. For $a>1$ the hazard rises.

    Parameters
    ----------
    scale
        $s>0$, in steps: the length survived with probability $e^{-1}$.
    exponent
        $a>0$.

    Raises
    ------
    ValueError
        If a parameter is a concrete number that is not positive and finite.
    """

    scale: Float[Array, "..."] = eqx.field(converter=as_parameter)
    exponent: Float[Array, "..."] = eqx.field(converter=as_parameter)

    def __check_init__(self):
        check_interval("scale", self.scale, 0.0, _INF, "in steps")
        check_interval("exponent", self.exponent, 0.0, _INF, "a pure number, such as 0.6")

    def log_survival(self, n: Numbers) -> Float[Array, "..."]:
        return -_power(as_floating(n), self.scale, self.exponent)

    def inverse_cumulative_hazard(self, level: Numbers) -> Float[Array, "..."]:
        return self.scale * as_floating(level) ** (1 / self.exponent)


class FrailPower(AbstractErrorProcess):
    r"""Weibull law with gamma frailty: $\Lambda(n)=\theta^{-1}\ln\!\big(1+\theta\,(n/s)^{a}\big)$.

    The Burr law. $\theta=0$ is the Weibull law, $a=1$ gamma frailty over a constant hazard
    (Pareto), both together uniform errors, and $\theta=1$ the log-logistic law.

    Parameters
    ----------
    scale
        $s>0$, in steps.
    exponent
        $a>0$: shape of the hazard of one unit, falling below 1, rising above.
    variance
        $\theta\ge0$: variance of the frailty, whose mean is 1.

    Raises
    ------
    ValueError
        If a parameter is a concrete number outside its range.
    """

    scale: Float[Array, "..."] = eqx.field(converter=as_parameter)
    exponent: Float[Array, "..."] = eqx.field(converter=as_parameter)
    variance: Float[Array, "..."] = eqx.field(converter=as_parameter)

    def __check_init__(self):
        check_interval("scale", self.scale, 0.0, _INF, "in steps")
        check_interval("exponent", self.exponent, 0.0, _INF, "a pure number, such as 0.6")
        check_interval("variance", self.variance, 0.0, _INF, "a variance", low_included=True)

    def log_survival(self, n: Numbers) -> Float[Array, "..."]:
        base = _power(as_floating(n), self.scale, self.exponent)
        return -base * log1p_ratio(self.variance * base)

    def inverse_cumulative_hazard(self, level: Numbers) -> Float[Array, "..."]:
        level = as_floating(level)
        base = level * exprel(self.variance * level)
        return self.scale * base ** (1 / self.exponent)


def log1p_ratio(x: Float[Array, "..."]) -> Float[Array, "..."]:
    r"""$\ln(1+x)/x$ for $x>-1$, 1 at $x=0$, smooth there."""
    small = jnp.abs(x) < 1e-3
    near = jnp.where(small, x, 0.0)
    far = jnp.where(small, 1.0, x)
    series = 1 - near / 2 + near**2 / 3 - near**3 / 4 + near**4 / 5 - near**5 / 6
    return jnp.where(small, series, log1p(far) / far)


def _power(n, scale, exponent):
    # At 0 the value is 0 whatever the parameters; its derivatives are kept away from ln 0.
    at = jnp.where(n > 0, n, 1.0)
    return jnp.where(n > 0, jnp.exp(exponent * (jnp.log(at) - jnp.log(scale))), 0.0)
