"""The schema of imported tables."""

from pathlib import Path

import polars as pl

from .._errors import DataError
from .._schema import TABLES, Column, Table, _check_columns, _check_successes, _check_values, _fail

_LARGEST = float(2**53)

_MODEL = Column("model", "text", "name of the model, empty if unknown", nullable=True)

# What an interface does not tell stays empty; the rest is the table of the same name in
# `simlib.traces`, with the number of the attempt.
_UNTOLD = ("token_id", "entropy", "rank", "top_prob")


def _steps_columns() -> tuple[Column, ...]:
    columns = []
    for column in TABLES["steps"].columns:
        if column.name == "position":
            columns.append(Column("attempt", "int32", "0-based number of the sample", low=0))
        nullable = column.nullable or column.name in _UNTOLD
        columns.append(
            Column(column.name, column.kind, column.meaning, nullable, column.low, column.high)
        )
    return tuple(columns)


IMPORT_TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "counts",
            (
                Column("problem", "text", "name of the problem"),
                Column("attempts", "int64", "number of attempts", low=1, high=_LARGEST),
                Column("successes", "int64", "how many of them were right", low=0),
                _MODEL,
                Column("benchmark", "text", "the set the problem belongs to", nullable=True),
                Column(
                    "stop_rule",
                    "text",
                    "why the attempts ended",
                    choices=("fixed", "first_success"),
                ),
            ),
            ("problem", "model", "benchmark", "stop_rule"),
        ),
        Table(
            "runs",
            (
                Column("run", "text", "name of the run"),
                Column("item", "text", "what the run was about; repeats share it"),
                Column(
                    "length",
                    "int64",
                    "steps until the first error, that step included, or until the run ended",
                    low=1,
                    high=_LARGEST,
                ),
                Column("error", "int32", "1: ended by an error, 0: no error seen", low=0, high=1),
                _MODEL,
                Column("task", "text", "the task", nullable=True),
            ),
            ("run", "model", "task"),
        ),
        Table("steps", _steps_columns(), ("item_id", "model", "condition", "attempt", "position")),
    )
}


def validate_import(table: str, frame: pl.DataFrame, path: Path | str = "table") -> pl.DataFrame:
    """Check an imported table against its schema and return it unchanged.

    Parameters
    ----------
    table
        "counts", "runs" or "steps".
    frame
        The table.
    path
        Where it came from; named in messages.

    Raises
    ------
    DataError
        At the first fault, naming file, row (counted from 0), column and remedy.
    """
    if table not in IMPORT_TABLES:
        known = ", ".join(IMPORT_TABLES)
        raise DataError(f"there is no imported table {table!r}; choose one of {known}.")
    _check_columns(IMPORT_TABLES[table], frame, path)
    _check_values(IMPORT_TABLES[table], frame, path)
    if frame.height == 0:
        _fail(path, None, None, "the table has no rows", "import a log with at least one attempt")
    if table == "counts":
        _check_successes(frame, "attempts", path)
    return frame
