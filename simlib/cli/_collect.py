"""`simlib collect`: measure traces with a local language model, or compare with stored ones."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ._data import print_json
from ._errors import FAILED

if TYPE_CHECKING:
    from simlib.traces import Entry
    from simlib.traces.collect import Collected, Recollected

collect_app = typer.Typer(
    help="Collect traces from a local language model (needs the optional group `lm`).",
    no_args_is_help=True,
)

_DEFAULT = "answers-smollm2"
_Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
_Entropy = Annotated[
    str | None,
    typer.Option(help="Whole number that fixes the random draws; fresh and printed if absent."),
]
_Threads = Annotated[int, typer.Option(min=1, help="Threads for the model.")]
_Items = Annotated[int, typer.Option(min=1, help="How many random items to measure again.")]


def _check_now(wanted: bool) -> bool:
    if wanted:
        check_command()
        raise typer.Exit()
    return wanted


@collect_app.callback()
def _root(
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            callback=_check_now,
            is_eager=True,
            help="Same as `simlib collect check` with its defaults.",
        ),
    ] = False,
) -> None:
    pass


@collect_app.command("answers")
def answers_command(
    model: Annotated[str, typer.Option(help="Short name of the model.")] = "smollm2",
    out: Annotated[
        Path | None, typer.Option(help="Data folder to write to; default: the book's own.")
    ] = None,
    work: Annotated[
        Path | None, typer.Option(help="Folder for finished chunks; default: .collect/<data set>.")
    ] = None,
    entropy: _Entropy = None,
    tasks: Annotated[
        list[str] | None,
        typer.Option("--task", help="Task and level, such as add-2; repeat. Default: all."),
    ] = None,
    items: Annotated[int, typer.Option(min=1, help="Items per task and level.")] = 512,
    sampled: Annotated[int, typer.Option(min=0, help="Items that are also sampled.")] = 200,
    attempts: Annotated[int, typer.Option(min=1, help="Sampled attempts at each.")] = 400,
    chunk: Annotated[int, typer.Option(min=1, help="Items scored in one batch.")] = 32,
    threads: _Threads = 1,
    json: _Json = False,
) -> None:
    """Score the exact success probability of every item, and sample some items.

    A run that was stopped, in whatever way, is resumed by the same command and ends with the same
    files. Exit codes: 0 done, 2 wrong use or something missing, 130 interrupted.
    """
    from simlib._paths import data_directory
    from simlib.traces.collect import Plan, all_groups, collect_answers, publish

    directory = out or data_directory()
    folder = work or Path(".collect") / f"answers-{model}"
    number = _entropy_of(entropy, folder)
    groups = tuple(map(_group, tasks)) if tasks else all_groups()
    plan = Plan(
        model=model,
        entropy=number,
        items=items,
        sampled=sampled,
        attempts=attempts,
        chunk=chunk,
        threads=threads,
        groups=groups,
    )
    with _progress() as report:
        collected = collect_answers(plan, folder, on_progress=report)
    entry = publish(plan, collected, directory)
    if json:
        print_json({"id": entry.id, "directory": str(directory), **entry.to_dict()})
    else:
        _print_collected(entry, collected, directory)


@collect_app.command("check")
def check_command(
    name: Annotated[str, typer.Argument(metavar="[ID]", help="Data set.")] = _DEFAULT,
    items: _Items = 20,
    entropy: _Entropy = None,
    tolerance: Annotated[
        float | None, typer.Option(help="Largest difference in nats; default: 0.001.")
    ] = None,
    threads: _Threads = 1,
    json: _Json = False,
) -> None:
    """Measure random items again and compare; exit 1 if a number lies outside the tolerance."""
    from simlib.traces.collect import TOLERANCE, recollect

    number = _entropy_of(entropy, None)
    allowed = TOLERANCE if tolerance is None else tolerance
    typer.echo(f"entropy {number}", err=True)
    found = recollect(name, items=items, entropy=number, tolerance=allowed, threads=threads)
    ok = all(row.ok for row in found)
    if json:
        rows = [
            vars(row) | {"largest_difference": _finite(row.largest_difference)} for row in found
        ]
        print_json({"ok": ok, "entropy": str(number), "tolerance": allowed, "items": rows})
    else:
        _print_checked(found, allowed)
    if not ok:
        raise typer.Exit(FAILED)


def _finite(value: float) -> float | None:
    return value if value < float("inf") else None


def _group(text: str) -> tuple[str, int]:
    task, _, level = text.rpartition("-")
    if not task or not level.isdigit():
        raise ValueError(f"--task must look like add-2, got {text!r}.")
    return task, int(level)


def _entropy_of(text: str | None, folder: Path | None) -> int:
    """The number given, or the one of the run to be resumed, or a fresh one."""
    if text is not None:
        if not text.isascii() or not text.isdigit():
            raise ValueError(f"--entropy must be a whole number, at least 0, got {text!r}.")
        return int(text)
    if folder is not None and (folder / "settings.json").is_file():
        import json as json_format

        return int(json_format.loads((folder / "settings.json").read_text())["settings"]["entropy"])
    import secrets

    return secrets.randbits(128)


def _print_collected(entry: "Entry", collected: "Collected", directory: Path) -> None:
    typer.echo(
        f"{entry.id}: {collected.items.height} items, {collected.attempts.height} attempts rows, "
        f"{collected.steps.height} steps in {directory / entry.id}; registered in "
        f"{directory / 'registry.toml'}."
    )
    if not (directory / entry.card).is_file():
        typer.echo(f"Write the data card {directory / entry.card}.", err=True)


def _print_checked(found: "list[Recollected]", tolerance: float) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("item", "stored ln p", "found ln p", "largest difference", "")
    for row in found:
        verdict = "ok" if row.ok else "DIFFERS"
        numbers = (f"{row.stored:.6f}", f"{row.found:.6f}", f"{row.largest_difference:.2g}")
        table.add_row(row.item_id, *numbers, verdict)
    Console().print(table)
    worst = max(row.largest_difference for row in found)
    wrong = sum(not row.ok for row in found)
    typer.echo(
        f"{len(found)} items measured again, {wrong} differ by more than {tolerance:g} nats "
        f"(largest difference {worst:.2g})."
    )


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar on stderr; stdout stays clean."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeRemainingColumn,
    )

    bars = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    columns = (TextColumn("{task.description}"), *bars)
    with Progress(*columns, console=Console(file=sys.stderr)) as progress:
        stages: dict[str, TaskID] = {}

        def report(label: str, done: int, total: int) -> None:
            stage = label.split()[0]  # "score add-2" and "score copy-4" share a bar
            if stage not in stages:
                stages[stage] = progress.add_task(label, total=total)
            progress.update(stages[stage], completed=done, total=total, description=label)

        yield report
