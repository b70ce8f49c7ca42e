"""What the chapter on telling processes apart says in words about chains and laws."""

import numpy as np
import pytest

import simlib as sl
from simlib import fit, traces

CASES = [(m, t) for m in ("smollm2", "gemma3") for t in ("copy", "stride", "sum", "lookup")]


def chain_runs(model, task):
    free = fit.free_runs(traces.load(f"chains-{model}"), task=task)
    failed = free.wrong.any(axis=1)
    first = np.where(failed, free.wrong.argmax(axis=1) + 1, free.wrong.shape[1])
    return fit.Runs.from_columns(first, failed, item=free.items)


@pytest.fixture(scope="module")
def exponents():
    """Pooled, of an item from six runs, and exact, for each model and task."""
    found = {}
    for model, task in CASES:
        rows = traces.load(f"chains-{model}").chains_with_items()
        rows = rows.filter(task=task, condition="clean").sort("item_id", "position")
        paths = rows.group_by("item_id", maintain_order=True).agg("log_prob")["log_prob"]
        total = np.log(np.cumsum(-np.array(paths.to_list(), dtype=float)[:, 16:100], axis=1))
        exact = np.polyfit(np.log(np.arange(1, total.shape[1] + 1)), total.T, 1)[0]
        runs = chain_runs(model, task)
        pooled = fit.fit_process(runs, "power").parameters["exponent"]
        found[model, task] = pooled, fit.fit_items(runs), sl.Estimate.from_sample(exact)
    return found


def test_where_items_differ_the_pooled_exponent_lies_below_that_of_an_item(exponents):
    differ = {("smollm2", t) for t in ("copy", "stride", "sum")} | {("gemma3", "stride")}
    for case, (pooled, by_item, _) in exponents.items():
        variance, of_item = (by_item.parameters[x] for x in ("frailty_variance", "exponent"))
        assert (float(variance.lower) > 0) == (case in differ), case
        if case in differ:
            assert float(of_item.value) > 1.2 * float(pooled.value), case
    # "for look-ups, and for sums with Gemma, neither is seen"
    for case in (("smollm2", "lookup"), ("gemma3", "lookup"), ("gemma3", "sum")):
        pooled, by_item, _ = exponents[case]
        assert by_item.parameters["exponent"].contains(1.0)
        assert pooled.contains(1.0)


def test_exact_exponents_lie_near_one_except_for_strides_with_gemma(exponents):
    exact = {case: float(x[2].value) for case, x in exponents.items()}
    assert min(exact, key=exact.__getitem__) == ("gemma3", "stride")
    assert exact["gemma3", "stride"] < 0.85
    assert float(exponents["gemma3", "stride"][0].value) < exact["gemma3", "stride"]
    assert all(0.85 < x < 1.15 for case, x in exact.items() if case != ("gemma3", "stride"))
    assert exact["gemma3", "copy"] < 0.95


def test_the_six_runs_of_sums_find_a_rising_hazard(exponents):
    _, by_item, exact = exponents["smollm2", "sum"]
    assert float(by_item.parameters["exponent"].lower) > 1
    assert float(by_item.parameters["exponent"].value) > float(exact.value)
    runs = chain_runs("smollm2", "sum")
    assert np.median(np.repeat(runs.length, runs.count)) < 6


def test_longer_runs_are_worth_far_more_than_many():
    truth = sl.HeavyTailed(sl.Gamma(0.02, 0.5 * 0.02**2))
    for rival in ("uniform", "saturating", "power", "log_logistic"):
        short, long = (fit.distinguish(truth, rival, length=cut).runs for cut in (30, 1000))
        # A run of a thousand steps costs at most 33 times as much as one of thirty.
        assert short > 1.5 * 33 * long, rival


def test_a_single_power_stands_for_key_tokens_with_errors_in_between():
    for other in (1e-4, 1e-3, 1e-2):
        process = sl.KeyTokens(0.05, sl.PowerGrowth(1.0, 0.5), sl.ConstantRate(other))
        power = fit.distinguish(process, "power", length=1000)
        assert fit.distinguish(process, "uniform", length=1000).runs < power.runs / 5
        assert power.runs > 1000
        assert 0.5 < float(power.alternative.exponent) < 1
