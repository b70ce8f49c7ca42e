"""Rows of steps reduced to counts of runs, next to the ways that hold all rows in memory.

    python benchmarks/reduction.py                    10^8 rows: speed, peak of memory, merging
    python benchmarks/reduction.py --rows 1e7         fewer of them
    python benchmarks/reduction.py --mixed            names as text, steps of many runs mixed

Every measurement runs in a process of its own. The files are removed afterwards.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import reduction_ways
from timing import Case, Figure

_RATE, _CUT, _RUNS = 3e-3, 1000, 2**14


def write_steps(folder: Path, rows: int, *, mixed: bool = False) -> None:
    """Files of about `rows` step rows: simulated first errors at a constant rate, cut at 1000."""
    import jax

    from simlib import Uniform
    from simlib.simulate import first_error

    made = runs = 0
    while made < rows:
        key = jax.random.fold_in(jax.random.key(0), runs)
        first = np.asarray(first_error(Uniform(_RATE), key=key, shape=(_RUNS,)))
        length = np.minimum(first, _CUT).astype(np.int64)
        kept = max(int(np.searchsorted(np.cumsum(length), rows - made)), 1)
        first, length = first[:kept], length[:kept]
        ends = np.cumsum(length)
        position = np.arange(ends[-1]) - np.repeat(ends - length, length)
        steps = pl.DataFrame(
            {
                "run": np.repeat(np.arange(runs, runs + len(length)), length),
                "position": position.astype(np.int32),
                "correct": position + 1 < np.repeat(first, length),
            }
        )
        if mixed:
            steps = steps.with_columns(run=pl.format("task-{}/run", "run")).sort("position")
        steps.write_parquet(folder / f"steps-{runs:09d}.parquet", row_group_size=2**18)
        made, runs = made + steps.height, runs + len(length)


@cache
def _folder(rows: int, mixed: bool = False) -> tempfile.TemporaryDirectory:
    folder = tempfile.TemporaryDirectory(prefix="steps-")
    write_steps(Path(folder.name), rows, mixed=mixed)
    return folder


# The references count first errors as well, but check nothing.
WAYS = {
    "reduce_steps, streamed, every run checked": reduction_ways.ours,
    "Polars, in memory, nothing checked": reduction_ways.eager_polars,
    "pandas, in memory, nothing checked": reduction_ways.pandas_groups,
}


def _on_rows(way):
    def run(rows):
        way(Path(_folder(rows).name))  # a table, for which nothing waits

    return run


REDUCTION_CASES = [
    Case(
        "reduction of step rows to counts of runs",
        "rows",
        {name: (_on_rows(way), 10**7) for name, way in WAYS.items()},
        notes="Parquet files of simulated runs, about 300 steps each, the steps of a run in order.",
    )
]


def _program(way: str, folder: Path, *out: Path) -> list[str]:
    return [sys.executable, reduction_ways.__file__, way, str(folder), *map(str, out)]


def _alone(way: str, folder: Path) -> dict[str, float]:
    """Seconds and megabytes of one way, in a process of its own."""
    done = subprocess.run(_program(way, folder), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return json.loads(done.stdout)


def _peak_of_reduction(scale: float) -> float:
    return _alone("ours", Path(_folder(max(int(1e8 * scale), 1)).name))["peak"]


REDUCTION_FIGURES = [
    Figure(
        "peak memory of reducing a hundred million step rows",
        "MB",
        _peak_of_reduction,
        repeats=False,
        notes="The whole process; 315,000 runs.",
    )
]


def _merged(folder: Path) -> None:
    """Two processes reduce half of the files each; their tables merge to that of all files."""
    from simlib.traces.importers import LifeTable, reduce_steps

    files, tables, running = sorted(folder.glob("*.parquet")), [], []
    for i in range(2):
        half = folder / f"half{i}"
        half.mkdir()
        for file in files[i::2]:
            (half / file.name).symlink_to(file)
        tables.append(folder / f"life{i}" / "life.parquet")
        command = _program("ours", half, tables[-1])
        running.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
    began = time.perf_counter()
    if any(process.wait() for process in running):
        raise RuntimeError("a process failed.")
    seconds = time.perf_counter() - began
    one, two = (LifeTable.read(table) for table in tables)
    whole = reduce_steps([folder / "*.parquet"])
    if not one.merge(two) == two.merge(one) == whole:
        raise RuntimeError("the merged table is not that of all files.")
    print(f"two processes, merged: the same {whole.rows.height} rows, {seconds:.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rows", type=float, default=1e8, help="rows of steps (default 1e8)")
    parser.add_argument("--mixed", action="store_true", help="steps of many runs mixed")
    options = parser.parse_args()
    with _folder(int(options.rows), options.mixed) as made:
        folder = Path(made)
        rows = pl.scan_parquet(folder / "*.parquet").select(pl.len()).collect().item()
        size = sum(file.stat().st_size for file in folder.iterdir()) / 2**20
        print(f"{rows} rows, {size:.0f} MB of Parquet")
        for name, way in WAYS.items():
            found = _alone(way.__name__, folder)
            speed = rows / found["seconds"] / 1e6
            print(
                f"{name}: {found['seconds']:.1f} s, {speed:.1f} million rows/s, "
                f"peak {found['peak']:.0f} MB"
            )
        _merged(folder)


if __name__ == "__main__":
    main()
