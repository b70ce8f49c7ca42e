"""What the chapter on real tokens says in words about long chains."""

import numpy as np
import pytest

import simlib as sl
from simlib import fit, traces


@pytest.fixture(scope="module")
def steps():
    """Exact error probability by item and step, for each model and task."""
    found = {}
    for model in ("smollm2", "gemma3"):
        rows = traces.load(f"chains-{model}").chains_with_items().filter(condition="clean")
        for task in ("copy", "stride", "sum", "lookup"):
            paths = rows.filter(task=task).sort("item_id", "position")
            paths = paths.group_by("item_id", maintain_order=True).agg("log_prob")["log_prob"]
            found[model, task] = -np.expm1(np.array(paths.to_list(), dtype=float))
    return found


def test_copies_get_safer_along_the_chain_and_sums_do_not(steps):
    change = {
        case: sl.Estimate.from_sample(x[:, -20:].mean(1) - x[:, :20].mean(1))
        for case, x in steps.items()
    }
    for model in ("smollm2", "gemma3"):
        assert change[model, "copy"].upper < -0.1
        assert abs(float(change[model, "sum"].value)) < 0.1


def test_planted_errors_cost_gemma_more_than_half_of_its_right_strides():
    data = [traces.load(f"{name}-gemma3") for name in ("planted", "chains")]
    planted = fit.planted_steps(*data, task="stride")
    some = planted[planted.share == 0.25]
    assert some.harm().lower > 1
    before, after = ((1 / (1 + np.exp(-x))).mean() for x in (some.clean_log_odds, some.log_odds))
    assert after < 0.6 * before
