"""Rao-Blackwell: average the exact conditional probability instead of counting events."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from .._estimate import Estimate
from .._types import Numbers
from ..processes import AbstractErrorProcess
from ..processes._base import has_latent
from ._first_error import latent_key
from ._keys import check_key, check_span
from ._retry import attempts_process
from ._stream import Block, Progress, stream
from ._survival import check_lengths


def conditional_survival(
    process: AbstractErrorProcess,
    lengths: Numbers,
    *,
    key: PRNGKeyArray,
    replicates: int | float,
    mesh: Mesh | None = None,
    level: float = 0.95,
    progress: Progress | None = None,
) -> Estimate:
    r"""Estimate $S(n)=\mathbb E\,S(n\mid\text{latent})$ by averaging over latent draws.

    The conditional survival is known exactly, so only the latent is simulated. By the
    Rao-Blackwell theorem the variance is at most that of counting survivors in `survival`, and
    it has no floor at one event per `replicates`. The interval is normal; it is too narrow where
    a few draws carry the whole average, as for survival far below `1 / replicates`.

    Parameters are those of `survival`; `method` of the result is "conditional mean".

    Raises
    ------
    ValueError
        If sequences do not differ (`process.sample_latent` is None): then
        `process.survival` is already exact.

    Source: Casella and Robert (1996), Rao-Blackwellisation of sampling schemes.
    """
    wanted = check_lengths(lengths)
    return _average(
        _survival_moments, process, wanted, key=key, replicates=replicates, mesh=mesh,
        level=level, progress=progress,
    )  # fmt: skip


def conditional_pass_at_k(
    process: AbstractErrorProcess,
    length: int,
    attempts: Numbers,
    *,
    key: PRNGKeyArray,
    problems: int | float,
    mesh: Mesh | None = None,
    level: float = 0.95,
    progress: Progress | None = None,
) -> Estimate:
    r"""Estimate pass@k by averaging $1-(1-S(n\mid\text{latent}))^k$ over problems.

    The Rao-Blackwell form of `pass_at_k`; see `conditional_survival`.
    """
    retries = attempts_process(process, length)
    wanted = check_lengths(attempts, name="attempts")
    return _average(
        _failure_moments, retries, wanted, key=key, replicates=problems, mesh=mesh,
        level=level, progress=progress,
    )  # fmt: skip


def _average(
    block: Block, process, wanted: np.ndarray, *, key, replicates, mesh, level, progress
) -> Estimate:
    check_key(key)
    stop = check_span(0, replicates)
    if stop < 2:
        raise ValueError(f"replicates must be at least 2 to estimate an error, got {stop}.")
    if not has_latent(process):
        raise ValueError(
            f"{type(process).__name__} has no latent to average over: its sequences do not differ;"
            " its formula is exact."
        )
    operands = (process, jnp.asarray(wanted.reshape(-1), dtype=float))
    n, mean, square = 0, np.zeros(wanted.size), np.zeros(wanted.size)
    for results in stream(
        block, operands, key=key, start=0, stop=stop, mesh=mesh, progress=progress
    ):
        for count, block_mean, block_square in np.asarray(results, np.float64).transpose(0, 2, 1):
            # Chan, Golub and LeVeque (1979): merge means and sums of squared deviations.
            more = count[0]
            shift = block_mean - mean
            mean = mean + shift * more / (n + more)
            square = square + block_square + shift**2 * n * more / (n + more)
            n += more
    if np.isnan(mean).any():
        raise ValueError("some conditional probabilities are not numbers; check the parameters.")
    stderr = np.sqrt(square / (n - 1) / n)
    estimate = Estimate.from_mean(
        mean.reshape(wanted.shape),
        stderr.reshape(wanted.shape),
        stop,
        level=level,
        method="conditional mean",
    )
    # A probability: the normal interval may overshoot.
    return Estimate(
        estimate.value,
        estimate.stderr,
        jnp.maximum(estimate.lower, 0.0),
        jnp.minimum(estimate.upper, 1.0),
        level=level,
        n=stop,
        method=estimate.method,
    )


def _survival_moments(
    operands: tuple[AbstractErrorProcess, Float[Array, "lengths"]],
    key: PRNGKeyArray,
    valid: Bool[Array, "block"],
) -> Float[Array, "lengths 3"]:
    return _moments(jnp.exp, operands, key, valid)


def _failure_moments(
    operands: tuple[AbstractErrorProcess, Float[Array, "lengths"]],
    key: PRNGKeyArray,
    valid: Bool[Array, "block"],
) -> Float[Array, "lengths 3"]:
    return _moments(lambda log_survival: -jnp.expm1(log_survival), operands, key, valid)


def _moments(transform, operands, key, valid):
    """Number, mean and sum of squared deviations over the valid replicates, per length."""
    process, lengths = operands
    # The latents are those that `survival` draws.
    latent = process.sample_latent(valid.shape, key=latent_key(key))
    n = jnp.sum(valid).astype(lengths.dtype)

    def at(length):
        values = transform(process.conditional_log_survival(latent, length)).astype(lengths.dtype)
        mean = jnp.sum(jnp.where(valid, values, 0)) / n
        return jnp.stack([n, mean, jnp.sum(jnp.where(valid, (values - mean) ** 2, 0))])

    return jax.lax.map(at, lengths)
