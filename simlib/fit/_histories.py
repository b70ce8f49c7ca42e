"""Processes with memory fitted to runs whose every step is marked right or wrong."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Float, Int, Shaped
from scipy import stats

from .._estimate import Estimate
from ..processes import (
    AbstractHistoryProcess,
    ConstantRepair,
    Recoverable,
    SelfConditioning,
    WeibullRepair,
)
from ._families import Link, slope, to_parameter
from ._optimum import Optimum, evaluate, maximise

HistoryName = Literal[
    "uniform", "self-conditioning, count", "self-conditioning, share", "recovery",
    "semi-Markov recovery",
]  # fmt: skip


@dataclass(frozen=True)
class _Family:
    """A process as a function of its parameters; `starts` takes the share of wrong steps."""

    build: Callable[..., AbstractHistoryProcess]
    names: tuple[str, ...]
    links: tuple[Link, ...]
    starts: Callable[[float], list[list[float]]]

    def process(self, vector: Float[Array, "parameters"]) -> AbstractHistoryProcess:
        return self.build(
            *(to_parameter(link, v) for link, v in zip(self.links, vector, strict=True))
        )


def _logit(p: float) -> float:
    return float(np.log(p / (1 - p)))


HISTORY_FAMILIES: dict[str, _Family] = {
    "uniform": _Family(
        lambda e: SelfConditioning(e, 0.0, dependence="share"),
        ("error_rate",), ("logit",), lambda e: [[_logit(e)]],
    ),
    "self-conditioning, count": _Family(
        lambda e, g: SelfConditioning(e, g, dependence="count"),
        ("error_rate", "feedback"), ("logit", "identity"),
        lambda e: [[_logit(e), 0.0], [_logit(e / 3), 0.05]],
    ),
    "self-conditioning, share": _Family(
        lambda e, g: SelfConditioning(e, g, dependence="share"),
        ("error_rate", "feedback"), ("logit", "identity"),
        lambda e: [[_logit(e), 0.0], [_logit(e / 3), 1.0]],
    ),
    "recovery": _Family(
        lambda e, c: Recoverable(e, ConstantRepair(c)),
        ("break_rate", "repair_rate"), ("logit", "logit"),
        lambda e: [[_logit(e), _logit(1 - e)], [_logit(e / 3), -1.0]],
    ),
    "semi-Markov recovery": _Family(
        lambda e, c, k: Recoverable(e, WeibullRepair(c, k)),
        ("break_rate", "repair_rate", "shape"), ("logit", "logit", "log"),
        lambda e: [[_logit(e), _logit(1 - e), 0.0], [_logit(e / 3), -1.0, -0.5]],
    ),
}  # fmt: skip


class HistoryFit(eqx.Module):
    """A process with memory, fitted to marked runs.

    `parameters` holds the estimates with intervals that allow for items that differ (sandwich
    variance over items); an interval of a feedback is cut at 0. `log_likelihood` has one number
    per run, in nats: fits of different processes to the same runs are compared item by item with
    `log_likelihood_gain` (after adding up the runs of an item).
    """

    family: str = eqx.field(static=True)
    process: AbstractHistoryProcess
    parameters: dict[str, Estimate]
    log_likelihood: Float[np.ndarray, "runs"]
    optimum: Optimum

    @property
    def aic(self) -> float:
        r"""Akaike's criterion, $2k-2\ln L$: smaller is better."""
        return 2.0 * len(self.parameters) - 2.0 * float(self.log_likelihood.sum())


def fit_history(
    wrong: Shaped[ArrayLike, "..."],
    family: HistoryName,
    *,
    given: int = 0,
    items: Shaped[ArrayLike, "..."] | None = None,
    level: float = 0.95,
) -> HistoryFit:
    r"""Maximum likelihood of a process with memory from runs marked step by step.

    The likelihood of a run is the product over its steps of the probability of what happened
    given what had happened before: $\prod_i\pi_i^{x_i}(1-\pi_i)^{1-x_i}$ with
    $\pi_i$ the `error_probability` of the process after the first $i-1$ steps.

    Parameters
    ----------
    wrong
        Whether each step of each run is wrong; 0 and 1 or booleans. All runs have the same number
        of steps.
    family
        `"uniform"`, `"self-conditioning, count"`, `"self-conditioning, share"`, `"recovery"` or
        `"semi-Markov recovery"`.
    given
        Number of right steps that were given before the first column.
    items
        Which item each run belongs to; runs of an item may depend on each other. By default every
        run is an item of its own.
    level
        Coverage of each parameter's interval.

    Raises
    ------
    ValueError
        If an entry is not 0 or 1, shapes do not fit, all steps are right or all are wrong, there
        are fewer than two items, or the family is unknown.
    RuntimeError
        If the likelihood has no maximum that can be found.

    Examples
    --------
    >>> import jax
    >>> from simlib import simulate
    >>> truth = SelfConditioning(0.02, 0.8, dependence="share")
    >>> _, wrong = simulate.sample_histories(
    ...     truth, range(1, 101), key=jax.random.key(0), shape=(300,)
    ... )
    >>> found = fit_history(wrong, "self-conditioning, share")
    >>> bool(found.parameters["feedback"].contains(0.8))
    True
    """
    marked = marked_runs(wrong, family, given)
    group = _groups(items, len(marked))
    with jax.enable_x64(True):
        return _fit(HISTORY_FAMILIES[family], family, marked, int(given), group, level)


def _fit(chosen: _Family, name: str, wrong, given: int, group, level: float) -> HistoryFit:
    data, weight, where = history_cells(wrong, given)
    share = float(np.clip(wrong.mean(), 0.01, 0.99))
    bounds = [(0.0, 1e3) if link == "identity" else (-40.0, 40.0) for link in chosen.links]
    likelihood = history_likelihood(name)
    optimum = maximise(likelihood, data, weight, chosen.starts(share), bounds)
    vector = jnp.asarray(optimum.vector)
    _, each, _ = evaluate(likelihood, vector, data, weight)
    stderrs = _sandwich(likelihood, optimum, data, where, group)
    process = chosen.process(vector)
    return HistoryFit(
        family=name,
        process=process,
        parameters=_estimates(chosen, optimum.vector, stderrs, level, int(group.max()) + 1),
        log_likelihood=each[where].sum(1),
        optimum=optimum,
    )


@cache
def history_likelihood(name: str) -> Callable:
    """Log-probability of cells under a family, as a function of cells and a vector."""
    family = HISTORY_FAMILIES[name]

    def log_likelihood(data, vector):
        step, errors, streak, bad = data
        p = family.process(vector).error_probability(step, errors, streak)
        # The other branch must not poison the gradient, whatever happened.
        p = jnp.clip(p, jnp.finfo(p.dtype).tiny, 1 - jnp.finfo(p.dtype).epsneg)
        return jnp.where(bad == 1, jnp.log(p), jnp.log1p(-p))

    return log_likelihood


def _sandwich(likelihood, optimum: Optimum, data, where, group) -> Float[np.ndarray, "p"]:
    """Standard errors from the information and the spread of the items' scores."""
    scores = np.asarray(_scores(likelihood, data, jnp.asarray(optimum.vector)))
    by_run = scores[where].sum(1)
    items = int(group.max()) + 1
    by_item = np.zeros((items, by_run.shape[1]))
    np.add.at(by_item, group, by_run)
    spread = by_item.T @ by_item * items / (items - 1)
    inverse = np.linalg.pinv(optimum.information)
    return np.sqrt(np.diag(inverse @ spread @ inverse))


@partial(jax.jit, static_argnums=0)
def _scores(likelihood, data, vector):
    return jax.jacfwd(likelihood, argnums=1)(data, vector)


def _estimates(chosen: _Family, vector, stderrs, level: float, items: int) -> dict[str, Estimate]:
    z = stats.t.ppf(0.5 + level / 2, items - 1)
    found = {}
    for name, link, v, s in zip(chosen.names, chosen.links, vector, stderrs, strict=True):
        value, low, high = (
            float(to_parameter(link, jnp.asarray(x))) for x in (v, v - z * s, v + z * s)
        )
        found[name] = Estimate(
            *(jnp.asarray(x) for x in (value, slope(link, v) * s, max(low, 0.0), high)),
            level=level,
            n=items,
            method="maximum likelihood, sandwich variance over items",
        )
    return found


def marked_runs(
    wrong: Shaped[ArrayLike, "..."], family: str, given: int, *, same: bool = False
) -> Bool[np.ndarray, "runs steps"]:
    """The marks of runs, refused if no family of that name can be fitted to them.

    `same` allows marks that are all the same.
    """
    marked = _marked(wrong)
    if not same and (marked.all() or not marked.any()):
        word = "wrong" if marked.all() else "right"
        raise ValueError(
            f"wrong marks every step as {word}, so nothing tells how errors depend on errors; "
            "collect longer runs."
        )
    if family not in HISTORY_FAMILIES:
        raise ValueError(f"family must be one of {', '.join(HISTORY_FAMILIES)}; got {family!r}.")
    if given < 0 or given != int(given):
        raise ValueError(f"given must be a whole number of steps >= 0, got {given}.")
    return marked


def history_cells(wrong: Bool[np.ndarray, "runs steps"], given: int):
    """Cells with their multiplicities, and which of them each step of each run is."""
    cells, where = _cells(wrong, int(given))
    # Padded with cells that never happened, so that few sizes are compiled.
    room = 2 ** int(np.ceil(np.log2(cells.shape[1] + 1)))
    cells = np.pad(cells, [(0, 0), (0, room - cells.shape[1])], mode="edge")
    counts = np.bincount(where.ravel(), minlength=room).astype(float)
    return tuple(jnp.asarray(x, dtype=float) for x in cells), jnp.asarray(counts), where


def _marked(wrong: Shaped[ArrayLike, "..."]) -> Bool[np.ndarray, "runs steps"]:
    values = np.asarray(wrong)
    if values.ndim != 2 or 0 in values.shape:
        raise ValueError(f"wrong must hold runs by steps, got shape {values.shape}.")
    bad = ~((values == 0) | (values == 1))
    if bad.any():
        raise ValueError(f"wrong must hold 0 (right) and 1 (wrong), got {values[bad].flat[0]}.")
    return values.astype(bool)


def _groups(items, runs: int) -> Int[np.ndarray, "runs"]:
    names = np.arange(runs) if items is None else np.ravel(np.asarray(items))
    if names.shape != (runs,):
        raise ValueError(f"items must name one item per run, got {names.shape} for {runs} runs.")
    _, group = np.unique(names, return_inverse=True)
    if group.max() < 1:
        raise ValueError("at least two items are needed to see how much items differ, got one.")
    return group


def _cells(wrong: Bool[np.ndarray, "runs steps"], given: int):
    """The distinct (step, errors, streak, wrong), and which of them each step of each run is."""
    errors = np.cumsum(wrong, axis=1) - wrong
    streak = np.zeros_like(errors)
    for i in range(1, wrong.shape[1]):
        streak[:, i] = (streak[:, i - 1] + 1) * wrong[:, i - 1]
    step = np.broadcast_to(given + 1 + np.arange(wrong.shape[1]), wrong.shape)
    rows = np.stack([step, errors, streak, wrong.astype(int)], axis=-1).reshape(-1, 4)
    cells, where = np.unique(rows, axis=0, return_inverse=True)
    return cells.T, where.reshape(wrong.shape)
