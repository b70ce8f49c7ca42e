"""From logs to a validated table."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from .._errors import DataError
from ._completions import read_completions
from ._inspect import read_inspect
from ._limits import Limits
from ._lm_eval import read_lm_eval
from ._options import Options
from ._plain import read_counts, read_runs
from ._tables import validate_import

_Reader = Callable[[list[Path], Options, Limits], tuple[pl.DataFrame, list[str]]]


@dataclass(frozen=True)
class Format:
    """A kind of log.

    Attributes
    ----------
    name, title
        Its name on the command line, and in words.
    table
        The table it becomes: "counts", "runs" or "steps".
    read
        Reads files into that table, with remarks.
    options
        Which of the options apply to it.
    """

    name: str
    title: str
    table: str
    read: _Reader
    options: tuple[str, ...]


FORMATS: dict[str, Format] = {
    kind.name: kind
    for kind in (
        Format(
            "lm-eval",
            "sample logs of lm-evaluation-harness (--log_samples)",
            "counts",
            read_lm_eval,
            ("model", "benchmark", "metric", "filter", "match", "threshold", "merge"),
        ),
        Format(
            "inspect",
            "Inspect AI logs (.eval, .json); epochs are attempts",
            "counts",
            read_inspect,
            ("model", "benchmark", "metric", "threshold", "merge", "errors_fail"),
        ),
        Format(
            "completions",
            "OpenAI-style completions with log-probabilities, one per line",
            "steps",
            read_completions,
            ("model",),
        ),
        Format(
            "counts",
            "tables with problem, attempts, successes",
            "counts",
            read_counts,
            ("columns", "model", "benchmark", "stop_rule", "merge"),
        ),
        Format(
            "runs",
            "tables with run, item, length, error",
            "runs",
            read_runs,
            ("columns", "model", "task"),
        ),
    )
}


@dataclass(frozen=True)
class Imported:
    """An imported table.

    Attributes
    ----------
    table
        Which one: "counts", "runs" or "steps".
    frame
        The rows.
    notes
        What the reader had to decide or leave out, in words.
    """

    table: str
    frame: pl.DataFrame
    notes: list[str]

    def summary(self) -> dict[str, Any]:
        """Sizes and totals, ready for JSON."""
        frame = self.frame
        found: dict[str, Any] = {"table": self.table, "rows": frame.height}
        if self.table == "counts":
            found["attempts"] = int(frame["attempts"].sum())
            found["successes"] = int(frame["successes"].sum())
            found["benchmarks"] = _names(frame["benchmark"])
        elif self.table == "runs":
            found["items"] = frame["item"].n_unique()
            found["errors"] = int(frame["error"].sum())
            found["tasks"] = _names(frame["task"])
        else:
            samples = frame.select("item_id", "model", "attempt").n_unique()
            found |= {"items": frame["item_id"].n_unique(), "samples": samples}
        return {**found, "models": _names(frame["model"]), "notes": self.notes}


def _names(column: pl.Series) -> list[str]:
    return sorted(column.drop_nulls().unique().to_list())[:100]


def import_logs(
    kind: str,
    paths: list[Path],
    options: Options | None = None,
    limits: Limits | None = None,
) -> Imported:
    """Read logs into a validated table.

    Parameters
    ----------
    kind
        The format: a key of `FORMATS`.
    paths
        The files; all go into one table.
    options
        What the logs do not say themselves.
    limits
        Bounds on what is read.

    Raises
    ------
    DataError
        At the first fault of a file, naming file, line or row, column and remedy.
    ValueError
        If the format is unknown, no file is named, one is named twice, or an option does not
        apply to the format.
    """
    if kind not in FORMATS:
        raise ValueError(f"the format must be one of {', '.join(FORMATS)}, got {kind!r}.")
    chosen, options, limits = FORMATS[kind], options or Options(), limits or Limits()
    _check_options(chosen, options)
    if not paths:
        raise ValueError("name at least one file to import.")
    resolved = [os.path.realpath(path) for path in paths]
    if twice := [path for i, path in enumerate(resolved) if path in resolved[:i]]:
        raise ValueError(f"{twice[0]}: the file is named twice; name every log once.")
    frame, notes = chosen.read(paths, options, limits)
    if frame.height == 0:
        raise DataError(f"{paths[0]}: nothing to import; {'; '.join(notes) or 'no rows'}.")
    return Imported(chosen.table, validate_import(chosen.table, frame, paths[0]), notes)


def _check_options(chosen: Format, options: Options) -> None:
    default = Options()
    for name in vars(options):
        if getattr(options, name) != getattr(default, name) and name not in chosen.options:
            raise ValueError(
                f"the option '{name}' does not apply to the format '{chosen.name}'; "
                f"it takes {', '.join(chosen.options)}."
            )
    if options.threshold is not None and options.threshold != options.threshold:
        raise ValueError("the threshold must be a number, got NaN.")
