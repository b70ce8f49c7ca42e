"""The interface of an error process: one primitive, everything else derived once."""

from abc import abstractmethod
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from .._checks import as_floating, check_each
from .._types import Numbers
from ..formulas._special import log1mexp
from ._inverse import invert_increasing
from ._run_length import sum_of_survival


class AbstractErrorProcess(eqx.Module):
    r"""When does the first error of a sequence happen?

    A process declares one thing, the log-survival

    $$\ln S(n) = \ln P(\text{no error among the first } n \text{ trials}),$$

    for real $n \ge 0$ (the value between integers is a smooth continuation). Survival, hazard,
    horizon, mean run length, pass probability and local slope follow from it here. Every
    derived quantity is elementwise, differentiable, and usable under `jit` and `vmap`.

    A *trial* is a token of an output, or an attempt at a problem; the process says which.
    """

    @abstractmethod
    def log_survival(self, n: Numbers) -> Float[Array, "..."]:
        r"""$\ln S(n)$: log-probability of no error among the first `n` trials, $n\ge0$."""

    # -- derived once ---------------------------------------------------------------------

    def survival(self, n: Numbers) -> Float[Array, "..."]:
        r"""$S(n)$, the probability of no error among the first `n` trials."""
        return jnp.exp(self.log_survival(_length(n)))

    def failure(self, n: Numbers) -> Float[Array, "..."]:
        r"""$1-S(n)$, accurate also where it is tiny."""
        return -jnp.expm1(self.log_survival(_length(n)))

    def cumulative_hazard(self, n: Numbers) -> Float[Array, "..."]:
        r"""$\Lambda(n)=-\ln S(n)$."""
        return -self.log_survival(_length(n))

    def hazard(self, n: Numbers) -> Float[Array, "..."]:
        r"""$e_n = 1 - S(n)/S(n-1)$ for $n\ge1$.

        The probability that trial `n` is the first error, given none before: the hazard of
        discrete-time survival analysis. A difference of log-survivals: its relative rounding
        error grows with `n`, to about $n\varepsilon$ at constant hazard.
        """
        n = as_floating(n)
        n = check_each(n, n >= 1, "hazard(n) needs n >= 1: trials are numbered from 1.")
        return -jnp.expm1(self.log_survival(n) - self.log_survival(n - 1))

    def log_log_slope(self, n: Numbers) -> Float[Array, "..."]:
        r"""$\mathrm d\ln S/\mathrm d\ln n$: minus the exponent of the power law seen near `n`."""
        n = _length(n)
        # At 0 the slope may be infinite, n times it is 0: a hazard is never so large.
        positive = n > 0
        at = jnp.where(positive, n, 1.0)
        # Elementwise, so one forward derivative in the direction of ones is the whole gradient.
        _, slope = jax.jvp(self.log_survival, (at,), (jnp.ones_like(at),))
        return jnp.where(positive, at * slope, 0.0)

    def horizon(self, reliability: Numbers) -> Float[Array, "..."]:
        r"""The length $T_r$ with $S(T_r)=r$, as a real number of trials, for $0<r<1$.

        Infinite where survival never falls to $r$ (a plateau). Its inverse is `survival`.
        """
        r = as_floating(reliability)
        r = check_each(
            r, (r > 0) & (r < 1), "horizon(reliability) needs 0 < reliability < 1, such as 0.5."
        )
        return self.inverse_cumulative_hazard(-jnp.log(r))

    def inverse_cumulative_hazard(self, level: Numbers) -> Float[Array, "..."]:
        r"""The `n` with $\Lambda(n)$ = `level` $\ge 0$; $\infty$ where it is never reached."""
        return invert_increasing(_cumulative_hazard, self, level)

    def mean_run_length(self, limit: float = jnp.inf) -> Float[Array, "..."]:
        r"""$\sum_{n=1}^{L}S(n)$: mean number of correct trials before the first error.

        With a finite integer `limit` $L$ it is the restricted mean: runs are cut at $L$.
        Infinite where the sum diverges.
        """
        return sum_of_survival(self, limit)

    def log_all_fail(self, n: Numbers, attempts: Numbers) -> Float[Array, "..."]:
        r"""Log-probability that all of `attempts` attempts of length `n` contain an error.

        For processes without heterogeneity attempts are independent: $k\ln(1-S(n))$.
        """
        attempts = _attempts(attempts)
        one = log1mexp(self.cumulative_hazard(n))
        # Of no attempts all fail, even where one attempt could not (0 * -inf).
        return attempts * jnp.where((attempts == 0) & jnp.isinf(one), 0.0, one)

    def pass_probability(self, n: Numbers, attempts: Numbers) -> Float[Array, "..."]:
        r"""pass@k: at least one of `attempts` attempts of length `n` is free of error."""
        return -jnp.expm1(self.log_all_fail(n, attempts))

    # -- hooks of the simulation engine ---------------------------------------------------

    def sample_latent(self, shape: tuple[int, ...], *, key: PRNGKeyArray) -> PyTree[Array] | None:
        """What differs between units (one draw per sequence); None if nothing does."""
        del shape, key
        return None

    def conditional_log_survival(self, latent: Any, n: Numbers) -> Float[Array, "..."]:
        r"""$\ln S(n\mid\text{latent})$, elementwise over latent draws."""
        del latent
        return self.log_survival(n)

    def conditional_inverse_cumulative_hazard(
        self, latent: Any, level: Numbers
    ) -> Float[Array, "..."]:
        r"""The `n` at which the cumulative hazard given the latent draw reaches `level`."""
        del latent
        return self.inverse_cumulative_hazard(level)


def has_latent(process: AbstractErrorProcess) -> bool:
    """Whether units differ: each draws something of its own."""
    drawn = jax.eval_shape(lambda key: process.sample_latent((1,), key=key), jax.random.key(0))
    return drawn is not None


def _cumulative_hazard(process: AbstractErrorProcess, n: Array) -> Array:
    return process.cumulative_hazard(n)


def _length(n: Numbers) -> Float[Array, "..."]:
    n = as_floating(n)
    return check_each(n, n >= 0, "a length n must be at least 0: it counts trials.")


def _attempts(k: Numbers) -> Float[Array, "..."]:
    k = as_floating(k)
    return check_each(k, k >= 0, "attempts must be at least 0: it counts attempts.")
