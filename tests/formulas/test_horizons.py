"""Formulas of the chapter on horizons: proofs, published numbers and matched laws."""

import numpy as np
import pytest
from scipy import special, stats

from simlib.formulas import REGISTRY, heavy_tailed, horizons, prove_equal, survival
from simlib.formulas.heavy_tailed import shape_a, shape_b
from tests.formulas.accuracy import DTYPES, accuracy, grid

FORMULAS = [f for name, f in REGISTRY.items() if name.startswith("horizons.")]


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda f: f.name)
def test_computed_form_is_proved(formula):
    assert formula.prove().holds


# Grids and the largest error in units of rounding.
ACCURACY = {
    "gamma_frailty": (grid(np.geomspace(1e-3, 300, 8), [30.0], np.geomspace(1e-2, 8, 8)), 64),
    "log_normal": (grid(np.geomspace(1, 300, 9), [30.0], [0.8, 1.6, 3.0]), 64),
    "noise_threshold": (grid(np.geomspace(1, 60, 9), [0.002], [1.0, 4.2, 9.5]), 300),
    "ceiling_coverage": (grid(np.geomspace(1, 1e6, 9), [0.7], [2.0, 20.0], [0.1, 0.35]), 64),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACCURACY)
def test_accuracy(name, dtype):
    points, bound = ACCURACY[name]
    formula = getattr(horizons, name)
    found = accuracy(formula, lambda *x: formula.exact(*map(float, x)), *points, dtype=dtype)
    assert found.units < bound, found


def test_half_life_and_inverse():
    for law, inverse, shape in (
        (horizons.log_normal, horizons.log_normal_horizon, 1.6),
        (horizons.gamma_frailty, horizons.gamma_frailty_horizon, 0.7),
    ):
        assert float(law(30.0, 30.0, shape)) == pytest.approx(0.5)
        r = np.array([0.01, 0.5, 0.8, 0.99, 0.999])
        assert np.asarray(law(inverse(r, 30.0, shape), 30.0, shape)) == pytest.approx(r)


def test_frailty_without_variance_is_exponential():
    n = np.array([1.0, 30.0, 200.0])
    nearly = horizons.gamma_frailty(n, 30.0, 1e-9)
    assert np.asarray(nearly) == pytest.approx(np.asarray(survival.exponential(n, 30.0)), rel=1e-7)


# Published ratio of horizons -> shapes, and T50 over the horizons at 99 % and 99.9 % of the
# log-normal, log-logistic and Weibull law through the same two points.
MATCHED = {
    4.0: (1.000, 0.818, (46.2, 99.0, 177), (162, 999, 2980), 3.8, 18),
    5.2: (0.841, 0.687, (95.3, 236, 473), (426, 3690, 13600), 5.0, 32),
    8.0: (0.667, 0.545, (314, 985, 2360), (2070, 31600, 163000), 7.5, 79),
}
LAWS = (horizons.log_normal_matched, horizons.log_logistic_matched, horizons.weibull_matched)


@pytest.mark.parametrize("ratio", MATCHED)
def test_divergence_of_matched_laws(ratio):
    beta, kappa, at_99, at_999, spread_99, spread_999 = MATCHED[ratio]
    assert float(horizons.log_logistic_shape_of_ratio(ratio)) == pytest.approx(beta, abs=6e-4)
    assert float(horizons.weibull_shape_of_ratio(ratio)) == pytest.approx(kappa, abs=6e-4)
    for law in LAWS:
        assert float(law(0.5, ratio)) == pytest.approx(1.0)
        assert float(law(0.8, ratio)) == pytest.approx(ratio)
    found = [float(law(0.99, ratio)) for law in LAWS]
    assert found == pytest.approx(at_99, rel=6e-3)
    assert max(found) / min(found) == pytest.approx(spread_99, rel=0.02)
    found = [float(law(0.999, ratio)) for law in LAWS]
    assert found == pytest.approx(at_999, rel=6e-3)
    assert max(found) / min(found) == pytest.approx(spread_999, rel=0.02)


def test_matched_laws_are_the_laws_with_their_shapes():
    ratio, half, r = 5.2, 30.0, np.array([0.3, 0.8, 0.99])
    pairs = (
        (horizons.log_normal_horizon, horizons.log_spread_of_ratio, LAWS[0]),
        (survival.log_logistic_horizon, horizons.log_logistic_shape_of_ratio, LAWS[1]),
        (survival.weibull_horizon, horizons.weibull_shape_of_ratio, LAWS[2]),
    )
    for horizon, shape, matched in pairs:
        whole = half / np.asarray(horizon(r, half, float(shape(ratio))))
        assert np.asarray(matched(r, ratio)) == pytest.approx(whole)


def test_exponential_ratios():
    ratios = 1 / np.asarray(survival.exponential_horizon(np.array([0.8, 0.9, 0.99, 0.999]), 1.0))
    assert ratios == pytest.approx([3.106, 6.579, 68.97, 692.8], rel=2e-4)
    assert 1 / ratios[0] == pytest.approx(0.32193, abs=1e-5)
    # That of a Weibull law with shape 1, of gamma frailty without variance; shapes of the theory.
    assert float(horizons.weibull_shape_of_ratio(ratios[0])) == pytest.approx(1.0)
    assert float(horizons.log_logistic_shape_of_ratio(ratios[0])) == pytest.approx(1.223, abs=1e-3)
    assert float(horizons.ratio_of_frailty(1e-9)) == pytest.approx(ratios[0])
    inverse = [
        float(1 / survival.weibull_horizon(0.8, 1.0, kappa)) for kappa in (0.9, 0.6, 0.4, 0.37)
    ]
    assert inverse == pytest.approx([3.5, 6.6, 17, 21], rel=0.02)


def test_frailty_ratio_is_that_of_its_horizons():
    for theta in (0.1, 1.0, 3.0):
        ratio = 1 / float(horizons.gamma_frailty_horizon(0.8, 1.0, theta))
        assert float(horizons.ratio_of_frailty(theta)) == pytest.approx(ratio)
        assert ratio > 3.106


def test_noise_threshold_is_a_chi_square_probability():
    n = np.array([1.0, 20.0, 60.0, 200.0])
    r, q = 2.67e-4, 4.2
    chance = stats.chi2.cdf(q / (r * n**2), q)
    assert np.asarray(horizons.noise_threshold(n, r, q)) == pytest.approx(chance)
    # By simulation: the squared norm of Gaussian noise stays below the threshold.
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(200_000, 4)) * 30 * np.sqrt(2e-4 / 4)
    share = ((noise**2).sum(1) < 1).mean()
    assert float(horizons.noise_threshold(30.0, 2e-4, 4)) == pytest.approx(share, abs=0.006)


@pytest.mark.parametrize(("r", "q", "near"), [(2.67e-4, 4.2, 3.98), (7.84e-3, 9.5, 9.48)])
def test_noise_threshold_tail(r, q, near):
    def slope(n):
        value = np.log(np.asarray(horizons.noise_threshold(np.array([n, n * 1.001]), r, q)))
        return -(value[1] - value[0]) / np.log(1.001)

    assert slope(220.0) == pytest.approx(near, abs=0.01)
    assert slope(1e4) == pytest.approx(q, abs=0.01)
    ratio = horizons.noise_threshold(1e4, r, q) / horizons.noise_threshold_tail(1e4, r, q)
    assert float(ratio) == pytest.approx(1.0, rel=1e-3)


def test_conversions():
    # One doubling is a factor of two in length: both logits lose the same.
    b = 0.7
    beta = float(horizons.natural_slope(b))
    logit = special.logit(np.asarray(survival.log_logistic(np.array([40.0, 80.0]), 40.0, beta)))
    assert logit[0] - logit[1] == pytest.approx(b)
    # Brown's coefficients are those of a power of ten: Llama-3-8B on MATH, 79.8 % at k = 100.
    a = float(horizons.natural_coefficient(-0.59))
    assert np.exp(a * 100**-0.39) == pytest.approx(0.798, abs=1e-3)
    assert np.exp(-0.59 * 100**-0.39) == pytest.approx(0.907, abs=1e-3)
    assert float(horizons.natural_coefficient(-3.3)) == pytest.approx(-7.60, abs=5e-3)
    scale = 50.0
    half = float(horizons.half_life_of_weibull(scale, 0.6))
    at_scale = float(survival.weibull(scale, half, 0.6))
    assert at_scale == pytest.approx(np.exp(-1))


def test_levi_is_the_beta_mixture_with_shapes_swapped():
    swapped = heavy_tailed.beta_mixture.expression.subs(
        {shape_a: horizons.failure_shape_b, shape_b: horizons.failure_shape_a},
        simultaneous=True,
    )
    coverage = horizons.ceiling * (1 - swapped)
    assert prove_equal(horizons.ceiling_coverage.expression, coverage).holds
    not_swapped = heavy_tailed.beta_mixture.expression.subs(
        {shape_a: horizons.failure_shape_a, shape_b: horizons.failure_shape_b},
        simultaneous=True,
    )
    wrong = horizons.ceiling * (1 - not_swapped)
    assert not prove_equal(horizons.ceiling_coverage.expression, wrong).holds


def test_every_law_has_a_formula():
    for name, law in horizons.LAWS.items():
        assert law.name in REGISTRY, name
