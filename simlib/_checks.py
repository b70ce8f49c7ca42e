"""Checks of arguments: each message names the argument, its value and the remedy."""

import jax
import jax.core
import numpy as np
from jaxtyping import Array, Shaped


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
