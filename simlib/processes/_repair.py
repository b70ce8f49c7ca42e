r"""How long an error lasts until it is repaired.

A repair law is the survival $R(m)$ of an error: the probability that it is still there $m$ steps
after the step that went wrong, $R(0)=1$.
"""

from abc import abstractmethod

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._checks import as_floating, as_parameter, check_interval
from .._types import Numbers
from ..formulas._special import log1p


class AbstractRepair(eqx.Module):
    r"""The law of the number of wrong steps from a break to its repair."""

    @abstractmethod
    def log_survival(self, m: Numbers) -> Float[Array, "..."]:
        r"""$\ln R(m)$: the error is still there `m` $\ge0$ steps after the one that went wrong."""

    @abstractmethod
    def inverse_cumulative_hazard(self, level: Numbers) -> Float[Array, "..."]:
        r"""The real `m` with $-\ln R(m)$ = `level`; infinity where the error stays for ever."""

    def repair_probability(self, streak: Numbers) -> Float[Array, "..."]:
        r"""Probability that an error of `streak` $\ge1$ wrong steps ends at the next step."""
        streak = as_floating(streak)
        return -jnp.expm1(self.log_survival(streak) - self.log_survival(streak - 1))


class NoRepair(AbstractRepair):
    """An error stays for ever: then both definitions of success are the same."""

    def log_survival(self, m: Numbers) -> Float[Array, "..."]:
        return jnp.zeros_like(as_floating(m))

    def inverse_cumulative_hazard(self, level: Numbers) -> Float[Array, "..."]:
        return jnp.full_like(as_floating(level), jnp.inf)


class ConstantRepair(AbstractRepair):
    r"""The same chance of repair at every step: $R(m)=(1-c)^m$.

    With it the process is a two-state Markov chain.

    Parameters
    ----------
    repair_rate
        Probability $c$ that a wrong step is followed by a right one, in (0, 1); 1 per step.

    Raises
    ------
    ValueError
        If `repair_rate` is a concrete number outside (0, 1).
    """

    repair_rate: Float[Array, ""] = eqx.field(converter=as_parameter)

    def __check_init__(self):
        check_interval("repair_rate", self.repair_rate, 0.0, 1.0, "a probability per step")

    def log_survival(self, m: Numbers) -> Float[Array, "..."]:
        return as_floating(m) * log1p(-self.repair_rate)

    def inverse_cumulative_hazard(self, level: Numbers) -> Float[Array, "..."]:
        return -as_floating(level) / log1p(-self.repair_rate)


class WeibullRepair(AbstractRepair):
    r"""A chance of repair that changes with the age of the error: $R(m)=(1-c)^{m^{\kappa}}$.

    The discrete Weibull law. Below $\kappa=1$ old errors are hard to repair: what is not mended
    at once tends to stay. With $\kappa=1$ it is `ConstantRepair`.

    Parameters
    ----------
    repair_rate
        Probability $c$ of a repair at the first step after the break, in (0, 1).
    shape
        $\kappa>0$.

    Raises
    ------
    ValueError
        If a parameter is a concrete number outside its domain.

    Source: Nakagawa and Osaki (1975) for the discrete Weibull law.
    """

    repair_rate: Float[Array, ""] = eqx.field(converter=as_parameter)
    shape: Float[Array, ""] = eqx.field(converter=as_parameter)

    def __check_init__(self):
        check_interval("repair_rate", self.repair_rate, 0.0, 1.0, "a probability per step")
        check_interval("shape", self.shape, 0.0, jnp.inf, "the shape of a Weibull law")

    def log_survival(self, m: Numbers) -> Float[Array, "..."]:
        m = as_floating(m)
        # The power has no derivative at 0, where it is 0 whatever the shape.
        some = m > 0
        power = jnp.where(some, jnp.where(some, m, 1.0) ** self.shape, 0.0)
        return power * log1p(-self.repair_rate)

    def inverse_cumulative_hazard(self, level: Numbers) -> Float[Array, "..."]:
        return (-as_floating(level) / log1p(-self.repair_rate)) ** (1 / self.shape)
