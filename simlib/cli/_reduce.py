"""`simlib reduce`: logs larger than memory become one small table for `simlib fit`."""

from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ._data import print_json
from ._options import Columns, Model, Task, mapping, printable

if TYPE_CHECKING:
    from simlib.traces.importers import LifeTable

_KINDS = ("steps", "runs", "tables")


def reduce_command(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="steps, runs or tables.")],
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Parquet, CSV or JSONL, or quoted patterns."),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Life table to write: .parquet.")],
    columns: Columns = None,
    model: Model = None,
    task: Task = None,
    no_items: Annotated[
        bool, typer.Option("--no-items", help="Do not keep runs of different items apart.")
    ] = False,
    first: Annotated[int, typer.Option(min=0, help="Position of the first step of a run.")] = 0,
    passes: Annotated[
        int, typer.Option(min=1, help="Read the files so often, for less memory.")
    ] = 1,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Count how many runs ended at each length, in logs of any size.

    steps: tables with run, position, correct, in any order. runs: tables with run, length, error.
    Both may have model, task and item. tables: life tables that this command wrote, which are
    added up. The result is read by `simlib fit`; the output appears whole or not at all.
    """
    from simlib.traces.importers import LifeTable, check_output, reduce_runs, reduce_steps

    if kind not in _KINDS:
        raise typer.BadParameter(f"must be {', '.join(_KINDS)}, got {kind}", param_hint="KIND")
    if out.suffix.lower() != ".parquet":
        raise typer.BadParameter(f"must end in .parquet, got {out}", param_hint="--out")
    check_output(out, files, force=force)
    given: dict[str, Any] = {"columns": mapping(columns), "model": model, "task": task}
    if first and kind != "steps":
        raise typer.BadParameter(f"only steps have positions, not {kind}", param_hint="--first")
    if kind == "tables":
        if any(given.values()) or no_items or passes > 1:
            raise typer.BadParameter(
                "life tables are added as they are; give other options where they are made",
                param_hint="KIND",
            )
        table = reduce(LifeTable.merge, [LifeTable.read(path) for path in files])
    else:
        shared = {**given, "items": not no_items, "passes": passes}
        if kind == "steps":
            table = reduce_steps(files, first=first, **shared)
        else:
            table = reduce_runs(files, **shared)
    table.write(out)
    summary = _summary(table)
    if json:
        print_json({"out": str(out), **summary})
        return
    typer.echo(f"{out}: {table.rows.height} rows")
    for group in summary["groups"]:
        label = " ".join(x for x in (group["model"], group["task"]) if x) or "all runs"
        numbers = f"{group['runs']} runs, {group['errors']} errors, longest {group['longest']}"
        typer.echo(printable(f"  {label}: {numbers} steps"))


def _summary(table: "LifeTable") -> dict[str, Any]:
    import polars as pl

    count = pl.col("count")
    groups = table.rows.group_by("model", "task", maintain_order=True).agg(
        runs=count.sum(),
        errors=count.filter(pl.col("error") == 1).sum(),
        steps=(count * pl.col("length")).sum(),
        longest=pl.col("length").max(),
        items=pl.col("item").n_unique() - pl.col("item").has_nulls(),
    )
    return {
        "rows": table.rows.height,
        "runs": table.total,
        "errors": table.errors,
        "steps": table.steps,
        "groups": [row | {"items": row["items"] or None} for row in groups.iter_rows(named=True)],
    }
