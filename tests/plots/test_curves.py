"""Survival, hazard and agreement figures: what is drawn is the estimate, band and all."""

import subprocess
import sys

import jax.numpy as jnp
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from scipy import stats

from simlib import Estimate, Uniform, plots
from simlib.book import CYCLE, INK
from simlib.plots._axes import require_estimate

LENGTHS = np.array([1.0, 10.0, 50.0, 100.0, 200.0])
PROCESS = Uniform(error_rate=0.01)
FORMULA = Estimate.exact(PROCESS.survival(jnp.asarray(LENGTHS)))
REPLICATES = 4000


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def simulated():
    first_error = np.random.default_rng(11).geometric(0.01, REPLICATES)
    return Estimate.from_counts((first_error[:, None] > LENGTHS).sum(0), REPLICATES)


def band_of(ax):
    (band,) = [x for x in ax.collections if isinstance(x, PolyCollection)]
    (path,) = band.get_paths()
    return path.vertices


def edges_of_band(ax, x):
    """Lower and upper end of the band at each position."""
    vertices = band_of(ax)
    at = [vertices[np.isclose(vertices[:, 0], position), 1] for position in x]
    return np.array([y.min() for y in at]), np.array([y.max() for y in at])


def legend_texts(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


@pytest.mark.parametrize("draw", [plots.survival_curve, plots.hazard_curve])
def test_band_and_line_are_the_estimate(draw, simulated):
    ax = draw(LENGTHS, simulated, label="simulated")
    (line,) = ax.lines
    np.testing.assert_array_equal(line.get_xdata(), LENGTHS)
    np.testing.assert_allclose(line.get_ydata(), simulated.value)
    lower, upper = edges_of_band(ax, LENGTHS)
    np.testing.assert_allclose(lower, simulated.lower, rtol=1e-6)
    np.testing.assert_allclose(upper, simulated.upper, rtol=1e-6)
    assert legend_texts(ax) == ["simulated (n = 4,000, 95 % band)"]
    assert ax.get_xlabel()
    assert ax.get_ylabel()


def test_exact_values_have_no_band_and_no_n():
    ax = plots.survival_curve(LENGTHS, FORMULA, label="formula")
    assert not ax.collections
    assert legend_texts(ax) == ["formula"]


def test_several_curves_share_axes_but_not_colours(simulated):
    ax = plots.survival_curve(LENGTHS, simulated)
    assert plots.survival_curve(LENGTHS, FORMULA, ax, label="formula", linewidth=3) is ax
    first, second = ax.lines
    assert first.get_color() != second.get_color()
    assert second.get_linewidth() == 3
    assert mpl.colors.same_color(ax.collections[0].get_facecolor()[0, :3], first.get_color())
    assert legend_texts(ax) == ["n = 4,000, 95 % band", "formula"]
    colours = {mpl.colors.to_hex(text.get_color()) for text in ax.get_legend().get_texts()}
    assert colours == {INK}  # although the second call came without the style of the book


def test_new_figures_have_the_style_of_the_book_and_leave_global_settings_alone(simulated):
    before = dict(mpl.rcParams)
    ax = plots.survival_curve(LENGTHS, simulated)
    assert dict(mpl.rcParams) == before
    assert ax.figure.get_facecolor()[3] == 0  # transparent
    assert ax.get_facecolor()[3] == 0
    assert ax.lines[0].get_color() == CYCLE[0]
    texts = [ax.xaxis.label, ax.yaxis.label, *ax.get_xticklabels(), *ax.get_legend().get_texts()]
    assert {mpl.colors.to_hex(text.get_color()) for text in texts} == {INK}


def contrast(one, other):
    def luminance(colour):
        linear = [
            x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4
            for x in mpl.colors.to_rgb(colour)
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def test_colours_can_be_told_from_light_and_dark_pages():
    """WCAG 2.2: text 4.5:1 on white; on the dark pages no grey reaches it as well (the best
    compromise has 4.2:1 on both), so 3:1, the bound for graphics, is what holds everywhere."""
    pages = ("#ffffff", "#121212", "#14181e")
    assert contrast(INK, "#ffffff") >= 4.5
    for page in pages:
        assert contrast(INK, page) >= 3.9
        for colour in CYCLE[:4]:
            assert contrast(colour, page) >= 3.0


@pytest.mark.parametrize("bare", [np.ones(5), [0.5], 0.5, None])
def test_numbers_without_uncertainty_are_refused(bare):
    with pytest.raises(
        TypeError, match=r"survival must be an Estimate.*Estimate\.exact\(survival\)"
    ):
        require_estimate("survival", bare)


def test_every_figure_refuses_bare_numbers():
    """In a new process, because the hook of this test run would object to the type first."""
    code = """
import matplotlib; matplotlib.use("agg")
import numpy as np
from simlib import Estimate, plots
x = np.ones(3); exact = Estimate.exact(x)
calls = [lambda: plots.survival_curve(x, x), lambda: plots.hazard_curve(x, x),
         lambda: plots.agreement(x, x, exact), lambda: plots.agreement(x, exact, x)]
for call in calls:
    try:
        call()
    except TypeError as error:
        assert "Estimate.exact" in str(error), error
    else:
        raise SystemExit("accepted bare numbers")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_shapes_must_match(simulated):
    with pytest.raises(ValueError, match=r"shapes \(4,\) and \(5,\)"):
        plots.survival_curve(LENGTHS[:4], simulated)
    with pytest.raises((ValueError, TypeError)):  # the hook of the test run objects first
        plots.survival_curve(LENGTHS[0], simulated[0])


def test_ratios_show_the_interval(simulated):
    ax = plots.agreement(LENGTHS, simulated, FORMULA, label="simulated")
    (container,) = ax.containers
    points, _, (bars,) = container
    np.testing.assert_allclose(points.get_ydata(), simulated.value / FORMULA.value)
    ends = np.array([segment[:, 1] for segment in bars.get_segments()])
    np.testing.assert_allclose(ends[:, 0], simulated.lower / FORMULA.value, rtol=1e-6)
    np.testing.assert_allclose(ends[:, 1], simulated.upper / FORMULA.value, rtol=1e-6)
    assert legend_texts(ax) == ["simulated (n = 4,000, 95 % bars)"]


def test_ratios_join_the_uncertainty_of_both(simulated):
    sure = plots.agreement(LENGTHS, simulated, FORMULA)
    unsure = plots.agreement(LENGTHS, simulated, simulated)
    width = lambda ax: (
        np.array([np.ptp(s[:, 1]) for s in ax.containers[0][2][0].get_segments()])
        / np.asarray(ax.containers[0][0].get_ydata())
    )
    # Twice the same relative error, added in squares.
    np.testing.assert_allclose(width(unsure) / width(sure), np.sqrt(2), rtol=0.05)


def test_z_scores_and_their_joint_band(simulated):
    ax = plots.agreement(LENGTHS, simulated, FORMULA, kind="z", level=0.9)
    points = ax.lines[0]
    np.testing.assert_allclose(points.get_ydata(), simulated.z_score(FORMULA.value), rtol=1e-5)
    (band,) = ax.patches
    limit = stats.norm.isf(0.1 / (2 * len(LENGTHS)))
    assert band.get_y() == pytest.approx(-limit)
    assert band.get_height() == pytest.approx(2 * limit)
    assert "all 5 points inside with probability 90 %" in legend_texts(ax)


def test_a_wrong_formula_leaves_the_band(simulated):
    """The union bound for survival, 1 - ne, differs from the truth by 0.03 at n = 50 and more
    beyond; at 4,000 replicates that is many standard errors."""
    wrong = Estimate.exact(np.maximum(1 - 0.01 * LENGTHS, 0.0))
    limit = stats.norm.isf(0.05 / (2 * len(LENGTHS)))
    farthest = lambda formula: np.abs(
        plots.agreement(LENGTHS, simulated, formula, kind="z").lines[0].get_ydata()
    ).max()
    assert farthest(FORMULA) < limit
    assert farthest(wrong) > 3 * limit


def test_options_are_checked(simulated):
    with pytest.raises(ValueError, match=r"level must lie in \(0, 1\)"):
        plots.agreement(LENGTHS, simulated, FORMULA, kind="z", level=1.0)
    # The hook of the test run objects first, with a subclass of TypeError.
    with pytest.raises((ValueError, TypeError), match="kind"):
        plots.agreement(LENGTHS, simulated, FORMULA, kind="difference")


def test_degenerate_comparisons_are_refused(simulated):
    with pytest.raises(ValueError, match="predicted is 0"):
        plots.agreement(LENGTHS, simulated, Estimate.exact(np.zeros(5)))
    with pytest.raises(ValueError, match="both values are exact"):
        plots.agreement(LENGTHS, FORMULA, FORMULA, kind="z")
