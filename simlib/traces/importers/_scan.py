"""Columns of files of any size, read in a stream: typed, with what cannot be right left empty."""

import glob
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import polars as pl

from ._bytes import opened
from ._limits import Place, brief, fault, shown

_POLARS_ERRORS = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)
_LARGEST = 2**53 - 1  # beyond it floating-point numbers have gaps
_YES, _NO = ["true", "1", "1.0"], ["false", "0", "0.0"]

#: What each column holds, and what to do about a value that does not belong there.
_REMEDIES = {
    "run": "every row needs the name of its run",
    "item": "fill it in every row, or in none",
    "model": "fill it in every row, or in none and give one name with --model",
    "task": "fill it in every row, or in none and give one name with --task",
    "position": "number the steps of a run with whole numbers from 0",
    "correct": "mark a step with true or false (1 or 0); leave out steps that nobody marked",
    "length": "use whole numbers from 1: steps up to the first error, that step included",
    "error": "use 1 for an error and 0 for a run that ended without one",
}
# Polars types are annotated as Any: run-time checking would fail on them.
_NAMES = ("model", "task", "item", "run")


@dataclass(frozen=True)
class Scan:
    """One file: its columns as they stand, and the expressions that type them.

    An expression is null where a value does not belong in its column.
    """

    path: Path
    raw: pl.LazyFrame
    values: dict[str, pl.Expr]
    numbered: bool
    """Whether the names of runs are whole numbers."""

    def frame(self, *, numbered: bool) -> pl.LazyFrame:
        """The typed columns; names of runs as whole numbers, or else as text."""
        run = pl.col("run") if numbered else pl.col("run").cast(pl.String)
        return self.raw.select(**self.values).with_columns(run)

    def refuse_first_null(self, columns: Sequence[str]) -> None:
        """Name the first row in which one of the columns has no value of its kind, if any."""
        typed = {f"typed {name}": self.values[name] for name in columns}
        bad = pl.any_horizontal(pl.col(list(typed)).is_null())
        rows = self.raw.with_row_index("row number").with_columns(**typed).filter(bad).head(1)
        for row in collect(rows, [self]).iter_rows(named=True):
            name = next(name for name in columns if row[f"typed {name}"] is None)
            found = "the value is missing"
            if row[name] is not None:
                found = f"the value is {shown(row[name])}"
            at = Place(self.path, f"row {row['row number']}")
            fault(at, found, _REMEDIES[name], name)


def scans(
    paths: Sequence[Path],
    needed: Mapping[str, int | None],
    columns: Mapping[str, str],
    fixed: Mapping[str, str | None],
) -> list[Scan]:
    """Open every file, checking that it can be read and has the columns.

    Parameters
    ----------
    paths
        Files, or patterns such as `logs/*.parquet`.
    needed
        Columns that a file must have besides `run`: least value of whole numbers, None for marks.
    columns
        Under which name a file has a column, if not its own.
    fixed
        Values of `model` and `task` that go before what the files say.
    """
    known = (*_NAMES, *needed)
    if unknown := [name for name in columns if name not in known]:
        raise ValueError(
            f"--map names the column '{unknown[0]}', which is not read here; there are "
            f"{', '.join(known)}."
        )
    found = [_scan(path, needed, columns, fixed) for path in _files(paths)]
    first = found[0]
    for other in found[1:]:
        if odd := sorted(set(first.values) ^ set(other.values)):
            there, missing = (first, other) if odd[0] in first.values else (other, first)
            fault(
                Place(missing.path),
                f"the column is missing, though {there.path} has it",
                "reduce files with different columns apart",
                odd[0],
            )
    return found


def collect(query: pl.LazyFrame, sources: Sequence[Scan]) -> pl.DataFrame:
    """Run a query in a stream; an error names the file that cannot be read."""
    try:
        return query.collect(engine="streaming")
    except _POLARS_ERRORS:
        for scan in sources:
            try:
                scan.raw.select(pl.all().count()).collect(engine="streaming")
            except _POLARS_ERRORS as error:
                _unreadable(scan.path, error)
        raise


def _files(paths: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        if glob.has_magic(str(path)) and not path.exists():
            matching = [Path(name) for name in sorted(glob.glob(str(path)))]
            if not matching:
                fault(Place(path), "no file matches the pattern", "check the name")
            found += matching
        else:
            found.append(path)
    if not found:
        raise ValueError("name at least one file to reduce.")
    real = [os.path.realpath(path) for path in found]
    if len(set(real)) < len(real):
        twice = next(path for i, path in enumerate(real) if path in real[:i])
        raise ValueError(f"{twice}: the file is named twice; name every log once.")
    return found


def _scan(
    path: Path,
    needed: Mapping[str, int | None],
    columns: Mapping[str, str],
    fixed: Mapping[str, str | None],
) -> Scan:
    try:
        file = _open(path)
        schema = file.collect_schema()
    except _POLARS_ERRORS as error:
        _unreadable(path, error)
    source = {name: columns.get(name, name) for name in (*_NAMES, *needed)}
    wanted = {"run", *needed, *columns}
    for name, column in source.items():
        if name in wanted and column not in schema.names():
            there = ", ".join(shown(key)[1:-1] for key in schema.names()[:20])[:200]
            remedy = f"name the one that holds it with --map {name}=COLUMN"
            fault(Place(path), f"the column is missing; there are {there}", remedy, column)
        if f"{column}_duplicated_0" in schema.names():
            fault(Place(path), "the column stands twice", "rename one of them", column)
    source = {name: column for name, column in source.items() if column in schema.names()}
    kinds = {name: schema[column] for name, column in source.items()}
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        # Types would be guessed from the first lines only.
        kinds = dict.fromkeys(source, pl.String())
        text = {column: pl.String() for column in source.values()}
        file = pl.scan_ndjson(glob.escape(str(path)), schema=text)
    raw = file.select(**{name: pl.col(column) for name, column in source.items()})
    values: dict[str, pl.Expr] = {}
    for name, kind in kinds.items():
        if name in _NAMES:
            values[name] = _name(name, kind, path)
        elif needed[name] is None:
            values[name] = _mark(name, kind, path)
        else:
            values[name] = _whole(name, kind, path, needed[name] or 0)
    values |= {name: pl.lit(value) for name, value in fixed.items() if value is not None}
    return Scan(path, raw, values, _is_small(kinds["run"]))


def _open(path: Path) -> pl.LazyFrame:
    suffix, place = path.suffix.lower(), Place(path)
    with opened(path) as handle:
        start = handle.read(4)
    if suffix == ".parquet":
        if start != b"PAR1":
            fault(place, "this is not a Parquet file", "give it the suffix of its kind")
        return pl.scan_parquet(path, glob=False)
    if suffix in (".csv", ".tsv"):
        separator = "," if suffix == ".csv" else "\t"
        # As text: types would be guessed from the first rows only.
        return pl.scan_csv(path, separator=separator, infer_schema=False, glob=False)
    if suffix in (".jsonl", ".ndjson"):
        return pl.scan_ndjson(glob.escape(str(path)))
    remedy = "use .csv, .tsv, .jsonl, .ndjson or .parquet"
    fault(place, f"the suffix {path.suffix!a} is not that of a table", remedy)


def _unreadable(path: Path, error: BaseException) -> NoReturn:
    remedy = "was it written to the end? Write it again"
    fault(Place(path), f"the file cannot be read ({brief(error)})", remedy)


def _is_small(kind: Any) -> bool:
    return kind.is_integer() and kind not in (pl.UInt64, pl.Int128)


def _is_text(kind: Any) -> bool:
    return kind in (pl.String, pl.Categorical, pl.Enum, pl.Null)


def _name(name: str, kind: Any, path: Path) -> pl.Expr:
    if name == "run" and _is_small(kind):
        return pl.col(name).cast(pl.Int64)
    if not (_is_text(kind) or kind.is_integer()):
        _wrong_type(name, kind, path, "names are text or whole numbers")
    text = pl.col(name).cast(pl.String)
    return pl.when(text != "").then(text)


def _whole(name: str, kind: Any, path: Path, low: int) -> pl.Expr:
    column = pl.col(name)
    if _is_text(kind):
        column = column.cast(pl.String).str.strip_chars().cast(pl.Float64, strict=False)
    elif not (kind.is_integer() or kind.is_float()):
        _wrong_type(name, kind, path, _REMEDIES[name])
    good = column.is_between(low, _LARGEST)
    if not kind.is_integer():
        good &= column == column.floor()
    return pl.when(good).then(column).cast(pl.Int64)


def _mark(name: str, kind: Any, path: Path) -> pl.Expr:
    column = pl.col(name)
    if kind == pl.Boolean:
        return column
    if _is_text(kind):
        # Not `replace_strict`, which holds the whole column.
        text = column.cast(pl.String).str.strip_chars().str.to_lowercase()
        return pl.when(text.is_in(_YES + _NO)).then(text.is_in(_YES))
    if not (kind.is_integer() or kind.is_float()):
        _wrong_type(name, kind, path, _REMEDIES[name])
    return pl.when((column == 0) | (column == 1)).then(column == 1)


def _wrong_type(name: str, kind: Any, path: Path, remedy: str) -> NoReturn:
    fault(Place(path), f"the values are of type {kind}", remedy, name)
