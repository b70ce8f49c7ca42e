"""Damaged logs are imported, or refused with a message; nothing else ever happens.

The number of cases is in SIMLIB_FUZZ_CASES; the usual few hundred are a smoke test, and a run of
100,000 or more belongs to every change of the readers. SIMLIB_FUZZ_FIRST is the first case, to
repeat a single one.
"""

import collections
import json
import os
import random

import pytest

from simlib.traces import DataError
from simlib.traces.importers import (
    Options,
    check_output,
    import_logs,
    validate_import,
    write_table,
)
from tests.traces.importers import mutations
from tests.traces.importers.archives import HEADER, sample
from tests.traces.importers.logs import (
    CHAT,
    COUNTS,
    EVAL,
    EVAL_JSON,
    LM_CHOICE,
    LM_FILTERS,
    LM_REPEATS,
    RUNS,
    TEXT,
    write_rows,
)

CASES = int(os.environ.get("SIMLIB_FUZZ_CASES", "500"))
FIRST = int(os.environ.get("SIMLIB_FUZZ_FIRST", "0"))
OPTIONS = {
    "lm-eval": [
        {"filter": "all"}, {"filter": "first"}, {"metric": "acc"}, {"match": True},
        {"threshold": 0.5, "metric": "exact_match", "filter": "vote"}, {"merge": True}, {},
    ],
    "inspect": [
        {"metric": "match"}, {"metric": "includes", "errors_fail": True}, {"merge": True},
        {"metric": "match/a"}, {"metric": "match", "threshold": 0.5}, {},
    ],
    "completions": [{}, {"model": "m"}],
    "counts": [{}, {"merge": True}, {"stop_rule": "first_success"}, {"model": "m"},
               {"columns": {"problem": "model"}}],
    "runs": [{}, {"task": "t"}, {"columns": {"item": "run"}}],
}  # fmt: skip


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """Every log to damage: format, suffix, content, JSON value if it has one, fitting options."""
    folder = tmp_path_factory.mktemp("logs")
    document = json.loads(EVAL_JSON.read_text("utf-8"))
    document["samples"] = document["samples"][:3]
    members = {
        "header.json": HEADER,
        "summaries.json": [sample(n, e, v) for n in "ab" for e, v in ((1, "C"), (2, "I"))],
    }
    match = {"metric": "match"}
    found = [
        ("lm-eval", ".jsonl", path.read_bytes(), None, options)
        for path, options in (
            (LM_REPEATS, {}),
            (LM_FILTERS, {"filter": "vote"}),
            (LM_CHOICE, {"metric": "acc"}),
        )
    ]
    found += [("completions", ".jsonl", path.read_bytes(), None, {}) for path in (CHAT, TEXT)]
    found += [
        ("inspect", ".eval", EVAL.read_bytes(), members, match),
        ("inspect", ".json", json.dumps(document).encode(), document, match),
    ]
    for kind, rows in (("counts", COUNTS), ("runs", RUNS)):
        for suffix in (".csv", ".tsv", ".jsonl", ".parquet"):
            path = write_rows(folder / f"{kind}{suffix}", rows)
            found.append((kind, suffix, path.read_bytes(), None, {}))
    return found


def damaged(rng, logs):
    """A damaged log: format, suffix, content and fitting options."""
    kind, suffix, content, value, options = rng.choice(logs)
    structured = rng.random() < 0.6
    if suffix == ".jsonl" and structured:
        return kind, suffix, mutations.mutated_lines(rng, content), options
    if suffix == ".json" and structured:
        return kind, suffix, json.dumps(mutations.mutated_value(rng, value)).encode(), options
    if suffix == ".eval" and structured:
        if rng.random() < 0.3:
            return kind, suffix, mutations.mutated_zstd(rng, content), options
        return kind, suffix, mutations.mutated_archive(rng, value), options
    other = rng.choice(logs)[2]
    return kind, suffix, mutations.mutated_bytes(rng, content, other), options


def test_damaged_logs(logs, tmp_path, monkeypatch, capfd):
    # Reaching the disk is tested elsewhere and would take most of the time here.
    monkeypatch.setattr("os.fsync", lambda _: None)
    seen = collections.Counter()
    for case in range(FIRST, FIRST + CASES):
        rng = random.Random(case)
        kind, suffix, content, fitting = damaged(rng, logs)
        path, out = tmp_path / f"log{suffix}", tmp_path / rng.choice(["o.parquet", "o.csv"])
        path.write_bytes(content)
        options = Options(**(rng.choice(OPTIONS[kind]) if rng.random() < 0.4 else fitting))
        try:
            check_output(out, [path])
            imported = import_logs(kind, [path], options)
            write_table(imported.frame, out)
        except DataError as error:
            seen[kind, "refused"] += 1
            message = str(error)
            assert message.startswith(str(path)), (case, message)
            assert len(message) < len(str(path)) * 2 + 900, (case, message)
            assert not out.exists(), case
        except BaseException as error:
            error.add_note(f"case {case}: {kind} {suffix} {options}")
            raise
        else:
            seen[kind, "imported"] += 1
            assert validate_import(imported.table, imported.frame).height > 0
            assert out.stat().st_size > 0
            out.unlink()
            json.dumps(imported.summary(), allow_nan=False)
        path.unlink()
        assert not list(tmp_path.iterdir()), case
    print(dict(seen))
    if CASES >= 500:
        assert {outcome for _, outcome in seen} == {"imported", "refused"}
        assert all(seen[kind, "imported"] and seen[kind, "refused"] for kind in OPTIONS)
