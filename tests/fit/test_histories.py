"""Fits of processes with memory: truth recovered, intervals that cover, the right one preferred."""

import jax
import numpy as np
import pytest
from scipy import stats

from simlib import fit, simulate
from simlib.processes import ConstantRepair, Recoverable, SelfConditioning, WeibullRepair
from tests.processes.test_history import count, repaired, share

STEPS = 80
TRUTH = {
    "uniform": SelfConditioning(0.05, 0.0, dependence="share"),
    "self-conditioning, count": SelfConditioning(0.02, 0.05, dependence="count"),
    "self-conditioning, share": SelfConditioning(0.05, 1.2, dependence="share"),
    "recovery": Recoverable(0.04, ConstantRepair(0.1)),
    "semi-Markov recovery": Recoverable(0.04, WeibullRepair(0.4, 0.6)),
}


def runs_of(process, runs, seed=0):
    steps = range(1, STEPS + 1)
    return np.asarray(
        simulate.sample_histories(process, steps, key=jax.random.key(seed), shape=(runs,))[1]
    )


def parameters(process):
    if isinstance(process, SelfConditioning):
        return {"error_rate": process.error_rate, "feedback": process.feedback}
    found = {"break_rate": process.break_rate, "repair_rate": process.repair.repair_rate}
    if isinstance(process.repair, WeibullRepair):
        found["shape"] = process.repair.shape
    return found


@pytest.mark.parametrize("name", TRUTH)
def test_truth_is_recovered(name):
    found = fit.fit_history(runs_of(TRUTH[name], 2000), name, level=1 - 1e-6)
    for parameter, estimate in found.parameters.items():
        assert estimate.contains(parameters(TRUTH[name])[parameter]), (parameter, str(estimate))
        assert float(estimate.stderr) < 0.2 * float(estimate.value)
    assert found.log_likelihood.shape == (2000,)


@pytest.mark.parametrize(
    ("name", "law"),
    [
        ("self-conditioning, count", count(0.02, 0.05)),
        ("self-conditioning, share", share(0.05, 1.2)),
        ("semi-Markov recovery", repaired(0.04, lambda m: 0.6**m**0.6)),
    ],
)
def test_the_likelihood_is_the_product_over_steps(name, law):
    # Written out again, at the fitted parameters' place: the truth, which the fit must beat.
    wrong = runs_of(TRUTH[name], 50)
    total = np.zeros(50)
    for r, run in enumerate(wrong):
        errors = streak = 0
        for i, bad in enumerate(run):
            p = law(i + 1, errors, streak)
            total[r] += np.log(p if bad else 1 - p)
            errors, streak = errors + bad, (streak + 1) * bad
    found = fit.fit_history(wrong, name)
    gain = found.log_likelihood.sum() - total.sum()
    assert 0 <= gain < stats.chi2.isf(1e-9, 3) / 2
    at_truth = _at_truth(name, wrong)
    assert at_truth == pytest.approx(total, rel=1e-10)


def _at_truth(name, wrong):
    from simlib.fit import _histories

    cells, where = _histories._cells(wrong, 0)
    p = np.asarray(TRUTH[name].error_probability(*cells[:3]))
    return np.log(np.where(cells[3] == 1, p, 1 - p))[where].sum(1)


def test_the_right_process_is_preferred():
    for name in list(TRUTH)[1:4]:
        wrong = runs_of(TRUTH[name], 1500, seed=2)
        fits = {other: fit.fit_history(wrong, other) for other in list(TRUTH)[:4]}
        for other, rival in fits.items():
            if other != name:
                gain = fit.log_likelihood_gain(fits[name].log_likelihood, rival.log_likelihood)
                assert float(gain.value) > 4 * float(gain.stderr), (name, other)


def test_intervals_cover():
    # 200 data sets: more than 22 misses of 95 % intervals have probability below 1e-3 if they
    # cover; at 85 % coverage, misses stay below that with probability 3 %.
    process, name = TRUTH["self-conditioning, share"], "self-conditioning, share"
    wrong = runs_of(process, 200 * 60, seed=3).reshape(200, 60, STEPS)
    misses = {"error_rate": 0, "feedback": 0}
    for each in wrong:
        found = fit.fit_history(each, name).parameters
        for parameter in misses:
            misses[parameter] += not found[parameter].contains(parameters(process)[parameter])
    limit = stats.binom.isf(1e-3, 200, 0.05)
    assert max(misses.values()) <= limit, misses
    assert stats.binom.cdf(limit, 200, 0.15) < 0.05


def test_items_that_differ_widen_the_intervals():
    # Half of the items err five times as often; six runs of each.
    easy, hard = (
        runs_of(SelfConditioning(e, 0.5, dependence="share"), 240, seed=s)
        for e, s in ((0.01, 4), (0.05, 5))
    )
    wrong, items = np.concatenate([easy, hard]), np.repeat(np.arange(80), 6)
    alone = fit.fit_history(wrong, "uniform").parameters["error_rate"]
    together = fit.fit_history(wrong, "uniform", items=items).parameters["error_rate"]
    assert float(together.value) == pytest.approx(float(alone.value))
    assert float(together.stderr) > 1.3 * float(alone.stderr)


def test_steps_that_were_given_count_as_right():
    # After 20 given steps one error is a small share.
    process = SelfConditioning(0.05, 1.2, dependence="share")
    wrong = runs_of(process, 3000, seed=6)
    clean = ~wrong[:, :20].any(1)
    found = fit.fit_history(wrong[clean][:, 20:], "self-conditioning, share", given=20)
    assert found.parameters["feedback"].contains(1.2)
    naive = fit.fit_history(wrong[clean][:, 20:], "self-conditioning, share")
    assert not naive.parameters["feedback"].contains(1.2)


def test_impossible_arguments():
    good = runs_of(TRUTH["recovery"], 20)
    for wrong, message in [
        (good[0], "runs by steps, got shape"),
        (good + 1, r"0 \(right\) and 1 \(wrong\), got 2"),
        (np.where(good, np.nan, 0.0), "got nan"),
        (good & False, "marks every step as right"),
        (good | True, "marks every step as wrong"),
        (good[:1], "at least two items"),
    ]:
        with pytest.raises(ValueError, match=message):
            fit.fit_history(wrong, "recovery")
    with pytest.raises(ValueError, match="one item per run"):
        fit.fit_history(good, "recovery", items=np.array([1, 2]))
    with pytest.raises(ValueError, match="given must be a whole number"):
        fit.fit_history(good, "recovery", given=-1)
    with pytest.raises((ValueError, TypeError)):
        fit.fit_history(good, "nothing")
