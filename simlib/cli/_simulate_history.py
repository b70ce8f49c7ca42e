"""`simlib simulate self_conditioning` and `recovery`: runs that go on after an error."""

import json as json_format
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ._simulate import (
    Json,
    Lengths,
    Level,
    Replicates,
    Seed,
    Single,
    check_request,
    devices_for_replicates,
    precision,
    print_rows,
    progress_bar,
    rows_of,
)

if TYPE_CHECKING:
    from simlib import AbstractHistoryProcess


def self_conditioning_command(
    error_rate: Annotated[float, typer.Option(help="Probability of an error after right steps.")],
    feedback: Annotated[
        float, typer.Option(help="Hazard added per past error, or at a share of one.")
    ],
    dependence: Annotated[
        str, typer.Option(help="What of the past errors counts: count or share.")
    ] = "share",
    lengths: Lengths = "1,10,100",
    replicates: Replicates = "1e5",
    seed: Seed = 0,
    level: Level = 0.95,
    single: Single = False,
    json: Json = False,
) -> None:
    """Every error makes later ones likelier."""
    if dependence not in ("count", "share"):
        raise typer.BadParameter(
            f"must be count or share, got {dependence!r}", param_hint="--dependence"
        )

    def build():
        from simlib import SelfConditioning

        return SelfConditioning(error_rate, feedback, dependence=dependence)

    asked = {
        "process": "self_conditioning", "error_rate": error_rate, "feedback": feedback,
        "dependence": dependence,
    }  # fmt: skip
    _simulate(build, asked, lengths, replicates, seed, level, single, json)


def recovery_command(
    break_rate: Annotated[
        float, typer.Option(help="Probability that a right step is followed by a wrong one.")
    ],
    repair_rate: Annotated[
        float, typer.Option(help="Probability that a wrong step is followed by a right one.")
    ],
    repair_shape: Annotated[
        float,
        typer.Option(help="Below 1 old errors are harder to repair (Weibull shape)."),
    ] = 1.0,
    lengths: Lengths = "1,10,100",
    replicates: Replicates = "1e5",
    seed: Seed = 0,
    level: Level = 0.95,
    single: Single = False,
    json: Json = False,
) -> None:
    """Errors are repaired after a while."""

    def build():
        from simlib import ConstantRepair, Recoverable, WeibullRepair

        constant = repair_shape == 1.0
        repair = (
            ConstantRepair(repair_rate) if constant else WeibullRepair(repair_rate, repair_shape)
        )
        return Recoverable(break_rate, repair)

    asked = {
        "process": "recovery", "break_rate": break_rate, "repair_rate": repair_rate,
        "repair_shape": repair_shape,
    }  # fmt: skip
    _simulate(build, asked, lengths, replicates, seed, level, single, json)


def _simulate(
    build: "Callable[[], AbstractHistoryProcess]",
    asked: dict[str, Any],
    lengths: str,
    replicates: str,
    seed: int,
    level: float,
    single: bool,
    json: bool,
) -> None:
    wanted, n = check_request(lengths, replicates, level)
    import jax
    import numpy as np

    devices = devices_for_replicates()
    with jax.enable_x64(not single):
        from simlib.simulate import histories

        process = build()
        mesh = jax.sharding.Mesh(np.asarray(devices), ("replicates",))
        began = time.perf_counter()
        with progress_bar() as progress:
            found = histories(
                process, wanted, key=jax.random.key(seed), replicates=n, mesh=mesh, level=level,
                progress=progress,
            )  # fmt: skip
        seconds = time.perf_counter() - began
        formulas = {
            "survival": process.survival(np.asarray(wanted, dtype=float)),
            "right": process.right_at(np.asarray(wanted)),
        }
    tables = {
        name: rows_of(wanted, np.asarray(formula, dtype=float), getattr(found, name))
        for name, formula in formulas.items()
    }
    if json:
        result = {
            **asked, "replicates": n, "seed": seed, "precision": precision(single), "level": level,
            "method": found.right.method, **tables,
        }  # fmt: skip
        typer.echo(json_format.dumps(result, indent=1, allow_nan=False))
    else:
        print_rows(tables["survival"], {"no step wrong so far": "", **asked}, level)
        print_rows(tables["right"], {"step right": "", **asked}, level)
    print(f"{n:,} runs in {seconds:.1f} s on {len(devices)} devices", file=sys.stderr)
