"""`simlib reduce`, and `simlib fit` on what it wrote."""

import json

import numpy as np
import polars as pl
import pytest

from simlib.traces.importers import LifeTable
from tests.cli.test_main import run


def runs(n=60, seed=0, names=0):
    rng = np.random.default_rng(seed)
    first = rng.geometric(0.05, n)
    return pl.DataFrame(
        {
            "run": np.arange(n) + names,
            "item": [f"i{i // 3}" for i in range(n)],
            "length": np.minimum(first, 50),
            "error": (first <= 50).astype(int),
        }
    )


def steps(table):
    rows = table.with_columns(step=pl.int_ranges("length")).explode("step")
    right = (pl.col("error") == 0) | (pl.col("step") + 1 < pl.col("length"))
    return rows.select("run", "item", "step", right=right)


def done(*arguments, capsys):
    code, out, err = run(*map(str, arguments), capsys=capsys)
    assert code == 0, err
    return out


def test_steps_reduced_in_parts_are_the_runs(tmp_path, capsys):
    table = runs()
    table.write_csv(tmp_path / "runs.csv")
    lives = []
    for i in range(2):
        part = steps(table.filter((pl.col("run") < 25) == (i == 0)))
        part.write_parquet(tmp_path / f"steps{i}.parquet")
        lives.append(tmp_path / f"life{i}.parquet")
        done("reduce", "steps", tmp_path / f"steps{i}.parquet", "-o", lives[-1], "--map",
             "position=step", "--map", "correct=right", capsys=capsys)  # fmt: skip
    both = tmp_path / "both.parquet"
    summary = json.loads(done("reduce", "tables", *lives, "-o", both, "--json", capsys=capsys))
    assert (summary["runs"], summary["errors"]) == (60, table["error"].sum())
    assert summary["steps"] == table["length"].sum()
    assert summary["groups"][0]["items"] == 20
    again = tmp_path / "again.parquet"
    done("reduce", "runs", tmp_path / "runs.csv", "-o", again, capsys=capsys)
    assert LifeTable.read(again) == LifeTable.read(both)


def test_fit_says_the_same_of_runs_and_of_life_tables(tmp_path, capsys):
    # Without errors there is nothing to deal into folds, so that every number must be the same.
    table = runs().with_columns(error=pl.lit(0))
    table.write_csv(tmp_path / "runs.csv")
    lives = [tmp_path / f"life{i}.parquet" for i in range(2)]
    for i, life in enumerate(lives):
        part = tmp_path / f"part{i}.csv"
        table.filter((pl.col("run") < 25) == (i == 0)).write_csv(part)
        done("reduce", "runs", part, "-o", life, capsys=capsys)
    answers = [
        json.loads(done("fit", *files, "--json", capsys=capsys))
        for files in ([tmp_path / "runs.csv"], lives)
    ]
    assert answers[0] == answers[1]
    assert answers[0]["results"][0]["items"] == 20
    assert answers[0]["results"][0]["bound"]


def test_items_may_be_dropped_and_groups_named(tmp_path, capsys):
    steps(runs().with_columns(error=pl.lit(0))).write_csv(tmp_path / "steps.csv")
    out = tmp_path / "life.parquet"
    names = ("--map", "position=step", "--map", "correct=right", "--model", "m", "--task", "t")
    said = done("reduce", "steps", tmp_path / "steps.csv", "-o", out, "--no-items", "--passes", "2",
                *names, capsys=capsys)  # fmt: skip
    assert "m t: 60 runs, " in said
    (result,) = json.loads(done("fit", out, "--json", capsys=capsys))["results"]
    assert (result["model"], result["task"], result["items"]) == ("m", "t", None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["wrong", "steps.csv", "-o", "x.parquet"], "must be steps, runs, tables, got wrong"),
        (["runs", "runs.csv", "-o", "x.csv"], "must end in .parquet"),
        (["runs", "runs.csv", "-o", "life.parquet"], "the file exists"),
        (["runs", "runs.csv", "-o", "x.parquet", "--first", "1"], "only steps have positions"),
        (["tables", "life.parquet", "-o", "x.parquet", "--model", "m"], "are added as they are"),
        (["tables", "life.parquet", "life.parquet", "-o", "x.parquet"], "count the same run"),
        (["tables", "runs.csv", "-o", "x.parquet"], "not a Parquet file"),
        (["steps", "runs.csv", "-o", "x.parquet"], "--map position=COLUMN"),
    ],
)
def test_wrong_use_is_one_message(tmp_path, capsys, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    runs().write_csv("runs.csv")
    done("reduce", "runs", "runs.csv", "-o", "life.parquet", capsys=capsys)
    code, out, err = run("reduce", *arguments, capsys=capsys)
    assert (code, out) == (2, "")
    assert message in " ".join(err.replace("│", " ").split())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["life.parquet", "runs.csv"]


def test_a_life_table_is_fitted_as_it_is(tmp_path, capsys):
    runs().write_csv(tmp_path / "runs.csv")
    done("reduce", "runs", tmp_path / "runs.csv", "-o", tmp_path / "life.parquet", capsys=capsys)
    code, _, err = run("fit", str(tmp_path / "life.parquet"), "--model", "m", capsys=capsys)
    assert (code, "simlib reduce instead" in " ".join(err.split())) == (2, True)
    code, _, err = run(
        "fit", str(tmp_path / "life.parquet"), str(tmp_path / "runs.csv"), capsys=capsys
    )
    assert (code, "not a Parquet file" in " ".join(err.split())) == (2, True)
