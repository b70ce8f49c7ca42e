"""Sample logs of lm-evaluation-harness (`--log_samples`): one line per problem and filter."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl

from ._bytes import opened
from ._json import name, objects, parse, text
from ._limits import Limits, Place, fault, shown
from ._marks import is_success, mark_of
from ._options import Options
from ._rows import Tally

_FIXED = {
    "doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics",
    "doc_hash", "prompt_hash", "target_hash",
}  # fmt: skip
_FILE = re.compile(r"samples_(?P<task>.+?)(?P<date>_\d{4}-\d\d-\d\dT[\d.:-]+)?$")
_NOT_A_MEAN = re.compile(r"(?:pass|maj|cons|best|any|vote)[@_^]?k?(\d*)", re.IGNORECASE)


def read_lm_eval(
    paths: list[Path], options: Options, limits: Limits
) -> tuple[pl.DataFrame, list[str]]:
    """Counts from sample logs, and remarks on what the reader had to decide."""
    tally, notes = Tally(options.merge, limits), Counter[str]()
    for path in paths:
        benchmark = options.benchmark or _benchmark(path)
        model = options.model or _model(path, limits)
        chosen: dict[str, str] = {}
        seen: set[str] = set()
        for place, row in objects(path, limits):
            if not _selected(row, options, chosen, place, limits):
                continue
            problem = name(row.get("doc_id"), place, "doc_id", limits)
            if problem in seen:
                found = f"the problem {shown(problem)} stands twice in this file"
                fault(place, found, "the log was written twice; keep one copy", "doc_id")
            seen.add(problem)
            attempts, successes = _count(row, options, chosen, notes, place, limits)
            key = (problem, model, benchmark, "fixed")
            tally.add(key, attempts, successes, place)
        if not seen:
            found = f"no line with the filter '{options.filter}'"
            fault(Place(path), found, "choose one that the file has")
    return tally.frame(), [f"{text} ({count} problems)" for text, count in notes.items()]


def _benchmark(path: Path) -> str | None:
    found = _FILE.match(path.stem)
    return _clean(found["task"]) if found else None


def _clean(found: str) -> str | None:
    return found if found.isprintable() and found.isascii() and len(found) < 200 else None


def _model(path: Path, limits: Limits) -> str | None:
    """The model that the results file beside a log names; the log itself does not name it."""
    found = _FILE.match(path.stem)
    if not found or not found["date"]:
        return None
    results = path.with_name(f"results{found['date']}.json")
    if not results.is_file():
        return None
    with opened(results) as handle:
        content = handle.read(limits.document + 1)
    if len(content) > limits.document:
        return None
    value = parse(content, Place(results), limits)
    model = value.get("model_name") if isinstance(value, dict) else None
    return text(model, Place(results), "model_name", limits) if model is not None else None


def _selected(
    row: dict[str, Any], options: Options, chosen: dict[str, str], place: Place, limits: Limits
) -> bool:
    """Whether the line belongs to the filter in use; there must be no doubt which one that is."""
    used = row.get("filter", "none")
    used = text(used, place, "filter", limits)
    if options.filter is not None:
        return used == options.filter
    if chosen.setdefault("filter", used) != used:
        fault(
            place,
            f"the file has lines for the filters {shown(chosen['filter'])} and {shown(used)}",
            "choose one with --filter",
            "filter",
        )
    return True


def _count(
    row: dict[str, Any],
    options: Options,
    chosen: dict[str, str],
    notes: Counter[str],
    place: Place,
    limits: Limits,
) -> tuple[int, int]:
    """Attempts and successes of one line."""
    made, marked = _responses(row)
    if options.match:
        return _match(row, made, marked, place, limits)
    metric = _metric(row, options, place, limits)
    if chosen.setdefault("metric", metric) != metric:
        found = f"the metric is {shown(metric)} here and {shown(chosen['metric'])} before"
        fault(place, found, "choose one with --metric", "metrics")
    value = row.get(metric)
    if isinstance(value, list):
        if not value:
            fault(place, "the list of marks is empty", "drop the line", metric)
        return len(value), sum(is_success(x, place, metric, options.threshold) for x in value)
    if len(marked) > 1:
        if options.threshold is not None:
            found = f"the value is that of {len(marked)} responses together"
            fault(place, found, "a threshold for single marks cannot be used", metric)
        notes[f"{shown(metric)[1:-1]} was read as the share of right ones among all responses"] += 1
        return len(marked), _share(value, len(marked), place, metric)
    if len(made) > 1:
        notes[f"{len(made)} responses, of which only one was marked; --match marks all"] += 1
    return 1, int(is_success(value, place, metric, options.threshold))


def _responses(row: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Responses that were sampled, and those that the filter passed on to the metric.

    Both are lists over requests of lists over repeats. Multiple choice has one request for each
    choice, and pairs instead of texts; there is nothing to count in it.
    """
    lists = []
    for column in ("resps", "filtered_resps"):
        value = row.get(column)
        first = value[0] if isinstance(value, list) and len(value) == 1 else None
        texts = isinstance(first, list) and all(isinstance(x, str) for x in first)
        lists.append(first if texts and isinstance(first, list) else [])
    made, marked = lists
    return made, marked if made else []


def _metric(row: dict[str, Any], options: Options, place: Place, limits: Limits) -> str:
    """Name of the metric to use; there must be no doubt which one that is."""
    names = row.get("metrics", [key for key in row if key not in _FIXED])
    if not isinstance(names, list) or not names:
        fault(place, "no metric is named", "was the log written by lm-eval?", "metrics")
    names = [text(x, place, "metrics", limits) for x in names]
    listed = ", ".join(shown(x)[1:-1] for x in names[:20])[:200]
    metric = options.metric
    if metric is None:
        if len(names) > 1:
            fault(place, f"several metrics: {listed}", "choose one with --metric", "metrics")
        metric = names[0]
    if metric not in row or metric in _FIXED:
        found = f"there is no metric {shown(metric)}"
        fault(place, found, f"this line has {listed}", "metrics")
    return metric


def _share(value: Any, count: int, place: Place, metric: str) -> int:
    """Successes behind a mean over `count` responses."""
    found = _NOT_A_MEAN.fullmatch(metric)
    if found and found[1] != "1":
        fault(
            place,
            f"{shown(metric)[1:-1]} is not a mean over the {count} responses, so it holds no count",
            "choose pass@1 or a mean with --metric, or mark the responses with --match",
            metric,
        )
    share = mark_of(value, place, metric)
    successes = round(share * count) if 0 <= share <= 1 else -1
    if successes < 0 or abs(share * count - successes) > 1e-6 * count:
        fault(
            place,
            f"the value {share:g} is not a share of {count} responses",
            "choose another metric with --metric, or mark the responses with --match",
            metric,
        )
    return successes


def _match(
    row: dict[str, Any], made: list[str], marked: list[str], place: Place, limits: Limits
) -> tuple[int, int]:
    """Mark every response by comparing its text with the target."""
    responses = marked or made
    if not responses:
        found = "there are no texts to compare with the target"
        fault(place, found, "--match needs a task that generates text", "resps")
    target = row.get("target")
    if not isinstance(target, str | int):
        fault(place, f"expected text, found {shown(target)}", "--match needs it", "target")
    wanted = str(target).strip()
    return len(responses), sum(x.strip() == wanted for x in responses)
