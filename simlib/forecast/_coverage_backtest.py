r"""Forecasts of coverage scored where the truth is known at every number of attempts.

The success rate of each problem is known exactly, so the coverage that a forecast is about has no
noise; only the counts that the forecast sees are drawn.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
import polars as pl
from jaxtyping import Array, Float, Key

from .._estimate import Estimate
from .._paths import data_directory
from ._baselines import BASELINES
from ._counts import Counts
from ._forecast import Forecast, forecast

#: Name of the posterior forecast in tables of methods.
POSTERIOR = "posterior"
#: Levels of the intervals that are scored.
LEVELS = (0.5, 0.8, 0.9, 0.95)
#: Attempts per problem that a forecast sees, and numbers of attempts that it is scored at.
SEEN = (10, 30, 100, 300, 1000)
ASKED = (100, 1_000, 10_000, 100_000, 1_000_000)
#: Above this coverage, less than a seventh of one problem of 128, errors of -ln pass@k say nothing.
RESOLVED = 0.999


@dataclass(frozen=True)
class Truth:
    r"""Problems whose success rates are known.

    `kind` says where they come from, `name` which they are; `log_p` holds $\ln p_i$, $-\infty$
    for an unsolvable problem. `observed` holds the numbers of successes among the first attempts
    that were really made, by the number of attempts; without it counts are drawn.
    """

    kind: str
    name: str
    log_p: Float[np.ndarray, "problems"]
    observed: Mapping[int, Any] | None = None

    def coverage(self, k: Any) -> Float[np.ndarray, " k"]:
        r"""$\frac1P\sum_i1-(1-p_i)^k$."""
        log_miss = np.log1p(-np.exp(np.minimum(self.log_p, -1e-15)))
        return np.mean(-np.expm1(np.outer(np.asarray(k, dtype=float), log_miss)), axis=1)


def draw_counts(truth: Truth, attempts: int, *, key: Key[Array, ""], stop: bool = False) -> Counts:
    """Counts of so many attempts per problem, or of sampling until the first success.

    Parameters
    ----------
    truth
        The problems.
    attempts
        Attempts at each, or the most that are made until the first success.
    key
        Random key.
    stop
        Stop each problem at its first success.
    """
    if truth.observed is not None and not stop:
        return Counts.from_columns(
            None, np.full(len(truth.log_p), attempts), truth.observed[attempts]
        )
    p = np.exp(truth.log_p)
    draws = np.asarray(jax.random.uniform(key, (len(p),)), dtype=float)
    if stop:
        # Inversion of the geometric distribution; -inf for an unsolvable problem.
        with np.errstate(divide="ignore"):
            first = np.ceil(np.log1p(-draws) / np.log1p(-np.minimum(p, 1 - 1e-15)))
        solved = first <= attempts
        tried = np.where(solved, np.maximum(first, 1), attempts).astype(np.int64)
        return Counts.from_columns(None, tried, solved.astype(np.int64), "first_success")
    with jax.enable_x64(True):
        successes = np.asarray(jax.random.binomial(key, attempts, p)).astype(np.int64)
    return Counts.from_columns(None, np.full(len(p), attempts), successes)


def score(truth: Truth, counts: Counts, seen: int) -> Iterator[dict[str, Any]]:
    """One row for each method and number of attempts at least three times those seen.

    Yields nothing where the counts hold no success at all: no method but the prior says anything.
    """
    asked = np.array([k for k in ASKED if k >= 3 * seen], dtype=float)
    if counts.n_successes == 0 or len(asked) == 0:
        return
    stopped = counts.stop_rule != "fixed"
    common = {"kind": truth.kind, "name": truth.name, "seen": seen, "stopped": stopped}
    places = [
        common | {"k": int(k), "truth": float(exact)}
        for k, exact in zip(asked, truth.coverage(asked), strict=True)
    ]
    ends = _ends(forecast(counts, asked))
    for row, end in zip(places, ends, strict=True):
        yield row | {"method": POSTERIOR} | end
    for name, method in BASELINES.items():
        if stopped and name.startswith("discretised"):
            continue  # needs successes over attempts, which do not estimate the rate here
        for row, value in zip(places, method(counts, asked), strict=True):
            yield row | {"method": name, "value": float(value)}


def _ends(found: Forecast) -> list[dict[str, float]]:
    """Value and ends of all intervals at each number of attempts."""
    columns = {"value": found.pass_at_k.value}
    for level in LEVELS:
        estimate = found.at_level(level).pass_at_k
        columns |= {f"lower_{100 * level:.0f}": estimate.lower}
        columns |= {f"upper_{100 * level:.0f}": estimate.upper}
    rows = zip(*(np.asarray(column).tolist() for column in columns.values()), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in rows]


def log_loss_error(value: Any, truth: Any) -> Float[np.ndarray, "..."]:
    r"""Relative error of $-\ln\text{pass}@k$; infinite for a forecast of 0."""
    # Where all is solved in truth, nothing is left to be relative to.
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.abs(np.log(np.asarray(value)) / np.log(np.asarray(truth)) - 1))


def backtest_table() -> pl.DataFrame:
    """The committed back-test: one row per data set, method and number of attempts.

    Columns: `kind` and `name` of the truth, `seen` attempts per problem, `stopped` (at the first
    success), replicate `rep`, `k`, `truth`, `method`, `value`, and for the posterior the ends of
    its intervals, `lower_90` and the like. `python benchmarks/backtest.py` makes it again.
    """
    return pl.read_parquet(data_directory() / "backtests" / "coverage.parquet")


def forecast_errors(table: pl.DataFrame) -> pl.DataFrame:
    r"""Errors by method and attempts seen, over all data sets and numbers of attempts.

    Columns: `method`, `seen`, `forecasts`; median and 90th percentile of the relative error of
    $-\ln\text{pass}@k$ (`log`, `log_90`) where less than 99.9 % is solved in truth, and of the
    relative error of pass@k (`pass`, `pass_90`) everywhere.
    """
    log = log_loss_error(table["value"].to_numpy(), table["truth"].to_numpy())
    scored = table.with_columns(
        pl.Series("log", np.where(table["truth"].to_numpy() < RESOLVED, log, np.nan)).fill_nan(
            None
        ),
        ((pl.col("value") / pl.col("truth") - 1).abs()).alias("pass"),
    )
    return (
        scored.group_by("method", "seen")
        .agg(
            pl.len().alias("forecasts"),
            pl.col("log").median(),
            pl.col("log").quantile(0.9, "linear").alias("log_90"),
            pl.col("pass").median(),
            pl.col("pass").quantile(0.9, "linear").alias("pass_90"),
        )
        .sort("method", "seen")
    )


def error_ratio(
    table: pl.DataFrame,
    over: str,
    *,
    key: Key[Array, ""],
    level: float = 0.95,
    resamples: int = 2000,
) -> Estimate:
    r"""Median error of the posterior over that of another method, one entry per attempts seen.

    Errors are relative errors of $-\ln\text{pass}@k$. The interval is a bootstrap over the truths
    (`name`), whose forecasts are dependent.
    """
    log = log_loss_error(table["value"].to_numpy(), table["truth"].to_numpy())
    kept = table.with_columns(pl.Series("error", log)).filter(pl.col("truth") < RESOLVED)
    columns = ["name", "rep", "seen", "stopped", "k"]
    ours = kept.filter(pl.col("method") == POSTERIOR)
    both = ours.join(kept.filter(pl.col("method") == over), on=columns, suffix="_other")
    names = both["name"].unique().sort()
    place = both["name"].to_numpy()
    index = np.searchsorted(names.to_numpy(), place)
    pair = both.select("error", "error_other").to_numpy()
    seen = both["seen"].to_numpy()
    draws = np.asarray(jax.random.randint(key, (resamples, len(names)), 0, len(names)))
    values, samples = [], []
    for m in np.unique(seen):
        here = seen == m
        values.append(_ratio(pair[here], np.ones(here.sum())))
        times = np.stack([np.bincount(d, minlength=len(names)) for d in draws])[:, index[here]]
        samples.append([_ratio(pair[here], t) for t in times])
    return Estimate.from_draws(
        np.array(samples).T, value=np.array(values), n=len(names), level=level, method="bootstrap"
    )


def interval_coverage(table: pl.DataFrame) -> pl.DataFrame:
    """Share of the posterior's intervals that hold the truth, and their median width.

    Columns: `seen`, `forecasts`, and `inside_90`, `width_90` and the like for every level.
    """
    ours = table.filter(pl.col("method") == POSTERIOR)
    columns = [pl.len().alias("forecasts")]
    for level in LEVELS:
        p = f"{100 * level:.0f}"
        inside = pl.col("truth").is_between(pl.col(f"lower_{p}"), pl.col(f"upper_{p}"))
        columns.append(inside.mean().alias(f"inside_{p}"))
        width = pl.col(f"upper_{p}") - pl.col(f"lower_{p}")
        columns.append(width.median().alias(f"width_{p}"))
    return ours.group_by("seen").agg(columns).sort("seen")


def _ratio(pair, times):
    kept = np.repeat(pair, times.astype(int), axis=0)
    if len(kept) == 0:
        return 1.0
    ours, theirs = np.median(kept, axis=0)
    return ours / max(theirs, 1e-12)
