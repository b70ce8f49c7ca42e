"""Where the committed logs lie, and small tables to go with them."""

import csv
import json
from pathlib import Path

import polars as pl

FILES = Path(__file__).parent / "files"

(LM_REPEATS,) = (FILES / "lm_eval").glob("samples_copy_repeats_*.jsonl")
(LM_FILTERS,) = (FILES / "lm_eval").glob("samples_copy_filters_*.jsonl")
(LM_CHOICE,) = (FILES / "lm_eval").glob("samples_copy_choice_*.jsonl")
(LM_RESULTS,) = (FILES / "lm_eval").glob("results_*.json")
(EVAL,) = (FILES / "inspect").glob("*.eval")
(EVAL_JSON,) = (FILES / "inspect").glob("*.json")
CHAT = FILES / "completions" / "chat_completions.jsonl"
TEXT = FILES / "completions" / "text_completions.jsonl"

COUNTS = [
    {"problem": "a", "attempts": 10, "successes": 3, "model": "m", "benchmark": "b"},
    {"problem": "b,\"'\n", "attempts": 7, "successes": 0, "model": "m", "benchmark": "b"},
    {"problem": "ç", "attempts": 1, "successes": 1, "model": "m", "benchmark": "b"},
]
RUNS = [
    {"run": 0, "item": "x", "length": 12, "error": 1},
    {"run": 1, "item": "x", "length": 100, "error": 0},
    {"run": 2, "item": "y", "length": 1, "error": 1},
]


def write_rows(path, rows):
    """Write rows as CSV, TSV, JSONL or Parquet, by the suffix."""
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    elif path.suffix == ".parquet":
        pl.DataFrame(rows).write_parquet(path)
    else:
        with path.open("w", newline="", encoding="utf-8") as handle:
            delimiter = "\t" if path.suffix == ".tsv" else ","
            writer = csv.DictWriter(handle, list(rows[0]), delimiter=delimiter)
            writer.writeheader()
            writer.writerows(rows)
    return path


def read_lines(path):
    """The objects of a JSONL file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
