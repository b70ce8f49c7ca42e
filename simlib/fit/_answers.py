"""Answers of one length as a matrix."""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from jaxtyping import Float

if TYPE_CHECKING:
    from ..traces import Traces


def answer_log_probs(
    traces: "Traces",
    *,
    task: str,
    level: int,
    tokens: int | None = None,
    condition: str = "clean",
) -> Float[np.ndarray, "items tokens"]:
    r"""Log-probabilities of the right tokens: one row per answer, one column per position.

    The sum of a row is the log-probability that a sampled answer is right; its cumulative sums
    are the log-survival of that answer.

    Parameters
    ----------
    traces
        Data set with per-token log-probabilities.
    task, level
        Which items.
    tokens
        Number of tokens of the answers wanted, the one that ends the line included; needed where
        answers of one level differ in length.
    condition
        What stood before each token; `"clean"`: only right tokens.

    Returns
    -------
    numpy.ndarray
        In nats, in the order of the items; double precision.

    Raises
    ------
    ValueError
        If no answer is selected, or answers differ in length and `tokens` is not given.
    """
    steps = (
        traces.steps_with_items()
        .filter(task=task, level=level, condition=condition)
        .with_columns(length=pl.len().over("item_id"))
    )
    found = sorted(steps["length"].unique().to_list())
    if tokens is not None:
        steps = steps.filter(length=tokens)
    elif len(found) > 1:
        raise ValueError(
            f"answers of {task}, level {level}, have {found} tokens; choose one with tokens=..."
        )
    if steps.is_empty():
        raise ValueError(
            f"{traces.id} has no {condition} answers of {task}, level {level}"
            + (f", with {tokens} tokens (found: {found})." if found else ".")
        )
    width = steps["length"][0]
    values = steps.sort("item_id", "position")["log_prob"].to_numpy()
    return values.astype(np.float64).reshape(-1, width)
