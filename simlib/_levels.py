"""Random words turned into uniforms and exponential levels, without losing either tail."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

# Terms of 2 artanh(s) = 2 s (1 + s^2/3 + s^4/5 + ...) for s <= 1/3: the remainder is below a
# quarter of the rounding error of the dtype.
_TERMS = {32: 8, 64: 17}


def exponential_level(
    key: PRNGKeyArray, shape: tuple[int, ...], dtype: Any = float
) -> Float[Array, "..."]:
    r"""Standard exponential variables, exact in both tails.

    The cumulative hazard at the first error is Exp(1). One random word of $W$ bits, as many as
    the floating dtype has (32 or 64), gives one level: its leading zeros count how often survival
    halved, a geometric variable $G$ with $P(G\ge g)=2^{-g}$; the bits below the leading one
    are uniform $v$ and give the rest, $-\ln(1-v/2)\in[0,\ln2)$, by the lack of memory,

    $$E = G\ln 2-\ln(1-v/2).$$

    Probabilities of short times, $P(E\le t)$, and of long ones, $P(E>t)$, are right to an
    absolute $2^{-W}$; `jax.random.exponential` has 23 (52) bits and cannot tell error
    rates below $2^{-23}$ from zero or from each other. The logarithm is the series of
    $2\,\mathrm{artanh}\frac{h}{2-h}$, $h=v/2$, which is faster than `log1p` and right to two
    units in the last place.

    Returns
    -------
    Levels $>0$ of the given dtype, by default float64 if `jax_enable_x64` is set, else float32.
    """
    dtype = jax.dtypes.canonicalize_dtype(dtype)
    word = _words(key, shape, dtype)
    width = jnp.iinfo(word.dtype).bits
    signed = jnp.int64 if width == 64 else jnp.int32
    halvings = jnp.minimum(jax.lax.clz(word), word.dtype.type(width - 1))
    below_leading_one = (word << halvings) & word.dtype.type(2 ** (width - 1) - 1)
    half_step = dtype.type(0.5)  # keeps the level positive and the grid centred
    h = (below_leading_one.astype(signed).astype(dtype) + half_step) * dtype.type(0.5**width)
    s = h / (2 - h)
    square = s * s
    series = jnp.zeros_like(s)
    for term in range(_TERMS[width] - 1, -1, -1):
        series = series * square + 1 / (2 * term + 1)
    ln_2 = dtype.type(0.6931471805599453)
    return halvings.astype(signed).astype(dtype) * ln_2 + 2 * s * series


def uniform(key: PRNGKeyArray, shape: tuple[int, ...], dtype: Any = float) -> Float[Array, "..."]:
    r"""Uniforms in (0, 1] whose small values are right to $2^{-W}$, $W$ bits per word.

    For `uniform < p` with tiny `p`; `jax.random.uniform` has a grid of $2^{-23}$ ($2^{-52}$).
    """
    dtype = jax.dtypes.canonicalize_dtype(dtype)
    word = _words(key, shape, dtype)
    width = jnp.iinfo(word.dtype).bits
    return (word.astype(dtype) + dtype.type(0.5)) * dtype.type(0.5**width)


def _words(key: PRNGKeyArray, shape: tuple[int, ...], dtype: Any) -> Shaped[Array, "..."]:
    return jax.random.bits(key, shape, jnp.uint64 if dtype == jnp.float64 else jnp.uint32)
