"""`simlib data`: what is committed, and whether it is intact."""

import json as json_format
from typing import Annotated, Any

import typer

from ._errors import FAILED

data_app = typer.Typer(
    help="List the committed data sets, verify them, print their cards.", no_args_is_help=True
)

_Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
_Ids = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ID]...", help="Data sets, such as answers-smollm2; default: all."),
]


def print_json(value: Any) -> None:
    """Print a value as JSON to stdout."""
    typer.echo(json_format.dumps(value, indent=1, ensure_ascii=False, allow_nan=False))


@data_app.command("list")
def list_command(json: _Json = False) -> None:
    """List the committed data sets with model, rows, sizes and licence."""
    from simlib.traces import registry

    entries = registry()
    if json:
        print_json([{"id": name, "bytes": e.size(), **e.to_dict()} for name, e in entries.items()])
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("data set", "model", "rows", "kB", "collected", "licence")
    for entry in entries.values():
        rows = "\n".join(f"{file.content} {file.rows:,}" for file in entry.files)
        model = str(entry.model.get("title", ""))
        size = f"{entry.size() / 1000:,.0f}"
        table.add_row(entry.id, model, rows, size, entry.collected, entry.licence)
    total = sum(entry.size() for entry in entries.values()) / 1000
    table.add_section()
    table.add_row(f"{len(entries)} data sets", "", "", f"{total:,.0f}", "", "")
    Console().print(table)


@data_app.command("verify")
def verify_command(ids: _Ids = None, json: _Json = False) -> None:
    """Check hash, schema, rows and links of every registered file; exit 1 if one is not intact."""
    from simlib.traces import verify

    checks = [check for name in ids or [None] for check in verify(name)]
    ok = all(check.ok for check in checks)
    if json:
        print_json({"ok": ok, "files": [vars(check) for check in checks]})
    else:
        for check in checks:
            if check.ok:
                typer.echo(f"ok      {check.dataset}  {check.path}")
            else:
                typer.echo(f"FAULTY  {check.dataset}  {check.message}", err=True)
        faulty = sum(not check.ok for check in checks)
        typer.echo(f"{len(checks)} files checked, {faulty} faulty.")
    if not ok:
        raise typer.Exit(FAILED)


@data_app.command("card")
def card_command(
    name: Annotated[str, typer.Argument(metavar="ID", help="Data set, such as answers-smollm2.")],
) -> None:
    """Print a data card as Markdown."""
    from simlib.traces import render_card

    typer.echo(render_card(name), nl=False)
