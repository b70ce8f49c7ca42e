"""Comparison of processes: held-out scores, weights, folds, who wins."""

import jax
import numpy as np
import pytest

from simlib import fit
from simlib.fit import Runs, compare_processes, stacking_weights
from simlib.fit._compare_processes import _clustered, _folds
from tests.fit.test_process_fit import draw

KEY = jax.random.key(0)


@pytest.mark.parametrize("name", ["power", "saturating", "heavy_tailed", "log_logistic"])
def test_the_truth_predicts_best(name):
    found = compare_processes(draw(name, 4000, 11), key=KEY)
    assert found.best == name
    assert name in found.undecided
    assert "uniform" not in found.undecided
    assert found.weights[name] > 0.5
    assert sum(found.weights.values()) == pytest.approx(1.0)


def test_uniform_runs_are_left_to_every_family_that_contains_them():
    found = compare_processes(draw("uniform", 2000, 12), key=KEY)
    assert {"uniform", "power", "saturating", "heavy_tailed"} <= set(found.undecided)
    assert "log_logistic" not in found.undecided


def test_a_held_out_score_is_that_of_a_fit_to_the_others():
    runs = draw("power", 60, 13)
    found = compare_processes(runs, ["power"], key=KEY, folds=3)
    fold = _folds(runs, 3, KEY)
    length, error = runs.length[runs.pair], runs.error[runs.pair]
    for k in range(3):
        others = fit.fit_process(Runs.from_columns(length[fold != k], error[fold != k]), "power")
        held = Runs.from_columns(length[fold == k], error[fold == k])
        expected = fit.run_log_likelihood(others.process, held)[held.pair]
        assert np.allclose(found.scores["power"][fold == k], expected, atol=1e-5)


def test_folds_keep_items_together_and_spread_errors():
    rng = np.random.default_rng(1)
    item = rng.integers(0, 30, 200)
    error = (item < 5).astype(int)
    runs = Runs.from_columns(rng.integers(1, 9, 200), error, item=item)
    fold = _folds(runs, 5, KEY)
    assert all(len(set(fold[runs.item == i])) == 1 for i in range(runs.items))
    assert set(fold[error == 1]) == set(range(5))
    assert np.array_equal(fold, _folds(runs, 5, KEY))


def test_intervals_are_over_items():
    rng = np.random.default_rng(2)
    effect = rng.normal(size=50)
    each, unit = np.repeat(effect, 8), np.repeat(np.arange(50), 8)
    pooled = _clustered(each, unit, 0.95)
    assert float(pooled.stderr) == pytest.approx(effect.std(ddof=1) / np.sqrt(50))
    alone = _clustered(effect, np.arange(50), 0.95)
    assert float(alone.stderr) == pytest.approx(float(pooled.stderr))


def test_weights_are_the_best_mixture():
    rng = np.random.default_rng(3)
    truth = rng.random(4000) < 0.3
    x = np.where(truth, rng.normal(0, 1, 4000), rng.normal(3, 1, 4000))
    scores = np.stack([-((x - m) ** 2) / 2 for m in (0.0, 3.0, 50.0)], axis=1)
    weights = stacking_weights(scores)
    grid = np.linspace(0, 1, 1001)
    mixed = [np.log(w * np.exp(scores[:, 0]) + (1 - w) * np.exp(scores[:, 1])).mean() for w in grid]
    assert weights[0] == pytest.approx(grid[int(np.argmax(mixed))], abs=2e-3)
    assert weights[2] == 0.0


def test_weights_of_a_family_that_excludes_some_runs():
    scores = np.array([[0.0, -np.inf], [-1.0, 0.0]])
    assert np.isfinite(stacking_weights(scores)).all()
    with pytest.raises(ValueError, match="run 0 has no probability"):
        stacking_weights(np.full((1, 2), -np.inf))


def test_too_little_to_hold_out():
    runs = Runs.from_columns(np.array([3, 9, 9]), np.array([1, 0, 0]))
    with pytest.raises(ValueError, match="at least 2 runs"):
        compare_processes(runs, key=KEY)
    with pytest.raises(ValueError, match="folds must be at least 2"):
        compare_processes(draw("uniform", 50, 14), key=KEY, folds=1)


def test_refused_families_are_listed():
    found = compare_processes(draw("uniform", 300, 15), ["uniform", "logarithmic"], key=KEY)
    assert list(found.fits) == ["uniform"]
    assert "first step" in found.refused["logarithmic"]
    with pytest.raises(ValueError, match="no family can have produced"):
        compare_processes(draw("uniform", 300, 15), ["logarithmic"], key=KEY)
