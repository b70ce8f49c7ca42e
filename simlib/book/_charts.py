"""Interactive figures that need no kernel: the reader's browser evaluates the formula.

A chart is an Altair chart with sliders. Its curves are formulas of `simlib.formulas`, translated
to Vega expressions, so that moving a slider recomputes the curve from the formula itself.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ._style import CYCLE
from ._text import superscript
from ._vega import vega_expression

if TYPE_CHECKING:
    import altair as alt

Scale = Literal["linear", "log"]


@dataclass(frozen=True)
class Slider:
    """One parameter that the reader moves.

    Parameters
    ----------
    name
        ASCII name of the symbol in the formula, e.g. `"error_rate"`.
    label
        What the reader sees, e.g. `"error rate e"`.
    low, high, value
        Range and first position, in the units of the symbol.
    scale
        `"log"` moves the power of ten; then `low` must be positive.
    step
        Step of the slider (of the power of ten for `"log"`); default: a hundredth of the range.

    Raises
    ------
    ValueError
        If the range is empty, does not contain `value`, or is not positive on a log scale.
    """

    name: str
    label: str
    low: float
    high: float
    value: float
    scale: Scale = "linear"
    step: float | None = None

    def __post_init__(self):
        if not self.low <= self.value <= self.high or self.low == self.high:
            raise ValueError(
                f"slider {self.name!r} needs low <= value <= high and low < high, got "
                f"low={self.low}, value={self.value}, high={self.high}."
            )
        if self.scale == "log" and self.low <= 0:
            raise ValueError(
                f"slider {self.name!r} on a log scale needs low > 0, got {self.low}; "
                "use scale='linear'."
            )

    @property
    def parameter(self) -> str:
        """Name of the Vega parameter behind the slider."""
        return f"log10_{self.name}" if self.scale == "log" else self.name

    @property
    def expression(self) -> str:
        """Vega expression of the value in the units of the symbol."""
        return f"pow(10, {self.parameter})" if self.scale == "log" else self.parameter

    def _bound(self) -> tuple[float, float, float, float, str]:
        """Low, high, value and step of the HTML control, and its label."""
        if self.scale == "log":
            low, high, value = (round(math.log10(x), 6) for x in (self.low, self.high, self.value))
            label = f"{self.label} = 10^"
        else:
            low, high, value, label = self.low, self.high, self.value, self.label
        return low, high, value, self.step or (high - low) / 100, label


def explore(
    curves: Mapping[str, Any],
    *,
    x: str,
    x_range: tuple[float, float],
    x_title: str,
    y_title: str,
    description: str,
    sliders: Sequence[Slider],
    constants: Mapping[str, float] | None = None,
    x_scale: Scale = "linear",
    y_scale: Scale = "linear",
    y_range: tuple[float, float] | None = None,
    points: int = 240,
    height: int = 280,
) -> "alt.Chart":
    """A chart whose sliders recompute formulas in the reader's browser.

    Parameters
    ----------
    curves
        Label of each curve and its `Formula` or SymPy expression; drawn in this order.
    x
        ASCII name of the symbol on the horizontal axis.
    x_range, x_scale, x_title
        Horizontal axis.
    y_range, y_scale, y_title
        Vertical axis; without `y_range` it follows the curves.
    description
        One or two sentences for those who do not see the figure: what is drawn against what,
        and what moving the sliders shows.
    sliders
        The parameters that the reader moves; at least one.
    constants
        Values of symbols that have no slider.
    points
        Number of points of each curve.
    height
        Height in pixels; the width follows the page.

    Returns
    -------
    altair.Chart
        Transparent, in the text colour of the page, drawn as SVG and without a menu.

    Raises
    ------
    ValueError
        If a symbol of a curve has neither slider nor constant, a function has no translation, or
        a logarithmic axis starts at or below 0.
    """
    import altair as alt

    if not sliders:
        raise ValueError("sliders must hold at least one Slider; for a fixed figure use plots.")
    for name, scale, bounds in (("x", x_scale, x_range), ("y", y_scale, y_range)):
        if scale == "log" and bounds is not None and bounds[0] <= 0:
            raise ValueError(f"{name}_range must start above 0 on a log scale, got {bounds}.")

    values = {slider.name: slider.expression for slider in sliders}
    values |= {name: repr(float(value)) for name, value in (constants or {}).items()}
    values[x] = "datum.x"
    parameters = []
    for slider in sliders:
        low, high, value, step, label = slider._bound()
        control = alt.binding_range(min=low, max=high, step=step, name=label)
        parameters.append(alt.param(name=slider.parameter, value=value, bind=control))

    chart = alt.Chart(alt.sequence(0, points, 1, as_="i")).transform_calculate(
        x=_position("datum.i", x_range, x_scale, points)
    )
    # Field names without spaces; the labels come back on the colour scale.
    fields = {f"curve_{i}": label for i, label in enumerate(curves)}
    chart = chart.transform_calculate(
        **{field: vega_expression(curves[label], values) for field, label in fields.items()}
    ).transform_fold(list(fields), as_=["field", "y"])
    names = "{" + ", ".join(f"{field}: {_quote(label)}" for field, label in fields.items()) + "}"
    chart = chart.transform_calculate(curve=f"{names}[datum.field]").transform_filter(
        "isFinite(datum.y)" + (" && datum.y > 0" if y_scale == "log" else "")
    )

    y_settings: dict[str, Any] = {"type": y_scale}
    if y_range is not None:
        y_settings["domain"] = list(y_range)
    labels = list(curves)
    legend = None if len(labels) == 1 else alt.Legend(title=None, orient="top", columns=2)
    chart = chart.mark_line(clip=True, strokeWidth=2.5).encode(
        x=alt.X(
            "x:Q",
            title=x_title,
            scale=alt.Scale(type=x_scale, domain=list(x_range), nice=False),
            axis=_axis(x_scale, x_range),
        ),
        y=alt.Y("y:Q", title=y_title, scale=alt.Scale(**y_settings), axis=_axis(y_scale, y_range)),
        color=alt.Color(
            "curve:N",
            scale=alt.Scale(domain=labels, range=_repeat(CYCLE, labels)),
            legend=legend,
        ),
        strokeDash=alt.StrokeDash(
            "curve:N",
            scale=alt.Scale(domain=labels, range=_repeat(_DASHES, labels)),
            legend=legend,
        ),
    )
    return _dress(
        chart.add_params(*parameters).properties(
            width="container", height=height, description=description
        )
    )


_DASHES = ([1, 0], [7, 4], [2, 3], [9, 3, 2, 3], [12, 4], [4, 2, 1, 2])


def _position(index: str, bounds: tuple[float, float], scale: Scale, points: int) -> str:
    """Vega expression of the x of a point."""
    low, high = bounds
    share = f"({index} / {points - 1})"
    if scale == "log":
        return f"{low!r} * pow({high / low!r}, {share})"
    return f"{low!r} + {high - low!r} * {share}"


def _axis(scale: Scale, bounds: tuple[float, float] | None) -> Any:
    """Axis with one label per power of ten where a log axis is long enough for that."""
    import altair as alt

    if scale == "linear" or bounds is None or bounds[1] / bounds[0] < 100:
        return alt.Axis(tickCount=6)
    first, last = math.ceil(math.log10(bounds[0]) - 1e-9), math.floor(math.log10(bounds[1]) + 1e-9)
    powers = range(first, last + 1)
    labels = [f"{10.0**i:,.5g}" if -3 <= i <= 4 else f"10{superscript(i)}" for i in powers]
    texts = json.dumps(labels, ensure_ascii=False)
    return alt.Axis(
        values=[10.0**i for i in powers],
        labelExpr=f"{texts}[round(log(datum.value) / LN10) - ({first})]",
    )


def _repeat(values: Sequence[Any], labels: Sequence[str]) -> list[Any]:
    return [values[i % len(values)] for i in range(len(labels))]


def _quote(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _dress(chart: Any) -> Any:
    """The look of the book: no background, everything in the text colour of the page."""
    ink = "currentColor"
    return (
        chart.configure(background="transparent", font="system-ui, sans-serif")
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=ink,
            titleColor=ink,
            domainColor=ink,
            tickColor=ink,
            gridColor=ink,
            gridOpacity=0.13,
            domainOpacity=0.5,
            tickOpacity=0.5,
            labelFontSize=12,
            titleFontSize=13,
            titleFontWeight="normal",
        )
        .configure_legend(labelColor=ink, titleColor=ink, labelFontSize=13, labelLimit=320)
        # SVG, because only there `currentColor` follows the page when the reader switches between
        # light and dark. The menu would link to an editor on the network.
        .properties(usermeta={"embedOptions": {"renderer": "svg", "actions": False}})
    )
