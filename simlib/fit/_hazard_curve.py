"""The hazard along outputs that ended before an error was seen, bin by bin."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Integer, Shaped
from scipy import stats

from .._estimate import Estimate
from .._types import Numbers
from ._product_limit import whole_numbers


class HazardCurve(eqx.Module):
    r"""Hazard per trial in consecutive bins of trials.

    Bin $b$ holds the trials `first[b]` to `last[b]`. `at_risk` counts its trials that were
    observed with all trials before them right, `errors` how many of these were wrong, and
    `hazard` is their ratio.
    """

    first: Integer[np.ndarray, "bins"]
    last: Integer[np.ndarray, "bins"]
    at_risk: Integer[np.ndarray, "bins"]
    errors: Integer[np.ndarray, "bins"]
    hazard: Estimate

    @property
    def middle(self) -> Shaped[np.ndarray, "bins"]:
        """Middle of each bin, for plots."""
        return (self.first + self.last) / 2


def hazard_curve(
    seen: Numbers,
    wrong: Numbers,
    *,
    edges: Numbers | None = None,
    level: float = 0.95,
) -> HazardCurve:
    r"""Hazard per trial from censored runs, in bins of trials.

    In bin $b$ the estimate is errors over trials at risk,

    $$\hat e_b=\frac{\sum_{j\in b}d_j}{\sum_{j\in b}r_j},$$

    with $r_j$ and $d_j$ as in `product_limit`, of which this is the companion: with one trial per
    bin, survival is $\prod_b(1-\hat e_b)$. It is the maximum-likelihood estimate of a hazard
    that is constant inside each bin; where the hazard varies there, it estimates the mean over
    the trials at risk. Unbiased by censoring that is independent of the errors.

    Parameters
    ----------
    seen
        The last observed trial of each run, a whole number of at least 1: the first error, or
        the trial after which nothing was observed.
    wrong
        Whether that trial was an error; of the same shape.
    edges
        Whole numbers $a_0<a_1<\dots<a_m$, $a_0\ge0$: bin $b$ holds the trials $a_{b-1}+1$ to
        $a_b$. By default every trial up to the longest run is a bin of its own.
    level
        Coverage of each interval. It is the Clopper-Pearson interval of $d$ errors among $r$
        trials at risk: exact for one trial per bin, since $d_j$ is binomial given $r_j$; for wider
        bins it treats the trials at risk as fixed, an approximation that is good when errors
        are rare inside a bin. It takes runs as independent. With several runs per item, give
        the errors and trials at risk of each item to `ratio_of_totals`, which resamples items.

    Returns
    -------
    HazardCurve
        `n` of its estimate is the number of runs. Where nothing is at risk the value is NaN and
        the interval reaches from 0 to 1.

    Raises
    ------
    ValueError
        If there is no run, shapes differ, trials are not whole numbers of at least 1, or edges
        do not increase.

    Source: Kalbfleisch and Prentice, *The Statistical Analysis of Failure Time Data*, sections
    1.4 and 2.4; Clopper and Pearson (1934) for the interval.

    Examples
    --------
    >>> seen, wrong = np.array([2, 3, 3, 4]), np.array([True, True, False, False])
    >>> found = hazard_curve(seen, wrong, edges=[0, 2, 4])
    >>> found.at_risk.tolist(), found.errors.tolist()
    ([8, 4], [1, 1])
    >>> found.hazard.value.tolist()
    [0.125, 0.25]
    """
    last, failed = np.ravel(np.asarray(seen)), np.ravel(np.asarray(wrong)).astype(bool)
    if last.size == 0 or last.shape != failed.shape:
        raise ValueError(
            f"seen and wrong must have one entry per run, got {last.size} and {failed.size}."
        )
    last = whole_numbers("seen", last, 1)
    if edges is None:
        cuts = np.arange(int(last.max()) + 1)
    else:
        cuts = np.ravel(np.asarray(edges))
        if cuts.size < 2:
            raise ValueError(f"edges must hold at least two numbers, got {cuts.size}.")
        cuts = whole_numbers("edges", cuts, 0)
        if not (np.diff(cuts) > 0).all():
            raise ValueError(f"edges must increase, got {cuts.tolist()}.")
    at_risk = np.diff(_trials_up_to(cuts, last))
    errors = np.diff(np.searchsorted(np.sort(last[failed]), cuts, side="right"))
    return HazardCurve(
        first=cuts[:-1] + 1,
        last=cuts[1:],
        at_risk=at_risk,
        errors=errors,
        hazard=_proportions(errors, at_risk, n=last.size, level=level),
    )


def _trials_up_to(
    cuts: Integer[np.ndarray, "edges"], last: Integer[np.ndarray, "runs"]
) -> Integer[np.ndarray, "edges"]:
    """Observed trials at or before each cut, over all runs; no work per trial."""
    ordered = np.sort(last)
    short = np.searchsorted(ordered, cuts, side="right")  # runs that end by the cut
    total = np.concatenate([[0], np.cumsum(ordered)])
    return total[short] + cuts * (last.size - short)


def _proportions(errors, at_risk, *, n: int, level: float) -> Estimate:
    tail, right = (1 - level) / 2, at_risk - errors
    with np.errstate(divide="ignore", invalid="ignore"):
        value = errors / at_risk
        stderr = np.sqrt(value * (1 - value) / at_risk)
    # A parameter of 0 has no beta distribution; these ends are known without one.
    lower = np.where(errors > 0, stats.beta.ppf(tail, np.maximum(errors, 1), right + 1), 0.0)
    upper = np.where(right > 0, stats.beta.isf(tail, errors + 1, np.maximum(right, 1)), 1.0)
    fields = (jnp.asarray(x, dtype=float) for x in (value, stderr, lower, upper))
    return Estimate(*fields, level=level, n=n, method="clopper-pearson on trials at risk")
