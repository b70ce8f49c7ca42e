"""Survival estimated from simulated sequences: exact counts, streamed and sharded."""

import math
import os
from collections.abc import Sequence
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh
from jaxtyping import Array, Bool, Float, Int32, Integer, PRNGKeyArray

from .._estimate import Estimate
from .._guide import Guide
from .._types import Numbers
from ..processes import AbstractErrorProcess
from ..processes._base import has_latent
from ._checkpoint import Checkpoint
from ._counts import Counts
from ._first_error import draw
from ._keys import BLOCK, check_key, check_span, fingerprint
from ._stream import Progress, devices_of, stream

# Up to this many lengths are counted by comparing every draw with each length in turn; more,
# through a guide table and one histogram. Both count the same.
_FEW = 32
# Counts of several lengths share a word, so many bits for each.
_BITS = 8


def survival(
    process: AbstractErrorProcess,
    lengths: Numbers,
    *,
    key: PRNGKeyArray,
    replicates: int | float,
    mesh: Mesh | None = None,
    level: float = 0.95,
    method: Literal["wilson", "clopper-pearson"] = "wilson",
    progress: Progress | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> Estimate:
    r"""Estimate $S(n)=P(\text{no error among } n \text{ trials})$ from simulated sequences.

    Event-driven: a sequence costs one exponential level (and one latent draw where sequences
    differ) however long it is. Memory does not grow with `replicates`. The result does not
    depend on the number of devices, to the last bit.

    Parameters
    ----------
    lengths
        Whole numbers $\ge0$ in any order and shape; the estimate has the same shape. All lengths
        share the same sequences, so their errors are correlated.
    key
        One JAX key.
    replicates
        Number of sequences, up to $2^{48}$ per key. In float32 ($2^{-32}$ resolution of
        probabilities) the discretisation stays far below the standard error up to $10^{10}$.
    mesh
        Devices to use, of one or several hosts; by default the first device.
    level
        Coverage of each interval.
    method
        Interval for the binomial proportion, as in `Estimate.from_counts`.
    progress
        Called with (replicates done, replicates in all) after every batch of blocks.
    checkpoint
        File in which a long run keeps its counts, as in `survival_counts`.

    Raises
    ------
    ValueError
        If a length is negative or not whole, `replicates` is not a positive whole number, or the
        checkpoint belongs to another run.
    LostProcessError
        If `mesh` spans several hosts and one is gone.
    TypeError
        If `key` is a seed or not a JAX key.

    Examples
    --------
    >>> import jax
    >>> from simlib import Uniform
    >>> estimate = survival(Uniform(0.01), [10, 100], key=jax.random.key(0), replicates=10**5)
    >>> estimate.shape, estimate.n
    ((2,), 100000)
    """
    wanted = check_lengths(lengths)
    counts = survival_counts(
        process, wanted, key=key, replicates=replicates, mesh=mesh, progress=progress,
        checkpoint=checkpoint,
    )  # fmt: skip
    return counts.survival(level=level, method=method)[np.searchsorted(counts.lengths, wanted)]


def survival_counts(
    process: AbstractErrorProcess,
    lengths: Numbers,
    *,
    key: PRNGKeyArray,
    replicates: int | float,
    start: int = 0,
    mesh: Mesh | None = None,
    progress: Progress | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> Counts:
    """Counts behind `survival`, for the replicates `start` to `start + replicates - 1`.

    A replicate is the same sequence whenever and wherever it is drawn, so counts of
    `[0, a)` and `[a, b)` merge to those of `[0, b)`: a run can be continued, or split between
    machines.

    Parameters
    ----------
    process, lengths, key, replicates, mesh, progress
        As for `survival`.
    start
        The first replicate.
    checkpoint
        File that holds the counts so far, written every ten seconds and when the run ends or
        breaks off, always whole. If it exists the run goes on where it stopped, and its counts
        are those of a run that never stopped, to the last bit; with more `replicates` than
        before, it is extended. Where several processes share the run, the first one reads and
        writes it.

    Raises
    ------
    ValueError, TypeError, LostProcessError
        As `survival`.

    Examples
    --------
    >>> import jax
    >>> from simlib import Uniform
    >>> key = jax.random.key(0)
    >>> early = survival_counts(Uniform(0.01), [10], key=key, replicates=1000)
    >>> late = survival_counts(Uniform(0.01), [10], key=key, start=1000, replicates=500)
    >>> early + late == survival_counts(Uniform(0.01), [10], key=key, replicates=1500)
    True
    """
    check_key(key)
    stop = check_span(start, replicates)
    unique = np.unique(check_lengths(lengths))
    if not unique.size:
        raise ValueError("lengths must name at least one length, got none.")
    thresholds = np.asarray(unique, dtype=jnp.zeros((), dtype=float).dtype)
    # The same parameters draw other sequences in single than in double precision.
    identity, digest = fingerprint((process, thresholds[:0])), fingerprint(key)
    begin = int(start)
    counts = Counts(tuple(int(n) for n in unique), (0,) * unique.size, (), identity)
    file = Checkpoint(checkpoint, devices_of(mesh))
    counts = file.resume(counts, digest, begin, stop)
    begin += counts.replicates
    if begin == stop:
        return counts
    uniform_units = not has_latent(process)
    if uniform_units:
        # The event N > n is the event E > Lambda(n): no need to find N.
        thresholds = np.asarray(_cumulative_hazard(process, jnp.asarray(thresholds)))
        if np.isnan(thresholds).any():
            raise ValueError(f"the log-survival of {process} is not a number at some lengths.")
    # Every sequence is free of error at length 0, also if its time is rounded to 0.
    thresholds = jnp.asarray(np.where(unique == 0, thresholds.dtype.type(-1), thresholds))
    if thresholds.size > _FEW:
        thresholds = Guide(thresholds)
    block = _count_levels if uniform_units else _count_times
    try:
        for results in stream(
            block, (process, thresholds), key=key, start=begin, stop=stop, mesh=mesh,
            progress=shift_progress(progress, counts.replicates, stop - int(start)),
        ):  # fmt: skip
            *survived, invalid = results.sum(axis=0, dtype=np.int64).tolist()
            if invalid:
                raise ValueError(
                    f"{invalid} simulated times are not numbers; check the parameters."
                )
            end = min((begin // BLOCK + len(results)) * BLOCK, stop)
            counts += Counts(counts.lengths, tuple(survived), ((digest, begin, end),), identity)
            begin = end
            file.save(counts)
    finally:
        file.save(counts, now=True)
    return counts


def shift_progress(progress: Progress | None, before: int, total: int) -> Progress | None:
    """A callback that hears of a later part of a run as part of the whole."""
    if progress is None:
        return None
    return lambda done, _: progress(before + done, total)


def check_lengths(lengths: Numbers, *, name: str = "lengths") -> Integer[np.ndarray, "..."]:
    """Lengths as integers, or a `ValueError` that names the first bad one."""
    values = np.asarray(lengths)
    if values.dtype.kind not in "iuf":
        raise ValueError(f"{name} must be whole numbers >= 0, got {values.dtype} values.")
    bad = ~((values >= 0) & (values == np.floor(values)) & (values < 2.0**63))
    if bad.any():
        raise ValueError(f"{name} must be whole numbers >= 0, got {values[bad].flat[0]}.")
    return values.astype(np.int64)


@eqx.filter_jit
def _cumulative_hazard(process: AbstractErrorProcess, n: Float[Array, "lengths"]):
    return process.cumulative_hazard(n)


def _count_levels(
    operands: tuple[AbstractErrorProcess, Float[Array, "lengths"] | Guide],
    key: PRNGKeyArray,
    valid: Bool[Array, "block"],
) -> Int32[Array, "counts"]:
    process, thresholds = operands
    level, _ = draw(process, key=key, shape=valid.shape)
    return count_above(level, thresholds, valid)


def _count_times(
    operands: tuple[AbstractErrorProcess, Float[Array, "lengths"] | Guide],
    key: PRNGKeyArray,
    valid: Bool[Array, "block"],
) -> Int32[Array, "counts"]:
    process, thresholds = operands
    level, latent = draw(process, key=key, shape=valid.shape)
    time = process.conditional_inverse_cumulative_hazard(latent, level)
    return count_above(time, thresholds, valid)


def count_above(
    values: Float[Array, "block"],
    thresholds: Float[Array, "lengths"] | Guide,
    valid: Bool[Array, "block"],
) -> Int32[Array, "counts"]:
    """How many valid values exceed each of the increasing thresholds; then how many are NaN."""
    invalid = jnp.isnan(values) & valid
    values = jnp.where(valid, values, -jnp.inf)
    if isinstance(thresholds, Guide):
        passed = thresholds.count_below(values)
        at = jnp.zeros(thresholds.values.size + 1, jnp.int32).at[passed].add(1)
        above = jnp.cumsum(at[::-1])[::-1][1:].astype(jnp.int32)
        return jnp.append(above, jnp.sum(invalid, dtype=jnp.int32))
    together = jnp.finfo(values.dtype).bits // _BITS
    if thresholds.size < together:
        return _count_true([*(values > t for t in thresholds), invalid])
    groups = jnp.pad(thresholds, (0, -thresholds.size % together), constant_values=jnp.inf)
    above = jax.lax.map(
        lambda group: _count_true([values > t for t in group]), groups.reshape(-1, together)
    )
    above = above.reshape(-1)[: thresholds.size]
    return jnp.append(above, jnp.sum(invalid, dtype=jnp.int32))


def _count_true(flags: Sequence[Bool[Array, "block"]]) -> Int32[Array, "flags"]:
    """How many entries of each of a few flags are true, in one pass over the block."""
    size = flags[0].size
    word = jnp.uint64 if len(flags) * _BITS > 32 else jnp.uint32
    packed = jnp.zeros(size, word)
    for i, flag in enumerate(flags):
        packed |= flag.astype(word) << word(_BITS * i)
    # Sums of so few rows do not run into the bits of the next flag.
    rows = math.gcd(size, 2 ** (_BITS - 1))
    sums = jnp.sum(packed.reshape(rows, size // rows), axis=0, dtype=word)
    shifts = jnp.arange(len(flags), dtype=word) * word(_BITS)
    each = (sums >> shifts[:, None]) & word(2**_BITS - 1)
    return jnp.sum(each.astype(jnp.int32), axis=1, dtype=jnp.int32)
