"""Posteriors of processes with memory, given runs marked step by step."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import ArrayLike, Shaped

from .._checks import check_level
from .._estimate import Estimate
from ._histories import (
    HISTORY_FAMILIES,
    history_cells,
    history_likelihood,
    marked_runs,
)
from ._posterior import compute, leaning
from ._process_priors import HISTORY_PRIORS, with_priors


class HistoryPosterior(eqx.Module):
    """The posterior of a process with memory, given marked runs.

    As `ProcessPosterior`: medians with equal-tailed intervals, posterior means, and how far
    they move under half or twice the prior.
    """

    family: str = eqx.field(static=True)
    parameters: dict[str, Estimate]
    means: dict[str, float] = eqx.field(static=True)
    sensitivity: dict[str, float] = eqx.field(static=True)
    log_evidence: float = eqx.field(static=True)
    effective: float = eqx.field(static=True)
    notes: tuple[str, ...] = eqx.field(static=True)


def posterior_history(
    wrong: Shaped[ArrayLike, "..."],
    family: str,
    *,
    given: int = 0,
    level: float = 0.95,
    prior: Mapping[str, Any] | None = None,
) -> HistoryPosterior:
    r"""Posterior of a process with memory under weakly informative priors.

    Parameters
    ----------
    wrong
        Whether each step of each run is wrong; 0 and 1 or booleans. All steps may be right.
    family
        `"uniform"`, `"self-conditioning, count"`, `"self-conditioning, share"`, `"recovery"` or
        `"semi-Markov recovery"`.
    given
        Number of right steps that were given before the first column.
    level
        Coverage of each interval.
    prior
        Priors to use instead of those below, as for `posterior_process`.

    Returns
    -------
    HistoryPosterior
        Medians with equal-tailed intervals.

    Notes
    -----
    Priors are independent: the logits of `error_rate` and `break_rate` normal with mean
    logit(1/100) and deviation 4 (per step), that of `repair_rate` normal with mean 0 and
    deviation 2; `feedback` exponential with mean 1 (hazard added per past error, or at a share of
    one), given on the line of its logarithm; the logarithm of `shape` normal with mean 0 and
    deviation 0.7.

    Steps are taken as independent given the parameters and what came before in their run. Where
    items differ these intervals are too short; those of `fit_history` allow for it.

    Raises
    ------
    ValueError
        If an entry is not 0 or 1, shapes do not fit, the family or a name in `prior` is unknown,
        or a prior is no distribution.
    RuntimeError
        If the points do not find the posterior.

    Examples
    --------
    >>> marks = np.zeros((20, 30), dtype=int)
    >>> found = posterior_history(marks, "self-conditioning, share")
    >>> round(found.sensitivity["feedback"], 1)  # without an error nothing is known of it
    0.6
    """
    check_level(level)
    marked = marked_runs(wrong, family, given, same=True)
    coordinates = with_priors(HISTORY_PRIORS[family], prior)
    share = float(np.clip(marked.mean(), 0.01, 0.99))
    with jax.enable_x64(True):
        data, weight, _ = history_cells(marked, given)
        starts = [_to_lines(family, start) for start in HISTORY_FAMILIES[family].starts(share)]
        points = compute(_on_lines(family), data, weight, coordinates, starts, terms=weight.size)
    lines = dict(zip(coordinates, points.place.T, strict=True))
    sensitivity = {c.name: points.sensitivity(line) for c, line in lines.items()}
    return HistoryPosterior(
        family=family,
        parameters={
            c.name: points.estimate(line, c.value, level=level, n=len(marked))
            for c, line in lines.items()
        },
        means={c.name: points.mean(np.asarray(c.value(line))) for c, line in lines.items()},
        sensitivity=sensitivity,
        log_evidence=points.log_evidence,
        effective=points.effective,
        notes=tuple(leaning(sensitivity)),
    )


def _to_lines(name: str, vector) -> np.ndarray:
    # Feedback is a number of at least 0; its line is the logarithm.
    free = np.array([link != "identity" for link in HISTORY_FAMILIES[name].links])
    return np.where(free, vector, np.log(np.maximum(vector, 0.01)))


@cache
def _on_lines(name: str):
    likelihood, links = history_likelihood(name), HISTORY_FAMILIES[name].links

    def log_likelihood(data, line):
        vector = [
            jnp.exp(x) if link == "identity" else x for x, link in zip(line, links, strict=True)
        ]
        return likelihood(data, jnp.stack(vector))

    return log_likelihood
