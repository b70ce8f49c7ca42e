"""Steps and runs of any size become life tables: equal to the way in memory, or refused."""

import os
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib import traces
from simlib.fit import Runs, free_runs
from simlib.traces import DataError
from simlib.traces.importers import LifeTable, reduce_runs, reduce_steps
from tests.peak import PEAK
from tests.traces.importers.logs import write_rows


def steps_of(runs):
    """Rows of runs, given as lists of marks."""
    return [
        {"run": f"r{i}", "position": j, "correct": right}
        for i, marks in enumerate(runs)
        for j, right in enumerate(marks)
    ]


def counted(runs):
    """Length, error and count, from the definition."""
    pairs = [(m.index(False) + 1, 1) if False in m else (len(m), 0) for m in runs]
    return sorted((*pair, pairs.count(pair)) for pair in set(pairs))


def found(table):
    return table.rows.select("length", "error", "count").rows()


RUNS = [[True] * 3, [True, False, True], [False], [True, False], [True] * 3, [True, True, False]]


@given(
    st.lists(st.lists(st.booleans(), min_size=1, max_size=6), min_size=1, max_size=12),
    st.randoms(use_true_random=False),
    st.integers(1, 3),
)
@settings(max_examples=20, deadline=None)
def test_steps_in_any_order_and_any_files(tmp_path_factory, runs, random, passes):
    rows = steps_of(runs)
    random.shuffle(rows)
    cut = random.randint(0, len(rows) - 1)
    folder = tmp_path_factory.mktemp("any")
    files = [
        write_rows(folder / f"{i}.parquet", part)
        for i, part in enumerate((rows[:cut], rows[cut:]))
        if part
    ]
    assert found(reduce_steps(files, passes=passes)) == counted(runs)


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_every_format_and_kind_of_value(tmp_path, suffix):
    rows = steps_of(RUNS)
    kinds = {
        "plain": lambda row: row,
        "numbers": lambda row: row | {"correct": int(row["correct"])},
        "floats": lambda row: row | {k: float(row[k]) for k in ("position", "correct")},
        "texts": lambda row: (
            row | {"position": f" {row['position']}", "correct": str(row["correct"])}
        ),
        "counted": lambda row: row | {"run": int(row["run"][1:])},
    }
    tables = []
    for name, change in kinds.items():
        path = write_rows(tmp_path / f"{name}{suffix}", [change(row) for row in rows])
        tables.append(reduce_steps([path]))
        assert found(tables[-1]) == counted(RUNS)
    # Names are the same runs whatever their type, and so are not counted twice.
    with pytest.raises(ValueError, match="the same run"):
        tables[0].merge(tables[2])


def test_formats_and_types_may_differ_between_files_and_patterns_are_expanded(tmp_path):
    rows = [row | {"run": int(row["run"][1:])} for row in steps_of(RUNS)]
    write_rows(tmp_path / "log 1.csv", rows[::2])
    write_rows(tmp_path / "log [2].jsonl", rows[1:6:2])
    write_rows(tmp_path / "log 3.parquet", rows[7::2])
    assert found(reduce_steps([tmp_path / "log*"])) == counted(RUNS)
    with pytest.raises(DataError, match="no file matches"):
        reduce_steps([tmp_path / "nothing*.csv"])


def test_runs_agree_with_steps(tmp_path):
    pairs = [(m.index(False) + 1, 1) if False in m else (len(m), 0) for m in RUNS]
    rows = [{"run": f"r{i}", "length": n, "error": e} for i, (n, e) in enumerate(pairs)]
    for suffix in (".csv", ".jsonl", ".parquet"):
        table = reduce_runs([write_rows(tmp_path / f"runs{suffix}", rows)])
        assert table == reduce_steps([write_rows(tmp_path / f"steps{suffix}", steps_of(RUNS))])


def test_items_are_kept_or_dropped(tmp_path):
    rows = [
        row | {"item": row["run"][-1] < "3", "run": int(row["run"][1:]) % 3}
        for row in steps_of(RUNS)
    ]
    rows = [row | {"item": "abc"[row["item"]]} for row in rows]
    path = write_rows(tmp_path / "steps.jsonl", rows)
    kept, dropped = reduce_steps([path]), reduce_steps([path], items=False)
    assert kept.runs().items == 2
    assert dropped.runs().item is None
    assert found(dropped) == counted(RUNS)
    assert kept.rows["count"].sum() == dropped.total == len(RUNS)
    named = reduce_steps([path], model="m", task="t")
    assert named.groups == [("m", "t")]


@pytest.mark.parametrize("model", ["smollm2", "gemma3"])
def test_committed_chains_agree_with_the_way_in_memory(tmp_path, model):
    data = traces.load(f"chains-{model}")
    rows = data.chains_with_items().filter(condition="free")
    paths = [tmp_path / f"{i}.parquet" for i in range(3)]
    rows = rows.sample(fraction=1.0, shuffle=True, seed=0)
    for i, path in enumerate(paths):
        rows[i::3].write_parquet(path)
    given_steps = int(rows["position"].min())
    table = reduce_steps(paths, columns={"item": "item_id"}, first=given_steps)
    for task in rows["task"].unique():
        runs = free_runs(data, task=task)
        error = runs.wrong.any(1)
        length = np.where(error, runs.wrong.argmax(1) + 1, runs.wrong.shape[1])
        expected = Runs.from_columns(length, error, item=runs.items)
        got = table.runs(model=model, task=task)
        for name in ("length", "error", "count"):
            np.testing.assert_array_equal(getattr(got, name), getattr(expected, name))
        assert (got.runs, got.items) == (expected.runs, expected.items)
        each = [
            sorted(np.bincount(x.item, weights=x.length[x.pair] * 2 + x.error[x.pair]))
            for x in (got, expected)
        ]
        assert each[0] == each[1]


def test_parts_reduced_by_two_processes_are_the_whole(tmp_path):
    rng = np.random.default_rng(0)
    length = rng.geometric(0.02, 900).clip(max=200)
    steps = pl.DataFrame({"run": np.arange(900), "length": length, "error": length < 200})
    steps = steps.with_columns(position=pl.int_ranges("length")).explode("position")
    steps = steps.with_columns(
        correct=pl.col("error").not_() | (pl.col("position") + 1 < pl.col("length"))
    ).drop("length", "error")
    code = (
        "import sys\nfrom pathlib import Path\nfrom simlib.traces.importers import reduce_steps\n"
        "reduce_steps([Path(sys.argv[1])]).write(Path(sys.argv[2]))"
    )
    started = []
    for i, part in enumerate(
        (steps.filter(pl.col("run") < 400), steps.filter(pl.col("run") >= 400))
    ):
        part.write_parquet(tmp_path / f"steps{i}.parquet")
        files = (str(tmp_path / f"{name}{i}.parquet") for name in ("steps", "life"))
        started.append(subprocess.Popen([sys.executable, "-c", code, *files]))
    assert [process.wait(timeout=120) for process in started] == [0, 0]
    one, two = (LifeTable.read(tmp_path / f"life{i}.parquet") for i in range(2))
    whole = reduce_steps([tmp_path / "steps*.parquet"])
    assert one.merge(two) == whole == two.merge(one)
    assert whole.total == 900


def broken(**more):
    """The rows of two sound runs, one value changed."""
    rows = steps_of([[True, True, False], [True, True]])
    return [row | more if i == 1 else row for i, row in enumerate(rows)]


BAD_STEPS = {
    "null run": (broken(run=None), "row 1, column 'run': the value is missing; every row needs"),
    "null position": (broken(position=None), "row 1, column 'position': the value is missing"),
    "null mark": (broken(correct=None), "row 1, column 'correct': the value is missing; mark"),
    "negative": (broken(position=-1), "row 1, column 'position': the value is '?-1.*whole numbers"),
    "mark of another kind": (
        [row | {"correct": 2} if i == 1 else row | {"correct": 1}
         for i, row in enumerate(steps_of(RUNS))],
        "row 1, column 'correct': the value is '?2'?; mark a step",
    ),
    "fraction": (
        [row | {"position": 0.5 * row["position"]} for row in steps_of(RUNS)],
        "row 1, column 'position': the value is '?0.5",
    ),
    "twice": (broken(position=0), "the run 'r0' has position 0 more than once; give every run a"),
    "gap": (broken(position=7), "the run 'r0' goes from position 0 to 2; give every step"),
    "hole": (steps_of(RUNS)[:1] + steps_of(RUNS)[2:], "'r0' goes from position 0 to 2"),
    "late start": (steps_of(RUNS)[1:], "the run 'r0' begins at position 1, not 0; .* --first"),
    "again": (steps_of(RUNS) + steps_of(RUNS)[:3], "'r0' has position 0 more than once"),
    "no run": ([{"name": 1, "position": 0, "correct": 1}], "column 'run': .*--map run=COLUMN"),
    "no mark": ([{"run": 1, "position": 0}], "'correct': the column is missing; there are run, po"),
    "half an item": (
        [row | {"item": None if i == 3 else "a"} for i, row in enumerate(steps_of(RUNS))],
        "row 3, column 'item': the value is missing; fill it in every row, or in none",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_STEPS)
@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_steps_that_cannot_be_right_are_refused(tmp_path, name, suffix):
    rows, message = BAD_STEPS[name]
    path = write_rows(tmp_path / f"steps{suffix}", rows)
    with pytest.raises(DataError, match=message) as caught:
        reduce_steps([path], passes=3 if suffix == ".csv" else 1)
    assert str(caught.value).startswith(f"{path},")


def test_two_runs_of_one_name_are_never_one_run_or_two(tmp_path):
    rows = steps_of([[True, True, True, False]])
    one, two = (write_rows(tmp_path / f"{i}.csv", rows) for i in range(2))
    with pytest.raises(DataError, match=r"1.csv, .*position 0 more than once \(also in .*0.csv\)"):
        reduce_steps([one, two])
    # Split in two and reduced apart, the second half is no run.
    write_rows(two, rows[2:])
    with pytest.raises(DataError, match=r"1.csv, .* begins at position 2, not 0"):
        reduce_steps([two])
    # What adds up to the right number and sum of positions is no run either.
    for wrong in ([0, 1, 1, 4, 4, 5], [0, 0, 2, 3, 5, 5], [0, 1, 1, 4, 4, 4, 6]):
        write_rows(one, [{"run": "a", "position": i, "correct": 1} for i in wrong])
        with pytest.raises(DataError, match="the run 'a'"):
            reduce_steps([one])


def test_what_names_a_run_is_shown_with_it(tmp_path):
    rows = [row | {"item": "x", "model": "m"} for row in steps_of([[True, True]])]
    path = write_rows(tmp_path / "steps.parquet", [*rows, rows[0]])
    with pytest.raises(DataError, match=r"the run 'r0' \(model 'm', item 'x'\) has position 0"):
        reduce_steps([path])


BAD_RUNS = {
    "twice": ([("a", 3, 1), ("b", 3, 1), ("a", 4, 1)], "the run 'a' stands more than once; give"),
    "length 0": ([("a", 3, 1), ("b", 0, 0)], "row 1, column 'length': the value is '?0'?; use wh"),
    "no length": ([("a", 3, 1), ("b", None, 0)], "row 1, column 'length': the value is missing"),
    "fraction": ([("a", 3.0, 1), ("b", 2.5, 0)], "row 1, column 'length': the value is '?2.5"),
    "error 2": ([("a", 3, 1), ("b", 3, 2)], "row 1, column 'error': the value is '?2'?; use 1 for"),
}


@pytest.mark.parametrize("name", BAD_RUNS)
@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_runs_that_cannot_be_right_are_refused(tmp_path, name, suffix):
    rows, message = BAD_RUNS[name]
    rows = [dict(zip(("run", "length", "error"), row, strict=True)) for row in rows]
    path = write_rows(tmp_path / f"runs{suffix}", rows)
    with pytest.raises(DataError, match=message) as caught:
        reduce_runs([path])
    assert str(caught.value).startswith(f"{path},")


def test_files_that_cannot_be_read_are_named(tmp_path):
    good = write_rows(tmp_path / "good.parquet", steps_of(RUNS))
    bad = tmp_path / "bad.parquet"
    content = good.read_bytes()
    half = content[:40] + bytes(len(content) - 40 - 400) + content[-400:]
    texts = {
        "bad.parquet": {content[:-7]: "cannot be read", half: "cannot be read", b"": "is empty",
                        b"run,position": "not a Parquet file"},
        "bad.jsonl": {b'{"run": 1, "position": 0, "correct": true}\n{"run": 2, "posi': "cannot be"},
        "bad.csv": {b"run,position,correct\na,0,1\nb,1,1,1\n": "cannot be read",
                    b"run,position,correct\n\xff,0,1\n": "cannot be read",
                    b"run,run,position,correct\na,b,0,1\n": "the column stands twice",
                    b"run,position,correct\n": "has no rows"},
        "bad.txt": {b"run": "the suffix '.txt' is not that of a table"},
    }  # fmt: skip
    for name, cases in texts.items():
        bad = tmp_path / name
        for text, message in cases.items():
            bad.write_bytes(text)
            with pytest.raises(DataError, match=message) as caught:
                reduce_steps([bad] if "no rows" in message else [good, bad])
            assert str(caught.value).startswith(str(bad))
    with pytest.raises(DataError, match="cannot be found"):
        reduce_steps([tmp_path / "absent.parquet"])
    with pytest.raises(DataError, match="this is a folder"):
        reduce_steps([tmp_path])


def test_wrong_calls_are_refused(tmp_path):
    path = write_rows(tmp_path / "steps.csv", steps_of(RUNS))
    other = write_rows(tmp_path / "more.csv", [row | {"item": "a"} for row in steps_of(RUNS)])
    with pytest.raises(ValueError, match="name at least one file"):
        reduce_steps([])
    with pytest.raises(ValueError, match="named twice"):
        reduce_steps([path, tmp_path / "." / "steps.csv"])
    with pytest.raises(ValueError, match="first must be a position from 0, got -1"):
        reduce_steps([path], first=-1)
    with pytest.raises(ValueError, match="passes must be at least 1, got 0"):
        reduce_steps([path], passes=0)
    with pytest.raises(ValueError, match="names the column 'length', which is not read here"):
        reduce_steps([path], columns={"length": "position"})
    with pytest.raises(DataError, match=r"steps.csv, column 'item': the column is missing, though"):
        reduce_steps([path, other])
    lists = tmp_path / "lists.parquet"
    pl.DataFrame({"run": [[1]], "position": [0], "correct": [True]}).write_parquet(lists)
    with pytest.raises(DataError, match=r"column 'run': the values are of type List\(Int64\)"):
        reduce_steps([lists])


_MEASURE = (
    PEAK
    + """
import sys
from pathlib import Path
import polars as pl
from simlib.traces.importers import reduce_steps
way, path = sys.argv[1:]
before = peak()
if way == "reduce":
    total = reduce_steps([Path(path)]).total
else:
    right = pl.col("correct")
    runs = pl.read_parquet(path).group_by("run").agg(
        n=pl.len(), wrong=pl.col("position").filter(~right).min()
    )
    total = runs.group_by(pl.coalesce("wrong", "n")).len()["len"].sum()
print(total, peak() - before)
"""
)


def test_memory_does_not_grow_with_the_steps(tmp_path):
    def measured(way, runs, length):
        path = tmp_path / f"{runs}-{length}.parquet"
        if not path.exists():
            i = pl.col("i")
            pl.select(i=pl.int_range(runs * length)).lazy().select(
                run=pl.format("task/{}/run", i % runs),  # all runs at once
                position=i // runs,
                correct=i // runs < length - 1,
            ).sink_parquet(path)
        done = subprocess.run(
            [sys.executable, "-c", _MEASURE, way, str(path)],
            capture_output=True, text=True, check=True, timeout=300,
            env={**os.environ, "POLARS_MAX_THREADS": "2"},
        )  # fmt: skip
        total, grown = done.stdout.split()
        assert int(total) == runs
        return float(grown)

    small, large = measured("reduce", 2_000, 500), measured("reduce", 2_000, 2_500)
    eager = measured("eager", 2_000, 2_500)
    assert large < small + 60, (small, large)
    assert large < eager / 2, (large, eager)
