"""Success against length from the traces of this book."""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from jaxtyping import Float

from ..fit import answer_log_probs
from ._success_table import SuccessTable, success_table

if TYPE_CHECKING:
    from ..traces import Traces


def greedy_success(traces: "Traces", *, task: str) -> SuccessTable:
    """How often the likeliest answer is right, one row per level, which is the length.

    Greedy decoding takes the likeliest token everywhere, so an answer is right if every one of
    its tokens has rank one. Nothing is random but the choice of items.

    Parameters
    ----------
    traces
        A data set of the family `answers`.
    task
        One of its tasks.

    Raises
    ------
    ValueError
        If the data set has no answers of the task.

    Examples
    --------
    >>> from simlib import traces
    >>> table = greedy_success(traces.load("answers-gemma3"), task="copy")
    >>> table.trials, table.lengths.tolist()
    (2048, [4.0, 8.0, 16.0, 32.0])
    """
    items = traces.items.filter(pl.col("task") == task).select("item_id", "level")
    if not items.height:
        raise ValueError(f"{traces.id} has no answers of task {task!r}.")
    right = traces.steps.filter(pl.col("condition") == "clean").group_by("item_id")
    right = right.agg(right=(pl.col("rank") == 1).all())
    rows = items.join(right, on="item_id", how="inner").group_by("level")
    counts = rows.agg(right=pl.col("right").sum(), asked=pl.len()).sort("level")
    columns = (counts[name].to_numpy() for name in ("level", "right", "asked"))
    return success_table(*columns, independent=True)


def prefix_success(
    traces: "Traces", *, task: str, level: int, attempts: int = 1
) -> Float[np.ndarray, "items entries"]:
    r"""Probability that an answer is right up to each of its entries, at one of several attempts.

    With $p_j$ the exact probability that the first $j$ entries are right, it is
    $1-(1-p_j)^k$.

    Parameters
    ----------
    traces
        A data set of the family `answers`.
    task, level
        Lists (`copy`, `reverse`, `sort`), whose entries are every other token.
    attempts
        $k$, at least 1.

    Examples
    --------
    >>> from simlib import traces
    >>> prefix_success(traces.load("answers-smollm2"), task="copy", level=8).shape
    (512, 8)
    """
    if attempts < 1:
        raise ValueError(f"attempts must be at least 1, got {attempts}.")
    log_prob = np.cumsum(answer_log_probs(traces, task=task, level=level), axis=1)[:, ::2]
    return -np.expm1(attempts * np.log1p(-np.exp(np.minimum(log_prob, -1e-15))))
