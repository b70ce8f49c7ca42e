"""Estimated survival against formulas typed here, for every process and both precisions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import simlib
from simlib import (
    ConstantRate,
    DecayingRate,
    KeyTokens,
    LinearShare,
    LogarithmicGrowth,
    PowerGrowth,
    SaturatingGrowth,
    Uniform,
)
from simlib.simulate import hazard, survival, survival_counts, token_by_token
from simlib.simulate._survival import count_above
from tests.simulate._frailty import ExponentialFrailty
from tests.statistics import assert_agrees

KEY = jax.random.key(1)
LENGTHS = np.array([1, 10, 100, 1000])

# name: (process, survival typed by hand, a wrong formula and what is wrong with it)
CASES = {
    "uniform": (
        Uniform(0.003),
        lambda n: 0.997**n,
        ("uses e for -ln(1-e)", lambda n: np.exp(-0.003 * 1.05 * n)),
    ),
    "fixed share": (
        KeyTokens(0.01, LinearShare(0.09), ConstantRate(1e-4)),
        lambda n: 0.99 ** (0.09 * n) * (1 - 1e-4) ** (0.91 * n),
        ("forgets the non-key tokens", lambda n: 0.99 ** (0.09 * n)),
    ),
    "square root": (
        KeyTokens(0.01, PowerGrowth(3.0, 0.5)),
        lambda n: 0.99 ** np.minimum(3 * np.sqrt(n), _clipped_root(n)),
        ("has exponent 0.52", lambda n: 0.99 ** np.minimum(3 * n**0.52, _clipped_root(n))),
    ),
    "saturating": (
        KeyTokens(0.01, SaturatingGrowth(50, 100), DecayingRate(0.5, 2.0)),
        None,
        ("has no non-key errors", lambda n: 0.99 ** (50 * -np.expm1(-n / 100))),
    ),
    "logarithmic": (
        KeyTokens(0.01, LogarithmicGrowth(10.0)),
        None,
        ("has coefficient 10.5", lambda n: n ** (10.5 * np.log(0.99))),
    ),
    "frailty": (
        ExponentialFrailty(0.01),
        lambda n: 1 / (1 + 0.01 * n),
        ("averages the hazard instead of survival", lambda n: np.exp(-0.01 * n)),
    ),
}


def _clipped_root(n):
    # Not more than one key token per token: the root rises by less than 1 from n = 9/4 on.
    return np.where(n < 2.25, n, 2.25 + 3 * np.sqrt(n) - 3 * np.sqrt(2.25))


@pytest.mark.parametrize("name", CASES)
def test_event_driven_survival_agrees(name):
    process, typed, (fault, wrong) = CASES[name]
    truth = np.asarray(process.survival(LENGTHS))
    if typed is not None and name != "square root":
        np.testing.assert_allclose(truth, typed(LENGTHS.astype(float)), rtol=1e-10)
    estimate = survival(process, LENGTHS, key=KEY, replicates=400_000)
    agreement = assert_agrees(estimate, truth, wrong={fault: wrong(LENGTHS.astype(float))})
    assert agreement.smallest_detectable < 0.01


@pytest.mark.parametrize("name", CASES)
def test_token_by_token_agrees(name):
    process, *_ = CASES[name]
    lengths = np.array([1, 10, 100, 400])
    estimate = token_by_token(process, lengths, key=KEY, replicates=40_000)
    assert_agrees(
        estimate,
        np.asarray(process.survival(lengths)),
        # Some wrong formulas are close: a test of 40,000 sequences must still see a gross one.
        wrong={"is off by a tenth": np.asarray(process.survival(lengths)) * 0.9},
    )


@pytest.mark.parametrize("name", ["uniform", "square root", "frailty"])
def test_single_precision_agrees(name):
    with jax.enable_x64(False):
        single = jax.tree.map(lambda x: jnp.asarray(x, jnp.float32), CASES[name][0])
        counts = survival_counts(single, LENGTHS, key=KEY, replicates=10**6)
        oracle = token_by_token(single, LENGTHS[:3], key=KEY, replicates=40_000)
        assert oracle.value.dtype == jnp.float32
    process, _, (fault, wrong) = CASES[name]
    truth = np.asarray(process.survival(LENGTHS))
    assert_agrees(
        np.array(counts.survived), truth, n=10**6, wrong={fault: wrong(LENGTHS.astype(float))}
    )
    assert_agrees(oracle, truth[:3])


def test_rare_errors_in_single_precision():
    # 1e-8 per token: below the grid of a float32 uniform, which would give 0 or 1.2e-7.
    with jax.enable_x64(False):
        counts = survival_counts(Uniform(1e-8), [1, 100], key=KEY, replicates=2 * 10**7)
    failed = 2 * 10**7 - np.array(counts.survived)
    assert_agrees(
        failed,
        -np.expm1(np.array([1, 100]) * np.log1p(-1e-8)),
        n=2 * 10**7,
        wrong={"rounds to the grid of a uniform": [1.2e-7, 1.2e-7]},
    )


def test_hazard_agrees_and_is_nan_without_risk():
    trials = np.array([1, 2, 7, 50])
    estimate = hazard(ExponentialFrailty(0.05), trials, key=KEY, replicates=400_000)
    truth = 1 - (1 + 0.05 * (trials - 1)) / (1 + 0.05 * trials)
    assert_agrees(
        (estimate.value, estimate.stderr)[0],
        truth,
        stderr=estimate.stderr,
        wrong={"is constant": np.full(4, truth[0])},
    )
    empty = hazard(Uniform(0.9), [1, 500], key=KEY, replicates=1000)
    assert np.isnan(empty.value[1])
    assert (float(empty.lower[1]), float(empty.upper[1])) == (0.0, 1.0)


def test_shape_order_and_repetition_of_lengths():
    lengths = np.array([[100, 0], [10, 100]])
    estimate = survival(Uniform(0.01), lengths, key=KEY, replicates=5000)
    assert estimate.shape == (2, 2)
    assert estimate.value[0, 0] == estimate.value[1, 1]
    assert estimate.value[0, 1] == 1.0
    one = survival(Uniform(0.01), 10, key=KEY, replicates=5000)
    assert one.shape == ()
    assert one.value == estimate.value[1, 0]


@pytest.mark.parametrize("process", [Uniform(0.02), ExponentialFrailty(0.02)])
def test_many_lengths_are_counted_like_few(process):
    many = np.arange(0, 200)
    few = [0, 1, 17, 100, 199]
    a = survival_counts(process, many, key=KEY, replicates=70_000)
    b = survival_counts(process, few, key=KEY, replicates=70_000)
    assert tuple(a.survived[i] for i in few) == b.survived


def test_certain_failure_survives_length_zero_only():
    counts = survival_counts(Uniform(1 - 1e-15), [0, 1], key=KEY, replicates=1000)
    assert counts.survived == (1000, 0)


@pytest.mark.parametrize(
    ("lengths", "replicates", "message"),
    [
        ([-1, 10], 10, "lengths must be whole numbers >= 0, got -1"),
        ([1.5], 10, r"lengths must be whole numbers >= 0, got 1\.5"),
        ([np.nan], 10, "got nan"),
        ([np.inf], 10, "got inf"),
        ([True], 10, "got bool values"),
        ([], 10, "at least one length"),
        ([10], 0, "replicates must be a whole number >= 1, got 0"),
        ([10], 2.5, r"replicates must be a whole number >= 1, got 2\.5"),
        ([10], np.nan, "got nan"),
        ([10], 1e16, "use a second key"),
    ],
)
@pytest.mark.parametrize("function", [survival, survival_counts, token_by_token])
def test_impossible_requests_are_named(function, lengths, replicates, message):
    with pytest.raises(ValueError, match=message):
        function(Uniform(0.1), np.array(lengths), key=KEY, replicates=replicates)


def test_a_process_that_returns_nan_is_refused():
    class Broken(simlib.AbstractErrorProcess):
        def log_survival(self, n):
            return jnp.full(jnp.shape(n), jnp.nan)

    class BrokenLatent(ExponentialFrailty):
        def conditional_inverse_cumulative_hazard(self, latent, level):
            return jnp.where(latent > 0.02, jnp.nan, level / latent)

    with pytest.raises(ValueError, match="not a number at some lengths"):
        survival(Broken(), [1, 2], key=KEY, replicates=100)
    with pytest.raises(ValueError, match="simulated times are not numbers"):
        survival(BrokenLatent(0.02), [1, 2], key=KEY, replicates=100)


def test_oracle_and_engine_agree_on_an_atom_of_immortals():
    # Half of the sequences never fail: their hazard is 0 and their time infinite.
    class Half(ExponentialFrailty):
        def sample_latent(self, shape, *, key):
            return self.rate * jax.random.bernoulli(key, 0.5, shape)

    lengths = np.array([1, 30, 300])
    truth = 0.5 + 0.5 * np.exp(-0.05 * lengths)
    for function in (survival, token_by_token):
        estimate = function(Half(0.05), lengths, key=KEY, replicates=50_000)
        assert_agrees(estimate, truth, wrong={"kills the immortals": np.exp(-0.05 * lengths)})


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("size", [7, 96, 65536])
@pytest.mark.parametrize("lengths", [1, 3, 4, 7, 8, 31])
def test_every_draw_is_counted_once_at_every_length(lengths, size, bits):
    # Counts of several lengths share a word; none may run over, and none may be left out.
    rng = np.random.default_rng(lengths * size)
    values = rng.exponential(size=size).astype(f"float{bits}")
    values[rng.random(size) < 0.1] = np.nan
    values[rng.random(size) < 0.1] = np.inf
    thresholds = np.sort(rng.exponential(size=lengths)).astype(values.dtype)
    thresholds[0], valid = 0, rng.random(size) < 0.9
    with jax.enable_x64(bits == 64):
        found = count_above(*map(jnp.asarray, (values, thresholds, valid)))
        all_pass = values, np.full_like(thresholds, -1), ~np.isnan(values)
        full = count_above(*map(jnp.asarray, all_pass))
    above = [np.sum((values > t) & valid) for t in thresholds]
    np.testing.assert_array_equal(found, [*above, np.sum(np.isnan(values) & valid)])
    np.testing.assert_array_equal(full, [size - np.sum(np.isnan(values))] * lengths + [0])
