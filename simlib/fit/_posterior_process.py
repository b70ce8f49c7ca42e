"""Posteriors of processes, given runs up to their first error."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Integer

from .._checks import check_level
from .._estimate import Estimate
from ._fit_items import NODES, item_log_likelihood, side_by_side
from ._posterior import Points, compute, leaning
from ._process_families import PROCESS_FAMILIES, ProcessFamily, find_process_family, lines
from ._process_fit import HORIZONS, check_horizons, likelihood_of, padded
from ._process_priors import PROCESS_PRIORS, with_priors
from ._report import notes_on
from ._runs import Runs


class ProcessPosterior(eqx.Module):
    r"""The posterior of a process, given runs.

    `parameters` and `horizons` (by reliability, in steps) hold medians with equal-tailed
    intervals; their standard errors are posterior standard deviations on the line of the prior,
    brought back by the slope at the median. `means` are posterior means. `sensitivity` says,
    for each parameter, how far its mean or its standard deviation moves on that line, relative to
    the latter, if the prior is taken to the power 1/2 or 2: far below 1 where the data speak.
    `log_evidence` is $\ln\int L\,\mathrm d\pi$ in nats, `effective` the number of points that the
    intervals rest on.
    """

    family: str = eqx.field(static=True)
    parameters: dict[str, Estimate]
    horizons: dict[float, Estimate]
    means: dict[str, float] = eqx.field(static=True)
    sensitivity: dict[str, float] = eqx.field(static=True)
    log_evidence: float = eqx.field(static=True)
    effective: float = eqx.field(static=True)
    notes: tuple[str, ...] = eqx.field(static=True)
    level: float = eqx.field(static=True)
    scale: float = eqx.field(static=True)
    n: int = eqx.field(static=True)
    vectors: Float[np.ndarray, "points parameters"]
    weight: Float[np.ndarray, " points"]

    def survival(self, n: Float[np.ndarray, " lengths"] | Integer[np.ndarray, " lengths"]):
        """Probability of no error up to each length: posterior mean with an interval.

        Parameters
        ----------
        n
            Lengths, in steps.

        Returns
        -------
        Estimate
            Of a new run; the value is the posterior mean, which predicts best.
        """
        with jax.enable_x64(True):
            each = np.exp(
                _log_survival(self.family)(
                    jnp.asarray(self.vectors), jnp.asarray(self.scale), jnp.asarray(n, dtype=float)
                )
            )
        points = Points((), self.vectors, self.weight, self.weight, 0.0, 0.0)
        found = [
            points.estimate(column, lambda x: x, level=self.level, n=self.n) for column in each.T
        ]
        stack = lambda name: jnp.stack([getattr(x, name) for x in found])
        mean = jnp.asarray(self.weight @ each)
        return Estimate(
            mean, stack("stderr"), jnp.minimum(stack("lower"), mean),
            jnp.maximum(stack("upper"), mean), level=self.level, n=self.n, method="posterior",
        )  # fmt: skip


def posterior_process(
    runs: Runs,
    family: str,
    *,
    level: float = 0.95,
    horizons: Sequence[float] = HORIZONS,
    prior: Mapping[str, Any] | None = None,
) -> ProcessPosterior:
    r"""Posterior of a family of processes under weakly informative priors.

    Unlike `fit_process` it needs no error among the runs: it then says what the runs exclude, and
    how much of the answer is the prior's.

    Parameters
    ----------
    runs
        The runs.
    family
        Name of a family of `PROCESS_FAMILIES`.
    level
        Coverage of each interval.
    horizons
        Reliabilities at which horizons are wanted.
    prior
        Priors to use instead of those below, by name of the parameter: a frozen distribution of
        `scipy.stats` on the line named there, with finite mean and standard deviation.

    Returns
    -------
    ProcessPosterior
        Medians with equal-tailed intervals.

    Notes
    -----
    Priors are independent, on a line on which the parameter is unbounded. They are about *steps*,
    whatever a step is in the data: a process that fails once in a hundred steps lies in the
    middle, and 95 % of the prior is within a factor of 2,500 of it.

    ================== ============================= ==========================================
    parameter          line                          prior on the line
    ================== ============================= ==========================================
    error_rate         logit                         normal, mean logit(1/100), deviation 4
    mean_hazard        logarithm, per step           normal, mean ln(1/100), deviation 4
    scale, half_life   logarithm, in steps           normal, mean ln(100), deviation 4
    exponent           logarithm                     normal, mean 0, deviation 0.7 (1/4 to 4)
    power              logarithm                     normal, mean ln(1/2), deviation 1.5
    frailty_variance   logarithm                     variance exponential with mean 2
    plateau            logarithm of the whole hazard normal, mean 0, deviation 2
    ================== ============================= ==========================================

    The integrals are sums over some thousand fixed points (adaptive importance sampling), the
    same at every call. Runs are taken as independent given the parameters; if items repeat and
    differ, use `posterior_items`. `log_evidence` compares families, but halves with every
    widening of a prior by which the data do not care: prefer `compare_processes`.

    Source of the sensitivity: Kallioinen et al. (2024), Statistics and Computing 34, 57.

    Raises
    ------
    ValueError
        If the family is unknown or cannot have produced the runs, `prior` names no parameter of
        it or is no distribution, or a level or a reliability is not in (0, 1).
    RuntimeError
        If the points do not find the posterior.

    Examples
    --------
    >>> runs = Runs.from_columns(np.full(30, 10), np.zeros(30, dtype=int))
    >>> found = posterior_process(runs, "uniform")
    >>> bool(found.parameters["error_rate"].upper < 0.02)
    True
    >>> round(found.sensitivity["error_rate"], 1)
    0.6
    """
    chosen = find_process_family(family)
    reliabilities = _check(chosen, level, horizons)
    if reason := chosen.refuses(runs):
        raise ValueError(f"the family {chosen.name} cannot have produced these runs: {reason}.")
    with jax.enable_x64(True):
        scale = runs.steps / runs.runs
        data, weight = padded(runs, runs.count)
        problem = (_on_lines(chosen.name), (*data, jnp.asarray(scale)), weight, weight.size)
        return _posterior(problem, chosen, runs, runs.runs, scale, level, reliabilities, prior)


def posterior_items(
    runs: Runs,
    *,
    level: float = 0.95,
    horizons: Sequence[float] = HORIZONS,
    prior: Mapping[str, Any] | None = None,
) -> ProcessPosterior:
    r"""Posterior of the frailty of items and of the exponent of their hazard.

    The model and the likelihood are those of `fit_items`, parameters and priors those of the
    family `"frail_power"` in `posterior_process`. With one run per item both are still found, and
    their posterior shows the ridge along which frailty and a falling hazard cannot be told apart.

    Parameters
    ----------
    runs
        Runs with items.
    level, horizons, prior
        As for `posterior_process`; horizons are those of a new item.

    Returns
    -------
    ProcessPosterior
        Of the family `"frail_power"`.

    Raises
    ------
    ValueError
        As for `posterior_process`.
    """
    chosen = find_process_family("frail_power")
    reliabilities = _check(chosen, level, horizons)
    with jax.enable_x64(True):
        scale = runs.steps / runs.runs
        data = side_by_side(runs, scale)
        weight = jnp.asarray(np.bincount(runs.unit(), minlength=len(data.length)) > 0, dtype=float)
        problem = (_items_on_lines, data, weight, NODES * data.length.size)
        return _posterior(problem, chosen, runs, runs.items, scale, level, reliabilities, prior)


def _check(chosen: ProcessFamily, level: float, horizons: Sequence[float]) -> np.ndarray:
    check_level(level)
    if chosen is not PROCESS_FAMILIES.get(chosen.name):
        raise ValueError(f"family must be one of {', '.join(PROCESS_FAMILIES)}, by name.")
    return check_horizons(horizons)


def _posterior(problem, family, runs, n, scale, level, reliabilities, prior) -> ProcessPosterior:
    likelihood, data, weight, terms = problem
    believed = PROCESS_PRIORS[family.name]
    coordinates = with_priors(believed.coordinates, prior)
    # Where a fit would start; half an error, if there is none.
    log_rate = float(np.log(max(runs.errors, 0.5) / runs.steps * scale))
    at = jnp.asarray(scale)
    starts = [_to_lines(family, np.array([log_rate, *shape]), at) for shape in family.starts]
    points = compute(likelihood, data, weight, coordinates, starts, terms=terms)
    vectors, log_horizons = _numbers(family.name)(
        jnp.asarray(points.place), at, jnp.asarray(-np.log(reliabilities))
    )
    vectors, log_horizons = np.asarray(vectors), np.asarray(log_horizons)
    if family.plateau is not None:
        # Where the plateau lies above the reliability, survival never falls to it.
        whole = points.place[:, 0, None]
        log_horizons = np.where(whole <= np.log(-np.log(reliabilities)), np.inf, log_horizons)
    parameters, means, sensitivity = {}, {}, {}
    for c, line in zip(coordinates, points.place.T, strict=True):
        parameters[c.name] = points.estimate(line, c.value, level=level, n=n)
        means[c.name] = points.mean(np.asarray(c.value(line), dtype=float))
        sensitivity[c.name] = points.sensitivity(line)
    later = {
        r: points.estimate(line, np.exp, level=level, n=n, unit="steps")
        for r, line in zip(reliabilities.tolist(), log_horizons.T, strict=True)
    }
    return ProcessPosterior(
        family=family.name,
        parameters=parameters,
        horizons=later,
        means=means,
        sensitivity=sensitivity,
        log_evidence=points.log_evidence,
        effective=points.effective,
        notes=(*leaning(sensitivity), *notes_on(runs, {}, later)),
        level=level,
        scale=scale,
        n=n,
        vectors=vectors,
        weight=points.weight,
    )


def _to_lines(family: ProcessFamily, vector, scale) -> np.ndarray:
    found = np.array(lines(family, jnp.asarray(vector), scale, jnp.zeros(0)))
    for i, parameter in enumerate(family.parameters):
        if parameter.name == "frailty_variance":
            found[i] = np.log(found[i])
    return found


@cache
def _on_lines(name: str):
    likelihood, to_vector = likelihood_of(PROCESS_FAMILIES[name]), PROCESS_PRIORS[name].vector
    return lambda data, line: likelihood(data, to_vector(line, data[-1]))


def _items_on_lines(data, line: Float[Array, " 3"]):
    return item_log_likelihood(data, PROCESS_PRIORS["frail_power"].vector(line, data.scale))


@cache
def _numbers(name: str):
    """Vectors and logarithms of horizons at many places, compiled."""
    family, to_vector = PROCESS_FAMILIES[name], PROCESS_PRIORS[name].vector

    def at(line, scale, levels):
        vector = to_vector(line, scale)
        return vector, jax.vmap(lambda x: family.log_inverse(vector, scale, x))(levels)

    return jax.jit(jax.vmap(at, in_axes=(0, None, None)))


@cache
def _log_survival(name: str):
    def at(vector, scale, n):
        return PROCESS_FAMILIES[name].build(vector, scale).log_survival(n)

    return jax.jit(jax.vmap(at, in_axes=(0, None, None)))
