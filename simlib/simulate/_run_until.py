"""Simulate until the standard error is small enough."""

from typing import Literal

import numpy as np
from jax.sharding import Mesh
from jaxtyping import PRNGKeyArray

from .._estimate import Estimate
from .._types import Numbers
from ..processes import AbstractErrorProcess
from ._counts import Counts
from ._keys import BLOCK
from ._stream import Progress
from ._survival import check_lengths, shift_progress, survival_counts


class TargetNotReachedError(RuntimeError):
    """The target standard error needs more replicates than allowed.

    `counts` holds what was simulated, so that nothing is lost.
    """

    def __init__(self, message: str, counts: Counts):
        super().__init__(message)
        self.counts = counts


def run_until(
    process: AbstractErrorProcess,
    lengths: Numbers,
    *,
    key: PRNGKeyArray,
    stderr: float,
    relative: bool = False,
    max_replicates: int | float = 10**10,
    mesh: Mesh | None = None,
    level: float = 0.95,
    method: Literal["wilson", "clopper-pearson"] = "wilson",
    progress: Progress | None = None,
) -> Estimate:
    r"""`survival`, continued until the largest standard error is at most `stderr`.

    The run looks at its counts after 1, 2, 4, 8, ... blocks of 65536 sequences and stops at the
    first look that satisfies the target. The standard error it looks at is
    $\sqrt{\tilde p(1-\tilde p)/n}$ with $\tilde p=(x+2)/(n+4)$ (Agresti and Coull 1998), so that
    a length with no survivor so far does not count as settled.

    Stopping by the data is not free: a look at which the estimate happens to lie far from 1/2
    (for `relative=True`: is too large) stops sooner, which biases the estimate in that
    direction, by at most a fraction of the standard error. Doubling keeps the looks few; between
    looks the run does not stop. The estimate equals that of `survival` with the same key and the
    number of replicates reached. For an estimate without this bias, run `survival` once more
    with another key and `replicates=estimate.n`.

    Parameters
    ----------
    stderr
        Target, $>0$; relative to the estimate of each length if `relative`.
    max_replicates
        Give up beyond this number.

    Other parameters are those of `survival`.

    Raises
    ------
    TargetNotReachedError
        If `max_replicates` does not suffice; its `counts` hold what was simulated.
    """
    if not (np.isfinite(stderr) and stderr > 0):
        raise ValueError(f"stderr must be a positive number, got {stderr}; such as 1e-4.")
    if max_replicates < 1:
        raise ValueError(f"max_replicates must be at least 1, got {max_replicates}.")
    wanted = check_lengths(lengths)
    counts: Counts | None = None
    while True:
        start = counts.replicates if counts else 0
        stop = min(max(2 * start, BLOCK), int(max_replicates))
        more = survival_counts(
            process,
            wanted,
            key=key,
            replicates=stop - start,
            start=start,
            mesh=mesh,
            progress=shift_progress(progress, start, stop),
        )
        counts = counts + more if counts else more
        reached = _largest_error(counts, relative)
        if reached <= stderr:
            estimate = counts.survival(level=level, method=method)
            return estimate[np.searchsorted(counts.lengths, wanted)]
        if stop >= max_replicates:
            kind = "relative standard error" if relative else "standard error"
            raise TargetNotReachedError(
                f"{kind} {reached:.2g} after {stop} sequences, wanted {stderr:g}; raise "
                "max_replicates or leave out the lengths with the smallest survival.",
                counts,
            )


def _largest_error(counts: Counts, relative: bool) -> float:
    n = counts.replicates
    # Length 0 is certain.
    x = np.array([s for s, length in zip(counts.survived, counts.lengths, strict=True) if length])
    p = (x + 2) / (n + 4)
    error = np.sqrt(p * (1 - p) / n)
    return float(np.max(error / p if relative else error, initial=0.0))
