"""Plain tables of counts and of runs: every kind of file, mapped columns, every kind of fault."""

import json

import polars as pl
import pytest

from simlib.traces import DataError
from simlib.traces.importers import Limits, Options, import_logs
from tests.traces.importers.logs import COUNTS, RUNS, write_rows

SUFFIXES = [".csv", ".tsv", ".jsonl", ".parquet"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_counts(tmp_path, suffix):
    imported = import_logs("counts", [write_rows(tmp_path / f"x{suffix}", COUNTS)])
    expected = [(r["problem"], r["attempts"], r["successes"], "m", "b", "fixed") for r in COUNTS]
    assert imported.frame.rows() == expected
    assert "fixed number of attempts was assumed" in imported.notes[0]
    assert imported.summary()["attempts"] == 18


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_runs(tmp_path, suffix):
    imported = import_logs("runs", [write_rows(tmp_path / f"x{suffix}", RUNS)], Options(task="t"))
    expected = [(str(r["run"]), r["item"], r["length"], r["error"], None, "t") for r in RUNS]
    assert imported.frame.rows() == expected
    assert imported.summary()["errors"] == 2
    assert imported.summary()["items"] == 2


def test_mapped_columns_and_options(tmp_path):
    rows = [{"task_id": 7, "n": 5.0, "c": 1, "rule": "first_success", "problem": "not this"}]
    path = write_rows(tmp_path / "x.parquet", rows)
    columns = {"problem": "task_id", "attempts": "n", "successes": "c"}
    imported = import_logs("counts", [path], Options(columns={**columns, "stop_rule": "rule"}))
    assert imported.frame.rows() == [("7", 5, 1, None, None, "first_success")]
    assert imported.notes == []
    imported = import_logs("counts", [path], Options(columns=columns, stop_rule="fixed"))
    assert imported.frame["stop_rule"].to_list() == ["fixed"]
    assert imported.notes == []
    with pytest.raises(DataError, match=r"column 'nn': the column is missing; there are .*c"):
        import_logs("counts", [path], Options(columns={**columns, "attempts": "nn"}))
    with pytest.raises(ValueError, match=r"'tries', which a counts table does not have"):
        import_logs("counts", [path], Options(columns={"tries": "n"}))
    with pytest.raises(DataError, match="none of the columns"):
        import_logs("counts", [write_rows(tmp_path / "y.parquet", [{"z": 1}])])


def test_merging(tmp_path):
    first, second = (write_rows(tmp_path / f"{n}.csv", COUNTS) for n in "ab")
    with pytest.raises(DataError, match=r"b.csv, line 2, .*'a' was counted before, at .*a.csv"):
        import_logs("counts", [first, second])
    merged = import_logs("counts", [first, second], Options(merge=True)).frame
    assert merged["attempts"].to_list() == [20, 14, 2]
    with pytest.raises(ValueError, match="named twice"):
        import_logs("counts", [first, first], Options(merge=True))
    once = [{"problem": "a", "attempts": 3, "successes": 1, "stop_rule": "first_success"}]
    path = write_rows(tmp_path / "c.jsonl", once * 2)
    with pytest.raises(DataError, match="cannot be added up"):
        import_logs("counts", [path], Options(merge=True))


GOOD = {"problem": "a", "attempts": 10, "successes": 3}
RUN = {"run": "a", "item": "x", "length": 10, "error": 1}


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"attempts": -1}, "column 'attempts': the value -1 is below 1"),
        ({"attempts": 0, "successes": 0}, "column 'attempts': the value 0 is below 1"),
        ({"attempts": 2.5}, "column 'attempts': expected a whole number, found 2.5"),
        ({"attempts": float("nan")}, "column 'attempts': expected a whole number, found nan"),
        ({"attempts": float("inf")}, "expected a whole number, found inf"),
        ({"attempts": 10**30}, "column 'attempts': the value is too large"),
        ({"attempts": "ten"}, "expected a whole number, found 'ten'"),
        ({"attempts": None}, "expected a whole number, found None"),
        ({"successes": -3}, "column 'successes': the value -3 is below 0"),
        ({"successes": 11}, "11 successes in 10 attempts; .* swapped?"),
        ({"problem": None}, "column 'problem': expected a name, found None"),
        ({"problem": "x" * 5000}, "the text has 5000 characters"),
        ({"stop_rule": "exact"}, "column 'stop_rule': the stop rule is 'exact'; use fixed"),
        ({"stop_rule": "first_success"}, "3 successes under stop rule first_success"),
    ],
)
def test_faulty_counts(tmp_path, suffix, change, says):
    rows = [GOOD | {"stop_rule": "fixed"}, {**GOOD, "problem": "b", "stop_rule": "fixed", **change}]
    path = write_rows(tmp_path / f"x{suffix}", rows)
    with pytest.raises(DataError, match=says) as caught:
        import_logs("counts", [path])
    assert str(caught.value).startswith(f"{path}, line ")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"attempts": True}, "expected a whole number, found True"),
        ({"attempts": [10]}, "expected a whole number, found a list"),
        ({"problem": 1.0}, "column 'problem': expected a name, found 1.0"),
        ({"problem": {"a": 1}}, "column 'problem': expected a name, found an object"),
        ({"problem": 7}, "7 is of another type than the values from line 1 on"),
        ({"problem": ""}, "column 'problem': the text is empty"),
        ({"problem": "\ud800"}, "is not Unicode; remove lone surrogates"),
        ({"model": 3}, "column 'model': expected text, found 3"),
        ({"problem": "a"}, "'a' was counted before, at .*line 1; .*--merge"),
    ],
)
def test_faulty_json_counts(tmp_path, change, says):
    path = write_rows(tmp_path / "x.jsonl", [GOOD, {**GOOD, "problem": "b", **change}])
    with pytest.raises(DataError, match=says):
        import_logs("counts", [path])


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"length": 0}, "column 'length': the value 0 is below 1"),
        ({"length": -4}, "column 'length': the value -4 is below 1"),
        ({"length": 1.5}, "expected a whole number, found 1.5"),
        ({"error": 2}, "column 'error': the value is 2; use 1 for an error"),
        ({"error": -1}, "column 'error': the value is -1"),
        ({"error": float("nan")}, "column 'error': the value is nan"),
        ({"error": "yes"}, "column 'error': the value is 'yes'"),
        ({"error": None}, "column 'error': the value is None"),
        ({"run": "a"}, "the run 'a' was read before, at .*; give every run a name"),
        ({"item": None}, "column 'item': expected a name"),
    ],
)
def test_faulty_runs(tmp_path, suffix, change, says):
    path = write_rows(tmp_path / f"x{suffix}", [RUN, {**RUN, "run": "b", **change}])
    with pytest.raises(DataError, match=says):
        import_logs("runs", [path])


@pytest.mark.parametrize("value", [True, "True", "1", 1.0])
def test_errors_may_be_logical(tmp_path, value):
    path = write_rows(tmp_path / "x.jsonl", [{**RUN, "error": value}])
    assert import_logs("runs", [path]).frame["error"].to_list() == [1]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("problem,attempts\na,1\n", "line 2, column 'successes': the column is missing; there are"),
        ("problem,attempts,successes\n", "the table has no rows"),
        ("problem,attempts,successes\na,1\n", "line 2: 2 fields, the header has 3"),
        ("problem,attempts,successes\na,1,0,9\n", "line 2: 4 fields, the header has 3"),
        ("problem,problem,successes\na,1,0\n", "line 1: the column 'problem' stands twice"),
        ('problem,attempts,successes\n"a,1,0\n', "line 2: this is not CSV"),
        ('problem,attempts,successes\n"a"b,1,0\n', "line 2: this is not CSV"),
        ("problem,attempts,successes\n" + "a" * 200_000 + ",1,0\n", "line 2: this is not CSV"),
        (",".join(map(str, range(20_000))) + "\n1\n", "line 1: 20000 columns"),
    ],
)
def test_faulty_csv(tmp_path, content, says):
    path = tmp_path / "x.csv"
    path.write_text(content)
    with pytest.raises(DataError, match=says):
        import_logs("counts", [path])


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(b"\xef\xbb\xbfproblem,attempts,successes\r\na, 3 ,1.0\r\n\r\n")
    rows = import_logs("counts", [path]).frame.rows()
    assert rows == [("a", 3, 1, None, None, "fixed")]


def test_other_suffixes_are_refused(tmp_path):
    path = tmp_path / "x.xlsx"
    path.write_bytes(b"x")
    with pytest.raises(DataError, match=r"suffix '.xlsx' is not that of a table; use .csv"):
        import_logs("counts", [path])


def test_faulty_parquet(tmp_path):
    whole = write_rows(tmp_path / "x.parquet", COUNTS).read_bytes()
    cases = {
        "cut": (whole[:-9], "cut short"),
        "text": (b"problem,attempts,successes\n", "not a Parquet file"),
        "footer": (whole[:-40] + b"\xff" * 32 + whole[-8:], "corrupt"),
        "empty": (b"PAR1" * 3, "corrupt"),
    }
    for name, (content, says) in cases.items():
        path = tmp_path / f"{name}.parquet"
        path.write_bytes(content)
        with pytest.raises(DataError, match=says):
            import_logs("counts", [path])
    path = tmp_path / "x.parquet"
    with pytest.raises(DataError, match="3 rows, more than 2"):
        import_logs("counts", [path], None, Limits(rows=2))
    write_rows(path, [{"problem": b"\xff", "attempts": 1, "successes": 1}])
    with pytest.raises(DataError, match="row 0, column 'problem': expected a name"):
        import_logs("counts", [path])
    pl.DataFrame(schema={"problem": pl.String, "attempts": pl.Int64}).write_parquet(path)
    with pytest.raises(DataError, match="no rows"):
        import_logs("counts", [path])


def test_jsonl_must_hold_objects(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps([GOOD]) + "\n")
    with pytest.raises(DataError, match="line 1: expected a JSON object, found a list; write one"):
        import_logs("counts", [path])
    path.write_text('{"problem": "a", "attempts": 1, "attempts": 2, "successes": 0}\n')
    with pytest.raises(DataError, match="'attempts' stands twice"):
        import_logs("counts", [path])


def test_the_number_of_rows_is_bounded(tmp_path):
    path = write_rows(tmp_path / "x.csv", COUNTS)
    with pytest.raises(DataError, match="line 5: more than 2 problems"):
        import_logs("counts", [path], None, Limits(rows=2))
    path = write_rows(tmp_path / "y.csv", RUNS)
    with pytest.raises(DataError, match="line 4: more than 2 rows"):
        import_logs("runs", [path], None, Limits(rows=2))
