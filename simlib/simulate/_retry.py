"""The retry question: attempts at one problem share what makes it hard."""

from typing import Any, Literal

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from .._checks import as_floating
from .._estimate import Estimate
from .._types import Numbers
from ..formulas._special import log1mexp
from ..processes import AbstractErrorProcess
from ._stream import Progress
from ._survival import check_lengths, survival_counts


class Attempts(AbstractErrorProcess):
    r"""How many attempts at one problem fail before the first that is free of error.

    A trial is now an attempt of `length` tokens. Given the latent of the problem attempts are
    independent, so all of $k$ fail with probability $(1-S(n\mid\text{latent}))^k$.
    """

    process: AbstractErrorProcess
    length: Float[Array, ""] = eqx.field(converter=as_floating)

    def log_survival(self, n: Numbers) -> Float[Array, "..."]:
        return self.process.log_all_fail(self.length, n)

    def sample_latent(self, shape: tuple[int, ...], *, key: PRNGKeyArray) -> PyTree[Array] | None:
        return self.process.sample_latent(shape, key=key)

    def conditional_log_survival(self, latent: Any, n: Numbers) -> Float[Array, "..."]:
        return as_floating(n) * self._log_failure(latent)

    def conditional_inverse_cumulative_hazard(
        self, latent: Any, level: Numbers
    ) -> Float[Array, "..."]:
        return -as_floating(level) / self._log_failure(latent)

    def _log_failure(self, latent: Any) -> Float[Array, "..."]:
        return log1mexp(-self.process.conditional_log_survival(latent, self.length))


def pass_at_k(
    process: AbstractErrorProcess,
    length: int,
    attempts: Numbers,
    *,
    key: PRNGKeyArray,
    problems: int | float,
    mesh: Mesh | None = None,
    level: float = 0.95,
    method: Literal["wilson", "clopper-pearson"] = "wilson",
    progress: Progress | None = None,
) -> Estimate:
    r"""Estimate pass@k: at least one of $k$ attempts of one length is free of error.

    Every problem draws its latent once and keeps it for all attempts; the number of attempts to
    the first success is then geometric and drawn at once, whatever $k$.

    Parameters
    ----------
    length
        Trials in one attempt, a whole number $\ge1$.
    attempts
        Numbers of attempts $k\ge0$, whole; the estimate has the same shape. All share the same
        problems.
    problems
        Number of problems simulated.

    Other parameters and errors are those of `survival`.

    Examples
    --------
    >>> import jax
    >>> from simlib import Uniform
    >>> pass_at_k(Uniform(0.01), 100, [1, 10], key=jax.random.key(0), problems=10**5).shape
    (2,)
    """
    retries = attempts_process(process, length)
    wanted = check_lengths(attempts, name="attempts")
    counts = survival_counts(
        retries, wanted, key=key, replicates=problems, mesh=mesh, progress=progress
    )
    solved = counts.replicates - np.array(counts.survived)
    estimate = Estimate.from_counts(solved, counts.replicates, level=level, method=method)
    return estimate[np.searchsorted(counts.lengths, wanted)]


def attempts_process(process: AbstractErrorProcess, length: int) -> Attempts:
    """`Attempts` after a check of the length."""
    if np.any(check_lengths(length, name="length") < 1):
        raise ValueError(f"length must be >= 1, got {length}; an attempt has at least one trial.")
    return Attempts(process, jnp.asarray(length, dtype=float))
