"""A small data folder that is right, for tests to break, and small tables of every family."""

import json
from pathlib import Path

import polars as pl

from simlib.traces import SCHEMA_VERSION, TABLES, Entry, FileEntry
from simlib.traces._files import parquet_bytes, sha256, write_atomic
from simlib.traces._registry import register


def tables_of(**rows):
    """Rows as frames of the tables named."""
    return {
        name: pl.DataFrame(values, schema=TABLES[name].schema, orient="row")
        for name, values in rows.items()
    }


ITEMS = [
    ("answers/add-1/0000", "answers", "add", 1, "1 + 2 + 3 = ", "6"),
    ("answers/copy-2/0000", "answers", "copy", 2, "copy 4 5 = ", "4 5"),
]
EXACT = [
    ("answers/add-1/0000", "tiny", 0, 0, "exact", -0.75),
    ("answers/copy-2/0000", "tiny", 0, 0, "exact", -1.0),
]
SAMPLED = [("answers/copy-2/0000", "tiny", 10, 4, "fixed", None)]
STEPS = [
    (name, "tiny", "clean", position, 7, "6", log_prob, 1.5, 2, 0.5, None)
    for name, values in (
        ("answers/add-1/0000", (-0.5, -0.25)),
        ("answers/copy-2/0000", (-0.25, -0.25, -0.25, -0.25)),
    )
    for position, log_prob in enumerate(values)
]
VOTES = [
    ("answers/copy-2/0000", "tiny", "4 5", 4, True),
    ("answers/copy-2/0000", "tiny", "4 4", 3, False),
    ("answers/copy-2/0000", "tiny", "", 2, False),
    ("answers/copy-2/0000", "tiny", None, 1, False),
]

# 100 + 1, + 2, + 3, + 1; the free run starts after one right step and goes wrong twice, of which
# the step between is right, because it follows from the wrong one.
CHAIN = [("chains/sum-4/0000", "chains", "sum", 4, "100 + 1 =  + 2 = ", "101 103 106 107")]
CLEAN = [
    ("chains/sum-4/0000", "tiny", "clean", 0, at, 0, 20 + 6 * at, step, log_prob, -0.5, step, True)
    for at, (step, log_prob) in enumerate(
        (("101", -1.0), ("103", -0.5), ("106", -0.25), ("107", -0.125))
    )
]
FREE = [
    ("chains/sum-4/0000", "tiny", "free", 0, 1, 0, None, "103", None, None, "104", False),
    ("chains/sum-4/0000", "tiny", "free", 0, 2, 1, None, "107", None, None, "107", True),
    ("chains/sum-4/0000", "tiny", "free", 0, 3, 1, None, "108", None, None, "109", False),
]
PLANTED = [
    ("chains/sum-4/0000", "tiny", "planted-0.25", 0, at, errors, 20 + 6 * at, step, p, None, step,
     True)
    for at, errors, step, p in ((0, 0, "101", -1.0), (1, 0, "103", -0.5), (3, 1, "108", -2.0))
]  # fmt: skip
# After one right step, and after one right and one wrong step; two continuations in each half.
RESAMPLED = [
    ("chains/sum-4/0000", "tiny", 0, 1, 2, 1, 0, 2, 1),
    ("chains/sum-4/0000", "tiny", 0, 2, 2, 0, 0, 1, 0),
]
TEXT = [("surprisal/prose-0", "surprisal", "prose", 3, "abc", "")]
TEXT_STEPS = [
    ("surprisal/prose-0", "tiny", condition, position, 7, "b", log_prob, 1.5, rank, 0.5, None)
    for condition, values in (("full", (-0.5, -1.0)), ("short-1", (-0.5, -2.0)))
    for position, (log_prob, rank) in enumerate(zip(values, (1, 3), strict=True), start=1)
]


def small_tables():
    """Two items, one of them also sampled, with steps for both."""
    return tables_of(items=ITEMS, attempts=EXACT + SAMPLED, steps=STEPS)


def family_tables(family):
    """The tables that a collection of a family has."""
    attempts = [
        EXACT[1],
        *SAMPLED,
        ("answers/copy-2/0000", "tiny", 3, 1, "first_success", None),
    ]
    return {
        "answers": lambda: tables_of(items=ITEMS, attempts=EXACT, steps=STEPS),
        "attempts": lambda: tables_of(items=ITEMS[1:], attempts=attempts, votes=VOTES),
        "chains": lambda: tables_of(items=CHAIN, chain_steps=CLEAN + FREE),
        "planted": lambda: tables_of(items=CHAIN, chain_steps=PLANTED),
        "pivots": lambda: tables_of(items=CHAIN, chain_steps=CLEAN + FREE, pivots=RESAMPLED),
        "surprisal": lambda: tables_of(items=TEXT, steps=TEXT_STEPS),
    }[family]()


FAMILIES = ("answers", "attempts", "chains", "planted", "pivots", "surprisal")


def every_table():
    """One right frame of each table of the schema."""
    return (
        family_tables("pivots")
        | family_tables("attempts")
        | family_tables("answers")
        | small_tables()
    )


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
