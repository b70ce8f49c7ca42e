"""`simlib fit`: every format, groups, poor tables, what the answer admits."""

import json

import numpy as np
import polars as pl
import pytest

from simlib.traces.importers import Options, import_logs
from tests.cli.test_main import run


def table(runs=80, repeats=4, seed=0, cut=120, **more):
    rng = np.random.default_rng(seed)
    z = np.repeat(rng.gamma(1.2, 1 / 1.2, runs // repeats), repeats)
    first = np.ceil(40 * (rng.exponential(size=runs) / z) ** 1.25)
    return pl.DataFrame(
        {
            "run": [f"r{i}" for i in range(runs)],
            "item": [f"i{i // repeats}" for i in range(runs)],
            "length": np.minimum(first, cut).astype(int),
            "error": (first <= cut).astype(int),
            **more,
        }
    )


def answer(path, *arguments, capsys):
    code, out, err = run("fit", str(path), "--json", *arguments, capsys=capsys)
    assert code == 0, err
    return json.loads(out)


def numbers(value):
    if isinstance(value, dict):
        return [x for v in value.values() for x in numbers(v)]
    if isinstance(value, list):
        return [x for v in value for x in numbers(v)]
    return [value] if isinstance(value, float) else []


def test_every_format_gives_the_same_answer(tmp_path, capsys):
    frame = table()
    frame.write_csv(tmp_path / "runs.csv")
    frame.write_ndjson(tmp_path / "runs.jsonl")
    frame.write_parquet(tmp_path / "runs.parquet")
    # The table that is read decides everything that follows: one fit is enough.
    read = [
        import_logs("runs", [tmp_path / f"runs.{ending}"], Options()).frame
        for ending in ("csv", "jsonl", "parquet")
    ]
    assert read[0].equals(read[1])
    assert read[0].equals(read[2])
    found = answer(tmp_path / "runs.parquet", capsys=capsys)
    (result,) = found["results"]
    assert (result["runs"], result["items"]) == (80, 20)
    names = [p["name"] for p in result["processes"]]
    assert result["best"] == names[0]
    assert sum(p["weight"] for p in result["processes"]) == pytest.approx(1.0)
    for process in result["processes"]:
        assert list(process["horizons"]) == ["50 %", "80 %", "99 %"]
        for x in [*process["parameters"].values(), *process["horizons"].values()]:
            assert x["upper"] is None or x["lower"] <= x["value"] <= x["upper"]
        assert 0 < process["goodness_of_fit"]["p_value"] <= 1
    assert np.isfinite(numbers(result)).all()
    assert result["items_fit"]["parameters"]["frailty_variance"]["value"] >= 0
    assert any("self-conditioning" in sentence for sentence in result["cannot_tell"])


def test_without_repeats_the_question_stays_open(tmp_path, capsys):
    frame = table(repeats=1)
    frame.write_csv(tmp_path / "runs.csv")
    (result,) = answer(tmp_path / "runs.csv", capsys=capsys)["results"]
    assert result["items_fit"] is None
    assert any("two runs" in sentence for sentence in result["cannot_tell"])
    assert any(f"beyond {result['longest']}" in sentence for sentence in result["cannot_tell"])


def test_groups_and_other_names(tmp_path, capsys):
    # Groups without an error need no fit, and show as well that they are kept apart.
    frame = pl.DataFrame(
        {
            "run": [f"r{i}" for i in range(80)],
            "item": [f"i{i}" for i in range(80)],
            "steps": [9] * 40 + [1] * 40,
            "error": [0] * 40 + [1] * 40,
            "model": ["a"] * 40 + ["b"] * 40,
            "task": ["x"] * 40 + ["y"] * 40,
        }
    )
    frame.write_csv(tmp_path / "runs.csv")
    found = answer(tmp_path / "runs.csv", "--map", "length=steps", capsys=capsys)
    groups = {(r["model"], r["task"]): (r["runs"], r["errors"]) for r in found["results"]}
    assert groups == {("a", "x"): (40, 0), ("b", "y"): (40, 40)}


POOR = {
    "no error": ([5, 9], [0, 0], "No run has an error"),
    "all at once": ([1, 1, 1], [1, 1, 1], "failed at step 1"),
    "one run": ([7], [1], "Only one unit has an error"),
    "one error": ([7, 9, 9, 9], [1, 0, 0, 0], "Only one unit has an error"),
}


@pytest.mark.parametrize("name", POOR)
def test_poor_tables_get_an_honest_answer(name, tmp_path, capsys):
    length, error, sentence = POOR[name]
    names = [str(i) for i in range(len(length))]
    frame = pl.DataFrame({"run": names, "item": names, "length": length, "error": error})
    frame.write_csv(tmp_path / "runs.csv")
    (result,) = answer(tmp_path / "runs.csv", capsys=capsys)["results"]
    assert any(sentence in said for said in result["cannot_tell"])
    assert np.isfinite(numbers(result)).all()
    if result["processes"]:
        return  # fits take seconds; the other tables show what is printed
    code, out, _ = run("fit", str(tmp_path / "runs.csv"), capsys=capsys)
    assert code == 0
    assert "What these runs cannot tell" in out
    assert "nan" not in out.lower().split()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"length": [0, 2]}, "length"),
        ({"length": [1.5, 2]}, "length"),
        ({"length": [-1, 2]}, "length"),
        ({"error": [2, 0]}, "use 1 for an error"),
        ({"run": ["a", "a"]}, "read before"),
    ],
)
def test_bad_tables_are_refused_in_one_message(change, message, tmp_path, capsys):
    columns = {"run": ["a", "b"], "item": ["a", "b"], "length": [1, 2], "error": [1, 0]} | change
    pl.DataFrame(columns, strict=False).write_csv(tmp_path / "runs.csv")
    code, out, err = run("fit", str(tmp_path / "runs.csv"), capsys=capsys)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


def test_the_table_for_readers(tmp_path, capsys):
    table().write_csv(tmp_path / "runs.csv")
    code, out, _ = run("fit", str(tmp_path / "runs.csv"), "--level", "0.9", capsys=capsys)
    assert code == 0
    assert "80 runs of 20 items" in out
    assert "intervals at 90 %" in out
    assert "frailty_variance" in out
    code, _, err = run("fit", str(tmp_path / "runs.csv"), "--level", "2", capsys=capsys)
    assert code == 2
    assert "--level" in err
