"""Exponential levels: every random word goes where the inverse distribution says."""

from unittest import mock

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simlib import _levels
from tests.statistics import assert_agrees


def level_of(words):
    words = jnp.asarray(words)
    with mock.patch.object(_levels, "_words", return_value=words):
        return np.asarray(_levels.exponential_level(jax.random.key(0), words.shape))


@pytest.fixture(params=["float32", "float64"])
def width(request):
    with jax.enable_x64(request.param == "float64"):
        yield 64 if request.param == "float64" else 32


def test_short_times_have_their_exact_number_of_words(width):
    # Words with a leading one are ordered; the first m of them must give levels below t with
    # P(E <= t) = m / 2^W, for all m, even where P is far below the 2^-23 of a float32 uniform.
    word = np.uint64 if width == 64 else np.uint32
    for m in (1, 2, 3, 10, 1000, 10**6, 2 ** (width - 1) - 1):
        edge = 2 ** (width - 1) + m
        below, above = level_of(np.array([edge - 1, min(edge, 2**width - 1)], dtype=word))
        t = -np.log1p(-(m / 2.0**width))
        tolerance = 1 + 4 * np.finfo(below.dtype).eps
        assert below <= t * tolerance
        assert above >= t / tolerance or edge == 2**width


def test_long_times_have_their_exact_number_of_words(width):
    # P(E > g ln 2) = 2^-g: the words with g leading zeros, nothing more and nothing less.
    word = np.uint64 if width == 64 else np.uint32
    for g in range(width):
        first = 2 ** (width - 1 - g)
        levels = level_of(np.array([first, 2 * first - 1], dtype=word))
        tolerance = 4 * np.finfo(levels.dtype).eps
        assert np.all(levels >= g * np.log(2) * (1 - tolerance))
        assert np.all(levels <= (g + 1) * np.log(2) * (1 + tolerance))
    # Word 0, one chance in 2^W, is the largest level there is.
    assert np.isfinite(level_of(np.zeros(1, word))[0])


def test_levels_are_right_to_two_units_in_the_last_place(width):
    rng = np.random.default_rng(0)
    word = np.uint64 if width == 64 else np.uint32
    words = rng.integers(2 ** (width - 1), 2**width - 1, size=20_000, dtype=word, endpoint=True)
    levels = level_of(words)
    top = word(2 ** (width - 1))
    h = ((words ^ top).astype(np.longdouble) + 0.5) * np.longdouble(2.0) ** -width
    exact = -np.log1p(-h)
    assert np.max(np.abs(levels / exact - 1)) < 2.5 * np.finfo(levels.dtype).eps


def test_distribution(width):
    n = 10**6
    levels = np.asarray(_levels.exponential_level(jax.random.key(3), (n,)), np.float64)
    assert levels.min() > 0
    at = np.array([1e-4, 0.01, 0.3, 0.69, 0.7, 1.0, 3.0, 8.0])
    below = (levels[:, None] <= at).sum(0)
    assert_agrees(
        below,
        -np.expm1(-at),
        n=n,
        wrong={"has mean 1.01": -np.expm1(-at / 1.01), "is uniform": np.minimum(at, 1.0)},
    )


def test_uniform_resolves_small_probabilities(width):
    words = np.array([0, 1, 2, 100], dtype=np.uint64 if width == 64 else np.uint32)
    with mock.patch.object(_levels, "_words", return_value=jnp.asarray(words)):
        values = np.asarray(_levels.uniform(jax.random.key(0), (4,)))
    np.testing.assert_allclose(values, (words + 0.5) * 2.0**-width, rtol=1e-6)


def test_default_sampler_of_jax_does_not_resolve_them():
    # Why the engine has its own: a quarter of a million draws hit the exact zero of a 23-bit
    # grid far more often than the 1e-9 that an error rate of 1e-9 asks for.
    with jax.enable_x64(False):
        default = jax.random.exponential(jax.random.key(0), (2**24,))
        assert int(jnp.sum(default <= 1e-9)) > 0
        ours = _levels.exponential_level(jax.random.key(0), (2**24,))
        assert int(jnp.sum(ours <= 1e-9)) == 0
