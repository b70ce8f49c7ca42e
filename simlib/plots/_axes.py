"""What every figure shares: style, uncertainty, labels."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from .._estimate import Estimate
from ..book._style import rc_settings

BAND_ALPHA = 0.25


@contextmanager
def styled(ax: Axes | None) -> Iterator[Axes]:
    """The given axes as they are, or new ones in the style of the book.

    Global settings stay untouched: the style holds for artists made inside the block.
    """
    if ax is not None:
        yield ax
        return
    with mpl.rc_context(cast(Any, rc_settings())):
        yield plt.subplots()[1]


def require_estimate(name: str, value: object) -> Estimate:
    """The value, if it carries its uncertainty.

    Raises
    ------
    TypeError
        If it is anything but an `Estimate`.
    """
    if not isinstance(value, Estimate):
        raise TypeError(
            f"{name} must be an Estimate, got {type(value).__name__}: a figure shows how certain "
            f"its numbers are. Values without uncertainty, from a formula say, are drawn with "
            f"Estimate.exact({name})."
        )
    return value


def require_matching(name: str, value: np.ndarray, estimate: Estimate) -> None:
    """Raise unless positions and estimate are one-dimensional and of one length.

    Raises
    ------
    ValueError
        If they are not.
    """
    if value.ndim != 1 or estimate.shape != value.shape:
        raise ValueError(
            f"{name} and the estimate must be one-dimensional and of one length, got shapes "
            f"{value.shape} and {estimate.shape}."
        )


def full_label(label: str, estimate: Estimate, *, mark: str = "band") -> str:
    """The label with the number of observations and the level of band or bars."""
    if estimate.is_exact:
        return label
    facts = f"n = {estimate.n:,}, {100 * estimate.level:g} % {mark}"
    return f"{label} ({facts})" if label else facts


def draw_band(ax: Axes, x: np.ndarray, estimate: Estimate, label: str, **line) -> None:
    """A line through the values and, unless they are exact, a band from lower to upper."""
    (curve,) = ax.plot(x, np.asarray(estimate.value), label=full_label(label, estimate), **line)
    if not estimate.is_exact:
        ax.fill_between(
            x,
            np.asarray(estimate.lower),
            np.asarray(estimate.upper),
            color=curve.get_color(),
            alpha=BAND_ALPHA,
            linewidth=0,
        )


def add_legend(ax: Axes) -> None:
    """A legend as soon as something has a label, in the ink of the axes and without a box.

    Not from the current settings: a second curve may be added when these have changed.
    """
    if ax.get_legend_handles_labels()[1]:
        ax.legend(frameon=False, labelcolor=ax.yaxis.label.get_color())
