"""Properties at random parameters: bounds, and the direction in which each parameter acts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.processes import (
    ConstantRate,
    DecayingRate,
    KeyTokens,
    LinearShare,
    LogarithmicGrowth,
    NoErrors,
    PowerGrowth,
    SaturatingGrowth,
    Uniform,
)

examples = settings(max_examples=50, deadline=None, derandomize=True)
rates = st.floats(1e-6, 0.9)
logs = lambda low, high: st.floats(np.log(low), np.log(high)).map(np.exp).map(float)

GROWTHS = {
    "share": (LinearShare, (st.floats(0, 1),)),
    "power": (PowerGrowth, (logs(0.01, 100), logs(0.1, 2))),
    "logarithm": (LogarithmicGrowth, (logs(0.01, 100),)),
    "saturating": (SaturatingGrowth, (logs(0.1, 1e4), logs(1, 1e4))),
}
NON_KEY = {
    "none": (NoErrors, ()),
    "constant": (ConstantRate, (st.floats(0, 0.5),)),
    "decaying": (DecayingRate, (logs(1e-6, 1), st.floats(0, 3))),
}
# More of each of these means more key tokens at every length.
RAISES_COUNT = {"share": [0], "power": [0], "logarithm": [0], "saturating": [0]}
LENGTHS = jnp.asarray(np.concatenate([np.linspace(0, 30, 31), np.geomspace(40, 1e6, 20)]))


@jax.jit
def shape_of(growth):
    count = growth.count(LENGTHS)
    return count, growth.inverse_count(count)


@jax.jit
def law_of(process):
    return process.log_survival(LENGTHS), process.hazard(jnp.arange(1.0, 31))


@jax.jit
def horizons_of(process, reliability):
    return process.horizon(reliability)


def draw_from(data, table, name):
    kind, ranges = table[name]
    return kind(*(jnp.asarray(data.draw(x)) for x in ranges))


@pytest.mark.parametrize("name", GROWTHS)
@examples
@given(data=st.data())
def test_both_clocks_run_forward(name, data):
    growth = draw_from(data, GROWTHS, name)
    count, back = map(np.asarray, shape_of(growth))
    n = np.asarray(LENGTHS)
    slack = 1e-12 * (1 + n)
    assert np.all((count >= 0) & (count <= n + slack))
    assert np.all(np.diff(count) >= -slack[1:])
    assert np.all(np.diff(n - count) >= -slack[1:])
    # The inverse finds the length back wherever the count is still growing.
    growing = np.append(np.diff(count) > 1e-6 * count[1:], False) & (count > 0)
    assert back[growing] == pytest.approx(n[growing], rel=1e-6)


@pytest.mark.parametrize("errors", NON_KEY)
@pytest.mark.parametrize("name", GROWTHS)
@settings(max_examples=20, deadline=None, derandomize=True)
@given(data=st.data(), rate=rates)
def test_survival_falls_and_hazard_is_a_probability(name, errors, data, rate):
    growth, other = draw_from(data, GROWTHS, name), draw_from(data, NON_KEY, errors)
    log_survival, hazard = map(np.asarray, law_of(KeyTokens(jnp.asarray(rate), growth, other)))
    assert log_survival[0] == 0
    assert np.all(np.isfinite(log_survival))
    assert np.all(np.diff(log_survival) <= 1e-12 * (1 - log_survival[1:]))
    assert np.all((hazard >= -1e-12) & (hazard <= 1))
    # No key token can be safer than none, nor can all tokens be worse than the worst kind.
    worst = np.log1p(-rate) * np.asarray(LENGTHS) - np.asarray(
        other.cumulative_hazard(jnp.asarray(LENGTHS))
    )
    assert np.all(log_survival >= worst * (1 + 1e-12) - 1e-12)


@pytest.mark.parametrize("name", GROWTHS)
@examples
@given(data=st.data(), rate=rates)
def test_more_key_tokens_never_help(name, data, rate):
    kind, ranges = GROWTHS[name]
    values = [data.draw(x) for x in ranges]
    for index in RAISES_COUNT[name]:
        more = list(values)
        more[index] = min(1.0, values[index] * 1.1) if name == "share" else values[index] * 1.1
        few, many = (
            np.asarray(law_of(KeyTokens(jnp.asarray(rate), kind(*map(jnp.asarray, v))))[0])
            for v in (values, more)
        )
        assert np.all(many <= few * (1 - 1e-12) + 1e-12)


@examples
@given(coefficient=logs(0.01, 100), exponent=logs(0.1, 2), factor=st.floats(1.01, 1.5))
def test_a_larger_exponent_means_more_key_tokens_but_for_the_first(coefficient, exponent, factor):
    few, many = (
        np.asarray(shape_of(PowerGrowth(jnp.asarray(coefficient), jnp.asarray(a)))[0])
        for a in (exponent, exponent * factor)
    )
    # Below one token the smaller exponent gives more, at most c (u^a - u^b) at the best u.
    u = factor ** (-1 / (exponent * (factor - 1)))
    head_start = coefficient * (u**exponent - u ** (exponent * factor))
    assert np.all(many >= few * (1 - 1e-12) - head_start - 1e-12)


@examples
@given(low=rates, high=rates)
def test_survival_falls_with_every_error_rate(low, high):
    low, high = sorted((low, high))
    for make in (
        lambda e: Uniform(e),
        lambda e: KeyTokens(e, PowerGrowth(3.0, 0.5)),
        lambda e: KeyTokens(0.01, PowerGrowth(3.0, 0.5), ConstantRate(e)),
        lambda e: KeyTokens(0.01, PowerGrowth(3.0, 0.5), DecayingRate(e, 0.5)),
    ):
        better, worse = (np.asarray(law_of(make(jnp.asarray(e)))[0]) for e in (low, high))
        assert np.all(worse <= better)


@examples
@given(rate=rates, coefficient=logs(1e-4, 1), slow=st.floats(0, 3), more=st.floats(0.01, 2))
def test_faster_decay_of_other_errors_helps(rate, coefficient, slow, more):
    make = lambda exponent: KeyTokens(
        jnp.asarray(rate), LinearShare(jnp.asarray(0.1)),
        DecayingRate(jnp.asarray(coefficient), jnp.asarray(exponent)),
    )  # fmt: skip
    slower, faster = (np.asarray(law_of(make(x))[0]) for x in (slow, slow + more))
    assert np.all(faster >= slower * (1 + 1e-12) - 1e-14)


@examples
@given(rate=rates, r=st.floats(0.001, 0.999), q=st.floats(0.001, 0.999))
def test_horizons_shrink_with_reliability(rate, r, q):
    process = KeyTokens(jnp.asarray(rate), PowerGrowth(3.0, 0.5), ConstantRate(1e-4))
    low, high = horizons_of(process, jnp.array([max(r, q), min(r, q)]))
    assert low <= high
    assert np.isfinite(high)
