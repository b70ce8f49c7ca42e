"""Measure the rounding error of a JAX function against mpmath."""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import mpmath
import numpy as np

DTYPES = (np.float32, np.float64)
DIGITS = 60


@dataclass(frozen=True)
class Accuracy:
    """Largest error in units of the rounding error of the dtype, and where it occurs."""

    units: float
    where: tuple[float, ...]


def accuracy(
    function: Callable,
    exact: Callable,
    *grids: np.ndarray,
    dtype,
    floor: float = 0.0,
    transform: Callable = jax.jit,
) -> Accuracy:
    """Largest error of `function` on points (the rows of `grids`), rounded to `dtype` first.

    The error is relative to max(|exact|, floor). A NaN, or an infinity where the truth is
    finite, counts as infinitely wrong.
    """
    columns = [np.asarray(grid, dtype=dtype) for grid in grids]
    computed = np.asarray(transform(function)(*map(jnp.asarray, columns)))
    assert computed.dtype == dtype, f"{computed.dtype} instead of {dtype}"
    worst = Accuracy(0.0, ())
    with mpmath.workdps(DIGITS):
        for value, *point in zip(computed, *columns, strict=True):
            truth = exact(*(mpmath.mpf(float(x)) for x in point))
            if not np.isfinite(value):
                error = 0.0 if mpmath.isinf(truth) and float(truth) == value else np.inf
            else:
                scale = max(abs(truth), mpmath.mpf(floor))
                gap = abs(mpmath.mpf(float(value)) - truth)
                error = float(gap / scale) if scale else float(gap > 0)
            units = error / float(jnp.finfo(dtype).eps)
            if units > worst.units:
                worst = Accuracy(units, tuple(float(x) for x in point))
    return worst


def grid(*axes: np.ndarray) -> tuple[np.ndarray, ...]:
    """All combinations of the axes, flattened."""
    return tuple(x.ravel() for x in np.meshgrid(*axes, indexing="ij"))


def elementwise_gradient(function: Callable, argument: int = 0) -> Callable:
    """The derivative in one argument, elementwise."""
    return jax.vmap(jax.grad(function, argnums=argument))
