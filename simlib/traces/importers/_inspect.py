"""Logs of Inspect AI: `.eval` archives and `.json` documents; epochs are the attempts."""

import math
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import polars as pl

from ._archive import archive
from ._bytes import opened
from ._json import name, parse, text, whole
from ._limits import Limits, Place, fault, shown
from ._marks import is_success
from ._options import Options
from ._rows import Tally

_JOURNAL = re.compile(r"_journal/summaries/(\d{1,9})\.json")


def read_inspect(
    paths: list[Path], options: Options, limits: Limits
) -> tuple[pl.DataFrame, list[str]]:
    """Counts from Inspect logs, and remarks on what the reader had to decide."""
    tally, notes = Tally(options.merge, limits), Counter[str]()
    for path in paths:
        with ExitStack() as stack:
            header, samples = _open(path, stack, limits)
            model, benchmark = _labels(header, Place(path), options, limits)
            if header.get("status") not in ("success", None):
                notes[f"{path.name}: status {shown(header['status'])}"] += 1
            seen: set[tuple[str, int]] = set()
            for place, sample in samples:
                problem = name(sample.get("id"), place, "id", limits)
                epoch = whole(sample.get("epoch"), place, "epoch", 1)
                if (problem, epoch) in seen:
                    found = f"the sample {shown(problem)} has epoch {epoch} twice"
                    fault(place, found, "the log is damaged", "epoch")
                if len(seen) >= limits.rows:
                    fault(place, f"more than {limits.rows} samples", "import fewer")
                seen.add((problem, epoch))
                outcome = _outcome(sample, options, notes, place, limits)
                if outcome is not None:
                    key = (problem, model, benchmark, "fixed")
                    tally.add(key, 1, int(outcome), place, same_file=True)
        _check_any(seen, path)
    return tally.frame(), [f"{note} ({count} times)" for note, count in notes.items()]


def _check_any(seen: set[tuple[str, int]], path: Path) -> None:
    if not seen:
        fault(Place(path), "the log has no samples", "was the evaluation finished?")


def _open(
    path: Path, stack: ExitStack, limits: Limits
) -> tuple[dict[str, Any], Iterator[tuple[Place, dict[str, Any]]]]:
    """The header of a log and its samples, whichever of the two forms it has."""
    with opened(path) as handle:
        start = handle.read(4)
    if start[:2] == b"PK":
        return _open_eval(path, stack, limits)
    place = Place(path)
    if path.stat().st_size > limits.document:
        fault(
            place,
            f"the document has more than {limits.document} bytes",
            "write it as .eval with `inspect log convert --to eval`, or raise --max-document",
        )
    with opened(path) as handle:
        content = handle.read(limits.document + 1)
    document = _object(parse(content.removeprefix(b"\xef\xbb\xbf"), place, limits), place)
    samples = document.get("samples")
    if not isinstance(samples, list):
        found = f"expected a list of samples, found {shown(samples)}"
        fault(place, found, "is this an Inspect log, written with its samples?", "samples")
    return document, _numbered(samples, place)


def _open_eval(
    path: Path, stack: ExitStack, limits: Limits
) -> tuple[dict[str, Any], Iterator[tuple[Place, dict[str, Any]]]]:
    content = stack.enter_context(archive(path, limits))
    # A run that was stopped has only its journal.
    header = next((n for n in ("header.json", "_journal/start.json") if n in content.names), None)
    if header is None:
        fault(Place(path), "the archive has no header.json", "is this an Inspect log?")
    journal = [(int(m[1]), n) for n in content.names if (m := _JOURNAL.fullmatch(n))]
    members = ["summaries.json"] if "summaries.json" in content.names else sorted(journal)
    if not members:
        found = "the archive has no summaries of its samples"
        fault(Place(path), found, "write it again with `inspect log convert --to eval`")

    def samples() -> Iterator[tuple[Place, dict[str, Any]]]:
        for member in members:
            place, packed = content.read(member if isinstance(member, str) else member[1])
            value = parse(packed, place, limits)
            if not isinstance(value, list):
                fault(place, f"expected a list, found {shown(value)}", "the log is damaged")
            yield from _numbered(value, place)

    place, packed = content.read(header)
    return _object(parse(packed, place, limits), place), samples()


def _numbered(samples: list[Any], place: Place) -> Iterator[tuple[Place, dict[str, Any]]]:
    for i, sample in enumerate(samples, 1):
        inner = place.inner(f"sample {i}")
        yield inner, _object(sample, inner)


def _object(value: Any, place: Place) -> dict[str, Any]:
    if not isinstance(value, dict):
        found = f"expected a JSON object, found {shown(value)}"
        fault(place, found, "is this an Inspect log?")
    return value


def _labels(
    header: dict[str, Any], place: Place, options: Options, limits: Limits
) -> tuple[str | None, str | None]:
    """Model and benchmark, from the options or the header."""
    said = header.get("eval")
    if not isinstance(said, dict):
        fault(place, f"expected an object, found {shown(said)}", "is this an Inspect log?", "eval")
    found = [
        given if given is not None else text(said.get(key), place, f"eval.{key}", limits)
        for given, key in ((options.model, "model"), (options.benchmark, "task"))
    ]
    return found[0], found[1]


def _outcome(
    sample: dict[str, Any], options: Options, notes: Counter[str], place: Place, limits: Limits
) -> bool | None:
    """Whether the sample was right; None if it does not count."""
    scores = sample.get("scores")
    if scores is not None and not isinstance(scores, dict):
        fault(place, f"expected an object, found {shown(scores)}", "the log is damaged", "scores")
    if sample.get("error") is not None and (options.errors_fail or not scores):
        if options.errors_fail:
            notes["samples that ended in an error were counted as failures"] += 1
            return False
        notes["samples that ended in an error were left out; --errors-fail counts them"] += 1
        return None
    if not scores:
        notes["samples without a score were left out"] += 1
        return None
    column, value = _score(scores, options, place, limits)
    if isinstance(value, float) and math.isnan(value):
        # Inspect writes NaN where a scorer declined to score.
        notes["samples that the scorer did not score were left out"] += 1
        return None
    return is_success(value, place, column, options.threshold)


def _score(
    scores: dict[str, Any], options: Options, place: Place, limits: Limits
) -> tuple[str, Any]:
    """Name and value of the score to use; there must be no doubt which one that is."""
    listed = ", ".join(shown(x)[1:-1] for x in list(scores)[:20])[:200]
    wanted, key = options.metric, ""
    if wanted is None:
        if len(scores) > 1:
            fault(place, f"several scorers: {listed}", "choose one with --metric", "scores")
        wanted = next(iter(scores))
    elif wanted not in scores:
        wanted, _, key = wanted.rpartition("/")
    score = scores.get(wanted)
    if not isinstance(score, dict) or "value" not in score:
        found = f"there is no score {shown(options.metric or wanted)}"
        fault(place, found, f"this sample has {listed}", "scores")
    value = score["value"]
    if isinstance(value, dict):
        keys = ", ".join(shown(x)[1:-1] for x in list(value)[:20])[:200]
        if key not in value:
            found = f"the score {shown(wanted)} has several values: {keys}"
            fault(place, found, f"choose one with --metric {shown(wanted)[1:-1]}/KEY", "scores")
        value = value[key]
    elif key:
        fault(place, f"the score {shown(wanted)} has one value", "name no key", "scores")
    return wanted, value
