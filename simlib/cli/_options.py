"""Options and texts that several commands share."""

from typing import Annotated

import typer

Columns = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="NAME=COLUMN", help="Where a column is found; repeat."),
]
Model = Annotated[str | None, typer.Option(help="Model of every row.")]
Benchmark = Annotated[str | None, typer.Option(help="Benchmark of every row.")]
Task = Annotated[str | None, typer.Option(help="Task of every run.")]
StopRule = Annotated[
    str | None, typer.Option(help="fixed or first_success, if the table does not say.")
]
Tabular = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]


def mapping(pairs: list[str] | None) -> dict[str, str]:
    """Columns by the name that they are to have, from `NAME=COLUMN` texts."""
    found: dict[str, str] = {}
    for pair in pairs or []:
        name, equals, column = pair.partition("=")
        if not (name and equals and column) or name in found:
            raise ValueError(f"--map must look like problem=task_id, once each, got {pair!r}.")
        found[name] = column
    return found


def check_level(level: float) -> None:
    """Refuse a level that is no probability strictly between 0 and 1."""
    if not 0 < level < 1:
        raise typer.BadParameter(f"must lie in (0, 1), got {level}", param_hint="--level")


def printable(text: str) -> str:
    """Text without control characters, which a log could send to the terminal."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )
