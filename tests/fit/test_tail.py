"""The Hill estimator: exact for exact powers, honest intervals, and bent tails seen as bent."""

import jax
import numpy as np
import pytest

from simlib import fit
from simlib.mixing import Kumaraswamy, LogitNormal
from tests.statistics import assert_agrees

KEY = jax.random.key(9)
SHARES = np.array([0.05, 0.2])


def test_definition_by_hand():
    # Ten items lie 11, 12, ... 20 nats below the threshold.
    log_p = np.r_[-10.0 - np.arange(11, 21), np.linspace(-10, -1, 90)]
    tail = fit.tail_exponent(log_p, np.array([0.1]), key=KEY, resamples=400)
    np.testing.assert_allclose(tail.exponent.value, [1 / 15.5], rtol=1e-12)


@pytest.mark.parametrize("b", [0.3, 1.0, 2.5])
def test_exact_powers_at_every_threshold(b):
    # p^b uniform: a power law over the whole range, Hill without bias.
    n = 20_000
    log_p = -np.random.default_rng(1).exponential(size=n) / b
    tail = fit.tail_exponent(log_p, SHARES, key=KEY, resamples=400)
    m = SHARES * n
    assert_agrees(tail.exponent.value, b, stderr=b / np.sqrt(m), wrong={"is 15 % off": 1.15 * b})
    # The bootstrap finds the known error b / sqrt(m).
    np.testing.assert_allclose(tail.exponent.stderr, b / np.sqrt(m), rtol=0.2)
    assert tail.steepening.contains(1.0)


def test_intervals_cover_as_often_as_they_say():
    # Percentile bootstrap with 100 items in the tail: 90 % to two points; 1e-6 false alarms.
    covered, seeds = np.zeros(2, dtype=int), 300
    for seed in range(seeds):
        log_p = -np.random.default_rng(seed).exponential(size=1000) / 0.4
        tail = fit.tail_exponent(
            log_p, np.array([0.1, 0.3]), key=jax.random.fold_in(KEY, seed), resamples=200, level=0.9
        )
        covered += tail.exponent.contains(0.4)
    assert_agrees(covered, 0.9, n=seeds, wrong={"halves its intervals": 0.59})


def test_a_bent_tail_steepens_and_a_slow_power_law_does_not_reach_its_exponent():
    normal = np.asarray(LogitNormal(-5.0, 2.0).sample_log_rate((5000,), key=KEY))
    assert float(fit.tail_exponent(normal, SHARES, key=KEY).steepening.lower) > 1.05
    slow = np.asarray(Kumaraswamy(0.3, 50.0).sample_log_rate((5000,), key=KEY))
    tail = fit.tail_exponent(slow, np.array([0.05, 0.5]), key=KEY)
    # The exponent of the window is above that of the tail for a Kumaraswamy of large b.
    assert float(tail.exponent.value[1]) != pytest.approx(0.3, rel=0.05)
    assert tail.exponent.contains(0.3)[0]


@pytest.mark.parametrize(
    ("log_p", "share", "message"),
    [
        (np.full(100, -1.0), [0.05], "leave at least 10 items"),
        (np.full(100, -1.0), [1.0], "leave at least 10 items"),
        (np.r_[np.full(99, -1.0), -np.inf], [0.2], "must be finite"),
    ],
)
def test_arguments_are_checked(log_p, share, message):
    with pytest.raises(ValueError, match=message):
        fit.tail_exponent(log_p, np.array(share), key=KEY)
