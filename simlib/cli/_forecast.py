"""`simlib forecast`: what more attempts would buy, from the counts of those made."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ._data import print_json
from ._options import (
    Benchmark,
    Columns,
    Model,
    StopRule,
    Tabular,
    check_level,
    mapping,
    printable,
)

if TYPE_CHECKING:
    import polars as pl

    from simlib.forecast import Counts, Forecast

_DEFAULT = "posterior"


def forecast_command(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="COUNTS...", help="Tables of counts: CSV, JSONL or Parquet."),
    ],
    k: Annotated[
        str, typer.Option("--k", help="Numbers of attempts to forecast, with commas between.")
    ] = "100,1000,10000",
    level: Annotated[float, typer.Option(help="Probability of each interval.")] = 0.9,
    method: Annotated[
        str, typer.Option(help="posterior, or a published method such as 'least squares'.")
    ] = _DEFAULT,
    pool: Annotated[
        bool, typer.Option("--pool", help="Learn a prior from the other models of a benchmark.")
    ] = False,
    columns: Columns = None,
    model: Model = None,
    benchmark: Benchmark = None,
    stop_rule: StopRule = None,
    html: Annotated[Path | None, typer.Option(help="Write a report to this file.")] = None,
    json: Tabular = False,
) -> None:
    """Forecast pass@k far beyond the attempts that were made.

    A row is a problem: its name `problem`, `attempts` and `successes`; columns `model`,
    `benchmark` and `stop_rule` (fixed or first_success) are optional. Each pair of model and
    benchmark is forecast on its own. The published methods give no interval.
    """
    from simlib.forecast import BASELINES
    from simlib.traces.importers import Options, import_logs

    wanted = _numbers(k)
    check_level(level)
    if method != _DEFAULT and method not in BASELINES:
        known = ", ".join([_DEFAULT, *BASELINES])
        raise typer.BadParameter(f"must be one of {known}, got {method!r}", param_hint="--method")
    if html is not None and method != _DEFAULT:
        raise typer.BadParameter(
            "the report shows the posterior forecast only", param_hint="--html"
        )
    options = Options(
        columns=mapping(columns), model=model, benchmark=benchmark, stop_rule=stop_rule
    )
    imported = import_logs("counts", files, options)
    groups = _groups(imported.frame)
    rows: list[dict[str, Any]] = []
    forecasts: dict[str, Forecast] = {}
    if method == _DEFAULT:
        for name, forecast in _forecasts(groups, wanted, level, pool):
            forecasts[_label(name)] = forecast
            rows += [name | row for row in _rows(forecast)]
    else:
        for name, counts in groups:
            rows += [name | row for row in _published(counts, wanted, level, method)]
    if html is not None:
        from simlib.forecast import report
        from simlib.traces._files import write_atomic

        write_atomic(html, report(forecasts).encode())
    if json:
        print_json(rows)
    else:
        _print(rows, level)
    for note in imported.notes:
        typer.echo(printable(f"Note: {note}."), err=True)


def _numbers(text: str) -> list[float]:
    found = []
    for part in text.split(","):
        try:
            number = float(part)
        except ValueError:
            number = float("nan")
        if not (1 <= number <= 1e15 and number == int(number)):
            raise typer.BadParameter(
                f"must hold whole numbers from 1 to 1e15 with commas between, got {part.strip()!r}",
                param_hint="--k",
            )
        found.append(number)
    return sorted(set(found))


def _groups(frame: "pl.DataFrame") -> "list[tuple[dict[str, str | None], Counts]]":
    from simlib.forecast import Counts

    parts = frame.partition_by(["model", "benchmark"], as_dict=True, maintain_order=True)
    names = ("problem", "attempts", "successes", "stop_rule")
    return [
        (
            {"model": key[0], "benchmark": key[1]},
            Counts.from_columns(*(part[name].to_list() for name in names)),
        )
        for key, part in parts.items()
    ]


def _forecasts(groups, k, level, pool):
    from simlib.forecast import forecast, pooled_priors

    priors: dict[str, Any] = {}
    if pool:
        for benchmark in {name["benchmark"] for name, _ in groups}:
            models = {_label(n): c for n, c in groups if n["benchmark"] == benchmark}
            if len(models) < 3:
                raise ValueError(
                    f"--pool needs at least 3 models on a benchmark, {benchmark or 'this one'} "
                    f"has {len(models)}; leave it out."
                )
            priors |= pooled_priors(models)
    for name, counts in groups:
        yield name, forecast(counts, k, level=level, prior=priors.get(_label(name)))


def _rows(forecast: "Forecast") -> list[dict[str, Any]]:
    slope, coverage = forecast.slope(), forecast.pass_at_k
    counts = forecast.posterior.counts
    rows = []
    for i, k in enumerate(forecast.k):
        rows.append(
            {
                "k": int(k),
                "pass_at_k": float(coverage.value[i]),
                "lower": float(coverage.lower[i]),
                "upper": float(coverage.upper[i]),
                "level": forecast.level,
                "method": _DEFAULT,
                "n_problems": counts.n_problems,
                "n_attempts": counts.n_attempts,
                "slope": {
                    "value": float(slope.value[i]),
                    "lower": float(slope.lower[i]),
                    "upper": float(slope.upper[i]),
                    "window": [float(x) for x in forecast.windows[i]],
                },
            }
        )
    return rows


def _published(counts: "Counts", k: list[float], level: float, method: str) -> list[dict[str, Any]]:
    import numpy as np

    from simlib.forecast import BASELINES, default_windows

    windows = default_windows(np.asarray(k))
    values = BASELINES[method](counts, np.concatenate([k, windows.ravel()]))
    ends = np.clip(values[len(k) :].reshape(-1, 2), 1e-300, 1 - 1e-16)
    slopes = -np.diff(np.log(-np.log(ends)), axis=1)[:, 0] / np.log(windows[:, 1] / windows[:, 0])
    return [
        {
            "k": int(each),
            "pass_at_k": float(values[i]),
            "lower": None,
            "upper": None,
            "level": level,
            "method": method,
            "n_problems": counts.n_problems,
            "n_attempts": counts.n_attempts,
            "slope": {
                "value": float(slopes[i]),
                "lower": None,
                "upper": None,
                "window": [float(x) for x in windows[i]],
            },
        }
        for i, each in enumerate(k)
    ]


def _label(name: dict[str, str | None]) -> str:
    return " on ".join(x for x in (name["model"], name["benchmark"]) if x) or "all problems"


def _print(rows: list[dict[str, Any]], level: float) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(soft_wrap=True)
    for label in dict.fromkeys(_label(row) for row in rows):
        own = [row for row in rows if _label(row) == label]
        first = own[0]
        summary = f"{label}: {first['n_problems']} problems, {first['n_attempts']} attempts"
        console.print(Text(printable(summary), style="bold"))
        table = Table(
            title=f"{first['method']}; intervals at {100 * level:g} %", title_justify="left"
        )
        for column in ("k", "pass@k", "slope of -ln pass@k", "between"):
            table.add_column(column, justify="right")
        for row in own:
            start, end = row["slope"]["window"]
            table.add_row(
                f"{row['k']:,}", _shown(row, "pass_at_k"), _shown(row["slope"], "value"),
                f"{start:,.0f} and {end:,.0f}",
            )  # fmt: skip
        Console(width=max(console.width, 120)).print(table)
    console.print(
        Text(
            "A slope holds for its window only. Neither the exponent for k without bound nor the "
            "number of unsolvable problems is determined by finitely many attempts."
        )
    )


def _shown(row: dict[str, Any], name: str) -> str:
    if row["lower"] is None:
        return f"{row[name]:.4g}"
    return f"{row[name]:.4g} ({row['lower']:.4g} to {row['upper']:.4g})"
