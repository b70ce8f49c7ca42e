"""Success probabilities along simulated outputs: martingales that end at 0 or 1."""

import jax
import numpy as np
import pytest

from simlib import simulate
from tests.statistics import assert_agrees

KEY = jax.random.key(12)
PATHS = {
    "absorbing": (lambda n: simulate.absorbing_paths(0.05, 30, key=KEY, replicates=n), 0.95**30),
    "majority": (lambda n: simulate.majority_paths(21, key=KEY, replicates=n), 0.5),
    "two states": (
        lambda n: simulate.two_state_paths(0.05, 0.02, 30, key=KEY, replicates=n),
        2 / 7 + 5 / 7 * 0.93**30,
    ),
    "walk": (lambda n: simulate.walk_paths(2, 5, 400, key=KEY, replicates=n), 0.4),
}


@pytest.mark.parametrize("name", PATHS)
def test_paths_start_where_they_should_and_end_at_0_or_1(name):
    make, start = PATHS[name]
    path = make(500)
    assert path[:, 0] == pytest.approx(start, rel=1e-12)
    assert set(np.unique(path[:, -1].round(12))) == {0.0, 1.0}
    assert (path >= 0).all()
    assert (path <= 1).all()


@pytest.mark.parametrize("name", PATHS)
def test_paths_are_martingales(name):
    # The mean stays, at every place; and what a path says at half-time comes true.
    path = PATHS[name][0](6000)
    mean, stderr = path.mean(0), path.std(0) / np.sqrt(len(path))
    some = np.flatnonzero(stderr > 1e-6)
    assert_agrees(mean[some], np.full(some.size, path[0, 0]), stderr=stderr[some])
    half = path[:, path.shape[1] // 2]
    for low, high in ((0.05, 0.5), (0.5, 0.95)):
        chosen = (half > low) & (half <= high)
        if chosen.sum() > 500:
            ended = path[chosen, -1]
            assert_agrees(
                np.array([int(ended.sum())]), np.array([half[chosen].mean()]), n=chosen.sum()
            )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: simulate.absorbing_paths(1.5, 3, key=KEY, replicates=1), "error_rate"),
        (lambda: simulate.absorbing_paths(0.5, 0, key=KEY, replicates=1), "length must be at"),
        (lambda: simulate.majority_paths(4, key=KEY, replicates=1), "bits must be odd"),
        (lambda: simulate.two_state_paths(0.0, 0.0, 3, key=KEY, replicates=1), "both 0"),
        (lambda: simulate.two_state_paths(0.1, -1.0, 3, key=KEY, replicates=1), "repair_rate"),
        (lambda: simulate.walk_paths(5, 5, 3, key=KEY, replicates=1), "start must lie between"),
        (lambda: simulate.walk_paths(1, 5, 3, key=KEY, replicates=0), "replicates must be at"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
