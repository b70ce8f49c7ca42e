"""Formulas of the chapter on scale, against sums, enumeration and counts of what is drawn."""

import numpy as np
import pytest
import sympy as sp
from scipy import optimize, stats

from simlib.formulas import REGISTRY, error_rate, monte_carlo, n, prove_equal, scale
from simlib.formulas.scale import devices, serial_share

FORMULAS = [f for name, f in REGISTRY.items() if name.startswith("scale.")]


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda f: f.name)
def test_computed_form_is_proved(formula):
    assert formula.prove().holds


@pytest.mark.parametrize(("length", "rate"), [(1, 0.3), (7, 0.3), (1000, 1e-3), (50, 1e-9)])
def test_token_draws_are_the_mean_of_the_cut_geometric_law(length, rate):
    law = stats.geom(rate)
    tokens = np.arange(1, length + 1)
    mean = (tokens * law.pmf(tokens)).sum() + length * law.sf(length)
    assert float(scale.token_draws(length, rate)) == pytest.approx(mean, rel=1e-9)


def test_token_draws_are_the_sum_of_the_survival():
    i = sp.Symbol("i", integer=True, nonnegative=True)
    for length in (1, 2, 5):
        total = sp.Sum((1 - error_rate) ** i, (i, 0, length - 1)).doit()
        assert prove_equal(total, scale.token_draws.expression.subs(n, length)).holds
        wrong = sp.Sum((1 - error_rate) ** i, (i, 1, length)).doit()
        assert not prove_equal(wrong, scale.token_draws.expression.subs(n, length)).holds


def test_token_draws_at_their_ends():
    assert float(scale.token_draws(1e9, 1e-3)) == pytest.approx(1000)
    assert float(scale.token_draws(1000, 1e-12)) == pytest.approx(1000, rel=1e-8)


@pytest.mark.parametrize(("length", "rate"), [(20, 0.05), (1000, 1e-3)])
def test_history_draws_count_the_errors_of_a_run(length, rate):
    assert float(scale.history_draws(length, rate)) == 1 + stats.binom(length, rate).mean()
    gain = float(scale.history_gain(length, rate))
    assert gain == pytest.approx(length / float(scale.history_draws(length, rate)))
    assert gain < 1 / rate


@pytest.mark.parametrize("block", [1, 2, 4096])
def test_a_block_runs_until_its_last_sequence_fails(block):
    rate, tokens = 0.01, np.arange(0, 3000)
    running = np.asarray(scale.block_running(0.99**tokens, block))
    last = stats.geom(rate).cdf(tokens) ** block
    assert running == pytest.approx(1 - last, abs=1e-9)
    # Its mean is a sum over harmonic numbers, up to half a token: ln B / e and more.
    if block > 1:
        harmonic = (1 / np.arange(1, block + 1)).sum()
        assert running.sum() == pytest.approx(harmonic / -np.log1p(-rate) + 0.5, rel=1e-3)


def test_costs_are_sequences_times_draws():
    length, rate, error = 300, 0.004, 0.02
    survival = (1 - rate) ** length
    sequences = float(monte_carlo.replicates_needed(survival, error))
    assert float(scale.event_cost(length, rate, error)) == pytest.approx(sequences)
    draws = sequences * float(scale.token_draws(length, rate))
    assert float(scale.token_cost(length, rate, error)) == pytest.approx(draws)


@pytest.mark.parametrize("bits", [8, 23, 32])
def test_words_resolve_what_their_grid_does(bits):
    grid = float(scale.resolution(bits))
    assert grid * 2**bits == 1
    p = 0.37
    rounded = np.floor(p / grid) * grid
    assert 0 <= p - rounded < grid
    size = float(scale.resolved_replicates(p, bits))
    assert float(monte_carlo.standard_error(p, size)) == pytest.approx(grid)


@pytest.mark.parametrize("share", [0.01, 0.3])
def test_the_serial_share_is_found_from_the_speed(share):
    speed = float(scale.amdahl(8, share))
    assert float(scale.serial_share_seen(8, speed)) == pytest.approx(share)
    found = optimize.brentq(lambda s: float(scale.amdahl(8, s)) - speed, 1e-6, 1 - 1e-6)
    assert found == pytest.approx(share)


def test_the_serial_share_by_algebra_and_the_limit_of_many_devices():
    x = scale.speed_up
    (solved,) = sp.solve(sp.Eq(x, scale.amdahl.expression), serial_share)
    assert prove_equal(solved, scale.serial_share_seen.expression).holds
    assert sp.limit(scale.amdahl.expression, devices, sp.oo) == 1 / serial_share


def test_one_after_the_other_is_slower_than_either():
    both = float(scale.in_turn(3e8, 1e8))
    assert 1 / both == pytest.approx(1 / 3e8 + 1 / 1e8)
    assert both < 1e8
