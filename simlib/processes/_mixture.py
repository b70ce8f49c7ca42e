"""Units of several kinds."""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from .._checks import as_parameter, check_interval, is_concrete
from .._types import Numbers
from ..formulas._special import log1p
from ._base import AbstractErrorProcess


class Mixture(AbstractErrorProcess):
    r"""Every unit follows one of several processes: $S(n)=\sum_jw_jS_j(n)$.

    The unit keeps its process in all of its attempts.

    Parameters
    ----------
    processes
        At least one.
    weights
        Share $w_j$ of the units that follow each, in (0, 1] with sum 1.

    Raises
    ------
    ValueError
        If numbers of processes and weights differ, or concrete weights are no shares of one.

    Examples
    --------
    >>> from simlib.processes import Mixture, Uniform
    >>> process = Mixture([Uniform(0.001), Uniform(0.1)], [0.5, 0.5])
    >>> round(float(process.survival(100)), 4), round(float(process.hazard(100)), 4)
    (0.4524, 0.001)
    """

    processes: tuple[AbstractErrorProcess, ...] = eqx.field(converter=tuple)
    weights: Float[Array, "processes"] = eqx.field(converter=as_parameter)

    def __init__(self, processes: Sequence[AbstractErrorProcess], weights: Numbers):
        self.processes = tuple(processes)
        self.weights = as_parameter(weights)

    def __check_init__(self):
        count = len(self.processes)
        if not count or self.weights.shape != (count,):
            raise ValueError(
                f"weights must have one entry for each of the processes, got shape "
                f"{self.weights.shape} for {count}."
            )
        check_interval("weights", self.weights, 0.0, 1.0, "shares of the units", high_included=True)
        if is_concrete(self.weights):
            total = float(self.weights.sum())
            if abs(total - 1) > 1e-5:
                raise ValueError(f"weights must add up to 1, got {total:g}; divide them by it.")

    def log_survival(self, n: Numbers) -> Float[Array, "..."]:
        logs = [process.log_survival(n) for process in self.processes]
        return self._log_average(logs, [-jnp.expm1(value) for value in logs])

    def log_all_fail(self, n: Numbers, attempts: Numbers) -> Float[Array, "..."]:
        r"""$\ln\sum_jw_jP_j(\text{all fail})$: the attempts of a unit follow the same process."""
        logs = [process.log_all_fail(n, attempts) for process in self.processes]
        return self._log_average(logs, [-jnp.expm1(value) for value in logs])

    def pass_probability(self, n: Numbers, attempts: Numbers) -> Float[Array, "..."]:
        return self._average([process.pass_probability(n, attempts) for process in self.processes])

    def _average(self, terms: list[Array]) -> Float[Array, "..."]:
        stacked = jnp.stack(jnp.broadcast_arrays(*terms), axis=-1)
        return jnp.sum(stacked * self.weights, axis=-1) / jnp.sum(self.weights)

    def _log_average(self, logs: list[Array], complements: list[Array]) -> Float[Array, "..."]:
        """Logarithm of the average of numbers given by logarithm and complement."""
        stacked = jnp.stack(jnp.broadcast_arrays(*logs), axis=-1)
        far = jax.scipy.special.logsumexp(stacked, axis=-1, b=self.weights)
        # Near one the complement has the digits.
        rest = self._average(complements)
        near = rest < 0.5
        return jnp.where(
            near, log1p(-jnp.where(near, rest, 0.0)), far - jnp.log(jnp.sum(self.weights))
        )

    # -- hooks of the simulation engine ---------------------------------------------------

    def sample_latent(self, shape: tuple[int, ...], *, key: PRNGKeyArray) -> Any:
        """The number of the process of each unit, and what differs within each process."""
        which, *keys = jax.random.split(key, 1 + len(self.processes))
        edges = jnp.cumsum(self.weights)[:-1] / jnp.sum(self.weights)
        index = jnp.searchsorted(edges, jax.random.uniform(which, shape, edges.dtype), side="right")
        inner = tuple(
            process.sample_latent(shape, key=own)
            for process, own in zip(self.processes, keys, strict=True)
        )
        return index, inner

    def conditional_log_survival(self, latent: Any, n: Numbers) -> Float[Array, "..."]:
        index, inner = latent
        each = [
            process.conditional_log_survival(own, n)
            for process, own in zip(self.processes, inner, strict=True)
        ]
        return _select(index, each)

    def conditional_inverse_cumulative_hazard(
        self, latent: Any, level: Numbers
    ) -> Float[Array, "..."]:
        index, inner = latent
        each = [
            process.conditional_inverse_cumulative_hazard(own, level)
            for process, own in zip(self.processes, inner, strict=True)
        ]
        return _select(index, each)


def _select(index: Array, each: list[Array]) -> Array:
    shape = jnp.broadcast_shapes(index.shape, *(x.shape for x in each))
    return jnp.choose(
        jnp.broadcast_to(index, shape), [jnp.broadcast_to(x, shape) for x in each], mode="clip"
    )
