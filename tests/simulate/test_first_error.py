"""The first error: right distribution, whole numbers, usable in compiled code."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simlib import KeyTokens, SaturatingGrowth, Uniform
from simlib.simulate import first_error, survival_counts
from simlib.simulate._keys import BLOCK, block_key
from tests.simulate._frailty import ExponentialFrailty
from tests.statistics import assert_agrees

KEY = jax.random.key(20)


def test_geometric_probabilities_trial_by_trial():
    e, n = 0.3, 10**6
    trials = np.arange(1, 21)
    drawn = np.asarray(first_error(Uniform(e), key=KEY, shape=(n,)))
    counts = (drawn[:, None] == trials).sum(0)
    agreement = assert_agrees(
        counts,
        e * (1 - e) ** (trials - 1),
        n=n,
        wrong={
            "counts correct tokens instead of the failing trial": e * (1 - e) ** trials,
            "takes e for the hazard rate": np.exp(-e * (trials - 1)) * -np.expm1(-e),
        },
    )
    assert agreement.smallest_detectable < 0.02


@pytest.mark.parametrize("x64", [False, True])
def test_results_are_whole_positive_floats(x64):
    with jax.enable_x64(x64):
        for e in (1e-9, 1e-3, 0.5, 1 - 1e-6):
            drawn = first_error(Uniform(e), key=KEY, shape=(10_000,))
            assert drawn.dtype == (jnp.float64 if x64 else jnp.float32)
            values = np.asarray(drawn)
            assert np.all(values >= 1)
            assert np.array_equal(values, np.round(values))


def test_rate_near_one_fails_at_once_and_scalar_shape():
    assert np.all(np.asarray(first_error(Uniform(1 - 1e-15), key=KEY, shape=(1000,))) == 1)
    assert first_error(Uniform(0.1), key=KEY).shape == ()


def test_plateau_gives_infinity_with_its_probability():
    process = KeyTokens(0.01, SaturatingGrowth(50, 20))
    n = 200_000
    never = np.isinf(np.asarray(first_error(process, key=KEY, shape=(n,)))).sum()
    plateau = 0.99**50
    assert_agrees(never, plateau, n=n, wrong={"forgets one key token": 0.99**49})


def test_jit_and_vmap_agree_with_plain_calls():
    plain = first_error(Uniform(0.01), key=KEY, shape=(100,))
    compiled = jax.jit(lambda p, key: first_error(p, key=key, shape=(100,)))(Uniform(0.01), KEY)
    np.testing.assert_array_equal(plain, compiled)
    rates = jnp.array([0.01, 0.1])
    mapped = jax.vmap(lambda e: first_error(Uniform(e), key=KEY, shape=(100,)))(rates)
    np.testing.assert_array_equal(mapped[0], plain)
    keys = jax.random.split(KEY, 3)
    assert jax.vmap(lambda k: first_error(Uniform(0.01), key=k))(keys).shape == (3,)


@pytest.mark.parametrize("process", [Uniform(0.02), ExponentialFrailty(0.02)])
def test_survival_counts_are_counts_of_first_errors(process):
    # Two blocks and a bit of a third, drawn by hand with the keys the engine uses.
    lengths, replicates = [0, 1, 5, 40], 2 * BLOCK + 1000
    drawn = np.concatenate(
        [first_error(process, key=block_key(KEY, b), shape=(BLOCK,)) for b in range(3)]
    )[:replicates]
    counts = survival_counts(process, lengths, key=KEY, replicates=replicates)
    assert counts.survived == tuple(int((drawn > n).sum()) for n in lengths)


@pytest.mark.parametrize(
    ("key", "error", "message"),
    [
        (0, TypeError, r"got the seed 0; pass jax\.random\.key\(0\)"),
        (np.int64(3), TypeError, "got the seed 3"),
        ("a", TypeError, "must be a JAX key, got 'a'"),
        (jax.random.PRNGKey(0), TypeError, r"wrap_key_data"),
        (jax.random.split(KEY), ValueError, r"single key, got shape \(2,\)"),
    ],
)
def test_wrong_keys_are_named(key, error, message):
    from simlib.simulate._keys import check_key

    with pytest.raises(error, match=message):
        check_key(key)
    with pytest.raises(TypeError):  # the annotation or the check, whichever comes first
        first_error(Uniform(0.1), key=0)
