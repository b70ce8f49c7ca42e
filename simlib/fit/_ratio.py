"""Ratio of two totals over independent units, with its bootstrap interval."""

import numpy as np
from jaxtyping import Array, Key, Num

from .._estimate import Estimate
from ._resample import bootstrap_weights, check_resamples


def ratio_of_totals(
    numerator: Num[np.ndarray, "numerators *entries"],
    denominator: Num[np.ndarray, " denominators"],
    *,
    key: Key[Array, ""],
    resamples: int = 2000,
    level: float = 0.95,
    unit: str = "",
) -> Estimate:
    r"""$\sum_iy_i\big/\sum_ix_i$ over independent units $i$.

    The error rate per token, for instance, is the total of errors over the total of tokens.
    Units (items, documents, runs) are resampled as wholes, so dependence inside a unit, such as
    that between the tokens of one answer, widens the interval as it should.

    Parameters
    ----------
    numerator
        $y_i$; further axes give one ratio per entry, all from the same bootstrap samples.
    denominator
        $x_i\ge0$, positive in total.
    key
        For the bootstrap.
    resamples
        Number of bootstrap samples; samples without any denominator are left out.
    level
        Coverage of each percentile interval on its own.
    unit
        Unit of the ratio, for labels.

    Raises
    ------
    ValueError
        With fewer than two units, a denominator that is negative or 0 in total, values that are
        not finite, or too few resamples for the level.

    Source: Efron and Tibshirani (1993), *An Introduction to the Bootstrap*, chapter 13.

    Examples
    --------
    >>> import jax
    >>> errors, tokens = np.tile([0, 1, 2], 50), np.tile([10, 10, 20], 50)
    >>> float(ratio_of_totals(errors, tokens, key=jax.random.key(0)).value)
    0.075
    """
    y, x = np.asarray(numerator, dtype=float), np.asarray(denominator, dtype=float)
    if len(x) < 2 or len(x) != len(y):
        raise ValueError(
            f"numerator has {len(y)} units and denominator {len(x)}; give both the same units, "
            "at least 2."
        )
    if not (np.isfinite(y).all() and np.isfinite(x).all() and (x >= 0).all() and x.sum() > 0):
        raise ValueError(
            "numerator and denominator must be finite, and denominator at least 0 and not 0 "
            "throughout; drop units without a value first."
        )
    check_resamples(resamples, level)
    weights = bootstrap_weights(len(x), resamples, key=key)
    below = weights @ x
    kept = below > 0
    columns = y.reshape(len(y), -1)
    draws = (weights[kept] @ columns) / below[kept, None]
    return Estimate.from_draws(
        draws.reshape(-1, *y.shape[1:]),
        value=y.sum(0) / x.sum(),
        n=len(x),
        level=level,
        method="bootstrap over units",
        unit=unit,
    )
