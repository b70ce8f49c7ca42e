"""Life tables: merging is exact, and what cannot be merged or read is refused."""

import functools
import itertools

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.fit import Runs, fit_process
from simlib.traces import DataError
from simlib.traces.importers import LIFE_TABLE, LifeTable, is_life_table

_ROW = st.tuples(
    st.sampled_from(["m", "n"]),
    st.sampled_from(["a", "b"]),
    st.integers(1, 4),
    st.integers(0, 1),
    st.integers(0, 2),
)


def table(rows, first=0):
    """A table of (model, item, length, error) with a name of its own for each run."""
    columns = ("model", "item", "length", "error")
    frame = pl.DataFrame([row[:4] for row in rows], schema=columns, orient="row")
    return LifeTable.from_counts(
        frame.with_columns(
            task=pl.lit(None, pl.String),
            count=1,
            least_hash=pl.int_range(first, first + len(rows)).hash().reinterpret(signed=True),
        )
    )


def parts(rows):
    """The whole, and the parts into which the last entry of each row puts it."""
    order = sorted(rows, key=lambda row: row[4])
    whole, split, first = table(order), [], 0
    for _, group in itertools.groupby(order, key=lambda row: row[4]):
        group = list(group)
        split.append(table(group, first))
        first += len(group)
    return whole, split


def check_laws(merge, rows):
    """Any order and any grouping of the parts give the whole."""
    whole, split = parts(rows)
    for order in itertools.permutations(split):
        assert functools.reduce(merge, order) == whole
    if len(split) == 3:
        a, b, c = split
        assert merge(a, merge(b, c)) == merge(merge(a, b), c)


@given(st.lists(_ROW, min_size=1, max_size=20))
@settings(max_examples=20, deadline=None)
def test_merging_is_exact_in_any_order_and_grouping(rows):
    check_laws(LifeTable.merge, rows)


def _rebuilt(rows, by, how):
    added = rows.group_by(by).agg(how, pl.exclude("count").first())
    return LifeTable(added.select(column.name for column in LIFE_TABLE.columns))


_KEY = ("model", "task", "item", "length", "error")
_WRONG = {
    "forgets the second table": lambda a, b: a,
    "takes the larger count": lambda a, b: _rebuilt(
        pl.concat([a.rows, b.rows]), _KEY, pl.col("count").max()
    ),
    "adds over items": lambda a, b: _rebuilt(
        pl.concat([a.rows, b.rows]), ("model", "length", "error"), pl.col("count").sum()
    ),
}


@pytest.mark.parametrize("name", _WRONG)
def test_the_laws_notice_a_wrong_merge(name):
    rows = [("m", "a", 3, 1, 0), ("m", "a", 3, 1, 1), ("m", "b", 3, 1, 1), ("m", "b", 2, 0, 2)]
    check_laws(LifeTable.merge, rows)
    with pytest.raises(AssertionError):
        check_laws(_WRONG[name], rows)


def test_a_part_cannot_be_counted_twice():
    rows = [("m", "a", int(x), 1) for x in np.random.default_rng(0).geometric(0.05, 400)]
    whole, half, other = table(rows), table(rows[:200]), table(rows[200:], 200)
    for again in (whole, half, other):
        with pytest.raises(ValueError, match="both life tables count the same run"):
            whole.merge(again)
    # A tenth of the runs is enough to be noticed, and the message says where to look.
    with pytest.raises(ValueError, match=r"length \d+, error 1, model 'm', item 'a'"):
        half.merge(table(rows[180:380], 180))
    assert half.merge(other) == whole


def test_tables_of_different_kinds_are_not_merged():
    one = table([("m", "a", 3, 1)])
    for name in ("model", "item"):
        other = LifeTable(
            table([("m", "a", 4, 1)], 1).rows.with_columns(pl.lit(None).alias(name).cast(pl.String))
        )
        for pair in ((one, other), (other, one)):
            with pytest.raises(ValueError, match=f"column {name} filled and the other .* empty"):
                LifeTable.merge(*pair)


def test_runs_are_those_that_were_counted():
    rows = [("m", "a", 3, 1), ("m", "b", 3, 1), ("m", "a", 9, 0), ("n", "a", 1, 1)]
    runs = table(rows).runs(model="m")
    expected = Runs.from_columns(np.array([3, 3, 9]), np.array([1, 1, 0]), item=np.array([0, 1, 0]))
    for name in ("length", "error", "count"):
        np.testing.assert_array_equal(getattr(runs, name), getattr(expected, name))
    assert (runs.runs, runs.items, runs.steps) == (3, 2, 15)
    pairs = lambda x: sorted(zip(x.item, x.length[x.pair], x.error[x.pair], strict=True))
    assert pairs(runs) == pairs(expected)
    fits = [fit_process(x, "uniform").parameters["error_rate"].value for x in (runs, expected)]
    assert float(fits[0]) == float(fits[1])
    assert table(rows).groups == [("m", None), ("n", None)]
    with pytest.raises(ValueError, match=r"2 groups have model None .*\('m', None\)"):
        table(rows).runs()
    with pytest.raises(ValueError, match="0 groups have model 'x'"):
        table(rows).runs(model="x")


def test_a_file_gives_the_table_back_and_is_whole_or_absent(tmp_path):
    whole = table([("m", "a", 3, 1), ("m", "b", 7, 0)])
    path = tmp_path / "life.parquet"
    whole.write(path)
    assert LifeTable.read(path) == whole
    assert is_life_table(path)
    assert [p.name for p in tmp_path.iterdir()] == ["life.parquet"]
    with pytest.raises(DataError, match=r"life.csv: a life table is written as .parquet"):
        whole.write(tmp_path / "life.csv")
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be written"):
        whole.write(tmp_path / "file" / "life.parquet")


def _damaged(rows):
    yield rows.drop("count"), "column 'count': the column is missing"
    yield rows.with_columns(more=1), "column 'more': unknown column"
    yield rows.with_columns(pl.col("length").cast(pl.Float64)), "column 'length': the type is"
    for column, value, message in (
        ("count", 0, "the value 0 is below 1"),
        ("length", 0, "the value 0 is below 1"),
        ("length", None, "the value is missing"),
        ("error", 2, "the value 2 is above 1"),
        ("least_hash", None, "the value is missing"),
    ):
        kind = rows.schema[column]
        yield rows.with_columns(pl.lit(value, kind).alias(column)), f"'{column}': {message}"
    yield pl.concat([rows, rows]), "occurs more than once"
    some = pl.when(pl.col("item") == "a").then(pl.col("item"))
    yield rows.with_columns(item=some), "column 'item': the value is missing in some rows"
    yield rows.clear(), "the table has no rows"


def test_files_that_are_no_life_table_are_refused(tmp_path):
    rows = table([("m", "a", 3, 1), ("m", "b", 7, 0)]).rows
    path = tmp_path / "life.parquet"
    for damaged, message in _damaged(rows):
        damaged.write_parquet(path)
        with pytest.raises(DataError, match=message) as caught:
            LifeTable.read(path)
        assert str(caught.value).startswith(str(path))
    rows.write_parquet(path)
    content = path.read_bytes()
    path.write_bytes(content[:-9])
    with pytest.raises(DataError, match="corrupt"):
        LifeTable.read(path)
    path.write_text("length,error,count\n")
    with pytest.raises(DataError, match="not a Parquet file"):
        LifeTable.read(path)
    path.write_bytes(b"")
    with pytest.raises(DataError, match="the file is empty"):
        LifeTable.read(path)
    path.unlink()
    with pytest.raises(DataError, match="cannot be found"):
        LifeTable.read(path)


def test_counts_that_are_given_by_hand_are_checked():
    rows = table([("m", "a", 3, 1)]).rows
    with pytest.raises(DataError, match="needs the column 'least_hash'"):
        LifeTable.from_counts(rows.drop("least_hash"))
    with pytest.raises(DataError, match="no life table"):
        LifeTable.from_counts(rows.with_columns(length=pl.lit("many")))
    with pytest.raises(DataError, match="below 1"):
        LifeTable.from_counts(rows.with_columns(count=-1))
