"""How often an interval of a horizon contains the truth, where the truth is known."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float, Key, Num

from .._estimate import Estimate
from ._horizon_comparison import compare_horizons

#: Laws of a back-test unless others are asked for; the noise-threshold law takes longest to fit.
BACKTEST_LAWS = ("exponential", "weibull", "log-logistic", "log-normal", "gamma-frailty")
_RULES = ("best law", "average", "envelope", "no law")


class HorizonBacktest(NamedTuple):
    """Intervals of one horizon against its true value.

    Attributes
    ----------
    truth
        The horizon itself.
    covered
        Number of evaluations whose interval contained it, for each law, the law with the best
        criterion, the average, the envelope and the interval without a law.
    width
        Median over evaluations of the ratio of upper to lower end; infinite where an end is 0.
    evaluations
        How many there were.
    """

    truth: float
    covered: dict[str, int]
    width: dict[str, float]
    evaluations: int

    def coverage(self, rule: str, *, level: float = 0.95) -> Estimate:
        """Share of evaluations whose interval contained the truth."""
        return Estimate.from_counts(self.covered[rule], self.evaluations, level=level)


def true_horizon(
    survival: Float[np.ndarray, " lengths"],
    lengths: Num[np.ndarray, " lengths"],
    reliability: float,
) -> float:
    r"""The length at which a known curve falls to a reliability, log-linear between lengths.

    The curve starts at 1 at length 0; infinite if it does not fall so far.

    Examples
    --------
    >>> round(true_horizon(np.array([0.81, 0.6561]), np.array([2, 4]), 0.9), 6)
    1.0
    """
    if not (survival < reliability).any():
        return float("inf")
    i = int(np.argmax(survival < reliability))
    n0, s0 = (float(lengths[i - 1]), float(survival[i - 1])) if i else (0.0, 1.0)
    n1, s1 = float(lengths[i]), float(survival[i])
    share = (np.log(s0) - np.log(reliability)) / (np.log(s0) - np.log(s1))
    return n0 + float(share) * (n1 - n0)


def backtest_horizons(
    success: Float[np.ndarray, "items lengths"],
    lengths: Num[np.ndarray, " lengths"],
    *,
    key: Key[Array, ""],
    reliability: float = 0.99,
    window: tuple[float, float] = (0.2, 0.95),
    tasks: int = 60,
    runs: int = 8,
    evaluations: int = 25,
    laws: Sequence[str] = BACKTEST_LAWS,
    level: float = 0.95,
) -> HorizonBacktest:
    """Draw evaluations as one would have them, and ask each for a horizon that is known.

    An evaluation has `tasks` tasks: items drawn with replacement, at lengths drawn among those at
    which mean success lies in `window`. Each is run `runs` times, right with its own probability.

    Parameters
    ----------
    success
        Probability that one run is right, for every item at every length.
    lengths
        Increasing lengths of the columns.
    key
        For all draws.
    reliability
        Of the horizon asked for.
    window
        Smallest and largest mean success of lengths that are used.
    tasks, runs, evaluations
        Size of an evaluation, and how many there are.
    laws
        At least one of `HORIZON_LAWS`.
    level
        Of the intervals.

    Raises
    ------
    ValueError
        If fewer than three lengths lie in the window, or the curve never falls to the reliability.
    """
    mean = success.mean(0)
    usable = np.flatnonzero((window[0] <= mean) & (mean <= window[1]))
    if len(usable) < 3:
        raise ValueError(
            f"window {window} holds {len(usable)} lengths, at least 3 are needed; mean success "
            f"runs from {mean[0]:.3g} to {mean[-1]:.3g}, so widen it."
        )
    truth = true_horizon(mean, lengths, reliability)
    if not np.isfinite(truth):
        raise ValueError(
            f"reliability {reliability} is never lost: mean success is {mean[-1]:.3g} at the end."
        )
    names = [*laws, *_RULES]
    covered, widths = dict.fromkeys(names, 0), {name: [] for name in names}
    keys = jax.random.split(key, (evaluations, 3))
    for one, two, three in keys:
        item = np.asarray(jax.random.randint(one, (tasks,), 0, len(success)))
        column = usable[np.asarray(jax.random.randint(two, (tasks,), 0, len(usable)))]
        p = success[item, column]
        right = np.asarray(jax.random.uniform(three, (tasks, runs))) < p[:, None]
        found = compare_horizons(
            lengths[column],
            right.sum(1),
            np.full(tasks, runs),
            laws=laws,
            reliabilities=(reliability,),
            level=level,
            interval="delta",
        )
        intervals = {law: found.fits[law].horizons[reliability] for law in laws}
        intervals["best law"] = intervals[found.best]
        for rule, group in zip(
            _RULES[1:], (found.averaged, found.envelope, found.law_free), strict=True
        ):
            intervals[rule] = group[reliability]
        for name, interval in intervals.items():
            covered[name] += bool(interval.contains(truth))
            lower = float(interval.lower)
            widths[name].append(float(interval.upper) / lower if lower > 0 else np.inf)
    width = {name: float(np.median(values)) for name, values in widths.items()}
    return HorizonBacktest(truth, covered, width, evaluations)
