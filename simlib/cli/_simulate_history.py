"""`simlib simulate self_conditioning` and `recovery`: runs that go on after an error."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ._simulate import Json, Lengths, Level, Replicates, Seed, Single, run_simulation

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
    run_simulation(build, _both_definitions, asked, lengths, replicates, seed, level, single, json)


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
    run_simulation(build, _both_definitions, asked, lengths, replicates, seed, level, single, json)


def _both_definitions(process: "AbstractHistoryProcess", lengths: list[int], **options: Any):
    """No step wrong so far, and the step at that length right."""
    import numpy as np

    from simlib.simulate import histories

    found = histories(process, lengths, **options)
    return {
        "survival": (process.survival(np.asarray(lengths, dtype=float)), found.survival),
        "right": (process.right_at(np.asarray(lengths)), found.right),
    }
