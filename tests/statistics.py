"""Statistical assertions with a stated false-alarm rate and a stated power.

A statistical test is worth something if two numbers are known: how often it fails although
the code is right, and how wrong the code must be before the test fails. `assert_agrees` fixes
the first (one in a million for the whole family of comparisons, by Bonferroni's inequality, so
entries may depend on each other) and reports the second. `assert_catches` shows the second
with a formula that is wrong on purpose. Both are to be used under a fixed key.

    counts, n = ...                     # successes out of n
    agreement = assert_agrees(counts, truth, n=n, wrong={"forgets the factor 2": truth / 2})
    print(agreement)                    # smallest relative error that would have been seen

An observation is one of
* an `Estimate` from counts (method "wilson" or "clopper-pearson"): exact binomial test;
* any other `Estimate`: normal test with its standard error;
* integer counts with `n=`: exact binomial test;
* means with `stderr=`: normal test.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from simlib import Estimate

# One false alarm in a million families of comparisons.
FALSE_ALARM = 1e-6
# The power at which the smallest detectable error is stated.
POWER = 0.99


@dataclass(frozen=True)
class Agreement:
    """What a comparison found and what it could have found."""

    p_values: np.ndarray
    """Two-sided p-value of each entry, before the correction for their number."""
    false_alarm: float
    """Probability that at least one entry is rejected although every truth is right."""
    detectable: np.ndarray
    """Relative error of each truth that is rejected with probability 0.99 or more."""

    @property
    def rejected(self) -> np.ndarray:
        """Entries that disagree at the family-wise false-alarm rate."""
        return self.p_values < self.false_alarm / self.p_values.size

    @property
    def smallest_detectable(self) -> float:
        """The smallest relative error, over entries, that would be caught."""
        return float(np.min(self.detectable))

    def __str__(self) -> str:
        return (
            f"{self.p_values.size} comparisons, smallest p-value {self.p_values.min():.2g}, "
            f"false alarms {self.false_alarm:g} for the family; an error of "
            f"{100 * self.smallest_detectable:.2g} % or more would be caught"
        )


def compare(
    observed: Any,
    truth: Any,
    *,
    n: Any = None,
    stderr: Any = None,
    false_alarm: float = FALSE_ALARM,
) -> Agreement:
    """Test every entry of `observed` against `truth`; raises nothing."""
    counts, n, mean, stderr = _observation(observed, n, stderr)
    truth = np.asarray(truth, dtype=np.float64)
    if not np.all(np.isfinite(truth)):
        raise ValueError("truth must be finite everywhere; a formula returned NaN or infinity.")
    if counts is not None:
        truth, counts, n = np.broadcast_arrays(truth, counts, n)
        if np.any((truth < 0) | (truth > 1)):
            raise ValueError("truth must be probabilities in [0, 1] when counts are given.")
        p_values = _binomial_p_value(counts, n, truth)
        stderr = np.sqrt(truth * (1 - truth) / n)
    else:
        truth, mean, stderr = np.broadcast_arrays(truth, mean, stderr)
        with np.errstate(divide="ignore", invalid="ignore"):
            z = np.where(mean == truth, 0.0, (mean - truth) / stderr)
        p_values = np.asarray(2 * stats.norm.sf(np.abs(z)))
    threshold = stats.norm.isf(false_alarm / (2 * truth.size)) + stats.norm.isf(1 - POWER)
    with np.errstate(divide="ignore", invalid="ignore"):
        detectable = threshold * stderr / np.abs(truth)
    detectable = np.where(np.isfinite(detectable) & (stderr > 0), detectable, np.inf)
    return Agreement(np.atleast_1d(p_values), false_alarm, np.atleast_1d(detectable))


def assert_agrees(
    observed: Any,
    truth: Any,
    *,
    n: Any = None,
    stderr: Any = None,
    false_alarm: float = FALSE_ALARM,
    wrong: Mapping[str, Any] | None = None,
) -> Agreement:
    """Fail if any entry disagrees with `truth`, or if a formula in `wrong` is not rejected.

    Parameters
    ----------
    observed
        An `Estimate`, counts (with `n`) or means (with `stderr`), of any shape.
    truth
        What the formula under test says, of the same shape.
    wrong
        What faulty formulas say, by a name for the fault. Each must be rejected by the same
        test on the same observations.
    """
    agreement = compare(observed, truth, n=n, stderr=stderr, false_alarm=false_alarm)
    if agreement.rejected.any():
        worst = int(np.argmin(agreement.p_values))
        counts, trials, mean, _ = _observation(observed, n, stderr)
        seen = mean if counts is None else counts / trials
        seen, expected = np.broadcast_arrays(seen, np.asarray(truth, dtype=np.float64))
        raise AssertionError(
            f"{int(agreement.rejected.sum())} of {agreement.p_values.size} entries disagree; "
            f"worst is entry {worst}: observed {seen.flat[worst]:.10g}, expected "
            f"{expected.flat[worst]:.10g}, p = {agreement.p_values.flat[worst]:.2g} ({agreement})"
        )
    for fault, values in (wrong or {}).items():
        assert_catches(observed, values, fault=fault, n=n, stderr=stderr, false_alarm=false_alarm)
    return agreement


def assert_catches(
    observed: Any,
    wrong: Any,
    *,
    fault: str,
    n: Any = None,
    stderr: Any = None,
    false_alarm: float = FALSE_ALARM,
) -> None:
    """Fail unless the values of a formula that is wrong on purpose are rejected."""
    agreement = compare(observed, wrong, n=n, stderr=stderr, false_alarm=false_alarm)
    if not agreement.rejected.any():
        raise AssertionError(
            f"the test has no power: it accepts a formula that {fault} ({agreement})"
        )


def _observation(observed, n, stderr):
    """(counts, n, mean, stderr): counts and n, or mean and stderr, the others None."""
    if isinstance(observed, Estimate):
        if n is not None or stderr is not None:
            raise ValueError("an Estimate carries its own n and stderr; give it alone.")
        value = np.asarray(observed.value, dtype=np.float64)
        if observed.method in ("wilson", "clopper-pearson"):
            counts = value * observed.n
            # A float32 proportion no longer determines its count when n is large.
            if observed.value.dtype == np.float64:
                return np.rint(counts), observed.n, None, None
        return None, None, value, np.asarray(observed.stderr, dtype=np.float64)
    if (n is None) == (stderr is None):
        raise ValueError("give n= for counts or stderr= for means, and only one of them.")
    values = np.asarray(observed, dtype=np.float64)
    if stderr is not None:
        return None, None, values, np.asarray(stderr, dtype=np.float64)
    if np.any(values != np.rint(values)):
        raise ValueError("counts must be whole numbers; give stderr= to compare means.")
    return values, np.asarray(n, dtype=np.float64), None, None


def _binomial_p_value(counts, n, p):
    """Exact two-sided p-value: twice the smaller tail."""
    lower = stats.binom.cdf(counts, n, p)
    upper = stats.binom.sf(counts - 1, n, p)
    return np.minimum(1.0, 2 * np.minimum(lower, upper))
