"""The interface of an error process: one primitive, everything else derived once."""

from abc import abstractmethod
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, PyTree, Shaped

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
    def log_survival(self, n: Shaped[Array, "..."] | float) -> Float[Array, "..."]:
        r"""$\ln S(n)$: log-probability of no error among the first `n` trials, $n\ge0$."""

    # -- derived once ---------------------------------------------------------------------

    def survival(self, n: Shaped[Array, "..."] | float) -> Float[Array, "..."]:
        r"""$S(n)$, the probability of no error among the first `n` trials."""
        return jnp.exp(self.log_survival(n))

    def failure(self, n: Shaped[Array, "..."] | float) -> Float[Array, "..."]:
        r"""$1-S(n)$, accurate also where it is tiny."""
        return -jnp.expm1(self.log_survival(n))

    def cumulative_hazard(self, n: Shaped[Array, "..."] | float) -> Float[Array, "..."]:
        r"""$\Lambda(n)=-\ln S(n)$."""
        return -self.log_survival(n)

    def hazard(self, n: Shaped[Array, "..."] | float) -> Float[Array, "..."]:
        r"""$e_n = 1 - S(n)/S(n-1)$ for $n\ge1$.

        The probability that trial `n` is the first error, given none before: the hazard of
        discrete-time survival analysis.
        """
        n = jnp.asarray(n, dtype=float)
        n = eqx.error_if(n, n < 1, "hazard(n) needs n >= 1: trials are numbered from 1.")
        return -jnp.expm1(self.log_survival(n) - self.log_survival(n - 1))

    def log_log_slope(self, n: Shaped[Array, "..."] | float) -> Float[Array, "..."]:
        r"""$\mathrm d\ln S/\mathrm d\ln n$: minus the exponent of the power law seen near `n`."""
        n = jnp.asarray(n, dtype=float)
        flat = jnp.ravel(n)
        slope = jax.vmap(jax.grad(lambda t: jnp.squeeze(self.log_survival(t))))(flat)
        return (flat * slope).reshape(n.shape)

    def horizon(self, reliability: Shaped[Array, "..."] | float) -> Float[Array, "..."]:
        r"""The length $T_r$ with $S(T_r)=r$, as a real number of trials, for $0<r<1$.

        Infinite where survival never falls to $r$ (a plateau). Its inverse is `survival`.
        """
        r = jnp.asarray(reliability, dtype=float)
        r = eqx.error_if(
            r, (r <= 0) | (r >= 1), "horizon(reliability) needs 0 < reliability < 1, such as 0.5."
        )
        return self.inverse_cumulative_hazard(-jnp.log(r))

    def inverse_cumulative_hazard(self, level: Shaped[Array, "..."] | float) -> Float[Array, "..."]:
        r"""The `n` with $\Lambda(n)$ = `level` $\ge 0$; $\infty$ where it is never reached."""
        return invert_increasing(lambda process, n: process.cumulative_hazard(n), self, level)

    def mean_run_length(self, limit: float = jnp.inf) -> Float[Array, ""]:
        r"""$\sum_{n=1}^{L}S(n)$: mean number of correct trials before the first error.

        With a finite integer `limit` $L$ it is the restricted mean: runs are cut at $L$.
        Infinite where the sum diverges.
        """
        return sum_of_survival(self, limit)

    def log_all_fail(
        self, n: Shaped[Array, "..."] | float, attempts: Shaped[Array, "..."] | float
    ) -> Float[Array, "..."]:
        r"""Log-probability that all of `attempts` attempts of length `n` contain an error.

        For processes without heterogeneity attempts are independent: $k\ln(1-S(n))$.
        """
        return jnp.asarray(attempts) * log1mexp(self.cumulative_hazard(n))

    def pass_probability(
        self, n: Shaped[Array, "..."] | float, attempts: Shaped[Array, "..."] | float
    ) -> Float[Array, "..."]:
        r"""pass@k: at least one of `attempts` attempts of length `n` is free of error."""
        return -jnp.expm1(self.log_all_fail(n, attempts))

    # -- hooks of the simulation engine ---------------------------------------------------

    def sample_latent(self, shape: tuple[int, ...], *, key: PRNGKeyArray) -> PyTree[Array] | None:
        """What differs between units (one draw per sequence); None if nothing does."""
        del shape, key
        return None

    def conditional_log_survival(
        self, latent: Any, n: Shaped[Array, "..."] | float
    ) -> Float[Array, "..."]:
        r"""$\ln S(n\mid\text{latent})$, elementwise over latent draws."""
        del latent
        return self.log_survival(n)

    def conditional_inverse_cumulative_hazard(
        self, latent: Any, level: Shaped[Array, "..."] | float
    ) -> Float[Array, "..."]:
        r"""The `n` at which the cumulative hazard given the latent draw reaches `level`."""
        del latent
        return self.inverse_cumulative_hazard(level)
