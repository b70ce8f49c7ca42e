"""What the chapter on survival says in words about its traces and simulations."""

import jax
import numpy as np
import pytest

from simlib import fit, traces
from simlib.formulas import survival


@pytest.fixture(scope="module")
def log_prob():
    return fit.answer_log_probs(traces.load("answers-smollm2"), task="copy", level=8)


def _runs(log_prob, key, size=20_000):
    keys = jax.random.split(key)
    lists = np.asarray(jax.random.randint(keys[0], (size,), 0, len(log_prob)))
    level = np.asarray(jax.random.exponential(keys[1], (size,)))
    hazard = -np.cumsum(log_prob, axis=1)[lists]
    return lists, 1 + (hazard < level[:, None]).sum(axis=1)


def test_cuts_that_look_ahead_make_the_model_look_better(log_prob):
    keys = jax.random.split(jax.random.key(3))
    lists, first = _runs(log_prob, keys[0])
    harder = log_prob < log_prob.mean(axis=0)
    chance = np.where(harder[lists][:, 1:], 0.2, 0.02)
    draws = np.asarray(jax.random.uniform(keys[1], chance.shape)) < chance
    stop = 1 + np.hstack([draws, np.ones((len(lists), 1), bool)]).argmax(axis=1)
    tokens = np.array([log_prob.shape[1]])
    truth = np.exp(log_prob.sum(axis=1)).mean()
    informed = fit.product_limit(np.minimum(first, stop), first <= stop, lengths=tokens)
    assert float(informed.z_score(truth)[0]) > 4
    # The same runs, cut as often but blindly, are not biased.
    rng = np.random.default_rng(4)
    blind = rng.permutation(stop)
    honest = fit.product_limit(np.minimum(first, blind), first <= blind, lengths=tokens)
    assert abs(float(honest.z_score(truth)[0])) < 4


def test_both_shortcuts_fail_in_opposite_directions(log_prob):
    _, first = _runs(log_prob, jax.random.key(5))
    cut = np.random.default_rng(6).integers(1, log_prob.shape[1] + 1, len(first))
    wrong = first <= cut
    truth = np.exp(np.cumsum(log_prob, axis=1)).mean(axis=0)
    assert (~wrong).mean() > 3 * truth[-1]
    beyond = (np.minimum(first, cut)[wrong][:, None] > np.arange(1, len(truth) + 1)).mean(axis=0)
    assert np.all(beyond < truth)


def test_easy_lists_are_solved_first(log_prob):
    p = np.exp(log_prob.sum(axis=1))
    none = [(1 - p) ** k for k in (99, 100)]
    assert 1 - none[1].mean() / none[0].mean() < p.mean() / 5
    assert none[1].mean() > 20 * (1 - p.mean()) ** 100


@pytest.mark.parametrize("n", [1.0, 10.0, 90.0])
def test_lower_shapes_fail_earlier_and_last_longer(n):
    """The reading of the interactive figure, on both sides of the half-life 100."""
    for law in (survival.weibull, survival.log_logistic):
        for near, far in ((n, 1e4 / n),):
            flat, steep = law(near, 100.0, 0.5), law(near, 100.0, 1.0)
            assert float(flat) < float(steep)
            assert float(law(far, 100.0, 0.5)) > float(law(far, 100.0, 1.0))
