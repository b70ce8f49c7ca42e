"""What the chapter on uniform errors says in words about its traces and simulations."""

import jax
import numpy as np
import pytest

from simlib import fit, traces
from simlib.formulas import uniform

DIGITS = {"copy": (4, 8, 16, 32), "reverse": (3, 5, 7), "sort": (3, 5, 7)}


@pytest.fixture(scope="module")
def log_prob():
    data = traces.load("answers-smollm2")
    return {
        (task, level): fit.answer_log_probs(data, task=task, level=level)
        for task, levels in DIGITS.items()
        for level in levels
    }


@pytest.fixture(scope="module")
def gaps(log_prob):
    def gap(rows):
        return fit.uniform_gap(rows, key=jax.random.key(7))

    by_token = {group: gap(rows) for group, rows in log_prob.items()}
    by_step = {
        group: gap(rows.reshape(len(rows), -1, 2).sum(axis=2)) for group, rows in log_prob.items()
    }
    return by_token, by_step


def _error(rows):
    return -np.expm1(rows).mean(axis=0)


def test_every_second_token_is_a_space_or_the_end(log_prob):
    steps = traces.load("answers-smollm2").steps_with_items()
    for task, level in log_prob:
        tokens = steps.filter(task=task, level=level).sort("item_id", "position")
        text = np.array(tokens["token"].to_list()).reshape(-1, 2 * level)
        assert np.char.isdigit(np.char.strip(text[:, 0::2])).all()
        assert not np.char.isdigit(np.char.strip(text[:, 1::2])).any()


def test_spaces_are_easy_and_the_first_digit_of_a_long_list_is_hardest(log_prob):
    error = _error(log_prob["copy", 32])
    # The last two "spaces" include the end of the line.
    assert error[1:32:2].max() < error[0:32:2].min()
    assert error.argmax() == 0
    first = [_error(log_prob["copy", level])[0] for level in DIGITS["copy"]]
    assert np.all(np.diff(first) > 0)


def test_concentration_is_mostly_a_matter_of_the_unit(gaps):
    by_token, by_step = gaps
    for group in by_token:
        token, step = by_token[group].concentration, by_step[group].concentration
        assert float(step.upper) < 0.5 * float(token.lower)


def test_associations_are_negative_for_most_and_large_for_the_longest_lists(gaps):
    association = {group: gap.association for group, gap in gaps[1].items()}
    assert sum(float(x.upper) < 0 for x in association.values()) > len(association) / 2
    longest = association.pop(("copy", 32))
    assert float(longest.lower) > max(float(x.upper) for x in association.values())
    assert max(abs(float(x.value)) for x in association.values()) < 0.6


def test_one_rate_per_step_is_a_fair_guess_at_one_length(gaps):
    miss = [abs(float(g.log_success.value - g.predicted.value)) for g in gaps[1].values()]
    assert sum(x < 0.5 for x in miss) >= 0.7 * len(miss)


def test_shortest_lists_have_the_lowest_rate_and_promise_too_much(log_prob, gaps):
    for task, levels in DIGITS.items():
        rates = [float(gaps[1][task, level].error_rate.value) for level in levels]
        assert min(rates) == rates[0]
        short, long = log_prob[task, levels[0]], log_prob[task, levels[-1]]
        ratio = fit.length_extrapolation(short, long, key=jax.random.key(8))
        assert float(ratio.lower) > 1.5
        # The promise of the mean logarithm lies between, and far from the truth too.
        by_rate, by_log = (long.shape[1] * x for x in (np.log(np.exp(short).mean()), short.mean()))
        measured = np.log(np.exp(long.sum(axis=1)).mean())
        assert by_rate > by_log > measured + 1


def test_rounded_rules_hold_to_a_few_per_cent():
    for level, reliability in ((80, 0.8), (90, 0.9), (99, 0.99), (999, 0.999)):
        exact = float(uniform.horizon(0.5, 0.01) / uniform.horizon(reliability, 0.01))
        rounded = traces.constant(f"ord.ratio_{level}").value
        assert rounded == pytest.approx(exact, rel=0.07)
