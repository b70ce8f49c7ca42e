"""Chains as arrays, against the tables that they come from."""

import numpy as np
import polars as pl
import pytest

from simlib import fit, traces

TASKS = ("copy", "stride", "sum", "lookup")


@pytest.fixture(scope="module")
def chains():
    return traces.load("chains-smollm2")


@pytest.fixture(scope="module")
def planted():
    return traces.load("planted-smollm2")


@pytest.mark.parametrize("task", TASKS)
def test_free_runs(chains, task):
    runs = fit.free_runs(chains, task=task)
    rows = chains.chains_with_items().filter(task=task, condition="free")
    assert runs.wrong.size == rows.height
    assert 1 - runs.wrong.mean() == pytest.approx(rows["correct"].mean())
    assert runs.given == rows["position"].min()
    one = rows.filter(item_id=runs.items[7], run=rows["run"].unique().sort()[1]).sort("position")
    assert (~runs.wrong[7]).tolist() == one["correct"].to_list()
    # Until the first wrong step both are right, and at it both are wrong.
    first = runs.wrong.argmax(1)
    for bad, off, at in zip(runs.wrong, runs.off_chain, first, strict=True):
        assert bad[: at + 1].tolist() == off[: at + 1].tolist()
    if task == "copy":
        assert (runs.wrong == runs.off_chain).all()
    else:
        assert (runs.wrong & ~runs.off_chain).any()
        assert runs.off_chain.mean() > runs.wrong.mean()


@pytest.mark.parametrize("task", TASKS)
def test_planted_steps(planted, chains, task):
    steps = fit.planted_steps(planted, chains, task=task)
    assert np.unique(steps.share).tolist() == [1 / 32, 1 / 8, 1 / 4, 1 / 2]
    rows = planted.chains_with_items().filter(task=task).filter(pl.col("position") >= 16)
    assert len(steps.items) == rows.height
    assert (steps.right + steps.wrong == rows["position"].to_numpy()).all()
    p = np.exp(rows["log_prob"].to_numpy().astype(float))
    inner = np.abs(steps.log_odds) < 14
    assert 1 / (1 + np.exp(-steps.log_odds[inner])) == pytest.approx(p[inner], rel=1e-5)
    # The coin falls without looking at what it fell before.
    for share in np.unique(steps.share):
        after = steps.after_error[steps.share == share]
        assert abs(after.mean() - share) < 4 * np.sqrt(share * (1 - share) / len(after))


def test_the_step_after_an_error(planted, chains):
    steps = fit.planted_steps(planted, chains, task="sum", first=1)
    rows = planted.chains_with_items().filter(task="sum").filter(pl.col("position") >= 1)
    frame = rows.select("item_id", "run", "condition", "position", "errors").with_columns(
        after=pl.Series(steps.after_error)
    )
    known = frame.sort("position").with_columns(
        grown=pl.col("errors").diff().over("item_id", "run", "condition")
    )
    known = known.filter(pl.col("grown").is_not_null())
    # Between two steps that were left right, every step in between was wrong.
    assert ((known["grown"] > 0) == known["after"]).all()


def test_harm_is_the_mean_loss_of_the_items(planted, chains):
    steps = fit.planted_steps(planted, chains, task="stride")
    half = steps[steps.share == 0.5]
    means = [
        (half.clean_log_odds - half.log_odds)[half.items == item].mean()
        for item in np.unique(half.items)
    ]
    assert float(half.harm().value) == pytest.approx(np.mean(means))
    assert half.harm().n == 8


def test_transition_rates_of_a_chain_and_its_promise():
    rng = np.random.default_rng(6)
    wrong = np.zeros((3000, 60), bool)
    for i in range(1, 60):
        draw = rng.uniform(size=3000)
        wrong[:, i] = np.where(wrong[:, i - 1], draw >= 0.2, draw < 0.05)
    # 130,000 right steps and 46,000 wrong ones: the standard errors are below 0.002.
    assert fit.transition_rate(~wrong, wrong) == pytest.approx(0.05, abs=0.004)
    assert fit.transition_rate(wrong, ~wrong) == pytest.approx(0.2, abs=0.008)
    assert fit.two_state_gap(wrong) == pytest.approx(0, abs=0.03)
    # A mutant chain that breaks twice as often in its second half is seen.
    for i in range(30, 60):
        draw = rng.uniform(size=3000)
        wrong[:, i] = np.where(wrong[:, i - 1], draw >= 0.2, draw < 0.1)
    assert fit.two_state_gap(wrong) < -0.1
    assert np.isnan(fit.transition_rate(np.zeros((2, 3), bool), np.ones((2, 3), bool)))


def test_impossible_arguments(planted, chains):
    with pytest.raises(ValueError, match="chains-smollm2 has no free runs of task 'add'"):
        fit.free_runs(chains, task="add")
    with pytest.raises(ValueError, match="has no chains of task 'add'"):
        fit.planted_steps(planted, chains, task="add")
