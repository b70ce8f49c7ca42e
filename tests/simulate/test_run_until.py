"""Stopping at a target standard error, and what it costs."""

import jax
import numpy as np
import pytest
from scipy import stats

from simlib import Uniform
from simlib.simulate import TargetNotReachedError, run_until, survival

KEY = jax.random.key(17)


def test_stops_at_the_first_doubling_that_satisfies_the_target():
    process, lengths = Uniform(0.01), [10, 69]
    estimate = run_until(process, lengths, key=KEY, stderr=6e-4)
    assert float(np.max(np.asarray(estimate.stderr))) <= 6e-4
    # sqrt(1/4 / 6e-4^2) = 694,444 sequences: 11 blocks, so 16.
    assert estimate.n == 16 * 2**16
    same = survival(process, lengths, key=KEY, replicates=estimate.n)
    np.testing.assert_array_equal(estimate.value, same.value)


def test_relative_target_is_set_by_the_rarest_length():
    estimate = run_until(Uniform(0.01), [10, 500], key=KEY, stderr=0.05, relative=True)
    relative = np.asarray(estimate.stderr) / np.asarray(estimate.value)
    assert relative.max() <= 0.05
    assert relative.argmax() == 1


def test_no_survivor_is_not_a_small_error_and_nothing_is_lost():
    with pytest.raises(TargetNotReachedError, match=r"relative standard error .* wanted 0\.1") as e:
        run_until(
            Uniform(0.5), [1, 100], key=KEY, stderr=0.1, relative=True, max_replicates=200_000
        )
    assert e.value.counts.replicates == 200_000
    assert e.value.counts.survived[1] == 0


def test_length_zero_is_certain():
    assert run_until(Uniform(0.5), [0], key=KEY, stderr=1e-9).n == 2**16


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
def test_targets_must_be_positive(bad):
    with pytest.raises(ValueError, match="stderr must be a positive number"):
        run_until(Uniform(0.5), [1], key=KEY, stderr=bad)


def test_progress_counts_towards_the_next_look():
    seen = []
    run_until(Uniform(0.01), [69], key=KEY, stderr=1e-3, progress=lambda *done: seen.append(done))
    assert all(done <= total for done, total in seen)
    assert seen[-1][0] == seen[-1][1]


def test_optional_stopping_keeps_coverage_and_bias_small():
    # The rule itself on 4,000 runs of a binomial stream, with blocks of 64 where the bias is
    # largest: the engine's blocks are a thousand times larger.
    rng = np.random.default_rng(5)
    p, target, runs = 0.1, 0.12, 4000
    values, covered = [], 0
    for _ in range(runs):
        n, x = 0, 0
        while True:
            step = max(n, 64)
            x += rng.binomial(step, p)
            n += step
            shifted = (x + 2) / (n + 4)
            if np.sqrt(shifted * (1 - shifted) / n) / shifted <= target:
                break
        values.append(x / n)
        z = 1.959963984540054
        centre = (x + z * z / 2) / (n + z * z)
        half = z / (n + z * z) * np.sqrt(x * (n - x) / n + z * z / 4)
        covered += abs(p - centre) <= half
    # "At most a fraction of the standard error", in the direction the docstring says.
    bias = (np.mean(values) - p) / (p * target)
    assert 0.0 < bias < 0.5
    assert stats.binom.sf(covered, runs, 0.93) < 0.5  # coverage of 95 % intervals above 93 %
