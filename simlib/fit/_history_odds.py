"""Count or share: how the odds of the next step depend on the steps before it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Num, Shaped

from .._estimate import Estimate
from ._jackknife import jackknife


@dataclass(frozen=True)
class HistoryOdds:
    r"""Exponents of $\text{odds}\propto r^{\beta_r}\,j^{-\beta_w}$, with intervals over items.

    Attributes
    ----------
    right
        $\beta_r$: what right steps so far are worth. If only the *number* of errors counts, it
        is 0.
    wrong
        $\beta_w$: what wrong steps so far cost. If errors do no harm, it is 0.
    balance
        $\beta_r-\beta_w$: doubling the history, right and wrong alike, multiplies the odds by 2
        to this power. If only the *share* of errors counts, it is 0.
    lean
        $\beta_r-\beta_w/2$: above 0 the odds are nearer to a function of the share, below 0 to one
        of the number.
    after_error
        Change of the log-odds if the last step is wrong, beyond its part in `wrong`; None unless
        asked for.
    """

    right: Estimate
    wrong: Estimate
    balance: Estimate
    lean: Estimate
    after_error: Estimate | None


def history_odds(
    log_odds: Float[np.ndarray, " steps"],
    right: Num[np.ndarray, " steps"],
    wrong: Num[np.ndarray, " steps"],
    *,
    items: Shaped[np.ndarray, " steps"],
    after_error: Bool[np.ndarray, " steps"] | None = None,
    level: float = 0.95,
) -> HistoryOdds:
    r"""Whether the number of past errors or their share governs the next step.

    Least squares of $\text{log-odds}=\alpha_\text{item}+\beta_r\ln r-\beta_w\ln j$ over steps with
    $r$ right and $j$ wrong steps before them. A function of the share $j/(r+j)$ has equal
    exponents, since the odds of an error among the steps so far are $j/r$; a function of the
    count has $\beta_r=0$. Histories must cross the two, as planted errors do; in free runs
    errors also stand for what runs and items have in common.

    Parameters
    ----------
    log_odds
        Log-odds of the right step.
    right, wrong
        Right and wrong steps before it; steps with none of either are left out.
    items
        The item of each step: steps of an item may depend on each other.
    after_error
        Whether the last step is wrong, if its effect is to be told from that of older ones.
    level
        Coverage of each interval (jackknife over items).

    Raises
    ------
    ValueError
        If shapes differ, numbers are negative or not finite, there are fewer than three items, or
        the histories do not tell the exponents apart.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> r, w = rng.integers(1, 100, (2, 600))
    >>> odds = 0.7 * np.log(r) - 0.7 * np.log(w) + rng.normal(size=600)
    >>> found = history_odds(odds, r, w, items=np.arange(600) % 8)
    >>> bool(found.balance.contains(0.0)), bool(found.right.contains(0.0))
    (True, False)
    """
    columns = [np.asarray(x, dtype=float) for x in (log_odds, right, wrong)]
    if after_error is not None:
        columns.append(np.asarray(after_error, dtype=float))
    items = np.asarray(items)
    if any(x.shape != items.shape for x in columns) or items.ndim != 1:
        shapes = sorted({x.shape for x in (*columns, items)})
        raise ValueError(f"log_odds, right, wrong and items must be alike, got shapes {shapes}.")
    if (
        not all(np.isfinite(x).all() for x in columns)
        or min(columns[1].min(), columns[2].min()) < 0
    ):
        raise ValueError("log_odds must be finite, right and wrong must be numbers >= 0 of steps.")
    kept = (columns[1] > 0) & (columns[2] > 0)
    y, r, w, *last = (x[kept] for x in columns)
    names, group = np.unique(items[kept], return_inverse=True)
    size = np.bincount(group)

    def centred(x):
        return x - (np.bincount(group, weights=x) / size)[group]

    target = centred(y)
    design = np.stack([centred(x) for x in (np.log(r), -np.log(w), *last)], axis=1)
    _check_design(design, len(names))

    # The normal equations are sums over items.
    squares = np.stack([design[group == i].T @ design[group == i] for i in range(len(names))])
    products = np.stack([design[group == i].T @ target[group == i] for i in range(len(names))])

    def exponents(chosen: Bool[np.ndarray, " items"]) -> Float[np.ndarray, " exponents"]:
        found = np.linalg.solve(squares[chosen].sum(0), products[chosen].sum(0))
        return np.append(found, [found[0] - found[1], found[0] - found[1] / 2])

    found = jackknife(exponents, names, level=level)
    return HistoryOdds(
        right=found[0],
        wrong=found[1],
        balance=found[-2],
        lean=found[-1],
        after_error=found[2] if last else None,
    )


def _check_design(design: Float[np.ndarray, "steps columns"], items: int) -> None:
    scale = np.sqrt((design**2).sum(0))
    if items < 3 or not (scale > 0).all():
        raise ValueError(
            "histories with right and wrong steps are needed for at least 3 items, and their "
            "numbers must differ within an item."
        )
    if np.linalg.cond(design / scale) > 1e4:
        raise ValueError(
            "right and wrong steps rise and fall together, so count and share cannot be told "
            "apart; use histories of different lengths with different shares of errors."
        )
