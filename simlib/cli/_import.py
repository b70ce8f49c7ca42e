"""`simlib import`: bring logs of other tools into a table with a stated schema."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ._data import print_json
from ._options import Benchmark, Columns, Model, StopRule, Task, mapping, printable

if TYPE_CHECKING:
    from simlib.traces.importers import Imported

_FORMATS = "lm-eval, inspect, completions, counts or runs."


def import_command(
    kind: Annotated[str, typer.Argument(metavar="FORMAT", help=_FORMATS)],
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="The logs.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="File to write: .parquet, .csv or .jsonl.")
    ],
    columns: Columns = None,
    model: Model = None,
    benchmark: Benchmark = None,
    task: Task = None,
    metric: Annotated[
        str | None, typer.Option(help="Metric or scorer that marks an attempt.")
    ] = None,
    filter: Annotated[str | None, typer.Option(help="Filter of lm-eval to use.")] = None,
    match: Annotated[
        bool, typer.Option("--match", help="lm-eval: right if the response is the target.")
    ] = False,
    threshold: Annotated[
        float | None, typer.Option(help="A mark counts as a success from this value on.")
    ] = None,
    stop_rule: StopRule = None,
    merge: Annotated[
        bool, typer.Option("--merge", help="Add up rows for the same problem.")
    ] = False,
    errors_fail: Annotated[
        bool, typer.Option("--errors-fail", help="Inspect: samples with an error are failures.")
    ] = False,
    max_line: Annotated[int, typer.Option(min=1, help="Longest line, in MiB.")] = 16,
    max_document: Annotated[
        int, typer.Option(min=1, help="Largest document or archive member, in MiB.")
    ] = 64,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Import logs of other tools as one table.

    lm-eval: sample logs of lm-evaluation-harness. inspect: Inspect AI logs. completions:
    OpenAI-style completions with log-probabilities. counts: tables with problem, attempts,
    successes. runs: tables with run, item, length, error. The output appears whole or not at all.
    """
    from simlib.traces.importers import Limits, Options, check_output, import_logs, write_table
    from simlib.traces.importers._limits import MEBIBYTE

    check_output(out, files, force=force)
    options = Options(
        columns=mapping(columns),
        model=model,
        benchmark=benchmark,
        task=task,
        metric=metric,
        filter=filter,
        match=match,
        threshold=threshold,
        stop_rule=stop_rule,
        merge=merge,
        errors_fail=errors_fail,
    )
    limits = Limits(line=max_line * MEBIBYTE, document=max_document * MEBIBYTE)
    imported = import_logs(kind, files, options, limits)
    write_table(imported.frame, out)
    if json:
        print_json({"out": str(out), **imported.summary()})
    else:
        _print(imported, out)


def _print(imported: "Imported", out: Path) -> None:
    summary = imported.summary()
    notes, table = summary.pop("notes"), summary.pop("table")
    typer.echo(f"{out}: table '{table}'")
    for key, value in summary.items():
        shown = ", ".join(value) or "not known" if isinstance(value, list) else value
        typer.echo(printable(f"  {key}: {shown}"))
    for note in notes:
        typer.echo(printable(f"Note: {note}."), err=True)
