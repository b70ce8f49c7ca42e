"""Mixtures: formula, counted sequences, averaged latents and tokens agree with each other."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simlib import (
    Beta,
    ExGaussian,
    Gamma,
    HeavyTailed,
    Kumaraswamy,
    LogitNormal,
    PositiveStable,
    Uniform,
    WithAtom,
)
from simlib.simulate import (
    conditional_survival,
    first_error,
    pass_at_k,
    survival,
    survival_counts,
    token_by_token,
)
from tests.statistics import assert_agrees, compare

KEY = jax.random.key(31)
LENGTHS = np.array([1, 10, 100, 1000])

# Each family with a neighbour whose survival must be told apart from it.
MIXINGS = {
    "gamma": (Gamma(0.01, 2e-4), Gamma(0.01, 1.8e-4)),
    "positive stable": (PositiveStable(0.5, 0.01), PositiveStable(0.52, 0.01)),
    "beta": (Beta(0.3, 5.0), Beta(0.3, 5.3)),
    "Kumaraswamy": (Kumaraswamy(0.3, 5.0), Kumaraswamy(0.31, 5.0)),
    "logit-normal": (LogitNormal(-4.0, 2.0), LogitNormal(-4.0, 2.1)),
    "exGaussian": (ExGaussian(-4.0, 1.0, 0.5), ExGaussian(-4.0, 1.0, 0.52)),
    "atom": (WithAtom(Kumaraswamy(0.3, 5.0), 0.2), WithAtom(Kumaraswamy(0.3, 5.0), 0.21)),
}


def truth(mixing, lengths=LENGTHS):
    return np.asarray(HeavyTailed(mixing).survival(jnp.asarray(lengths, dtype=float)))


@pytest.mark.parametrize("name", MIXINGS)
def test_counts_and_averages_agree_with_the_laplace_transform(name):
    mixing, neighbour = MIXINGS[name]
    process = HeavyTailed(mixing)
    wrong = {
        "has a neighbour's parameter": truth(neighbour),
        "gives every unit the mean rate": np.asarray(
            Uniform(mixing.mean()).survival(jnp.asarray(LENGTHS, dtype=float))
        ),
    }
    counted = survival(process, LENGTHS, key=KEY, replicates=400_000)
    averaged = conditional_survival(process, LENGTHS, key=KEY, replicates=400_000)
    assert_agrees(counted, truth(mixing), wrong=wrong)
    assert_agrees(averaged, truth(mixing), wrong=wrong)
    assert np.all(np.asarray(averaged.stderr) < np.asarray(counted.stderr))


@pytest.mark.parametrize("name", ["beta", "atom"])
def test_token_by_token_agrees(name):
    mixing, _ = MIXINGS[name]
    lengths = np.array([1, 10, 100])
    estimate = token_by_token(HeavyTailed(mixing), lengths, key=KEY, replicates=40_000)
    assert_agrees(
        estimate,
        truth(mixing, lengths),
        wrong={"draws a new rate for every token": (1 - float(mixing.mean())) ** lengths},
    )


@pytest.mark.parametrize("name", ["logit-normal", "gamma"])
def test_attempts_share_the_rate_of_their_unit(name):
    process, attempts = HeavyTailed(MIXINGS[name][0]), np.array([1, 3, 30])
    estimate = pass_at_k(process, 50, attempts, key=KEY, problems=200_000)
    shared = np.asarray(process.pass_probability(50, jnp.asarray(attempts, dtype=float)))
    independent = 1 - (1 - float(process.survival(50.0))) ** attempts
    assert_agrees(estimate, shared, wrong={"draws a new rate every attempt": independent})


def test_retry_question_is_the_chain_question_with_success_as_the_event():
    # pass@k of problems with success rate p = first success within k trials of rate p.
    mixing, attempts = Kumaraswamy(0.3, 5.0), np.array([1, 10, 1000])
    process = HeavyTailed(mixing, event="success")
    counts = survival_counts(process, attempts, key=KEY, replicates=200_000)
    coverage = np.asarray(process.coverage(jnp.asarray(attempts, dtype=float)))
    assert_agrees(
        200_000 - np.array(counts.survived),
        coverage,
        n=200_000,
        wrong={"is off by one attempt": np.asarray(process.coverage(attempts + 1.0))},
    )


def test_tail_exponent_of_the_failures():
    # P(N > k) falls like k^-a with the beta's a: the slope over two decades of k, from counts.
    a, n = 0.3, 1_000_000
    lengths = [1000, 100_000]
    counts = survival_counts(HeavyTailed(Beta(a, 5.0)), lengths, key=KEY, replicates=n)
    early, late = counts.survived
    # Of those that outlast 1000 trials the share that outlasts 100,000.
    share = truth(Beta(a, 5.0), lengths)
    agreement = compare(late, share[1] / share[0], n=early)
    assert not agreement.rejected.any()
    slope = np.log(late / early) / np.log(100)
    spread = np.sqrt(1 / late - 1 / early) / np.log(100)
    # 4.9 standard errors, and the distance to the limit that the gamma ratio leaves at k = 1000.
    assert abs(slope + a) < 4.9 * spread + 1e-3
    assert abs(slope + 0.32) > 4.9 * spread + 1e-3


def test_rates_of_one_fail_at_once_and_rates_of_zero_never():
    drawn = first_error(HeavyTailed(WithAtom(Beta(50.0, 1e-3), 0.5)), key=KEY, shape=(10_000,))
    values = np.asarray(drawn)
    assert not np.isnan(values).any()
    assert_agrees(np.isinf(values).sum(), 0.5, n=10_000, wrong={"has no atom": 1e-6})
    assert np.all(values[np.isfinite(values)] >= 1)


def test_single_precision_resolves_rare_units():
    # Nearly perfect units: P(X < 1e-9) = (1e-9 / scale)^0.1 is large; a 23-bit sampler of the
    # rate would have sent many of them to rate 0, that is to eternal life.
    with jax.enable_x64(False):
        process = HeavyTailed(Kumaraswamy(0.1, 3.0))
        counts = survival_counts(process, [10, 10**6, 10**9], key=KEY, replicates=400_000)
        assert process.mixing.a.dtype == jnp.float32
    expected = truth(Kumaraswamy(0.1, 3.0), np.array([10, 10**6, 10**9]))
    assert_agrees(
        np.array(counts.survived),
        expected,
        n=400_000,
        wrong={"has exponent 0.102": truth(Kumaraswamy(0.102, 3.0), np.array([10, 10**6, 10**9]))},
    )
