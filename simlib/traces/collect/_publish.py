"""Putting finished tables into the data folder, with their registry entry."""

import json
from pathlib import Path

from .._files import parquet_bytes, sha256, write_atomic
from .._registry import Entry, FileEntry, register
from .._schema import SCHEMA_VERSION, validate, validate_links
from ._plan import Collected, FamilyPlan
from ._texts import FAMILIES

LICENCE = "CC-BY-4.0"
WITHOUT_BYTES = "all tokens but the byte tokens of characters that are tokens themselves"


def publish(plan: FamilyPlan, collected: Collected, directory: Path) -> Entry:
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
    for name, frame in collected.tables.items():
        path = directory / folder / f"{name}.parquet"
        validate(name, frame, path)
        if name != "items":
            validate_links(collected.tables["items"], frame, path)
        contents.append((name, path.name, parquet_bytes(frame), frame.height))
    prompts = json.dumps(collected.prefixes, indent=1, ensure_ascii=False) + "\n"
    contents.append(("prompts", "prompts.json", prompts.encode(), len(collected.prefixes)))
    files = []
    for name, file, content, rows in contents:
        path = directory / folder / file
        write_atomic(path, content)
        files.append(FileEntry(name, (folder / file).as_posix(), sha256(path), rows))
    spec, texts = plan.spec, FAMILIES[plan.family]
    entry = Entry(
        id=plan.dataset_id,
        title=f"{texts.title}: {spec.title}",
        family=plan.family,
        description=texts.description,
        schema_version=SCHEMA_VERSION,
        collected=collected.started,
        licence=LICENCE,
        grader=texts.grader,
        card=f"cards/{plan.family}.md",
        known_faults=texts.known_faults,
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
            "template": texts.template,
            "temperature": 1.0,
            "vocabulary": "all tokens" if spec.bytewise else WITHOUT_BYTES,
            **{name: value for name, value in plan.choices().items() if name != "model"},
        },
        software=plan.software(),
        files=tuple(files),
    )
    register(entry, directory=directory)
    return entry
