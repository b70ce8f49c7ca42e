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


def _written(entry: Entry, directory: Path, *, deeper: int) -> str:
    """The hand-written card without its title, its headings some levels down."""
    path = directory / entry.card
    if not path.is_file():
        raise DataError(f"{path}: the data card is missing; write one.")
    lines = path.read_text(encoding="utf-8").strip().splitlines()
    body = lines[1:] if lines and lines[0].startswith("# ") else lines
    marks = "#" * deeper
    return "\n".join(f"{marks}{line}" if line.startswith("#") else line for line in body).strip()


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
    """What a data set says in one table: a row per task and level, or per condition.

    Returns
    -------
    polars.DataFrame
        For exact answers: items, quantiles of the base-10 logarithm of the success probability,
        and the share of items below one in a million. For attempts: successes against the exact
        probabilities. For chains: the mean probability of the right step, or the share of right
        steps, in the first and the last quarter; for chains that were resampled, the share of
        right continuations from each place. For texts: the mean loss and entropy.
    """
    if traces.pivots.height:
        return _pivot_summary(traces)
    if traces.chain_steps.height:
        return _chain_summary(traces)
    if traces.steps.height and traces.attempts.is_empty():
        return _text_summary(traces)
    sampled = traces.sampled()
    return _sampled_summary(sampled) if sampled.height else _exact_summary(traces)


def _exact_summary(traces: Traces) -> pl.DataFrame:
    log10 = pl.col("log_p") / pl.lit(10.0).log()
    quantiles = {"5 %": 0.05, "25 %": 0.25, "median": 0.5, "75 %": 0.75, "95 %": 0.95}
    return (
        traces.exact()
        .group_by("task", "level", maintain_order=True)
        .agg(
            pl.len().alias("items"),
            *(
                log10.quantile(q, "linear").alias(f"log10 p, {name}")
                for name, q in quantiles.items()
            ),
            (log10 < -6).mean().alias("share below 1e-6"),
        )
    )


def _sampled_summary(sampled: pl.DataFrame) -> pl.DataFrame:
    return sampled.group_by("task", "level", "stop_rule", maintain_order=True).agg(
        pl.len().alias("items"),
        pl.col("n").sum().alias("attempts"),
        (pl.col("successes") / pl.col("n")).mean().alias("mean share right"),
        pl.col("p").mean().alias("mean exact probability"),
        (pl.col("successes") == 0).mean().alias("share never solved"),
    )


def _chain_summary(traces: Traces) -> pl.DataFrame:
    # Free runs end before the chain does.
    quarter = pl.col("position") / (pl.col("position").max().over("task", "condition") + 1)
    right = pl.coalesce(pl.col("log_prob").exp(), pl.col("correct").cast(pl.Float32))
    return (
        traces.chains_with_items()
        .group_by("task", "condition", maintain_order=True)
        .agg(
            pl.struct("item_id", "run").n_unique().alias("histories"),
            pl.len().alias("steps"),
            right.filter(quarter < 0.25).mean().alias("right, first quarter"),
            right.filter(quarter >= 0.75).mean().alias("right, last quarter"),
        )
    )


def _pivot_summary(traces: Traces) -> pl.DataFrame:
    share = lambda name: (
        (pl.col(f"{name}_a") + pl.col(f"{name}_b")).sum() / (2 * pl.col("rollouts").sum())
    ).alias(f"{name.replace('_', ' ')}, share")
    return (
        traces.pivots_with_items()
        .group_by("task", "position", maintain_order=True)
        .agg(
            pl.len().alias("runs"),
            (2 * pl.col("rollouts").sum()).alias("continuations"),
            share("all_right"),
            share("end_right"),
        )
    )


def _text_summary(traces: Traces) -> pl.DataFrame:
    return (
        traces.steps_with_items()
        .group_by("task", "condition", maintain_order=True)
        .agg(
            pl.col("item_id").n_unique().alias("texts"),
            pl.len().alias("tokens"),
            (-pl.col("log_prob").mean()).alias("mean loss, nats"),
            pl.col("entropy").mean().alias("mean entropy, nats"),
            (pl.col("rank") == 1).mean().alias("share likeliest"),
        )
    )


def _summary(traces: Traces, marks: str) -> list[str]:
    table = summary(traces)
    rows = [
        [
            "–" if value is None else f"{value:.3g}" if isinstance(value, float) else value
            for value in row
        ]
        for row in table.iter_rows()
    ]
    return [f"{marks} In numbers", _table(table.columns, rows)]


def _provenance(entry: Entry, marks: str) -> list[str]:
    return [
        f"{marks} Provenance",
        _facts(entry),
        f"{marks} Files",
        _table(
            ("file", "holds", "rows", "sha256"),
            [(f"`{f.path}`", f.content, f.rows, f"`{f.sha256}`") for f in entry.files],
        ),
    ]


def _faults(entry: Entry, marks: str) -> list[str]:
    return [f"{marks} Known faults", "\n".join(f"* {fault}" for fault in entry.known_faults)]


def render_card(dataset_id: str, *, directory: Path | None = None) -> str:
    """One data card as Markdown, with a heading of level two.

    The text is the committed card; the tables of numbers, facts and files are made from the
    registry and the data.

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
        _written(entry, directory, deeper=1),
        *_summary(traces, "###"),
        *_faults(entry, "###"),
        *_provenance(entry, "###"),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _render_family(entries: Sequence[Entry], directory: Path) -> str:
    """The text of a card once, then what differs between the data sets that share it."""
    first = entries[0]
    parts = [
        f"## {first.title.partition(':')[0]}",
        first.description,
        _written(first, directory, deeper=1),
        *_faults(first, "###"),
    ]
    for entry in entries:
        parts += [
            f"({entry.id})=\n### `{entry.id}`",
            *_summary(load(entry.id, directory=directory), "####"),
            *_provenance(entry, "####"),
        ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def render_columns() -> str:
    """The columns of the tables as Markdown, with a heading of level two."""
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
    directory = directory or data_directory()
    families: dict[str, list[Entry]] = {}
    for entry in registry(directory=directory).values():
        families.setdefault(entry.card, []).append(entry)
    cards = [_render_family(entries, directory) for entries in families.values()]
    return "\n".join([*cards, render_columns()])
