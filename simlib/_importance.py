"""Integrals over a few parameters by adaptive importance sampling on fixed low-discrepancy points.

No random numbers: the same data give the same posterior. The first points follow the normal
distribution that is given; then Student distributions with the moments of what has been found,
each stage weighted against the mixture of all stages, so that none can be far off unnoticed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float
from scipy import special, stats

STAGES, MOST_STAGES = 3, 6
_FREEDOM = 5.0
_WIDER = 1.3  # variance of a proposal over that of the weighted points
_ENOUGH = 60.0  # effective points


@dataclass(frozen=True)
class Explored:
    """Weighted points of one posterior; `log_evidence` is the logarithm of its integral."""

    points: Float[np.ndarray, "points parameters"]
    log_weight: Float[np.ndarray, "points"]
    log_evidence: float
    effective: float


def explore(
    log_density: Callable[[Float[np.ndarray, "points parameters"]], Float[np.ndarray, "points"]],
    mean: Float[np.ndarray, "parameters"],
    covariance: Float[np.ndarray, "parameters parameters"],
    *,
    enough: float = _ENOUGH,
    size: int | None = None,
) -> Explored:
    """Points and weights for the unnormalised log-density, started from a normal distribution.

    Stages of `size` points (by default a number that grows with the parameters) are added until
    `enough` points count, and at most `MOST_STAGES`.
    """
    points, values, stages = [], [], []
    while True:
        root = np.linalg.cholesky(covariance + 1e-9 * np.eye(len(mean)))
        heavy = len(stages) > 0
        drawn = mean + _standard(len(mean), size, heavy=heavy) @ root.T
        stages.append((mean, root, heavy))
        points.append(drawn)
        values.append(log_density(drawn))
        everything = np.concatenate(points)
        each = [_log_proposal(everything, *stage) for stage in stages]
        proposal = special.logsumexp(each, axis=0) - np.log(len(stages))
        log_ratio = np.concatenate(values) - proposal
        weight = _normalised(log_ratio)
        effective = float(1 / np.sum(weight**2))
        if len(stages) >= STAGES and (effective >= enough or len(stages) == MOST_STAGES):
            break
        mean, covariance = _moments(everything, log_ratio)
    log_evidence = float(special.logsumexp(log_ratio) - np.log(len(log_ratio)))
    return Explored(everything, np.log(np.maximum(weight, 1e-300)), log_evidence, effective)


def _moments(points, log_ratio):
    """Mean and widened covariance; weights are flattened until enough points count."""
    power = 1.0
    weight = _normalised(log_ratio)
    while 1 / np.sum(weight**2) < _ENOUGH and power > 1e-3:
        power *= 0.7
        weight = _normalised(power * log_ratio)
    mean = weight @ points
    away = points - mean
    return mean, _WIDER * (weight[:, None] * away).T @ away


def _normalised(log_weight):
    weight = np.exp(log_weight - log_weight.max())
    return weight / weight.sum()


@cache
def _standard(
    dimensions: int, size: int | None, *, heavy: bool
) -> Float[np.ndarray, "points parameters"]:
    """Halton points as standard normal or Student vectors."""
    # Twice as many points where there are more parameters to explore.
    points = size or (512 if dimensions <= 3 else 1024)
    u = stats.qmc.Halton(dimensions + 1, scramble=False).random(points + 1)[1:]
    normal = special.ndtri(u[:, :dimensions])
    if not heavy:
        return normal
    return normal / np.sqrt(stats.chi2.ppf(u[:, -1:], _FREEDOM) / _FREEDOM)


def _log_proposal(points, mean, root, heavy):
    d = len(mean)
    square = np.sum(np.linalg.solve(root, (points - mean).T) ** 2, axis=0)
    log_volume = np.log(np.diag(root)).sum()
    if not heavy:
        return -square / 2 - d / 2 * np.log(2 * np.pi) - log_volume
    norm = special.gammaln((_FREEDOM + d) / 2) - special.gammaln(_FREEDOM / 2)
    norm -= d / 2 * np.log(_FREEDOM * np.pi)
    return norm - log_volume - (_FREEDOM + d) / 2 * np.log1p(square / _FREEDOM)
