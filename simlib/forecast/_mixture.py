"""Quantiles of a mixture whose members are known by mean and variance, on the interval (0, 1)."""

import numpy as np
from jaxtyping import Float
from scipy import special, stats

# Each member is represented by this many of its quantiles.
_PARTS = 15
_U = (np.arange(_PARTS) + 0.5) / _PARTS
_EDGE = 1e-12


def mixture_quantiles(
    mean: Float[np.ndarray, "functions members"],
    variance: Float[np.ndarray, "functions members"],
    weight: Float[np.ndarray, "members"],
    probability: Float[np.ndarray, "levels"],
) -> Float[np.ndarray, "functions levels"]:
    """Quantiles of averages in (0, 1), each member taken for logit-normal, or beta where wide.

    An average over many problems is close to normal on the logit scale; an average over one or
    two unsolved problems piles up at 0 and 1, which a beta distribution with the same mean and
    variance does as well.
    """
    mean = np.clip(mean, _EDGE, 1 - _EDGE)
    room = mean * (1 - mean)
    variance = np.clip(variance, 0.0, 0.999 * room)
    width = np.sqrt(variance) / room
    points = special.expit(special.logit(mean)[..., None] + width[..., None] * special.ndtri(_U))
    wide = width > 0.5
    if wide.any():
        total = (room / np.maximum(variance, 1e-300) - 1)[wide][:, None]
        a, b = mean[wide][:, None] * total, (1 - mean[wide])[:, None] * total
        points[wide] = stats.beta.ppf(_U, a, b)
    return _weighted(points, weight, probability)


def normal_mixture_quantiles(
    mean: Float[np.ndarray, "functions members"],
    variance: Float[np.ndarray, "functions members"],
    weight: Float[np.ndarray, "members"],
    probability: Float[np.ndarray, "levels"],
) -> Float[np.ndarray, "functions levels"]:
    """Quantiles of quantities without bounds, each member taken for normal."""
    points = mean[..., None] + np.sqrt(np.maximum(variance, 0.0))[..., None] * special.ndtri(_U)
    return _weighted(points, weight, probability)


def _weighted(points, weight, probability):
    """Quantiles of equally likely points within members of given weights."""
    share = np.repeat(weight / (_PARTS * weight.sum()), _PARTS)
    out = np.empty((len(points), len(probability)))
    for i, row in enumerate(points.reshape(len(points), -1)):
        order = np.argsort(row)
        cumulative = np.cumsum(share[order]) - share[order] / 2
        out[i] = np.interp(probability, cumulative, row[order])
    return out
