"""A small data folder that is right, for tests to break."""

import json
from pathlib import Path

import polars as pl

from simlib.traces import SCHEMA_VERSION, TABLES, Entry, FileEntry
from simlib.traces._files import parquet_bytes, sha256, write_atomic
from simlib.traces._registry import register


def small_tables():
    """Two items, one of them also sampled, with steps for both."""
    items = [
        ("answers/add-1/0000", "answers", "add", 1, "1 + 2 + 3 = ", "6"),
        ("answers/copy-2/0000", "answers", "copy", 2, "copy 4 5 = ", "4 5"),
    ]
    attempts = [
        ("answers/add-1/0000", "tiny", 0, 0, "exact", -0.75),
        ("answers/copy-2/0000", "tiny", 0, 0, "exact", -1.0),
        ("answers/copy-2/0000", "tiny", 10, 4, "fixed", None),
    ]
    steps = [
        (name, "tiny", "clean", position, 7, "6", log_prob, 1.5, 2, 0.5, None)
        for name, values in (
            ("answers/add-1/0000", (-0.5, -0.25)),
            ("answers/copy-2/0000", (-0.25, -0.25, -0.25, -0.25)),
        )
        for position, log_prob in enumerate(values)
    ]
    rows = {"items": items, "attempts": attempts, "steps": steps}
    return {
        name: pl.DataFrame(values, schema=TABLES[name].schema, orient="row")
        for name, values in rows.items()
    }


def write_data(directory: Path, tables=None, **changes) -> Entry:
    """Write a data set "tiny" with a registry entry and a card, and return the entry."""
    folder = directory / "tiny"
    tables = tables or small_tables()
    files = []
    for name, frame in tables.items():
        write_atomic(folder / f"{name}.parquet", parquet_bytes(frame))
        files.append((name, f"tiny/{name}.parquet", frame.height))
    prompts = {"add-1": "1 + 1 + 1 = 3\n", "copy-2": "copy 1 2 = 1 2\n"}
    write_atomic(folder / "prompts.json", json.dumps(prompts).encode())
    files.append(("prompts", "tiny/prompts.json", 2))
    write_atomic(directory / "cards" / "tiny.md", b"# Tiny\n\n## Use\n\nFor tests.\n")
    fields = {
        "id": "tiny",
        "title": "A tiny data set",
        "family": "answers",
        "description": "Two items.",
        "schema_version": SCHEMA_VERSION,
        "collected": "2025-01-01",
        "licence": "CC-BY-4.0",
        "grader": "exact match",
        "card": "cards/tiny.md",
        "known_faults": ('It is "tiny".', "It has a back\\slash."),
        "model": {"name": "tiny", "title": "Tiny"},
        "sampling": {"temperature": 1.0, "groups": ["add-1", "copy-2"], "greedy": False},
        "software": {"numpy": "2"},
        "files": tuple(
            FileEntry(content, path, sha256(directory / path), rows)
            for content, path, rows in files
        ),
    }
    entry = Entry(**(fields | changes))
    register(entry, directory=directory)
    return entry
