"""The rows of a plain table, whether CSV, JSONL or Parquet, one at a time."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from ._bytes import decoded, lines, opened
from ._json import objects
from ._limits import Limits, Place, brief, fault, shown

_SLICE = 1 << 16
_COLUMNS = 10_000

Record = tuple[Place, dict[str, Any]]


def records(path: Path, wanted: tuple[str, ...], limits: Limits) -> Iterator[Record]:
    """Rows as dictionaries, with their places; only the columns in `wanted` need to be there.

    The suffix of the file says how it is read: .csv, .tsv, .jsonl, .ndjson or .parquet. In a CSV
    file every value is text, and an empty field is a missing value.
    """
    suffix = path.suffix.lower()
    if suffix in (".jsonl", ".ndjson"):
        return objects(path, limits)
    if suffix in (".csv", ".tsv"):
        return _csv(path, "," if suffix == ".csv" else "\t", limits)
    if suffix == ".parquet":
        return _parquet(path, wanted, limits)
    fault(
        Place(path),
        f"the suffix {path.suffix!a} is not that of a table",
        "use .csv, .tsv, .jsonl, .ndjson or .parquet",
    )


def _csv(path: Path, delimiter: str, limits: Limits) -> Iterator[Record]:
    at = Place(path)

    def decoded_lines() -> Iterator[str]:
        nonlocal at
        for at, line in lines(path, limits):
            yield decoded(line, at)

    reader = csv.reader(decoded_lines(), delimiter=delimiter, strict=True)
    header: list[str] | None = None
    rows = 0
    while True:
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            fault(at, f"this is not CSV ({brief(error)})", "check quotes and line breaks")
        if not row:
            continue
        if header is None:
            header = _header(row, at)
            continue
        if len(row) != len(header):
            found = f"{len(row)} fields, the header has {len(header)}"
            fault(at, found, "write every row with all columns")
        rows += 1
        yield at, dict(zip(header, (field or None for field in row), strict=True))
    if not rows:
        fault(Place(path), "the table has no rows", "was it written to the end?")


def _header(row: list[str], place: Place) -> list[str]:
    if len(row) > _COLUMNS:
        fault(place, f"{len(row)} columns", f"at most {_COLUMNS} are read")
    if len(set(row)) != len(row):
        twice = next(name for name in row if row.count(name) > 1)
        fault(place, f"the column {shown(twice)} stands twice", "rename one of them")
    return row


def _parquet(path: Path, wanted: tuple[str, ...], limits: Limits) -> Iterator[Record]:
    place = Place(path)
    with opened(path) as handle:
        start = handle.read(4)
        handle.seek(-min(4, path.stat().st_size), 2)
        end = handle.read(4)
    if start != b"PAR1" or end != b"PAR1":
        found = "not a Parquet file, or cut short (no PAR1 at its start and end)"
        fault(place, found, "write it again, or give it the suffix of its kind")
    row = 0
    try:
        scan = pl.scan_parquet(path, glob=False)
        height = scan.select(pl.len()).collect().item()
        if height > limits.rows:
            fault(place, f"{height} rows, more than {limits.rows}", "split the file")
        found = [name for name in scan.collect_schema().names() if name in wanted]
        while row < height:
            part = scan.select(found).slice(row, _SLICE).collect() if found else None
            if part is None or part.height == 0:
                break
            for values in part.iter_rows(named=True):
                yield Place(path, f"row {row}"), values
                row += 1
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        fault(place, f"the Parquet file is corrupt ({brief(error)})", "write it again")
    if not row:
        listed = ", ".join(wanted)
        fault(place, "no rows, or none of the columns", f"the table needs {listed}; see --map")
