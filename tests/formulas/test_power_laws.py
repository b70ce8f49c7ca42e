"""Formulas of the page on power laws: proofs, limits and reference values."""

import mpmath
import numpy as np
import pytest
import sympy as sp

import simlib as sl
from simlib.formulas import REGISTRY, heavy_tailed, k, power_laws, prove_equal, to_jax

FORMULAS = [f for name, f in REGISTRY.items() if name.startswith("power_laws.")]
DECADES = (1, 10, 100, 1_000, 10_000)


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda f: f.name)
def test_computed_form_is_proved(formula):
    assert formula.prove().holds


def integrated(density, attempts, low, high, points):
    """E (1-p)^k by mpmath from the density itself."""
    with mpmath.workdps(30):
        return float(mpmath.quad(lambda p: (1 - p) ** attempts * density(p), [low, *points, high]))


def test_uniform_from_zero():
    values = np.asarray(power_laws.uniform_mixture(np.array(DECADES, float), 0.5))
    np.testing.assert_allclose(
        values, [0.75, 0.181729, 0.0198020, 1.99800e-3, 1.99980e-4], rtol=3e-6
    )
    direct = integrated(lambda p: mpmath.mpf(2), 37, 0, 0.5, [0.1])
    assert float(power_laws.uniform_mixture(37.0, 0.5)) == pytest.approx(direct, rel=1e-12)


def test_uniform_on_a_band_is_exponential():
    direct = integrated(lambda p: 1 / mpmath.mpf("0.4"), 37, mpmath.mpf("0.1"), 0.5, [0.2])
    assert float(power_laws.uniform_band(37.0, 0.1, 0.5)) == pytest.approx(direct, rel=1e-12)
    ratio = power_laws.uniform_band(1e4, 0.01, 0.5) / power_laws.uniform_band_leading(
        1e4, 0.01, 0.5
    )
    assert float(ratio) == pytest.approx(1, rel=1e-12)


def test_continuous_bernoulli():
    at = power_laws.continuous_bernoulli_all_fail.subs(
        power_laws.bernoulli_shape, sp.Rational(1, 5)
    )
    values = [float(at.subs(k, x).evalf(20)) for x in DECADES]
    np.testing.assert_allclose(
        values, [0.611986, 0.150506, 0.0180555, 1.84399e-3, 1.84795e-4], rtol=3e-6
    )
    scale = mpmath.log(4) / mpmath.mpf("0.6")
    direct = integrated(
        lambda p: scale * mpmath.mpf("0.2") ** p * mpmath.mpf("0.8") ** (1 - p), 37, 0, 1, [0.1]
    )
    assert float(at.subs(k, 37).evalf(20)) == pytest.approx(direct, rel=1e-12)
    shifted = power_laws.continuous_bernoulli_shifted(np.array(DECADES, float), 0.2)
    np.testing.assert_allclose(shifted, [0.775, 0.1623, 0.01823, 1.84583e-3, 1.84814e-4], rtol=1e-3)
    leading = power_laws.continuous_bernoulli_leading(1e8, 0.2)
    assert float(leading / at.subs(k, 10**8).evalf(20)) == pytest.approx(1, rel=1e-7)


def reciprocal(attempts, low, high):
    at = {k: attempts, power_laws.rate_low: sp.nsimplify(low), power_laws.rate_high: high}
    return float(power_laws.reciprocal_all_fail.subs(at).evalf(20))


def test_reciprocal_against_its_finite_sum():
    # For integer k: ln p + sum_j (1-p)^j / j is a primitive of (1-p)^k / p.
    with mpmath.workdps(120):
        low, high = mpmath.mpf("0.01"), mpmath.mpf("0.5")
        for attempts in DECADES:
            terms = (((1 - low) ** j - (1 - high) ** j) / j for j in range(1, attempts + 1))
            direct = 1 - mpmath.fsum(terms) / mpmath.log(high / low)
            found = reciprocal(attempts, "0.01", sp.Rational(1, 2))
            assert found == pytest.approx(float(direct), rel=1e-12)
    values = [reciprocal(x, "0.01", sp.Rational(1, 2)) for x in DECADES[:4]]
    np.testing.assert_allclose(values, [0.874745, 0.453451, 0.0551422, 1.00028e-6], rtol=3e-6)


def test_reciprocal_coverage_grows_like_a_logarithm_and_ends_exponentially():
    inside = np.array([100.0, 1_000.0, 10_000.0])
    growth = np.asarray(power_laws.reciprocal_growth(inside, 1e-6, 0.5))
    np.testing.assert_allclose(growth, [0.342, 0.518, 0.692], atol=1.1e-3)
    # ln p is uniform under this density.
    rates = np.exp(np.linspace(np.log(1e-6), np.log(0.5), 20_001))
    exact = [1 - np.exp(x * np.log1p(-rates)).mean() for x in inside]
    np.testing.assert_allclose(growth, exact, atol=1e-3)
    found = reciprocal(20_000, "0.01", sp.S.Half)
    assert float(power_laws.reciprocal_leading(20_000.0, 0.01, 0.5)) / found == pytest.approx(
        1, abs=1e-2
    )


@pytest.mark.parametrize("beta", [1, 2, 5])
def test_kumaraswamy_sum_equals_the_mixing_distribution(beta):
    attempts = np.array(DECADES, float)
    found = to_jax(power_laws.kumaraswamy_sum(beta), (k, heavy_tailed.shape_a))(attempts, 0.3)
    quadrature = np.exp(np.asarray(sl.Kumaraswamy(0.3, float(beta)).log_laplace(attempts)))
    np.testing.assert_allclose(found, quadrature, rtol=1e-9)


def test_kumaraswamy_sum_reference_values_and_bad_input():
    found = to_jax(power_laws.kumaraswamy_sum(5), (k, heavy_tailed.shape_a))(
        np.array(DECADES, float), 0.3
    )
    np.testing.assert_allclose(found, [0.986584, 0.908137, 0.694699, 0.441103, 0.249887], rtol=2e-6)
    for bad in (0, -1):
        with pytest.raises(ValueError, match="beta must be a positive integer"):
            power_laws.kumaraswamy_sum(bad)


@pytest.mark.parametrize(("a", "b"), [(0.3, 5.0), (1.5, 20.0)])
def test_next_term_of_the_beta_mixture(a, b):
    exact = heavy_tailed.beta_mixture(1e6, a, b) / heavy_tailed.beta_asymptote(1e6, a, b) - 1
    assert float(power_laws.beta_next(1e6, a, b)) == pytest.approx(float(exact), rel=1e-3)


def test_windows():
    # An exact power law shows its exponent in every window; its logarithmic form a larger one.
    share = lambda x: 0.6 * x**-0.3
    found = float(power_laws.window_exponent(share(1.0), share(100.0), 100.0))
    assert found == pytest.approx(0.3, rel=1e-12)
    tiny = float(power_laws.window_exponent_log(share(1.0), share(1.0001), 1.0001))
    inflation = float(heavy_tailed.slope_inflation(0.6))
    assert tiny == pytest.approx(0.3 * inflation, rel=1e-4)
    assert float(power_laws.minus_log_pass(1e-12)) == pytest.approx(1e-12, rel=1e-9)


def test_the_share_cut_off_is_the_same_for_every_number_of_attempts():
    b, c = 0.3, 3.0
    for attempts in (1e3, 1e6):
        with mpmath.workdps(30):
            left = mpmath.quad(
                lambda p, s=attempts: p ** (b - 1) * mpmath.exp(-s * p),
                [c / attempts, 40 / attempts],
            )
            whole = mpmath.gamma(b) * attempts**-b
        assert float(power_laws.cut_share(b, c)) == pytest.approx(float(left / whole), rel=1e-8)


def test_zipf_integral_and_sum():
    assert prove_equal(
        power_laws.zipf_integral.doit(conds="none"), power_laws.zipf_leading.expression
    ).holds
    for alpha in (0.5, 1.0):
        first = float(1 / mpmath.zeta(1 + alpha))
        kinds = np.arange(1.0, 2_000_001)
        theta = first * kinds ** -(1 + alpha)
        rest = first * kinds[-1] ** -alpha / alpha
        draws = np.array([1e3, 1e4])
        exact = np.array([(theta * np.exp(m * np.log1p(-theta))).sum() + rest for m in draws])
        leading = np.asarray(power_laws.zipf_leading(draws, first, alpha))
        np.testing.assert_allclose(exact, leading, rtol=0.02)
        assert abs(exact[1] / leading[1] - 1) < abs(exact[0] / leading[0] - 1)


def direct_oscillation(b, attempts):
    """The integral of the wave by the trapezoidal rule in u = 1/x, damped at both ends."""
    u = np.linspace(1e-3, 40_000.0, 8_000_001)
    values = u ** (-b - 1) * np.exp(-attempts / u) * np.sin(u)
    # The rest of an alternating integral: half a wave at its height, less than the tolerance.
    return float(np.trapezoid(values, u))


@pytest.mark.parametrize("b", ["0.3", "1.5"])
def test_oscillating_part_equals_direct_integration(b):
    at = power_laws.oscillating_part().subs(
        {power_laws.tail_exponent: sp.Rational(b), k: 10}
    ).evalf(30)  # fmt: skip
    assert float(at) == pytest.approx(direct_oscillation(float(b), 10), abs=2e-6)


def test_oscillating_part_reference_sizes():
    b = sp.Rational(3, 2)
    sizes = [
        abs(power_laws.oscillating_part(sp.Integer(x)).subs(power_laws.tail_exponent, b).evalf(30))
        / (sp.gamma(b) * sp.Integer(x) ** -b).evalf(30)
        for x in (10, 100, 1000)
    ]
    np.testing.assert_allclose([float(x) for x in sizes], [0.049, 1.1e-5, 8.5e-20], rtol=0.02)


def test_oscillating_population_is_a_probability():
    b = {power_laws.tail_exponent: sp.Rational(3, 2)}
    assert power_laws.oscillating_all_fail.subs({**b, k: 0}).evalf(30) == pytest.approx(1)
    at = power_laws.oscillating_density.subs(b).evalf(20)
    density = sp.lambdify(power_laws.rate, at, "numpy")
    # In the hazard x = -ln(1-p); below 1/4000 the wave is cut, a mass of about 1e-5.
    x = np.concatenate([1 / np.linspace(4_000, 2, 2_000_001), np.linspace(0.5, 30, 200_001)[1:]])
    middle = (x[1:] + x[:-1]) / 2
    p, weight = -np.expm1(-middle), np.exp(-middle)
    for attempts in (0, 3, 30):
        values = density(p) * weight ** (attempts + 1)
        found = float((values * np.diff(x)).sum())
        exact = power_laws.oscillating_all_fail.subs({**b, k: attempts}).evalf(30)
        assert found == pytest.approx(float(exact), abs=1e-4)


def test_log_periodic_damping():
    b, frequency, strength = 0.3, 3.0, 0.2
    y, step = np.linspace(-60, 5, 13_001, retstep=True)  # ln(p s)
    s = np.exp(np.linspace(0, 2 * np.pi / frequency, 65))[:, None]
    waved = 1 + strength * np.cos(frequency * (y - np.log(s)))
    share = (np.exp(y * (1 + b) - np.exp(y)) * waved).sum(1) * step
    wave = share / float(sp.gamma(1 + b))
    amplitude = power_laws.log_periodic_damping.subs(
        {power_laws.tail_exponent: b, power_laws.log_frequency: frequency}
    )
    assert (wave.max() - wave.min()) / 2 == pytest.approx(strength * float(amplitude), rel=5e-3)
