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
    with np.errstate(divide="ignore"):
        return np.abs(np.log(np.asarray(value)) / np.log(np.asarray(truth)) - 1)


def backtest_table() -> pl.DataFrame:
    """The committed back-test: one row per data set, method and number of attempts.

    Columns: `kind` and `name` of the truth, `seen` attempts per problem, `stopped` (at the first
    success), replicate `rep`, `k`, `truth`, `method`, `value`, and for the posterior the ends of
    its intervals, `lower_90` and the like. `python benchmarks/backtest.py` makes it again.
    """
    return pl.read_parquet(data_directory() / "backtests" / "coverage.parquet")
