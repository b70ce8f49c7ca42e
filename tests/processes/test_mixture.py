"""Units of several kinds."""

import jax
import numpy as np
import pytest

from simlib import simulate
from simlib.mixing import Gamma
from simlib.processes import HeavyTailed, KeyTokens, Mixture, SaturatingGrowth, Uniform
from tests.statistics import assert_agrees

LENGTHS = np.array([1, 20, 100, 500])
KINDS = [
    Uniform(0.001),
    KeyTokens(0.02, SaturatingGrowth(50.0, 100.0)),
    HeavyTailed(Gamma(0.05, 0.002)),
]
WEIGHTS = np.array([0.3, 0.5, 0.2])


def test_survival_is_the_weighted_mean():
    process = Mixture(KINDS, WEIGHTS)
    each = np.stack([np.asarray(kind.survival(LENGTHS)) for kind in KINDS])
    assert process.survival(LENGTHS) == pytest.approx(WEIGHTS @ each, rel=1e-12)
    fails = np.stack([np.exp(np.asarray(kind.log_all_fail(LENGTHS, 4))) for kind in KINDS])
    found = np.exp(np.asarray(process.log_all_fail(LENGTHS, 4)))
    assert found == pytest.approx(WEIGHTS @ fails, rel=1e-9)
    assert process.pass_probability(LENGTHS, 4) == pytest.approx(1 - WEIGHTS @ fails, rel=1e-9)


def test_simulation():
    process = Mixture(KINDS, WEIGHTS)
    found = simulate.survival(process, LENGTHS, key=jax.random.key(3), replicates=200_000)
    wrong = {"other weights": np.asarray(Mixture(KINDS, WEIGHTS[::-1]).survival(LENGTHS))}
    assert_agrees(found, np.asarray(process.survival(LENGTHS)), wrong=wrong)


def test_a_mixture_of_constant_hazards_has_a_falling_one():
    process = Mixture([Uniform(0.001), Uniform(0.1)], [0.5, 0.5])
    hazard = np.asarray(process.hazard(np.array([1.0, 10.0, 100.0, 1000.0])))
    assert hazard[0] == pytest.approx(0.0505)
    assert np.all(np.diff(hazard) < 0)
    assert hazard[-1] == pytest.approx(0.001, rel=1e-6)


def test_impossible_arguments():
    for kinds, weights, message in [
        (KINDS, [0.5, 0.5], "one entry for each of the processes"),
        ([], [], "one entry for each of the processes"),
        (KINDS, [0.5, 0.5, 0.5], "add up to 1, got 1.5"),
        (KINDS, [1.2, -0.1, -0.1], r"weights must lie in \(0, 1\]"),
    ]:
        with pytest.raises(ValueError, match=message):
            Mixture(kinds, weights)
