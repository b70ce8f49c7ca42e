r"""Changes of variable between a rate and its hazard, safe for rates near 0 and near 1.

A trial with probability $p$ has the hazard $X=-\ln(1-p)$. Everything is written in
$y=\ln X$, the *log-hazard*: it resolves $p$ near 0 and near 1 alike and never underflows.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float, Shaped

from ..formulas._special import log1mexp

# Below this log-hazard X < 5e-5 and a three-term series is exact to rounding.
_SMALL = -10.0
# Hazards above e^40 are not told apart: such a trial ends with certainty.
_LARGEST = 40.0


def hazard(log_hazard: Shaped[Array, "..."]) -> Float[Array, "..."]:
    r"""$X=e^{y}$, capped at $e^{40}$ so that products with it stay finite."""
    return jnp.exp(jnp.minimum(log_hazard, _LARGEST))


def log_rate(log_hazard: Shaped[Array, "..."]) -> Float[Array, "..."]:
    r"""$\ln p=\ln(1-e^{-X})$ for $X=e^{y}$, exact also where $X$ underflows."""
    small = log_hazard < _SMALL
    x = hazard(log_hazard)
    series = log_hazard - x / 2 + x * x / 24
    # The unused branch gets a harmless argument, so that gradients stay finite.
    return jnp.where(small, series, log1mexp(jnp.where(small, 1.0, x)))


def logit_rate(log_hazard: Shaped[Array, "..."]) -> Float[Array, "..."]:
    r"""$\operatorname{logit}p=\ln p+X$."""
    return log_rate(log_hazard) + hazard(log_hazard)


def log_hazard_from_logit(logit: Shaped[Array, "..."]) -> Float[Array, "..."]:
    r"""$y=\ln\ln(1+e^{t})$ for $t=\operatorname{logit}p$."""
    small = logit < -30.0
    series = logit - jnp.exp(jnp.minimum(logit, 0.0)) / 2
    t = jnp.where(small, 0.0, logit)
    # ln(1 + e^t) = max(t, 0) + ln(1 + e^-|t|)
    softplus = jnp.maximum(t, 0.0) + jnp.log1p(jnp.exp(-jnp.abs(t)))
    return jnp.where(small, series, jnp.log(softplus))


def log_hazard_from_log_rate(log_p: Shaped[Array, "..."]) -> Float[Array, "..."]:
    r"""$y=\ln(-\ln(1-p))$ from $\ln p<0$."""
    small = log_p < _SMALL
    p = jnp.exp(jnp.minimum(log_p, 0.0))
    series = log_p + p / 2 + p * p * (5 / 24)
    return jnp.where(small, series, jnp.log(-log1mexp(jnp.where(small, 1.0, -log_p))))
