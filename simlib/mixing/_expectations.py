"""Expectations over a mixing distribution by quadrature, each compiled once per family."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..formulas._special import log1mexp
from ._coordinates import hazard, log_rate
from ._quadrature import log_integral, nodes_and_weights

if TYPE_CHECKING:
    from ._base import AbstractMixing

# A log-probability above this is computed through its complement, which is then the small one.
_NEAR_ONE = -0.7
# A number that every dtype tells from 0; smaller ones make no difference to a sum.
_TINY = 1e-37
# So few trials that the probability of a miss is linear in them, to rounding.
_BESIDE = 1e-20


@eqx.filter_jit
def log_moment(
    mixing: "AbstractMixing", c: Float[Array, "..."], m: Float[Array, "..."]
) -> Float[Array, "..."]:
    """`ln E p^c (1-p)^m` from whichever of it and its complement is small."""
    something = (c > 0) | (m > 0)
    # Of no trials the value is 0, but its derivative in m is E ln(1-p), found just beside.
    m = jnp.where(something, m, m + _BESIDE)

    def both(y, c, m, complement):
        value = c * log_rate(y) - m * hazard(y)
        return jnp.where(complement, log1mexp(-jnp.minimum(value, -_TINY)), value)

    value = _pair(mixing, both, c, m)
    return jnp.where(something, value, value - jax.lax.stop_gradient(value))


@eqx.filter_jit
def log_all_fail(
    mixing: "AbstractMixing", n: Float[Array, "..."], k: Float[Array, "..."]
) -> Float[Array, "..."]:
    """`ln E (1 - exp(-n X))^k` from whichever of it and its complement is small."""
    n_positive, k_positive = n > 0, k > 0

    def both(y, log_n, k, complement):
        some_hit = log_rate(y + log_n)
        # All k runs are hit, or at least one is clean.
        return jnp.where(complement, log1mexp(-k * jnp.minimum(some_hit, -_TINY)), k * some_hit)

    log_n = jnp.log(jnp.where(n_positive, n, 1.0))
    value = _pair(mixing, both, log_n, jnp.where(k_positive, k, 1.0))
    return jnp.where(k_positive, jnp.where(n_positive, value, -jnp.inf), 0.0)


@eqx.filter_jit
def log_mean_odds_against(mixing: "AbstractMixing") -> Float[Array, "..."]:
    """`ln E (1-p)/p`, wherever the expectation exists."""
    return _log_mean(mixing, lambda y: -hazard(y) - log_rate(y))


@eqx.filter_jit
def expect(mixing: "AbstractMixing", function: Callable[[Array], Array]) -> Float[Array, "..."]:
    """`E function(ln p)` with nodes that follow the density."""

    def density(mixing, y):
        return mixing.log_density_log_hazard(y)

    y, weight, _ = nodes_and_weights(density, mixing, mixing.batch_shape, count=800)
    return jnp.sum(jnp.exp(density(mixing, y)) * function(log_rate(y)) * weight, axis=0)


@eqx.filter_jit
def log_hazard_quantile(
    mixing: "AbstractMixing", probability: Float[Array, "..."]
) -> Float[Array, "..."]:
    """The log-hazard below which a unit lies with the given probability, by bisection."""
    target = jnp.log(probability)
    shape = jnp.broadcast_shapes(target.shape, mixing.batch_shape)

    def place(u):  # covers |y| up to 1e5, dense near 0
        return 20.0 * jnp.sinh(u)

    def halve(_, bounds):
        low, high = bounds
        middle = (low + high) / 2
        below = mixing.log_cdf_log_hazard(place(middle)) < target
        return jnp.where(below, middle, low), jnp.where(below, high, middle)

    ends = (jnp.full(shape, -9.2, target.dtype), jnp.full(shape, 9.2, target.dtype))
    low, high = jax.lax.fori_loop(0, 55, halve, ends)
    in_atom = mixing.log_cdf_log_hazard(place(ends[0])) >= target
    return jnp.where(in_atom, -jnp.inf, place((low + high) / 2))


def _log_mean(
    mixing: "AbstractMixing", log_function: Callable[..., Array], *arguments: Array
) -> Array:
    """`ln E exp(log_function(Y, *arguments))`, nodes around the peak of this integrand."""
    shape = jnp.broadcast_shapes(mixing.batch_shape, *(a.shape for a in arguments))

    def integrand(parameters, y):
        mixing, arguments = parameters
        return mixing.log_density_log_hazard(y) + log_function(y, *arguments)

    return log_integral(integrand, (mixing, arguments), shape)


def _pair(mixing: "AbstractMixing", log_function: Callable[..., Array], *arguments: Array) -> Array:
    """A log-probability: through its complement where that is the smaller one.

    The logarithm of a probability near 1 keeps its digits only if its distance from 1 does.
    """
    shape = jnp.broadcast_shapes(mixing.batch_shape, *(a.shape for a in arguments))
    complement = jnp.asarray([False, True]).reshape(2, *(1 for _ in shape))
    # Broadcasting happens on trailing axes: the pair comes first.
    arguments = tuple(jnp.broadcast_to(a, shape) for a in arguments)
    value, small = _log_mean(mixing, log_function, *arguments, complement)
    near_one = value > _NEAR_ONE
    small = jnp.where(near_one, jnp.minimum(small, -1e-30), -1.0)
    return jnp.where(near_one, jnp.log1p(-jnp.exp(small)), value)
