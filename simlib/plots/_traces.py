"""Figures drawn from traces of real models."""

import math

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from .._estimate import Estimate
from ..traces import Traces
from ._axes import BAND_ALPHA, add_legend, draw_band, styled

#: Positions that fewer answers reach are left out of a profile: their means say little.
MINIMUM_ITEMS = 30


def difficulty_histogram(
    traces: Traces,
    ax: Axes | None = None,
    *,
    model: str,
    task: str | None = None,
    level: int | None = None,
    confidence: float = 0.95,
    bin_width: float = 0.5,
    label: str = "",
    **line,
) -> Axes:
    r"""Distribution of the exact success probability over items, on a logarithmic scale.

    Bars: share of items per bin of $\log_{10}p$. Line: empirical distribution function, with
    the band of Dvoretzky, Kiefer and Wolfowitz (constant of Massart 1990): the distribution
    function of the population of items lies inside it everywhere with probability at least
    `confidence`. Items that the model cannot solve at all ($p=0$) count in `n` and lift the
    line at the left edge.

    Parameters
    ----------
    traces
        Data set whose attempts hold exact success probabilities.
    ax
        Axes to draw on; a new figure in the style of the book if omitted.
    model, task, level
        Which items; all tasks or levels if omitted.
    confidence
        Joint coverage of the band, in (0, 1).
    bin_width
        Width of the bars in decades.
    label
        Legend text; the selected items if empty. `n` and the level of the band are added.
    line
        Further properties of the line.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on.

    Raises
    ------
    ValueError
        If no item is selected, `confidence` is outside (0, 1), or `bin_width` is not positive.

    Source: Massart, The Tight Constant in the Dvoretzky-Kiefer-Wolfowitz Inequality (1990).
    """
    _check_confidence(confidence)
    if not bin_width > 0:
        raise ValueError(f"bin_width must be positive, got {bin_width}; 0.5 is usual.")
    rows = _select(
        traces, traces.attempts.filter(pl.col("stop_rule") == "exact"), model, task, level
    )
    log_p = np.sort(rows["log_p"].to_numpy()) / math.log(10)
    count = len(log_p)
    x, cumulative = np.unique(log_p[np.isfinite(log_p)], return_index=True)
    impossible = int((~np.isfinite(log_p)).sum())
    # Share of items at or below each distinct value, the impossible ones included.
    share = np.append(cumulative[1:], count - impossible)
    share = (share + impossible) / count
    half = math.sqrt(math.log(2 / (1 - confidence)) / (2 * count))
    edges = np.arange(math.floor(x[0] / bin_width) if len(x) else -1, 1) * bin_width
    name = label or _selection(model, task, level)
    with styled(ax) as axes:
        # From left of the first item, where only impossible items count, to p = 1.
        x = np.concatenate([[edges[0]], x, [0.0]])
        share = np.concatenate([[impossible / count], share, [1.0]])
        legend = f"{name} (n = {count:,} items, {100 * confidence:g} % band)"
        (curve,) = axes.step(x, share, where="post", label=legend, **line)
        color = curve.get_color()
        axes.fill_between(
            x,
            np.maximum(share - half, 0.0),
            np.minimum(share + half, 1.0),
            step="post",
            color=color,
            alpha=BAND_ALPHA,
            linewidth=0,
        )
        weights = np.full(count - impossible, 1 / count)
        axes.hist(log_p[impossible:], bins=edges.tolist(), weights=weights, color=color, alpha=0.35)
        axes.set(
            xlabel=r"$\log_{10}$ of the success probability of one attempt",
            ylabel="share of items",
            ylim=(0.0, 1.02),
        )
        add_legend(axes)
    return axes


def token_profile(
    traces: Traces,
    ax: Axes | None = None,
    *,
    model: str,
    task: str | None = None,
    level: int | None = None,
    condition: str = "clean",
    confidence: float = 0.95,
    label: str = "",
    **line,
) -> Axes:
    r"""Error rate of the tokens of an answer against their position.

    The rate at position $j$ is the mean over items of $1-p_j$, with $p_j$ the probability of the
    right token given the right ones before it; the band is the normal interval of that mean,
    position by position. Positions that fewer than 30 items reach are left out.

    Parameters
    ----------
    traces
        Data set with per-token log-probabilities.
    ax
        Axes to draw on; a new figure in the style of the book if omitted.
    model, task, level, condition
        Which answers; all tasks or levels if omitted.
    confidence
        Coverage of the band at each position, in (0, 1).
    label
        Legend text; the selected items if empty. `n` (items at the first position) and the level
        of the band are added.
    line
        Further properties of the line.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on.

    Raises
    ------
    ValueError
        If no answer is selected, no position has 30 items, or `confidence` is outside (0, 1).
    """
    _check_confidence(confidence)
    steps = _select(
        traces, traces.steps.filter(pl.col("condition") == condition), model, task, level
    )
    profile = (
        steps.with_columns(error=1.0 - pl.col("log_prob").cast(pl.Float64).exp())
        .group_by("position")
        .agg(
            mean=pl.col("error").mean(),
            stderr=pl.col("error").std() / pl.len().sqrt(),
            items=pl.len(),
        )
        .filter(pl.col("items") >= MINIMUM_ITEMS)
        .sort("position")
    )
    if profile.is_empty():
        raise ValueError(
            f"no position is reached by {MINIMUM_ITEMS} items of {_selection(model, task, level)}; "
            "select more items."
        )
    estimate = Estimate.from_mean(
        profile["mean"].to_numpy(),
        profile["stderr"].to_numpy(),
        int(profile["items"][0]),
        level=confidence,
    )
    with styled(ax) as axes:
        line.setdefault("marker", "o")
        name = label or _selection(model, task, level)
        draw_band(axes, profile["position"].to_numpy() + 1, estimate, name, **line)
        axes.set(xlabel="position in the answer (tokens)", ylabel="error rate (1 per token)")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        add_legend(axes)
    return axes


def _check_confidence(confidence: float) -> None:
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"confidence must lie in (0, 1), got {confidence}; 0.95 is usual.")


def _select(
    traces: Traces, table: pl.DataFrame, model: str, task: str | None, level: int | None
) -> pl.DataFrame:
    """Rows of one model, and of one task and level if these are named."""
    items = traces.items
    if task is not None:
        items = items.filter(pl.col("task") == task)
    if level is not None:
        items = items.filter(pl.col("level") == level)
    rows = table.filter(pl.col("model") == model).join(items, on="item_id", how="semi")
    if rows.is_empty():
        raise ValueError(
            f"no rows for {_selection(model, task, level)}; the data set has models "
            f"{sorted(table['model'].unique())}, tasks {sorted(traces.items['task'].unique())} "
            f"and levels {sorted(traces.items['level'].unique())}."
        )
    return rows


def _selection(model: str, task: str | None, level: int | None) -> str:
    parts = [model, task, None if level is None else f"level {level}"]
    return ", ".join(part for part in parts if part)
