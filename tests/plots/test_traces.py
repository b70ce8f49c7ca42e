"""Figures of real traces: bars, bands and profiles are what the tables say."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import polars as pl
import pytest
from matplotlib.collections import PolyCollection

from simlib import plots, traces
from simlib.plots._traces import MINIMUM_ITEMS

WHERE = {"model": "smollm2", "task": "add", "level": 2}


@pytest.fixture(scope="module")
def data():
    return traces.load("answers-smollm2")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def steps_of(ax):
    """The band as a function of x: lower and upper end just right of each step."""
    (band,) = [x for x in ax.collections if isinstance(x, PolyCollection)]
    return band.get_paths()[0].vertices


def legend_texts(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_distribution_function_and_its_band(data):
    ax = plots.difficulty_histogram(data, **WHERE, confidence=0.9)
    p = data.exact().filter(task="add", level=2)["log_p"].to_numpy() / np.log(10)
    (line,) = ax.lines
    x, share = line.get_xdata(), line.get_ydata()
    np.testing.assert_allclose(x[1:-1], np.unique(p))
    assert x[-1] == 0.0  # p = 1
    np.testing.assert_allclose(share, [(p <= at).mean() for at in x], atol=1e-12)
    assert share[-1] == 1.0
    # Massart: P(sup |F_n - F| > eps) <= 2 exp(-2 n eps^2), whatever F is.
    half = np.sqrt(np.log(2 / 0.1) / (2 * len(p)))
    vertices = steps_of(ax)
    for at in (10, len(x) // 2, len(x) - 10):
        heights = vertices[np.isclose(vertices[:, 0], x[at]), 1]
        assert np.isclose(heights, max(share[at] - half, 0), atol=1e-9).any()
        assert np.isclose(heights, min(share[at] + half, 1), atol=1e-9).any()
    assert vertices[:, 1].min() >= 0
    assert vertices[:, 1].max() <= 1
    assert legend_texts(ax) == [f"smollm2, add, level 2 (n = {len(p)} items, 90 % band)"]


def test_bars_are_shares_of_items(data):
    ax = plots.difficulty_histogram(data, **WHERE, bin_width=1.0)
    p = data.exact().filter(task="add", level=2)["log_p"].to_numpy() / np.log(10)
    heights = np.array([bar.get_height() for bar in ax.patches])
    left = np.array([bar.get_x() for bar in ax.patches])
    assert heights.sum() == pytest.approx(1.0)
    expected = [((p >= x) & (p < x + 1)).mean() for x in left[:-1]]
    np.testing.assert_allclose(heights[:-1], expected)


def test_items_that_cannot_be_solved_count(data):
    """Half of the items get probability 0: bars halve and the line starts at one half."""
    items = data.items.filter(task="add", level=2)["item_id"]
    gone = pl.col("item_id").is_in(items.gather_every(2).implode()) & (
        pl.col("stop_rule") == "exact"
    )
    attempts = data.attempts.with_columns(
        log_p=pl.when(gone).then(-np.inf).otherwise(pl.col("log_p"))
    )
    changed = replace(data, attempts=attempts)
    ax = plots.difficulty_histogram(changed, **WHERE)
    share = gone_share = np.mean(np.arange(len(items)) % 2 == 0)
    assert ax.lines[0].get_ydata()[0] == pytest.approx(gone_share)
    assert sum(bar.get_height() for bar in ax.patches) == pytest.approx(1 - share)
    assert f"n = {len(items)} items" in legend_texts(ax)[0]


def test_token_profile_is_the_mean_over_items(data):
    ax = plots.token_profile(data, **WHERE)
    rows = data.steps_with_items().filter(task="add", level=2, condition="clean")
    (line,) = ax.lines
    for position, height in zip(line.get_xdata(), line.get_ydata(), strict=True):
        errors = 1 - np.exp(rows.filter(position=position - 1)["log_prob"].to_numpy().astype(float))
        assert len(errors) >= MINIMUM_ITEMS
        assert height == pytest.approx(errors.mean())
    first = 1 - np.exp(rows.filter(position=0)["log_prob"].to_numpy().astype(float))
    half = 1.959964 * first.std(ddof=1) / np.sqrt(len(first))
    (band,) = [x for x in ax.collections if isinstance(x, PolyCollection)]
    vertices = band.get_paths()[0].vertices
    heights = vertices[np.isclose(vertices[:, 0], 1.0), 1]
    assert heights.min() == pytest.approx(first.mean() - half, rel=1e-4)
    assert heights.max() == pytest.approx(first.mean() + half, rel=1e-4)
    assert legend_texts(ax) == [f"smollm2, add, level 2 (n = {len(first)}, 95 % band)"]


def test_positions_that_few_answers_reach_are_left_out(data):
    ax = plots.token_profile(data, model="smollm2", task="add")
    rows = data.steps_with_items().filter(task="add", condition="clean")
    counts = rows.group_by("position").len().filter(pl.col("len") >= MINIMUM_ITEMS)
    assert len(ax.lines[0].get_xdata()) == len(counts)


def test_figures_share_given_axes(data):
    ax = plots.token_profile(data, **WHERE)
    assert plots.token_profile(data, ax, model="smollm2", task="copy", label="copying") is ax
    assert len(ax.lines) == 2
    assert legend_texts(ax)[1].startswith("copying (n = ")


@pytest.mark.parametrize(
    ("draw", "options", "message"),
    [
        (plots.difficulty_histogram, {"task": "ad"}, r"no rows for smollm2, ad.*'add'"),
        (plots.token_profile, {"level": 99}, "no rows for smollm2, level 99"),
        (plots.token_profile, {"condition": "planted"}, "no rows"),
        (plots.difficulty_histogram, {"confidence": 1.0}, "confidence must lie in"),
        (plots.token_profile, {"confidence": 0.0}, "confidence must lie in"),
        (plots.difficulty_histogram, {"bin_width": 0.0}, "bin_width must be positive"),
    ],
)
def test_errors_name_what_is_there(data, draw, options, message):
    with pytest.raises(ValueError, match=message):
        draw(data, **{"model": "smollm2", **options})
