"""A factor on the hazard that differs between units."""

import jax
import numpy as np
import pytest
from scipy import integrate, stats

from simlib import simulate
from simlib.mixing import Beta, Gamma, PositiveStable
from simlib.processes import Frailty, HeavyTailed, KeyTokens, PowerGrowth, Uniform
from tests.statistics import assert_agrees

LENGTHS = np.array([1, 20, 100, 500])
BASE = KeyTokens(0.02, PowerGrowth(2.0, 0.7))


def test_the_average_over_units_by_quadrature():
    process, density = Frailty(BASE, Gamma(1.0, 0.5)), stats.gamma(2.0, scale=0.5).pdf
    for n in LENGTHS:
        level = float(BASE.cumulative_hazard(n))
        mean, _ = integrate.quad(lambda z, c=level: density(z) * np.exp(-z * c), 0, np.inf)
        assert float(process.survival(n)) == pytest.approx(mean, rel=1e-8)
        # Three runs of one unit share its factor.
        fail, _ = integrate.quad(
            lambda z, c=level: density(z) * (-np.expm1(-z * c)) ** 3, 0, np.inf
        )
        assert float(np.exp(process.log_all_fail(n, 3))) == pytest.approx(fail, rel=1e-7)


def test_heavy_tailed_difficulty_is_a_frailty_over_a_constant_hazard():
    # A constant hazard of one per trial: error rate 1 - 1/e.
    unit = Uniform(1 - np.exp(-1))
    for mixing in (Gamma(0.01, 2e-4), PositiveStable(0.6, 0.02), Beta(0.5, 20.0)):
        one, other = Frailty(unit, mixing), HeavyTailed(mixing)
        assert one.survival(LENGTHS) == pytest.approx(np.asarray(other.survival(LENGTHS)), rel=1e-9)


def test_simulation():
    process = Frailty(BASE, Gamma(1.0, 0.5))
    arguments = {"key": jax.random.key(1), "replicates": 200_000}
    found = simulate.survival(process, LENGTHS, **arguments)
    wrong = {"all units alike": np.asarray(BASE.survival(LENGTHS))}
    assert_agrees(found, np.asarray(process.survival(LENGTHS)), wrong=wrong)
    slow = simulate.token_by_token(process, LENGTHS, key=jax.random.key(2), replicates=50_000)
    assert_agrees(slow, np.asarray(process.survival(LENGTHS)), wrong=wrong)


def test_one_mixing_distribution_is_enough():
    with pytest.raises(ValueError, match="must not differ between units already, got HeavyTailed"):
        Frailty(HeavyTailed(Gamma(0.1, 0.1)), Gamma(1.0, 0.5))
