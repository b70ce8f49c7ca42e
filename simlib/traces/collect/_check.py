"""Recollecting a random part of a data set and comparing it with what is stored."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from .._errors import DataError
from .._load import load
from ._model import MODELS, load_model
from ._score import prefix_cache, score_answers

#: Largest difference of a log-probability that float32 arithmetic may cause, in nats: batches of
#: other sizes, other thread counts and other processors stay far below, other weights far above.
TOLERANCE = 1e-3


@dataclass(frozen=True)
class Recollected:
    """Comparison of one item.

    Attributes
    ----------
    item_id
        The item.
    stored, found
        Its exact log success probability as stored and as measured again.
    largest_difference
        Largest absolute difference over the log-probabilities of its tokens and their sum, in
        nats; infinite if the tokens themselves differ.
    ok
        Whether that is within the tolerance.
    """

    item_id: str
    stored: float
    found: float
    largest_difference: float
    ok: bool


def recollect(
    dataset_id: str,
    *,
    items: int = 20,
    entropy: int,
    tolerance: float = TOLERANCE,
    threads: int = 1,
    directory: Path | None = None,
) -> list[Recollected]:
    """Measure some random items of a data set again.

    The prompts, worked examples and answers are the stored ones, so this tests the stored numbers
    and not the generators.

    Parameters
    ----------
    dataset_id
        Name of the data set.
    items
        How many items, drawn without replacement.
    entropy
        Entropy of the draw.
    tolerance
        Largest difference allowed, in nats.
    threads
        Threads of torch.
    directory
        The data folder; by default the book's own.

    Raises
    ------
    ValueError
        If `items` or `tolerance` is not positive.
    DataError
        If the data set cannot be loaded or has no model that is known here.
    MissingModelError
        If the model or its libraries are not installed.
    """
    if items < 1:
        raise ValueError(f"items must be at least 1, got {items}.")
    if not tolerance > 0:
        raise ValueError(f"tolerance must be positive, got {tolerance}.")
    traces = load(dataset_id, directory=directory)
    name = traces.entry.model.get("name")
    if name not in MODELS or traces.entry.family != "answers":
        raise DataError(
            f"registry.toml, [{dataset_id}]: family {traces.entry.family!r} of model {name!r} "
            f"cannot be recollected; families: answers, models: {', '.join(MODELS)}."
        )
    exact = traces.exact()
    rng = np.random.default_rng(entropy)
    rows = np.sort(rng.choice(exact.height, min(items, exact.height), replace=False))
    chosen = exact[rows.tolist()]
    model = load_model(name, threads=threads)
    compared = []
    for _, group in chosen.group_by("task", "level", maintain_order=True):
        prefix = traces.prompts[f"{group['task'][0]}-{group['level'][0]}"]
        pairs = list(zip(group["prompt"], group["answer"], strict=True))
        scores = score_answers(model, prefix_cache(model, prefix), pairs)
        for item, stored, score in zip(group["item_id"], group["log_p"], scores, strict=True):
            steps = traces.steps.filter(pl.col("item_id") == item).sort("position")
            if steps["token_id"].to_list()[:-1] == list(score.tokens[:-1]):
                difference = np.abs(steps["log_prob"].to_numpy() - score.log_prob)
                largest = float(max(difference.max(), abs(stored - score.log_p)))
            else:
                largest = float("inf")
            ok = largest <= tolerance
            compared.append(Recollected(item, stored, score.log_p, largest, ok))
    return compared
