"""How many runs ended at each length: all that a fit to first errors needs, and mergeable."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from .._errors import DataError
from .._files import parquet_bytes, write_atomic
from .._schema import Column, Table, _check_columns, _check_values, _fail
from ._bytes import opened
from ._limits import Place, brief, fault
from ._tables import IMPORT_TABLES

if TYPE_CHECKING:
    from ...fit import Runs

_RUNS = {column.name: column for column in IMPORT_TABLES["runs"].columns}
_LABELS = ("model", "task", "item")
_KEY = (*_LABELS, "length", "error")

LIFE_TABLE = Table(
    "life",
    (
        _RUNS["model"],
        _RUNS["task"],
        Column("item", "text", _RUNS["item"].meaning, nullable=True),
        _RUNS["length"],
        _RUNS["error"],
        Column("count", "int64", "how many runs ended so", low=1, high=float(2**53)),
        Column("least_hash", "int64", "smallest hash of the name of one of these runs"),
    ),
    _KEY,
)


@dataclass(frozen=True, eq=False)
class LifeTable:
    """How many runs ended at each length, by an error or without one.

    The counts of a life table: for runs that are exchangeable they are a sufficient statistic of
    every process up to its first error. Counts are added when tables are merged, so that parts
    of a log may be reduced on different machines, in any order, to what the whole log would give.

    Attributes
    ----------
    rows
        The columns `model`, `task`, `item` (each empty in all rows if it is not known or not
        kept), `length`, `error` and `count`, sorted by the first five, which together are unique.
        `least_hash` is the smallest hash of the names of the runs that a row counts: two tables
        with the same value there have counted the same run.

    Raises
    ------
    DataError
        If the rows are not such a table.

    Examples
    --------
    >>> from simlib.traces.importers import LifeTable
    >>> columns = {"model": [None], "task": [None], "item": [None], "length": [7], "error": [1]}
    >>> part = LifeTable.from_counts(pl.DataFrame(columns | {"count": [2], "least_hash": [5]}))
    >>> other = LifeTable.from_counts(pl.DataFrame(columns | {"count": [3], "least_hash": [-1]}))
    >>> both = part.merge(other)
    >>> both.total, both.errors, both.steps, both.runs().count.tolist()
    (5, 5, 35, [5])
    """

    rows: pl.DataFrame

    def __post_init__(self):
        _check(self.rows, "table")
        object.__setattr__(self, "rows", self.rows.sort(_KEY))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LifeTable) and self.rows.equals(other.rows)

    @staticmethod
    def from_counts(counts: pl.DataFrame) -> "LifeTable":
        """The table of rows that may repeat a length, and whose types need not be exact.

        Raises
        ------
        DataError
            If a column is missing or holds a value that does not belong there.
        """
        if missing := [c.name for c in LIFE_TABLE.columns if c.name not in counts.columns]:
            raise DataError(f"a life table needs the column '{missing[0]}'; add it.")
        try:
            typed = counts.select(pl.col(c.name).cast(c.dtype) for c in LIFE_TABLE.columns)
        except pl.exceptions.PolarsError as error:
            raise DataError(f"this is no life table ({brief(error)}).") from error
        added = typed.group_by(_KEY).agg(pl.col("count").sum(), pl.col("least_hash").min())
        return LifeTable(added)

    @property
    def total(self) -> int:
        """Number of runs."""
        return int(self.rows["count"].sum())

    @property
    def errors(self) -> int:
        """Number of runs that ended with an error."""
        return int((self.rows["count"] * self.rows["error"]).sum())

    @property
    def steps(self) -> int:
        """Steps at which a first error could have been seen: the sum of all lengths."""
        return int((self.rows["count"] * self.rows["length"]).sum())

    @property
    def groups(self) -> list[tuple[str | None, str | None]]:
        """The pairs of model and task, sorted."""
        return self.rows.select("model", "task").unique(maintain_order=True).rows()

    def merge(self, other: "LifeTable") -> "LifeTable":
        """The table of all runs of both.

        Adding whole numbers is exact, so the result depends neither on the order nor on the
        grouping of merges.

        Raises
        ------
        ValueError
            If one table knows models, tasks or items and the other does not, or if some run was
            counted in both. The same table twice is always noticed; a few runs among many that
            both have may escape, and so may runs that were hashed by another version of Polars.
        """
        for name in _LABELS:
            if self._knows(name) != other._knows(name):
                raise ValueError(
                    f"one life table has the column {name} filled and the other has it empty, so "
                    "their runs cannot be told apart; reduce one of them again in the same way."
                )
        keys = [*_KEY, "least_hash"]
        shared = self.rows.join(other.rows, on=keys, how="semi", nulls_equal=True)
        if shared.height:
            row = shared.row(0, named=True)
            labels = ", ".join(f"{name} {row[name]!r}" for name in _LABELS if row[name] is not None)
            raise ValueError(
                f"both life tables count the same run (length {row['length']}, error "
                f"{row['error']}{', ' + labels if labels else ''}; {shared.height} such rows of "
                f"{min(self.rows.height, other.rows.height)}); merge every part once, and give "
                "runs of different hosts different names."
            )
        return LifeTable.from_counts(pl.concat([self.rows, other.rows]))

    def runs(self, *, model: str | None = None, task: str | None = None) -> "Runs":
        """The runs of one group, for everything in `simlib.fit`.

        Takes 8 bytes for each run, and as much again where items are known.

        Parameters
        ----------
        model, task
            Which group; may be left out where there is only one.

        Raises
        ------
        ValueError
            If no group or several have these names.
        """
        from ...fit import Runs

        rows = self.rows
        for name, value in (("model", model), ("task", task)):
            rows = rows if value is None else rows.filter(pl.col(name) == value)
        found = rows.select("model", "task").unique(maintain_order=True).rows()
        if len(found) != 1:
            raise ValueError(
                f"{len(found)} groups have model {model!r} and task {task!r}; name one of "
                f"{self.groups[:10]}."
            )
        columns = {name: rows[name].to_numpy() for name in ("length", "error", "count")}
        item = rows["item"].to_numpy() if self._knows("item") else None
        return Runs.from_counts(**columns, item=item)

    def write(self, path: Path) -> None:
        """Write the table as a Parquet file, which appears under its name only when complete.

        Raises
        ------
        DataError
            If the name does not end in .parquet or cannot be written.
        """
        if path.suffix.lower() != ".parquet":
            raise DataError(f"{path}: a life table is written as .parquet; name the file so.")
        try:
            write_atomic(path, parquet_bytes(self.rows))
        except OSError as error:
            raise DataError(f"{path}: cannot be written ({error.strerror}).") from error

    @staticmethod
    def read(path: Path) -> "LifeTable":
        """Read a file that `write` made.

        Raises
        ------
        DataError
            If the file is missing, damaged, or does not hold a life table.
        """
        with opened(path) as handle:
            if handle.read(4) != b"PAR1":
                remedy = "make it with `simlib reduce` or LifeTable.write"
                fault(Place(path), "this is not a Parquet file", remedy)
        try:
            rows = pl.read_parquet(path, glob=False)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
            fault(Place(path), f"the Parquet file is corrupt ({brief(error)})", "write it again")
        _check(rows, path)
        return LifeTable(rows)

    def _knows(self, name: str) -> bool:
        return self.rows[name][0] is not None


def is_life_table(path: Path) -> bool:
    """Whether a file is Parquet with the columns of a life table; false if it cannot be read."""
    if path.suffix.lower() != ".parquet":
        return False
    try:
        names = pl.scan_parquet(path, glob=False).collect_schema().names()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        return False
    return {"length", "error", "count"} <= set(names) and "run" not in names


def _check(rows: pl.DataFrame, path: Path | str) -> None:
    _check_columns(LIFE_TABLE, rows, path)
    _check_values(LIFE_TABLE, rows, path)
    if rows.height == 0:
        _fail(path, None, None, "the table has no rows", "reduce a log with at least one run")
    for name in _LABELS:
        if 0 < rows[name].null_count() < rows.height:
            remedy = "fill it in every row or in none"
            _fail(path, None, name, "the value is missing in some rows", remedy)
