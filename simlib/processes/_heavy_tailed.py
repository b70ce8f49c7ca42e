"""Heavy-tailed difficulty: one rate per unit, drawn from a mixing distribution."""

from typing import Literal

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from .._checks import as_floating
from .._types import Numbers
from ..mixing import AbstractMixing
from ._base import AbstractErrorProcess


class HeavyTailed(AbstractErrorProcess):
    r"""Trials with one constant rate per unit, and rates that differ between units.

    $$\ln S(n)=\ln\mathbb{E}\,(1-p)^n=\ln\mathbb{E}\,e^{-nX},\qquad X=-\ln(1-p)$$

    The same transform answers two questions, told apart by `event`:

    * `"error"`: a unit is a sequence, a trial is a token, and $p$ is the probability that a
      token is wrong. $S(n)$ is the share of sequences without error after $n$ tokens.
    * `"success"`: a unit is a problem, a trial is an attempt, and $p$ is the probability that
      an attempt succeeds. $S(k)$ is the share of problems that $k$ attempts all fail, and
      $1-S(k)$ is the coverage pass@k.

    Parameters
    ----------
    mixing
        Distribution of the rate over units (`simlib.mixing`).
    event
        What one trial may bring.

    Raises
    ------
    ValueError
        If `event` is neither `"error"` nor `"success"`.

    Source: Schaeffer et al. (2025), arXiv 2502.17578; frailty models of survival analysis.

    Examples
    --------
    >>> from simlib.mixing import Beta
    >>> difficulty = HeavyTailed(Beta(0.3, 5.0), event="success")
    >>> round(float(difficulty.coverage(1000)), 4)
    0.8005
    """

    mixing: AbstractMixing
    event: Literal["error", "success"] = eqx.field(static=True, default="error")

    def __check_init__(self):
        if self.event not in ("error", "success"):
            raise ValueError(
                f'event must be "error" (tokens of a sequence) or "success" (attempts at a '
                f"problem), got {self.event!r}."
            )

    def log_survival(self, n: Numbers) -> Float[Array, "..."]:
        return self.mixing.log_laplace(n)

    def mean_run_length(self, limit: float = jnp.inf) -> Float[Array, ""]:
        r"""$\mathbb{E}\,\frac{1-p}{p}$, infinite where the tail exponent is at most 1."""
        if limit == jnp.inf:
            return self.mixing.mean_odds_against()
        return super().mean_run_length(limit)

    def log_all_fail(self, n: Numbers, attempts: Numbers) -> Float[Array, "..."]:
        r"""$\ln\mathbb{E}\,(1-e^{-nX})^k$: all of `attempts` runs of one unit see the event.

        The runs share the unit's rate, so they are dependent: harder units fail together, and
        the probability that all fail is larger than for independent runs.
        """
        return self.mixing.log_all_fail(n, attempts)

    def coverage(self, attempts: Numbers) -> Float[Array, "..."]:
        r"""pass@k $=1-S(k)$: share of problems solved at least once in `attempts` attempts.

        Raises
        ------
        ValueError
            If the event is an error: then survival, not its complement, is the good outcome.
        """
        if self.event != "success":
            raise ValueError(
                'coverage needs event="success" (rates of solving a problem); for error rates '
                "use survival(n) or pass_probability(n, attempts)."
            )
        return self.failure(attempts)

    # -- hooks of the simulation engine ---------------------------------------------------

    def sample_latent(self, shape: tuple[int, ...], *, key: PRNGKeyArray) -> Float[Array, "..."]:
        """The hazard $X$ of each unit."""
        return self.mixing.sample(shape, key=key)

    def conditional_log_survival(
        self, latent: Float[Array, "..."], n: Numbers
    ) -> Float[Array, "..."]:
        n = as_floating(n)
        # An infinite hazard (rate 1) survives no trial, but does survive none.
        return jnp.where(n == 0, 0.0, -n * latent)

    def conditional_inverse_cumulative_hazard(
        self, latent: Float[Array, "..."], level: Numbers
    ) -> Float[Array, "..."]:
        level = as_floating(level)
        # A hazard of 0 never reaches a positive level: level / 0 is infinity, as it should be.
        return jnp.where(level == 0, 0.0, level / latent)
