"""Checks of arguments: each message names the argument, its value and the remedy."""

import equinox as eqx
import jax.core
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Shaped

from ._types import Numbers


def as_floating(value: Numbers) -> Float[Array, "..."]:
    """`value` as a floating array, of the precision that a calculation should have.

    Floating arrays keep their dtype, and a Python number takes that of what it meets, as
    everywhere in JAX: the survival of a float32 process at length 3 is float32. Integer arrays
    and lists get the default dtype: float32, or float64 once `jax_enable_x64` is set.
    """
    dtype = getattr(value, "dtype", None)
    if dtype is not None and jnp.issubdtype(dtype, jnp.floating):
        return jnp.asarray(value)
    if isinstance(value, int | float):
        return jnp.asarray(float(value))  # JAX's weak type
    if getattr(value, "weak_type", False):
        return jnp.asarray(value) * 1.0  # a Python integer that passed through `jit`
    return jnp.asarray(value, dtype=float)


def as_parameter(value: Numbers) -> Float[Array, "..."]:
    """`value` as a parameter, which decides on precision: a Python number has the default dtype."""
    value = as_floating(value)
    return jnp.asarray(value, dtype=value.dtype)


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
    if not is_concrete(value) or not hasattr(value, "shape"):
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


def check_level(level: float, *, usual: float = 0.95) -> None:
    """Raise `ValueError` unless `level` may be the coverage of an interval."""
    if not 0 < level < 1:
        raise ValueError(f"level must lie in (0, 1), got {level}; {usual} is usual.")


def is_concrete(value: object) -> bool:
    """Whether `value` carries its numbers: false inside `jit`, `grad` and `vmap`."""
    return not isinstance(value, jax.core.Tracer)


def check_each(
    value: Shaped[Array, "..."], good: Bool[Array, "..."], message: str
) -> Shaped[Array, "..."]:
    """`value`, or an error unless every entry is `good`.

    A concrete value raises `ValueError` at once, naming the first bad entry. A traced one
    raises `equinox.EquinoxRuntimeError` when the compiled function runs; the check is part of
    the returned array, so the caller must use that.
    """
    if not is_concrete(good):
        return eqx.error_if(value, ~good, message)
    if not bool(jnp.all(good)):
        array, bad = np.broadcast_arrays(np.asarray(value), ~np.asarray(good))
        raise ValueError(f"{message} Got {array[bad].flat[0]!s}.")
    return value
