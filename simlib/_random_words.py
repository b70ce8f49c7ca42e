"""Random words of JAX's Threefry generator, computed in one pass.

The words are those of `jax.random.bits`, bit for bit. On a CPU JAX runs the rounds of the
generator as a loop that writes every intermediate result to memory; written out, they fuse with
what uses the words, which was two to four times faster.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Integer, PRNGKeyArray, UInt, UInt32

# Salmon et al. (2011), Parallel random numbers: as easy as 1, 2, 3, tables 4 and 5.
_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = np.uint32(0x1BD11BDA)
_GROUPS_OF_FOUR_ROUNDS = 5


def random_words(key: PRNGKeyArray, shape: tuple[int, ...], dtype: jnp.dtype) -> UInt[Array, "..."]:
    """Uniform words of 32 or 64 bits: `jax.random.bits(key, shape, dtype)`."""
    size = int(np.prod(shape, dtype=np.int64))
    if not _is_counter_based(key) or size >= 2**32:
        return jax.random.bits(key, shape, dtype)
    counter = jnp.arange(size, dtype=jnp.uint32).reshape(shape)
    high, low = _threefry(key, jnp.zeros_like(counter), counter)
    if dtype == jnp.uint32:
        return high ^ low
    return (high.astype(dtype) << dtype.type(32)) | low.astype(dtype)


def fold_in(key: PRNGKeyArray, data: Integer[Array, ""] | int) -> PRNGKeyArray:
    """A key for each number below $2^{32}$: `jax.random.fold_in(key, data)`."""
    if not _is_counter_based(key):
        return jax.random.fold_in(key, data)
    words = _threefry(key, jnp.uint32(0), jnp.asarray(data).astype(jnp.uint32))
    return jax.random.wrap_key_data(jnp.stack(words), impl=jax.random.key_impl(key))


def _is_counter_based(key: PRNGKeyArray) -> bool:
    """Whether JAX, too, would run Threefry on the position of each word."""
    partitionable = bool(jax.config.jax_threefry_partitionable)  # pyright: ignore[reportAttributeAccessIssue]
    return partitionable and str(jax.random.key_impl(key)) == "threefry2x32"


def _threefry(
    key: PRNGKeyArray, high: UInt32[Array, "..."], low: UInt32[Array, "..."]
) -> tuple[UInt32[Array, "..."], UInt32[Array, "..."]]:
    """Threefry-2x32 with 20 rounds of the counter (high, low)."""
    first, second = jax.random.key_data(key)
    schedule = (first, second, first ^ second ^ _PARITY)
    x, y = high + first, low + second
    for group in range(_GROUPS_OF_FOUR_ROUNDS):
        for turn in _ROTATIONS[group % 2]:
            x = x + y
            y = x ^ ((y << np.uint32(turn)) | (y >> np.uint32(32 - turn)))
        x = x + schedule[(group + 1) % 3]
        y = y + schedule[(group + 2) % 3] + np.uint32(group + 1)
    return x, y
