"""What the page on pivotal tokens says in words, and no claim or other test checks."""

import jax
import numpy as np
import pytest

from simlib import fit, simulate, traces

MODELS = ("smollm2", "gemma3")


@pytest.fixture(scope="module")
def copied():
    found = {}
    for model in MODELS:
        data = traces.load(f"answers-{model}")
        for level in (4, 8, 16, 32):
            rows = fit.answer_log_probs(data, task="copy", level=level)
            found[model, level] = fit.answer_moves(rows, gap=0.2)
    return found


def test_pivotal_tokens_follow_the_uncertainty_and_not_the_length(copied):
    four, eight, sixteen, long = (copied["gemma3", level].count.mean() for level in (4, 8, 16, 32))
    assert four < eight < sixteen
    assert long < 0.01 * sixteen
    assert copied["gemma3", 32].start.mean() < 0.001


def test_where_a_model_is_good_most_failures_have_a_pivotal_token(copied):
    for level in (4, 8, 16):
        moves = copied["gemma3", level]
        assert moves.down.sum() > 0.5 * (1 - moves.start).sum()


def test_one_majority_in_three_has_a_pivotal_bit_and_uniform_errors_have_less_than_one():
    keys = jax.random.split(jax.random.key(5))
    bits = simulate.majority_paths(101, key=keys[0], replicates=4000)
    uniform = simulate.absorbing_paths(0.005, 200, key=keys[1], replicates=4000)
    assert 0.25 < fit.path_moves(bits, gap=0.2)[1].mean() < 0.4
    assert 0.5 < fit.path_moves(uniform, gap=0.2)[1].mean() < 0.75


@pytest.mark.parametrize("model", MODELS)
def test_upward_pivotal_tokens_are_risky(model):
    data = traces.load(f"answers-{model}")
    rows = fit.answer_log_probs(data, task="reverse", level=3)
    up = np.diff(fit.success_path(rows)) >= 0.2
    assert up.any()
    # A rise of a fifth needs an error probability of a fifth.
    assert np.exp(rows[up]).max() <= 0.8


@pytest.mark.parametrize("model", MODELS)
def test_noise_adds_about_two_fifths_over_six_places(model):
    data = traces.load(f"pivots-{model}")
    each = int(data.pivots["rollouts"][0])
    for rule in ("all_right", "end_right"):
        counts, outcome = fit.resampled_counts(data, task="copy", rule=rule)
        assert counts.shape[1] == 6
        assert 2 * each == 16
        moves = fit.resampled_moves(counts, rollouts=each, outcome=outcome, gap=0.2)
        assert 0.3 < moves.noise.sum() / moves.start.sum() < 0.5


def test_unknown_rules_and_tasks_are_refused():
    data = traces.load("pivots-smollm2")
    with pytest.raises(ValueError, match="rule must be one of all_right, end_right, got 'x'"):
        fit.resampled_counts(data, task="copy", rule="x")
    with pytest.raises(ValueError, match="pivots-smollm2 has no resampled runs of 'sum'"):
        fit.resampled_counts(data, task="sum", rule="all_right")
