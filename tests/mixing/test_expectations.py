"""Expectations against references that share no code with them."""

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from scipy import special, stats

from simlib.mixing import (
    AbstractMixing,
    Beta,
    ExGaussian,
    Gamma,
    Kumaraswamy,
    LogitNormal,
    WithAtom,
)
from simlib.mixing import PositiveStable as Stable
from tests.mixing._families import EXAMPLES, HARD, build
from tests.statistics import assert_agrees

TRIALS = np.asarray([1e-6, 0.01, 0.3, 1.0, 30.0, 1e3, 1e6])

# Check values of the literature: I_k at k = 1, 10, 100, 1000, 10000, to the digits given.
K = jnp.asarray([0.0, 0.0, 1.0, 1e1, 1e2, 1e3, 1e4])  # the shape that all tests share
PRINTED = {
    "beta": (Beta(0.3, 5.0), [0.943396, 0.709069, 0.393134, 0.199461, 0.100093]),
    "Kumaraswamy": (Kumaraswamy(0.3, 5.0), [0.986584, 0.908137, 0.694699, 0.441103, 0.249887]),
    # Uniform on (0, 1): 1/(k+1)
    "uniform": (Beta(1.0, 1.0), [0.5, 1 / 11, 1 / 101, 1 / 1001, 1 / 10001]),
}


@pytest.mark.parametrize("name", PRINTED)
def test_printed_values(name):
    mixing, printed = PRINTED[name]
    np.testing.assert_allclose(jnp.exp(mixing.log_laplace(K))[2:], printed, atol=6e-7)


KUMARASWAMY_K = (1, 3, 10, 100, 10**3, 10**4, 10**6)


def test_kumaraswamy_with_whole_b_is_a_finite_sum_of_betas():
    a, b = 0.3, 5
    with mpmath.workdps(40):
        exact = [
            a * b * mpmath.fsum(
                (-1) ** j * mpmath.binomial(b - 1, j) * mpmath.beta(a * (j + 1), k + 1)
                for j in range(b)
            )
            for k in KUMARASWAMY_K
        ]  # fmt: skip
    value = jnp.exp(Kumaraswamy(a, b).log_laplace(jnp.asarray(KUMARASWAMY_K, dtype=float)))
    np.testing.assert_allclose(value, [float(x) for x in exact], rtol=1e-10)


def _dense(density_of_logit, s):
    """ln E e^{-sX} by a million points in logit p, from the side that is small."""
    t = np.arange(-1500.0, 80.0, 0.002)
    weight = density_of_logit(t) * 0.002
    x = np.logaddexp(0.0, t)
    miss = np.asarray([np.sum(weight * np.exp(-r * x)) for r in s])
    hit = np.asarray([np.sum(weight * -np.expm1(-r * x)) for r in s])
    return np.where(miss < 0.5, np.log(np.maximum(miss, 1e-300)), np.log1p(-np.minimum(hit, 0.9)))


def _logit_density(mixing):
    if isinstance(mixing, LogitNormal):
        return stats.norm(float(mixing.center), float(mixing.spread)).pdf
    if isinstance(mixing, ExGaussian):
        spread, rate = float(mixing.spread), float(mixing.tail_rate)
        reflected = stats.exponnorm(K=1 / (spread * rate), scale=spread)
        return lambda t: reflected.pdf(float(mixing.center) - t)
    a, b = float(mixing.a), float(mixing.b)

    def kumaraswamy(t):
        log_p, log_q = -np.logaddexp(0, -t), -np.logaddexp(0, t)
        # 1 - p^a = a (1-p) where p rounds to 1
        rest = np.where(
            t > 30, np.log(a) + log_q, np.log(-np.expm1(np.minimum(a * log_p, -1e-300)))
        )
        return a * b * np.exp(a * log_p + (b - 1) * rest + log_q)

    return kumaraswamy


@pytest.mark.parametrize(
    "name",
    [
        "Kumaraswamy", "logit-normal", "exGaussian", "Kumaraswamy, tail .035",
        "Kumaraswamy, b below 1", "logit-normal, narrow", "logit-normal, wide",
        "exGaussian, tail .035",
    ],
)  # fmt: skip
def test_quadrature_against_a_million_points_in_another_coordinate(name):
    mixing = build(name)
    value = np.asarray(mixing.log_laplace(jnp.asarray(TRIALS)))
    dense = _dense(_logit_density(mixing), TRIALS)
    seen = dense > -600  # below, the plain sum underflows
    assert seen[:5].all()
    np.testing.assert_allclose(value[seen], dense[seen], rtol=1e-9)


@pytest.mark.parametrize(
    "name",
    [
        "gamma", "beta", "positive stable", "beta, tail .035", "beta, both ends",
        "positive stable, .9", "positive stable, .1",
    ],
)  # fmt: skip
def test_quadrature_reproduces_every_closed_form(name):
    mixing = build(name)
    s = jnp.asarray(TRIALS)
    by_quadrature = AbstractMixing.log_laplace(mixing, s)
    np.testing.assert_allclose(by_quadrature, mixing.log_laplace(s), rtol=1e-9)
    if name.startswith("beta"):
        single = AbstractMixing.log_laplace(build(name, jnp.float32), s.astype(jnp.float32))
        assert single.dtype == jnp.float32
        np.testing.assert_allclose(single, mixing.log_laplace(s), rtol=2e-4)


def test_no_mass_is_lost_in_a_tail_of_a_thousand_e_folds():
    # A published implementation that integrates in p puts pass@1 60 % too high here.
    mixing = Beta(0.035, 3.5)
    np.testing.assert_allclose(mixing.mean(), 0.035 / 3.535, rtol=1e-13)
    np.testing.assert_allclose(AbstractMixing.mean(mixing), 0.035 / 3.535, rtol=1e-10)
    lost = np.exp(float(mixing.log_cdf_log_rate(-300.0)))
    assert lost > 1e-5  # more than one in 100,000 units lies below e^-300


# What a likely mistake would predict for the same family.
WRONG = {
    "gamma": ("takes the variance for a standard deviation", Gamma(0.05, 0.004**2)),
    "positive stable": ("has the wrong exponent", Stable(0.45, 0.1)),
    "beta": ("has the wrong exponent", Beta(0.33, 5.0)),
    "Kumaraswamy": ("takes it for a beta", Beta(0.3, 5.0)),
    "logit-normal": ("takes the spread for a variance", LogitNormal(-3.0, 2.0**0.5)),
    "generalised gamma": ("forgets the power", Gamma(0.08, 0.016)),
    "exGaussian": ("turns the tail around", LogitNormal(-1.0, 1.0)),
    "with atom": ("forgets the atom", Beta(0.3, 5.0)),
}


@pytest.mark.parametrize("name", [*EXAMPLES, "with atom"])
def test_formula_quadrature_and_simulation_agree(name):
    mixing = build(name)
    n, s = 200_000, jnp.asarray([1.0, 2.0, 5.0, 10.0, 30.0, 100.0, 300.0])
    x = mixing.sample((n, 1), key=jax.random.key(7))
    survive = np.asarray(jnp.exp(-s * x))
    fault, wrong = WRONG[name]
    agreement = assert_agrees(
        survive.mean(0),
        np.exp(np.asarray(mixing.log_laplace(s))),
        stderr=survive.std(0, ddof=1) / np.sqrt(n),
        wrong={fault: np.exp(np.asarray(wrong.log_laplace(s)))},
    )
    assert agreement.smallest_detectable < 0.02


@pytest.mark.parametrize("name", [*EXAMPLES, *HARD])
def test_samples_follow_the_distribution_function(name):
    mixing = build(name)
    n = 20_000
    u = np.exp(np.asarray(mixing.log_cdf_log_hazard(
        mixing.sample_log_hazard((n,), key=jax.random.key(3)))))  # fmt: skip
    # False alarms: one in a million over all families.
    assert stats.kstest(u, "uniform").pvalue > 1e-6 / len(EXAMPLES | HARD)
    # A distribution function that is off by 15 % in its exponent is caught.
    assert stats.kstest(u**1.15, "uniform").pvalue < 1e-6 / len(EXAMPLES | HARD)


def test_atom_share_of_samples():
    n = 100_000
    draws = WithAtom(Beta(0.3, 5.0), 0.2).sample_log_hazard((n,), key=jax.random.key(2))
    zero = int(np.sum(np.isneginf(np.asarray(draws))))
    assert_agrees(zero, 0.2, n=n, wrong={"forgets the atom": 0.0, "is 5 % too large": 0.21})


@pytest.mark.parametrize("name", [*EXAMPLES, "with atom"])
def test_moments_are_likelihoods_of_counts(name):
    mixing = build(name)
    n = 6
    c = jnp.arange(n + 1.0)
    log_choose = special.gammaln(n + 1) - special.gammaln(c + 1) - special.gammaln(n - c + 1)
    total = jnp.sum(jnp.exp(log_choose + mixing.log_moment(c, n - c)))
    np.testing.assert_allclose(total, 1.0, rtol=1e-9)
    if name == "beta":
        reference = stats.betabinom(n, 0.3, 5.0).logpmf(np.arange(n + 1))
        np.testing.assert_allclose(log_choose + mixing.log_moment(c, n - c), reference, rtol=1e-10)
        base = AbstractMixing.log_moment(mixing, c, n - c)
        np.testing.assert_allclose(log_choose + base, reference, rtol=1e-9)


@pytest.mark.parametrize("name", [*EXAMPLES, "with atom"])
def test_runs_of_one_unit_by_inclusion_and_exclusion(name):
    mixing = build(name)
    n = jnp.asarray([0.5, 1.0, 3.0, 7.0, 10.0, 30.0, 80.0])
    laplace = lambda j: jnp.exp(mixing.log_laplace(j * n))
    # E (1 - e^{-nX})^3, expanded
    expanded = 1 - 3 * laplace(1) + 3 * laplace(2) - laplace(3)
    np.testing.assert_allclose(jnp.exp(mixing.log_all_fail(n, 3)), expanded, rtol=1e-8)
    np.testing.assert_allclose(
        jnp.exp(mixing.log_all_fail(n, 1)), -np.expm1(mixing.log_laplace(n)), rtol=1e-9
    )
    assert np.all(np.asarray(mixing.log_all_fail(n, 0)) == 0.0)
    assert np.all(np.isneginf(np.asarray(mixing.log_all_fail(0 * n, 1))))


def test_tiny_pass_probability_keeps_its_digits():
    # Gamma hazard: P(at least one of 2 long runs is clean) = 2 L(n) - L(2n), here about 1e-12.
    mixing = Gamma(1.0, 0.2)
    n = jnp.full(7, 5e3)
    expected = 2 * np.exp(mixing.log_laplace(n)) - np.exp(mixing.log_laplace(2 * n))
    assert np.all(expected < 1e-10)
    value = -np.expm1(mixing.log_all_fail(n, 2))
    np.testing.assert_allclose(value, expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("mixing", "exact"),
    [
        (Beta(2.5, 4.0), 4.0 / 1.5),
        (LogitNormal(-3.0, 2.0), np.exp(3.0 + 2.0)),
        (ExGaussian(-3.0, 1.0, 2.0), np.exp(3.0 + 0.5) * 2.0),
        (Beta(0.9, 4.0), np.inf),
        (Kumaraswamy(1.0, 4.0), np.inf),
        (WithAtom(Beta(2.5, 4.0), 0.01), np.inf),
    ],
)
def test_mean_odds_against(mixing, exact):
    np.testing.assert_allclose(mixing.mean_odds_against(), exact, rtol=1e-9)


def test_mean_odds_of_gamma_hazard_by_the_hurwitz_zeta_function():
    # Sum over n >= 1 of (1 + v n / m)^(-m^2/v)
    m, v = 0.5, 0.05
    exact = (v / m) ** (-(m**2) / v) * special.zeta(m**2 / v, 1 + m / v)
    np.testing.assert_allclose(Gamma(m, v).mean_odds_against(), exact, rtol=1e-9)
