"""Evidence on what runs up to their first error can and cannot tell."""

import jax
import numpy as np
import sympy as sp

from ..._estimate import Estimate
from ...fit import Runs, distinguish, fit_items, run_log_likelihood
from ...formulas import heavy_tailed, n, prove_equal, survival, which_process
from ...formulas.heavy_tailed import (
    cumulative_hazard,
    frailty_variance,
    stable_index,
    unit_hazard,
)
from ...mixing import Gamma
from ...processes import HeavyTailed, Uniform
from ...simulate import first_error
from ...traces import load
from .._evidence import Evidence, evidence, traced
from .._finding import LEVEL, joint_level
from ._effects import stacked

_FIRST, _LAST = 16, 100  # steps of the free runs: the first 16 are given, the last ends them


@evidence("which_process.one_curve", "derived")
def _one_curve_proof() -> Evidence:
    frail = heavy_tailed.gamma_frailty.expression.subs(cumulative_hazard, unit_hazard * n)
    slope = -sp.diff(sp.log(frail), n)
    power = survival.weibull.expression.subs(
        {
            survival.weibull_shape: stable_index,
            survival.half_life: sp.log(2) ** (1 / stable_index) / unit_hazard,
        }
    )
    return Evidence(
        (
            prove_equal(slope, which_process.imitating_hazard.expression),
            prove_equal(heavy_tailed.stable_frailty.expression, power),
        ),
        note="Gamma frailty against the falling hazard, and stable frailty against Weibull.",
    )


@evidence("which_process.one_curve", "simulated")
def _one_curve_simulated(*, key) -> Evidence:
    mean, theta, size = 0.02, 1.5, 1_000_000
    lengths = np.array([5, 20, 50, 100, 300])
    frail = np.asarray(
        first_error(HeavyTailed(Gamma(mean, theta * mean**2)), key=key, shape=(size,))
    )
    shares = [(frail > length).mean() for length in lengths]
    # The same hazard in every run: the integral of mean / (1 + theta mean t).
    alike = (1 + theta * mean * lengths) ** (-1 / theta)
    found = [
        Estimate.from_mean(
            s / a, np.sqrt(s * (1 - s) / size) / a, size, level=joint_level(len(lengths))
        )
        for s, a in zip(shares, alike, strict=True)
    ]
    return Evidence(stacked(found), note="Runs with gamma frailty of variance three halves.")


@evidence("which_process.twins_decide", "derived")
def _twins_proof() -> Evidence:
    joint = which_process.joint_gamma.expression
    x, y = cumulative_hazard, which_process.other_hazard
    ratio = sp.simplify(joint * sp.diff(joint, x, y) / (sp.diff(joint, x) * sp.diff(joint, y)))
    return Evidence(
        prove_equal(ratio, 1 + frailty_variance),
        note="The cross ratio of two runs of an item is 1 + variance at all lengths, and 1 without "
        "frailty, whatever the hazard: the joint law tells the variance.",
    )


@evidence("which_process.twins_decide", "simulated")
def _twins_simulated(*, key) -> Evidence:
    items, repeats, cut = 1000, 6, 100
    keys = jax.random.split(key)
    z = np.asarray(jax.random.gamma(keys[0], 1.0, (items, 1)))
    time = np.asarray(jax.random.exponential(keys[1], (items, repeats))) / (0.03 * z)
    first = np.ceil(time).ravel().clip(1, cut + 1)
    item = np.repeat(np.arange(items), repeats)
    runs = Runs.from_columns(np.minimum(first, cut), (first <= cut).astype(int), item=item)
    found = fit_items(runs, level=LEVEL)
    return Evidence(
        found.parameters["exponent"],
        note="A thousand items with a constant hazard and gamma frailty of variance one, six runs "
        "each.",
    )


@evidence("which_process.power_of_runs", "simulated")
def _power_of_runs(*, key) -> Evidence:
    truth, other, length, experiments = Uniform(0.010), Uniform(0.014), 400, 20_000
    needed = distinguish(truth, other, length=length)
    size = round(needed.runs)
    first = np.asarray(first_error(truth, key=key, shape=(experiments * size,)))
    runs = Runs.from_columns(np.minimum(first, length), (first <= length).astype(int))
    ratio = run_log_likelihood(truth, runs) - run_log_likelihood(other, runs)
    each = ratio[runs.pair].reshape(experiments, size)
    z = each.mean(1) / (each.std(1, ddof=1) / np.sqrt(size))
    share = Estimate.from_counts((z > 1.959964).sum(), experiments, level=LEVEL)
    return Evidence(share.map(lambda x: x / 0.8), note=f"Experiments with {size} runs each.")


@traced("which_process.chains_hardly_fall")
def _chains_hardly_fall(*, model: str) -> Evidence:
    rows = load(f"chains-{model}").chains_with_items().filter(condition="clean")
    tasks = rows["task"].unique(maintain_order=True).to_list()
    found = []
    for task in tasks:
        chains = rows.filter(task=task).sort("item_id", "position")
        paths = chains.group_by("item_id", maintain_order=True).agg("log_prob")["log_prob"]
        log_prob = np.array(paths.to_list(), dtype=float)[:, _FIRST:_LAST]
        steps = np.log(np.arange(1, log_prob.shape[1] + 1))
        # Least squares of ln Lambda against ln n, item by item.
        slope = np.polyfit(steps, np.log(np.cumsum(-log_prob, axis=1)).T, 1)[0]
        found.append(Estimate.from_sample(slope, level=joint_level(len(tasks))))
    return Evidence(
        stacked(found),
        note="Exact probabilities of the right step along clean chains, steps 17 to 100: "
        f"{', '.join(tasks)}.",
    )
