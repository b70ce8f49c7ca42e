"""Errors that can be repaired."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from .._checks import as_floating, as_parameter, check_interval
from .._types import Numbers
from ..formulas import recovery as formulas
from ..formulas import uniform
from ..formulas._special import log1p
from ._history import AbstractHistoryProcess, whole_steps
from ._repair import AbstractRepair, ConstantRepair, NoRepair


class Recoverable(AbstractHistoryProcess):
    r"""A chain of steps that breaks at a constant rate and comes back after a random time.

    A right step is followed by a wrong one with probability $\varepsilon$. A wrong step is
    followed by wrong ones until the repair, after a number of steps with the law `repair`
    (constant chance: a two-state Markov chain; otherwise a semi-Markov chain).

    `survival` asks that no step ever failed: $(1-\varepsilon)^n$, whatever the repair. `right_at`
    asks that step $n$ is right: it falls to the plateau $1/(1+\varepsilon\mu)$, $\mu$ the mean
    time to repair, instead of to zero.

    Parameters
    ----------
    break_rate
        $\varepsilon$, in (0, 1); 1 per step.
    repair
        `ConstantRepair`, `WeibullRepair` or `NoRepair`.

    Raises
    ------
    ValueError
        If `break_rate` is a concrete number outside (0, 1).

    Source: Dziri et al. (2023), *Faith and Fate*, on accidental recovery, for the two-state chain.

    Examples
    --------
    >>> process = Recoverable(0.05, ConstantRepair(0.02))
    >>> round(float(process.right_at(50)), 4), round(float(process.survival(50)), 4)
    (0.3047, 0.0769)
    >>> round(float(process.plateau()), 4)
    0.2857
    """

    break_rate: Float[Array, ""] = eqx.field(converter=as_parameter)
    repair: AbstractRepair = NoRepair()

    def __check_init__(self):
        check_interval("break_rate", self.break_rate, 0.0, 1.0, "a probability per step")

    def log_survival(self, n: Numbers) -> Float[Array, "..."]:
        return uniform.log_survival(n, self.break_rate)

    def inverse_cumulative_hazard(self, level: Numbers) -> Float[Array, "..."]:
        return -as_floating(level) / log1p(-self.break_rate)

    def error_probability(
        self, step: Numbers, errors: Numbers, streak: Numbers
    ) -> Float[Array, "..."]:
        r"""Probability that a step is wrong: only the streak of wrong steps before it counts."""
        del step, errors
        streak = as_floating(streak)
        broken = streak > 0
        stays = 1 - self.repair.repair_probability(jnp.where(broken, streak, 1.0))
        return jnp.where(broken, stays, self.break_rate)

    def right_curve(self, length: int) -> Float[Array, "{length}+1"]:
        r"""$P(\text{step } n \text{ is right})$: in closed form for a constant chance of repair.

        Otherwise by the renewal equation
        $P_n=1-\varepsilon\sum_{m=1}^nP_{m-1}R(n-m)$, in $O(L^2)$ operations for `length` $L$.
        """
        steps = jnp.arange(length + 1, dtype=self.break_rate.dtype)
        if isinstance(self.repair, NoRepair):
            return jnp.exp(self.log_survival(steps))
        if isinstance(self.repair, ConstantRepair):
            return formulas.right_now(steps, self.break_rate, self.repair.repair_rate)
        lasts = jnp.exp(self.repair.log_survival(steps))

        def advance(breaks, n):
            # breaks[m - 1] is the probability of a break at step m; R(n - m) runs backwards.
            age = n - 1 - jnp.arange(length)
            wrong = jnp.sum(jnp.where(age >= 0, breaks * lasts[age], 0.0))
            return breaks.at[n].set(self.break_rate * (1 - wrong), mode="drop"), 1 - wrong

        breaks = jnp.zeros(max(length, 1), steps.dtype).at[0].set(self.break_rate)
        _, right = jax.lax.scan(advance, breaks, jnp.arange(1, length + 1))
        return jnp.concatenate([jnp.ones((1,), steps.dtype), right])

    def right_at(self, n: Numbers) -> Float[Array, "..."]:
        if isinstance(self.repair, ConstantRepair):
            steps = jnp.asarray(whole_steps("n", n), self.break_rate.dtype)
            return formulas.right_now(steps, self.break_rate, self.repair.repair_rate)
        if isinstance(self.repair, NoRepair):
            return self.survival(whole_steps("n", n))
        return super().right_at(n)

    def plateau(self) -> Float[Array, ""]:
        r"""Share of right steps in the long run: $1/(1+\varepsilon\mu)$.

        $\mu=\sum_{m\ge0}R(m)$ is the mean number of wrong steps of one error; with `NoRepair` it
        is infinite and the plateau 0.
        """
        if isinstance(self.repair, NoRepair):
            return jnp.zeros_like(self.break_rate)
        if isinstance(self.repair, ConstantRepair):
            return formulas.plateau(self.break_rate, self.repair.repair_rate)
        return formulas.renewal_plateau(self.break_rate, self._mean_repair())

    def _mean_repair(self) -> Float[Array, ""]:
        # A sum over thousands of steps, then the integral with the first Euler-Maclaurin terms.
        head = 4096
        repair = self.repair
        r = lambda m: jnp.exp(repair.log_survival(m))
        total = jnp.sum(r(jnp.arange(head, dtype=self.break_rate.dtype)))
        nodes, weights = (jnp.asarray(x, total.dtype) for x in np.polynomial.legendre.leggauss(16))
        edges = jnp.linspace(jnp.log(float(head)), 80.0, 321).astype(total.dtype)
        half = jnp.diff(edges)[:, None] / 2
        log_m = edges[:-1, None] + half * (1 + nodes)
        tail = jnp.sum(half * weights * r(jnp.exp(log_m)) * jnp.exp(log_m))
        at = jnp.asarray(float(head), total.dtype)
        value, slope = jax.jvp(r, (at,), (jnp.ones_like(at),))
        return total + tail + value / 2 - slope / 12

    # -- hooks of the simulation engine ---------------------------------------------------

    def start(self, shape: tuple[int, ...]) -> Bool[Array, "..."]:
        """Whether the last step was wrong."""
        return jnp.zeros(shape, bool)

    @property
    def levels_per_event(self) -> int:
        """One: a chain waits either to break or to be repaired."""
        return 1

    def next_event(
        self,
        state: Bool[Array, "..."],
        step: Float[Array, "..."],
        levels: Float[Array, "{self.levels_per_event} ..."],
    ) -> Float[Array, "..."]:
        """The next break of a right chain, or the next repair of a broken one."""
        level = levels[0]
        breaks = -level / log1p(-self.break_rate)
        wait = jnp.where(state, self.repair.inverse_cumulative_hazard(level), breaks)
        return step + jnp.maximum(jnp.ceil(wait), 1)

    def after_event(self, state: Bool[Array, "..."]) -> Bool[Array, "..."]:
        return ~state

    def wrong_at_event(self, state: Bool[Array, "..."]) -> Bool[Array, "..."]:
        return state

    def wrong_until_next(self, state: Bool[Array, "..."]) -> Bool[Array, "..."]:
        return state
