"""Keys: what a user must pass, and which key each block of replicates gets."""

import hashlib

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Integer, PRNGKeyArray, PyTree

from .._random_words import fold_in

# Replicates that share one random key. Part of the result: changing it changes every draw.
# 2**16 levels fill the level-2 cache of a CPU core (measured best of 2**14 .. 2**20).
BLOCK = 2**16

# `fold_in` takes 32 bits, which name this many blocks.
_MOST_BLOCKS = 2**32


def check_key(key: object) -> None:
    """Raise `TypeError` or `ValueError` unless `key` is one JAX key."""
    if isinstance(key, int | np.integer):
        raise TypeError(f"key must be a JAX key, got the seed {key}; pass jax.random.key({key}).")
    if not isinstance(key, jax.Array):
        raise TypeError(f"key must be a JAX key, got {key!r}; pass jax.random.key(0).")
    if not jnp.issubdtype(key.dtype, jax.dtypes.prng_key):
        raise TypeError(
            f"key must be a typed JAX key, got an array of {key.dtype}; "
            "pass jax.random.key(0), or jax.random.wrap_key_data(key) for an old-style key."
        )
    if key.shape != ():
        raise ValueError(f"key must be a single key, got shape {key.shape}; index or split it.")


def block_key(key: PRNGKeyArray, index: Integer[Array, ""] | int) -> PRNGKeyArray:
    """The key of the block with this global index, the same on every device and host."""
    return fold_in(key, index)


def check_span(start: int | float, replicates: int | float) -> int:
    """The end of the span of replicates `[start, start + replicates)`, after checks.

    Whole floats are taken, as people write a million as 1e6.
    """
    for name, value, least in (("start", start, 0), ("replicates", replicates, 1)):
        if isinstance(value, bool) or not value >= least or value != value // 1:
            raise ValueError(f"{name} must be a whole number >= {least}, got {value!r}.")
    stop = int(start) + int(replicates)
    if stop > BLOCK * _MOST_BLOCKS:
        raise ValueError(
            f"replicates must end before {BLOCK * _MOST_BLOCKS}, got {stop}; use a second key."
        )
    return stop


def fingerprint(tree: PyTree) -> str:
    """A digest of the values and structure of a tree, to recognise the same process or key."""
    leaves, structure = jax.tree.flatten(tree)
    digest = hashlib.sha256(str(structure).encode())
    for leaf in leaves:
        if isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            digest.update(str(jax.random.key_impl(leaf)).encode())
            leaf = jax.random.key_data(leaf)
        values = np.asarray(leaf)
        digest.update(f"{values.dtype}{values.shape}".encode() + values.tobytes())
    return digest.hexdigest()[:16]
