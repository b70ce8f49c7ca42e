"""Ways to count first errors in files of steps; as a program, one of them measured alone.

    python benchmarks/reduction_ways.py ours FOLDER [OUT]

prints seconds and peak of memory (MB) as JSON, and writes the life table to OUT. It imports no
more than the way needs, so that the peak is that of the way.
"""

import json
import sys
import time
from pathlib import Path

import polars as pl


def ours(folder: Path) -> object:
    """Streamed; every run is checked to be whole."""
    from simlib.traces.importers import reduce_steps

    return reduce_steps([folder / "*.parquet"])


def eager_polars(folder: Path) -> object:
    """All rows in memory; nothing is checked."""
    steps = pl.read_parquet(folder / "*.parquet")
    wrong = pl.when(~pl.col("correct")).then("position").min()
    runs = steps.group_by("run").agg(last=pl.col("position").max(), wrong=wrong)
    ended = pl.coalesce("wrong", "last").alias("end")
    return runs.group_by(ended, pl.col("wrong").is_null()).len()


def pandas_groups(folder: Path) -> object:
    """All rows in memory; nothing is checked."""
    import pandas as pd

    read = pl.read_parquet(folder / "*.parquet")
    steps = pd.DataFrame({name: read[name].to_numpy() for name in read.columns})
    del read
    last = steps.groupby("run")["position"].max()
    wrong = steps[~steps["correct"]].groupby("run")["position"].min()
    runs = pd.DataFrame({"last": last, "wrong": wrong})
    return runs.groupby([runs["wrong"].fillna(runs["last"]), runs["wrong"].isna()]).size()


def _main(way: str, folder: Path, out: Path | None) -> None:
    tools: dict = {}
    exec((Path(__file__).parents[1] / "tests" / "peak.py").read_text(), tools)
    exec(tools["PEAK"], tools)
    began = time.perf_counter()
    found = globals()[way](folder)
    seconds = time.perf_counter() - began
    if out is not None:
        found.write(out)  # pyright: ignore[reportAttributeAccessIssue]
    print(json.dumps({"seconds": seconds, "peak": tools["peak"]()}))


if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) > 3 else None)
