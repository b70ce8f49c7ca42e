"""Posteriors of a few parameters, as weighted points on the lines of their priors."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from scipy import optimize

from .._estimate import Estimate
from .._importance import Explored, explore
from ._optimum import LogLikelihood, evaluate
from ._process_priors import Coordinate

# Points of a stage. With the most, ends of a 95 % interval are good to a hundredth of a standard
# deviation, and with the fewest to some hundredths.
_MOST, _LEAST = 4096, 1024
_WORK = 2**21  # points of a stage times terms of the likelihood, while there are enough points
_AT_ONCE = 2**18  # the same, of what is computed at once
_FEWEST = 100.0  # effective points
_NOTHING = np.log(1e-12)  # of a weight
_MOVED = 0.2  # relative to a posterior standard deviation: from here on the prior has a say


class Points(NamedTuple):
    """A posterior: weighted places on the lines, and what they were weighted with."""

    coordinates: tuple[Coordinate, ...]
    place: Float[np.ndarray, "points parameters"]
    weight: Float[np.ndarray, " points"]
    log_prior: Float[np.ndarray, " points"]
    log_evidence: float
    effective: float

    def sensitivity(self, value: Float[np.ndarray, " points"]) -> float:
        """How far a mean and a spread move under half and under twice the prior.

        The largest of the shifts of the mean, in standard deviations, and of the relative changes
        of the standard deviation, if the prior is taken to the power 1/2 and to the power 2.
        """
        mean, spread = _moments(value, self.weight)
        moved = [0.0]
        for power in (-0.5, 1.0):
            log_tilt = power * self.log_prior
            tilted = _moments(value, self.weight * np.exp(log_tilt - log_tilt.max()))
            moved += [abs(tilted[0] - mean) / spread, abs(np.log(tilted[1] / spread))]
        return float(max(moved))

    def estimate(
        self,
        line: Float[np.ndarray, " points"],
        value: Callable[[Any], Any],
        *,
        level: float,
        n: int,
        unit: str = "",
    ) -> Estimate:
        """Median and equal-tailed interval of a monotone function of a line.

        The standard error is the deviation on the line times the slope of the function at the
        median; infinite if the line reaches infinity.
        """
        tail = (1 - level) / 2
        middle, *ends = quantiles(line, self.weight, np.array([0.5, tail, 1 - tail]))
        spread = np.inf
        with np.errstate(over="ignore"):
            if np.isfinite(line).all():
                near = 1e-6 * max(1.0, abs(middle))
                slope = abs(value(middle + near) - value(middle - near)) / (2 * near)
                spread = float(slope) * _moments(line, self.weight)[1]
            parts = (float(value(middle)), spread, *sorted(float(value(x)) for x in ends))
        return Estimate(
            *(jnp.asarray(x, dtype=float) for x in parts),
            level=level, n=n, method="posterior", unit=unit,
        )  # fmt: skip

    def mean(self, value: Float[np.ndarray, " points"]) -> float:
        """Posterior mean of a number that is given at every point."""
        return float(np.sum(self.weight * value))


def compute(
    likelihood: LogLikelihood,
    data: Any,
    weight: Any,
    coordinates: tuple[Coordinate, ...],
    starts: Sequence[np.ndarray],
    *,
    terms: int,
) -> Points:
    """Posterior of a likelihood on the lines of its coordinates.

    The search for its highest point starts at `starts` and at the prior means; from there the
    points spread. `terms` says what the likelihood of one point costs.

    Raises
    ------
    RuntimeError
        If too few of the points count.
    """

    def log_prior(place):
        columns = [c.prior.logpdf(x) for c, x in zip(coordinates, place.T, strict=True)]
        return np.sum(columns, axis=0)

    size = int(np.clip(2 ** int(np.log2(_WORK / terms)), _LEAST, _MOST))
    chunk = int(np.clip(2 ** int(np.log2(_AT_ONCE / terms)), 16, size))

    def log_density(place):
        parts = place.reshape(-1, chunk, place.shape[1])
        each = [np.asarray(_totals(likelihood)(jnp.asarray(x), data, weight)) for x in parts]
        total = np.concatenate(each)
        # Where a number overflows the data are impossible.
        return np.where(np.isnan(total), -np.inf, total) + log_prior(place)

    prior_mean = np.array([float(c.prior.mean()) for c in coordinates])
    prior_spread = np.array([float(c.prior.std()) for c in coordinates])
    best, curvature = _peak(
        likelihood, data, weight, log_prior, [prior_mean, *starts], prior_spread
    )
    covariance = _covariance(curvature, prior_spread)
    found: Explored = explore(log_density, best, covariance, enough=0.7 * size, size=size)
    if not found.effective >= _FEWEST:
        raise RuntimeError(
            f"only {found.effective:.0f} points of the posterior count, too few for an interval; "
            "give narrower priors."
        )
    # Points that do not count may lie where numbers overflow.
    counts = found.log_weight > _NOTHING
    share = np.exp(found.log_weight[counts])
    place = found.points[counts]
    return Points(
        coordinates=coordinates,
        place=place,
        weight=share / share.sum(),
        log_prior=log_prior(place),
        log_evidence=found.log_evidence,
        effective=found.effective,
    )


def quantiles(
    value: Float[np.ndarray, " points"],
    weight: Float[np.ndarray, " points"],
    shares: Float[np.ndarray, " shares"],
) -> Float[np.ndarray, " shares"]:
    """Quantiles of weighted values, some of which may be infinite."""
    order = np.argsort(value, kind="stable")
    order = order[weight[order] > 0]
    ordered, each = value[order], weight[order]
    middle = (np.cumsum(each) - each / 2) / each.sum()
    finite = np.isfinite(ordered)
    if finite.all():
        return np.interp(shares, middle, ordered)
    # Between a finite and an infinite value lies no number: the next value counts.
    return ordered[np.minimum(np.searchsorted(middle, shares), len(ordered) - 1)]


def leaning(sensitivity: Mapping[str, float]) -> list[str]:
    """Which parameters rest on their priors, in words."""
    return [
        f"{name} rests on its prior: half or twice as much of it moves its mean or its standard "
        f"deviation by {100 * x:.0f} % of the latter"
        for name, x in sensitivity.items()
        if x > _MOVED
    ]


def _moments(value, weight):
    share = weight / weight.sum()
    mean = np.sum(share * value)
    return float(mean), float(np.sqrt(np.sum(share * (value - mean) ** 2)))


@cache
def _totals(likelihood: LogLikelihood):
    """Log-likelihood of all data at many places, compiled once per size of the data."""

    def total(place, data, weight):
        each = likelihood(data, place)
        return jnp.sum(jnp.where(weight > 0, each, 0.0) * weight)

    return jax.jit(jax.vmap(total, in_axes=(0, None, None)))


def _peak(likelihood, data, weight, log_prior, starts, size):
    """The highest point of the posterior and the negative curvature there."""
    total = float(jnp.sum(weight))
    shifts = 1e-3 * np.diag(size)

    def slope_of_prior(x):
        ends = log_prior(np.concatenate([x + shifts, x - shifts]))
        return (ends[: len(x)] - ends[len(x) :]) / (2 * np.diag(shifts))

    def objective(x):
        mean, _, slope = evaluate(likelihood, x, data, weight)
        value = -(mean * total + float(log_prior(x[None])[0]))
        slope = -(slope * total + slope_of_prior(x))
        if not (np.isfinite(value) and np.isfinite(slope).all()):
            return 1e10, np.zeros_like(x)
        return value, slope

    # No further out than where a prior has any mass, in units of its spread.
    ends = [
        optimize.minimize(objective, x, jac=True, method="L-BFGS-B", options={"maxiter": 200})
        for x in starts
    ]
    best = min(ends, key=lambda end: end.fun).x
    rows = [objective(best + s)[1] - objective(best - s)[1] for s in shifts]
    curvature = np.array(rows) / (2 * np.diag(shifts))[:, None]
    return best, (curvature + curvature.T) / 2


def _covariance(curvature, spread):
    """Inverse of the curvature, no wider in any direction than the priors."""
    scaled = curvature * np.outer(spread, spread)
    values, vectors = np.linalg.eigh(np.where(np.isfinite(scaled), scaled, 0.0))
    return np.outer(spread, spread) * ((vectors / np.maximum(values, 1.0)) @ vectors.T)
