"""What the chapter on forecasting coverage says in words."""

import jax
import numpy as np
import polars as pl

from simlib.forecast import (
    ASKED,
    BASELINES,
    SEEN,
    backtest_table,
    error_ratio,
    interval_coverage,
)
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


def test_more_attempts_seen_narrow_the_intervals():
    ours = backtest_table().filter((pl.col("kind") == "answers") & ~pl.col("stopped"))
    width = interval_coverage(ours.filter(pl.col("k") == 10_000))["width_90"].to_numpy()
    assert width[-1] < width[0] / 2


def test_ten_failures_halve_the_chance_of_the_next():
    before, after = (
        1 - float(coverage.all_fail_again(1.0, 0.0, n, 1.0, 9.0)) for n in (1e-9, 10.0)
    )
    assert abs(after / before - 0.5) < 1e-6


def test_the_second_problem_needs_no_attempts():
    weight = np.asarray(coverage.allocation_weight(np.array([0.001, 0.1]), 500.0))
    assert weight[0] / weight.sum() > 0.9999


def test_less_than_half_the_error_of_a_straight_line():
    ours = backtest_table().filter((pl.col("kind") == "answers") & ~pl.col("stopped"))
    line = error_ratio(ours, "least squares", key=jax.random.key(1), resamples=50)
    assert np.all(np.asarray(line.value) < 0.5)
    for name in BASELINES:
        other = error_ratio(ours, name, key=jax.random.key(1), resamples=50)
        assert np.all(np.asarray(other.value) < 0.85)


def test_intervals_mean_about_what_they_say_inside_and_not_outside():
    table = backtest_table().filter(~pl.col("stopped"))
    ours = interval_coverage(table.filter(pl.col("kind") == "answers"))
    for percent in (50, 80, 90, 95):
        share = ours[f"inside_{percent}"].to_numpy()
        assert np.all(np.abs(share - percent / 100) < 0.2)
    outside = interval_coverage(table.filter(pl.col("name").str.contains("outside")))
    assert outside.filter(pl.col("seen") >= 100)["inside_90"].max() < 0.85
