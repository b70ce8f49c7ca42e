"""`simlib simulate`: simulated survival next to its formula."""

import json as json_format
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ._options import check_level

if TYPE_CHECKING:
    from simlib import AbstractErrorProcess, Estimate

simulate_app = typer.Typer(
    help="Simulate sequences and compare their survival with the formula.", no_args_is_help=True
)

Lengths = Annotated[
    str, typer.Option(metavar="N,N,...", help="Lengths at which survival is estimated.")
]
Replicates = Annotated[str, typer.Option(metavar="N", help="Sequences to simulate, such as 1e8.")]
Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same sequences.")]
Level = Annotated[float, typer.Option(help="Coverage of each interval.")]
Single = Annotated[
    bool, typer.Option("--single", help="Single precision: faster, other sequences.")
]
Checkpoint = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Keep the counts in this file, and go on from it if the run was cut short.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]

# A family with its parameters, such as power:coefficient=3,exponent=0.5.
_FAMILY = "NAME:PARAMETER=VALUE,..."


@simulate_app.command("uniform")
def uniform_command(
    error_rate: Annotated[float, typer.Option(help="Probability that a token is wrong.")],
    lengths: Lengths = "1,10,100,1000",
    replicates: Replicates = "1e6",
    seed: Seed = 0,
    level: Level = 0.95,
    single: Single = False,
    checkpoint: Checkpoint = None,
    json: Json = False,
) -> None:
    """Every token is wrong with the same probability."""

    def build():
        from simlib import Uniform

        return Uniform(error_rate)

    asked = {"process": "uniform", "error_rate": error_rate}
    run_simulation(
        build, _survival, asked, lengths, replicates, seed, level, single, json, checkpoint
    )


@simulate_app.command("key_tokens")
def key_tokens_command(
    key_error_rate: Annotated[float, typer.Option(help="Probability that a key token is wrong.")],
    growth: Annotated[
        str,
        typer.Option(
            metavar=_FAMILY,
            help="Number of key tokens: linear:share=, power:coefficient=,exponent=, "
            "logarithmic:coefficient= or saturating:limit=,scale=.",
        ),
    ],
    non_key: Annotated[
        str,
        typer.Option(
            metavar=_FAMILY,
            help="Errors of other tokens: none, constant:error_rate= or "
            "decaying:coefficient=,exponent=.",
        ),
    ] = "none",
    lengths: Lengths = "1,10,100,1000",
    replicates: Replicates = "1e6",
    seed: Seed = 0,
    level: Level = 0.95,
    single: Single = False,
    checkpoint: Checkpoint = None,
    json: Json = False,
) -> None:
    """Errors sit on key tokens, whose number grows with the length."""

    def build():
        import simlib

        growths = {
            "linear": simlib.LinearShare,
            "power": simlib.PowerGrowth,
            "logarithmic": simlib.LogarithmicGrowth,
            "saturating": simlib.SaturatingGrowth,
        }
        others = {
            "none": simlib.NoErrors,
            "constant": simlib.ConstantRate,
            "decaying": simlib.DecayingRate,
        }
        return simlib.KeyTokens(
            key_error_rate,
            _family("growth", growth, growths),
            _family("non-key", non_key, others),
        )

    asked = {
        "process": "key_tokens",
        "key_error_rate": key_error_rate,
        "growth": growth,
        "non_key": non_key,
    }
    run_simulation(
        build, _survival, asked, lengths, replicates, seed, level, single, json, checkpoint
    )


@simulate_app.command("heavy_tailed")
def heavy_tailed_command(
    mixing: Annotated[
        str,
        typer.Option(
            metavar=_FAMILY,
            help="Distribution of the rate over units: gamma:mean=,variance=, "
            "positive_stable:index=,scale=, beta:a=,b=, kumaraswamy:a=,b=, "
            "logit_normal:center=,spread= or ex_gaussian:center=,spread=,tail_rate=.",
        ),
    ],
    atom: Annotated[
        float, typer.Option(help="Probability that the rate of a unit is exactly 0.")
    ] = 0.0,
    event: Annotated[
        str,
        typer.Option(help="What a trial may bring: error (of a token) or success (of an attempt)."),
    ] = "error",
    lengths: Lengths = "1,10,100,1000",
    replicates: Replicates = "1e6",
    seed: Seed = 0,
    level: Level = 0.95,
    single: Single = False,
    checkpoint: Checkpoint = None,
    json: Json = False,
) -> None:
    """One rate per unit, drawn from a mixing distribution."""
    if event not in ("error", "success"):
        raise typer.BadParameter(f"must be error or success, got {event!r}", param_hint="--event")

    def build():
        from simlib import HeavyTailed
        from simlib import mixing as families

        known = {
            "gamma": families.Gamma,
            "positive_stable": families.PositiveStable,
            "beta": families.Beta,
            "kumaraswamy": families.Kumaraswamy,
            "logit_normal": families.LogitNormal,
            "ex_gaussian": families.ExGaussian,
        }
        chosen = _family("mixing", mixing, known)
        return HeavyTailed(families.WithAtom(chosen, atom) if atom else chosen, event=event)

    asked = {"process": "heavy_tailed", "mixing": mixing, "atom": atom, "event": event}
    run_simulation(
        build, _survival, asked, lengths, replicates, seed, level, single, json, checkpoint
    )


def run_simulation(
    build: "Callable[[], AbstractErrorProcess]",
    measure: "Callable[..., dict[str, tuple[Any, Estimate]]]",
    asked: dict[str, Any],
    lengths: str,
    replicates: str,
    seed: int,
    level: float,
    single: bool,
    json: bool,
    checkpoint: Path | None = None,
) -> None:
    """Check the request, simulate what `measure` asks for, and print it beside its formula.

    `measure(process, lengths, **options)` returns formula and estimate of each quantity by name.
    """
    wanted = [_whole("--lengths", text) for text in lengths.split(",")]
    n = _whole("--replicates", replicates)
    check_level(level)
    import jax
    import numpy as np

    devices = _devices()
    before, options = 0, {}
    if checkpoint is not None:
        from simlib.simulate import Counts

        before = Counts.load(checkpoint).replicates if checkpoint.exists() else 0
        options = {"checkpoint": checkpoint}
    with jax.enable_x64(not single):
        process = build()
        mesh = jax.sharding.Mesh(np.asarray(devices), ("replicates",))
        began = time.perf_counter()
        with _progress() as progress:
            found = measure(
                process, wanted, key=jax.random.key(seed), replicates=n, mesh=mesh, level=level,
                progress=progress, **options,
            )  # fmt: skip
        seconds = time.perf_counter() - began
        tables = {
            name: _rows(wanted, np.asarray(formula, dtype=float), estimate)
            for name, (formula, estimate) in found.items()
        }
    if json:
        result = {
            **asked,
            "replicates": n,
            "seed": seed,
            "precision": "single" if single else "double",
            "level": level,
            "method": next(iter(found.values()))[1].method,
            "devices": len(devices),
            # With compilation, and with the formula's share of the work: what was waited for.
            "seconds": round(seconds, 3),
            "sequences_per_second": float(f"{(n - before) / seconds:.4g}"),
            **tables,
        }
        typer.echo(json_format.dumps(result, indent=1, allow_nan=False))
    else:
        for name, rows in tables.items():
            _print(rows, {name: "", **asked} if len(tables) > 1 else asked, level)
    typer.echo(f"{n - before:,} sequences in {seconds:.1f} s on {len(devices)} devices", err=True)
    if before:
        typer.echo(f"{before:,} sequences were in {checkpoint}", err=True)


def _survival(process: "AbstractErrorProcess", lengths: list[int], **options: Any):
    import numpy as np

    from simlib.simulate import survival

    formula = process.survival(np.asarray(lengths, dtype=float))
    return {"survival": (formula, survival(process, lengths, **options))}


def _devices() -> list[Any]:
    """All devices; without an accelerator, one per processor that this command may use."""
    import jax

    # Has no effect, or is refused, once JAX has started: then its devices are taken as they are.
    try:
        affinity = getattr(os, "sched_getaffinity", None)
        cores = len(affinity(0)) if affinity else os.cpu_count() or 1
        jax.config.update("jax_num_cpu_devices", cores)
    except RuntimeError:
        pass
    return jax.devices()


def _rows(lengths: list[int], formula: Any, estimate: "Estimate") -> list[dict[str, Any]]:
    rows = []
    for i, n in enumerate(lengths):
        value, stderr, lower, upper = (
            float(x[i]) for x in (estimate.value, estimate.stderr, estimate.lower, estimate.upper)
        )
        # With the standard error of the formula, which is not 0 when all or no sequence survived.
        spread = (formula[i] * (1 - formula[i]) / estimate.n) ** 0.5
        rows.append(
            {
                "length": n,
                "formula": float(formula[i]),
                "simulated": value,
                "stderr": stderr,
                "lower": lower,
                "upper": upper,
                "z": (value - float(formula[i])) / spread if spread else None,
            }
        )
    return rows


def _print(rows: list[dict[str, Any]], asked: dict[str, Any], level: float) -> None:
    from rich.console import Console
    from rich.table import Table

    title = ", ".join(f"{name} {value}".strip() for name, value in asked.items())
    table = Table(title=title, title_justify="left")
    for name in ("length", "formula", "simulated", f"{100 * level:g} % interval", "z"):
        table.add_column(name, justify="right")
    for row in rows:
        # As many digits as the formula's distance from the estimate needs.
        table.add_row(
            f"{row['length']:,}",
            f"{row['formula']:.6g}",
            f"{row['simulated']:.6g}",
            f"{row['lower']:.6g} to {row['upper']:.6g}",
            "" if row["z"] is None else f"{row['z']:+.2f}",
        )
    Console().print(table)


def _whole(option: str, text: str) -> int:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not (value >= 0 and value == value // 1 and value < 2**63):
        raise typer.BadParameter(
            f"needs whole numbers such as 1000 or 1e6, got {text!r}", param_hint=option
        )
    return int(value)


def _family(option: str, text: str, known: dict[str, Any]) -> Any:
    """Build `name:parameter=value,...` with the class of that name."""
    import inspect

    name, _, rest = text.partition(":")
    if name not in known:
        raise ValueError(f"--{option} knows {', '.join(known)}; got {name!r}.")
    parameters = list(inspect.signature(known[name]).parameters)
    usage = f"{name}:{','.join(f'{p}=...' for p in parameters)}" if parameters else name
    values: dict[str, float] = {}
    for part in filter(None, rest.split(",")):
        parameter, _, value = part.partition("=")
        try:
            values[parameter.strip()] = float(value)
        except ValueError:
            raise ValueError(f"--{option}: {part!r} is no number; write {usage}.") from None
    if sorted(values) != sorted(parameters):
        raise ValueError(f"--{option} {text!r} does not fit; write {usage}.")
    return known[name](**values)


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """A progress bar on stderr, gone when done; stdout stays clean."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task("compiling", total=None)
        yield lambda done, total: bar.update(
            task, completed=done, total=total, description=f"{done:.3g} of {total:.3g} sequences"
        )
