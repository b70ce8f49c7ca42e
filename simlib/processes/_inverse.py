"""Solve $f(n) = y$ for an increasing $f$ on $[0, \\infty)$, differentiably."""

from collections.abc import Callable
from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._checks import as_floating
from .._types import Numbers

P = TypeVar("P")

# The solution is sought between these values of ln n: almost the range of float32.
_LOG_LOW, _LOG_HIGH = -80.0, 80.0
# Bisection alone needs 60 steps; Newton's method on a smooth hazard about six.
_MOST_STEPS = 200


def invert_increasing(
    function: Callable[[P, Array], Array], parameters: P, level: Numbers
) -> Float[Array, "..."]:
    r"""The `n >= 0` with `function(parameters, n) == level`, elementwise.

    Newton's method for $\ln f$ against $\ln n$, in which hazards are nearly straight, kept
    inside a bracket by bisection, so it cannot diverge; $n$ from $e^{-80}$ to $e^{80}$.
    Returns 0 at level 0 and infinity where the function stays below the level. Derivatives of
    any order with respect to `parameters` and `level` follow from the implicit function
    theorem. Accurate to a few units of rounding of `function`.

    Parameters
    ----------
    function
        Elementwise, non-decreasing in `n`, with value 0 at 0. The search is compiled once for
        each function object, so pass one that lives on.
    parameters
        Any tree; derivatives are taken with respect to its floating arrays.
    level
        Broadcasts against the batch shape of the function.
    """
    return _inverse(function, parameters, as_floating(level))


@eqx.filter_jit  # outside of `jit` each call would compile the loops of the search anew
def _inverse(function: Callable[[P, Array], Array], parameters: P, level: Array) -> Array:
    dynamic, static = eqx.partition(parameters, eqx.is_inexact_array)

    def value(dynamic, n):
        return function(eqx.combine(dynamic, static), n)

    out = jax.eval_shape(value, dynamic, level)
    level = jnp.broadcast_to(level, jnp.broadcast_shapes(level.shape, out.shape))
    return _solver(value)(dynamic, level.astype(out.dtype))


def _solver(value: Callable) -> Callable:
    def with_slope(dynamic, n):
        return jax.jvp(lambda t: value(dynamic, t), (n,), (jnp.ones_like(n),))

    @jax.custom_jvp
    def solve(dynamic, level):
        longest = jnp.full_like(level, jnp.exp(jnp.asarray(_LOG_HIGH, level.dtype)))
        reached = value(dynamic, longest) >= level
        searched = reached & (level > 0)
        rounding = 16 * jnp.finfo(level.dtype).eps
        # Two final steps square the error twice.
        near = jnp.finfo(level.dtype).eps ** 0.5 / 16
        target = jnp.log(jnp.where(searched, level, 1.0))

        def improve(state):
            steps, low, high, x, last, done = state
            n = jnp.exp(x)
            f, slope = with_slope(dynamic, n)
            below = f < level
            low, high = jnp.where(below, x, low), jnp.where(below, high, x)
            # On a plateau rounding moves the solution far: a residual of rounding size is enough.
            done = done | (jnp.abs(f - level) <= rounding * level)
            newton = x - (jnp.log(f) - target) * f / (slope * n)
            middle = (low + high) / 2
            # A step that leaves the bracket, or does not halve, is replaced by bisection.
            good = (newton >= low) & (newton <= high) & (jnp.abs(newton - x) <= last / 2)
            new = jnp.where(done, x, jnp.where(good, newton, middle))
            last = jnp.abs(new - x)
            done = done | (last <= near)
            return steps + 1, low, high, new, last, done

        start = (
            0, jnp.full_like(level, _LOG_LOW), jnp.full_like(level, _LOG_HIGH),
            jnp.zeros_like(level), jnp.full_like(level, _LOG_HIGH), ~searched,
        )  # fmt: skip
        unfinished = lambda state: ~jnp.all(state[-1]) & (state[0] < _MOST_STEPS)
        x = jax.lax.while_loop(unfinished, improve, start)[3]
        n = jnp.exp(x)

        def polish(_, n):  # in n itself, which also removes the rounding of ln n
            f, slope = with_slope(dynamic, n)
            polished = n - (f - level) / slope
            return jnp.where(jnp.abs(polished - n) <= 8 * near * n, polished, n)

        n = jax.lax.fori_loop(0, 2, polish, n)  # a loop, so that it is compiled once
        return jnp.where(searched, n, jnp.where(level > 0, jnp.inf, 0.0))

    @solve.defjvp
    def _(primals, tangents):
        dynamic, level = primals
        dynamic_dot, level_dot = tangents
        n = solve(dynamic, level)
        # At n = 0 the slope may be infinite (a power below 1): look just beside it.
        at = jnp.where(jnp.isfinite(n), jnp.maximum(n, jnp.exp(_LOG_LOW)), 1.0).astype(n.dtype)
        _, change = jax.jvp(lambda d: value(d, at), (dynamic,), (dynamic_dot,))
        _, slope = with_slope(dynamic, at)
        n_dot = (level_dot - change) / slope
        return n, jnp.where(jnp.isfinite(n), n_dot, 0.0)

    return solve
