"""What the chapter on heavy-tailed difficulty says in words about items that were run six times."""

import numpy as np
import pytest

from simlib import fit, traces


@pytest.mark.parametrize("model", ["smollm2", "gemma3"])
def test_frailty_of_six_runs_agrees_with_the_exact_spread_of_items(model):
    chains = traces.load(f"chains-{model}")
    free = fit.free_runs(chains, task="stride")
    failed = free.wrong.any(axis=1)
    first = np.where(failed, free.wrong.argmax(axis=1) + 1, free.wrong.shape[1])
    runs = fit.Runs.from_columns(first, failed, item=free.items)
    found, pooled = fit.fit_items(runs), fit.fit_process(runs, "power")
    rows = chains.chains_with_items().filter(task="stride", condition="clean")
    paths = rows.sort("item_id", "position").group_by("item_id", maintain_order=True)
    hazard = -np.array(paths.agg("log_prob")["log_prob"].to_list())[:, 16:26]
    total = hazard.sum(axis=1)
    exact = fit.jackknife(
        lambda kept: np.var(total[kept], ddof=1) / np.mean(total[kept]) ** 2, np.arange(16)
    )
    variance = found.parameters["frailty_variance"]
    assert variance.lower > 0.1
    assert exact.contains(float(variance.value))
    assert variance.contains(float(exact.value))
    # "most is selection, all of it for SmolLM2 as far as these runs can tell"
    of_item, alone = (float(x.parameters["exponent"].value) for x in (found, pooled))
    assert (of_item - alone) / (1 - alone) > 0.5
    assert found.gain["no frailty"] > 3 * found.gain["constant hazard"]
    assert found.parameters["exponent"].contains(1.0) == (model == "smollm2")
    # Items in the order of their exact rates are those of their counted rates.
    counted = np.bincount(runs.item, failed) / np.bincount(runs.item, first)
    found = fit.rank_correlation(np.log(counted), np.log(-np.expm1(-hazard).mean(axis=1)))
    assert found.lower > 0.5
