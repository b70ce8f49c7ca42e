"""What the chapter on recovery says in words about its free runs."""

import numpy as np
import pytest

from simlib import fit, traces

MODELS, TASKS = ("smollm2", "gemma3"), ("copy", "stride", "sum", "lookup")


@pytest.fixture(scope="module")
def free():
    return {
        (model, task): fit.free_runs(traces.load(f"chains-{model}"), task=task)
        for model in MODELS
        for task in TASKS
    }


def _ages(wrong):
    ages = np.zeros(wrong.shape, int)
    for i in range(1, wrong.shape[1]):
        ages[:, i] = (ages[:, i - 1] + 1) * wrong[:, i - 1]
    return ages


def test_repair_falls_with_age_except_in_copying(free):
    for (_, task), x in free.items():
        ages = _ages(x.wrong)
        shares = [
            (~x.wrong)[(low <= ages) & (ages <= high)].mean()
            for low, high in ((1, 1), (4, 7), (16, 99))
        ]
        if task == "copy":
            assert shares == pytest.approx([0.1] * 3, abs=0.02)
        else:
            assert shares[0] > shares[1] > shares[2]
            assert shares[2] < 0.1


def test_feedback_describes_the_runs_at_least_as_well_as_fading_repair(free):
    for (_, task), x in free.items():
        constant, fading, share = (
            fit.fit_history(x.wrong, family, given=x.given).log_likelihood.sum()
            for family in ("recovery", "semi-Markov recovery", "self-conditioning, share")
        )
        assert share > fading - 1
        assert (fading > constant + 50) == (task != "copy")


def test_values_return_more_than_ten_times_less_often_than_steps(free):
    for (_, task), x in free.items():
        if task == "copy":
            continue
        step = fit.transition_rate(x.wrong, ~x.wrong)
        value = fit.transition_rate(x.off_chain, ~x.off_chain)
        assert step > 10 * value
        assert value < 0.02
        assert (~x.off_chain[:, -1]).mean() < 0.1


def test_some_counts_of_gemma_never_went_wrong(free):
    assert (~free["gemma3", "stride"].wrong).all(axis=1).any()


def test_rates_of_the_first_half_promise_too_much(free):
    for (_, task), x in free.items():
        if task != "copy":
            assert fit.two_state_gap(x.wrong) < -0.1
