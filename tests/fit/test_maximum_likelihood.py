"""Fits of mixing distributions: recovery, interval coverage, references, impossible data."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import optimize, stats

from simlib import fit
from simlib.fit._families import FAMILIES
from simlib.fit._maximum_likelihood import _variances
from simlib.mixing import (
    Beta,
    ExGaussian,
    Gamma,
    Kumaraswamy,
    LogitNormal,
    PositiveStable,
    WithAtom,
)
from tests.statistics import assert_agrees

ITEMS = 400
TRUTHS = {
    "beta": Beta(0.4, 6.0),
    "kumaraswamy": Kumaraswamy(0.4, 6.0),
    "logit-normal": LogitNormal(-4.0, 2.0),
    "exGaussian": ExGaussian(-3.0, 1.0, 0.6),
    "gamma": Gamma(0.05, 0.004),
    "positive stable": PositiveStable(0.6, 0.01),
}


@eqx.filter_jit
def _sample(mixing, n, key):
    return mixing.sample_log_rate((n,), key=key)


def _rates(family: str, n: int, seed: int) -> np.ndarray:
    return np.asarray(_sample(TRUTHS[family], n, jax.random.key(seed)))


def _unchecked(function):
    # Annotations, which the tests check, would refuse the argument before the function does.
    return getattr(function, "__wrapped__", function)


@pytest.mark.parametrize("family", TRUTHS)
def test_every_family_finds_its_own_parameters(family):
    found = fit.fit_mixing(_rates(family, ITEMS, 1), family)
    assert found.optimum.agreeing >= 2
    # A million to one over all parameters of all families.
    z = stats.norm.isf(1e-6 / 26)
    for name, estimate in found.parameters.items():
        truth = float(getattr(TRUTHS[family], {"mean": "mean_hazard"}.get(name, name)))
        scale = 1.0 if name == "center" else float(estimate.value)
        assert abs(float(estimate.value) - truth) < z * float(estimate.stderr), name
        assert float(estimate.stderr) / scale < 0.35, name


@pytest.mark.parametrize("family", ["beta", "exGaussian"])
def test_intervals_cover_as_often_as_they_say(family):
    # 90 % intervals, 250 data sets; false alarms one in a million for all parameters together.
    # An interval from a standard error that is 30 % too small covers 75 % and is caught.
    truth, seeds = TRUTHS[family], 250
    covered = np.zeros(len(FAMILIES[family].names), dtype=int)
    for seed in range(seeds):
        found = fit.fit_mixing(_rates(family, ITEMS, 1000 + seed), family, level=0.9)
        for i, (name, estimate) in enumerate(found.parameters.items()):
            covered[i] += bool(estimate.contains(float(getattr(truth, name))))
    too_small = 2 * stats.norm.cdf(0.7 * stats.norm.ppf(0.95)) - 1
    assert_agrees(covered, 0.9, n=seeds, wrong={"has too small an error": too_small})


def test_beta_fit_equals_scipy():
    log_p = _rates("beta", ITEMS, 2)
    found = fit.fit_mixing(log_p, "beta")
    a, b, _, _ = stats.beta.fit(np.exp(log_p), floc=0, fscale=1)
    np.testing.assert_allclose(found.parameters["a"].value, a, rtol=1e-4)
    np.testing.assert_allclose(found.parameters["b"].value, b, rtol=1e-4)
    # The density of the logit is that of the rate times p (1 - p).
    p = np.exp(log_p)
    reference = stats.beta(a, b).logpdf(p) + np.log(p) + np.log1p(-p)
    np.testing.assert_allclose(found.log_likelihood.sum(), reference.sum(), rtol=1e-8)
    np.testing.assert_allclose(found.aic, 4 - 2 * reference.sum(), rtol=1e-8)


def test_logit_normal_fit_is_mean_and_standard_deviation():
    log_p = _rates("logit-normal", ITEMS, 3)
    logit = log_p - np.log(-np.expm1(log_p))
    found = fit.fit_mixing(log_p, "logit-normal")
    np.testing.assert_allclose(found.parameters["center"].value, logit.mean(), rtol=1e-6)
    np.testing.assert_allclose(found.parameters["spread"].value, logit.std(), rtol=1e-5)
    np.testing.assert_allclose(
        found.parameters["center"].stderr, logit.std() / ITEMS**0.5, rtol=1e-4
    )


def test_ex_gaussian_fit_equals_scipy():
    log_p = _rates("exGaussian", ITEMS, 4)
    logit = log_p - np.log(-np.expm1(log_p))
    found = fit.fit_mixing(log_p, "exGaussian")
    k, loc, scale = stats.exponnorm.fit(-logit)
    np.testing.assert_allclose(found.parameters["tail_rate"].value, 1 / (k * scale), rtol=2e-3)
    np.testing.assert_allclose(found.parameters["center"].value, -loc, rtol=2e-3)
    reference = stats.exponnorm(k, loc, scale).logpdf(-logit).sum()
    assert found.log_likelihood.sum() > reference - 1e-4


def test_a_missing_tail_leaves_its_parameter_open():
    # A sample that leans to the right rules a left tail out altogether.
    leaning = np.sort(stats.skewnorm.ppf((np.arange(ITEMS) + 0.5) / ITEMS, 3.0))
    found = fit.fit_mixing(-np.logaddexp(0.0, -(2 * leaning - 4.0)), "exGaussian")
    rate = found.parameters["tail_rate"]
    assert np.isinf(float(rate.upper))
    assert np.isfinite(float(found.parameters["spread"].upper))
    assert float(found.parameters["spread"].stderr) < 0.2


def test_variances_of_a_singular_information():
    information = np.diag([4.0, 0.0, 1.0])
    np.testing.assert_array_equal(_variances(information), [0.25, np.inf, 1.0])
    full = np.array([[2.0, 0.5], [0.5, 1.0]])
    np.testing.assert_allclose(_variances(full), np.diag(np.linalg.inv(full)), rtol=1e-12)


def test_bootstrap_and_information_agree_when_the_family_is_right():
    log_p = _rates("beta", ITEMS, 5)
    found = fit.fit_mixing(log_p, "beta")
    drawn = fit.bootstrap_parameters(found, log_p, key=jax.random.key(0), resamples=400, level=0.95)
    for name, estimate in drawn.items():
        assert 0.7 < float(estimate.stderr / found.parameters[name].stderr) < 1.4
        np.testing.assert_allclose(estimate.value, found.parameters[name].value)
        assert estimate.contains(float(getattr(TRUTHS["beta"], name)))
    # If the family is wrong, the information is over-confident and the bootstrap is not.
    rng = np.random.default_rng(1)
    log_p = np.log(rng.beta(5.0, 20.0, ITEMS))
    log_p[:20] -= rng.exponential(10.0, 20)
    wrong = fit.fit_mixing(log_p, "beta")
    drawn = fit.bootstrap_parameters(wrong, log_p, key=jax.random.key(0), resamples=400)
    assert float(drawn["a"].stderr / wrong.parameters["a"].stderr) > 2


# -- counts --------------------------------------------------------------------------------


def _beta_counts(n: int, items: int, seed: int, atom: float = 0.0):
    rng = np.random.default_rng(seed)
    p = rng.beta(0.4, 6.0, items) * (rng.uniform(size=items) >= atom)
    return rng.binomial(n, p), np.full(items, n)


def test_beta_binomial_fit_equals_a_direct_one():
    c, n = _beta_counts(200, ITEMS, 1)
    found = fit.fit_counts(c, n, "beta")
    direct = optimize.minimize(
        lambda v: -stats.betabinom(n, np.exp(v[0]), np.exp(v[1])).logpmf(c).sum(),
        [0.0, 0.0],
        method="Nelder-Mead",
        options={"xatol": 1e-8, "fatol": 1e-10, "maxiter": 4000},
    )
    values = [float(found.parameters[name].value) for name in "ab"]
    np.testing.assert_allclose(values, np.exp(direct.x), rtol=1e-5)
    np.testing.assert_allclose(found.log_likelihood.sum(), -direct.fun, rtol=1e-10)
    np.testing.assert_allclose(
        fit.count_log_likelihood(found.mixing, c, n), found.log_likelihood, rtol=1e-9
    )


def test_counts_recover_a_family_without_closed_form():
    truth = ExGaussian(-3.0, 1.0, 0.6)
    rng = np.random.default_rng(3)
    p = np.exp(np.asarray(truth.sample_log_rate((600,), key=jax.random.key(3))))
    found = fit.fit_counts(rng.binomial(1000, p), np.full(600, 1000), "exGaussian")
    for name in ("center", "spread", "tail_rate"):
        assert abs(float(found.parameters[name].z_score(float(getattr(truth, name))))) < 5


def test_stopping_at_the_first_success_changes_nothing_but_a_constant():
    rng = np.random.default_rng(5)
    limit, level = 50, 1 - 1e-6
    first = rng.geometric(rng.beta(0.6, 3.0, 800))
    solved, attempts = first <= limit, np.minimum(first, limit)
    found = fit.fit_counts(solved.astype(int), attempts, "beta", level=level)
    for name, truth in (("a", 0.6), ("b", 3.0)):
        assert found.parameters[name].contains(truth)
        assert float(found.parameters[name].stderr) < 0.15 * truth
    # Leaving out the items that were never solved, as if nothing had been censored: caught.
    wrong = fit.fit_counts(np.ones(solved.sum(), int), attempts[solved], "beta", level=level)
    assert not wrong.parameters["a"].contains(0.6)


def test_an_atom_is_found_where_attempts_are_many():
    c, n = _beta_counts(20_000, 1500, 7, atom=0.3)
    found = fit.fit_counts(c, n, "beta", atom=True)
    assert isinstance(found.mixing, WithAtom)
    assert abs(float(found.parameters["atom"].z_score(0.3))) < 5
    assert abs(float(found.parameters["a"].z_score(0.4))) < 5
    assert float(found.parameters["atom"].stderr) < 0.05
    plain = fit.fit_counts(c, n, "beta")
    assert plain.aic > found.aic + 20
    # Leaving the atom out moves the tail exponent, as the literature on coverage found.
    assert float(plain.parameters["a"].z_score(0.4)) < -5


@pytest.mark.parametrize(
    ("c", "n", "message"),
    [
        ([3, 1], [2, 2], "item 0 has 3 successes in 2 attempts"),
        ([-1, 1], [2, 2], "item 0 has -1 successes"),
        ([1, 0.5], [2, 2], "item 1 has 0.5 successes"),
        ([1, 1], [2], "successes and attempts need one entry per item"),
    ],
)
def test_impossible_counts_are_refused(c, n, message):
    with pytest.raises(ValueError, match=message):
        _unchecked(fit.fit_counts)(np.array(c * 10), np.array(n * 10), "beta")


def test_impossible_counts_have_no_likelihood():
    value = fit.count_log_likelihood(Beta(1.0, 1.0), np.array([3, 1, -1]), np.array([2, 2, 2]))
    assert np.isneginf(value[[0, 2]]).all()
    np.testing.assert_allclose(value[1], np.log(1 / 3), rtol=1e-9)  # uniform on 0, 1, 2


@pytest.mark.parametrize(
    ("c", "n", "message"),
    [([0] * 20, [5] * 20, "without any success"), ([5] * 20, [5] * 20, "without any"),
     ([0, 1] * 3, [5] * 6, "at least 10 items")],
)  # fmt: skip
def test_uninformative_counts_are_refused(c, n, message):
    with pytest.raises(ValueError, match=message):
        fit.fit_counts(np.array(c), np.array(n), "beta")


@pytest.mark.parametrize(
    ("log_p", "family", "message"),
    [
        (np.full(20, -1.0), "betta", "family must be one of beta"),
        (np.full(5, -1.0), "beta", "at least 10 items"),
        (np.append(np.full(20, -1.0), 0.0), "beta", "finite and below 0, got 0.0"),
        (np.append(np.full(20, -1.0), -np.inf), "beta", "finite and below 0, got -inf"),
    ],
)
def test_rates_that_no_density_describes_are_refused(log_p, family, message):
    with pytest.raises(ValueError, match=message):
        _unchecked(fit.fit_mixing)(log_p, family)


def test_bootstrap_needs_the_items_of_the_fit():
    log_p = _rates("beta", ITEMS, 6)
    found = fit.fit_mixing(log_p, "beta")
    c, n = _beta_counts(200, ITEMS, 1)
    of_counts = fit.fit_counts(c, n, "beta")
    for wrong, items in ((found, log_p[:-1]), (found, 1.01 * log_p), (of_counts, log_p)):
        with pytest.raises(ValueError, match="that the fit rests on"):
            fit.bootstrap_parameters(wrong, items, key=jax.random.key(0))


def test_float32_data_are_fitted_in_the_default_precision():
    log_p = _rates("beta", ITEMS, 2)
    single = fit.fit_mixing(log_p.astype(np.float32), "beta")
    double = fit.fit_mixing(log_p, "beta")
    np.testing.assert_allclose(
        single.parameters["a"].value, double.parameters["a"].value, rtol=1e-5
    )
    assert jnp.result_type(single.mixing.a) == jnp.float64


def test_fits_in_single_precision_are_good_to_a_tenth_of_their_error():
    log_p = _rates("beta", ITEMS, 2)
    double = fit.fit_mixing(log_p, "beta").parameters["a"]
    with jax.enable_x64(False):
        found = fit.fit_mixing(log_p, "beta")
        single = found.parameters["a"]
        assert single.value.dtype == jnp.float32
        p_value = fit.goodness_of_fit(found, log_p, key=jax.random.key(0), replicates=50).p_value
    assert abs(float(single.value) - float(double.value)) < 0.1 * float(double.stderr)
    np.testing.assert_allclose(single.stderr, double.stderr, rtol=0.05)
    assert float(p_value.value) > 1 / 51
