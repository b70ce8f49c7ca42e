"""Survival from outputs that ended before an error was seen."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import ArrayLike, Integer, Shaped
from scipy import stats

from .._estimate import Estimate


def product_limit(
    seen: Shaped[ArrayLike, "..."],
    wrong: Shaped[ArrayLike, "..."],
    *,
    lengths: Shaped[ArrayLike, "..."],
    level: float = 0.95,
) -> Estimate:
    r"""Product-limit (Kaplan-Meier) estimate of survival from censored runs.

    $$\hat S(n)=\prod_{j\le n}\Big(1-\frac{d_j}{r_j}\Big)$$

    with $r_j$ sequences in which trial $j$ was observed and all trials before it were right, and
    $d_j$ of them wrong at $j$. Unbiased by censoring that is independent of the errors.

    Parameters
    ----------
    seen
        The last observed trial of each sequence, a whole number of at least 1: the first error,
        or the trial after which nothing was observed.
    wrong
        Whether that trial was an error; of the same shape.
    lengths
        Lengths $n\ge0$ at which survival is wanted; whole numbers.
    level
        Coverage of each interval. It is symmetric for $\ln(-\ln S)$, with Greenwood's variance;
        with no error before $n$ it is the Clopper-Pearson interval of $r_n$ sequences.

    Returns
    -------
    Estimate
        One entry per length; `n` is the number of sequences. NaN beyond the longest sequence,
        unless survival has reached 0 by then.

    Raises
    ------
    ValueError
        If there is no sequence, shapes differ, or trials or lengths are not whole numbers in
        range.

    Source: Kaplan and Meier (1958); Greenwood (1926) for the variance; the interval as in
    Kalbfleisch and Prentice, *The Statistical Analysis of Failure Time Data*, section 1.4.

    Examples
    --------
    >>> seen, wrong = np.array([2, 3, 3]), np.array([True, True, False])
    >>> found = product_limit(seen, wrong, lengths=np.arange(1, 4))
    >>> [round(float(s), 3) for s in found.value]
    [1.0, 0.667, 0.333]
    """
    last, failed = np.ravel(np.asarray(seen)), np.ravel(np.asarray(wrong)).astype(bool)
    wanted = np.ravel(np.asarray(lengths))
    if last.size == 0 or last.shape != failed.shape:
        raise ValueError(
            f"seen and wrong must have one entry per sequence, got {last.size} and {failed.size}."
        )
    last, wanted = whole_numbers("seen", last, 1), whole_numbers("lengths", wanted, 0)
    longest = int(last.max())
    errors = np.bincount(last[failed], minlength=longest + 1)
    at_risk = last.size - np.concatenate([[0], np.cumsum(np.bincount(last))[:-1]])
    survival = np.cumprod(1 - errors / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        # Greenwood's sum; infinite once nobody is left, where survival is exactly 0.
        spread = np.sqrt(np.cumsum(errors / (at_risk * (at_risk - errors.astype(float)))))
        factor = np.exp(stats.norm.isf((1 - level) / 2) * spread / np.abs(np.log(survival)))
        lower, upper = survival**factor, survival ** (1 / factor)
        stderr = survival * spread
    none_yet, all_gone = np.cumsum(errors) == 0, survival == 0
    lower = np.where(none_yet, ((1 - level) / 2) ** (1 / at_risk), np.where(all_gone, 0, lower))
    upper = np.where(none_yet, 1.0, np.where(all_gone, 0, upper))
    stderr = np.where(none_yet | all_gone, 0.0, stderr)
    inside = np.minimum(wanted, longest)
    known = (wanted <= longest) | all_gone[-1]
    fields = (
        jnp.asarray(np.where(known, column[inside], np.nan), dtype=float)
        for column in (survival, stderr, lower, upper)
    )
    return Estimate(*fields, level=level, n=int(last.size), method="product limit")


def whole_numbers(
    name: str, values: Shaped[np.ndarray, " any"], low: int
) -> Integer[np.ndarray, " any"]:
    """`values` as integers, or a `ValueError` unless all are whole and at least `low`."""
    if not ((values >= low) & (values == np.floor(values)) & np.isfinite(values)).all():
        raise ValueError(
            f"{name} must hold whole numbers of at least {low}, got values from {values.min()} "
            f"to {values.max()}; trials are numbered from 1."
        )
    return values.astype(np.int64)
