"""`simlib collect`: measure traces with a local language model, or compare with stored ones."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ._collect_check import check_command
from ._collect_run import Entropy, Json, Threads, group_of, run_plan
from ._collect_server import server_command

if TYPE_CHECKING:
    pass

collect_app = typer.Typer(
    help="Collect traces from a local language model (needs the optional group `lm`) or a server.",
    no_args_is_help=True,
)

_Model = Annotated[str, typer.Option(help="Short name of the model.")]
_Weights = Annotated[
    Path | None,
    typer.Option(
        help="Folder in the Hugging Face layout or .gguf file of the model, which --model names; "
        "default: an installed package."
    ),
]
_Out = Annotated[
    Path | None, typer.Option(help="Data folder to write to; default: the book's own.")
]
_Work = Annotated[
    Path | None, typer.Option(help="Folder for finished chunks; default: .collect/<data set>.")
]
_DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Estimate the cost on this machine and stop.")
]
_Chunk = Annotated[int, typer.Option(min=1, help="Items of one chunk.")]
_Steps = Annotated[int, typer.Option(min=1, help="Steps of a chain.")]
_Cells = Annotated[
    list[str] | None,
    typer.Option("--task", help="Task and level, such as add-2; repeat. Default: see the card."),
]
_ChainTasks = Annotated[
    list[str] | None,
    typer.Option("--task", help="copy, stride, sum or lookup; repeat. Default: all."),
]
_DONE = (
    "A run that was stopped, in whatever way, is resumed by the same command and ends with the "
    "same files. Exit codes: 0 done, 2 wrong use or something missing, 130 interrupted."
)


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


@collect_app.command("answers", epilog=_DONE)
def answers_command(
    model: _Model = "smollm2",
    weights: _Weights = None,
    out: _Out = None,
    work: _Work = None,
    entropy: Entropy = None,
    tasks: _Cells = None,
    items: Annotated[int, typer.Option(min=1, help="Items per task and level.")] = 512,
    chunk: _Chunk = 32,
    threads: Threads = 1,
    dry_run: _DryRun = False,
    json: Json = False,
) -> None:
    """Score the exact success probability of every item of the procedural tasks."""
    from simlib.traces.collect import AnswersPlan

    def plan(number: int) -> AnswersPlan:
        chosen: dict[str, Any] = {"groups": tuple(map(group_of, tasks))} if tasks else {}
        return AnswersPlan(
            model=model,
            entropy=number,
            items_per_group=items,
            chunk=chunk,
            threads=threads,
            **chosen,
        )

    run_plan(plan, "answers", model, weights, out, work, entropy, dry_run, json)


@collect_app.command("attempts", epilog=_DONE)
def attempts_command(
    model: _Model = "smollm2",
    weights: _Weights = None,
    out: _Out = None,
    work: _Work = None,
    entropy: Entropy = None,
    tasks: _Cells = None,
    items: Annotated[int, typer.Option(min=1, help="Items per task and level.")] = 128,
    attempts: Annotated[int, typer.Option(min=1, help="Sampled attempts at each item.")] = 1000,
    chunk: _Chunk = 4,
    threads: Threads = 1,
    dry_run: _DryRun = False,
    json: Json = False,
) -> None:
    """Sample attempts at items of the family answers, and record the votes.

    Every item gets a fixed number of attempts, and a run that stops at the first success.
    """
    from simlib.traces.collect import AttemptsPlan

    def plan(number: int) -> AttemptsPlan:
        chosen: dict[str, Any] = {"cells": tuple(map(group_of, tasks))} if tasks else {}
        return AttemptsPlan(
            model=model,
            entropy=number,
            items_per_cell=items,
            attempts=attempts,
            chunk=chunk,
            threads=threads,
            **chosen,
        )

    run_plan(plan, "attempts", model, weights, out, work, entropy, dry_run, json)


@collect_app.command("chains", epilog=_DONE)
def chains_command(
    model: _Model = "smollm2",
    weights: _Weights = None,
    out: _Out = None,
    work: _Work = None,
    entropy: Entropy = None,
    tasks: _ChainTasks = None,
    items: Annotated[int, typer.Option(min=1, help="Items per task.")] = 16,
    steps: _Steps = 200,
    runs: Annotated[int, typer.Option(min=1, help="Free runs of each item.")] = 6,
    warm: Annotated[int, typer.Option(min=1, help="Right steps before a free run.")] = 16,
    until: Annotated[int, typer.Option(min=1, help="Step before which free runs end.")] = 100,
    chunk: _Chunk = 4,
    threads: Threads = 1,
    dry_run: _DryRun = False,
    json: Json = False,
) -> None:
    """Score every step of long chains, and let the model run on from its own steps."""
    from simlib.traces.collect import ChainsPlan

    def plan(number: int) -> ChainsPlan:
        chosen: dict[str, Any] = {"tasks": tuple(tasks)} if tasks else {}
        return ChainsPlan(
            model=model,
            entropy=number,
            items_per_task=items,
            steps=steps,
            runs=runs,
            warm=warm,
            until=until,
            chunk=chunk,
            threads=threads,
            **chosen,
        )

    run_plan(plan, "chains", model, weights, out, work, entropy, dry_run, json)


@collect_app.command("planted", epilog=_DONE)
def planted_command(
    model: _Model = "smollm2",
    weights: _Weights = None,
    out: _Out = None,
    work: _Work = None,
    entropy: Entropy = None,
    tasks: _ChainTasks = None,
    items: Annotated[int, typer.Option(min=1, help="Items per task.")] = 8,
    steps: _Steps = 200,
    shares: Annotated[
        list[float] | None,
        typer.Option("--share", help="Probability that a step is made wrong; repeat."),
    ] = None,
    chunk: _Chunk = 4,
    threads: Threads = 1,
    dry_run: _DryRun = False,
    json: Json = False,
) -> None:
    """Score the steps of long chains in which earlier steps were made wrong."""
    from simlib.traces.collect import PlantedPlan

    def plan(number: int) -> PlantedPlan:
        chosen: dict[str, Any] = {"tasks": tuple(tasks)} if tasks else {}
        if shares:
            chosen["shares"] = tuple(shares)
        return PlantedPlan(
            model=model,
            entropy=number,
            items_per_task=items,
            steps=steps,
            chunk=chunk,
            threads=threads,
            **chosen,
        )

    run_plan(plan, "planted", model, weights, out, work, entropy, dry_run, json)


@collect_app.command("pivots", epilog=_DONE)
def pivots_command(
    model: _Model = "smollm2",
    weights: _Weights = None,
    out: _Out = None,
    work: _Work = None,
    entropy: Entropy = None,
    tasks: Annotated[
        list[str] | None,
        typer.Option("--task", help="copy, stride, sum or lookup; repeat. Default: copy."),
    ] = None,
    items: Annotated[int, typer.Option(min=1, help="Items per task.")] = 112,
    steps: _Steps = 18,
    warm: Annotated[int, typer.Option(min=1, help="Right steps before a run.")] = 12,
    rollouts: Annotated[
        int, typer.Option(min=1, help="Continuations after each step, in each of two halves.")
    ] = 8,
    chunk: _Chunk = 16,
    threads: Threads = 1,
    dry_run: _DryRun = False,
    json: Json = False,
) -> None:
    """Let the model run along short chains, and resample the rest after every step."""
    from simlib.traces.collect import PivotsPlan

    def plan(number: int) -> PivotsPlan:
        chosen: dict[str, Any] = {"tasks": tuple(tasks)} if tasks else {}
        return PivotsPlan(
            model=model,
            entropy=number,
            items_per_task=items,
            steps=steps,
            warm=warm,
            rollouts=rollouts,
            chunk=chunk,
            threads=threads,
            **chosen,
        )

    run_plan(plan, "pivots", model, weights, out, work, entropy, dry_run, json)


@collect_app.command("surprisal", epilog=_DONE)
def surprisal_command(
    model: _Model = "smollm2",
    weights: _Weights = None,
    out: _Out = None,
    work: _Work = None,
    entropy: Entropy = None,
    length: Annotated[int, typer.Option(min=1, help="Tokens of the long texts.")] = 8192,
    short_length: Annotated[int, typer.Option(min=1, help="Tokens of the other texts.")] = 2048,
    contexts: Annotated[
        list[int] | None,
        typer.Option("--context", min=1, help="Tokens of a short context; repeat, increasing."),
    ] = None,
    root: Annotated[Path, typer.Option(help="Folder with chapters/ and simlib/.")] = Path(),
    threads: Threads = 1,
    dry_run: _DryRun = False,
    json: Json = False,
) -> None:
    """Score every token of prose, code, procedural and model-written texts."""
    from simlib.traces.collect import SurprisalPlan

    def plan(number: int) -> SurprisalPlan:
        chosen: dict[str, Any] = {"contexts": tuple(contexts)} if contexts else {}
        return SurprisalPlan(
            model=model,
            entropy=number,
            length=length,
            short_length=short_length,
            root=root,
            threads=threads,
            **chosen,
        )

    run_plan(plan, "surprisal", model, weights, out, work, entropy, dry_run, json)


collect_app.command("server", epilog=_DONE)(server_command)
collect_app.command("check")(check_command)
