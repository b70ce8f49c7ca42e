"""Arguments: what is accepted, and what is said about the rest."""

import doctest

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simlib.processes import (
    AbstractErrorProcess,
    ConstantRate,
    DecayingRate,
    KeyTokens,
    LinearShare,
    LogarithmicGrowth,
    PowerGrowth,
    SaturatingGrowth,
    Uniform,
    _key_tokens,
    _uniform,
)

process = Uniform(0.1)


def test_lengths_may_be_numbers_arrays_or_lists():
    expected = [0.9, 0.81, 0.729]
    for n in ([1, 2, 3], (1.0, 2.0, 3.0), np.arange(1, 4), np.arange(1, 4, dtype=np.int8),
              jnp.arange(1, 4), np.float32([1, 2, 3])):  # fmt: skip
        assert process.survival(n).tolist() == pytest.approx(expected, rel=1e-6)
    assert float(process.survival(2)) == pytest.approx(0.81)
    assert process.survival([[1], [2]]).shape == (2, 1)
    assert process.survival(3).dtype == jnp.float64


def test_parameters_keep_their_dtype():
    assert Uniform(np.float32(0.1)).error_rate.dtype == jnp.float32
    assert Uniform(np.float32(0.1)).survival(np.float32(3)).dtype == jnp.float32
    assert Uniform(0.1).error_rate.dtype == jnp.float64
    assert DecayingRate(1, 2).exponent.dtype == jnp.float64


def test_parameters_and_lengths_broadcast():
    batch = Uniform([0.1, 0.2])
    assert batch.survival([[1], [2], [3]]).shape == (3, 2)
    assert batch.horizon(0.5).shape == (2,)
    assert batch.log_log_slope(3.0) == pytest.approx([3 * np.log(0.9), 3 * np.log(0.8)])
    assert batch.mean_run_length(3).shape == (2,)


BAD_ARGUMENTS = {
    "negative length": (lambda: process.survival(-1), "n must be at least 0.*Got -1.0"),
    "one of many": (lambda: process.failure([1.0, -2.5]), "Got -2.5"),
    "not a number": (lambda: process.cumulative_hazard(np.nan), "Got nan"),
    "slope": (lambda: process.log_log_slope(-3), "Got -3.0"),
    "trial 0": (lambda: process.hazard(0), "numbered from 1. Got 0.0"),
    "reliability 0": (lambda: process.horizon(0.0), "0 < reliability < 1.*Got 0.0"),
    "reliability 1": (lambda: process.horizon([0.5, 1]), "Got 1.0"),
    "per cent": (lambda: process.horizon(80), "Got 80.0"),
    "negative attempts": (lambda: process.pass_probability(3, -1), "attempts must be.*Got -1.0"),
    "length of an attempt": (lambda: process.log_all_fail(-3, 1), "Got -3.0"),
}


@pytest.mark.parametrize("name", BAD_ARGUMENTS)
def test_bad_arguments_are_named(name):
    call, message = BAD_ARGUMENTS[name]
    with pytest.raises(ValueError, match=message) as caught:
        call()
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("call", "argument", "message"),
    [
        (process.survival, -1.0, "n must be at least 0"),
        (process.hazard, 0.0, "numbered from 1"),
        (process.horizon, 1.5, "0 < reliability < 1"),
        (lambda k: process.pass_probability(3, k), -1.0, "attempts must be at least 0"),
    ],
)
def test_bad_arguments_are_caught_at_run_time_too(call, argument, message):
    compiled = eqx.filter_jit(call)
    with pytest.raises(eqx.EquinoxRuntimeError, match=message):
        compiled(jnp.asarray(argument)).block_until_ready()


BAD_PARAMETERS = [
    (lambda: Uniform(1.2), r"error_rate must lie in \(0, 1\).*got 1.2"),
    (lambda: Uniform(0.0), "error_rate must lie"),
    (lambda: Uniform([0.5, np.nan]), "got nan"),
    (lambda: KeyTokens(0.0, LinearShare(0.1)), "key_error_rate must lie"),
    (lambda: LinearShare(1.5), r"share must lie in \[0, 1\]"),
    (lambda: PowerGrowth(0.0, 0.5), "coefficient must lie"),
    (lambda: PowerGrowth(1.0, -0.5), "exponent must lie"),
    (lambda: PowerGrowth(1.0, np.inf), "exponent must lie"),
    (lambda: LogarithmicGrowth(-1.0), "coefficient must lie"),
    (lambda: SaturatingGrowth(-1.0, 3.0), "limit must lie"),
    (lambda: SaturatingGrowth(1.0, 0.0), "scale must lie"),
    (lambda: ConstantRate(1.0), r"error_rate must lie in \[0, 1\)"),
    (lambda: DecayingRate(0.0, 1.0), "coefficient must lie"),
    (lambda: DecayingRate(1.0, -1.0), r"exponent must lie in \[0, inf\)"),
]


@pytest.mark.parametrize(("make", "message"), BAD_PARAMETERS)
def test_bad_parameters_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_the_ends_that_are_allowed():
    assert float(LinearShare(0.0).count(7)) == 0
    assert float(LinearShare(1).count(7)) == 7
    assert float(ConstantRate(0).cumulative_hazard(7)) == 0
    assert float(DecayingRate(0.1, 0).cumulative_hazard(7)) == pytest.approx(0.7)
    never = KeyTokens(0.1, LinearShare(0.0))
    assert float(never.survival(1e9)) == 1
    assert np.isinf(never.horizon(0.5))


def test_of_no_attempts_all_fail():
    # At length 0 an attempt cannot fail; even so, no attempt passes.
    assert float(process.pass_probability(0, 0)) == 0.0
    assert float(process.pass_probability(0, 1)) == 1.0
    assert float(process.pass_probability(10**9, 0)) == 0.0


def test_tiny_failures_keep_their_digits():
    rare = Uniform(1e-12)
    assert float(rare.failure(3)) == pytest.approx(3e-12, rel=1e-11)
    assert float(rare.log_all_fail(1, 2)) == pytest.approx(2 * np.log(1e-12), rel=1e-14)


def test_only_log_survival_must_be_given():
    class Linear(AbstractErrorProcess):
        slope: jax.Array

        def log_survival(self, n):
            return -self.slope * n

    own = Linear(jnp.asarray(0.5))
    assert float(own.survival(2)) == pytest.approx(np.exp(-1))
    assert float(own.horizon(0.5)) == pytest.approx(2 * np.log(2))
    assert float(own.mean_run_length()) == pytest.approx(1 / np.expm1(0.5))
    with pytest.raises(TypeError, match="abstract"):
        AbstractErrorProcess()


@pytest.mark.parametrize("module", [_uniform, _key_tokens], ids=lambda m: m.__name__)
def test_docstring_examples(module):
    results = doctest.testmod(module)
    assert results.attempted > 0
    assert results.failed == 0
