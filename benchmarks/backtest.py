"""Back-test of the forecasts of coverage; writes data/backtests/coverage.parquet.

    python benchmarks/backtest.py                       everything (15 minutes, two cores)
    python benchmarks/backtest.py --only synthetic --out try.parquet

Truths: the exact success rates of the items of `data/answers-*` (random sets of 128 problems,
counts drawn), the attempts that were really sampled in `data/attempts-*` scored against the exact
rates, and synthetic problems from inside and outside the families of the forecaster.
"""

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import jax
import polars as pl

sys.path.insert(0, str(Path(__file__).resolve().parent))

from truths import TRUTHS

from simlib.forecast._coverage_backtest import SEEN, draw_counts, score
from simlib.traces._files import parquet_bytes, write_atomic

#: Digits of pi: one key for the whole table.
ENTROPY = 314159265
REPLICATES = {"answers": 1, "attempts": 1, "synthetic": 4}


def rows_of(task: tuple[str, int]) -> list[dict]:
    """All rows of one truth and replicate: each number of attempts, fixed and stopped."""
    name, rep = task
    key = jax.random.fold_in(jax.random.key(ENTROPY), rep)
    # A truth keeps its key when others are added.
    key = jax.random.fold_in(key, int.from_bytes(name.encode()[-8:], "big") % 2**31)
    choose, draw = jax.random.split(key)
    truth = TRUTHS[name](choose)
    rows = []
    for i, seen in enumerate(SEEN):
        for stop in (False, True):
            if stop and (truth.kind == "attempts" or rep > 0):
                continue
            counts = draw_counts(truth, seen, key=jax.random.fold_in(draw, 2 * i + stop), stop=stop)
            rows += [row | {"rep": rep} for row in score(truth, counts, seen)]
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--only", default="", help="truths whose kind contains this")
    parser.add_argument("--out", default="data/backtests/coverage.parquet")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    tasks = [
        (name, rep)
        for name in TRUTHS
        if options.only in name
        for rep in range(REPLICATES[name.split(":")[0]])
    ]
    start = time.monotonic()
    rows = []
    with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as pool:
        for done, part in enumerate(pool.map(rows_of, tasks), start=1):
            rows += part
            if done % 10 == 0:
                seconds = time.monotonic() - start
                left = seconds / done * (len(tasks) - done)
                print(f"{done}/{len(tasks)}  {seconds:.0f} s, {left:.0f} s left", flush=True)
    frame = pl.DataFrame(rows, infer_schema_length=None)
    floats = [name for name, dtype in frame.schema.items() if dtype == pl.Float64]
    frame = frame.with_columns(pl.col(c).cast(pl.Float64).round_sig_figs(7) for c in floats)
    frame = frame.with_columns(pl.col("seen", "k", "rep").cast(pl.Int32))
    frame = frame.sort("kind", "name", "rep", "seen", "stopped", "k", "method")
    write_atomic(Path(options.out), parquet_bytes(frame))
    print(f"{len(frame)} rows in {options.out}; {frame['value'].is_nan().sum()} forecasts are NaN")


if __name__ == "__main__":
    main()
