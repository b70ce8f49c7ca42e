"""Arithmetic with estimates that several evidence runners need."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Shaped

from ..._estimate import Estimate


def scaled(estimate: Estimate, factor: Shaped[ArrayLike, "..."]) -> Estimate:
    """The estimate times a known number, or an array of its shape; a negative one swaps ends."""
    factor = jnp.asarray(factor, dtype=float)
    ends = jnp.stack([estimate.lower * factor, estimate.upper * factor])
    return Estimate(
        value=estimate.value * factor,
        stderr=estimate.stderr * jnp.abs(factor),
        lower=ends.min(0),
        upper=ends.max(0),
        level=estimate.level,
        n=estimate.n,
        method=estimate.method,
    )


def difference(first: Estimate, second: Estimate, *, level: float) -> Estimate:
    """`first - second` of independent estimates, with a normal interval."""
    return Estimate.from_mean(
        first.value - second.value,
        np.hypot(np.asarray(first.stderr), np.asarray(second.stderr)),
        min(first.n, second.n),
        level=level,
        method=f"{first.method}, normal",
    )


def stacked(estimates: Sequence[Estimate]) -> Estimate:
    """Estimates of one shape and level as one with a further leading axis; the smallest `n`.

    Raises
    ------
    ValueError
        If there is none, or levels differ.
    """
    levels = {x.level for x in estimates}
    if len(levels) != 1:
        raise ValueError(f"estimates must share one level, got {sorted(levels)}.")
    fields: tuple[list[Array], ...] = tuple(
        [getattr(x, field) for x in estimates] for field in ("value", "stderr", "lower", "upper")
    )
    return Estimate(
        *map(jnp.stack, fields),
        level=levels.pop(),
        n=min(x.n for x in estimates),
        method=estimates[0].method,
    )
