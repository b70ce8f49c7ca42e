"""The hazard estimated from simulated sequences."""

from typing import Literal

import numpy as np
from jax.sharding import Mesh
from jaxtyping import PRNGKeyArray

from .._estimate import Estimate
from .._types import Numbers
from ..processes import AbstractErrorProcess
from ._stream import Progress
from ._survival import check_lengths, survival_counts


def hazard(
    process: AbstractErrorProcess,
    trials: Numbers,
    *,
    key: PRNGKeyArray,
    replicates: int | float,
    mesh: Mesh | None = None,
    level: float = 0.95,
    method: Literal["wilson", "clopper-pearson"] = "wilson",
    progress: Progress | None = None,
) -> Estimate:
    r"""Estimate $e_n=P(N=n\mid N\ge n)$ at the given trials $n\ge1$.

    Of the sequences still free of error before trial $n$, the share that fails at it. Given the
    number at risk that is a binomial proportion; where nobody is at risk the value is NaN and
    the interval (0, 1). `n` of the estimate is the number of sequences simulated.

    Other parameters and errors are those of `survival`.
    """
    wanted = check_lengths(trials)
    if np.any(wanted < 1):
        raise ValueError(f"trials must be >= 1, got {wanted.min()}; they are numbered from 1.")
    counts = survival_counts(
        process,
        np.union1d(wanted, wanted - 1),
        key=key,
        replicates=replicates,
        mesh=mesh,
        progress=progress,
    )
    # Entry i belongs to the interval from lengths[i] to lengths[i + 1].
    return counts.hazard(level=level, method=method)[np.searchsorted(counts.lengths, wanted - 1)]
