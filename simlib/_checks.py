"""Checks of arguments: each message names the argument, its value and the remedy."""

import jax
import jax.core
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Shaped


def as_floating(value: Shaped[ArrayLike, "..."]) -> Float[Array, "..."]:
    """`value` as an array that keeps its floating dtype; anything else gets the default one.

    The default is float32, or float64 once `jax_enable_x64` is set.
    """
    dtype = getattr(value, "dtype", None)
    if dtype is not None and jnp.issubdtype(dtype, jnp.floating):
        return jnp.asarray(value)
    return jnp.asarray(value, dtype=float)


def check_interval(
    name: str,
    value: Shaped[Array, "..."],
    low: float,
    high: float,
    meaning: str,
    *,
    low_included: bool = False,
    high_included: bool = False,
) -> None:
    """Raise `ValueError` unless every entry of a concrete `value` lies between the bounds.

    Traced values (inside `jit`, `grad` or `vmap`) carry no number yet and pass.
    """
    if isinstance(value, jax.core.Tracer) or not hasattr(value, "shape"):
        return  # tracers and the placeholders that JAX puts into trees
    array = np.asarray(value)
    above = array >= low if low_included else array > low
    below = array <= high if high_included else array < high
    bad = ~(above & below)
    if bad.any():
        interval = f"{'[' if low_included else '('}{low:g}, {high:g}{']' if high_included else ')'}"
        raise ValueError(
            f"{name} must lie in {interval} ({meaning}), got {array[bad].flat[0]!s}; "
            f"choose a value inside the interval."
        )
