"""One process after another."""

import jax
import numpy as np
import pytest

from simlib import simulate
from simlib.mixing import Gamma
from simlib.processes import HeavyTailed, KeyTokens, PowerGrowth, Segments, Uniform
from tests.statistics import assert_agrees

LATE = KeyTokens(0.05, PowerGrowth(2.0, 0.5))
PROCESS = Segments([Uniform(0.01), LATE, Uniform(0.002)], [40, 100])


def test_every_segment_has_a_clock_of_its_own():
    n = np.array([0.0, 10.0, 40.0, 55.5, 100.0, 300.0])
    clocks = [np.clip(n, 0, 40), np.clip(n - 40, 0, 60), np.clip(n - 100, 0, None)]
    product = 1.0
    for process, clock in zip(PROCESS.processes, clocks, strict=True):
        product = product * np.asarray(process.survival(clock))
    assert PROCESS.survival(n) == pytest.approx(product, rel=1e-12)


def test_one_segment_is_the_process_itself():
    n = np.arange(0, 200, 20)
    alone = Segments([LATE], [])
    assert alone.survival(n) == pytest.approx(np.asarray(LATE.survival(n)), rel=1e-14)


def test_simulation():
    lengths = np.array([20, 40, 41, 99, 100, 250])
    found = simulate.survival(PROCESS, lengths, key=jax.random.key(4), replicates=200_000)
    one_clock = np.asarray(LATE.survival(lengths))
    assert_agrees(found, np.asarray(PROCESS.survival(lengths)), wrong={"one clock": one_clock})


def test_impossible_arguments():
    frail = HeavyTailed(Gamma(0.1, 0.1))
    for processes, borders, message in [
        ([Uniform(0.1)], [3.0], "one less than the processes"),
        ([Uniform(0.1), LATE, LATE], [5.0, 5.0], "borders must increase"),
        ([Uniform(0.1), LATE], [0.0], r"borders must lie in \(0, inf\)"),
        ([Uniform(0.1), frail], [5.0], "must not differ between units, got HeavyTailed"),
    ]:
        with pytest.raises(ValueError, match=message):
            Segments(processes, borders)
