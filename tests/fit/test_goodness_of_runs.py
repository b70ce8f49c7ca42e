"""Goodness of fit of processes: size under the truth, power under another, bookkeeping."""

import jax
import numpy as np
import pytest
from scipy import stats

from simlib.fit import Runs, fit_process, goodness_of_runs
from tests.fit.test_process_fit import draw

KEY = jax.random.key(0)


def p_value(name, family, seed, size=300):
    runs = draw(name, size, seed)
    found = goodness_of_runs(
        fit_process(runs, family), runs, key=jax.random.key(seed), replicates=99
    )
    return float(found.p_value.value)


def test_size():
    """Thirty data sets from the family: p-values are uniform, up to one false alarm in 1e6."""
    p = np.array([p_value("power", "power", 200 + seed) for seed in range(30)])
    assert stats.kstest(p, "uniform").pvalue > 1e-6
    assert stats.binom.sf((p < 0.1).sum() - 1, 30, 0.1) > 1e-6


def test_power():
    rejected = sum(p_value("saturating", "uniform", 300 + seed) < 0.05 for seed in range(10))
    assert rejected >= 9


def test_counts_are_kept():
    runs = draw("uniform", 500, 16)
    found = goodness_of_runs(fit_process(runs, "uniform"), runs, key=KEY)
    assert found.errors.sum() == runs.errors
    # At the maximum of the likelihood uniform errors expect as many errors as there were.
    assert found.expected.sum() == pytest.approx(runs.errors, rel=1e-4)
    assert found.last[-1] == runs.longest
    assert np.all(np.diff(found.last) > 0)


def test_many_distinct_lengths_are_grouped():
    first = np.random.default_rng(0).geometric(1e-4, 5000)
    runs = Runs.from_columns(first, np.ones(5000, int))
    found = goodness_of_runs(fit_process(runs, "uniform"), runs, key=KEY)
    assert float(found.p_value.value) > 0.001
    assert found.expected.sum() == pytest.approx(5000, rel=1e-3)


def test_too_few_errors_are_named():
    runs = Runs.from_columns(np.array([3, 5, 9]), np.array([1, 1, 0]))
    with pytest.raises(ValueError, match="2 errors at 3 distinct lengths allow 0 bins"):
        goodness_of_runs(fit_process(runs, "uniform"), runs, key=KEY)
    with pytest.raises(ValueError, match="replicates must be at least 20"):
        goodness_of_runs(fit_process(runs, "uniform"), runs, key=KEY, replicates=5)
