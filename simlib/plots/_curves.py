"""Survival and hazard against length."""

import numpy as np
from jaxtyping import ArrayLike, Shaped
from matplotlib.axes import Axes

from .._estimate import Estimate
from ._axes import add_legend, draw_band, require_estimate, require_matching, styled


def survival_curve(
    lengths: Shaped[ArrayLike, " lengths"],
    survival: Estimate,
    ax: Axes | None = None,
    *,
    label: str = "",
    **line,
) -> Axes:
    r"""Survival $S(n)$ against length, with its band.

    Parameters
    ----------
    lengths
        Lengths $n$ in tokens, one per entry of `survival`.
    survival
        Simulated or measured survival; a formula as `Estimate.exact(values)` (no band).
    ax
        Axes to draw on; a new figure in the style of the book if omitted.
    label
        Legend text; `n` and the level of the band are added.
    line
        Further properties of the line, as for `Axes.plot`.

    Returns
    -------
    matplotlib.axes.Axes
        The axes drawn on.

    Raises
    ------
    TypeError
        If `survival` is not an `Estimate`.
    ValueError
        If lengths and survival are not one-dimensional and of one length.
    """
    return _curve("survival", r"survival $S(n)$", lengths, survival, ax, label, line)


def hazard_curve(
    lengths: Shaped[ArrayLike, " lengths"],
    hazard: Estimate,
    ax: Axes | None = None,
    *,
    label: str = "",
    **line,
) -> Axes:
    r"""Hazard $e_n$ (error probability of token $n$, given none before) against position.

    Parameters, returned axes and exceptions as for `survival_curve`, with `hazard` in place of
    `survival`.
    """
    return _curve("hazard", r"hazard $e_n$ (1 per token)", lengths, hazard, ax, label, line)


def _curve(name, ylabel, lengths, estimate, ax, label, line) -> Axes:
    require_estimate(name, estimate)
    lengths = np.asarray(lengths, dtype=float)
    require_matching("lengths", lengths, estimate)
    with styled(ax) as axes:
        draw_band(axes, lengths, estimate, label, **line)
        axes.set(xlabel=r"length $n$ (tokens)", ylabel=ylabel)
        add_legend(axes)
    return axes
