"""How fast a quantity grows with length: the exponent of a power law for its mean."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float, Int, Num

from .._estimate import Estimate

_STEPS = 60


def growth_exponent(
    amount: Num[np.ndarray, " amounts"],
    length: Num[np.ndarray, " lengths"],
    *,
    unit: Int[np.ndarray, " units"] | None = None,
    level: float = 0.95,
) -> Estimate:
    r"""The exponent $a$ of $\mathbb E[\text{amount}\mid n]=c\,n^a$.

    For counts of key tokens, $a$ is $\mathrm d\ln k/\mathrm d\ln n$: 1 means a fixed share of
    the tokens, less than 1 a falling share. If the mean is no power of $n$, $a$ is an average
    slope over the lengths at hand.

    The estimate solves the equations of Poisson regression on $\ln n$, which only ask that the
    mean be right: amounts may be 0, need not be integers, and may have any variance. The
    standard error is the sandwich of Huber and White, valid under the same condition.

    Parameters
    ----------
    amount
        A non-negative amount, such as the number of key tokens of an answer.
    length
        Its length $n$, positive; at least two different lengths.
    unit
        Which independent unit each amount belongs to, where one unit gives several: the counts
        along one answer, say. Every amount is its own unit if omitted.
    level
        Coverage of the normal interval.

    Returns
    -------
    Estimate
        $a$ with `n` the number of independent units.

    Raises
    ------
    ValueError
        If lengths are not positive, all equal, or of another number than the amounts or units; if
        an amount is negative; or if amounts are positive only at the shortest or only at the
        longest length, so that no finite exponent fits.

    Source: Gourieroux, Monfort and Trognon (1984) for the consistency of the estimate.

    Examples
    --------
    >>> n = np.repeat([10, 20, 40], 100)
    >>> print(f"{float(growth_exponent(3.0 * n**0.5, n).value):.4f}")
    0.5000
    """
    amount, length = np.asarray(amount, dtype=float), np.asarray(length, dtype=float)
    unit = np.arange(amount.size) if unit is None else np.asarray(unit)
    _check(amount, length, unit)
    x = np.log(length) - np.log(length).max()  # exponents then never overflow
    target = (amount * x).sum() / amount.sum()

    distinct, units = np.unique(x, return_counts=True)

    def tilted_mean(a: float) -> float:
        # Weights n^a, computed relative to the largest of them.
        weight = units * np.exp(a * distinct - (a * distinct).max())
        return (weight * distinct).sum() / weight.sum()

    # The mean of ln n under weights n^a rises from its smallest to its largest value.
    low, high = -1.0, 1.0
    while tilted_mean(low) > target:
        low *= 2.0
    while tilted_mean(high) < target:
        high *= 2.0
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if tilted_mean(middle) < target else (low, middle)
    a = (low + high) / 2.0

    shape = np.exp(a * x)
    mean = amount.sum() * shape / shape.sum()
    centred = x - (mean * x).sum() / mean.sum()
    bread = (mean * centred**2).sum()
    _, index = np.unique(unit, return_inverse=True)
    scores = np.bincount(index, weights=(amount - mean) * centred)  # one per independent unit
    return Estimate.from_mean(
        a,
        np.sqrt((scores**2).sum()) / bread,
        len(scores),
        level=level,
        method="Poisson regression, sandwich",
    )


def by_length(
    groups: Sequence[Float[np.ndarray, "_ _"]],
    amount: Callable[[Float[np.ndarray, "items tokens"]], Num[np.ndarray, "items"]],
) -> tuple[Num[np.ndarray, "units"], Num[np.ndarray, "units"]]:
    """One amount per answer, and the length of that answer, over groups of different lengths.

    Parameters
    ----------
    groups
        Matrices with one row per answer and one column per token, as `answer_log_probs` gives
        them; one matrix per length.
    amount
        From a matrix to one number per row, such as a count of key tokens.

    Returns
    -------
    amount, length
        What `growth_exponent` takes.

    Examples
    --------
    >>> sure, unsure = np.zeros((2, 3)), np.full((1, 5), -1.0)
    >>> by_length([sure, unsure], lambda rows: (rows < -0.5).sum(1))
    (array([0, 0, 5]), array([3, 3, 5]))
    """
    amounts = np.concatenate([amount(rows) for rows in groups])
    lengths = np.concatenate([np.full(len(rows), rows.shape[1]) for rows in groups])
    return amounts, lengths


def along(
    rows: Num[np.ndarray, "items tokens"], lengths: Int[np.ndarray, " lengths"]
) -> tuple[Num[np.ndarray, " entries"], Int[np.ndarray, " entries"], Int[np.ndarray, " entries"]]:
    """Running totals along every answer at the given lengths.

    Parameters
    ----------
    rows
        An amount per token, such as 1 for a key token and 0 for another; one row per answer.
    lengths
        Between 1 and the number of columns.

    Returns
    -------
    amount, length, unit
        What `growth_exponent` takes; the unit is the answer.

    Raises
    ------
    ValueError
        If a length is not between 1 and the number of columns.

    Examples
    --------
    >>> along(np.array([[1, 0, 1, 1]]), np.array([2, 4]))
    (array([1, 3]), array([2, 4]), array([0, 0]))
    """
    width = rows.shape[1]
    if lengths.min() < 1 or lengths.max() > width:
        raise ValueError(f"lengths must lie between 1 and {width}, got {lengths}.")
    amount = np.cumsum(rows, axis=1)[:, lengths - 1]
    unit = np.repeat(np.arange(len(rows)), len(lengths))
    return amount.ravel(), np.tile(lengths, len(rows)), unit


def _check(amount: np.ndarray, length: np.ndarray, unit: np.ndarray) -> None:
    if not amount.shape == length.shape == unit.shape:
        raise ValueError(
            f"amount has {len(amount)} entries, length {len(length)} and unit {len(unit)}; give "
            "one of each."
        )
    if not (length > 0).all() or not np.isfinite(length).all():
        raise ValueError(f"length must be positive and finite, got {length.min()}.")
    if not (amount >= 0).all() or not np.isfinite(amount).all():
        raise ValueError(f"amount must be finite and at least 0, got {amount.min()}.")
    if length.min() == length.max():
        raise ValueError(f"length is {length[0]:g} throughout; a slope needs two lengths.")
    where = length[amount > 0]
    if where.size == 0 or where.max() == length.min() or where.min() == length.max():
        raise ValueError(
            "amount is positive at no length, or only at the shortest or the longest one; "
            "no finite exponent fits. Lower the threshold or collect more units."
        )
