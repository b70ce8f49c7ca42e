"""Key tokens: reference tables, the three regimes, and what concentration costs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.formulas import key_tokens as kt
from simlib.formulas import survival, uniform

rates = st.floats(1e-6, 0.9)
shares = st.floats(1e-3, 0.999)
examples = settings(max_examples=60, deadline=None, derandomize=True)

# Survival at e_key = .01 and lengths 100, 1000, 10,000.
TABLE = {
    "share": ([0.9135, 0.4047, 1.18e-4], lambda n: kt.linear_survival(n, 0.09, 0.01)),
    "power": ([0.7397, 0.3854, 0.0490], lambda n: kt.power_survival(n, 3.0, 0.5, 0.01)),
    "logarithm": ([0.6295, 0.4994, 0.3963], lambda n: kt.logarithmic_survival(n, 10.0, 0.01)),
    "plateau": ([0.6050] * 3, lambda n: kt.plateau(50.0, 0.01) + 0 * n),
}


@pytest.mark.parametrize("regime", TABLE)
def test_reference_table(regime):
    expected, law = TABLE[regime]
    assert law(jnp.array([100.0, 1e3, 1e4])).tolist() == pytest.approx(expected, rel=2e-3)
    # A wrong error rate would be seen.
    wrong = kt.linear_survival(np.array([100.0, 1e3, 1e4]), 0.09, 0.011)
    assert wrong.tolist() != pytest.approx(TABLE["share"][0], rel=2e-3)


def test_non_key_rate_allowed():
    # 91 % of the tokens are not key; their factor is to stay at .9.
    m = 0.91 * np.array([1e3, 1e4, 1e5])
    allowed = kt.non_key_rate_allowed(0.9, m)
    assert allowed.tolist() == pytest.approx([1.16e-4, 1.16e-5, 1.16e-6], rel=3e-3)
    assert jnp.exp(-kt.non_key_constant(m, allowed)) == pytest.approx(0.9, rel=1e-12)


@pytest.mark.parametrize(
    ("mean", "uniformly", "concentrated"), [(0.01, 4.32e-5, 2.49e-5), (0.001, 0.3677, 0.3658)]
)
def test_concentration_at_equal_mean(mean, uniformly, concentrated):
    # All error on 9 % of 1000 tokens, against the same mean spread evenly.
    assert float(uniform.survival(1000, mean)) == pytest.approx(uniformly, rel=2e-3)
    key_rate = mean / 0.09
    assert float(kt.linear_survival(1000, 0.09, key_rate)) == pytest.approx(concentrated, rel=2e-3)
    gap = float(kt.concentration_gap(1000, 0.09, key_rate, 0.0))
    assert gap == pytest.approx(np.log(uniformly / concentrated), abs=3e-3)


@examples
@given(share=shares, key=rates, other=rates)
def test_concentration_never_helps(share, key, other):
    gap = float(kt.concentration_gap(1.0, share, key, other))
    assert gap >= 0
    # It vanishes only where there is nothing to concentrate.
    if abs(key - other) > 1e-3:
        assert gap > 0
    assert float(kt.concentration_gap(1.0, share, key, key)) == 0.0


@examples
@given(share=shares, key=rates, other=rates, n=st.floats(1, 1e4))
def test_a_fixed_share_is_exponential_at_a_smaller_rate(share, key, other, n):
    rate = float(kt.linear_effective_rate(share, key, other))
    assert min(key, other) * (1 - 1e-12) <= rate <= max(key, other) * (1 + 1e-12)
    two = float(kt.two_rates(n, share * n, key, other))
    assert float(uniform.survival(n, rate)) == pytest.approx(two, rel=1e-9, abs=1e-300)


def test_power_growth_is_a_weibull_law():
    n = np.geomspace(1, 1e6, 20)
    half_life = kt.power_horizon(0.5, 3.0, 0.6, 0.01)
    expected = survival.weibull(n, half_life, 0.6)
    assert kt.power_survival(n, 3.0, 0.6, 0.01) == pytest.approx(np.asarray(expected), rel=1e-12)


def test_logarithmic_growth_is_a_power_law():
    n = np.geomspace(1, 1e6, 20)
    exponent = float(kt.logarithmic_exponent(10.0, 0.01))
    assert exponent == pytest.approx(-10 * np.log(0.99))
    assert kt.logarithmic_survival(n, 10.0, 0.01) == pytest.approx(n**-exponent, rel=1e-12)


HORIZONS = {
    "linear": (
        lambda r: kt.linear_horizon(r, 0.09, 0.01, 1e-4),
        lambda n: kt.two_rates(n, 0.09 * n, 0.01, 1e-4),
    ),
    "power": (
        lambda r: kt.power_horizon(r, 3.0, 0.5, 0.01),
        lambda n: kt.power_survival(n, 3.0, 0.5, 0.01),
    ),
    "logarithmic": (
        lambda r: kt.logarithmic_horizon(r, 10.0, 0.01),
        lambda n: kt.logarithmic_survival(n, 10.0, 0.01),
    ),
    "saturating": (
        lambda r: kt.saturating_horizon(r, 50.0, 200.0, 0.01),
        lambda n: 0.99 ** kt.saturating_count(n, 50.0, 200.0),
    ),
}


@pytest.mark.parametrize("growth", HORIZONS)
def test_horizons_invert_survival(growth):
    horizon, law = HORIZONS[growth]
    r = jnp.array([0.65, 0.8, 0.99])
    assert law(horizon(r)) == pytest.approx(np.asarray(r), rel=1e-11)


def test_no_horizon_below_the_plateau():
    plateau = float(kt.plateau(50.0, 0.01))
    assert plateau == pytest.approx(0.6050, abs=5e-5)
    assert not np.isfinite(kt.saturating_horizon(plateau * 0.99, 50.0, 200.0, 0.01))


@examples
@given(count=st.floats(0.1, 1e4), key=rates)
def test_union_bound_is_a_bound(count, key):
    # For fewer than one key token it is not one: the bound counts whole events.
    exact = -np.expm1(max(count, 1.0) * np.log1p(-key))
    assert exact <= float(kt.union_bound(max(count, 1.0), key)) * (1 + 1e-12)


def test_union_bound_at_matched_rate_exceeds_independence():
    # k e_key = n e >= 1 - (1-e)^n: a larger upper bound shows nothing about correlation.
    e, n = 0.01, 1000
    assert float(kt.union_bound(0.09 * n, e / 0.09)) >= 1 - (1 - e) ** n


def test_decaying_hazard():
    m = np.geomspace(0.01, 1e6, 12)
    for exponent in (0.0, 0.4, 1.0, 1.0 + 1e-9, 2.5):
        hazard = jax.vmap(jax.grad(lambda t, a=exponent: kt.non_key_decaying(t, 0.2, a)))(m)
        assert hazard == pytest.approx(0.2 * (1 + m) ** -exponent, rel=1e-9)
    # A logarithm at exponent 1, and a bounded total above it.
    assert kt.non_key_decaying(m, 0.2, 1.0) == pytest.approx(0.2 * np.log1p(m), rel=1e-13)
    assert float(kt.non_key_decaying(1e30, 0.2, 2.5)) == pytest.approx(0.2 / 1.5)
    assert float(kt.non_key_decaying(1e30, 0.2, 0.9)) > 1e2


def test_decaying_hazard_is_smooth_through_exponent_one():
    slope = jax.grad(kt.non_key_decaying, argnums=2)
    # d/da at a = 1 is -h ln(1+m)^2 / 2.
    assert float(slope(50.0, 0.2, 1.0)) == pytest.approx(-0.2 * np.log(51) ** 2 / 2, rel=1e-12)


def test_full_length_of_power_growth():
    c, a = 0.01, 1.5
    length = float(kt.power_full_length(c, a))
    slope = jax.grad(kt.power_count)(length, c, a)
    assert float(slope) == pytest.approx(1.0, rel=1e-12)
