"""The tables that hold every trace, and their validation.

A data set has `items` (what was asked) and some of: `attempts` (how often a model was right,
counted or exact), `votes` (which final answers were sampled), `steps` (one row per token of a
text), `chain_steps` (one row per step of a long chain) and `pivots` (how continuations of a run
ended, after each of its steps).  All families of traces share them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from ._errors import DataError

SCHEMA_VERSION = 2

# The annotations below say Any where polars types would make run-time checking fail.
_TYPES = {
    "text": pl.String(),
    "int32": pl.Int32(),
    "int64": pl.Int64(),
    "float32": pl.Float32(),
    "float64": pl.Float64(),
    "boolean": pl.Boolean(),
}


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name, kind
        Name and type: text, int32, int64, float32, float64 or boolean.
    meaning
        One line for the data card, with the unit.
    nullable
        Whether a row may leave it empty.
    low, high
        Inclusive bounds of the values, or None.
    choices
        The values allowed, or empty for any.
    """

    name: str
    kind: str
    meaning: str
    nullable: bool = False
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def dtype(self) -> Any:
        """The polars type of the column."""
        return _TYPES[self.kind]


@dataclass(frozen=True)
class Table:
    """A table: its columns in order and the columns that together identify a row."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    @property
    def schema(self) -> Any:
        """The polars schema."""
        return pl.Schema({column.name: column.dtype for column in self.columns})


STOP_RULES = ("exact", "fixed", "first_success")

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "items",
            (
                Column("item_id", "text", "unique name, family/task-level/number"),
                Column("family", "text", "family of traces the item belongs to"),
                Column("task", "text", "what is asked"),
                Column("level", "int32", "difficulty level within the task", low=0),
                Column("prompt", "text", "the text of this item (the template is in the registry)"),
                Column("answer", "text", "the one right answer"),
            ),
            ("item_id",),
        ),
        Table(
            "attempts",
            (
                Column("item_id", "text", "the item"),
                Column("model", "text", "short name of the model"),
                Column("n", "int64", "number of sampled attempts (0: none, exact row)", low=0),
                Column("successes", "int64", "how many of them were right", low=0),
                Column("stop_rule", "text", "why the attempts ended", choices=STOP_RULES),
                Column(
                    "log_p",
                    "float64",
                    "natural logarithm of the exact success probability of one attempt",
                    nullable=True,
                    high=0.0,
                ),
            ),
            ("item_id", "model", "stop_rule"),
        ),
        Table(
            "steps",
            (
                Column("item_id", "text", "the item"),
                Column("model", "text", "short name of the model"),
                Column("condition", "text", "what stood before this position (clean: only right)"),
                Column("position", "int32", "0-based position in the answer", low=0),
                Column("token_id", "int32", "the token that was scored", low=0),
                Column("token", "text", "its text"),
                Column("log_prob", "float32", "natural log-probability of the outcome", high=0.0),
                Column("entropy", "float32", "entropy of the next token, in nats", low=0.0),
                Column("rank", "int32", "1 + number of likelier tokens", low=1),
                Column(
                    "top_prob", "float32", "probability of the likeliest token", low=0.0, high=1.0
                ),
                Column("correct", "boolean", "whether a sampled step was right", nullable=True),
            ),
            ("item_id", "model", "condition", "position"),
        ),
        Table(
            "votes",
            (
                Column("item_id", "text", "the item"),
                Column("model", "text", "short name of the model"),
                Column(
                    "answer",
                    "text",
                    "a final answer that was sampled (empty: no end within the limit)",
                    nullable=True,
                ),
                Column("count", "int64", "how many attempts ended with it", low=1),
                Column("correct", "boolean", "whether it is the right one"),
            ),
            ("item_id", "model", "answer"),
        ),
        Table(
            "chain_steps",
            (
                Column("item_id", "text", "the item"),
                Column("model", "text", "short name of the model"),
                Column(
                    "condition",
                    "text",
                    "clean: only right steps before; free: the model's own steps; planted-R: each "
                    "step before was made wrong with probability R",
                ),
                Column("run", "int32", "0-based number of the run of this item", low=0),
                Column("position", "int32", "0-based number of the step", low=0),
                Column("errors", "int32", "wrong steps before this one", low=0),
                Column(
                    "tokens",
                    "int32",
                    "tokens before this step, worked examples included (scored conditions only)",
                    nullable=True,
                    low=0,
                ),
                Column("answer", "text", "the right step, given the steps before it"),
                Column(
                    "log_prob",
                    "float32",
                    "natural log-probability of the right step among the steps that the grammar "
                    "allows (scored conditions only)",
                    nullable=True,
                    high=0.0,
                ),
                Column(
                    "log_mass",
                    "float32",
                    "natural log-probability that the unconstrained model obeys the grammar while "
                    "it writes the right step",
                    nullable=True,
                    high=0.0,
                ),
                Column("taken", "text", "the step that stands in the history"),
                Column("correct", "boolean", "whether it is the right one"),
            ),
            ("item_id", "model", "condition", "run", "position"),
        ),
        Table(
            "pivots",
            (
                Column("item_id", "text", "the item"),
                Column("model", "text", "short name of the model"),
                Column("run", "int32", "0-based number of the run of this item", low=0),
                Column("position", "int32", "steps of the run that stand before", low=0),
                Column("rollouts", "int32", "continuations in each of two halves", low=1),
                Column("all_right_a", "int32", "of the first half: no step wrong", low=0),
                Column("all_right_b", "int32", "of the second half: no step wrong", low=0),
                Column("end_right_a", "int32", "of the first half: last step right", low=0),
                Column("end_right_b", "int32", "of the second half: last step right", low=0),
            ),
            ("item_id", "model", "run", "position"),
        ),
    )
}


def _fail(path: Path | str, row: int | None, column: str | None, found: str, remedy: str) -> None:
    place = [str(path)]
    if row is not None:
        place.append(f"row {row}")
    if column is not None:
        place.append(f"column '{column}'")
    raise DataError(f"{', '.join(place)}: {found}; {remedy}.")


def _first(mask: pl.Series) -> int | None:
    """Index of the first true entry (a missing entry counts as false), or None."""
    return mask.fill_null(False).arg_max() if mask.any(ignore_nulls=True) else None


def _check_columns(table: Table, frame: pl.DataFrame, path: Path | str) -> None:
    names = [column.name for column in table.columns]
    remedy = f"a table of {table.name} has the columns {', '.join(names)}"
    if missing := [name for name in names if name not in frame.columns]:
        _fail(
            path, None, missing[0], "the column is missing", f"a '{table.name}' table has {names}"
        )
    if extra := [name for name in frame.columns if name not in names]:
        _fail(
            path, None, extra[0], "unknown column", f"drop it: a '{table.name}' table has {names}"
        )
    if frame.columns != names:
        _fail(path, None, None, f"the columns are in the order {frame.columns}", remedy)
    for column in table.columns:
        found = frame.schema[column.name]
        if found != column.dtype:
            remedy = f"cast it to {column.dtype} ({column.meaning})"
            _fail(path, None, column.name, f"the type is {found}", remedy)


def _check_values(table: Table, frame: pl.DataFrame, path: Path | str) -> None:
    for column in table.columns:
        values = frame[column.name]
        if not column.nullable and (row := _first(values.is_null())) is not None:
            _fail(path, row, column.name, "the value is missing", "every row needs one")
        if column.kind.startswith("float") and (row := _first(~values.is_finite())) is not None:
            # minus infinity is the logarithm of an impossible answer, which is a legal value
            bad = values.is_nan() | (values == float("inf"))
            if column.name not in ("log_p", "log_prob"):
                bad = ~values.is_finite()
            if (row := _first(bad)) is not None:
                _fail(path, row, column.name, f"the value is {values[row]}", "use a finite number")
        if column.low is not None and (row := _first(values < column.low)) is not None:
            found = f"the value {values[row]} is below {column.low:g}"
            _fail(path, row, column.name, found, f"it holds the {column.meaning}")
        if column.high is not None and (row := _first(values > column.high)) is not None:
            found = f"the value {values[row]} is above {column.high:g}"
            _fail(path, row, column.name, found, f"it holds the {column.meaning}")
        if column.choices and (row := _first(~values.is_in(list(column.choices)))) is not None:
            found = f"the value is {values[row]!r}"
            _fail(path, row, column.name, found, f"use one of {', '.join(column.choices)}")
    repeated = frame.select(pl.struct(table.key).is_duplicated().alias("bad"))["bad"]
    if (row := _first(repeated)) is not None:
        values = ", ".join(str(frame[name][row]) for name in table.key)
        found = f"the row ({values}) occurs more than once"
        _fail(path, row, ", ".join(table.key), found, "keep one row for each key")


def _check_attempts(frame: pl.DataFrame, path: Path | str) -> None:
    exact = frame["stop_rule"] == "exact"
    if (row := _first(exact & frame["log_p"].is_null())) is not None:
        _fail(path, row, "log_p", "an exact row has no value", "store the exact log-probability")
    if (row := _first(exact & ((frame["n"] != 0) | (frame["successes"] != 0)))) is not None:
        _fail(path, row, "n", "an exact row counts attempts", "set n and successes to 0")
    if (row := _first(~exact & (frame["n"] < 1))) is not None:
        _fail(path, row, "n", "a sampled row has no attempts", "store how many were made")
    _check_successes(frame, "n", path)


def _check_successes(frame: pl.DataFrame, attempts: str, path: Path | str) -> None:
    """No more successes than attempts, the column of which is named, nor than the rule allows."""
    if (row := _first(frame["successes"] > frame[attempts])) is not None:
        found = f"{frame['successes'][row]} successes in {frame[attempts][row]} attempts"
        _fail(path, row, "successes", found, "there cannot be more successes than attempts")
    first = frame["stop_rule"] == "first_success"
    if (row := _first(first & (frame["successes"] > 1))) is not None:
        found = f"{frame['successes'][row]} successes under stop_rule first_success"
        _fail(path, row, "successes", found, "such a run ends at its first success")


def _check_pivots(frame: pl.DataFrame, path: Path | str) -> None:
    """No more right chains than right ends, and no more right ends than continuations."""
    for half in "ab":
        every, last = f"all_right_{half}", f"end_right_{half}"
        for fewer, more in ((every, last), (last, "rollouts")):
            if (row := _first(frame[fewer] > frame[more])) is not None:
                found = f"{frame[fewer][row]} is more than the {frame[more][row]} of '{more}'"
                _fail(path, row, fewer, found, "count continuations of the same half")


def validate(table: str, frame: pl.DataFrame, path: Path | str = "table") -> pl.DataFrame:
    """Check a table against the schema and return it unchanged.

    Parameters
    ----------
    table
        A name in `TABLES`.
    frame
        The table.
    path
        Where it came from; named in messages.

    Raises
    ------
    DataError
        At the first fault, naming file, row (counted from 0), column and remedy.
    """
    if table not in TABLES:
        raise DataError(f"there is no table {table!r}; choose one of {', '.join(TABLES)}.")
    _check_columns(TABLES[table], frame, path)
    _check_values(TABLES[table], frame, path)
    if table == "attempts":
        _check_attempts(frame, path)
    if table == "pivots":
        _check_pivots(frame, path)
    return frame


def validate_links(
    items: pl.DataFrame, other: pl.DataFrame, path: Path | str = "table"
) -> pl.DataFrame:
    """Check that every row of `other` names an item of `items`, and return `other`.

    Raises
    ------
    DataError
        At the first row that names an unknown item.
    """
    unknown = ~other["item_id"].is_in(items["item_id"].implode())
    if (row := _first(unknown)) is not None:
        found = f"there is no item {other['item_id'][row]!r} in the items table"
        _fail(path, row, "item_id", found, "add the item or drop the row")
    return other
