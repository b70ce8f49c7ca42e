"""Intervals over a few items, and slopes among the runs of one item."""

import jax
import numpy as np
import pytest

from simlib import Estimate, fit, simulate
from simlib.processes import SelfConditioning


def test_pseudo_values_of_a_mean_are_the_means_of_the_items():
    items = np.repeat(np.arange(6), 10)
    x = np.random.default_rng(1).normal(size=60) + items
    found = fit.jackknife(lambda kept: x[kept].mean(), items, level=0.9)
    by_item = Estimate.from_sample(x.reshape(6, 10).mean(1), level=0.9)
    for name in ("value", "stderr", "lower", "upper"):
        assert float(getattr(found, name)) == pytest.approx(float(getattr(by_item, name)))
    assert found.n == 6


def test_arrays_of_statistics():
    x = np.random.default_rng(2).normal(size=(30, 2))
    found = fit.jackknife(lambda kept: x[kept].mean(0), np.repeat(np.arange(10), 3))
    assert found.shape == (2,)
    assert np.asarray(found.value) == pytest.approx(x.mean(0))


def _ratio_intervals(rng, items, sets):
    """Ratios of totals of skewed values; the truth is 2."""
    scale = rng.gamma(20.0, size=(sets, items))
    y, x = 2 * scale * rng.uniform(0.5, 1.5, scale.shape), scale
    group = np.arange(items)
    for one, other in zip(y, x, strict=True):
        yield fit.jackknife(lambda k, a=one, b=other: a[k].sum() / b[k].sum(), group, level=0.95)


def test_intervals_cover():
    covered = [x.contains(2.0) for x in _ratio_intervals(np.random.default_rng(3), 16, 1000)]
    # 1,000 intervals: 4 standard errors are 2.8 points.
    assert abs(np.mean(covered) - 0.95) < 0.028


def _halves(process, key, items=60, runs=6):
    steps = range(1, 61)
    shape = (items * runs,)
    wrong = np.asarray(simulate.sample_histories(process, steps, key=key, shape=shape)[1])
    return wrong[:, :30].mean(1), wrong[:, 30:].mean(1), np.repeat(np.arange(items), runs)


def test_feedback_shows_among_runs_of_one_item():
    fed = SelfConditioning(0.1, 1.5, dependence="share")
    slope = fit.within_items(*_halves(fed, jax.random.key(4)), level=1 - 1e-6)
    assert float(slope.lower) > 0


def test_items_that_differ_do_not_make_a_slope_but_look_like_one_without_the_items():
    rng = np.random.default_rng(5)
    rates = rng.beta(1.0, 4.0, (60, 1, 1))
    wrong = (rng.uniform(size=(60, 6, 60)) < rates).reshape(360, 60)
    first, second = wrong[:, :30].mean(1), wrong[:, 30:].mean(1)
    slope = fit.within_items(first, second, np.repeat(np.arange(60), 6), level=1 - 1e-6)
    assert slope.contains(0.0)
    # The mutant: forget which runs belong together.
    pooled = np.polyfit(first, second, 1)[0]
    assert pooled > 0.8
    assert pooled > float(slope.upper)


def test_impossible_arguments():
    x = np.arange(4.0)
    with pytest.raises(ValueError, match="at least 3 different items, got 2"):
        fit.jackknife(lambda kept: x[kept].mean(), np.array([0, 0, 1, 1]))
    with pytest.raises(ValueError, match="not finite"):
        fit.jackknife(lambda kept: np.nan, np.arange(4))
    with pytest.raises(ValueError, match="the same for all runs of an item"):
        fit.within_items(np.repeat([1.0, 2.0, 3.0], 2), np.arange(6.0), np.arange(6) // 2)
