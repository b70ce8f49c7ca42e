"""Data cards: the hand-written text of a card and everything that the files themselves say."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from .._paths import data_directory
from ._errors import DataError
from ._load import Traces, load
from ._registry import Entry, registry
from ._schema import TABLES


def _table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    cells = [[str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in lines]
    return "".join(f"| {' | '.join(row)} |\n" for row in cells)


def _flat(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _written(entry: Entry, directory: Path) -> str:
    """The hand-written card without its title, its headings one level down."""
    path = directory / entry.card
    if not path.is_file():
        raise DataError(f"{path}: the data card is missing; write one.")
    lines = path.read_text(encoding="utf-8").strip().splitlines()
    body = lines[1:] if lines and lines[0].startswith("# ") else lines
    return "\n".join(f"#{line}" if line.startswith("#") else line for line in body).strip()


def _facts(entry: Entry) -> str:
    rows = [
        ("identifier", f"`{entry.id}`"),
        ("collected from", entry.collected),
        ("licence of the data", entry.licence),
        ("schema version", entry.schema_version),
        *((f"model: {name}", _flat(value)) for name, value in entry.model.items()),
        *((f"sampling: {name}", _flat(value)) for name, value in entry.sampling.items()),
        ("software", ", ".join(f"{name} {v}" for name, v in entry.software.items())),
        ("grader", entry.grader),
    ]
    return _table(("field", "value"), rows)


def summary(traces: Traces) -> pl.DataFrame:
    """Exact success probabilities by task and level.

    Returns
    -------
    polars.DataFrame
        Items, quantiles of the base-10 logarithm of the success probability, and the share of
        items below one in a million, one row per task and level.
    """
    log10 = pl.col("log_p") / pl.lit(10.0).log()
    quantiles = {"5 %": 0.05, "25 %": 0.25, "median": 0.5, "75 %": 0.75, "95 %": 0.95}
    return (
        traces.exact()
        .group_by("task", "level", maintain_order=True)
        .agg(
            pl.len().alias("items"),
            *(log10.quantile(q, "linear").alias(name) for name, q in quantiles.items()),
            (log10 < -6).mean().alias("share below 1e-6"),
        )
    )


def _summary_rows(traces: Traces) -> Iterable[Sequence[Any]]:
    for row in summary(traces).iter_rows(named=True):
        yield [
            f"{value:.2f}" if isinstance(value, float) and "share" not in name
            else f"{100 * value:.1f} %" if isinstance(value, float)
            else value
            for name, value in row.items()
        ]  # fmt: skip


def render_card(dataset_id: str, *, directory: Path | None = None) -> str:
    """One data card as Markdown, with a heading of level two.

    The text is the committed card; the tables of facts, files, columns and quantiles are made
    from the registry and the data.

    Parameters
    ----------
    dataset_id
        Name of the data set.
    directory
        The data folder; by default the book's own.

    Raises
    ------
    DataError
        If the data set or its card is missing or faulty.
    """
    directory = directory or data_directory()
    traces = load(dataset_id, directory=directory)
    entry = traces.entry
    parts = [
        f"({entry.id})=\n## {entry.title}",
        entry.description,
        _written(entry, directory),
        "### How hard the items are\n\nQuantiles of the base-10 logarithm of the exact success "
        "probability of one attempt.",
        _table(summary(traces).columns, _summary_rows(traces)),
        "### Known faults",
        "\n".join(f"* {fault}" for fault in entry.known_faults),
        "### Provenance",
        _facts(entry),
        "### Files",
        _table(
            ("file", "holds", "rows", "sha256"),
            [(f"`{f.path}`", f.content, f.rows, f"`{f.sha256}`") for f in entry.files],
        ),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def render_columns() -> str:
    """The columns of the three tables as Markdown, with a heading of level two."""
    parts = ["## Columns"]
    for table in TABLES.values():
        rows = [
            (f"`{c.name}`", c.kind, "yes" if c.nullable else "no", c.meaning) for c in table.columns
        ]
        parts += [
            f"### `{table.name}`",
            _table(("column", "type", "may be empty", "meaning"), rows),
        ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def render_cards(*, directory: Path | None = None) -> str:
    """All data cards and the columns of the tables as Markdown, for the appendix.

    Raises
    ------
    DataError
        If a data set or its card is missing or faulty.
    """
    cards = [render_card(name, directory=directory) for name in registry(directory=directory)]
    return "\n".join([*cards, render_columns()])
