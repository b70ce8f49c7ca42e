"""`simlib fit`: which process made these runs, and what the runs cannot tell."""

from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ._data import print_json
from ._options import Columns, Model, Tabular, Task, check_level, mapping, printable

if TYPE_CHECKING:
    from simlib.fit import Runs
    from simlib.traces.importers import Options

_Group = tuple[str | None, str | None]


def fit_command(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUNS...",
            help="Tables of runs: CSV, JSONL or Parquet; or what simlib reduce wrote.",
        ),
    ],
    columns: Columns = None,
    model: Model = None,
    task: Task = None,
    level: Annotated[float, typer.Option(help="Coverage of each interval.")] = 0.95,
    seed: Annotated[int, typer.Option(min=0, help="Deals runs into folds.")] = 0,
    json: Tabular = False,
) -> None:
    """Fit error processes to runs up to their first error, and compare them.

    A row is a run: its name `run`, what it was about `item`, the steps `length` until and
    including the first error or until the run ended, and `error`, 1 or 0. Columns `model` and
    `task` are optional; each pair of them is a group with a result of its own. The tables of
    `simlib reduce` stand for any number of runs. In JSON a number without bound is null.
    """
    check_level(level)
    import jax

    from simlib.fit import describe_runs
    from simlib.traces.importers import Options

    options = Options(columns=mapping(columns), model=model, task=task)
    groups, notes = _read(files, options)
    results = []
    with jax.enable_x64(True):
        for (name, of), runs in groups:
            found = describe_runs(runs, key=jax.random.key(seed), level=level)
            results.append({"model": name, "task": of} | found)
    if json:
        print_json({"level": level, "seed": seed, "notes": notes, "results": results})
        return
    for result in results:
        _print(result, level)


def _read(files: list[Path], options: "Options") -> "tuple[list[tuple[_Group, Runs]], list[str]]":
    """The runs of each pair of model and task, and remarks on how they were read."""
    from simlib.fit import Runs
    from simlib.traces.importers import LifeTable, Options, import_logs, is_life_table

    if any(is_life_table(path) for path in files):
        if options != Options():
            raise ValueError(
                "a life table has its columns and names already; give --map, --model and --task "
                "to simlib reduce instead."
            )
        table = reduce(LifeTable.merge, [LifeTable.read(path) for path in files])
        return [(group, table.runs(model=group[0], task=group[1])) for group in table.groups], []
    imported = import_logs("runs", files, options)
    parts = imported.frame.partition_by(["model", "task"], as_dict=True, maintain_order=True)
    groups = []
    for (name, task), part in parts.items():
        length, error, item = (part[x].to_numpy() for x in ("length", "error", "item"))
        groups.append(((name, task), Runs.from_columns(length, error, item=item)))
    return groups, imported.notes


def _print(result: dict[str, Any], level: float) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(soft_wrap=True)
    label = " ".join(x for x in (result["model"], result["task"]) if x) or "all runs"
    of = "" if result["items"] is None else f" of {result['items']} items"
    console.print(
        Text(
            printable(
                f"{label}: {result['runs']} runs{of}, {result['errors']} errors, longest run "
                f"{result['longest']} steps"
            ),
            style="bold",
        )
    )
    for name, x in result.get("bound", {}).items():
        console.print(Text(f"  {name}: {_shown(x)}"))
    if result["processes"]:
        table = Table(title=f"intervals at {100 * level:g} %", title_justify="left")
        for column in (
            "process",
            "weight",
            "behind, nats/run",
            "parameters",
            "T50",
            "T80",
            "T99",
            "p",
        ):
            table.add_column(column, overflow="fold")
        for entry in result["processes"]:
            horizons = [_shown(x, "\n") for x in entry["horizons"].values()]
            parameters = "\n".join(f"{n} {_shown(x)}" for n, x in entry["parameters"].items())
            behind, p = entry["behind_best"], entry["goodness_of_fit"]["p_value"]
            table.add_row(
                entry["name"],
                "" if entry["weight"] is None else f"{entry['weight']:.2f}",
                "" if behind is None else _shown(behind, "\n"),
                parameters,
                *horizons,
                "" if p is None else f"{p:.3g}",
            )
        Console(width=max(console.width, 140)).print(table)
    for name, reason in result["refused"].items():
        console.print(Text(f"  {name} is left out: {reason}."))
    if items := result["items_fit"]:
        console.print(Text("Repeated runs of items (gamma frailty over a power of the length):"))
        for name, x in items["parameters"].items():
            console.print(Text(f"  {name}: {_shown(x)}"))
        for name, p in items["p_value"].items():
            console.print(Text(f"  test of '{name}': p = {p:.3g}"))
    console.print(Text("What these runs cannot tell:"))
    for sentence in result["cannot_tell"]:
        console.print(Text(f"  - {sentence}"))
    console.print()


def _shown(x: dict[str, float | None], gap: str = " ") -> str:
    value, low, high = (_number(x[name]) for name in ("value", "lower", "upper"))
    return f"{value}{gap}({low} to {high})"


def _number(value: float | None) -> str:
    return "∞" if value is None else f"{value:.3g}"
