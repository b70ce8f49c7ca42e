"""Solve $f(n) = y$ for an increasing $f$ on $[0, \\infty)$, differentiably."""

from collections.abc import Callable
from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Shaped

P = TypeVar("P")

# Bisection in ln n over the whole float range: enough halvings to reach rounding error.
_STEPS = {jnp.dtype("float32"): 40, jnp.dtype("float64"): 75}
_LOG_LOW, _LOG_HIGH = -80.0, 80.0


def invert_increasing(
    function: Callable[[P, Array], Array], parameters: P, level: Shaped[Array, "..."] | float
) -> Float[Array, "..."]:
    """The `n >= 0` with `function(parameters, n) == level`, elementwise.

    Bracketed bisection in $\\ln n$, so it cannot diverge; $n$ from $e^{-80}$ to $e^{80}$.
    Returns 0 at level 0 and infinity where the function stays below the level. The derivative
    with respect to `parameters` and `level` is that of the implicit function theorem.
    """
    level = jnp.asarray(level, dtype=float)
    dynamic, static = eqx.partition(parameters, eqx.is_inexact_array)

    def value(dynamic, n):
        return function(eqx.combine(dynamic, static), n)

    @jax.custom_jvp
    def solve(dynamic, level):
        steps = _STEPS.get(level.dtype, 75)

        def halve(_, bounds):
            low, high = bounds
            middle = (low + high) / 2
            below = value(dynamic, jnp.exp(middle)) < level
            return jnp.where(below, middle, low), jnp.where(below, high, middle)

        ends = tuple(jnp.full(level.shape, end, level.dtype) for end in (_LOG_LOW, _LOG_HIGH))
        low, high = jax.lax.fori_loop(0, steps, halve, ends)
        n = jnp.exp((low + high) / 2)
        reached = value(dynamic, jnp.exp(jnp.asarray(_LOG_HIGH, level.dtype))) >= level
        return jnp.where(level <= 0, 0.0, jnp.where(reached, n, jnp.inf))

    @solve.defjvp
    def _(primals, tangents):
        dynamic, level = primals
        dynamic_dot, level_dot = tangents
        n = solve(dynamic, level)
        at = jnp.where(jnp.isfinite(n) & (n > 0), n, 1.0)
        _, change = jax.jvp(lambda d: value(d, at), (dynamic,), (dynamic_dot,))
        _, slope = jax.jvp(lambda t: value(dynamic, t), (at,), (jnp.ones_like(at),))
        n_dot = (level_dot - change) / slope
        return n, jnp.where(jnp.isfinite(n), n_dot, 0.0)

    return solve(dynamic, level)
