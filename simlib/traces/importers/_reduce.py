"""From step by step to how many runs ended at each length, for files larger than memory.

The work is one query of Polars in its streaming engine. Steps become runs, and runs become
counts, without either ever being held as a table: memory grows with the number of different
runs that one pass sees, not with the number of steps.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import polars as pl

from ._life_table import LifeTable
from ._limits import Place, fault, shown
from ._scan import Scan, collect, scans

_NOTHING: Mapping[str, str] = {}
_LABELS = ("model", "task", "item")
_IDENTITY = (*_LABELS, "run")
# Different hashes for the share of a pass and for the chain of positions.
_SHARE, _CHAIN = 1, 2
_MOST_SHOWN = 1_000_000


def reduce_steps(
    paths: Sequence[Path],
    *,
    columns: Mapping[str, str] = _NOTHING,
    model: str | None = None,
    task: str | None = None,
    items: bool = True,
    first: int = 0,
    passes: int = 1,
) -> LifeTable:
    """Count first errors in tables with a row for each step.

    Steps may stand in any order, those of different runs mixed, and those of one run in several
    files. Every run is checked to have the positions `first`, `first` + 1, … once each, so that
    a repeated, a missing or a split run is noticed and not counted as something else. Steps
    after the first error are checked in the same way and do not count.

    Parameters
    ----------
    paths
        Parquet, CSV, TSV or JSONL files, or patterns such as `logs/*.parquet`. A row has `run`,
        `position` (a whole number) and `correct` (true or false, 1 or 0), and may have `model`,
        `task` and `item`, which together with `run` name the run.
    columns
        Where a column is found if it has another name: name here to name there.
    model, task
        Value for every row; goes before what the files say.
    items
        Whether to keep runs of different items apart, as fits need that take account of repeats.
    first
        Position of the first step of every run.
    passes
        How often to read the files. Each pass takes its share of the runs, so that memory for
        runs, about 200 bytes each, shrinks by this factor.

    Raises
    ------
    DataError
        At a file that cannot be read, a column that is missing or of the wrong type, a value
        that does not belong in its column, or a run whose positions are not consecutive; with
        file, column, value and remedy. Rows are counted from 0, without the header.
    ValueError
        If no file is named, one is named twice, or a number is out of range.

    Notes
    -----
    That positions are consecutive is checked by their smallest, largest and number, and by a hash
    of 64 bits: a fault in a run escapes with a probability of about 5e-20.

    Examples
    --------
    >>> import tempfile
    >>> from simlib.traces.importers import reduce_steps
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "steps.csv"
    ...     _ = file.write_text("run,position,correct\\na,0,1\\nb,1,0\\nb,0,1\\na,1,1\\n")
    ...     table = reduce_steps([file])
    >>> table.rows.select("length", "error", "count").rows()
    [(2, 0, 1), (2, 1, 1)]
    """
    if first < 0:
        raise ValueError(f"first must be a position from 0, got {first}.")
    sources = scans(paths, {"position": 0, "correct": None}, columns, _fixed(model, task))

    def runs(steps: pl.LazyFrame, identity: list[str]) -> pl.LazyFrame:
        position, right = pl.col("position"), pl.col("correct")
        step = pl.when(right.is_not_null()).then(position)
        low, high, rows = pl.col("low"), pl.col("high"), pl.col("rows").cast(pl.Int64)
        # Each position adds two links; between neighbours they cancel. What is left of a run
        # without gap or repetition are the links at its ends.
        link = lambda place: place.hash(_CHAIN)
        whole = pl.col("links") == link(low) ^ link(high + 1)
        sound = (pl.col("known") == rows) & (low == first) & (high - low + 1 == rows) & whole
        length = pl.coalesce("wrong", "high") - first + 1
        return (
            steps.group_by(identity)
            .agg(
                rows=pl.len(),
                known=step.count(),
                low=step.min(),
                high=step.max(),
                wrong=pl.when(right.not_()).then(step).min(),
                links=(link(step) ^ link(step + 1)).bitwise_xor(),
            )
            .with_columns(length=length, error=pl.col("wrong").is_not_null(), sound=sound)
        )

    def explain(steps: pl.LazyFrame, name: str) -> NoReturn:
        _refuse_positions(collect(steps, sources), name, first)

    return _reduce(sources, runs, explain, ["position", "correct"], items, passes)


def reduce_runs(
    paths: Sequence[Path],
    *,
    columns: Mapping[str, str] = _NOTHING,
    model: str | None = None,
    task: str | None = None,
    items: bool = True,
    passes: int = 1,
) -> LifeTable:
    """Count first errors in tables with a row for each run, as `simlib fit` reads them.

    Parameters
    ----------
    paths
        Files as in `reduce_steps`. A row has `run`, `length` (steps up to and including the
        first error, or until the run ended) and `error` (1 or 0), and may have `model`, `task`
        and `item`.
    columns, model, task, items, passes
        As in `reduce_steps`.

    Raises
    ------
    DataError
        At a file that cannot be read, a column that is missing or of the wrong type, a value
        that does not belong in its column, or a run that stands twice.
    ValueError
        If no file is named, one is named twice, or a number is out of range.

    Examples
    --------
    >>> import tempfile
    >>> from simlib.traces.importers import reduce_runs
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "runs.csv"
    ...     _ = file.write_text("run,length,error\\na,7,1\\nb,9,0\\nc,7,1\\n")
    ...     table = reduce_runs([file])
    >>> table.rows.select("length", "error", "count").rows()
    [(7, 1, 2), (9, 0, 1)]
    """
    sources = scans(paths, {"length": 1, "error": None}, columns, _fixed(model, task))

    def runs(rows: pl.LazyFrame, identity: list[str]) -> pl.LazyFrame:
        once = pl.len() == 1
        length, error = pl.col("length"), pl.col("error")
        sound = once & length.min().is_not_null() & error.min().is_not_null()
        return rows.group_by(identity).agg(
            rows=pl.len(), length=length.min(), error=error.min(), sound=sound
        )

    def explain(rows: pl.LazyFrame, name: str) -> NoReturn:
        places = collect(rows.head(3), sources)["path"].unique(maintain_order=True).to_list()
        remedy = "give every run a name of its own, such as item and repeat joined"
        fault(Place(Path(" and ".join(places))), f"{name} stands more than once", remedy, "run")

    return _reduce(sources, runs, explain, ["length", "error"], items, passes)


_Runs = Callable[[pl.LazyFrame, list[str]], pl.LazyFrame]
_Explain = Callable[[pl.LazyFrame, str], NoReturn]


def _reduce(
    sources: list[Scan], runs: _Runs, explain: _Explain, needed: list[str], items: bool, passes: int
) -> LifeTable:
    if passes < 1:
        raise ValueError(f"passes must be at least 1, got {passes}.")
    numbered = all(scan.numbered for scan in sources)
    frames = [scan.frame(numbered=numbered) for scan in sources]
    identity = [name for name in _IDENTITY if name in sources[0].values]
    kept = [name for name in identity if name != "run" and (items or name != "item")]
    # Whether a label is empty is asked before an item is dropped.
    empty = {f"no {name}": pl.col(name).is_null() for name in identity}
    name = pl.struct(
        pl.col(x).cast(pl.String) if x in identity else pl.lit(None, pl.String).alias(x)
        for x in _IDENTITY
    )
    parts = []
    for share in range(passes):
        frame = pl.concat(frames)
        if passes > 1:
            frame = frame.filter(pl.col("run").hash(_SHARE) % passes == share)
        per_run = runs(frame, identity).with_columns(**empty)
        sound = pl.col("sound").fill_null(False) & pl.col("no run").not_()
        cells = per_run.with_columns(sound=sound).group_by(
            *kept, *empty, "sound", *(pl.when("sound").then(x) for x in ("length", "error"))
        )
        counted = cells.agg(
            count=pl.len().cast(pl.Int64), least_hash=name.hash().reinterpret(signed=True).min()
        )
        parts.append(found := collect(counted, sources))
        if not found["sound"].all():
            _refuse(sources, frames, per_run.filter(sound.not_()), identity, needed, explain)
    counts = pl.concat(parts)
    if counts.height == 0:
        fault(Place(sources[0].path), "the table has no rows", "reduce a log with a run in it")
    if any(counts[column].n_unique() > 1 for column in empty):
        _refuse_partly_empty(sources, frames, identity)
    absent = {x: pl.lit(None, pl.String) for x in _LABELS if x not in kept}
    return LifeTable.from_counts(counts.with_columns(**absent))


def _refuse(
    sources: list[Scan],
    frames: list[pl.LazyFrame],
    unsound: pl.LazyFrame,
    identity: list[str],
    needed: list[str],
    explain: _Explain,
) -> NoReturn:
    """Say what is wrong: with the first bad value, or with the first run by its name."""
    for scan in sources:
        scan.refuse_first_null(["run", *needed])
    _refuse_partly_empty(sources, frames, identity)
    run = collect(unsound.select(identity).bottom_k(1, by=identity), sources).row(0, named=True)
    own = pl.all_horizontal(pl.col(x).eq_missing(pl.lit(value)) for x, value in run.items())
    rows = pl.concat(
        frame.filter(own).with_columns(path=pl.lit(str(scan.path)))
        for frame, scan in zip(frames, sources, strict=True)
    )
    labels = [f"{x} {shown(run[x])}" for x in identity if run[x] is not None]
    explain(rows.head(_MOST_SHOWN), f"the {labels[-1]}{_of(labels[:-1])}")


def _refuse_partly_empty(
    sources: list[Scan], frames: list[pl.LazyFrame], identity: list[str]
) -> None:
    nulls = collect(pl.concat(frames).select(pl.col(identity).null_count(), rows=pl.len()), sources)
    for name in identity:
        if 0 < nulls[name][0] < nulls["rows"][0]:
            for scan in sources:
                scan.refuse_first_null([name])


def _of(labels: list[str]) -> str:
    return f" ({', '.join(labels)})" if labels else ""


def _refuse_positions(steps: pl.DataFrame, name: str, first: int) -> NoReturn:
    steps = steps.sort("position", maintain_order=True)
    position = steps["position"]
    if position[0] != first:
        fault(
            Place(Path(steps["path"][0])),
            f"{name} begins at position {position[0]}, not {first}",
            "reduce all files of a run together; if runs begin there, say so with --first",
            "position",
        )
    i = (position.diff() != 1).fill_null(False).arg_max() or 0
    at, before = Place(Path(steps["path"][i])), steps["path"][i - 1]
    if position[i] == position[i - 1]:
        other = "" if before == str(at.path) else f" (also in {before})"
        found = f"{name} has position {position[i]} more than once{other}"
        fault(at, found, "give every run a name of its own", "position")
    found = f"{name} goes from position {position[i - 1]} to {position[i]}"
    fault(at, found, "give every step of a run, numbered without gaps", "position")


def _fixed(model: str | None, task: str | None) -> dict[str, str | None]:
    return {"model": model, "task": task}
