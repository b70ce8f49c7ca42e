"""Horizons from success against length: truth recovered, wrong laws caught, bad input refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special, stats

from simlib import forecast
from simlib.forecast import HORIZON_LAWS, LogNormal, NoiseThreshold, compare_horizons, fit_horizons
from simlib.forecast._horizon_laws import log_failure
from simlib.formulas import horizons as formulas

# Vectors of each law near the data below, and the arguments of its formula after the length.
MEMBERS = {
    "exponential": ([np.log(30.0)], (30.0,)),
    "weibull": ([np.log(30.0), np.log(0.7)], (30.0, 0.7)),
    "log-logistic": ([np.log(30.0), np.log(1.1)], (30.0, 1.1)),
    "log-normal": ([np.log(30.0), np.log(1.6)], (30.0, 1.6)),
    "gamma-frailty": ([np.log(30.0), 0.8], (30.0, 0.8)),
    "noise-threshold": ([np.log(30.0), np.log(4.2)], (30.0**-2, 4.2)),
}
LENGTHS = np.geomspace(1, 400, 60)


def member(law):
    return HORIZON_LAWS[law].build(np.asarray(MEMBERS[law][0]))


def test_laws_are_those_of_the_formulas():
    assert list(HORIZON_LAWS) == list(formulas.LAWS) == list(MEMBERS)
    for law, formula in formulas.LAWS.items():
        process, arguments = member(law), MEMBERS[law][1]
        expected = np.asarray(formula(LENGTHS, *arguments))
        assert np.asarray(process.survival(LENGTHS)) == pytest.approx(expected, rel=1e-9), law
        failed = np.exp(np.asarray(log_failure(process, LENGTHS)))
        assert failed == pytest.approx(1 - expected, rel=1e-6, abs=1e-12), law


@pytest.mark.parametrize("law", ["log-normal", "noise-threshold"])
def test_a_law_is_an_error_process(law):
    process = member(law)
    r = np.array([1e-6, 0.2, 0.5, 0.8, 0.99, 0.999999])
    assert np.asarray(process.survival(process.horizon(r))) == pytest.approx(r, rel=1e-9)
    assert float(process.survival(0.0)) == 1.0
    assert float(process.inverse_cumulative_hazard(0.0)) == 0.0
    step = 1e-5
    build = HORIZON_LAWS[law].build
    vector = np.asarray(MEMBERS[law][0])

    @jax.jit
    def values(v):
        process = build(v)
        horizon = process.inverse_cumulative_hazard(0.3)
        return jnp.stack([horizon, process.log_survival(45.0), log_failure(process, 9.0)])

    slope = np.asarray(jax.jit(jax.jacfwd(values))(vector))
    numeric = [(values(vector + s) - values(vector - s)) / (2 * step) for s in step * np.eye(2)]
    assert slope == pytest.approx(np.array(numeric).T, rel=1e-5)


def test_failures_far_below_the_horizon_keep_their_logarithm():
    # Where the probability itself underflows: -ln Q(2.1, x) near x.
    failed = log_failure(NoiseThreshold(1e-3, 4.2), np.array([0.5, 1.0]))
    x = 2.1 / (1e-3 * np.array([0.5, 1.0]) ** 2)
    expected = (2.1 - 1) * np.log(x) - x - special.gammaln(2.1) + np.log1p(1.1 / x)
    assert np.asarray(failed) == pytest.approx(expected, rel=1e-6)
    failed = float(log_failure(LogNormal(100.0, 0.05), 1.0))
    assert failed == pytest.approx(stats.norm.logcdf(-np.log(100) / 0.05), rel=1e-9)


def test_likelihood_against_scipy():
    y = np.array([9, 7, 4, 1])
    lengths, attempts = np.array([2.0, 10.0, 40.0, 200.0]), np.full(4, 10)
    fit = fit_horizons(lengths, y, attempts, law="log-normal", independent=True)
    p = np.asarray(fit.process.survival(lengths))
    assert fit.log_likelihood == pytest.approx(stats.binom.logpmf(y, attempts, p))

    def loss(v):
        z = (v[0] - np.log(lengths)) / np.exp(v[1])
        return -(y * stats.norm.logcdf(z) + (10 - y) * stats.norm.logsf(z)).sum()

    from scipy import optimize

    best = optimize.minimize(loss, [3.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-8})
    found = [float(fit.parameters[x].value) for x in ("half_life", "log_spread")]
    assert found == pytest.approx(np.exp(best.x), rel=1e-5)
    assert fit.aic == pytest.approx(4 - 2 * fit.log_likelihood.sum())


def test_profile_interval_against_its_definition():
    lengths, attempts = np.array([2.0, 10.0, 40.0, 200.0]), np.full(4, 40)
    y = np.array([37, 28, 16, 5])
    fit = fit_horizons(lengths, y, attempts, law="weibull", independent=True)
    drop = stats.chi2.ppf(0.95, 1) / 2
    top = fit.log_likelihood.sum()
    kappa = np.exp(np.linspace(-1.5, 0.7, 4000))
    for r in (0.5, 0.99):
        for end in (fit.horizons[r].lower, fit.horizons[r].upper):
            half = float(end) * (np.log(2) / -np.log(r)) ** (1 / kappa)
            p = 2 ** -((lengths / half[:, None]) ** kappa[:, None])
            profile = stats.binom.logpmf(y, attempts, p).sum(1).max()
            assert top - profile == pytest.approx(drop, abs=0.01)


def test_coverage_of_a_true_law():
    """95 % intervals of the 80 % and 99 % horizon of a true law, 60 tables of 40 tasks.

    Fewer hits than the lower 1 in 4000 point of Bin(60, 0.95) fail: one false alarm in 2000 for
    both horizons. Intervals that cover three quarters fail with probability above 0.9.
    """
    law, replicates = "weibull", 60
    truth = member(law)
    rng = np.random.default_rng(0)
    lengths = np.geomspace(1, 200, 40)
    p = np.asarray(truth.survival(lengths))
    goal = np.array([float(truth.horizon(r)) for r in (0.8, 0.99)])
    inside = np.zeros(2)
    for _ in range(replicates):
        y = rng.binomial(10, p)
        fit = fit_horizons(
            lengths, y, np.full(40, 10), law=law, reliabilities=(0.8, 0.99), interval="delta"
        )
        inside += [
            bool(fit.horizons[r].contains(t)) for r, t in zip((0.8, 0.99), goal, strict=True)
        ]
    least = stats.binom.ppf(2.5e-4, replicates, 0.95)
    assert (inside >= least).all(), inside
    assert stats.binom.cdf(least - 1, replicates, 0.75) > 0.9


def test_a_wrong_law_is_caught():
    """A log-logistic table of 40,000 attempts: the true law is best, exponential is far behind.

    Twice the log-likelihood ratio to the nearest wrong law has mean 400 and standard deviation
    40; the assertion on it fails by chance less than once in a million tables, that on the
    interval of the true law once in twenty (the table is fixed).
    """
    truth = member("log-logistic")
    lengths, attempts = np.geomspace(1, 400, 20), np.full(20, 2000)
    y = np.random.default_rng(1).binomial(attempts, np.asarray(truth.survival(lengths)))
    found = compare_horizons(
        lengths, y, attempts, independent=True, interval="delta",
        laws=("exponential", "weibull", "log-logistic"),
    )  # fmt: skip
    assert found.best == "log-logistic"
    assert found.plausible == ("log-logistic",)
    assert min(v for law, v in found.behind.items() if law != "log-logistic") > 200
    assert found.fits["log-logistic"].horizons[0.99].contains(float(truth.horizon(0.99)))
    assert not found.fits["weibull"].horizons[0.99].contains(float(truth.horizon(0.99)))


def test_tasks_that_differ_widen_the_interval():
    """Attempts at one task are alike: intervals for independent attempts are too short."""
    rng = np.random.default_rng(2)
    lengths = np.geomspace(1, 200, 60)
    truth, inside = np.exp(-lengths / 30), np.zeros(2)
    kind = {"law": "exponential", "reliabilities": (0.5,), "interval": "delta"}
    effects = []
    for _ in range(40):
        # Beta over tasks, correlation 1/2 between attempts at a task.
        y = rng.binomial(10, rng.beta(truth, 1 - truth))
        clustered = fit_horizons(lengths, y, np.full(60, 10), **kind)
        naive = fit_horizons(lengths, y, np.full(60, 10), independent=True, **kind)
        goal = 30 * np.log(2)
        inside += [bool(f.horizons[0.5].contains(goal)) for f in (clustered, naive)]
        effects.append(clustered.design_effect)
        assert float(naive.horizons[0.5].value) == pytest.approx(
            float(clustered.horizons[0.5].value)
        )
    # Design effect of ten attempts with correlation one half: 1 + 9/2.
    assert np.mean(effects) == pytest.approx(5.5, abs=1.0)
    low = stats.binom.ppf(5e-4, 40, 0.95)
    assert inside[0] >= low
    assert inside[1] < low


def test_rows_of_one_task_are_one_unit():
    lengths = np.repeat(np.geomspace(1, 200, 20), 5)
    y = np.random.default_rng(3).binomial(2, np.exp(-lengths / 40))
    item = np.repeat(np.arange(20), 5)
    kind = {"law": "weibull", "interval": "delta"}
    split = fit_horizons(lengths, y, np.full(100, 2), item=item, **kind)
    whole = fit_horizons(lengths[::5], y.reshape(20, 5).sum(1), np.full(20, 10), **kind)
    for r in (0.5, 0.99):
        for end in ("value", "lower", "upper"):
            assert float(getattr(split.horizons[r], end)) == pytest.approx(
                float(getattr(whole.horizons[r], end)), rel=1e-3
            )


def test_units_of_length_do_not_matter():
    lengths = np.geomspace(1, 200, 30)
    y = np.random.default_rng(4).binomial(8, 1 / (1 + lengths / 40))
    a, b = (
        fit_horizons(lengths * scale, y, np.full(30, 8), law="weibull", interval="delta")
        for scale in (1.0, 60.0)
    )
    for r in a.horizons:
        assert float(b.horizons[r].value) == pytest.approx(
            60 * float(a.horizons[r].value), rel=1e-4
        )
    assert any("below the shortest" in note for note in a.notes)


def test_laws_that_fit_alike_part_at_high_reliability():
    lengths, attempts = np.array([4.0, 15, 60, 240, 960]), np.full(5, 200)
    y = np.array([178, 152, 100, 49, 18])
    found = compare_horizons(lengths, y, attempts, independent=True, interval="delta")
    assert set(found.fits) == set(HORIZON_LAWS)
    assert "exponential" not in found.plausible
    assert {"weibull", "log-logistic"} <= set(found.plausible)
    assert found.disagreement(0.5) < 1.5
    assert found.disagreement(0.99) > 5
    assert found.disagreement(0.999) > found.disagreement(0.99)
    assert sum(found.weights.values()) == pytest.approx(1.0)
    for r in forecast.RELIABILITIES:
        parts = [found.fits[law].horizons[r] for law in found.plausible]
        assert float(found.envelope[r].lower) <= min(float(x.lower) for x in parts)
        assert float(found.envelope[r].upper) >= max(float(x.upper) for x in parts)
        assert found.envelope[r].contains(float(found.averaged[r].value))
    # No task was that reliable: without a law there is no bound from below.
    assert float(found.law_free[0.99].lower) == 0
    assert float(found.law_free[0.99].upper) <= 15


def test_bounds_without_a_law_hold():
    """80 tables under a law unlike any fitted, which starts at 0.97 and falls off a cliff.

    Both intervals are to hold together in 90 % at least; the test fails by chance less than once
    in a million.
    """
    rng = np.random.default_rng(5)
    lengths = np.geomspace(1, 300, 40)
    truth = lambda n: 0.97 * np.exp(-((n / 60) ** 3) / 2)
    goals = {r: 60 * (2 * np.log(0.97 / r)) ** (1 / 3) for r in (0.5, 0.8)}
    missed, useful = 0, 0
    for _ in range(80):
        y = rng.binomial(40, truth(lengths))
        found = forecast.law_free_horizons(lengths, y, np.full(40, 40), reliabilities=(0.5, 0.8))
        missed += not all(bool(found[r].contains(goals[r])) for r in goals)
        useful += np.isfinite(float(found[0.8].upper)) and float(found[0.8].lower) > 0
    assert missed <= stats.binom.isf(1e-6, 80, 0.1)
    assert useful > 40


def test_everything_solved_bounds_one_side():
    lengths, m = np.array([1.0, 10.0, 100.0]), np.full(3, 2000)
    found = forecast.law_free_horizons(lengths, m, m, independent=True, reliabilities=(0.99,))
    assert float(found[0.99].lower) == 100
    assert np.isinf(float(found[0.99].upper))
    clustered = forecast.law_free_horizons(lengths, m, m, reliabilities=(0.99,))
    assert float(clustered[0.99].lower) == 0  # three tasks say little about others
    nothing = forecast.law_free_horizons(lengths, 0 * m, m, independent=True)
    assert float(nothing[0.5].lower) == 0
    assert float(nothing[0.5].upper) == 1


def test_backtest_knows_its_truth():
    """Items that are all alike under a Weibull law: its intervals hold, the exponential's do not.

    Of ten intervals of 95 % at least six hold, but for one in 40,000 suites.
    """
    lengths = np.arange(1, 41)
    success = np.tile(np.exp(-((lengths / 20) ** 2.0)), (50, 1))
    found = forecast.backtest_horizons(
        success, lengths, key=jax.random.key(0), evaluations=10, laws=("exponential", "weibull")
    )
    assert found.truth == pytest.approx(20 * np.sqrt(-np.log(0.99)), rel=0.03)
    assert found.covered["weibull"] >= 6
    assert found.covered["exponential"] == 0
    assert found.width["weibull"] > 1
    with pytest.raises(ValueError, match=r"window .* holds . lengths"):
        forecast.backtest_horizons(success, lengths, key=jax.random.key(0), window=(0.9, 0.905))
    with pytest.raises(ValueError, match="is never lost"):
        forecast.backtest_horizons(
            success[:, :12], lengths[:12], key=jax.random.key(0), reliability=0.5, window=(0.7, 1)
        )


GOOD = {"lengths": [1.0, 5, 9, 20, 60, 80], "successes": [4, 4, 2, 2, 1, 0], "attempts": [4] * 6}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"successes": [5, 4, 2, 2, 1, 0]}, "row 0 has 5 successes in 4 attempts; check which"),
        ({"lengths": [1, 5, 0, 20, 60, 80]}, "lengths must be positive and finite, got 0 in row 2"),
        ({"lengths": [1, 5, np.nan, 2, 6, 8]}, "lengths must be positive .* got nan in row 2"),
        ({"lengths": [1, 5, np.inf, 2, 6, 8]}, "lengths must be positive .* got inf in row 2"),
        ({"lengths": ["a"] * 6}, "lengths must be numbers, got .*; convert"),
        ({"successes": [0.5] * 6}, "whole numbers, 0 or more, got 0.5 .* multiplied"),
        ({"successes": [np.nan] * 6}, "successes must be whole numbers.* got nan in row 0"),
        ({"attempts": [-4, 4, 4, 4, 4, 4]}, "attempts must be whole numbers, 0 or more, got -4"),
        ({"attempts": [0] * 6, "successes": [0] * 6}, "attempts hold 0 attempts in 6 rows"),
        ({"successes": [4, 4]}, "one entry per row, got shapes"),
        ({"successes": [4] * 6}, "all of 24 attempts succeeded.*law_free_horizons.*longer tasks"),
        ({"successes": [0] * 6}, "none of 24 attempts succeeded.*shorter tasks"),
        ({"lengths": [7.0] * 6}, "lengths are 7 throughout, but the law weibull has 2"),
        ({"law": "gompertz"}, "law must be one of exponential, .* got 'gompertz'"),
        ({"level": 1.0}, "level must lie in"),
        ({"reliabilities": (0.5, 99)}, "reliabilities must lie in .* got .* 99 % is 0.99"),
        ({"item": [0, 0, 0, 1, 1, 1]}, "2 tasks are too few .* independent=True"),
        ({"item": [0] * 6, "independent": True}, "give one of them"),
        ({"item": [0, 1]}, "item needs one entry per row"),
    ],
)
def test_bad_input(change, message):
    arguments = {**GOOD, "law": "weibull", **change}
    with pytest.raises(ValueError, match=message):
        fit_horizons(**arguments)


def test_good_input_of_the_same_shape():
    fit = fit_horizons(**GOOD, law="weibull")
    assert all(np.isfinite(float(x.value)) for x in fit.horizons.values())
    one = fit_horizons([7.0] * 5, [2, 1, 3, 2, 2], [4] * 5, law="exponential")
    assert float(one.horizons[0.5].value) == pytest.approx(7.0)


def test_success_that_does_not_fall_leaves_no_bound():
    fit = fit_horizons([1.0, 2, 4, 8, 16, 32], [20, 21, 19, 22, 20, 23], [40] * 6, law="weibull")
    horizon = fit.horizons[0.99]
    assert np.isfinite(float(horizon.value))
    assert float(horizon.upper) / max(float(horizon.lower), 1e-300) > 1e6


def test_a_step_has_a_finite_fit():
    # Everything solved up to 8, nothing beyond: the shape has no upper bound.
    fit = fit_horizons([1.0, 2, 4, 8, 16, 32], [9, 9, 9, 9, 0, 0], [9] * 6, law="log-logistic")
    assert np.isinf(float(fit.parameters["log_logistic_shape"].upper))
    assert 8 <= float(fit.horizons[0.5].value) <= 16


def test_default_precision_mixes_with_other_arrays():
    with jax.enable_x64(False):
        fit = fit_horizons(**GOOD, law="exponential")
        assert fit.process.survival(10.0).dtype == np.float32
        assert fit.horizons[0.5].value.dtype == np.float32
