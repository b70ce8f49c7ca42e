"""The statistical helper keeps its false-alarm rate and has the power it reports."""

import numpy as np
import pytest
from scipy import stats

from simlib import Estimate
from tests.statistics import assert_agrees, assert_catches, compare


def test_false_alarm_rate_is_kept_for_a_family_of_dependent_counts():
    # Survival counts at several lengths of one sample: as dependent as they get.
    rng = np.random.default_rng(1)
    truth = np.array([0.9, 0.5, 0.1, 0.01])
    families = 4000
    level = 0.05
    alarms = 0
    for _ in range(families):
        uniform = rng.uniform(size=500)
        counts = (uniform[:, None] < truth).sum(0)
        alarms += compare(counts, truth, n=500, false_alarm=level).rejected.any()
    # Never above the stated rate (here at a one-in-a-million binomial bound).
    assert alarms <= stats.binom.isf(1e-6, families, level)
    assert alarms > 0


def test_reported_power_is_reached():
    rng = np.random.default_rng(2)
    n, truth = 100_000, 0.3
    detectable = compare(round(n * truth), truth, n=n).smallest_detectable
    counts = rng.binomial(n, truth * (1 + detectable), size=2000)
    caught = np.mean([compare(c, truth, n=n).rejected.any() for c in counts])
    assert caught > 0.98
    assert (
        np.mean([compare(c, truth, n=n).rejected.any() for c in rng.binomial(n, truth, size=2000)])
        == 0.0
    )


def test_exact_tails_for_rare_events():
    # Three events where 1e-4 are expected: the normal bound would need a variance it lacks.
    assert compare(3, 1e-10, n=10**6).rejected.all()
    assert not compare(1, 1e-6, n=10**6).rejected.any()
    assert compare(1, 0.0, n=10**6).rejected.all()
    assert not compare(0, 0.0, n=10**6).rejected.any()


def test_estimates_use_the_exact_test_only_where_counts_are_known():
    counts = np.array([10, 500])
    estimate = Estimate.from_counts(counts, 1000)
    np.testing.assert_array_equal(
        compare(estimate, [0.01, 0.5]).p_values, compare(counts, [0.01, 0.5], n=1000).p_values
    )
    mean = Estimate.from_mean(1.0, 0.1, n=100)
    assert not compare(mean, 1.3).rejected.any()
    assert compare(mean, 1.6).rejected.all()


def test_disagreement_names_the_entry_and_a_weak_test_is_reported():
    with pytest.raises(AssertionError, match=r"worst is entry 1: observed 0\.4, expected 0\.5"):
        assert_agrees([3000, 4000], [0.3, 0.5], n=10_000)
    with pytest.raises(AssertionError, match="no power: it accepts a formula that is half"):
        assert_agrees([3], [0.3], n=10, wrong={"is half": [0.15]})
    assert_agrees([3000], [0.3], n=10_000, wrong={"is half": [0.15]})
    assert_catches([3000], [0.35], n=10_000, fault="is a sixth too large")


@pytest.mark.parametrize(
    ("observed", "options", "message"),
    [
        (0.5, {}, "give n= for counts or stderr= for means"),
        (0.5, {"n": 10}, "whole numbers"),
        (Estimate.from_mean(0.5, 0.1, n=10), {"n": 10}, "give it alone"),
    ],
)
def test_misuse_is_named(observed, options, message):
    with pytest.raises(ValueError, match=message):
        assert_agrees(observed, 0.5, **options)
    with pytest.raises(ValueError, match="truth must be"):
        assert_agrees(5, np.nan, n=10)
