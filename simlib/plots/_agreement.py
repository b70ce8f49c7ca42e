"""Simulation or measurement against a formula."""

from typing import Literal

import numpy as np
from jaxtyping import ArrayLike, Shaped
from matplotlib.axes import Axes
from scipy import stats

from .._checks import check_level
from .._estimate import Estimate
from ..book._style import INK
from ._axes import BAND_ALPHA, add_legend, full_label, require_estimate, require_matching, styled


def agreement(
    x: Shaped[ArrayLike, " points"],
    measured: Estimate,
    predicted: Estimate,
    ax: Axes | None = None,
    *,
    kind: Literal["ratio", "z"] = "ratio",
    level: float = 0.95,
    label: str = "",
) -> Axes:
    r"""How far measured values are from predicted ones.

    Parameters
    ----------
    x
        Positions of the points.
    measured
        Simulated or measured values.
    predicted
        What a formula says, usually `Estimate.exact(values)`. Its uncertainty, if any, is
        independent of that of `measured`.
    ax
        Axes to draw on; a new figure in the style of the book if omitted.
    kind
        `"ratio"`: measured over predicted with its interval as a bar (relative errors added in
        squares if both are uncertain), and a line at one. `"z"`: difference in standard errors,
        and a band that holds all points together with probability `level` if prediction and
        truth agree (normal law, Bonferroni).
    level
        Joint level of the band of `"z"`; not used by `"ratio"`.
    label
        Legend text; `n` and levels are added.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on.

    Raises
    ------
    TypeError
        If measured or predicted values are not `Estimate`s.
    ValueError
        If the shapes differ, `kind` is unknown, `level` is outside (0, 1), a ratio is asked for
        where the prediction is 0, or a z-score where no value has a standard error.
    """
    require_estimate("measured", measured)
    require_estimate("predicted", predicted)
    x = np.asarray(x, dtype=float)
    require_matching("x", x, measured)
    require_matching("x", x, predicted)
    if kind not in ("ratio", "z"):
        raise ValueError(f"kind must be 'ratio' or 'z', got {kind!r}.")
    check_level(level)
    with styled(ax) as axes:
        if kind == "ratio":
            _ratio(axes, x, measured, predicted, label)
        else:
            _z_scores(axes, x, measured, predicted, level, label)
        add_legend(axes)
    return axes


def _ratio(ax: Axes, x: np.ndarray, measured: Estimate, predicted: Estimate, label: str) -> None:
    base = np.asarray(predicted.value)
    if (base == 0).any():
        raise ValueError(
            "predicted is 0 at some point, so there is no ratio; use kind='z' or drop the point."
        )
    ratio = np.asarray(measured.value) / base
    ends = np.stack([np.asarray(measured.lower), np.asarray(measured.upper)]) / base
    # Relative half-widths of the prediction: its upper end lowers the ratio.
    down = ratio * (np.asarray(predicted.upper) - base) / base
    up = ratio * (base - np.asarray(predicted.lower)) / base
    below, above = np.hypot(ratio - ends.min(0), down), np.hypot(ends.max(0) - ratio, up)
    ax.errorbar(
        x,
        ratio,
        yerr=np.stack([below, above]),
        fmt="o",
        capsize=2.5,
        label=full_label(label, measured, mark="bars"),
    )
    ax.axhline(1.0, color=INK, linewidth=1.0, linestyle="--")
    ax.set(ylabel="measured / predicted")


def _z_scores(
    ax: Axes, x: np.ndarray, measured: Estimate, predicted: Estimate, level: float, label: str
) -> None:
    stderr = np.hypot(np.asarray(measured.stderr), np.asarray(predicted.stderr))
    if not (stderr > 0).all():
        raise ValueError(
            "a z-score needs a standard error, but at some point both values are exact; "
            "use kind='ratio' or simulate that point."
        )
    z = (np.asarray(measured.value) - np.asarray(predicted.value)) / stderr
    limit = float(stats.norm.isf((1 - level) / (2 * len(x))))
    observed = f"{label} (n = {measured.n:,})" if label else f"n = {measured.n:,}"
    ax.plot(x, z, "o", label=observed)
    ax.axhspan(
        -limit,
        limit,
        color=INK,
        alpha=BAND_ALPHA / 2,
        linewidth=0,
        label=f"all {len(x)} points inside with probability {100 * level:g} %",
    )
    ax.axhline(0.0, color=INK, linewidth=1.0, linestyle="--")
    ax.set(ylabel="difference in standard errors")
