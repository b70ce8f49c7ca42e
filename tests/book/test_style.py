"""Figures that can be read on a light and on a dark page."""

import subprocess
import sys

import jax
import matplotlib as mpl
import pytest
from matplotlib.colors import to_rgb

from simlib.book import CYCLE, INK, setup
from simlib.book._style import rc_settings

LIGHT, DARK = "#ffffff", "#14171b"
DARKENED = 1.45  # the stylesheet brightens images by this factor on dark pages


def luminance(colour, gain=1.0):
    channels = [min(1.0, gain * c) for c in to_rgb(colour)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    low, high = sorted((a, b))
    return (high + 0.05) / (low + 0.05)


def test_text_of_figures_meets_wcag_on_both_pages():
    assert contrast(luminance(INK), luminance(LIGHT)) >= 4.5
    assert contrast(luminance(INK, DARKENED), luminance(DARK)) >= 4.5


@pytest.mark.parametrize("colour", CYCLE[:3])
def test_the_first_curves_stand_out_on_both_pages(colour):
    assert contrast(luminance(colour), luminance(LIGHT)) >= 3
    assert contrast(luminance(colour), luminance(DARK)) >= 3


def test_the_stylesheet_has_the_colours_assumed_here(request):
    css = (request.config.rootpath / "_static" / "book.css").read_text("utf-8")
    assert f"--pst-color-background: {DARK};" in css
    assert f"brightness({DARKENED})" in css


def test_figures_have_no_background():
    settings = rc_settings()
    assert settings["savefig.transparent"]
    assert {settings[f"{part}.facecolor"] for part in ("figure", "axes", "savefig")} == {"none"}


def test_setup_sets_precision_and_style():
    before = jax.config.read("jax_enable_x64")
    with mpl.rc_context():
        try:
            setup(x64=False)
            assert not jax.config.read("jax_enable_x64")
            assert mpl.rcParams["axes.labelcolor"] == INK
        finally:
            jax.config.update("jax_enable_x64", before)


def test_importing_simlib_changes_no_setting():
    code = (
        "import jax, matplotlib as mpl, warnings\n"
        "before = dict(mpl.rcParams), jax.config.read('jax_enable_x64'), list(warnings.filters)\n"
        "import simlib, simlib.book, simlib.plots\n"
        "after = dict(mpl.rcParams), jax.config.read('jax_enable_x64')\n"
        "assert before[:2] == after\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
