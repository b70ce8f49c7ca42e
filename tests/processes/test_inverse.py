"""Inversion of increasing functions: value, derivatives, corners, plateaus, precision."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from simlib.processes import (
    ConstantRate,
    DecayingRate,
    KeyTokens,
    LinearShare,
    LogarithmicGrowth,
    PowerGrowth,
    SaturatingGrowth,
    Uniform,
)
from simlib.processes._inverse import invert_increasing
from tests.processes.registry import CASES

hazard = lambda process, n: process.cumulative_hazard(n)
LEVELS = np.concatenate([[0.0], np.geomspace(1e-12, 30, 30)])


def generic(process, level):
    return invert_increasing(hazard, process, level)


@pytest.mark.parametrize(
    "name",
    [
        "uniform",
        "share",
        "share and constant",
        "power",
        "power above one",
        "logarithm",
        "saturating",
    ],
)
def test_closed_forms_and_search_agree(name):
    process = CASES[name].build()
    closed = np.asarray(process.inverse_cumulative_hazard(LEVELS))
    found = np.asarray(jax.jit(generic)(process, LEVELS))
    within = closed < np.exp(79)  # the search ends at e^80
    assert found[within] == pytest.approx(closed[within], rel=1e-10)
    assert np.all(np.isinf(found[~within]))
    assert np.isinf(closed[-1]) == (name == "saturating")


@pytest.mark.parametrize(
    "process",
    [
        KeyTokens(0.02, PowerGrowth(3.0, 0.5), ConstantRate(1e-3)),
        KeyTokens(0.05, LogarithmicGrowth(10.0), DecayingRate(0.01, 1.0)),
        KeyTokens(0.02, SaturatingGrowth(50.0, 100.0), DecayingRate(0.01, 0.5)),
        # A corner at 1000 tokens, and a step of the hazard by 1000.
        KeyTokens(0.5, PowerGrowth(1000.0**0.5, 0.5), ConstantRate(1e-3)),
    ],
    ids=lambda process: type(process.growth).__name__,
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_search_leaves_a_residual_of_rounding_size(process, dtype):
    process = jax.tree.map(lambda x: x.astype(dtype), process)
    level = jnp.asarray(LEVELS[1:], dtype)
    n = jax.jit(lambda p, y: p.inverse_cumulative_hazard(y))(process, level)
    assert n.dtype == dtype
    reached = np.isfinite(n)
    back = np.asarray(process.cumulative_hazard(jnp.where(reached, n, 1.0)))
    assert back[reached] == pytest.approx(LEVELS[1:][reached], rel=64 * float(jnp.finfo(dtype).eps))


def test_level_zero_and_levels_out_of_reach():
    process = KeyTokens(0.02, SaturatingGrowth(50.0, 100.0), DecayingRate(0.01, 2.0))
    total = float(process.cumulative_hazard(1e30))
    below, above = total * 0.999, total * 1.001
    n = np.asarray(process.inverse_cumulative_hazard([0.0, below, above, np.inf]))
    assert n[0] == 0
    assert np.isfinite(n[1])
    assert np.isinf(n[2:]).all()
    # Infinite horizons do not move with the parameters: their derivative is 0, not NaN.
    slope = jax.grad(lambda e: KeyTokens(e, process.growth, process.non_key)
                     .inverse_cumulative_hazard(above))(0.02)  # fmt: skip
    assert float(slope) == 0.0


def test_derivatives_of_first_and_second_order():
    # Lambda = 3 lambda sqrt(n): n = (y / (3 lambda))^2 in closed form.
    closed = lambda e, y: (y / (-3 * jnp.log1p(-e))) ** 2
    search = lambda e, y: generic(KeyTokens(e, PowerGrowth(3.0, 0.5)), y)
    at = (0.01, 0.7)
    gradients = [jax.jit(jax.grad(f, argnums=(0, 1)))(*at) for f in (search, closed)]
    assert np.array(gradients[0]) == pytest.approx(np.array(gradients[1]), rel=1e-10)
    second = [jax.jit(jax.hessian(f, argnums=(0, 1)))(*at) for f in (search, closed)]
    assert np.array(second[0]) == pytest.approx(np.array(second[1]), rel=1e-9)


def test_derivative_at_level_zero():
    # n = level / hazard at the start, where every token is key.
    process = KeyTokens(0.01, PowerGrowth(3.0, 0.5))
    assert float(jax.grad(lambda y: generic(process, y))(0.0)) == pytest.approx(-1 / np.log(0.99))


def test_search_under_vmap_and_batches():
    rates = jnp.array([0.01, 0.02, 0.05])
    one = lambda e, y: generic(KeyTokens(e, LinearShare(0.3), DecayingRate(0.1, 0.7)), y)
    mapped = jax.jit(jax.vmap(one, in_axes=(0, None)))(rates, 0.7)
    loop = [float(one(e, 0.7)) for e in rates]
    assert mapped == pytest.approx(np.array(loop), rel=1e-12)
    # Parameters with a batch shape broadcast against the levels.
    table = one(rates[:, None], jnp.array([0.1, 0.7]))
    assert table.shape == (3, 2)
    assert table[:, 1] == pytest.approx(np.array(loop), rel=1e-12)


def test_gradient_of_a_batch():
    rates = jnp.array([0.01, 0.02])
    total = lambda e: jnp.sum(generic(Uniform(e), jnp.full(2, 0.5)))
    closed = lambda e: jnp.sum(-0.5 / jnp.log1p(-e))
    assert jax.grad(total)(rates) == pytest.approx(np.asarray(jax.grad(closed)(rates)), rel=1e-12)


def test_a_wrong_derivative_would_be_seen():
    # The finite difference that the contract uses tells a missing factor apart.
    search = lambda e: generic(KeyTokens(e, PowerGrowth(3.0, 0.5)), 0.7)
    h = 1e-6
    difference = float(search(0.01 + h) - search(0.01 - h)) / (2 * h)
    right = float(jax.grad(search)(0.01))
    assert right == pytest.approx(difference, rel=1e-6)
    assert right / 2 != pytest.approx(difference, rel=1e-6)
