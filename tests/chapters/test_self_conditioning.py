"""What the chapter on self-conditioning says in words about traces and simulations."""

import jax
import numpy as np
import pytest

from simlib import fit, simulate, traces
from simlib.processes import SelfConditioning

MODELS, TASKS = ("smollm2", "gemma3"), ("copy", "stride", "sum", "lookup")


@pytest.fixture(scope="module")
def planted():
    found = {}
    for model in MODELS:
        pair = [traces.load(f"{family}-{model}") for family in ("planted", "chains")]
        for task in TASKS:
            found[model, task] = fit.planted_steps(*pair, task=task)
    return found


@pytest.fixture(scope="module")
def odds(planted):
    return {
        name: fit.history_odds(x.log_odds, x.right, x.wrong, items=x.items)
        for name, x in planted.items()
    }


def test_losses_grow_with_the_share_of_planted_errors(planted):
    for x in planted.values():
        harm = [float(x[x.share == share].harm().value) for share in np.unique(x.share)]
        assert harm[0] > 0
        assert np.all(np.diff(harm) > 0)


def test_the_plane(odds):
    """Near the diagonal in all cases but one, which lies on the axis."""
    for (model, task), x in odds.items():
        assert float(x.wrong.lower) > 0
        if (model, task) == ("smollm2", "sum"):
            assert x.right.contains(0.0)
            assert float(x.lean.value) < 0
        else:
            assert float(x.right.lower) > 0
            assert float(x.lean.value) > 0
        assert abs(float(x.balance.value)) < 0.3
    for model in MODELS:
        assert float(odds[model, "sum"].balance.upper) < 0
    assert float(odds["smollm2", "lookup"].balance.lower) > 0
    assert odds["smollm2", "copy"].balance.contains(0.0)
    signs = {np.sign(float(x.balance.value)) for x in odds.values() if not x.balance.contains(0.0)}
    assert signs == {-1.0, 1.0}


def test_against_the_clean_history_nothing_gains_with_length(planted):
    for (_, task), x in planted.items():
        relative = fit.history_odds(
            x.log_odds - x.clean_log_odds, x.right, x.wrong, items=x.items
        ).balance
        assert float(relative.value) < 0
        if task in ("copy", "stride"):
            assert float(relative.upper) < -0.1


def test_clean_histories_help_the_longer_they_are_but_for_one(planted):
    for name, x in planted.items():
        length = np.log(x.right + x.wrong)
        slopes = [
            np.polyfit(length[x.items == item], x.clean_log_odds[x.items == item], 1)[0]
            for item in np.unique(x.items)
        ]
        assert (np.mean(slopes) > 0) == (name != ("smollm2", "sum"))


def test_the_last_step_costs_about_a_half_or_more(planted):
    for x in planted.values():
        found = fit.history_odds(
            x.log_odds, x.right, x.wrong, items=x.items, after_error=x.after_error
        ).after_error
        assert found is not None
        assert float(found.value) < -0.4
        assert float(found.upper) < -0.3


@pytest.fixture(scope="module")
def free():
    return {
        (model, task): fit.free_runs(traces.load(f"chains-{model}"), task=task)
        for model in MODELS
        for task in TASKS
    }


def test_accuracy_falls_and_free_copies_end_in_guessing(free):
    for (_, task), x in free.items():
        quarters = 1 - np.array([q.mean() for q in np.split(x.wrong, 4, axis=1)])
        assert quarters[3] < quarters[0]
        if task == "copy":
            assert quarters[3] == pytest.approx(0.1, abs=0.02)
        else:
            assert np.all(np.diff(quarters) < 0.001)


def test_slopes_within_items(free):
    for (_, task), x in free.items():
        early, late = (half.mean(1) for half in np.split(x.wrong, 2, axis=1))
        slope = fit.within_items(early, late, x.items)
        if task == "copy":
            assert slope.contains(0.0)
        else:
            assert float(slope.lower) > 0
            assert 0.25 < float(slope.value) < 1.2


def test_share_beats_count_except_in_running_sums(free):
    for (_, task), x in free.items():
        share = fit.fit_history(x.wrong, "self-conditioning, share", given=x.given)
        count = fit.fit_history(x.wrong, "self-conditioning, count", given=x.given)
        gain = float((share.log_likelihood - count.log_likelihood).sum())
        assert abs(gain) < 10 if task == "sum" else gain > 5


def test_three_thousand_steps_are_few_above_the_threshold():
    slow = SelfConditioning(0.002, 2.0, dependence="share")
    errors, _ = simulate.sample_histories(slow, [3000], key=jax.random.key(3), shape=(400,))
    share = np.asarray(errors)[:, 0] / 3000
    assert share.mean() < 0.5 * float(slow.long_run_error_rate())
    assert 0.7 < float(slow.long_run_error_rate()) < 0.85
