"""`simlib forecast`: formats, groups, methods, the report, and tables that cannot be."""

import json
import re

import numpy as np
import polars as pl
import pytest

from tests.cli.test_main import run

FIELDS = [
    "model", "benchmark", "k", "pass_at_k", "lower", "upper", "level", "method",
    "n_problems", "n_attempts", "slope",
]  # fmt: skip


def table(problems=24, attempts=50, seed=0, **more):
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "problem": [f"p{i}" for i in range(problems)],
            "attempts": [attempts] * problems,
            "successes": rng.binomial(attempts, rng.beta(0.4, 4.0, problems)),
            **more,
        }
    )


def answer(path, *arguments, capsys):
    code, out, err = run("forecast", str(path), "--json", *arguments, capsys=capsys)
    assert code == 0, err
    return json.loads(out)


def test_every_format_gives_the_same_rows(tmp_path, capsys):
    frame = table()
    frame.write_csv(tmp_path / "counts.csv")
    frame.write_ndjson(tmp_path / "counts.jsonl")
    frame.write_parquet(tmp_path / "counts.parquet")
    found, *same = (
        answer(tmp_path / f"counts.{ending}", "--k", "100,1e12", capsys=capsys)
        for ending in ("csv", "jsonl", "parquet")
    )
    assert same == [found, found]
    assert [row["k"] for row in found] == [100, 10**12]
    for row in found:
        assert list(row) == FIELDS
        assert 0 <= row["lower"] <= row["pass_at_k"] <= row["upper"] <= 1
        assert (row["method"], row["level"], row["n_problems"], row["n_attempts"]) == (
            "posterior", 0.9, 24, 1200,
        )  # fmt: skip
        start, end = row["slope"]["window"]
        assert start < row["k"] < end
        assert row["slope"]["lower"] <= row["slope"]["value"] <= row["slope"]["upper"]


def test_groups_pooling_and_published_methods(tmp_path, capsys):
    frames = [
        table(seed=i).with_columns(model=pl.lit(m), benchmark=pl.lit("b"))
        for i, m in enumerate("xyz")
    ]
    path = tmp_path / "counts.csv"
    pl.concat(frames).write_csv(path)
    rows = answer(path, "--k", "1000", capsys=capsys)
    assert [row["model"] for row in rows] == ["x", "y", "z"]
    pooled = answer(path, "--k", "1000", "--pool", capsys=capsys)
    assert [r["pass_at_k"] for r in pooled] != [r["pass_at_k"] for r in rows]
    (line, *_) = answer(path, "--k", "1000", "--method", "least squares", capsys=capsys)
    assert line["method"] == "least squares"
    assert line["lower"] is None
    assert 0 < line["pass_at_k"] < 1


def test_the_report_is_one_file_that_loads_nothing(tmp_path, capsys):
    path, report = tmp_path / "counts.csv", tmp_path / "out" / "report.html"
    table(stop_rule="fixed", model="a <model>").write_csv(path)
    code, out, err = run("forecast", str(path), "--html", str(report), capsys=capsys)
    assert code == 0, err
    assert "pass@k" in out
    text = report.read_text(encoding="utf-8")
    assert "a &lt;model&gt;" in text
    assert "<model>" not in text
    assert text.count("<svg") == 2
    # Name spaces of SVG are names, not addresses that a browser opens.
    assert not re.search(r'(?:src|href)="(?!#)', text)
    assert not re.search(r"url\((?!#)", text)
    assert "do not determine" in text


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        ({"successes": [60] * 24}, [], "60 successes in 50 attempts"),
        ({"attempts": [0] * 24, "successes": [0] * 24}, [], "attempts"),
        ({"problem": ["same"] * 24}, [], "same"),
        ({"successes": ["many"] * 24}, [], "many"),
        ({"successes": [float("nan")] * 24}, [], "successes"),
        ({"stop_rule": ["sometimes"] * 24}, [], "sometimes"),
        ({}, ["--k", "0"], "--k"),
        ({}, ["--k", "ten"], "--k"),
        ({}, ["--level", "1.5"], "--level"),
        ({}, ["--method", "magic"], "--method"),
        ({}, ["--pool"], "at least 3 models"),
        ({}, ["--method", "Levi", "--html", "x.html"], "--html"),
    ],
)
def test_what_cannot_be_is_refused_in_one_message(tmp_path, capsys, change, arguments, message):
    path = tmp_path / "counts.csv"
    table().with_columns(
        **{k: pl.Series(v) if isinstance(v, list) else pl.lit(v) for k, v in change.items()}
    ).write_csv(path)
    code, out, err = run("forecast", str(path), *arguments, capsys=capsys)
    assert code == 2
    assert message in " ".join(err.split())
    assert out == ""
    assert not (tmp_path / "x.html").exists()
