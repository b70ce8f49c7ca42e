"""Errors that raise the rate of later errors."""

from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from .._checks import as_floating, as_parameter, check_interval
from .._types import Numbers
from ..formulas import self_conditioning as formulas
from ..formulas import uniform
from ..formulas._special import log1p
from ._history import AbstractHistoryProcess


class SelfConditioning(AbstractHistoryProcess):
    r"""The hazard of a step is that of a clean history plus a part for the errors in it.

    $$P(\text{step } i \text{ is wrong})=1-(1-e)\,e^{-\gamma x},\qquad
    x=\begin{cases}j&\text{count}\\ j/(i-1)&\text{share}\end{cases}$$

    with $j$ wrong steps among the $i-1$ before. Until the first error nothing differs from
    uniform errors: `survival` is $(1-e)^n$ whatever $\gamma$. What self-conditioning changes is
    how often later steps are right: `right_at`. Under dependence on the count the error rate goes
    to one; under dependence on the share it comes to rest where
    $x=1-(1-e)e^{-\gamma x}$.

    Parameters
    ----------
    error_rate
        Error probability $e$ of a step after a clean history, in (0, 1); 1 per step.
    feedback
        $\gamma\ge0$: hazard added per past error (count), or at a share of one (share).
    dependence
        `"count"` or `"share"`.

    Raises
    ------
    ValueError
        If a parameter is outside its domain, or `dependence` is unknown.

    Source: the effect is that of Sinha et al. (2025), arXiv 2509.09677; on the hazard scale, so
    that it is a probability for every feedback.

    Examples
    --------
    >>> process = SelfConditioning(0.01, 0.5, dependence="share")
    >>> round(float(process.survival(100)), 3), round(float(process.right_at(100)), 3)
    (0.366, 0.982)
    """

    error_rate: Float[Array, ""] = eqx.field(converter=as_parameter)
    feedback: Float[Array, ""] = eqx.field(converter=as_parameter)
    dependence: Literal["count", "share"] = eqx.field(static=True, kw_only=True)

    def __check_init__(self):
        check_interval("error_rate", self.error_rate, 0.0, 1.0, "a probability per step")
        check_interval(
            "feedback", self.feedback, 0.0, jnp.inf, "hazard added by errors", low_included=True
        )
        if self.dependence not in ("count", "share"):
            raise ValueError(
                f'dependence must be "count" (of past errors) or "share" (of wrong steps among '
                f"all so far), got {self.dependence!r}."
            )

    def log_survival(self, n: Numbers) -> Float[Array, "..."]:
        return uniform.log_survival(n, self.error_rate)

    def inverse_cumulative_hazard(self, level: Numbers) -> Float[Array, "..."]:
        return -as_floating(level) / log1p(-self.error_rate)

    def error_probability(
        self, step: Numbers, errors: Numbers, streak: Numbers = 0
    ) -> Float[Array, "..."]:
        r"""Probability that `step` $\ge1$ is wrong after `errors`; the streak plays no part."""
        del streak
        errors = as_floating(errors)
        if self.dependence == "count":
            return formulas.count_error(self.error_rate, self.feedback, errors)
        before = jnp.maximum(as_floating(step) - 1, 1)
        return formulas.share_error(self.error_rate, self.feedback, errors / before)

    def right_curve(self, length: int) -> Float[Array, "{length}+1"]:
        r"""$P(\text{step } n \text{ is right})$ by dynamic programming over the error count.

        $O(L^2)$ operations and $O(L)$ memory for `length` $L$.
        """
        return self._forward(length)[1]

    def error_distribution(self, length: int) -> Float[Array, "{length}+1"]:
        r"""$P(J_L=j)$ for $j=0,\dots,L$: how many of the first `length` $L$ steps are wrong."""
        return self._forward(length)[0]

    def _forward(self, length: int) -> tuple[Array, Array]:
        errors = jnp.arange(length + 1, dtype=self.error_rate.dtype)
        first = jnp.zeros_like(errors).at[0].set(1.0)

        def advance(mass, step):
            moved = mass * self.error_probability(step, errors)
            wrong = jnp.sum(moved)
            return mass - moved + jnp.roll(moved, 1).at[0].set(0.0), 1 - wrong

        mass, right = jax.lax.scan(advance, first, errors[1:])
        return mass, jnp.concatenate([jnp.ones_like(right[:1], shape=(1,)), right])

    def long_run_error_rate(self) -> Float[Array, ""]:
        r"""The share of errors at which a process that depends on the share comes to rest.

        The largest root of $x=1-(1-e)e^{-\gamma x}$; 1 for dependence on the count.
        """
        if self.dependence == "count":
            return jnp.where(self.feedback > 0, 1.0, self.error_rate)
        # The map is increasing and concave: from 1 it falls to its only root in (0, 1].
        at = lambda x: formulas.share_error(self.error_rate, self.feedback, x)

        def newton(_, x):
            value, slope = jax.jvp(at, (x,), (jnp.ones_like(x),))
            return x - (value - x) / (slope - 1)

        return jax.lax.fori_loop(0, 30, newton, jnp.ones_like(self.error_rate))

    # -- hooks of the simulation engine ---------------------------------------------------

    def start(self, shape: tuple[int, ...]) -> Float[Array, "..."]:
        """The number of errors so far."""
        return jnp.zeros(shape, self.error_rate.dtype)

    @property
    def levels_per_event(self) -> int:
        """One for each clock: a hazard that depends on the share is the sum of two."""
        return 1 if self.dependence == "count" else 2

    def next_event(
        self,
        state: Float[Array, "..."],
        step: Float[Array, "..."],
        levels: Float[Array, "{self.levels_per_event} ..."],
    ) -> Float[Array, "..."]:
        """The next wrong step, by inversion of the cumulative hazard of the steps to come."""
        clean = -log1p(-self.error_rate)
        if self.dependence == "count":
            # Until the next error every step has the same hazard.
            time = step + levels[0] / (clean + self.feedback * state)
        else:
            # Two clocks, one for each part of the hazard: the earlier one rings. The part that
            # errors add, pull / (i - 1) at steps i > t, adds up to pull (psi(T) - psi(t)).
            pull = self.feedback * state
            rest = levels[1] / jnp.where(pull > 0, pull, 1.0)
            pulled = _inverse_digamma(_digamma(jnp.maximum(step, 1)) + rest)
            time = jnp.minimum(step + levels[0] / clean, jnp.where(pull > 0, pulled, jnp.inf))
        return jnp.maximum(jnp.ceil(time), step + 1)

    def after_event(self, state: Float[Array, "..."]) -> Float[Array, "..."]:
        return state + 1

    def wrong_at_event(self, state: Float[Array, "..."]) -> Bool[Array, "..."]:
        return state > 0

    def wrong_until_next(self, state: Float[Array, "..."]) -> Bool[Array, "..."]:
        return jnp.zeros(state.shape, bool)


def _digamma(x: Float[Array, "..."]) -> Float[Array, "..."]:
    r"""$\psi(x)$ for $x\ge1$, several times as fast as the general function.

    $\psi(x)=\psi(x+6)-\sum_{i<6}1/(x+i)$, with the asymptotic series beyond 7, where its
    remainder is below $2\cdot10^{-12}$.
    """
    # The sum of six reciprocals as one quotient of polynomials in v = (x + 5/2)^-2.
    v = (x + 2.5) ** -2
    total = 2 * (x + 2.5) * v * (3 - v * (17.5 - v * 16.1875))
    total = total / ((1 - 0.25 * v) * (1 - 2.25 * v) * (1 - 6.25 * v))
    y = x + 6
    r = 1 / (y * y)
    series = r * (1 / 12 - r * (1 / 120 - r * (1 / 252 - r * (1 / 240 - r * (1 / 132)))))
    return jnp.log(y) - 0.5 / y - series - total


def _inverse_digamma(y: Float[Array, "..."]) -> Float[Array, "..."]:
    r"""The $x\ge1$ with $\psi(x)=y$, for $y\ge\psi(1)$."""
    # Beyond that the step is one that no run reaches, and digamma is ln x there.
    y = jnp.minimum(y, jnp.log(jnp.finfo(y.dtype).max) / 2)
    power = jnp.exp(-y)
    x = 1 / power + 0.5 - power / 24  # the first terms of its series; wrong by 4 % at x = 1
    for _ in range(3):
        # The slope from its asymptotic series, right to 1 % at x = 1 and much better beyond:
        # each turn leaves a hundredth of the error or less, and costs no series of its own.
        r = 1 / x
        x = x - (_digamma(x) - y) / (r * (1 + r * (1 / 2 + r * (1 / 6 - r * r / 30))))
    return x
