"""Does a stated probability come true as often as it says?"""

import equinox as eqx
import numpy as np
from jaxtyping import Array, Key, Num, Shaped

from .._estimate import Estimate
from ._resample import bootstrap_weights, check_resamples


class Calibration(eqx.Module):
    """Stated probability and observed frequency, bin by bin.

    `stated` and `observed` have one entry per bin that is not empty, from low to high; `count`
    says how many predictions each holds; `gap` is the overall mean of observed minus stated.
    """

    stated: Shaped[np.ndarray, "bins"]
    observed: Estimate
    count: Num[np.ndarray, "bins"]
    gap: Estimate


def calibration(
    stated: Shaped[np.ndarray, "..."],
    came_true: Shaped[np.ndarray, "..."],
    unit: Shaped[np.ndarray, "..."],
    *,
    key: Key[Array, ""],
    bins: int = 10,
    resamples: int = 2000,
    level: float = 0.95,
) -> Calibration:
    r"""Reliability diagram with intervals that respect dependence inside units.

    Parameters
    ----------
    stated
        Probabilities in [0, 1].
    came_true
        Whether the predicted event happened.
    unit
        Integer label of the answer that each prediction belongs to; answers are resampled as
        wholes, because the tokens of one answer are not independent.
    key, resamples, level
        For the bootstrap.
    bins
        Number of bins of equal width over [0, 1].

    Raises
    ------
    ValueError
        If a stated probability lies outside [0, 1], lengths differ, or `bins` is below 1.
    """
    check_resamples(resamples, level)
    stated, came_true = np.asarray(stated, dtype=float), np.asarray(came_true)
    if stated.shape != came_true.shape or stated.shape != np.shape(unit):
        raise ValueError("stated, came_true and unit must have one entry per prediction each.")
    if bins < 1 or not ((stated >= 0) & (stated <= 1)).all():
        raise ValueError(
            f"stated must lie in [0, 1] (got {stated.min()} to {stated.max()}) and bins must be "
            f"at least 1 (got {bins})."
        )
    _, row = np.unique(unit, return_inverse=True)
    column = np.minimum((stated * bins).astype(int), bins - 1)
    units = int(row.max()) + 1

    def total(value):
        flat = np.bincount(row * bins + column, weights=value, minlength=units * bins)
        return flat.reshape(units, bins)

    count, hits, mass = (total(v) for v in (np.ones(len(row)), came_true * 1.0, stated))
    kept = count.sum(0) > 0
    count, hits, mass = count[:, kept], hits[:, kept], mass[:, kept]
    # One set of resampled answers for all bins and for the overall gap.
    weights = bootstrap_weights(units, resamples, key=key)
    with np.errstate(invalid="ignore"):
        draws = (weights @ hits) / (weights @ count)
    # A resample without predictions in a bin says nothing about it.
    value = hits.sum(0) / count.sum(0)
    draws = np.where(np.isfinite(draws), draws, value)
    gaps = (weights @ (hits - mass).sum(1)) / (weights @ count.sum(1))
    settings = {"n": len(row), "level": level, "method": "bootstrap over answers"}
    return Calibration(
        stated=mass.sum(0) / count.sum(0),
        observed=Estimate.from_draws(draws, value=value, **settings),
        count=count.sum(0),
        gap=Estimate.from_draws(gaps, value=(hits - mass).sum() / len(row), **settings),
    )
