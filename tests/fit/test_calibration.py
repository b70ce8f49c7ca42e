"""Reliability diagrams with intervals clustered by answer."""

import jax
import numpy as np
import pytest

from simlib.fit import calibration

KEY = jax.random.key(5)


def predictions(count: int, seed: int, shift: float = 0.0):
    rng = np.random.default_rng(seed)
    stated = rng.uniform(0, 1, count)
    came_true = rng.uniform(size=count) < np.clip(stated + shift, 0, 1)
    return stated, came_true, np.arange(count) // 4


def test_calibrated_predictions_lie_on_the_diagonal():
    # Ten bins and the gap at level 0.999: false alarm about 1 % for this fixed draw.
    found = calibration(*predictions(4_000, 1), key=KEY, level=0.999, resamples=10_000)
    assert found.observed.contains(found.stated).all()
    assert found.gap.contains(0.0)
    assert found.count.sum() == 4_000


def test_a_shift_is_found():
    found = calibration(*predictions(20_000, 2, shift=0.03), key=KEY, level=0.99)
    assert not found.gap.contains(0.0)
    assert abs(float(found.gap.value) - 0.03) < 0.01


def test_dependence_inside_answers_widens_the_interval():
    # Each answer repeats one prediction eight times: eight times the rows, no more information.
    stated, came_true, _ = predictions(500, 3)
    single = calibration(stated, came_true, np.arange(500), key=KEY)
    repeated = calibration(
        np.repeat(stated, 8), np.repeat(came_true, 8), np.repeat(np.arange(500), 8), key=KEY
    )
    np.testing.assert_allclose(repeated.gap.stderr, single.gap.stderr, rtol=1e-9)


def test_certainty_falls_into_the_last_bin():
    found = calibration(np.array([1.0, 0.0]), np.array([True, False]), np.arange(2), key=KEY)
    np.testing.assert_array_equal(found.count, [1, 1])
    np.testing.assert_array_equal(found.stated, [0.0, 1.0])


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"stated must lie in \[0, 1\] \(got 0.5 to 1.5\)"):
        calibration(np.array([0.5, 1.5]), np.array([True, True]), np.arange(2), key=KEY)
    with pytest.raises(ValueError, match="one entry per prediction"):
        calibration(np.array([0.5]), np.array([True, True]), np.arange(2), key=KEY)
