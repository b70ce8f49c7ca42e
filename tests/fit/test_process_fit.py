"""Fits of processes to runs: exact likelihood, recovery, references, intervals, poor data."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from lifelines import WeibullFitter
from scipy import optimize, stats

from simlib import fit
from simlib.fit import PROCESS_FAMILIES, FrailPower, PowerHazard, Runs, fit_process
from simlib.mixing import Gamma
from simlib.processes import HeavyTailed, KeyTokens, LogarithmicGrowth, SaturatingGrowth, Uniform
from simlib.simulate import first_error
from tests.statistics import assert_agrees

TRUTHS = {
    "uniform": (Uniform(0.02), {"error_rate": 0.02}),
    "power": (PowerHazard(60.0, 0.6), {"exponent": 0.6, "scale": 60.0}),
    "rising": (PowerHazard(60.0, 1.6), {"exponent": 1.6, "scale": 60.0}),
    "logarithmic": (KeyTokens(1 - np.exp(-0.4), LogarithmicGrowth(1.0)), {"power": 0.4}),
    "saturating": (
        KeyTokens(1 - np.exp(-0.03), SaturatingGrowth(40.0, 40.0)),
        {"plateau": np.exp(-1.2), "scale": 40.0},
    ),
    "heavy_tailed": (
        HeavyTailed(Gamma(0.03, 0.03**2)),
        {"mean_hazard": 0.03, "frailty_variance": 1.0},
    ),
    "log_logistic": (FrailPower(50.0, 1.2, 1.0), {"exponent": 1.2, "half_life": 50.0}),
    "frail_power": (
        FrailPower(50.0, 1.4, 0.8),
        {"exponent": 1.4, "frailty_variance": 0.8, "scale": 50.0},
    ),
}
FAMILY = {"rising": "power"}


def draw(name, size, seed, cut=200):
    first = np.asarray(first_error(TRUTHS[name][0], key=jax.random.key(seed), shape=(size,)))
    return Runs.from_columns(np.minimum(first, cut), (first <= cut).astype(int))


def every_outcome(cut):
    length = np.append(np.arange(1, cut + 1), cut)
    return Runs.from_columns(length, np.append(np.ones(cut, int), 0))


@pytest.mark.parametrize("name", TRUTHS)
def test_the_probabilities_of_all_outcomes_are_products_of_hazards(name):
    process, runs = TRUTHS[name][0], every_outcome(50)
    log_p = fit.run_log_likelihood(process, runs)
    assert np.exp(log_p).sum() == pytest.approx(1.0, abs=1e-12)
    hazard = np.asarray(process.hazard(np.arange(1.0, 51.0)))
    right = np.concatenate([[1.0], np.cumprod(1 - hazard)])
    direct = np.append(right[:-1] * hazard, right[-1])
    order = np.append(np.flatnonzero(runs.error == 1), np.flatnonzero(runs.error == 0))
    assert np.allclose(np.exp(log_p[order]), direct, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("name", PROCESS_FAMILIES)
def test_horizons_of_a_family_are_those_of_its_process(name):
    family = PROCESS_FAMILIES[name]
    rng = np.random.default_rng(1)
    for _ in range(5):
        shapes = [rng.uniform(max(low, -1.0), min(high, 2.0)) for low, high in family.bounds[1:]]
        vector, scale = jnp.array([rng.normal(), *shapes]), jnp.asarray(30.0)
        levels = jnp.array([0.01, 0.1])
        length = np.exp([float(family.log_inverse(vector, scale, x)) for x in levels])
        process = family.build(vector, scale)
        if name == "logarithmic":  # no key token before the second step
            length = np.maximum(length, 1.0)
        expected = np.asarray(process.inverse_cumulative_hazard(levels))
        reached = np.isfinite(expected)
        clipped = expected[reached] < 3 if name == "logarithmic" else np.zeros(reached.sum(), bool)
        assert np.allclose(length[reached][~clipped], expected[reached][~clipped], rtol=1e-9)


@pytest.mark.parametrize("name", TRUTHS)
def test_every_process_is_recovered(name):
    """False alarms below one in a million for all parameters and horizons together."""
    truth, parameters = TRUTHS[name]
    found = fit_process(draw(name, 3000, 2), FAMILY.get(name, name), level=1 - 1e-6 / 40)
    for key, value in parameters.items():
        assert bool(found.parameters[key].contains(value)), key
        # Strong enough to mean something: the interval excludes twice the value, or half of it.
        interval = found.parameters[key]
        assert not (bool(interval.contains(2.5 * value)) and bool(interval.contains(value / 2.5)))
    for r, interval in found.horizons.items():
        horizon = float(truth.horizon(r))
        if name != "logarithmic" or horizon > 3:
            assert bool(interval.contains(horizon)), r


def test_uniform_errors_have_a_closed_form():
    runs = draw("uniform", 400, 3)
    d, r = runs.errors, runs.steps
    found = fit_process(runs, "uniform")
    assert float(found.parameters["error_rate"].value) == pytest.approx(d / r, rel=1e-6)
    log_likelihood = lambda e: d * np.log(e) + (r - d) * np.log1p(-e)
    assert found.total == pytest.approx(log_likelihood(d / r), rel=1e-12)
    fall = lambda e: log_likelihood(d / r) - log_likelihood(e) - stats.chi2.ppf(0.95, 1) / 2
    ends = [optimize.brentq(fall, d / r / 3, d / r), optimize.brentq(fall, d / r, 3 * d / r)]
    got = found.parameters["error_rate"]
    assert np.allclose([got.lower, got.upper], ends, rtol=1e-4)
    # A horizon of uniform errors falls with the rate: its interval is that of the rate.
    half = np.log(0.5) / np.log1p(-np.array(ends[::-1]))
    assert np.allclose([found.horizons[0.5].lower, found.horizons[0.5].upper], half, rtol=1e-4)


def test_the_weibull_law_agrees_with_lifelines():
    """Runs in whole steps are interval-censored lifetimes; lifelines fits these, too."""
    runs = draw("power", 800, 4)
    length, error = runs.length[runs.pair].astype(float), runs.error[runs.pair]
    reference = WeibullFitter().fit_interval_censoring(
        np.where(error == 1, np.maximum(length - 1, 1e-9), length),
        np.where(error == 1, length, np.inf),
    )
    found = fit_process(runs, "power")
    assert found.total == pytest.approx(reference.log_likelihood_, abs=1e-3)
    assert float(found.parameters["exponent"].value) == pytest.approx(reference.rho_, rel=1e-3)
    assert float(found.parameters["scale"].value) == pytest.approx(reference.lambda_, rel=1e-3)
    stderr = reference.summary.loc["rho_", "se(coef)"]
    assert float(found.parameters["exponent"].stderr) == pytest.approx(stderr, rel=0.02)


@pytest.mark.parametrize("name", ["power", "heavy_tailed", "saturating"])
def test_intervals_are_those_of_the_profile(name):
    """Against a profile over a fine grid, for a parameter and for a horizon."""
    runs = draw(name, 300, 5)
    found, family = fit_process(runs, name), PROCESS_FAMILIES[name]
    shape = found.optimum.vector[1]
    grid = np.linspace(shape - 1.2 * abs(shape) - 0.2, shape + 1.5 * abs(shape) + 0.3, 121)
    grid = np.clip(grid, *family.bounds[1])
    rates = found.optimum.vector[0] + np.linspace(-0.8, 1.2, 161)
    vectors = jnp.array([[rate, shape] for shape in grid for rate in rates])
    scale = jnp.asarray(found.scale)
    length, error = jnp.asarray(runs.length, float), jnp.asarray(runs.error == 1)
    weight = jnp.asarray(runs.count, float)

    def both(vector):
        process = family.build(vector, scale)
        before = process.log_survival(jnp.where(error, length - 1, length))
        fall = jnp.where(error, process.log_survival(length) - before, -1.0)
        each = before + jnp.where(error, jnp.log(-jnp.expm1(fall)), 0.0)
        return weight @ each, family.log_inverse(vector, scale, jnp.log(2.0))

    total, log_half = (np.asarray(x) for x in jax.lax.map(jax.jit(both), vectors))
    inside = total >= found.total - stats.chi2.ppf(0.95, 1) / 2
    assert total.max() <= found.total + 1e-6
    got = found.horizons[0.5]
    width = float(np.log(got.upper) - np.log(got.lower))
    assert np.log(got.lower) == pytest.approx(log_half[inside].min(), abs=0.03 * width)
    assert np.log(got.upper) == pytest.approx(log_half[inside].max(), abs=0.03 * width)
    shapes = np.asarray(vectors)[inside, 1]
    step = np.diff(grid).max()
    value = {"power": np.exp, "heavy_tailed": lambda x: x, "saturating": lambda x: found.scale / x}
    key = {"power": "exponent", "heavy_tailed": "frailty_variance", "saturating": "scale"}[name]
    ends = sorted(value[name](x) for x in (shapes.min(), shapes.max()))
    near = abs(value[name](shapes.max()) - value[name](shapes.max() - 1.5 * step))
    far = abs(value[name](shapes.min() + 1.5 * step) - value[name](shapes.min()))
    assert np.allclose(
        [found.parameters[key].lower, found.parameters[key].upper], ends, atol=max(near, far)
    )


def test_coverage_of_profile_intervals():
    """Sixty data sets; a true coverage below 0.7 would be seen."""
    truth, parameters = TRUTHS["power"]
    hits = np.zeros(3)
    horizon = float(truth.horizon(0.5))
    for seed in range(60):
        found = fit_process(draw("power", 120, 100 + seed), "power", horizons=[0.5])
        hits += [
            bool(found.parameters["exponent"].contains(parameters["exponent"])),
            bool(found.parameters["scale"].contains(parameters["scale"])),
            bool(found.horizons[0.5].contains(horizon)),
        ]
    agreement = assert_agrees(hits, [0.95] * 3, n=60, wrong={"half of the width": [0.6] * 3})
    print(agreement)


# -- poor data -----------------------------------------------------------------------------


def test_without_errors_there_is_an_exact_bound():
    runs = Runs.from_columns(np.array([100, 200]), np.array([0, 0]))
    with pytest.raises(ValueError, match="none of 2 runs has an error"):
        fit_process(runs, "uniform")
    bound = fit.error_free(runs)
    upper = float(bound["error_rate"].upper)
    assert (1 - upper) ** 300 == pytest.approx(0.05)
    assert float(bound["horizon 0.5"].lower) == pytest.approx(np.log(0.5) / np.log1p(-upper))
    assert float(bound["horizon 0.5"].upper) == np.inf
    with pytest.raises(ValueError, match="1 runs have an error"):
        fit.error_free(Runs.from_columns(np.array([3]), np.array([1])))


def test_runs_that_all_fail_at_once_are_refused():
    with pytest.raises(ValueError, match="every one of 4 runs failed at step 1"):
        fit_process(Runs.from_columns(np.ones(4), np.ones(4, int)), "power")


POOR = {
    "one run": ([7], [1]),
    "all at one length": ([5] * 20, [1] * 20),
    "one error among many": ([50] * 30, [1] + [0] * 29),
    "only the first step": ([1] * 20, [1] * 5 + [0] * 15),
    "two lengths": ([1, 1, 1, 1000], [1, 1, 1, 0]),
    "huge lengths": ([10**9, 2 * 10**9, 10**6], [1, 0, 1]),
}


@pytest.mark.parametrize("name", POOR)
@pytest.mark.parametrize("family", ["uniform", "power", "saturating", "heavy_tailed"])
def test_poor_data_give_wide_answers_and_never_nan(name, family):
    length, error = (np.array(x) for x in POOR[name])
    found = fit_process(Runs.from_columns(length, error), family)
    for x in [*found.parameters.values(), *found.horizons.values()]:
        values = np.array([x.value, x.lower, x.upper, x.stderr])
        assert not np.isnan(values).any()
        assert x.lower <= x.value <= x.upper
    if family == "power" and name in ("one run", "only the first step"):
        shape = found.parameters["exponent"]
        assert shape.upper == np.inf
        assert any("exponent has no upper bound" in note for note in found.notes)


def test_uniform_runs_leave_heterogeneity_at_zero_or_near():
    found = fit_process(draw("uniform", 2000, 20), "heavy_tailed")
    variance = found.parameters["frailty_variance"]
    assert float(variance.lower) == 0.0
    assert float(variance.upper) < 0.3
    plateau = fit_process(draw("uniform", 2000, 20), "saturating").parameters
    assert float(plateau["plateau"].lower) == 0.0
    assert float(plateau["scale"].upper) == np.inf


def test_a_plateau_has_an_infinite_horizon():
    found = fit_process(draw("saturating", 3000, 7), "saturating", horizons=[0.5, 0.2])
    assert found.horizons[0.2].value == np.inf
    assert found.horizons[0.2].lower == np.inf
    assert found.horizons[0.5].upper < np.inf


def test_a_family_that_excludes_the_runs_says_so():
    with pytest.raises(ValueError, match=r"logarithmic cannot have produced .* first step"):
        fit_process(draw("uniform", 500, 8), "logarithmic")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"family": "unifrom"}, "family must be one of uniform, power"),
        ({"level": 1.0}, "level must lie in"),
        ({"horizons": [0.5, 1.0]}, "horizons must lie in"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        fit_process(draw("uniform", 50, 9), **({"family": "uniform"} | arguments))


def test_a_longer_run_without_error_never_lowers_the_horizon():
    length, error = np.array([3, 9, 20, 40]), np.array([1, 1, 1, 0])
    short = fit_process(Runs.from_columns(length, error), "power").horizons[0.5]
    length[-1] = 400
    long = fit_process(Runs.from_columns(length, error), "power").horizons[0.5]
    assert long.value > short.value
