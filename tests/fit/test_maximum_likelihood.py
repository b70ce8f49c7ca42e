"""Mixing distributions fitted to exact success rates."""

import jax
import numpy as np
import pytest
from scipy import stats

from simlib.fit import fit_mixing, log_likelihood_gain
from simlib.mixing import Beta, ExGaussian, Kumaraswamy, LogitNormal

TRUTHS = {
    "beta": (Beta(0.5, 3.0), {"a": 0.5, "b": 3.0}),
    "kumaraswamy": (Kumaraswamy(0.6, 4.0), {"a": 0.6, "b": 4.0}),
    "logit-normal": (LogitNormal(-3.0, 1.5), {"mean": -3.0, "spread": 1.5}),
    "exGaussian": (
        ExGaussian(-2.0, 1.0, 0.6),
        {"mean": -2.0, "spread": 1.0, "tail_rate": 0.6},
    ),
}


def draw(family: str, items: int, seed: int) -> np.ndarray:
    return np.asarray(TRUTHS[family][0].sample_log_rate((items,), key=jax.random.key(seed)))


@pytest.mark.parametrize("family", TRUTHS)
def test_recovers_the_parameters_it_was_given(family):
    # Intervals at level 1 - 1e-6: nine parameters in all, so one false alarm in a hundred thousand.
    found = fit_mixing(draw(family, 10_000, 1), family, level=1 - 1e-6)
    for name, truth in TRUTHS[family][1].items():
        assert found.parameters[name].contains(truth), name
        # Power: the same interval must refuse a value that is wrong by a half.
        assert not found.parameters[name].contains(1.5 * truth), name


def test_intervals_cover_at_their_level():
    # 40 data sets, nominal 90 %: fewer than 27 hits have probability 2e-5 if the level is true.
    hits = sum(
        bool(fit_mixing(draw("beta", 300, seed), "beta", level=0.9).parameters["a"].contains(0.5))
        for seed in range(40)
    )
    assert hits >= 27


def test_beta_fit_equals_scipy():
    p = np.random.default_rng(7).beta(0.8, 2.5, 400)
    a, b, _, _ = stats.beta.fit(p, floc=0, fscale=1)
    found = fit_mixing(np.log(p), "beta").parameters
    np.testing.assert_allclose([found["a"].value, found["b"].value], [a, b], rtol=1e-3)


def test_logit_normal_fit_is_the_sample_mean_and_deviation():
    log_p = draw("logit-normal", 500, 3)
    logit = log_p - np.log(-np.expm1(log_p))
    found = fit_mixing(log_p, "logit-normal").parameters
    np.testing.assert_allclose(found["mean"].value, logit.mean(), rtol=1e-5)
    np.testing.assert_allclose(found["spread"].value, logit.std(), rtol=1e-4)
    np.testing.assert_allclose(found["mean"].stderr, logit.std() / 500**0.5, rtol=1e-3)


@pytest.mark.parametrize(("right", "wrong"), [("beta", "logit-normal"), ("logit-normal", "beta")])
def test_the_right_family_gains(right, wrong):
    log_p = draw(right, 2000, 5)
    fits = {f: fit_mixing(log_p, f) for f in (right, wrong)}
    assert float(log_likelihood_gain(fits[right], fits[wrong], level=0.999).lower) > 0
    assert fits[right].aic < fits[wrong].aic


def test_a_parameter_without_information_has_no_standard_error():
    # Nearly normal logits leave the exponential part of the exGaussian undetermined.
    logit = stats.norm.ppf((np.arange(400) + 0.5) / 400) - 4.0
    log_p = -np.log1p(np.exp(-logit))
    found = fit_mixing(log_p, "exGaussian")
    assert found.information_singular
    assert not np.isfinite(float(found.parameters["tail_rate"].stderr))


@pytest.mark.parametrize(
    ("log_p", "family", "message"),
    [
        (np.full(20, -1.0), "weibull", "family must be one of"),
        (np.full(5, -1.0), "beta", "at least 10 items"),
        (np.append(np.full(20, -1.0), -np.inf), "beta", "report their share"),
        (np.append(np.full(20, -1.0), 0.0), "beta", "report their share"),
        (np.append(np.full(20, -1.0), np.nan), "beta", "report their share"),
    ],
)
def test_bad_input_is_named(log_p, family, message):
    # The annotation allows only known families; the check must also work without it.
    unchecked = getattr(fit_mixing, "__wrapped__", fit_mixing)
    with pytest.raises(Exception, match=message):
        unchecked(log_p, family)
