"""Processes fitted to runs up to their first error."""

from collections.abc import Sequence
from functools import cache, partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy import stats

from .._checks import check_level
from .._estimate import Estimate
from ..formulas._special import log1mexp
from ..processes import AbstractErrorProcess
from ._optimum import Optimum, evaluate, maximise
from ._process_families import ProcessFamily, find_process_family, lines
from ._profile import likelihood_bounds
from ._report import Report, line_errors, notes_on
from ._runs import Runs

HORIZONS = (0.5, 0.8, 0.99)


class ProcessFit(eqx.Module):
    r"""A process fitted to runs.

    `parameters` and `horizons` (by reliability, in steps) carry profile-likelihood intervals. An
    end at infinity, or at 0, says that the data do not bound the number on that side; `notes`
    puts that into words. `log_likelihood` has one number per distinct pair of `Runs`, in nats.
    """

    family: str = eqx.field(static=True)
    process: AbstractErrorProcess
    parameters: dict[str, Estimate]
    horizons: dict[float, Estimate]
    log_likelihood: Float[np.ndarray, " pairs"]
    total: float = eqx.field(static=True)
    optimum: Optimum
    scale: float = eqx.field(static=True)
    notes: tuple[str, ...] = eqx.field(static=True)

    @property
    def aic(self) -> float:
        r"""Akaike's criterion, $2k-2\ln L$: smaller is better."""
        return 2.0 * len(self.optimum.vector) - 2.0 * self.total


def run_log_likelihood(process: AbstractErrorProcess, runs: Runs) -> Float[np.ndarray, " pairs"]:
    r"""Log-probability of every distinct pair of length and error, in nats.

    $\ln S(L-1)+\ln e_L$ for a run whose first error is step $L$, with hazard
    $e_L=1-S(L)/S(L-1)$; $\ln S(L)$ for one without error up to $L$. Exact for steps that are
    counted: nothing is treated as continuous. $-\infty$ where the process excludes the run.

    Parameters
    ----------
    process
        Any process; what matters is its marginal law of the first error.
    runs
        The runs; `result[runs.pair]` has one entry per run.

    Examples
    --------
    >>> from simlib.processes import Uniform
    >>> runs = Runs.from_columns(np.array([1, 2]), np.array([1, 0]))
    >>> [round(float(x), 4) for x in np.exp(run_log_likelihood(Uniform(0.1), runs))]
    [0.1, 0.81]
    """
    length, error = jnp.asarray(runs.length, dtype=float), jnp.asarray(runs.error == 1)
    return np.asarray(_of_pairs(process, length, error))


def fit_process(
    runs: Runs,
    family: str | ProcessFamily,
    *,
    level: float = 0.95,
    horizons: Sequence[float] = HORIZONS,
) -> ProcessFit:
    r"""Maximum likelihood of a family of processes, with profile-likelihood intervals.

    Parameters
    ----------
    runs
        The runs.
    family
        `"uniform"`, `"power"` (Weibull), `"logarithmic"`, `"saturating"`, `"heavy_tailed"` (gamma
        frailty over runs, Pareto), `"log_logistic"`, `"frail_power"`, or a `ProcessFamily`.
    level
        Coverage of each interval.
    horizons
        Reliabilities at which horizons are wanted.

    Returns
    -------
    ProcessFit
        With the interval of $g(\theta)$ as its range over all $\theta$ with
        $\ell(\theta)\ge\ell_{\max}-\tfrac12\chi^2_{1}(\text{level})$. Where the true value lies on
        the edge of its range (frailty variance 0), coverage exceeds the level.

    Notes
    -----
    Runs are taken as independent. If items repeat and differ, the intervals are too short; see
    `fit_items`.

    Raises
    ------
    ValueError
        If no run has an error (see `error_free`), every run failed at its first step, the family
        cannot have produced the runs, or a level or a reliability is not in (0, 1).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> runs = Runs.from_columns(rng.geometric(0.05, 500), np.ones(500, dtype=int))
    >>> found = fit_process(runs, "power")
    >>> bool(found.parameters["exponent"].contains(1.0))
    True
    """
    chosen = find_process_family(family)
    reliabilities = check_fit(runs, level, horizons)
    if reason := chosen.refuses(runs):
        raise ValueError(f"the family {chosen.name} cannot have produced these runs: {reason}.")
    with jax.enable_x64(True):
        return _fit(runs, chosen, level, reliabilities)


def error_free(
    runs: Runs, *, level: float = 0.95, horizons: Sequence[float] = HORIZONS
) -> dict[str, Estimate]:
    r"""What runs without any error say: an exact one-sided bound.

    With $R$ steps observed and none wrong, a constant error rate is at most
    $1-(1-\text{level})^{1/R}$ with confidence `level`; no other statement about the law of errors
    is possible.

    Parameters
    ----------
    runs
        Runs of which none has an error.
    level
        Confidence of the bound.
    horizons
        Reliabilities at which lower bounds of the horizon are wanted.

    Returns
    -------
    dict
        `"error_rate"`, and `"horizon R"` for each reliability R, infinite with a finite lower end.

    Raises
    ------
    ValueError
        If there is an error.
    """
    if runs.errors:
        raise ValueError(f"{runs.errors} runs have an error; use fit_process.")
    reliabilities = check_horizons(horizons)
    hazard = -np.log1p(-level) / runs.steps

    def make(value, lower, upper, unit):
        parts = (jnp.asarray(x, dtype=float) for x in (value, np.inf, lower, upper))
        return Estimate(
            *parts, level=level, n=runs.runs, method="exact, one-sided, constant hazard", unit=unit
        )

    found = {"error_rate": make(0.0, 0.0, -np.expm1(-hazard), "")}
    for r in reliabilities:
        found[f"horizon {r:g}"] = make(np.inf, -np.log(r) / hazard, np.inf, "steps")
    return found


def check_fit(runs: Runs, level: float, horizons: Sequence[float]) -> np.ndarray:
    """Refuse runs and levels with which no fit can be made."""
    check_level(level)
    if runs.errors == 0:
        raise ValueError(
            f"none of {runs.runs} runs has an error, so no law of errors can be fitted; "
            "error_free(runs) gives the exact bound that they allow."
        )
    if runs.errors == runs.steps:
        raise ValueError(
            f"every one of {runs.runs} runs failed at step 1, so nothing is known of later steps "
            "and the error rate of a step may be 1; give runs that get further."
        )
    return check_horizons(horizons)


def check_horizons(horizons: Sequence[float]) -> np.ndarray:
    """The reliabilities of horizons, refused outside (0, 1)."""
    values = np.asarray(horizons, dtype=float)
    if not ((values > 0) & (values < 1)).all():
        raise ValueError(f"horizons must lie in (0, 1), got {list(horizons)}; 0.5 is the median.")
    return values


def padded(runs: Runs, weight: np.ndarray) -> tuple[tuple[Array, Array], Array]:
    """Pairs and weights, filled up so that few sizes are ever compiled."""
    size = max(64, 1 << (len(weight) - 1).bit_length())
    fill = size - len(weight)
    length = jnp.asarray(np.pad(runs.length.astype(float), (0, fill), constant_values=1.0))
    error = jnp.asarray(np.pad(runs.error == 1, (0, fill)))
    return (length, error), jnp.asarray(np.pad(weight.astype(float), (0, fill)))


def locate(
    family: ProcessFamily, runs: Runs, weight: np.ndarray, scale: float, near=None
) -> Optimum:
    """The maximum of the likelihood of weighted pairs, in double precision."""
    data, weights = padded(runs, weight)
    log_rate = float(np.log((runs.error * weight).sum() / (runs.length * weight).sum() * scale))
    box = family.box(log_rate, scale)
    starts = [near] if near is not None else [[log_rate, *shape] for shape in family.starts]
    low, high = np.array(box).T
    starts = [list(np.clip(start, low, high)) for start in starts]
    # The hazard of step n is a difference of cumulative hazards, with n times their rounding.
    data = (*data, jnp.asarray(scale))
    return maximise(likelihood_of(family), data, weights, starts, box, float(runs.longest))


def pairs_under(family: ProcessFamily, runs: Runs, vector: np.ndarray, scale: float) -> np.ndarray:
    """Log-probability of each pair under the member of a family."""
    data, weights = padded(runs, runs.count)
    _, each, _ = evaluate(likelihood_of(family), vector, (*data, jnp.asarray(scale)), weights)
    return each[: len(runs.count)]


@cache
def likelihood_of(family: ProcessFamily):
    """Log-probability of pairs as a function of (length, error, scale) and a vector."""

    def log_likelihood(data, vector):
        length, error, scale = data
        return _of_pairs(family.build(vector, scale), length, error)

    return log_likelihood


@cache
def numbers_of(family: ProcessFamily):
    """Reported numbers and their slopes, compiled."""
    value = partial(lines, family)
    return jax.jit(lambda v, s, x: (value(v, s, x), jax.jacfwd(value)(v, s, x)))


def _fit(runs: Runs, family: ProcessFamily, level: float, reliabilities: np.ndarray) -> ProcessFit:
    scale = runs.steps / runs.runs
    optimum = locate(family, runs, runs.count, scale)
    data, weights = padded(runs, runs.count)
    data = (*data, jnp.asarray(scale))
    total, each, _ = evaluate(likelihood_of(family), optimum.vector, data, weights)
    log_rate = float(np.log(runs.errors / runs.steps * scale))
    box = family.box(log_rate, scale)
    levels = jnp.asarray(-np.log(reliabilities))

    def log_likelihood(vector):
        mean, _, slope = evaluate(likelihood_of(family), vector, data, weights)
        return mean * runs.runs, slope * runs.runs

    def numbers(vector):
        value, slope = numbers_of(family)(jnp.asarray(vector), jnp.asarray(scale), levels)
        return np.asarray(value), np.asarray(slope)

    bounds = likelihood_bounds(
        log_likelihood,
        numbers,
        best=optimum.vector,
        information=optimum.information,
        drop=float(stats.chi2.ppf(level, 1)) / 2,
        box=box,
    )
    value, slope = numbers(optimum.vector)
    spread = line_errors(slope, optimum.information)
    make = Report(box, runs.runs, level, "maximum likelihood, profile likelihood").estimate
    parameters = {
        p.name: make(p.value, p.edges, value[i], spread[i], bounds.value[i],
                     (optimum.vector, *bounds.vector[i]))
        for i, p in enumerate(family.parameters)
    }  # fmt: skip
    first = len(family.parameters)
    found = {}
    for i, r in enumerate(reliabilities.tolist(), first):
        ends, centre = bounds.value[i].copy(), value[i]
        if family.plateau is not None:
            # Where the plateau lies above the reliability, survival never falls to it.
            log_level, at = np.log(-np.log(r)), 0
            low, high = bounds.value[at]
            centre = np.inf if value[at] <= log_level else centre
            ends = np.array([np.inf if high <= log_level else ends[0],
                             np.inf if low <= log_level else ends[1]])  # fmt: skip
        found[r] = make(np.exp, {}, centre, spread[i], ends, (optimum.vector,) * 3, unit="steps")
    total *= runs.runs
    return ProcessFit(
        family=family.name,
        process=family.build(jnp.asarray(optimum.vector), jnp.asarray(scale)),
        parameters=parameters,
        horizons=found,
        log_likelihood=each[: len(runs.count)],
        total=float(total),
        optimum=optimum,
        scale=scale,
        notes=notes_on(runs, parameters, found),
    )


@eqx.filter_jit
def _of_pairs(process, length, error):
    end = -process.log_survival(length)
    before = -process.log_survival(jnp.where(error, length - 1, length))
    step = jnp.where(error, end - before, 1.0)
    return -before + jnp.where(error, log1mexp(step), 0.0)
