"""Posteriors of processes: closed forms, grids, calibration, profile intervals, poor data."""

import jax
import numpy as np
import pytest
from scipy import special, stats

from simlib.fit import (
    PROCESS_FAMILIES,
    PowerHazard,
    Runs,
    fit_items,
    fit_process,
    posterior_items,
    posterior_process,
    run_log_likelihood,
)
from simlib.simulate import first_error

SILENT = Runs.from_columns(np.full(30, 10), np.zeros(30, int))


def draw(process, size, seed, cut=200, item=None):
    first = np.asarray(first_error(process, key=jax.random.key(seed), shape=(size,)))
    return Runs.from_columns(np.minimum(first, cut), (first <= cut).astype(int), item=item)


def ends(x):
    return np.array([float(x.lower), float(x.value), float(x.upper)])


@pytest.mark.parametrize("errors", ["some", "none"])
def test_uniform_errors_have_the_beta_posterior(errors):
    """A uniform error rate has a logit that is logistic; then everything is a beta law."""
    runs = draw(PowerHazard(20.0, 1.0), 200, 1, cut=60) if errors == "some" else SILENT
    found = posterior_process(
        runs, "uniform", horizons=[0.5], prior={"error_rate": stats.genlogistic(1.0)}
    )
    exact = stats.beta(1 + runs.errors, 1 + runs.steps - runs.errors)
    truth = exact.ppf([0.025, 0.5, 0.975])
    assert np.allclose(ends(found.parameters["error_rate"]), truth, atol=0.02 * exact.std())
    assert found.means["error_rate"] == pytest.approx(exact.mean(), rel=2e-3)
    evidence = special.betaln(1 + runs.errors, 1 + runs.steps - runs.errors)
    assert found.log_evidence == pytest.approx(evidence, abs=1e-3)
    half = np.log(0.5) / np.log1p(-truth[::-1])
    assert np.allclose(ends(found.horizons[0.5]), half, rtol=0.02)
    survival = found.survival(np.array([7]))
    mean = np.exp(special.betaln(exact.args[0], exact.args[1] + 7) - special.betaln(*exact.args))
    assert float(survival.value[0]) == pytest.approx(mean, rel=2e-3)


def test_two_parameters_agree_with_sums_over_a_grid():
    runs = draw(PowerHazard(60.0, 0.6), 40, 2)
    found = posterior_process(runs, "power", horizons=[0.5])
    log_a, log_s = np.linspace(-1.5, 0.6, 121), np.linspace(2.0, 6.5, 141)
    prior = stats.norm.logpdf(log_a, 0, 0.7)[:, None] + stats.norm.logpdf(log_s, np.log(100), 4)
    each = [
        [run_log_likelihood(PowerHazard(s, a), runs) @ runs.count for s in np.exp(log_s[::4])]
        for a in np.exp(log_a[::4])
    ]
    log_post = np.array(each) + prior[::4, ::4]
    cell = 16 * (log_a[1] - log_a[0]) * (log_s[1] - log_s[0])
    assert found.log_evidence == pytest.approx(special.logsumexp(log_post) + np.log(cell), abs=0.01)
    weight = np.exp(log_post - special.logsumexp(log_post))
    mean_a = weight.sum(1) @ np.exp(log_a[::4])
    mean_s = weight.sum(0) @ np.exp(log_s[::4])
    assert found.means["exponent"] == pytest.approx(mean_a, rel=0.003)
    assert found.means["scale"] == pytest.approx(mean_s, rel=0.005)


@pytest.mark.parametrize("family", ["uniform", "power", "heavy_tailed"])
def test_with_many_runs_posterior_and_profile_agree(family):
    runs = draw(PowerHazard(60.0, 0.8), 10_000, 3)
    bayes, profile = posterior_process(runs, family), fit_process(runs, family)
    pairs = [(bayes.parameters[k], profile.parameters[k]) for k in bayes.parameters]
    pairs += [(bayes.horizons[r], profile.horizons[r]) for r in bayes.horizons]
    for ours, theirs in pairs:
        width = float(theirs.upper - theirs.lower)
        assert np.allclose(ends(ours), ends(theirs), atol=0.06 * width)
        assert float(ours.stderr) == pytest.approx(float(theirs.stderr), rel=0.05)
    assert max(bayes.sensitivity.values()) < 0.05
    assert bayes.effective > 3000


def test_intervals_hold_the_truth_as_often_as_they_say():
    """Parameters from the prior, 80 % intervals, 50 data sets.

    The number inside is binomial, so that a right posterior fails one time in 10^4 per number.
    Intervals of a third of the width are caught.
    """
    sets, rng = 50, np.random.default_rng(5)
    prior = {"exponent": stats.norm(0.0, 0.4), "scale": stats.norm(np.log(40.0), 0.8)}
    inside, narrow = np.zeros(3), np.zeros(3)
    for _ in range(sets):
        exponent, scale = np.exp(rng.normal([0.0, np.log(40.0)], [0.4, 0.8]))
        process = PowerHazard(scale, exponent)
        n = np.ceil(scale * rng.exponential(size=25) ** (1 / exponent)).clip(1, 101)
        runs = Runs.from_columns(np.minimum(n, 100), n <= 100)
        found = posterior_process(runs, "power", level=0.8, horizons=[0.8], prior=prior)
        truths = [exponent, scale, float(process.horizon(0.8))]
        numbers = [*found.parameters.values(), found.horizons[0.8]]
        for i, (x, truth) in enumerate(zip(numbers, truths, strict=True)):
            low, middle, high = ends(x)
            inside[i] += low <= truth <= high
            narrow[i] += (low + 2 * middle) / 3 <= truth <= (2 * middle + high) / 3
    low, high = stats.binom.ppf([1e-4 / 2, 1 - 1e-4 / 2], sets, 0.8)
    assert ((low <= inside) & (inside <= high)).all(), inside
    assert (narrow < low).all(), narrow


# -- items ---------------------------------------------------------------------------------


def test_repeated_items_identify_frailty_and_single_runs_do_not():
    rng = np.random.default_rng(7)
    z = rng.gamma(1.0, 1.0, (60, 1))
    n = np.ceil(30 * rng.exponential(size=(60, 4)) / z).clip(1, 101).ravel()
    item = np.repeat(np.arange(60), 4)
    repeated = Runs.from_columns(np.minimum(n, 100), n <= 100, item=item)
    bayes, profile = posterior_items(repeated), fit_items(repeated)
    for name, ours in bayes.parameters.items():
        theirs = profile.parameters[name]
        width = float(theirs.upper - theirs.lower)
        assert np.allclose(ends(ours), ends(theirs), atol=0.25 * width)
    single = Runs.from_columns(np.minimum(n[::4], 100), n[::4] <= 100, item=item[::4])
    wide = posterior_items(single)
    assert wide.log_evidence == pytest.approx(
        posterior_process(single, "frail_power").log_evidence, abs=0.02
    )
    ratio = [
        np.log(x.parameters["frailty_variance"].upper / x.parameters["frailty_variance"].lower)
        for x in (wide, bayes)
    ]
    assert ratio[0] > 1.5 * ratio[1]


# -- poor data -----------------------------------------------------------------------------

POOR = {
    "no error at all": SILENT,
    "one run": Runs.from_columns(np.array([7]), np.array([1])),
    "every run fails at once": Runs.from_columns(np.ones(9), np.ones(9, int)),
    "one error among many": Runs.from_columns(np.full(30, 50), np.arange(30) == 0),
    "huge lengths": Runs.from_columns(np.array([10**9, 10**6]), np.array([1, 0])),
}


@pytest.mark.parametrize("name", POOR)
@pytest.mark.parametrize("family", PROCESS_FAMILIES)
def test_poor_data_give_wide_answers_and_never_nan(name, family):
    if PROCESS_FAMILIES[family].refuses(POOR[name]):
        with pytest.raises(ValueError, match="cannot have produced"):
            posterior_process(POOR[name], family)
        return
    found = posterior_process(POOR[name], family)
    for x in [*found.parameters.values(), *found.horizons.values()]:
        values = np.array([x.value, x.lower, x.upper, x.stderr])
        assert not np.isnan(values).any()
        assert x.lower < x.upper or x.lower == x.upper == np.inf
    assert np.isfinite(found.log_evidence)
    assert found.effective > 300
    if name == "no error at all":
        assert sum("rests on its prior" in note for note in found.notes) == len(found.parameters)


def test_without_errors_the_prior_has_a_say_and_is_heard():
    found = posterior_process(SILENT, "uniform")
    rate = found.parameters["error_rate"]
    assert float(rate.upper) < 3 / SILENT.steps
    assert float(rate.lower) < 1e-5
    assert found.sensitivity["error_rate"] > 0.5
    doubled = posterior_process(
        SILENT, "uniform", prior={"error_rate": stats.norm(special.logit(0.01), 8.0)}
    )
    assert float(doubled.parameters["error_rate"].value) < 0.2 * float(rate.value)
    # More steps without error push the rate down, whatever the prior.
    longer = Runs.from_columns(np.full(30, 1000), np.zeros(30, int))
    assert posterior_process(longer, "uniform").parameters["error_rate"].upper < rate.upper / 30


def test_a_plateau_has_an_infinite_horizon():
    runs = Runs.from_columns(np.r_[np.arange(1, 21), np.full(80, 10_000)], np.arange(100) < 20)
    found = posterior_process(runs, "saturating", horizons=[0.5, 0.9])
    assert found.horizons[0.5].lower == np.inf
    assert found.horizons[0.9].upper < 100
    assert found.parameters["plateau"].contains(0.8)


def test_the_answer_is_the_same_whatever_the_settings():
    first = posterior_process(SILENT, "power")
    with jax.enable_x64(False):
        second = posterior_process(SILENT, "power")
    assert first.log_evidence == second.log_evidence


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"family": "unifrom"}, "family must be one of uniform, power"),
        ({"level": 1.0}, "level must lie in"),
        ({"horizons": [0.5, 1.0]}, "horizons must lie in"),
        ({"prior": {"scale": stats.norm()}}, "prior must name parameters of error_rate"),
        ({"prior": {"error_rate": 3.0}}, "must be a frozen distribution"),
        ({"prior": {"error_rate": stats.cauchy()}}, "finite mean and standard deviation"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        posterior_process(SILENT, **({"family": "uniform"} | arguments))
