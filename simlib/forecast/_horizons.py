"""Horizons from a table of success against length."""

from collections.abc import Sequence
from functools import cache, partial
from typing import Any, Literal, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from scipy import special, stats

from .._checks import check_level
from .._estimate import Estimate
from ..fit._optimum import Optimum, evaluate, maximise
from ..fit._profile import likelihood_bounds
from ..fit._report import line_errors
from ..processes import AbstractErrorProcess
from ._horizon_laws import HorizonLaw, find_law, log_failure
from ._success_table import SuccessTable, success_table

#: Reliabilities at which horizons are reported unless others are asked for.
RELIABILITIES = (0.5, 0.8, 0.99, 0.999)
Interval = Literal["profile", "delta"]

T = TypeVar("T")

_REACH = 25.0  # of the logarithm of the half-life, around that of the lengths
_STEP = 1e-5


class HorizonFit(eqx.Module):
    r"""A law of success against length, fitted to a table.

    `parameters` and `horizons` (by reliability, in units of length) carry profile-likelihood
    intervals, widened for attempts at a task that are alike. `design_effect` is by how much the
    variance exceeds that of independent attempts, averaged over the parameters; never below 1.
    `log_likelihood` has one number per row, in nats, with the binomial coefficient.
    """

    law: str = eqx.field(static=True)
    process: AbstractErrorProcess
    parameters: dict[str, Estimate]
    horizons: dict[float, Estimate]
    log_likelihood: Float[np.ndarray, " rows"]
    design_effect: float = eqx.field(static=True)
    optimum: Optimum
    notes: tuple[str, ...] = eqx.field(static=True)

    @property
    def aic(self) -> float:
        r"""Akaike's criterion, $2k-2\ln L$; it takes attempts as independent."""
        return 2.0 * len(self.optimum.vector) - 2.0 * float(self.log_likelihood.sum())


def fit_horizons(
    lengths: Any,
    successes: Any,
    attempts: Any,
    *,
    law: str = "log-logistic",
    item: Any = None,
    independent: bool = False,
    level: float = 0.95,
    reliabilities: Sequence[float] = RELIABILITIES,
    interval: Interval = "profile",
    unit: str = "",
) -> HorizonFit:
    r"""Maximum likelihood of a law $S(n)$ of success against length, with horizons.

    The likelihood of a row is binomial, $\binom{m}{y}S(n)^y(1-S(n))^{m-y}$. Tasks of one length
    need not be equally hard: $S(n)$ is then the mean over tasks, the estimate stays consistent,
    and the intervals are widened by the ratio of the sandwich variance over tasks to that of the
    binomial likelihood, number by number.

    Parameters
    ----------
    lengths, successes, attempts
        One row per task, or per task and batch of attempts.
    law
        `"exponential"`, `"weibull"`, `"log-logistic"`, `"log-normal"`, `"gamma-frailty"` or
        `"noise-threshold"`.
    item
        The task of each row; every row is a task of its own if omitted.
    independent
        Rows hold attempts at many different tasks each, so that nothing has to be widened.
    level
        Coverage of each interval.
    reliabilities
        At which horizons are wanted.
    interval
        `"profile"`, or `"delta"` for a normal interval of the logarithm, which is faster.
    unit
        Of the lengths, for labels.

    Returns
    -------
    HorizonFit
        The profile interval of a number $g$ is its range over all parameters $\theta$ with
        $\ell(\theta)\ge\ell_{\max}-\tfrac12\phi_g F$, where $\phi_g\ge1$ is the ratio of
        variances and $F$ the quantile of $F_{1,G-p}$ for $G$ tasks and $p$ parameters (of
        $\chi^2_1$ for independent attempts). It holds if the law does.

    Raises
    ------
    ValueError
        If counts are impossible; if everything or nothing was solved, or a law of two parameters
        meets a single length (`law_free_horizons` says what such tables bound); if there are fewer
        tasks than needed; or if a level, a reliability or the law is unknown.
    RuntimeError
        If the likelihood has no maximum that can be found.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> minutes = np.geomspace(1, 500, 150)
    >>> solved = rng.binomial(8, 1 / (1 + minutes / 50))
    >>> fit = fit_horizons(minutes, solved, np.full(150, 8), law="log-logistic")
    >>> bool(fit.horizons[0.5].contains(50.0))
    True
    """
    chosen = find_law(law)
    table = success_table(lengths, successes, attempts, item=item, independent=independent)
    wanted = check_reliabilities(reliabilities)
    check_table(table, chosen, level)
    with jax.enable_x64(True):
        found = fit_table(table, chosen, level, wanted, unit, interval)
    return as_default(found)


def as_default(result: T) -> T:
    """The result with its JAX arrays in the default precision, so that it mixes with others."""
    change = lambda x: jnp.asarray(np.asarray(x), dtype=float) if isinstance(x, jax.Array) else x
    return jax.tree.map(change, result)


def check_reliabilities(reliabilities: Sequence[float]) -> np.ndarray:
    """The reliabilities as an array, refused unless all lie in (0, 1)."""
    values = np.asarray(reliabilities, dtype=float)
    if not ((values > 0) & (values < 1)).all():
        raise ValueError(
            f"reliabilities must lie in (0, 1), got {list(reliabilities)}; 99 % is 0.99."
        )
    return values


def check_table(table: SuccessTable, law: HorizonLaw, level: float) -> None:
    """Refuse tables from which the law cannot be estimated."""
    check_level(level)
    solved, trials = table.successes.sum(), table.trials
    if solved in (0, trials):
        what = "all" if solved else "none"
        raise ValueError(
            f"successes: {what} of {trials} attempts succeeded, so no law has a finite horizon "
            "here; law_free_horizons gives the bound on one side, and "
            f"{'longer' if solved else 'shorter'} tasks would give the other."
        )
    size = 1 + len(law.shapes)
    if table.distinct_lengths < size:
        raise ValueError(
            f"lengths are {table.lengths[0]:g} throughout, but the law {law.name} has {size} "
            'parameters; add tasks of other lengths, or take law="exponential".'
        )
    if not table.independent and table.tasks < size + 3:
        raise ValueError(
            f"item: {table.tasks} tasks are too few to see how much tasks differ; give a row per "
            "task, or independent=True if each row sums up attempts at many tasks."
        )


@cache
def _likelihood_of(law: HorizonLaw):
    def log_likelihood(data, vector):
        length, success, failure = data
        process = law.build(vector)
        # A row without successes says nothing of survival, however small it is.
        right = jnp.where(success > 0, process.log_survival(length) * success, 0.0)
        wrong = jnp.where(failure > 0, log_failure(process, length) * failure, 0.0)
        return right + wrong

    return log_likelihood


@cache
def _scores_of(law: HorizonLaw):
    return jax.jit(jax.jacfwd(_likelihood_of(law), argnums=1))


@cache
def _lines_of(law: HorizonLaw):
    """Logarithms of parameters and horizons and their slopes, from vector and reliabilities."""

    def parameters(vector):
        return jnp.stack([line(jnp.asarray(vector)) for line in law.parameters.values()])

    def lines(vector, reliabilities):
        horizons = jnp.log(law.build(vector).inverse_cumulative_hazard(-jnp.log(reliabilities)))
        return jnp.concatenate([parameters(vector), horizons])

    inverse = law.on_host
    if inverse is None:
        return jax.jit(lambda v, r: (lines(v, r), jax.jacfwd(lines)(v, r)))

    def on_host(vector, reliabilities):
        value = lambda v: np.concatenate([parameters(v), inverse(v, reliabilities)])
        shifts = _STEP * np.eye(len(vector))
        slope = [(value(vector + s) - value(vector - s)) / (2 * _STEP) for s in shifts]
        return value(vector), np.stack(slope, axis=1)

    return on_host


def _padded(table: SuccessTable):
    """Columns per attempt, and attempts as weights, filled up so that few sizes are compiled."""
    rows = len(table.lengths)
    fill = max(64, 1 << (rows - 1).bit_length()) - rows
    share = table.successes / table.attempts
    columns = (table.lengths, share, 1 - share)
    data = tuple(
        jnp.asarray(np.pad(x, (0, fill), constant_values=value))
        for x, value in zip(columns, (table.lengths[0], 0.0, 0.0), strict=True)
    )
    return data, jnp.asarray(np.pad(table.attempts, (0, fill)))


def _centre(table: SuccessTable) -> float:
    """Logarithm of a length near the half-life: where as many succeed beyond as fail before."""
    order = np.argsort(table.lengths)
    solved, missed = table.successes[order], (table.attempts - table.successes)[order]
    balance = np.cumsum(missed) - (solved.sum() - np.cumsum(solved))
    return float(np.log(table.lengths[order][min(np.searchsorted(balance, 0.0), len(order) - 1)]))


def fit_table(
    table: SuccessTable,
    law: HorizonLaw,
    level: float,
    reliabilities: np.ndarray,
    unit: str,
    interval: Interval,
) -> HorizonFit:
    """The fit of a checked table, in double precision."""
    data, weight = _padded(table)
    centre = _centre(table)
    box = [(centre - _REACH, centre + _REACH), *law.shapes]
    starts = [[centre, *shape] for shape in law.starts]
    likelihood = _likelihood_of(law)
    optimum = maximise(likelihood, data, weight, starts, box)
    rows = len(table.lengths)

    def log_likelihood(vector):
        mean, _, slope = evaluate(likelihood, vector, data, weight)
        return mean * table.trials, slope * table.trials

    def numbers(vector):
        value, slope = _lines_of(law)(vector, reliabilities)
        return np.asarray(value), np.asarray(slope)

    value, slope = numbers(optimum.vector)
    # At an edge (no frailty) the fit is that of the law without the coordinate.
    low, high = np.array(box).T
    free = (optimum.vector > low + 1e-6) & (optimum.vector < high - 1e-6)
    moving, information = slope[:, free], optimum.information[np.ix_(free, free)]
    naive = line_errors(moving, information)
    ratio, degrees = np.ones(len(value)), None
    effect = 1.0
    if not table.independent:
        scores = np.asarray(_scores_of(law)(data, jnp.asarray(optimum.vector)))[:rows]
        scores = scores * table.attempts[:, None]
        ratio, effect = _variance_ratios(table, scores[:, free], moving, information)
        degrees = table.tasks - len(optimum.vector)
    quantile = float(
        stats.chi2.ppf(level, 1) if degrees is None else stats.f.ppf(level, 1, degrees)
    )
    names = [*law.parameters, *reliabilities.tolist()]
    found = {}
    for i, name in enumerate(names):
        spread = float(naive[i] * np.sqrt(ratio[i]))
        drop = quantile * float(ratio[i]) / 2
        if interval == "delta":
            ends = value[i] + np.sqrt(quantile) * spread * np.array([-1.0, 1.0])
        else:
            one = partial(_one_of, numbers, i)
            bounds = likelihood_bounds(
                log_likelihood, one,
                best=optimum.vector, information=optimum.information, drop=drop, box=box,
            )  # fmt: skip
            ends = _at_edges(bounds, box, coordinates=(0, 1) if i < len(law.parameters) else (0,))
        parameter = i < len(law.parameters)
        found[name] = _estimate(
            value[i], spread, ends, table, level, interval, "" if parameter else unit
        )
    _, each, _ = evaluate(likelihood, optimum.vector, data, weight)
    horizons = {r: found[r] for r in reliabilities.tolist()}
    return HorizonFit(
        law=law.name,
        process=law.build(jnp.asarray(optimum.vector)),
        parameters={name: found[name] for name in law.parameters},
        horizons=horizons,
        log_likelihood=each[:rows] * table.attempts + _log_choose(table),
        design_effect=effect,
        optimum=optimum,
        notes=_notes(table, horizons),
    )


def _one_of(numbers, i: int, vector: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    value, slope = numbers(vector)
    return value[i : i + 1], slope[i : i + 1]


def _variance_ratios(table, scores, slope, information) -> tuple[np.ndarray, float]:
    """Sandwich over binomial variance of every number, and of the parameters together."""
    by_task = np.zeros((table.tasks, scores.shape[1]))
    np.add.at(by_task, table.task, scores)
    small = table.tasks / (table.tasks - scores.shape[1])
    inverse = np.linalg.pinv((information + information.T) / 2, rcond=1e-8, hermitian=True)
    meat = small * by_task.T @ by_task
    naive = np.einsum("ij,jk,ik->i", slope, inverse, slope)
    robust = np.einsum("ij,jk,ik->i", slope, inverse @ meat @ inverse, slope)
    ratio = np.where(naive > 1e-100, robust / np.maximum(naive, 1e-100), 1.0)
    return np.maximum(ratio, 1.0), max(float(np.trace(inverse @ meat)) / scores.shape[1], 1.0)


def _at_edges(bounds, box, coordinates) -> np.ndarray:
    """Ends of an interval on the logarithmic scale; infinite where the search met its box."""
    low, high = np.array(box).T
    ends = bounds.value[0].copy()
    for side, vector in enumerate(bounds.vector[0]):
        at_edge = (vector <= low + 1e-6) | (vector >= high - 1e-6)
        # At the edges of a shape a horizon has come to its limit; the shape itself has not.
        if any(at_edge[i] for i in coordinates if i < len(vector)):
            ends[side] = np.inf if side else -np.inf
    return ends


def _estimate(line, spread, ends, table, level, interval, unit) -> Estimate:
    value = float(np.exp(line))
    with np.errstate(over="ignore"):
        lower, upper = (float(x) for x in np.exp(ends))
    parts = (value, value * spread, min(lower, value), max(upper, value))
    kind = {"profile": "profile likelihood", "delta": "normal on the logarithm"}[interval]
    return Estimate(
        *(jnp.asarray(x, dtype=float) for x in parts),
        level=level, n=table.trials, method=f"maximum likelihood, {kind}", unit=unit,
    )  # fmt: skip


def _log_choose(table: SuccessTable) -> np.ndarray:
    y, m = table.successes, table.attempts
    return special.gammaln(m + 1) - special.gammaln(y + 1) - special.gammaln(m - y + 1)


def _notes(table: SuccessTable, horizons: dict[float, Estimate]) -> tuple[str, ...]:
    """What these rows leave to the law, in words."""
    short, long = table.lengths.min(), table.lengths.max()
    outside = {
        "below the shortest task": [r for r, x in horizons.items() if float(x.value) < short],
        "beyond the longest task": [r for r, x in horizons.items() if float(x.value) > long],
    }
    found = [
        f"the horizon at {', '.join(f'{100 * r:g} %' for r in which)} lies {where}: it is an "
        "extrapolation by the formula of the law"
        for where, which in outside.items()
        if which
    ]
    open_ended = [r for r, x in horizons.items() if not np.isfinite(x.upper) or float(x.lower) == 0]
    if open_ended:
        percent = ", ".join(f"{100 * r:g} %" for r in open_ended)
        found.append(f"no bound on one side for the horizon at {percent}")
    return tuple(found)
