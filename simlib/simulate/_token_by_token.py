"""The oracle: simulate every token, as slowly as the definition says."""

from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh
from jaxtyping import Array, Bool, Float, Int32, PRNGKeyArray

from .._estimate import Estimate
from .._levels import uniform
from .._random_words import fold_in
from .._types import Numbers
from ..processes import AbstractErrorProcess
from ..processes._base import has_latent
from ._keys import check_key, check_span
from ._stream import Progress, stream
from ._survival import check_lengths

# Fewer replicates per block than the event-driven engine: a block ends when its last sequence
# has failed, so small blocks waste less on the dead.
_SIZE = 2**12


def token_by_token(
    process: AbstractErrorProcess,
    lengths: Numbers,
    *,
    key: PRNGKeyArray,
    replicates: int | float,
    mesh: Mesh | None = None,
    level: float = 0.95,
    method: Literal["wilson", "clopper-pearson"] = "wilson",
    progress: Progress | None = None,
) -> Estimate:
    r"""Estimate survival by brute force: one uniform per token, wrong if below its hazard.

    Trial $n$ of a sequence that has made no error fails with probability
    $1-S(n)/S(n-1)$ (given its latent, where sequences differ). A block of sequences ends early
    once all of them have failed. The cost grows with the lengths; use it to check `survival`,
    which asks only for the time of the first error and uses other random numbers.

    Parameters, result and errors are those of `survival`.
    """
    check_key(key)
    stop = check_span(0, replicates)
    wanted = check_lengths(lengths)
    unique, where = np.unique(wanted, return_inverse=True)
    if not unique.size:
        raise ValueError("lengths must name at least one length, got none.")
    if unique[-1] >= 2**31:
        raise ValueError(f"lengths must stay below {2**31} token by token, got {unique[-1]}.")
    uniform_units = not has_latent(process)
    if uniform_units:
        trials = jnp.asarray(np.arange(1.0, unique[-1] + 1), dtype=float)
        operands = _hazard(process, trials)
        block = _tokens_alike
    else:
        operands, block = process, _tokens_given_latent
    total = np.zeros(unique.size, np.int64)
    operands = (operands, jnp.asarray(unique, jnp.int32))
    for results in stream(
        block, operands, key=key, start=0, stop=stop, mesh=mesh, progress=progress, size=_SIZE
    ):
        total += results.sum(axis=0, dtype=np.int64)
    estimate = Estimate.from_counts(total, stop, level=level, method=method)
    return estimate[where.reshape(wanted.shape)]


@eqx.filter_jit
def _hazard(process: AbstractErrorProcess, trials: Float[Array, "tokens"]):
    return process.hazard(trials)


def _tokens_alike(
    operands: tuple[Float[Array, "tokens"], Int32[Array, "lengths"]],
    key: PRNGKeyArray,
    valid: Bool[Array, "block"],
) -> Int32[Array, "lengths"]:
    hazard, lengths = operands
    return _walk(lambda i: hazard[i], key, valid, lengths)


def _tokens_given_latent(
    operands: tuple[AbstractErrorProcess, Int32[Array, "lengths"]],
    key: PRNGKeyArray,
    valid: Bool[Array, "block"],
) -> Int32[Array, "lengths"]:
    process, lengths = operands
    latent_key, key = jax.random.split(key)
    latent = process.sample_latent(valid.shape, key=latent_key)

    def hazard(i):
        before, after = (
            process.conditional_log_survival(latent, n.astype(float)) for n in (i, i + 1)
        )
        return -jnp.expm1(after - before)

    return _walk(hazard, key, valid, lengths)


def _walk(hazard, key, alive, lengths):
    """Survivors at each of the increasing `lengths`; `hazard(i)` is that of trial `i + 1`."""

    def unfinished(state):
        i, alive, _ = state
        return (i < lengths[-1]) & jnp.any(alive)

    def advance(state):
        i, alive, survivors = state
        alive &= uniform(fold_in(key, i), alive.shape) >= hazard(i)
        at_length = lengths == i + 1
        return i + 1, alive, jnp.where(at_length, jnp.sum(alive, dtype=jnp.int32), survivors)

    at_start = jnp.where(lengths == 0, jnp.sum(alive, dtype=jnp.int32), 0)
    return jax.lax.while_loop(unfinished, advance, (jnp.int32(0), alive, at_start))[2]
