"""Tables of results, formatted by the same rules as the numbers in the prose."""

import html
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .._estimate import Estimate
from ._glue import format_number


class Table:
    """A table that notebooks and pages show as HTML, with row and column headers.

    Made by `table`.
    """

    def __init__(self, headers: list[str], rows: list[list[str]]):
        self.headers, self.rows = headers, rows

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{html.escape(x)}</th>' for x in self.headers)
        body = "".join(
            "<tr>"
            + f'<th scope="row">{html.escape(row[0])}</th>'
            + "".join(f"<td>{html.escape(x)}</td>" for x in row[1:])
            + "</tr>"
            for row in self.rows
        )
        return (
            f'<table class="table results"><thead><tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table>"
        )

    def __repr__(self) -> str:
        lines = [self.headers, *self.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.headers))]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        )


def table(columns: Mapping[str, Iterable[Any]], *, form: Mapping[str, str] | None = None) -> Table:
    """A table of results; the first column names the rows.

    Parameters
    ----------
    columns
        Header and entries of each column: strings, integers, `Estimate`s (scalars, or one array)
        or, with a `form`, floating numbers.
    form
        How the entries of a column are written, by its header; see `format_number`.

    Returns
    -------
    Table
        Shown as HTML by notebooks and pages.

    Raises
    ------
    ValueError
        If there is no column, the columns differ in length, or `form` names an unknown column.
    TypeError
        If floating numbers come without a form: how many of their digits are known?

    Examples
    --------
    >>> table({"task": ["copy", "sort"], "items": [500, 500]})
    task  items
    copy  500
    sort  500
    """
    form = dict(form or {})
    if unknown := sorted(set(form) - set(columns)):
        raise ValueError(f"form names {unknown}, but the columns are {list(columns)}.")
    cells = {
        header: [format_number(_scalar(x), form.get(header)) for x in entries]
        for header, entries in columns.items()
    }
    lengths = {header: len(entries) for header, entries in cells.items()}
    if len(set(lengths.values())) != 1:
        raise ValueError(f"columns must be of one length, got {lengths}.")
    return Table(list(cells), [list(row) for row in zip(*cells.values(), strict=True)])


def _scalar(entry: Any) -> Any:
    """The entry itself; a NumPy or JAX scalar as an array of shape ()."""
    return entry if isinstance(entry, (Estimate, str)) else np.asarray(entry)
