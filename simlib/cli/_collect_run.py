"""What all commands of `simlib collect` share: running a plan, its progress, its entropy."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ._data import print_json

if TYPE_CHECKING:
    from simlib.traces import Entry
    from simlib.traces.collect import Collected, FamilyPlan


Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Entropy = Annotated[
    str | None,
    typer.Option(help="Whole number that fixes the random draws; fresh and printed if absent."),
]
Threads = Annotated[int, typer.Option(min=1, help="Threads for the model.")]


def run_plan(
    make_plan: "Callable[[int], FamilyPlan]",
    family: str,
    model: str,
    weights: Path | None,
    out: Path | None,
    work: Path | None,
    entropy: str | None,
    dry_run: bool,
    json: bool,
) -> None:
    """Collect and publish what a plan asks for, or estimate its cost."""
    from simlib._paths import data_directory
    from simlib.traces.collect import estimate, register_model, spec_from_path

    if weights is not None:
        register_model(spec_from_path(model, weights))

    directory = out or data_directory()
    folder = work or Path(".collect") / f"{family}-{model}"
    plan = make_plan(entropy_of(entropy, folder))
    if dry_run:
        cost = estimate(plan, folder)
        if json:
            print_json({"id": plan.dataset_id, **vars(cost), "minutes": cost.minutes})
        else:
            typer.echo(
                f"{plan.dataset_id}: {cost.jobs_left} of {cost.jobs} jobs left, about "
                f"{cost.tokens_left:,} token positions at {1000 * cost.seconds_per_token:.1f} ms "
                f"each, about {cost.minutes:.0f} minutes with {plan.threads} thread(s). Nothing "
                "was collected."
            )
        return
    collect_and_publish(plan, folder, directory, json)


def collect_and_publish(
    plan: "FamilyPlan", folder: Path, directory: Path, json: bool, unit: str = "tokens"
) -> None:
    """Do what is left of a plan, put it into a data folder, and say so."""
    from simlib.traces.collect import collect, publish

    with progress_bar(unit) as report:
        collected = collect(plan, folder, on_progress=report)
    entry = publish(plan, collected, directory)
    if json:
        print_json({"id": entry.id, "directory": str(directory), **entry.to_dict()})
    else:
        print_collected(entry, collected, directory)


def group_of(text: str) -> tuple[str, int]:
    """Task and level of an option such as `--task add-2`."""
    task, _, level = text.rpartition("-")
    if not task or not level.isdigit():
        raise ValueError(f"--task must look like add-2, got {text!r}.")
    return task, int(level)


def entropy_of(text: str | None, folder: Path | None) -> int:
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


def print_collected(entry: "Entry", collected: "Collected", directory: Path) -> None:
    """Say what was collected and where it lies."""
    rows = ", ".join(f"{frame.height} {name}" for name, frame in collected.tables.items())
    typer.echo(
        f"{entry.id}: {rows} in {directory / entry.id}; registered in "
        f"{directory / 'registry.toml'}."
    )
    if not (directory / entry.card).is_file():
        typer.echo(f"Write the data card {directory / entry.card}.", err=True)


@contextmanager
def progress_bar(unit: str = "tokens") -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar on stderr with rate and time left; stdout stays clean."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(file=sys.stderr)) as progress:
        bars: list[TaskID] = []

        def report(label: str, done: int, total: int) -> None:
            if not bars:
                bars.append(progress.add_task(label, total=total, rate=""))
            speed = progress.tasks[0].speed
            rate = f"{speed:.0f} {unit}/s" if speed else ""
            progress.update(bars[0], completed=done, total=total, description=label, rate=rate)

        yield report
