"""`simlib claims`: show the ledger, check it, bring it up to date."""

import json as json_format
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ._errors import FAILED

if TYPE_CHECKING:
    from simlib.claims import Change, Entry

_STYLES = {"agrees": "green", "disagrees": "red", "inconclusive": "yellow"}


def claims_command(
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID]...", help="Claims or topics, such as uniform.horizon."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Collect the evidence anew; exit 1 if it changed.")
    ] = False,
    update: Annotated[
        bool, typer.Option("--update", help="Collect the evidence anew and store the verdicts.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Show what was derived, simulated and seen in traces for each claim."""
    if check and update:
        raise typer.BadParameter("--check compares and --update overwrites; choose one.")
    if check or update:
        _rerun(ids, update=update, json=json)
    else:
        _show(ids, json=json)


def _show(ids: list[str] | None, *, json: bool) -> None:
    from simlib.claims import claims, error_rate_text, ledger

    chosen = {claim.id for claim in claims(ids)}
    entries = [entry for entry in ledger() if entry.id in chosen]
    if json:
        _print_json([_plain(entry) for entry in entries])
        return
    if ids is not None and chosen <= set(ids):  # claims by name: everything about them
        typer.echo("\n\n".join(_details(entry) for entry in entries))
        return
    from rich.console import Console

    console = Console()
    console.print(_table(entries))
    console.print(error_rate_text(entries), style="dim")
    console.print("`simlib claims ID` shows everything about one claim.", style="dim")


def _rerun(ids: list[str] | None, *, update: bool, json: bool) -> None:
    from simlib.claims import compare, read_verdicts, run, verdicts_path, write_verdicts

    path = verdicts_path()
    stored = read_verdicts(path)
    with _progress() as progress:
        found = run(ids, progress=progress)
    old = stored if ids is None else {claim: stored.get(claim, ()) for claim in found}
    changes = compare(old, found)
    if update:
        # Read again: another command may have stored other claims meanwhile.
        write_verdicts(found if ids is None else {**read_verdicts(path), **found}, path)
    ok = update or not any(change.fails for change in changes)
    if json:
        _print_json({"ok": ok, "claims": sorted(found), "changes": [_change(x) for x in changes]})
    else:
        _report(changes, len(found), update=update, ok=ok, path=str(path))
    if not ok:
        raise typer.Exit(FAILED)


def _report(
    changes: "tuple[Change, ...]", count: int, *, update: bool, ok: bool, path: str
) -> None:
    for change in changes:
        typer.echo(str(change))
    if update:
        typer.echo(f"{count} claims run, {len(changes)} changes stored in {path}.")
    elif ok:
        typer.echo(f"{count} claims run; every verdict stands.")
    else:
        typer.echo(
            "The stored verdicts no longer hold. If the change is meant, accept it with "
            "`simlib claims --update` and commit data/claims/verdicts.json; otherwise find what "
            "broke.",
            err=True,
        )


def _table(entries: "list[Entry]") -> Any:
    """Verdict and effect of every claim, narrow enough for a terminal."""
    from rich.table import Table
    from rich.text import Text

    from simlib.claims import COLUMNS, SIGNS, effect_text

    table = Table(show_lines=True)
    for name in ("claim", *COLUMNS):
        table.add_column(name, overflow="fold")
    for entry in entries:
        cells = []
        for column in COLUMNS:
            lines = [
                Text(
                    f"{SIGNS[x.verdict]} {x.verdict}"
                    + (f" ({x.model})" if x.model else "")
                    + (f"\n{effect_text(x)}" if x.value is not None else ""),
                    style=_STYLES.get(x.verdict, "dim"),
                )
                for x in entry.column(column)
            ]
            cells.append(Text("\n").join(lines) if lines else Text("not run yet", style="dim"))
        table.add_row(entry.id, *cells)
    return table


def _details(entry: "Entry") -> str:
    """Everything about one claim, one line per finding."""
    from simlib.claims import COLUMNS, SIGNS, finding_text, margin_text

    claim = entry.claim
    source = ", ".join(part for part in (claim.source.key, claim.source.where) if part)
    lines = [claim.id, f"  {claim.statement}", f"  source: {source}", f"  page: {claim.page}"]
    if claim.formula:
        lines.append(f"  formula: {claim.formula}")
    if claim.margin is not None:
        lines.append(f"  effect: {claim.margin.effect}")
        lines.append(f"  margin: {margin_text(claim.margin)}. {claim.margin.why}")
    for column in COLUMNS:
        for x in entry.column(column):
            note = f" {x.note}" if x.note and x.verdict != "not applicable" else ""
            line = f"{SIGNS[x.verdict]} {finding_text(x)}".rstrip(".")
            lines.append(f"  {column:9} {line}.{note}")
        if not entry.column(column):
            lines.append(f"  {column:9} not run yet")
    return "\n".join(lines)


def _plain(entry: "Entry") -> dict[str, Any]:
    claim = asdict(_without_proxy(entry.claim))
    claim["findings"] = [asdict(finding) for finding in entry.findings]
    return claim


def _without_proxy(claim: Any) -> Any:
    """`asdict` copies values deeply, which a read-only mapping refuses."""
    from dataclasses import replace

    return replace(claim, not_applicable=dict(claim.not_applicable))


def _change(change: "Change") -> Mapping[str, Any]:
    return {**asdict(change), "fails": change.fails}


def _print_json(value: Any) -> None:
    # Infinite margins have no JSON number; strict parsers refuse the non-standard word.
    typer.echo(json_format.dumps(_finite(value), indent=1, ensure_ascii=False, allow_nan=False))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(x) for key, x in value.items()}
    if isinstance(value, list):
        return [_finite(x) for x in value]
    if isinstance(value, float) and value in (float("inf"), -float("inf")):
        return None
    return value


@contextmanager
def _progress() -> Iterator[Any]:
    """A progress bar on stderr, gone when done; stdout stays clean."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task("starting", total=None)
        yield lambda done, total, label: bar.update(
            task, completed=done, total=total, description=label
        )
