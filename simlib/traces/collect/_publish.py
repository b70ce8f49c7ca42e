"""Putting finished tables into the data folder, with their registry entry."""

import json
from pathlib import Path

import polars as pl

from .._files import parquet_bytes, sha256, write_atomic
from .._registry import Entry, FileEntry, register
from .._schema import SCHEMA_VERSION, validate, validate_links
from ._answers import Collected, Plan
from ._model import MODELS, software

LICENCE = "CC-BY-4.0"
TEMPLATE = "worked examples and item as lines of plain text: prompt, answer, line break"
TERMINATOR = "any token whose text starts with a line break, or an end-of-text token"
WITHOUT_BYTES = "all tokens but the byte tokens of characters that are tokens themselves"
GRADER = (
    "Right if the text up to the terminator equals the one right answer exactly. The exact "
    "probability is the product of the probabilities of the answer's tokens (its segmentation "
    "into tokens is unique) and the summed probability of the terminators. Sampled attempts are "
    "graded from their decoded text, against an answer worked out from the prompt alone."
)
KNOWN_FAULTS = (
    "The worked examples are the same for all items of a task and level, so the probabilities are "
    "conditional on that one set of examples.",
    "One-digit addition and multiplication have three operands instead of two: with two there are "
    "too few distinct items. Level 1 is therefore not a step of the same ladder as the others.",
    "The weights are 4-bit quantised; the original model would give other probabilities.",
    "Arithmetic is float32: the last digits of a log-probability depend on the processor, the "
    "number of threads and the batch.",
    "Items are drawn uniformly at random within a task and level; the mixture of tasks and levels "
    "is the authors' choice, so pooled distributions of difficulty describe this collection only.",
)


def publish(plan: Plan, collected: Collected, directory: Path) -> Entry:
    """Write the files of a collection to a data folder and register them.

    Every file is replaced in one step and the registry last, so an interrupted call leaves at
    worst a mismatch that `simlib data verify` reports and another call repairs.

    Returns
    -------
    Entry
        The registry entry.
    """
    folder = Path(plan.dataset_id)
    contents: list[tuple[str, str, bytes, int]] = []
    for name in ("items", "attempts", "steps"):
        frame: pl.DataFrame = getattr(collected, name)
        path = directory / folder / f"{name}.parquet"
        validate(name, frame, path)
        if name != "items":
            validate_links(collected.items, frame, path)
        contents.append((name, path.name, parquet_bytes(frame), frame.height))
    prompts = json.dumps(collected.prefixes, indent=1, ensure_ascii=False) + "\n"
    contents.append(("prompts", "prompts.json", prompts.encode(), len(collected.prefixes)))
    files = []
    for name, file, content, rows in contents:
        path = directory / folder / file
        write_atomic(path, content)
        files.append(FileEntry(name, (folder / file).as_posix(), sha256(path), rows))
    spec = MODELS[plan.model]
    settings = plan.settings()
    entry = Entry(
        id=plan.dataset_id,
        title=f"Exact success probabilities of {spec.title} on procedural tasks",
        family="answers",
        description=(
            "For every item, the exact probability that one sampled answer is right, token by "
            "token; for some items also the successes of sampled attempts."
        ),
        schema_version=SCHEMA_VERSION,
        collected=collected.started,
        licence=LICENCE,
        grader=GRADER,
        card=f"cards/{plan.dataset_id}.md",
        known_faults=KNOWN_FAULTS,
        model={
            "name": spec.name,
            "title": spec.title,
            "quantisation": spec.quantisation,
            "distribution": spec.distribution,
            "file": spec.file,
            "sha256": spec.sha256,
            "licence": spec.licence,
            "source": spec.source,
        },
        sampling={
            "template": TEMPLATE,
            "terminator": TERMINATOR,
            "temperature": 1.0,
            "vocabulary": "all tokens" if spec.bytewise else WITHOUT_BYTES,
            **{
                name: settings[name]
                for name in (
                    "entropy",
                    "groups",
                    "items",
                    "shots",
                    "chunk",
                    "sampled",
                    "attempts",
                    "threads",
                )
            },
        },
        software=software(),
        files=tuple(files),
    )
    register(entry, directory=directory)
    return entry
