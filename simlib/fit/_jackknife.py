"""Intervals for any statistic of a few independent items with many steps each."""

from collections.abc import Callable

import numpy as np
from jaxtyping import ArrayLike, Bool, Float, Shaped

from .._estimate import Estimate

Statistic = Callable[[Bool[np.ndarray, " rows"]], float | Float[np.ndarray, "..."]]


def jackknife(
    statistic: Statistic, items: Shaped[ArrayLike, " rows"], *, level: float = 0.95
) -> Estimate:
    r"""A statistic of rows that belong to items, with Student's interval over the items.

    Rows of one item may depend on each other in any way; items are independent. With
    $\hat\theta_{-i}$ the statistic without item $i$ of $n$, the pseudo-values
    $n\hat\theta-(n-1)\hat\theta_{-i}$ are treated as a sample: their mean is the estimate, freed
    of its bias of order $1/n$.

    Parameters
    ----------
    statistic
        From the rows to use (a mask) to a number or an array of numbers.
    items
        Which item each row belongs to; at least three items.
    level
        Coverage of each interval.

    Returns
    -------
    Estimate
        Of the statistic's shape, with `n` the number of items.

    Raises
    ------
    ValueError
        With fewer than three items, or if the statistic is not finite for some of them.

    Source: Tukey (1958); Efron and Tibshirani (1993), *An Introduction to the Bootstrap*, chapter
    11.

    Examples
    --------
    >>> x = np.array([1.0, 2.0, 3.0, 2.0, 4.0, 6.0])
    >>> found = jackknife(lambda kept: x[kept].mean(), [0, 0, 1, 1, 2, 2])
    >>> f"{float(found.value):.2f}", found.n
    ('3.00', 3)
    """
    _, group = np.unique(np.asarray(items), return_inverse=True)
    n = int(group.max(initial=-1)) + 1
    if n < 3:
        raise ValueError(f"items must hold at least 3 different items, got {n}.")
    everything = np.asarray(statistic(np.ones(len(group), bool)), dtype=float)
    without = np.stack([np.asarray(statistic(group != i), dtype=float) for i in range(n)])
    if not (np.isfinite(everything).all() and np.isfinite(without).all()):
        raise ValueError(
            "statistic is not finite with all items or without one of them; it must be defined "
            "however any single item is left out."
        )
    return Estimate.from_sample(n * everything - (n - 1) * without, level=level)


def within_items(
    first: Float[np.ndarray, " runs"],
    second: Float[np.ndarray, " runs"],
    items: Shaped[ArrayLike, " runs"],
    *,
    level: float = 0.95,
) -> Estimate:
    r"""Slope of `second` on `first` among the runs of the same item.

    Runs of one item start alike and differ only by chance, so what items have in common cannot
    produce a slope: if every item has its own error rate and errors have no effect, the slope of
    the later share of errors on the earlier one is 0.

    Parameters
    ----------
    first, second
        Two numbers per run, such as the shares of wrong steps in its first and second half.
    items
        Which item each run belongs to.
    level
        Coverage of the interval, by `jackknife` over items.

    Raises
    ------
    ValueError
        If `first` does not differ between runs of an item, or there are fewer than three items.

    Examples
    --------
    >>> early = np.array([0.1, 0.3, 0.2, 0.6, 0.5, 0.8])
    >>> late = 0.5 * early + np.repeat([0.0, 0.2, 0.1], 2)
    >>> f"{float(within_items(early, late, [0, 0, 1, 1, 2, 2]).value):.3f}"
    '0.500'
    """
    _, group = np.unique(np.asarray(items), return_inverse=True)
    size = np.bincount(group)
    centred = [x - (np.bincount(group, weights=x) / size)[group] for x in (first, second)]
    x, y = centred
    if not (x != 0).any():
        raise ValueError("first is the same for all runs of an item; nothing to compare.")

    def slope(kept: Bool[np.ndarray, " runs"]) -> float:
        return float((x[kept] * y[kept]).sum() / (x[kept] ** 2).sum())

    return jackknife(slope, group, level=level)
