"""How unevenly a total is spread over the tokens of a sequence: Lorenz curve and Gini index."""

import numpy as np
from jaxtyping import Array, Float, Int, Key

from .._estimate import Estimate
from ._ratio import ratio_of_totals

_Loss = Float[np.ndarray, " losses"]
_Unit = Int[np.ndarray, " units"]


def top_share(
    loss: _Loss,
    unit: _Unit,
    share: Float[np.ndarray, "shares"],
    *,
    key: Key[Array, ""],
    resamples: int = 2000,
    level: float = 0.95,
) -> Estimate:
    r"""Share of the loss that the costliest tokens of each sequence carry.

    The Lorenz curve read from the top. With the losses of sequence $i$ in falling order,
    $x_{i(1)}\ge x_{i(2)}\ge\dots$, and $n_i$ tokens,

    $$T(q)=\frac{\sum_i\sum_{j\le qn_i}x_{i(j)}}{\sum_i\sum_jx_{i(j)}},$$

    where a token that $qn_i$ cuts in two counts in proportion. Tokens compete within their own
    sequence only, so differences *between* sequences do not count as concentration.

    Parameters
    ----------
    loss
        A non-negative amount per token, such as $-\ln p$ in nats.
    unit
        Which sequence each token belongs to.
    share
        Shares $q$ in [0, 1] at which the curve is wanted.
    key, resamples, level
        See `ratio_of_totals`; sequences are resampled.

    Returns
    -------
    Estimate
        $T(q)$, one entry per share; intervals are pointwise.

    Raises
    ------
    ValueError
        If a loss is negative or not finite, a share lies outside [0, 1], lengths differ, or
        every loss is 0.

    Source: Lorenz (1905).
    """
    share = np.asarray(share, dtype=float)
    if np.any((share < 0) | (share > 1)):
        raise ValueError(f"share must lie in [0, 1], got {share[(share < 0) | (share > 1)][0]}.")
    cumulative = _cumulative_from_the_top(loss, unit)
    tops = np.stack([np.interp(share * (len(c) - 1), np.arange(len(c)), c) for c in cumulative])
    totals = np.array([c[-1] for c in cumulative])
    return ratio_of_totals(tops, totals, key=key, resamples=resamples, level=level)


def gini(
    loss: _Loss,
    unit: _Unit,
    *,
    key: Key[Array, ""],
    resamples: int = 2000,
    level: float = 0.95,
) -> Estimate:
    r"""Gini index of the loss within sequences: $G=2\int_0^1T(q)\,\mathrm dq-1$.

    0 if all tokens of a sequence cost the same; $1-1/n$ if one token of $n$ carries everything.
    Losses that are exponentially distributed have $G\to1/2$. Averaged over sequences with their
    total losses as weights, which is the area under the curve of `top_share`.

    Parameters and exceptions as for `top_share`.

    Source: Gini (1912).
    """
    cumulative = _cumulative_from_the_top(loss, unit)
    totals = np.array([c[-1] for c in cumulative])
    # Trapezoids under the curve of one sequence, times its total.
    areas = np.array([(c.sum() - c[-1] / 2) / (len(c) - 1) for c in cumulative])
    twice_above_diagonal = 2.0 * areas - totals
    return ratio_of_totals(twice_above_diagonal, totals, key=key, resamples=resamples, level=level)


def _cumulative_from_the_top(loss: _Loss, unit: _Unit) -> list[np.ndarray]:
    """0 and the running sums of each sequence's losses in falling order."""
    loss, unit = np.asarray(loss, dtype=float), np.asarray(unit)
    if loss.shape != unit.shape:
        raise ValueError(f"loss has {loss.shape} entries and unit {unit.shape}; give one each.")
    if not np.isfinite(loss).all() or np.any(loss < 0):
        bad = loss[~np.isfinite(loss) | (loss < 0)][0]
        raise ValueError(f"loss must be finite and at least 0, got {bad}; pass -log_prob.")
    if not loss.sum() > 0:
        raise ValueError("every loss is 0, so it has no distribution over tokens.")
    order = np.lexsort((-loss, unit))
    starts = np.flatnonzero(np.diff(unit[order])) + 1
    return [np.concatenate([[0.0], np.cumsum(x)]) for x in np.split(loss[order], starts)]
