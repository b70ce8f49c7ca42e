"""Hazards by position, and the guide through their sum."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib import simulate
from simlib._guide import Guide
from simlib.processes import KeyTokens, PositionalHazard, PowerGrowth
from tests.statistics import assert_agrees

RNG = np.random.default_rng(0)
TABLES = {
    "even": np.full(1000, 1e-3),
    "spikes": np.where(np.arange(5000) % 100 == 99, 0.05, 0.0),
    "falling": 0.2 / np.sqrt(np.arange(1, 2001)),
    "one": np.array([0.3]),
    "ends without errors": np.concatenate([np.full(50, 0.01), np.zeros(50)]),
}


@pytest.mark.parametrize("name", TABLES)
def test_first_errors_fall_where_the_table_says(name):
    rates, n = TABLES[name], 2**18
    first = simulate.first_error(PositionalHazard(rates), key=jax.random.key(0), shape=(n,))
    at = np.unique(np.linspace(1, rates.size, 40).astype(int))
    survival = np.cumprod(1 - rates)
    alive = (np.asarray(first)[:, None] > at).sum(0)
    possible = survival[at - 1] < 1
    # One position late is what an off-by-one in the table would do.
    late = np.concatenate([[1.0], survival[:-1]])
    assert_agrees(
        alive[possible], survival[at - 1][possible], n=n,
        wrong={"late": late[at - 1][possible]} if name in ("falling", "one") else {},
    )  # fmt: skip
    assert alive[~possible].tolist() == [n] * (~possible).sum()
    # No error where the rate is 0.
    inside = np.asarray(first)[np.asarray(first) <= rates.size].astype(int)
    assert (rates[inside - 1] > 0).all()


def test_a_table_of_a_law_is_the_law():
    law = KeyTokens(0.05, PowerGrowth(3.0, 0.5))
    steps = np.arange(1, 2001)
    table = PositionalHazard(np.asarray(law.hazard(steps)))
    assert np.asarray(table.survival(steps)) == pytest.approx(np.asarray(law.survival(steps)))
    # The same levels: the same first errors.
    key = jax.random.key(1)
    a, b = (np.asarray(simulate.first_error(p, key=key, shape=(5000,))) for p in (law, table))
    inside = a <= 2000
    assert (a[inside] == b[inside]).mean() > 0.999  # others lie on a rounding error


def test_after_the_last_position_its_hazard_goes_on():
    process = PositionalHazard([0.5, 0.1])
    assert float(process.survival(10)) == pytest.approx(0.5 * 0.9**9)
    assert float(process.horizon(0.5 * 0.9**9)) == pytest.approx(10)
    assert np.isinf(float(PositionalHazard([0.5, 0.0]).horizon(0.1)))
    assert float(process.inverse_cumulative_hazard(0.0)) == 0.0


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(st.floats(0, 1e-6), st.floats(0, 1), st.floats(0, 50)), min_size=1, max_size=40
    ),
    st.sampled_from([np.float32, np.float64]),
)
def test_a_guide_finds_what_a_search_finds(steps, dtype):
    # Padded: one shape, one compilation.
    values = np.cumsum(np.pad(np.asarray(steps, dtype), (0, 40 - len(steps))), dtype=dtype)
    x = np.concatenate([values, values * 1.01, np.nextafter(values, -1), [0.0, 1e9, np.inf]])
    found = _count(jnp.asarray(values), jnp.asarray(x, dtype))
    assert np.asarray(found).tolist() == np.searchsorted(values, x.astype(dtype)).tolist()


_count = jax.jit(lambda values, x: Guide(values).count_below(x))


@pytest.mark.parametrize(
    ("rates", "message"),
    [
        ([], "at least one probability"),
        (0.1, "for one rate at all positions use Uniform"),
        ([0.1, 1.0], r"must lie in \[0, 1\).*got 1.0"),
        ([0.1, -0.1], r"must lie in \[0, 1\)"),
        ([0.1, np.nan], r"must lie in \[0, 1\)"),
    ],
)
def test_impossible_tables(rates, message):
    with pytest.raises(ValueError, match=message):
        PositionalHazard(rates)
