"""Random words turned into uniforms and exponential levels, without losing either tail."""

from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from ._random_words import random_words

# Polynomials in 4 h - 1 that are -ln(1 - h) / h for h in [0, 1/2), through its values at the
# Chebyshev nodes, per bits of the dtype: wrong by a rounding error. Highest power first.
_POLYNOMIAL = {
    32: (
        6.613204755219115e-06, 2.1998062188955125e-05, 5.7530132945237596e-05,
        0.00019820976413018323, 0.0007125137022395724, 0.002581691666542629,
        0.00976547746676781, 0.039616983008326834, 0.18260504472623343, 1.1507282937282726,
    ),
    64: (
        7.369464878808194e-11, 2.3227374698104843e-10, 3.655145928044951e-10,
        1.164728024089954e-09, 4.5085223789188935e-09, 1.443550657824125e-08,
        4.550946841814444e-08, 1.472203140524294e-07, 4.798343810018529e-07,
        1.5730211345274997e-06, 5.2010954686423145e-06, 1.737898974331347e-05,
        5.882888242348353e-05, 0.00020245533441837435, 0.0007120394108895527,
        0.0025801416586814434, 0.009765537353372966, 0.039617178696021535,
        0.1826050435262096, 1.1507282898071236,
    ),
}  # fmt: skip


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
    rates below $2^{-23}$ from zero or from each other. The logarithm is a polynomial, right
    to two units in the last place: without a division or a call all of it compiles into one
    loop over the words.

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
    u = 4 * h - 1
    polynomial = jnp.zeros_like(h)
    for coefficient in _POLYNOMIAL[width]:
        polynomial = polynomial * u + dtype.type(coefficient)
    ln_2 = dtype.type(0.6931471805599453)
    return halvings.astype(signed).astype(dtype) * ln_2 + h * polynomial


def uniform(key: PRNGKeyArray, shape: tuple[int, ...], dtype: Any = float) -> Float[Array, "..."]:
    r"""Uniforms in (0, 1] whose small values are right to $2^{-W}$, $W$ bits per word.

    For `uniform < p` with tiny `p`; `jax.random.uniform` has a grid of $2^{-23}$ ($2^{-52}$).
    """
    dtype = jax.dtypes.canonicalize_dtype(dtype)
    word = _words(key, shape, dtype)
    width = jnp.iinfo(word.dtype).bits
    return (word.astype(dtype) + dtype.type(0.5)) * dtype.type(0.5**width)


def _words(key: PRNGKeyArray, shape: tuple[int, ...], dtype: Any) -> Shaped[Array, "..."]:
    return random_words(key, shape, jnp.dtype(jnp.uint64 if dtype == jnp.float64 else jnp.uint32))
