"""Words written out in one pass are those of JAX, bit for bit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simlib._random_words import fold_in, random_words

KEYS = [jax.random.key(0), jax.random.key(2**31 - 1), jax.random.fold_in(jax.random.key(7), 3)]


@pytest.mark.parametrize("key", KEYS, ids=["zero", "large seed", "folded"])
@pytest.mark.parametrize("shape", [(), (1,), (1000,), (3, 5, 7), (2, 0)], ids=str)
@pytest.mark.parametrize("bits", [32, 64])
def test_words_are_those_of_jax(key, shape, bits):
    with jax.enable_x64(bits == 64):
        dtype = jnp.dtype(f"uint{bits}")
        ours, theirs = random_words(key, shape, dtype), jax.random.bits(key, shape, dtype)
    assert ours.dtype == dtype
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("key", KEYS, ids=["zero", "large seed", "folded"])
@pytest.mark.parametrize("number", [0, 1, 65536, 2**31, 2**32 - 1])
def test_folded_keys_are_those_of_jax(key, number):
    number = jnp.uint32(number)
    ours, theirs = fold_in(key, number), jax.random.fold_in(key, number)
    np.testing.assert_array_equal(jax.random.key_data(ours), jax.random.key_data(theirs))
    assert ours.dtype == theirs.dtype


def test_keys_in_a_batch_and_under_jit():
    keys = jax.random.split(jax.random.key(1), 4)
    words = jax.jit(jax.vmap(lambda k: random_words(fold_in(k, 5), (9,), jnp.dtype("uint32"))))
    expected = jax.vmap(lambda k: jax.random.bits(jax.random.fold_in(k, 5), (9,), "uint32"))
    np.testing.assert_array_equal(words(keys), expected(keys))


@pytest.mark.parametrize("change", ["generator", "layout"])
def test_other_generators_are_left_to_jax(change):
    key = jax.random.key(0, impl="rbg" if change == "generator" else None)
    with jax.threefry_partitionable(change == "generator"):
        words = random_words(key, (100,), jnp.dtype("uint32"))
        np.testing.assert_array_equal(words, jax.random.bits(key, (100,), "uint32"))
        ours, theirs = fold_in(key, 3), jax.random.fold_in(key, 3)
        np.testing.assert_array_equal(jax.random.key_data(ours), jax.random.key_data(theirs))
