"""Colours and Matplotlib settings shared by all figures of the book."""

from typing import Any

#: The colour-blind safe palette of Okabe and Ito, by name.
PALETTE: dict[str, str] = {
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "orange": "#E69F00",
    "sky": "#56B4E9",
}

#: Order in which curves take their colours: the darker hues first, because they keep a contrast
#: of at least 3:1 on a white and on a dark page.
CYCLE: tuple[str, ...] = tuple(PALETTE.values())

#: Axes, ticks and text. A mid-grey that can be read on white (4.5:1) and on the dark theme (3.9:1);
#: figures have no background of their own.
INK = "#767676"


def rc_settings() -> dict[str, Any]:
    """Matplotlib settings of the book.

    Returns
    -------
    dict
        Settings for `matplotlib.rcParams.update`.
    """
    from cycler import cycler

    return {
        "figure.figsize": (6.4, 3.7),
        "figure.facecolor": "none",
        "figure.constrained_layout.use": True,
        "savefig.facecolor": "none",
        "savefig.transparent": True,
        "axes.facecolor": "none",
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "axes.titlecolor": INK,
        "axes.titlesize": 11,
        "axes.titlelocation": "left",
        "axes.labelsize": 11,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.axisbelow": True,
        # Line styles change with the colours, so that curves differ in black and white too.
        "axes.prop_cycle": cycler(
            color=list(CYCLE), linestyle=["-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1))]
        ),
        "grid.color": INK,
        "grid.alpha": 0.22,
        "grid.linewidth": 0.6,
        "lines.linewidth": 1.9,
        "lines.markersize": 4.5,
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "xtick.labelsize": 10,
        "ytick.labelsize": 10,
        "legend.frameon": False,
        "legend.fontsize": 10,
        "legend.labelcolor": INK,
        "font.size": 10.5,
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans"],
        "mathtext.fontset": "dejavusans",
        # Letters as outlines: the figure looks the same on every machine.
        "svg.fonttype": "path",
        # Without a salt the ids inside an SVG would differ from build to build.
        "svg.hashsalt": "simlib",
    }
