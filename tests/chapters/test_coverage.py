"""What the chapter on forecasting coverage says in words."""

import numpy as np
import polars as pl

from simlib.forecast import ASKED, SEEN, backtest_table, interval_coverage
from simlib.formulas import coverage


def test_the_back_test_holds_what_the_page_says():
    table = backtest_table()
    fixed = table.filter(~pl.col("stopped"))
    names = fixed.group_by("kind").agg(pl.col("name").n_unique()).sort("kind")
    assert dict(names.iter_rows())["answers"] >= 50
    assert dict(names.iter_rows())["attempts"] == 8
    assert set(table["seen"].unique()) == set(SEEN)
    assert set(table["k"].unique()) == set(ASKED)
    assert (table["k"] >= 3 * table["seen"]).all()


def test_intervals_widen_with_what_they_ask_of_the_data():
    ours = backtest_table().filter((pl.col("kind") == "answers") & ~pl.col("stopped"))
    width = interval_coverage(ours.filter(pl.col("k") == 10_000))["width_90"].to_numpy()
    assert np.all(np.diff(width) < 0)


def test_ten_failures_halve_the_chance_of_the_next():
    before, after = (
        1 - float(coverage.all_fail_again(1.0, 0.0, n, 1.0, 9.0)) for n in (1e-9, 10.0)
    )
    assert abs(after / before - 0.5) < 1e-6


def test_the_second_problem_needs_no_attempts():
    weight = np.asarray(coverage.allocation_weight(np.array([0.001, 0.1]), 500.0))
    assert weight[0] / weight.sum() > 0.9999
