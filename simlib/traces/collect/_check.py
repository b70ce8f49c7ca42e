"""Recollecting a random part of a data set and comparing it with what is stored."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from .._chains import plant_errors
from .._errors import DataError
from .._load import Traces, load
from ._chain_score import score_chain
from ._chains import ChainFamily, ChainsPlan, PlantedPlan
from ._model import MODELS, LocalModel, load_model
from ._pivots import PivotsPlan
from ._score import prefix_cache, score_answers
from ._text_score import score_text, windows

#: Largest difference of a log-probability that float32 arithmetic may cause, in nats: batches of
#: other sizes, other thread counts and other processors stay far below, other weights far above.
TOLERANCE = 1e-3


@dataclass(frozen=True)
class Recollected:
    """Comparison of one item, or of a part of one.

    Attributes
    ----------
    item_id
        The item; for parts, with the condition or the place.
    stored, found
        The sum of its log-probabilities as stored and as measured again.
    largest_difference
        Largest absolute difference over the log-probabilities and their sum, in nats; infinite if
        the tokens or steps themselves differ.
    ok
        Whether that is within the tolerance.
    """

    item_id: str
    stored: float
    found: float
    largest_difference: float
    ok: bool


#: Name, stored log-probabilities, and those measured again; None if other things were measured.
_Pair = tuple[str, np.ndarray, np.ndarray | None]


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

    Answers, attempts (their exact probabilities) and texts (windows of the short contexts, and the
    beginnings of the full ones) are scored from what is stored. Chains are drawn again from the
    recorded entropy, since planted steps are not stored; a chain that differs from the stored one
    counts as a difference.

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
    name, family = traces.entry.model.get("name"), traces.entry.family
    if name not in MODELS or family not in _FAMILIES:
        raise DataError(
            f"registry.toml, [{dataset_id}]: family {family!r} of model {name!r} cannot be "
            f"recollected; families: {', '.join(_FAMILIES)}, models: {', '.join(MODELS)}."
        )
    model = load_model(name, threads=threads)
    rng = np.random.default_rng(entropy)
    return [_compare(*pair, tolerance) for pair in _FAMILIES[family](model, traces, items, rng)]


def _compare(
    name: str, stored: np.ndarray, found: np.ndarray | None, tolerance: float
) -> Recollected:
    total = float(stored.sum(dtype=np.float64))
    if found is None or found.shape != stored.shape:
        return Recollected(name, total, float("nan"), float("inf"), False)
    again = float(found.sum(dtype=np.float64))
    largest = max(float(np.abs(stored - found).max()), abs(total - again))
    return Recollected(name, total, again, largest, largest <= tolerance)


def _draw(frame: pl.DataFrame, items: int, rng: np.random.Generator) -> pl.DataFrame:
    rows = np.sort(rng.choice(frame.height, min(items, frame.height), replace=False))
    return frame[rows.tolist()]


def _answers(
    model: LocalModel, traces: Traces, items: int, rng: np.random.Generator
) -> Iterator[_Pair]:
    chosen = _draw(traces.exact(), items, rng)
    for _, group in chosen.group_by("task", "level", maintain_order=True):
        prefix = traces.prompts[f"{group['task'][0]}-{group['level'][0]}"]
        pairs = list(zip(group["prompt"], group["answer"], strict=True))
        scores = score_answers(model, prefix_cache(model, prefix), pairs)
        for item, log_p, score in zip(group["item_id"], group["log_p"], scores, strict=True):
            if traces.steps.is_empty():  # attempts store the sum only
                yield item, np.array([log_p]), np.array([score.log_p])
                continue
            steps = traces.steps.filter(pl.col("item_id") == item).sort("position")
            same = steps["token_id"].to_list()[:-1] == list(score.tokens[:-1])
            yield item, steps["log_prob"].to_numpy(), score.log_prob if same else None


def _chains(
    model: LocalModel, traces: Traces, items: int, rng: np.random.Generator
) -> Iterator[_Pair]:
    family = traces.entry.family
    plan = _chain_plan(traces)
    chains = {name: (group, chain) for group in plan.groups for name, chain in plan.named(group)}
    scored = traces.chain_steps.filter(pl.col("log_prob").is_not_null())
    keys = scored.select("item_id", "condition").unique(maintain_order=True)
    for item, condition in _draw(keys, items, rng).iter_rows():
        rows = scored.filter(item_id=item, condition=condition).sort("position")
        stored, label = rows["log_prob"].to_numpy(), f"{item} {condition}"
        if item not in chains:
            yield label, stored, None
            continue
        group, chain = chains[item]
        taken = chain.clean()
        if isinstance(plan, PlantedPlan):
            number = [f"planted-{share:g}" for share in plan.shares].index(condition)
            taken = plant_errors(chain, plan.shares[number], rng=plan.rng(item, number))
        score = score_chain(
            model, prefix_cache(model, group.prefix), chain, taken, mass=family != "planted"
        )
        right = np.array(taken) == np.array(chain.follow(taken))
        same = rows["position"].to_list() == np.flatnonzero(right).tolist()
        yield label, stored, score.log_prob[right] if same else None


def _chain_plan(traces: Traces) -> ChainFamily:
    """The plan that a stored collection of chains was made from."""
    kinds: dict[str, type[ChainFamily]] = {
        "chains": ChainsPlan,
        "pivots": PivotsPlan,
        "planted": PlantedPlan,
    }
    kind = kinds[traces.entry.family]
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in traces.entry.sampling.items()
        if name in kind.__dataclass_fields__
    }
    fields["entropy"] = int(fields["entropy"])
    return kind(model=traces.entry.model["name"], **fields)


def _texts(
    model: LocalModel, traces: Traces, items: int, rng: np.random.Generator
) -> Iterator[_Pair]:
    keys = traces.steps.select("item_id", "condition").unique(maintain_order=True)
    for item, condition in _draw(keys, items, rng).iter_rows():
        rows = traces.steps.filter(item_id=item, condition=condition).sort("position")
        first = rows["position"][0]  # 1 without a start token
        ids = [model.encode(_opening(traces, item))[0]] * first + rows["token_id"].to_list()
        if condition == "full":
            start, stop, read, context = 0, min(len(ids), 512), first, None
        else:
            context = int(condition.removeprefix("short-"))
            whole = windows(len(ids), context)
            start, stop, read = whole[int(rng.integers(len(whole)))]
            read = max(read, first)
        found = score_text(model, ids[start:stop], context=None)
        at = np.searchsorted(found.position, read - start)
        stored = rows["log_prob"].to_numpy()[read - first : stop - first]
        yield f"{item} {condition} from {read}", stored, found.log_prob[at:]


def _opening(traces: Traces, item: str) -> str:
    """The text of an item, or for a model's own text what it was to continue."""
    return traces.items.filter(item_id=item)["prompt"][0]


_FAMILIES: dict[str, Callable[[LocalModel, Traces, int, np.random.Generator], Iterator[_Pair]]] = {
    "answers": _answers,
    "attempts": _answers,
    "chains": _chains,
    "pivots": _chains,
    "planted": _chains,
    "surprisal": _texts,
}
