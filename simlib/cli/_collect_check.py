"""`simlib collect check`: measure random items again and compare with what is stored."""

from typing import TYPE_CHECKING, Annotated

import typer

from ._collect_run import Entropy, Json, Threads, entropy_of
from ._data import print_json
from ._errors import FAILED

if TYPE_CHECKING:
    from simlib.traces.collect import Recollected


_Rows = Annotated[int, typer.Option(min=1, help="How many random items to measure again.")]


def check_command(
    name: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Data set; default: every one.")
    ] = None,
    items: _Rows = 20,
    entropy: Entropy = None,
    tolerance: Annotated[
        float | None, typer.Option(help="Largest difference in nats; default: 0.001.")
    ] = None,
    threads: Threads = 1,
    json: Json = False,
) -> None:
    """Measure random items again and compare; exit 1 if a number lies outside the tolerance."""
    from simlib.traces import registry
    from simlib.traces.collect import TOLERANCE, recollect

    number = entropy_of(entropy, None)
    allowed = TOLERANCE if tolerance is None else tolerance
    typer.echo(f"entropy {number}", err=True)
    found = {
        dataset: recollect(dataset, items=items, entropy=number, tolerance=allowed, threads=threads)
        for dataset in ([name] if name else registry())
    }
    ok = all(row.ok for rows in found.values() for row in rows)
    if json:
        rows = [
            {"dataset": dataset}
            | vars(row)
            | {"largest_difference": _finite(row.largest_difference)}
            for dataset, rows in found.items()
            for row in rows
        ]
        print_json({"ok": ok, "entropy": str(number), "tolerance": allowed, "items": rows})
    else:
        for dataset, rows in found.items():
            _print_checked(dataset, rows, allowed)
    if not ok:
        raise typer.Exit(FAILED)


def _finite(value: float) -> float | None:
    return value if value < float("inf") else None


def _print_checked(dataset: str, found: "list[Recollected]", tolerance: float) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("item", "stored", "found", "largest difference", "")
    for row in found:
        verdict = "ok" if row.ok else "DIFFERS"
        numbers = (f"{row.stored:.6f}", f"{row.found:.6f}", f"{row.largest_difference:.2g}")
        table.add_row(row.item_id, *numbers, verdict)
    Console().print(table)
    worst = max(row.largest_difference for row in found)
    wrong = sum(not row.ok for row in found)
    typer.echo(
        f"{dataset}: {len(found)} items measured again, {wrong} differ by more than {tolerance:g} "
        f"nats (largest difference {worst:.2g})."
    )
