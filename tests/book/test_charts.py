"""Interactive figures: what the browser gets."""

import json
import re

import numpy as np
import pytest
import vl_convert

from simlib.book import CYCLE, Slider, explore
from simlib.formulas import uniform

RATE = Slider("error_rate", "error rate e", 1e-5, 1e-1, 1e-3, "log")
ATTEMPTS = Slider("k", "attempts k", 1, 100, 10, step=1)


def chart(**changes):
    settings = {
        "x": "n", "x_range": (1, 1e4), "x_scale": "log", "y_range": (0, 1),
        "x_title": "length n (tokens)", "y_title": "survival", "description": "A falling curve.",
        "sliders": [RATE],
    }  # fmt: skip
    return explore({"survival": uniform.survival}, **{**settings, **changes})


def drawn_path(spec: dict) -> np.ndarray:
    """Points of the first curve in data coordinates of the unit square."""
    svg = vl_convert.vegalite_to_svg(spec, vl_version="6.4")
    path = next(p for p in re.findall(r'aria-roledescription="line mark"[^>]* d="([^"]+)"', svg))
    points = np.array(re.findall(r"(-?[\d.]+),(-?[\d.]+)", path), float)
    height = spec["height"]
    return np.stack([points[:, 0] / points[:, 0].max(), 1 - points[:, 1] / height], axis=1)


def test_the_drawn_curve_is_the_formula():
    points = drawn_path(chart().to_dict())
    expected = np.asarray(uniform.survival(10 ** (4 * points[:, 0]), 1e-3))
    np.testing.assert_allclose(points[:, 1], expected, atol=0.01)


def test_another_slider_position_draws_another_curve():
    moved = chart(sliders=[Slider("error_rate", "e", 1e-5, 1e-1, 1e-2, "log")]).to_dict()
    assert np.abs(drawn_path(moved)[:, 1] - drawn_path(chart().to_dict())[:, 1]).max() > 0.3


def test_it_fits_every_page():
    spec = chart().to_dict()
    assert spec["width"] == "container"
    assert spec["description"] == "A falling curve."
    assert spec["config"]["background"] == "transparent"
    assert spec["config"]["axis"]["labelColor"] == "currentColor"
    assert spec["usermeta"]["embedOptions"] == {"renderer": "svg", "actions": False}
    assert "http" not in json.dumps(spec).replace(spec["$schema"], "")


def test_curves_differ_in_colour_and_in_dash():
    spec = explore(
        {"one": uniform.survival, "k attempts": uniform.pass_probability},
        x="n", x_range=(1, 100), x_title="n", y_title="p", description="d",
        sliders=[RATE, ATTEMPTS],
    ).to_dict()  # fmt: skip
    colours = spec["encoding"]["color"]["scale"]
    assert colours == {"domain": ["one", "k attempts"], "range": list(CYCLE[:2])}
    dashes = spec["encoding"]["strokeDash"]["scale"]["range"]
    assert dashes[0] != dashes[1]
    assert [p["bind"]["input"] for p in spec["params"] if "bind" in p] == ["range", "range"]


def test_a_log_slider_moves_the_power_of_ten():
    assert RATE.expression == "pow(10, log10_error_rate)"
    (parameter,) = [p for p in chart().to_dict()["params"] if "bind" in p]
    assert parameter["value"] == -3
    assert parameter["bind"] == {
        "input": "range", "min": -5, "max": -1, "step": 0.04, "name": "error rate e = 10^"
    }  # fmt: skip


def test_constants_take_the_place_of_sliders():
    spec = explore(
        {"k attempts": uniform.pass_probability},
        x="n", x_range=(1, 100), x_title="n", y_title="p", description="d",
        sliders=[RATE], constants={"k": 3},
    ).to_dict()  # fmt: skip
    assert "3.0" in json.dumps(spec["transform"])


def test_log_axes_are_labelled_by_powers_of_ten():
    axis = chart(y_scale="log", y_range=(1e-6, 1)).to_dict()["encoding"]["y"]["axis"]
    assert axis["values"] == [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0]
    assert "10⁻⁶" in axis["labelExpr"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sliders": []}, "at least one Slider"),
        ({"x_range": (0, 10)}, "x_range must start above 0"),
        ({"y_scale": "log"}, "y_range must start above 0"),
        ({"sliders": [ATTEMPTS]}, r"no value for \['error_rate'\]"),
    ],
)
def test_mistakes_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        chart(**changes)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("e", "e", 0.0, 1.0, 0.5, "log"), "needs low > 0"),
        (("e", "e", 0.1, 1.0, 2.0), "low <= value <= high"),
        (("e", "e", 1.0, 1.0, 1.0), "low < high"),
    ],
)
def test_sliders_check_their_range(arguments, message):
    with pytest.raises(ValueError, match=message):
        Slider(*arguments)
