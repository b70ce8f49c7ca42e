"""Published forecasts that fit a curve to the observed part of the coverage curve."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy import optimize

from ._beta_ratio import log_beta_ratio
from ._counts import Counts
from ._pass_at_k import check_k

#: Number of points of the observed curve that a line or curve is fitted to.
POINTS = 60


@dataclass(frozen=True)
class PowerLaw:
    r"""The straight line $\ln(-\ln\text{pass}@k)=\ln a-b\ln k$, which is $\exp(-a\,k^{-b})$.

    `largest_k` is the end of the window $1\le k\le m$ that the line was fitted on.
    """

    a: float
    b: float
    largest_k: int

    def pass_at_k(self, k: Any) -> Float[np.ndarray, "..."]:
        """The line, extended to any k of at least 1."""
        return np.asarray(np.exp(-self.a * check_k(k) ** -self.b))


@dataclass(frozen=True)
class SaturatingCurve:
    r"""Levi's form $A\big(1-\frac{B(a,b+k)}{B(a,b)}\big)$: a share $A$ can be solved at all.

    In the source, which speaks of failure probabilities, `a` is called $\beta$ and `b` $\alpha$.
    """

    share: float
    a: float
    b: float

    def pass_at_k(self, k: Any) -> Float[np.ndarray, "..."]:
        """The curve at any k of at least 1."""
        return np.asarray(-self.share * np.expm1(log_beta_ratio(self.a, self.b, check_k(k))))


def observed_window(counts: Counts) -> int:
    """The largest k at which pass@k can be estimated without a model.

    The fewest attempts of a problem with a fixed number; of those stopped at the first success,
    the most.

    Raises
    ------
    ValueError
        If a problem has no attempt.
    """
    if (counts.attempts == 0).any():
        i = int(np.flatnonzero(counts.attempts == 0)[0])
        raise ValueError(
            f"problem {i} has no attempts, so no coverage curve was observed; leave such problems "
            "out, or use a method that fits a distribution of difficulty."
        )
    fixed = counts.attempts[~counts.stopped].min(initial=np.iinfo(np.int64).max)
    stopped = counts.attempts[counts.stopped].max(initial=0)
    return int(min(fixed, stopped) if counts.stopped.any() else fixed)


def log_spaced(largest: int, points: int = POINTS) -> Float[np.ndarray, " k"]:
    """Different whole numbers from 1 to `largest`, nearly evenly spaced in the logarithm."""
    return np.unique(np.rint(np.geomspace(1, largest, points)))


def fit_power_law(k: Any, passed: Any) -> PowerLaw:
    r"""Ordinary least squares of $\ln(-\ln\text{pass}@k)$ on $\ln k$.

    Parameters
    ----------
    k, passed
        Points of a coverage curve; those at exactly 0 or 1 have no place on the line and are left
        out.

    Raises
    ------
    ValueError
        If fewer than two points remain.

    Source: Brown et al. (2024), arXiv 2407.21787; Schaeffer et al. (2025), arXiv 2502.17578.

    Examples
    --------
    >>> law = fit_power_law([1, 10, 100], [0.01, 0.1, 0.3])
    >>> round(law.b, 3)
    0.291
    """
    k, passed = np.ravel(check_k(k)), np.ravel(np.asarray(passed, dtype=float))
    inside = (passed > 0) & (passed < 1)
    if inside.sum() < 2:
        raise ValueError(
            f"a line needs two points with coverage strictly between 0 and 1, got {inside.sum()}; "
            "collect more attempts, or forecast with a prior."
        )
    x, y = np.log(k[inside]), np.log(-np.log(passed[inside]))
    slope, height = np.polyfit(x, y, 1)
    return PowerLaw(float(np.exp(height)), float(-slope), int(k.max()))


def fit_saturating_curve(k: Any, passed: Any) -> SaturatingCurve:
    """Least squares of Levi's form on points of a coverage curve, on the scale of pass@k.

    Parameters
    ----------
    k, passed
        Points of the curve.

    Source: Levi (2024), arXiv 2410.16377, for the form; how it was fitted there is not known to
    us.
    """
    k, passed = np.ravel(check_k(k)), np.ravel(np.asarray(passed, dtype=float))

    def curve(vector):
        a, b = np.exp(vector)
        shape = -np.expm1(log_beta_ratio(a, b, k))
        # For given shapes the best share is a regression through 0.
        return np.clip(shape @ passed / (shape @ shape), 0.0, 1.0), shape

    def residual(vector):
        share, shape = curve(vector)
        return share * shape - passed

    found = optimize.least_squares(
        residual, [np.log(0.3), np.log(5.0)], bounds=([-7.0, -7.0], [7.0, 18.0])
    )
    a, b = (float(v) for v in np.exp(found.x))
    return SaturatingCurve(float(curve(found.x)[0]), a, b)
