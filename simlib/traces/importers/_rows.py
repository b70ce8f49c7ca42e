"""Collecting the rows of a table while its log is read."""

from dataclasses import dataclass, field
from typing import Any

import polars as pl

from ._limits import Limits, Place, fault, shown
from ._tables import IMPORT_TABLES

_CHUNK = 1 << 16


class Rows:
    """Rows of one of the tables; kept in columns, so that memory stays near that of the table.

    Parameters
    ----------
    table
        Name of the table.
    limits
        The bounds; its `rows` is the largest number of rows.
    """

    def __init__(self, table: str, limits: Limits):
        self._schema = IMPORT_TABLES[table].schema
        self._limits = limits
        self._rows: list[tuple[Any, ...]] = []
        self._chunks: list[pl.DataFrame] = []
        self._count = 0

    def append(self, row: tuple[Any, ...], place: Place) -> None:
        """Add a row that was found at `place`."""
        if self._count >= self._limits.rows:
            fault(place, f"more than {self._limits.rows} rows", "split the file")
        self._count += 1
        self._rows.append(row)
        if len(self._rows) >= _CHUNK:
            self._flush()

    def _flush(self) -> None:
        self._chunks.append(pl.DataFrame(self._rows, schema=self._schema, orient="row"))
        self._rows = []

    def frame(self) -> pl.DataFrame:
        """All rows as a table."""
        self._flush()
        return pl.concat(self._chunks)


@dataclass
class Tally:
    """Attempts and successes by problem.

    Attributes
    ----------
    merge
        Whether a problem may come back in another file, or in another row of a plain table.
    limits
        The bounds.
    """

    merge: bool
    limits: Limits
    _counts: dict[tuple[str, str | None, str | None, str], list[Any]] = field(default_factory=dict)

    def add(
        self,
        key: tuple[str, str | None, str | None, str],
        attempts: int,
        successes: int,
        place: Place,
        *,
        same_file: bool = False,
    ) -> None:
        """Count attempts at the problem of `key` (problem, model, benchmark, stop rule).

        `same_file` says that rows for one problem within a file belong together, as the epochs of
        a sample do.
        """
        found = self._counts.get(key)
        if found is None:
            if len(self._counts) >= self.limits.rows:
                fault(place, f"more than {self.limits.rows} problems", "split the file")
            self._counts[key] = [attempts, successes, place]
            return
        if not self.merge and not (same_file and found[2].path == place.path):
            fault(
                place,
                f"the problem {shown(key[0])} was counted before, at {found[2]}",
                "drop one of the two, or pass --merge to add them up",
                "problem",
            )
        found[0] += attempts
        found[1] += successes
        if key[3] == "first_success" and found[1] > 1:
            fault(place, "two successes under first_success", "such rows cannot be added up")

    def frame(self) -> pl.DataFrame:
        """The counts table, in the order in which problems were first seen."""
        rows = Rows("counts", self.limits)
        for (problem, model, benchmark, rule), (attempts, successes, place) in self._counts.items():
            rows.append((problem, attempts, successes, model, benchmark, rule), place)
        return rows.frame()
