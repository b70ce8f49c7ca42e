"""What the chapter on measuring says in words about its traces."""

import jax
import numpy as np
import polars as pl
import pytest

from simlib import fit, traces
from simlib.claims.evidence._measuring_votes import plurality_of
from simlib.claims.evidence.measuring import unsure
from simlib.formulas import measuring

MODELS = ("smollm2", "gemma3")


def _cells(model, rule="fixed"):
    rows = traces.load(f"attempts-{model}").sampled().filter(stop_rule=rule)
    return {task: cell for (task,), cell in rows.group_by("task", maintain_order=True)}


@pytest.mark.parametrize("model", MODELS)
def test_bounds_hold_where_the_product_limit_does_not(model):
    log_prob = fit.answer_log_probs(traces.load(f"answers-{model}"), task="copy", level=8)
    lists, tokens = log_prob.shape
    keys = jax.random.split(jax.random.key(1))
    chosen = np.asarray(jax.random.randint(keys[0], (20_000,), 0, lists))
    level = np.asarray(jax.random.exponential(keys[1], chosen.shape))
    first = 1 + (-np.cumsum(log_prob, axis=1)[chosen] < level[:, None]).sum(axis=1)
    cut = unsure(model, tokens)[chosen]
    trial = np.arange(1, tokens + 1)
    low = (np.minimum(first, cut)[:, None] > trial).mean(axis=0)
    high = 1 - ((first <= cut)[:, None] & (first[:, None] <= trial)).mean(axis=0)
    truth = np.exp(np.cumsum(log_prob, axis=1)).mean(axis=0)
    # Five standard errors of 20,000 runs.
    slack = 5 * 0.5 / 20_000**0.5
    assert np.all(low <= truth + slack)
    assert np.all(truth <= high + slack)


@pytest.mark.parametrize("model", MODELS)
def test_stopping_hides_more_than_half_and_the_likelihood_finds_it(model):
    cells = _cells(model, "first_success").values()
    rows = pl.concat(cells)
    pooled, truth = rows["successes"].sum() / rows["n"].sum(), rows["p"].mean()
    assert pooled < truth / 2
    fits = [
        fit.fit_counts(c["successes"].to_numpy(), c["n"].to_numpy(), "beta").mixing.mean()
        for c in _cells(model, "first_success").values()
    ]
    assert abs(float(np.mean(fits)) - truth) < 0.25 * truth


def test_plurality_helps_sums_and_splits_the_models_at_counting():
    gain = {}
    for model in MODELS:
        for task, cell in _cells(model).items():
            share = plurality_of(model, cell, votes=(1, 101), key=jax.random.key(2))
            gain[model, task] = (share[:, 1] - share[:, 0]).mean()
    assert all(gain[model, "add"] > 0 for model in MODELS)
    assert gain["smollm2", "count"] > 0 > gain["gemma3", "count"]


@pytest.mark.parametrize("model", MODELS)
def test_most_votes_are_wrong_so_majorities_of_many_are_worse(model):
    for cell in _cells(model).values():
        c, n = cell["successes"].to_numpy(), cell["n"].to_numpy()
        assert fit.majority_share(c, n, 101).mean() < (c / n).mean()


def test_some_unsolved_items_are_below_the_hidden_rate():
    """The last exercise: rates that the experiment cannot tell from zero do occur."""
    hidden = 1 - (1 - 0.1 / (128 * 0.05)) ** (1 / 1000)
    assert 128 * float(measuring.hidden_atom(0.05, hidden, 1000)) == pytest.approx(0.1)
    unsolved = np.concatenate(
        [c.filter(successes=0)["p"].to_numpy() for m in MODELS for c in _cells(m).values()]
    )
    assert (unsolved < hidden).any()
    assert (unsolved > 0).all()
