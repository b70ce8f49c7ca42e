"""Symbols have one meaning, a unit and a domain."""

import numpy as np
import pytest
import sympy as sp

import simlib.formulas  # noqa: F401  (registers the topics)
from simlib.formulas import QUANTITIES, describe, quantity


@pytest.fixture
def scratch():
    """Names registered in a test are forgotten after it."""
    before = dict(QUANTITIES)
    yield
    QUANTITIES.clear()
    QUANTITIES.update(before)


@pytest.mark.parametrize("name", sorted(QUANTITIES))
def test_quantity_is_described_and_drawn_inside_its_domain(name):
    found = QUANTITIES[name]
    assert found.name == name == found.symbol.name
    assert found.meaning
    assert found.unit
    assert found.latex
    assert found.low <= found.reach[0] < found.reach[1] <= found.high
    draws = found.draw(200, rng=np.random.default_rng(0))
    assert np.all((draws >= found.low) & (draws <= found.high))
    assert np.all((draws >= found.reach[0] * (1 - 1e-12)) & (draws <= found.reach[1] * (1 + 1e-12)))
    # SymPy may assume only what the domain grants.
    if found.symbol.is_positive:
        assert found.low >= 0
        assert not found.low_included
    assert bool(found.symbol.is_nonnegative) == (found.low >= 0)
    assert found.domain_latex.startswith("[" if found.low_included else "(")


def test_a_name_has_one_meaning(scratch):
    with pytest.raises(ValueError, match=r"'n' is already registered as 'length"):
        quantity("n", "N", "another", "1", low=0, high=1, scale="linear", reach=(0, 1))


def test_an_unknown_symbol_is_refused():
    with pytest.raises(KeyError, match="'w' is not registered"):
        describe(sp.Symbol("w"))
    with pytest.raises(KeyError, match="'n' is not registered"):
        describe(sp.Symbol("n"))  # same name, other assumptions: not ours


def test_domain_is_printed(scratch):
    quantity("w", "w", "a logit", "1", low=-np.inf, high=np.inf, scale="linear", reach=(-1, 1))
    assert QUANTITIES["w"].domain_latex == r"(-\infty, \infty)"
    assert QUANTITIES["n"].domain_latex == r"[0, \infty)"


@pytest.mark.parametrize("scale", ["linear", "log", "logit"])
def test_draws_spread_evenly_on_their_scale(scale, scratch):
    quantity("w", "w", "test", "1", low=0, high=1, scale=scale, reach=(1e-3, 0.9))
    draws = QUANTITIES["w"].draw(4000, rng=np.random.default_rng(1))
    to_scale = {"linear": lambda p: p, "log": np.log, "logit": lambda p: np.log(p / (1 - p))}[scale]
    low, high = to_scale(1e-3), to_scale(0.9)
    place = (to_scale(draws) - low) / (high - low)
    assert np.histogram(place, bins=4, range=(0, 1))[0] == pytest.approx(1000, abs=150)
