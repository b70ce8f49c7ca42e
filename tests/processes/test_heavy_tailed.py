"""Rates that differ between units: survival, coverage, and repeated attempts at one unit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from simlib.mixing import Beta, Gamma, Kumaraswamy, PositiveStable, WithAtom
from simlib.processes import HeavyTailed, KeyTokens, PowerGrowth

K = np.array([1.0, 10.0, 1e2, 1e3, 1e4])


def test_beta_coverage_reference_column():
    unsolved = [0.943396, 0.709069, 0.393134, 0.199461, 0.100093]
    process = HeavyTailed(Beta(0.3, 5.0), event="success")
    np.testing.assert_allclose(1 - process.coverage(K), unsolved, atol=6e-7)


def test_kumaraswamy_reference_column():
    unsolved = [0.986584, 0.908137, 0.694699, 0.441103, 0.249887]
    process = HeavyTailed(Kumaraswamy(0.3, 5.0), event="success")
    np.testing.assert_allclose(process.survival(K), unsolved, atol=6e-7)
    slopes = -np.asarray(process.log_log_slope(np.array([1e2, 1e3, 1e4, 1e6])))
    np.testing.assert_allclose(slopes, [0.162, 0.227, 0.263, 0.291], atol=6e-4)


def test_light_mass_gives_a_power_law_too():
    process = HeavyTailed(Beta(5.0, 5.0), event="success")
    ends = np.asarray(process.log_survival(np.array([1e3, 1e4])))
    assert (ends[0] - ends[1]) / np.log(10) == pytest.approx(4.99, abs=0.005)


def test_an_atom_is_a_plateau():
    process = HeavyTailed(WithAtom(Beta(0.3, 5.0), 0.2), event="success")
    base = HeavyTailed(Beta(0.3, 5.0), event="success")
    np.testing.assert_allclose(process.survival(K), 0.2 + 0.8 * np.asarray(base.survival(K)))
    assert np.isinf(float(process.horizon(0.1)))


def test_stable_frailty_imitates_key_tokens():
    keyed = KeyTokens(0.01, PowerGrowth(3.0, 0.5))
    mixed = HeavyTailed(PositiveStable(0.5, (-np.log1p(-0.01) * 3.0) ** 2))
    n = np.array([10.0, 100.0, 1e3, 1e4])
    np.testing.assert_allclose(mixed.survival(n), keyed.survival(n), rtol=1e-12)


def test_hazard_of_the_population_falls_though_no_unit_changes():
    process = HeavyTailed(Gamma(0.01, 1e-4))
    hazard = np.asarray(process.hazard(np.arange(1.0, 300.0)))
    assert (np.diff(hazard) < 0).all()
    # Given its rate, a unit has the same hazard at every length.
    x = jnp.array([0.003, 0.02])
    first = process.conditional_log_survival(x, 1.0)
    later = process.conditional_log_survival(x, 11.0) - process.conditional_log_survival(x, 10.0)
    np.testing.assert_allclose(later, first, rtol=1e-9)


def test_attempts_at_one_unit_share_its_rate():
    # Brute force: draw rates, then take E[(1 - S)^k] by averaging; 4.9 standard errors bound a
    # false alarm at 1e-6. Independent attempts would give a far larger pass probability.
    process = HeavyTailed(Beta(0.5, 20.0))
    n, k = 30.0, 8.0
    p = np.random.default_rng(0).beta(0.5, 20.0, 200_000)
    failed = (-np.expm1(n * np.log1p(-p))) ** k
    stderr = failed.std() / len(p) ** 0.5
    shared = 1 - float(process.pass_probability(n, k))
    assert abs(failed.mean() - shared) < 4.9 * stderr
    independent = float(-jnp.expm1(process.log_survival(n))) ** k
    assert abs(failed.mean() - independent) > 50 * stderr


def test_latent_rates_have_the_distribution_asked_for():
    process = HeavyTailed(Beta(0.5, 3.0))
    hazard = np.asarray(process.sample_latent((20_000,), key=jax.random.key(2)))
    rates = -np.expm1(-hazard)
    # Kolmogorov-Smirnov at p = 1e-6; a tail exponent of 0.6 instead of 0.5 must be refused.
    assert stats.kstest(rates, stats.beta(0.5, 3.0).cdf).pvalue > 1e-6
    assert stats.kstest(rates, stats.beta(0.6, 3.0).cdf).pvalue < 1e-6


def test_bad_event_and_wrong_question_are_named():
    with pytest.raises(ValueError, match='event="success"'):
        HeavyTailed(Beta(0.5, 3.0)).coverage(10)
