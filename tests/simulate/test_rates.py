"""Errors shrink as the inverse square root, intervals cover as often as they say."""

import jax
import numpy as np
import pytest
from scipy import stats

from simlib import Uniform
from simlib.simulate import conditional_survival, survival
from tests.simulate._frailty import ExponentialFrailty

# Coverage is judged by the number of runs whose interval contains the truth: exact binomial
# bounds at one false alarm in a million.
FALSE_ALARM = 1e-6


def errors(function, process, replicates, keys):
    truth = float(process.survival(69))
    estimates = [
        function(process, [69], key=jax.random.key(k), replicates=replicates) for k in range(keys)
    ]
    values = np.array([float(e.value[0]) for e in estimates])
    hits = sum(bool(e.contains(truth)[0]) for e in estimates)
    reported = np.mean([float(e.stderr[0]) for e in estimates])
    return np.sqrt(np.mean((values - truth) ** 2)), hits, reported


@pytest.mark.parametrize(
    ("function", "process"),
    [
        (survival, Uniform(0.01)),
        (survival, ExponentialFrailty(0.01)),
        (conditional_survival, ExponentialFrailty(0.01)),
    ],
    ids=["counts", "counts with frailty", "conditional means"],
)
def test_error_rate_and_coverage(function, process):
    keys = 300
    sizes = [100, 6400]
    rms = []
    for n in sizes:
        root, hits, reported = errors(function, process, n, keys)
        rms.append(root)
        # The reported standard error is the spread seen over keys: chi-square bounds.
        ratio = keys * (root / reported) ** 2
        low, high = stats.chi2.ppf([FALSE_ALARM, 1 - FALSE_ALARM], keys)
        assert low < ratio < high
        # Between 93 % and 97 %, as far as 300 runs can tell: allow a nominal error of 2 %.
        assert stats.binom.cdf(hits, keys, 0.93) > FALSE_ALARM
        assert stats.binom.sf(hits - 1, keys, 0.97) > FALSE_ALARM
    slope = np.log(rms[1] / rms[0]) / np.log(sizes[1] / sizes[0])
    # Each logarithm has standard error 1 / sqrt(2 keys); 4.9 of them is one in a million.
    tolerance = 4.9 * np.sqrt(2 / (2 * keys)) / np.log(sizes[1] / sizes[0])
    assert abs(slope + 0.5) < tolerance
    # The tolerance tells n^-1/2 from the n^-1 of a quadrature and from no progress at all.
    assert tolerance < 0.25


def test_coverage_test_catches_intervals_of_the_wrong_level():
    keys = 300
    truth = 0.99**69
    hits = 0
    for k in range(keys):
        e = survival(Uniform(0.01), [69], key=jax.random.key(k), replicates=6400, level=0.8)
        hits += bool(e.contains(truth)[0])
    assert stats.binom.cdf(hits, keys, 0.93) < FALSE_ALARM
