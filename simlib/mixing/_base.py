"""The interface of a mixing distribution: how a rate differs between units."""

from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from .._checks import as_floating
from .._types import Numbers
from ._coordinates import hazard, log_hazard_from_log_rate, log_rate
from ._expectations import (
    expect,
    log_all_fail,
    log_hazard_quantile,
    log_mean_odds_against,
    log_moment,
)


class AbstractMixing(eqx.Module):
    r"""Distribution over units of the rate $p$ of one trial, or of its hazard $X=-\ln(1-p)$.

    A unit is a sequence (and $p$ the probability that one token is wrong) or a problem (and $p$
    the probability that one attempt succeeds). A family declares the density, distribution
    function and sampler of $Y=\ln X$, in which rates near 0 and near 1 are told apart without
    underflow; everything else is derived here.

    Every method is elementwise with broadcasting between arguments and parameters, and works
    under `jit`, `vmap` and `grad`. Expectations without a closed form are trapezoidal sums in
    $Y$ with nodes placed around the peak of their own integrand: relative error below 1e-9 in
    float64 and 1e-4 in float32, also where the expectation or its complement is tiny.
    """

    name: ClassVar[str]
    """What the family is called in tables and figures."""

    # -- declared by each family ----------------------------------------------------------

    @abstractmethod
    def log_density_log_hazard(self, log_hazard: Shaped[Array, "..."]) -> Float[Array, "..."]:
        r"""Log-density of $Y=\ln X$ (per unit of $Y$)."""

    @abstractmethod
    def log_cdf_log_hazard(self, log_hazard: Shaped[Array, "..."]) -> Float[Array, "..."]:
        r"""$\ln P(Y\le y)$."""

    @abstractmethod
    def sample_log_hazard(
        self, shape: tuple[int, ...], *, key: PRNGKeyArray
    ) -> Float[Array, "..."]:
        r"""Independent exact draws of $Y=\ln X$; `-inf` where the rate is 0.

        `shape` must broadcast with the parameters.
        """

    @property
    @abstractmethod
    def tail_exponent(self) -> Float[Array, "..."]:
        r"""The $b$ with density of $p$ proportional to $p^{b-1}$ near 0.

        Infinite where the density vanishes faster than any power; 0 with an atom at 0. Failure
        of $k$ attempts then falls like $k^{-b}$ (Watson's lemma).
        """

    # -- derived: the distribution --------------------------------------------------------

    def log_density(self, rate: Numbers) -> Float[Array, "..."]:
        r"""Log-density of the rate $p\in(0,1)$, per unit of $p$."""
        return self.log_density_log_rate(jnp.log(as_floating(rate))) - jnp.log(as_floating(rate))

    def log_density_log_rate(self, log_p: Numbers) -> Float[Array, "..."]:
        r"""Log-density of $\ln p<0$, per unit of $\ln p$."""
        log_p = as_floating(log_p)
        y = log_hazard_from_log_rate(log_p)
        # dy / d ln p = p / (X (1 - p))
        return self.log_density_log_hazard(y) + log_p - y + hazard(y)

    def log_density_logit(self, log_p: Numbers) -> Float[Array, "..."]:
        r"""Log-density of $\operatorname{logit}p$, per unit of the logit, at the given $\ln p$."""
        log_p = as_floating(log_p)
        y = log_hazard_from_log_rate(log_p)
        # dy / d logit p = p / X
        return self.log_density_log_hazard(y) + log_p - y

    def log_cdf(self, rate: Numbers) -> Float[Array, "..."]:
        r"""$\ln P(p\le\text{rate})$ for a rate in (0, 1)."""
        return self.log_cdf_log_rate(jnp.log(as_floating(rate)))

    def log_cdf_log_rate(self, log_p: Numbers) -> Float[Array, "..."]:
        r"""$\ln P(\ln p\le\text{log\_p})$, for rates too small to be written down."""
        return self.log_cdf_log_hazard(log_hazard_from_log_rate(as_floating(log_p)))

    def log_hazard_quantile(self, probability: Numbers) -> Float[Array, "..."]:
        r"""The $y$ with $P(Y\le y)$ equal to the given probability in (0, 1).

        By bisection, to rounding error; `-inf` below the size of an atom at 0. Not
        differentiable.
        """
        frozen = jax.lax.stop_gradient(self)
        return log_hazard_quantile(frozen, as_floating(probability))

    def log_rate_quantile(self, probability: Numbers) -> Float[Array, "..."]:
        r"""The $\ln p$ below which a unit's rate lies with the given probability in (0, 1)."""
        return log_rate(self.log_hazard_quantile(probability))

    def sample(self, shape: tuple[int, ...], *, key: PRNGKeyArray) -> Float[Array, "..."]:
        r"""Independent exact draws of the hazard $X\ge0$ (0 where it underflows)."""
        return jnp.exp(self.sample_log_hazard(shape, key=key))

    def sample_log_rate(self, shape: tuple[int, ...], *, key: PRNGKeyArray) -> Float[Array, "..."]:
        r"""Independent exact draws of $\ln p$; never underflows."""
        return log_rate(self.sample_log_hazard(shape, key=key))

    # -- derived: expectations ------------------------------------------------------------

    def log_laplace(self, s: Numbers) -> Float[Array, "..."]:
        r"""$\ln\mathbb{E}\,e^{-sX}=\ln\mathbb{E}\,(1-p)^s$ for $s\ge0$.

        The log-probability that `s` trials in a row all miss.
        """
        s = as_floating(s)
        return log_moment(self, jnp.zeros_like(s), s)

    def log_moment(self, successes: Numbers, failures: Numbers) -> Float[Array, "..."]:
        r"""$\ln\mathbb{E}\,p^{c}(1-p)^{m}$ for $c,m\ge0$: the likelihood of a sequence of results.

        The binomial coefficient of an unordered count is not included.
        """
        c, m = (as_floating(x) for x in (successes, failures))
        return log_moment(self, c, m)

    def log_all_fail(self, n: Numbers, attempts: Numbers) -> Float[Array, "..."]:
        r"""$\ln\mathbb{E}\,(1-e^{-nX})^k$: all of $k$ runs of $n$ trials of one unit are hit.

        The runs share the unit's draw, so they are dependent.
        """
        n, k = (as_floating(x) for x in (n, attempts))
        return log_all_fail(self, n, k)

    def mean(self) -> Float[Array, "..."]:
        r"""$\mathbb{E}\,p$: for success rates, pass@1."""
        return -jnp.expm1(self.log_laplace(jnp.ones((), self.dtype)))

    def mean_odds_against(self) -> Float[Array, "..."]:
        r"""$\mathbb{E}\,\frac{1-p}{p}$: mean number of trials before the first hit.

        Infinite where the tail exponent is at most 1.
        """
        value = jnp.exp(log_mean_odds_against(self))
        return jnp.where(self.tail_exponent > 1, value, jnp.inf)

    def expect(
        self, function: Callable[[Float[Array, "..."]], Float[Array, "..."]]
    ) -> Float[Array, "..."]:
        r"""$\mathbb{E}\,h(\ln p)$ for an elementwise function $h$ of the log-rate.

        Nodes follow the density alone, spaced by at most 5 % of their distance to its peak:
        `h` must vary no faster than that and be bounded (or grow slowly).
        """
        return expect(self, function)

    # -- for families ---------------------------------------------------------------------

    @property
    def dtype(self) -> jnp.dtype:
        """The floating dtype of the parameters, and so of draws and results."""
        return jnp.result_type(*jax.tree.leaves(eqx.filter(self, eqx.is_inexact_array)))

    @property
    def batch_shape(self) -> tuple[int, ...]:
        """The common shape of the parameters; () for a single distribution."""
        leaves = jax.tree.leaves(eqx.filter(self, eqx.is_array))
        return jnp.broadcast_shapes(*(jnp.shape(leaf) for leaf in leaves))
