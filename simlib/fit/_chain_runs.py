"""Chains as arrays: free runs marked step by step, and histories with planted errors."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from jaxtyping import Bool, Float, Int, Shaped

from .._estimate import Estimate

if TYPE_CHECKING:
    from ..traces import Traces

# Log-odds beyond this are cut: log-probabilities are stored in single precision.
_LARGEST = 15.0


@dataclass(frozen=True)
class FreeRuns:
    """Runs in which a model goes on from its own steps.

    Attributes
    ----------
    wrong
        Whether a step does not follow from the step before it as that stands.
    off_chain
        Whether its value is not that of the chain without errors.
    items
        The item of each run.
    given
        Number of right steps given before the first column.
    """

    wrong: Bool[np.ndarray, "runs steps"]
    off_chain: Bool[np.ndarray, "runs steps"]
    items: Shaped[np.ndarray, " runs"]
    given: int


def free_runs(traces: "Traces", *, task: str) -> FreeRuns:
    """The free runs of one task of a data set of the family `chains`.

    Parameters
    ----------
    traces
        A loaded data set with chains.
    task
        One of its tasks.

    Raises
    ------
    ValueError
        If the data set has no free runs of the task.

    Examples
    --------
    >>> from simlib import traces
    >>> runs = free_runs(traces.load("chains-smollm2"), task="sum")
    >>> runs.wrong.shape, runs.given
    ((96, 84), 16)
    """
    rows = traces.chains_with_items().filter(task=task, condition="free")
    if not rows.height:
        raise ValueError(f"{traces.id} has no free runs of task {task!r}.")
    rows = rows.sort("item_id", "run", "position")
    runs = rows.group_by("item_id", "run", maintain_order=True).agg("correct", "taken")
    given, last = (int(x) for x in (rows["position"].min(), rows["position"].max()))  # pyright: ignore
    wrong = ~np.array(runs["correct"].to_list(), dtype=bool)
    taken = np.array(runs["taken"].to_list())
    answers = dict(traces.items.select("item_id", "answer").iter_rows())
    clean = np.array([answers[item].split()[given : last + 1] for item in runs["item_id"]])
    return FreeRuns(wrong, taken != clean, runs["item_id"].to_numpy(), given)


def transition_rate(
    before: Bool[np.ndarray, "runs steps"], now: Bool[np.ndarray, "runs steps"]
) -> float:
    """Share of steps with the mark `now` among those whose step before has the mark `before`.

    With `before` the wrong steps and `now` the right ones it is the chance of repair; the other
    way round, that of a break. NaN if no step before has the mark.

    Examples
    --------
    >>> wrong = np.array([[True, False, True, True, False]])
    >>> round(transition_rate(wrong, ~wrong), 3)
    0.667
    """
    asked = before[:, :-1].sum()
    return float((before[:, :-1] & now[:, 1:]).sum() / asked) if asked else float("nan")


def two_state_gap(wrong: Bool[np.ndarray, "runs steps"]) -> float:
    """How far the second half of runs is from what the rates of the first half promise.

    Break and repair rate are measured in the first half of the steps; the two-state chain goes
    on with them from the last step of that half. 0 if it describes the runs; NaN if a rate cannot
    be measured.

    Returns
    -------
    float
        Logarithm of the share of right steps in the second half over the promised one.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> bool(abs(two_state_gap(rng.uniform(size=(2000, 40)) < 0.3)) < 0.02)
    True
    """
    half = wrong.shape[1] // 2
    first, second = wrong[:, :half], wrong[:, half:]
    breaks, repairs = transition_rate(~first, first), transition_rate(first, ~first)
    rest = repairs / (repairs + breaks)
    decay = (1 - breaks - repairs) ** np.arange(1, second.shape[1] + 1)
    promised = rest + (1 - first[:, -1].mean() - rest) * decay.mean()
    return float(np.log((1 - second.mean()) / promised))


@dataclass(frozen=True)
class PlantedSteps:
    """Right steps after histories in which some were made wrong: one entry per step.

    Attributes
    ----------
    log_odds
        Log-odds of the right step, given the history with errors.
    clean_log_odds
        The same at the same place of the same item after a history without errors.
    right, wrong
        Right and wrong steps before it.
    after_error
        Whether the step just before it is wrong.
    share
        Probability with which each step of the history was made wrong.
    items
        The item.
    """

    log_odds: Float[np.ndarray, " steps"]
    clean_log_odds: Float[np.ndarray, " steps"]
    right: Int[np.ndarray, " steps"]
    wrong: Int[np.ndarray, " steps"]
    after_error: Bool[np.ndarray, " steps"]
    share: Float[np.ndarray, " steps"]
    items: Shaped[np.ndarray, " steps"]

    def __getitem__(self, kept: Bool[np.ndarray, " steps"]) -> "PlantedSteps":
        return PlantedSteps(*(getattr(self, name)[kept] for name in self.__dataclass_fields__))

    def harm(self, *, level: float = 0.95) -> Estimate:
        """Log-odds lost against the clean history: mean over items of each item's mean."""
        loss = self.clean_log_odds - self.log_odds
        means = [loss[self.items == item].mean() for item in np.unique(self.items)]
        return Estimate.from_sample(means, level=level, unit="log-odds")


def planted_steps(
    planted: "Traces", chains: "Traces", *, task: str, first: int = 16
) -> PlantedSteps:
    """The scored steps of one task of a data set of the family `planted`.

    Parameters
    ----------
    planted
        A loaded data set of the family `planted`.
    chains
        That of the same model of the family `chains`, for the clean histories.
    task
        One of their tasks.
    first
        Shortest history to use, in steps: the first steps of a chain are its beginning as much
        as its history.

    Raises
    ------
    ValueError
        If a data set does not have the task.

    Examples
    --------
    >>> from simlib import traces
    >>> data = [traces.load(f"{family}-smollm2") for family in ("planted", "chains")]
    >>> steps = planted_steps(*data, task="sum")
    >>> float(steps.harm().lower) > 0
    True
    """
    place = ("item_id", "position")
    clean = chains.chains_with_items().filter(task=task, condition="clean")
    rows = planted.chains_with_items().filter(pl.col("task") == task)
    if not rows.height or not clean.height:
        empty = chains.id if rows.height else planted.id
        raise ValueError(f"{empty} has no chains of task {task!r} to compare.")
    # Steps that were made wrong have no row: the one before is right if its row exists.
    before = pl.col("position").shift(1).over("item_id", "condition", "run", order_by="position")
    rows = rows.with_columns(
        share=pl.col("condition").str.strip_prefix("planted-").cast(pl.Float64),
        after_error=(pl.col("position") - before.fill_null(-1)) > 1,
    )
    rows = rows.join(
        clean.select(*place, clean="log_prob"), on=place, how="inner", maintain_order="left"
    ).filter(pl.col("position") >= first)
    errors = rows["errors"].to_numpy().astype(int)
    return PlantedSteps(
        log_odds=_log_odds(rows["log_prob"].to_numpy()),
        clean_log_odds=_log_odds(rows["clean"].to_numpy()),
        right=rows["position"].to_numpy().astype(int) - errors,
        wrong=errors,
        after_error=rows["after_error"].to_numpy(),
        share=rows["share"].to_numpy(),
        items=rows["item_id"].to_numpy(),
    )


def _log_odds(log_prob: Float[np.ndarray, " steps"]) -> Float[np.ndarray, " steps"]:
    log_prob = np.minimum(log_prob.astype(np.float64), -np.exp(-_LARGEST))
    return np.maximum(log_prob - np.log(-np.expm1(log_prob)), -_LARGEST)
