"""Horizons under several laws, and what a table says without any law."""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from scipy import stats

from .._checks import check_level
from .._estimate import Estimate
from ._horizon_laws import HORIZON_LAWS, find_law
from ._horizons import (
    RELIABILITIES,
    HorizonFit,
    Interval,
    as_default,
    check_reliabilities,
    check_table,
    fit_table,
)
from ._success_table import SuccessTable, success_table

#: A law counts as plausible if its criterion is at most this far behind the best one.
PLAUSIBLE = 6.0

_WIDEST = 60.0  # on the logarithm of a length: what an interval without an end is taken as
_GROUPS = 12


class HorizonComparison(eqx.Module):
    r"""Several laws fitted to one table.

    `behind` is the difference of each law to the best one in Akaike's criterion, with the
    log-likelihood divided by the design effect of the best law; `weights` are proportional to
    $e^{-\text{behind}/2}$; `plausible` are the laws at most `PLAUSIBLE` behind.

    For every reliability there are three intervals. `averaged` mixes the laws by their weights.
    `envelope` reaches from the lowest to the highest end among the plausible laws, with the
    averaged value in between. `law_free` uses nothing but that longer tasks are no easier
    (see `law_free_horizons`). Where a horizon lies outside of the lengths of the table, only the
    last does not rest on a formula.
    """

    fits: dict[str, HorizonFit]
    behind: dict[str, float] = eqx.field(static=True)
    weights: dict[str, float] = eqx.field(static=True)
    plausible: tuple[str, ...] = eqx.field(static=True)
    averaged: dict[float, Estimate]
    envelope: dict[float, Estimate]
    law_free: dict[float, Estimate]

    @property
    def best(self) -> str:
        """The law with the best criterion."""
        return min(self.behind, key=self.behind.__getitem__)

    def disagreement(self, reliability: float) -> float:
        """Largest over smallest horizon among the plausible laws: 1 if they agree."""
        values = [float(self.fits[law].horizons[reliability].value) for law in self.plausible]
        return max(values) / min(values)


def compare_horizons(
    lengths: Any,
    successes: Any,
    attempts: Any,
    *,
    laws: Sequence[str] = tuple(HORIZON_LAWS),
    item: Any = None,
    independent: bool = False,
    level: float = 0.95,
    reliabilities: Sequence[float] = RELIABILITIES,
    interval: Interval = "profile",
    unit: str = "",
) -> HorizonComparison:
    """Fit several laws of success against length, and say where they part.

    Parameters
    ----------
    lengths, successes, attempts, item, independent, level, reliabilities, interval, unit
        As for `fit_horizons`.
    laws
        Which ones; at least one.

    Raises
    ------
    ValueError, RuntimeError
        As `fit_horizons`.

    Examples
    --------
    >>> minutes = np.array([1, 4, 16, 64, 256])
    >>> solved = np.array([95, 88, 70, 44, 20])
    >>> found = compare_horizons(
    ...     minutes, solved, np.full(5, 100), independent=True, laws=("weibull", "log-logistic")
    ... )
    >>> bool(found.disagreement(0.5) < 1.5), bool(found.disagreement(0.999) > 3)
    (True, True)
    """
    if not laws:
        raise ValueError('laws must name at least one law, such as "log-logistic".')
    chosen = [find_law(law) for law in laws]
    table = success_table(lengths, successes, attempts, item=item, independent=independent)
    wanted = check_reliabilities(reliabilities)
    for law in chosen:
        check_table(table, law, level)
    with jax.enable_x64(True):
        fits = {law.name: fit_table(table, law, level, wanted, unit, interval) for law in chosen}
        best = max(fits.values(), key=lambda fit: float(fit.log_likelihood.sum()))
        score = {
            name: 2.0 * len(fit.optimum.vector)
            - 2.0 * float(fit.log_likelihood.sum()) / best.design_effect
            for name, fit in fits.items()
        }
        behind = {name: value - min(score.values()) for name, value in score.items()}
        share = {name: float(np.exp(-value / 2)) for name, value in behind.items()}
        weights = {name: value / sum(share.values()) for name, value in share.items()}
        plausible = tuple(name for name, value in behind.items() if value <= PLAUSIBLE)
        averaged, envelope = {}, {}
        for r in wanted.tolist():
            each = {name: fit.horizons[r] for name, fit in fits.items()}
            averaged[r] = _average(each, weights, level, unit)
            envelope[r] = _envelope([each[name] for name in plausible], averaged[r])
        free = _law_free(table, wanted, level, unit)
        found = HorizonComparison(fits, behind, weights, plausible, averaged, envelope, free)
    return as_default(found)


def law_free_horizons(
    lengths: Any,
    successes: Any,
    attempts: Any,
    *,
    item: Any = None,
    independent: bool = False,
    level: float = 0.95,
    reliabilities: Sequence[float] = RELIABILITIES,
    unit: str = "",
) -> dict[float, Estimate]:
    r"""Intervals of horizons that assume only that longer tasks are no easier.

    Tasks are put into at most twelve groups by length. No task of a group is harder than the
    longest one: where the upper confidence bound of the success of a group, or of all tasks up to
    its end, lies below $r$, the horizon $T_r$ is no longer than that end. Likewise it is no
    shorter than the beginning of a group where the lower bound of the group, or of all tasks from
    there on, lies above $r$. Bounds are those of Clopper and Pearson with attempts divided by the
    design effect, at a level that holds for all of them together (Bonferroni).

    Parameters
    ----------
    lengths, successes, attempts, item, independent, level, reliabilities, unit
        As for `fit_horizons`; here everything or nothing may have been solved.

    Returns
    -------
    dict
        The interval by reliability: from 0 if tasks are nowhere seen to be that reliable, to
        infinity if they are nowhere seen not to be. The value is the middle of the interval on
        the logarithmic scale, or its finite end, and has no standard error.

    Raises
    ------
    ValueError
        If counts are impossible, or a level or a reliability is not in (0, 1).

    Examples
    --------
    >>> solved = [1000, 950, 300]
    >>> found = law_free_horizons([1, 10, 100], solved, [1000] * 3, independent=True)
    >>> float(found[0.99].lower), float(found[0.99].upper), float(found[0.5].upper)
    (1.0, 10.0, 100.0)
    """
    table = success_table(lengths, successes, attempts, item=item, independent=independent)
    wanted = check_reliabilities(reliabilities)
    check_level(level)
    with jax.enable_x64(True):
        found = _law_free(table, wanted, level, unit)
    return as_default(found)


def _law_free(table: SuccessTable, wanted: np.ndarray, level: float, unit: str):
    distinct = np.unique(table.lengths)
    group = np.arange(len(distinct)) * min(_GROUPS, len(distinct)) // len(distinct)
    row = group[np.searchsorted(distinct, table.lengths)]
    groups = int(group.max()) + 1
    effect = 1.0 if table.independent else _clustering(table, row)
    tail = (1 - level) / 4 / groups  # two ends, and two pools of tasks for each group
    low, high = np.zeros(len(wanted)), np.full(len(wanted), np.inf)
    for i in range(groups):
        first, last = distinct[group == i][[0, -1]]
        for pool in (row == i, row <= i):
            y, m = (x[pool].sum() / effect for x in (table.successes, table.attempts))
            upper = 1.0 if m - y <= 0 else float(stats.beta.isf(tail, y + 1, m - y))
            high = np.where(upper < wanted, np.minimum(high, last), high)
        for pool in (row == i, row >= i):
            y, m = (x[pool].sum() / effect for x in (table.successes, table.attempts))
            lower = 0.0 if y <= 0 else float(stats.beta.ppf(tail, y, m - y + 1))
            low = np.where(lower > wanted, np.maximum(low, first), low)
    found = {}
    for r, a, b in zip(wanted.tolist(), low.tolist(), high.tolist(), strict=True):
        a, b = min(a, b), max(a, b)  # success that rises with length can cross them
        ends = [x for x in (a, b) if 0 < x < np.inf]
        middle = float(np.exp(np.mean(np.log(ends)))) if ends else a
        parts = (min(max(middle, a), b), np.inf, a, b)
        found[r] = Estimate(
            *(jnp.asarray(x, dtype=float) for x in parts), level=level, n=table.trials,
            method="monotone success, Clopper-Pearson", unit=unit,
        )  # fmt: skip
    return found


def _clustering(table: SuccessTable, row_group: np.ndarray) -> float:
    """By how much totals over tasks of about one length vary more than independent attempts."""
    y, m = (np.bincount(table.task, weights=x) for x in (table.successes, table.attempts))
    if table.successes.sum() in (0, table.trials):
        return float((m**2).sum() / m.sum())  # nothing tells attempts at a task apart
    group = np.zeros(len(m), dtype=int)
    group[table.task] = row_group
    p = (np.bincount(group, weights=y) / np.maximum(np.bincount(group, weights=m), 1.0))[group]
    expected = (m * p * (1 - p)).sum()
    used = max(len(m) - len(np.unique(group)), 1) / len(m)
    return max(float(((y - m * p) ** 2).sum() / max(used * expected, 1e-12)), 1.0)


def _average(
    each: dict[str, Estimate], weights: dict[str, float], level: float, unit: str
) -> Estimate:
    """Mixture of the intervals as normal distributions with two halves on the logarithm."""
    z = float(stats.norm.ppf(0.5 + level / 2))
    weight = np.array([weights[name] for name in each])
    centre = np.array([np.log(float(x.value)) for x in each.values()])
    with np.errstate(divide="ignore"):
        low = np.array([np.log(float(x.lower)) for x in each.values()])
        high = np.array([np.log(float(x.upper)) for x in each.values()])
    below = np.clip(centre - low, 1e-9, _WIDEST) / z
    above = np.clip(high - centre, 1e-9, _WIDEST) / z

    def quantile(share):
        left, right = (centre - 10 * below).min(), (centre + 10 * above).max()
        for _ in range(80):
            x = (left + right) / 2
            spread = np.where(x < centre, below, above)
            reached = float(weight @ stats.norm.cdf((x - centre) / spread))
            left, right = (x, right) if reached < share else (left, x)
        return (left + right) / 2

    value = float(np.exp(weight @ centre))
    ends = [quantile((1 - level) / 2), quantile((1 + level) / 2)]
    with np.errstate(over="ignore"):
        lower, upper = np.exp(ends)
    spread = (ends[1] - ends[0]) / (2 * z)
    first = next(iter(each.values()))
    parts = (value, value * spread, min(lower, value), max(upper, value))
    return Estimate(
        *(jnp.asarray(x, dtype=float) for x in parts), level=level, n=first.n,
        method="average over laws", unit=unit,
    )  # fmt: skip


def _envelope(each: list[Estimate], averaged: Estimate) -> Estimate:
    lower = jnp.minimum(jnp.stack([x.lower for x in each]).min(), averaged.value)
    upper = jnp.maximum(jnp.stack([x.upper for x in each]).max(), averaged.value)
    return Estimate(
        averaged.value, averaged.stderr, lower, upper, level=averaged.level, n=averaged.n,
        method="envelope of the plausible laws", unit=averaged.unit,
    )  # fmt: skip
