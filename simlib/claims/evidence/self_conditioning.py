"""Evidence on errors that breed errors: proofs, simulated histories, planted errors, free runs."""

from typing import Any

import jax
import numpy as np
import sympy as sp

from ..._estimate import Estimate
from ...fit import (
    FreeRuns,
    PlantedSteps,
    fit_history,
    free_runs,
    history_odds,
    jackknife,
    planted_steps,
    within_items,
)
from ...formulas import error_rate, n, self_conditioning, uniform
from ...formulas.heavy_tailed import shape_a, shape_b
from ...formulas.self_conditioning import error_share, feedback, past_errors
from ...processes import SelfConditioning
from ...simulate import histories, sample_histories
from ...traces import load
from .._evidence import Evidence, evidence, symbolic, traced
from .._finding import LEVEL, joint_level
from ._effects import scaled, stacked
from ._survival_tools import sum_of_powers, zero

TASKS = ("copy", "stride", "sum", "lookup")
#: Tasks whose steps build on each other; free copies soon end in guessing.
BUILDING = TASKS[1:]

# -- theorems ------------------------------------------------------------------------------


@evidence("self_conditioning.first_error_is_blind", "derived")
def _blind_proof() -> Evidence:
    clean = [
        zero(f.expression.subs(x, 0) - error_rate)
        for f, x in (
            (self_conditioning.count_error, past_errors),
            (self_conditioning.share_error, error_share),
        )
    ]
    return Evidence(
        (*clean, uniform.survival.prove()),
        note="With no error so far both forms give the rate e, whatever the feedback.",
    )


@evidence("self_conditioning.first_error_is_blind", "simulated")
def _blind_simulated(*, key) -> Evidence:
    cases = [
        SelfConditioning(0.02, 2.0, dependence="count"),
        SelfConditioning(0.02, 2.0, dependence="share"),
    ]
    keys, length, level = jax.random.split(key), 50, joint_level(len(cases))
    found = [
        histories(case, length, key=k, replicates=200_000, level=level).survival
        for case, k in zip(cases, keys, strict=True)
    ]
    truth = uniform.survival(length, 0.02)
    return Evidence(
        stacked([scaled(x, 1 / truth) for x in found]), note="Fifty steps, strong feedback."
    )


@evidence("self_conditioning.share_settles", "derived")
def _settles_proof() -> Evidence:
    drift = self_conditioning.share_drift.expression
    gamma, t = sp.symbols("g t", positive=True)
    sure: Any = {error_rate: 1 / (1 + t), feedback: gamma}  # 0 < e < 1
    at = lambda x: sp.simplify(drift.subs(error_share, x).subs(sure))
    curvature = sp.simplify(sp.diff(drift, error_share, 2).subs(sure))
    return Evidence(
        (
            symbolic(at(0).is_positive),
            symbolic(at(1).is_negative),
            symbolic(curvature.is_negative),
        ),
        note="The drift is positive at 0, negative at 1 and strictly concave: one root, and the "
        "share moves towards it. Convergence follows by a supermartingale argument on the page.",
    )


@evidence("self_conditioning.share_settles", "simulated")
def _settles_simulated(*, key) -> Evidence:
    cases, length = ((0.05, 0.3), (0.2, 1.0)), 20_000
    ratios = []
    for (e, g), k in zip(cases, jax.random.split(key, len(cases)), strict=True):
        process = SelfConditioning(e, g, dependence="share")
        errors, _ = sample_histories(process, [length], key=k, shape=(500,))
        share = np.asarray(errors)[:, 0] / length
        effect = Estimate.from_sample(share, level=joint_level(len(cases)))
        ratios.append(scaled(effect, 1 / process.long_run_error_rate()))
    return Evidence(stacked(ratios), note="Feedback 0.3 and 1; 500 runs each.")


@evidence("self_conditioning.count_spends_all", "derived")
def _spends_proof() -> Evidence:
    q, steps = sp.Symbol("q", positive=True), sp.Symbol("m", integer=True, positive=True)
    between = sum_of_powers(q, steps, 1)  # the mean is the sum of the chances of m or more
    g = sp.Symbol("g", positive=True)
    rises = sp.limit(self_conditioning.count_error.expression.subs(feedback, g), past_errors, sp.oo)
    return Evidence(
        (zero(between - q / (1 - q)), zero(rises - 1)),
        note="Between error j and the next there are q/(1-q) right steps on average, q = "
        "(1-e)exp(-gamma j): the terms fall geometrically, and the error rate goes to one.",
    )


@evidence("self_conditioning.count_spends_all", "simulated")
def _spends_simulated(*, key) -> Evidence:
    cases = ((0.02, 0.1), (0.1, 0.5))
    ratios = []
    for (e, g), k in zip(cases, jax.random.split(key, len(cases)), strict=True):
        length = 600  # beyond it right steps no longer happen
        process = SelfConditioning(e, g, dependence="count")
        errors, _ = sample_histories(process, [length], key=k, shape=(40_000,))
        right = length - np.asarray(errors)[:, 0]
        q = (1 - e) * np.exp(-g * np.arange(2_000))
        effect = Estimate.from_sample(right, level=joint_level(len(cases)))
        ratios.append(scaled(effect, 1 / (q / (1 - q)).sum()))
    return Evidence(stacked(ratios), note="40,000 runs of 600 steps, feedback 0.1 and 0.5.")


@evidence("self_conditioning.count_bound", "derived")
def _bound_proof() -> Evidence:
    bound = self_conditioning.count_bound.expression
    hazard, t = sp.symbols("h t", positive=True)
    clean = -sp.log(1 - error_rate)
    recursion = bound.subs(n, n + 1) - ((1 + feedback) * bound + clean)
    # 1 - exp(-h) <= h: equal at 0, and the derivative of the gap is positive.
    slope = sp.diff(hazard - (1 - sp.exp(-hazard)), hazard)
    return Evidence(
        (
            zero(sp.powsimp(sp.expand(recursion))),
            zero(bound.subs(n, 0)),
            symbolic(sp.simplify(slope.subs(hazard, sp.log(1 + t))).is_positive),
            self_conditioning.count_bound.prove(),
        ),
        note="The mean grows by at most its hazard, h0 + gamma E J, at each step; the bound solves "
        "that recursion with equality.",
    )


@evidence("self_conditioning.count_bound", "simulated")
def _bound_simulated(*, key) -> Evidence:
    cases, length = ((2e-3, 0.05), (0.01, 0.1)), 60
    ratios = []
    for (e, g), k in zip(cases, jax.random.split(key, len(cases)), strict=True):
        process = SelfConditioning(e, g, dependence="count")
        errors, _ = sample_histories(process, [length], key=k, shape=(100_000,))
        effect = Estimate.from_sample(np.asarray(errors)[:, 0], level=joint_level(len(cases)))
        ratios.append(scaled(effect, 1 / self_conditioning.count_bound(length, e, g)))
    return Evidence(stacked(ratios), note="Sixty steps, small and larger hazards.")


@evidence("self_conditioning.mixture_imitates_feedback", "derived")
def _urn_proof() -> Evidence:
    j, k = sp.symbols("j k", positive=True)  # wrong and right steps so far
    weight = lambda wrong, right: (
        sp.gamma(shape_a + wrong)
        * sp.gamma(shape_b + right)
        / sp.gamma(shape_a + shape_b + wrong + right)
    )
    ratio = sp.gammasimp(weight(j + 1, k) / weight(j, k))
    urn = self_conditioning.urn_error.expression.subs({past_errors: j, n: j + k})
    return Evidence(
        zero(ratio - urn),
        note="The mean rate given j errors in n steps is (a+j)/(a+b+n): it rises with every error.",
    )


@evidence("self_conditioning.mixture_imitates_feedback", "simulated")
def _imitation_simulated(*, key) -> Evidence:
    items, steps = 400, 84
    keys = jax.random.split(key)
    rates = jax.random.beta(keys[0], 1.0, 3.0, (items, 1))
    wrong = np.asarray(jax.random.uniform(keys[1], (items, steps)) < rates)
    found = fit_history(wrong, "self-conditioning, share", level=LEVEL)
    return Evidence(
        found.parameters["feedback"],
        note="400 items of 84 steps, beta-distributed rates, no feedback at all.",
    )


# -- planted errors ------------------------------------------------------------------------


def _planted(model: str, tasks: tuple[str, ...] = TASKS) -> list[PlantedSteps]:
    planted, chains = load(f"planted-{model}"), load(f"chains-{model}")
    return [planted_steps(planted, chains, task=task) for task in tasks]


@traced("self_conditioning.errors_lower_the_next_step")
def _harm_traces(*, model: str) -> Evidence:
    level = joint_level(len(TASKS))
    return Evidence(
        stacked([steps.harm(level=level) for steps in _planted(model)]),
        note="Copying, counting, sums, look-ups; errors by the toss of a coin; eight items each.",
    )


def _exponents(model: str, name: str, *, tasks: tuple[str, ...] = TASKS) -> Evidence:
    level, asked = joint_level(len(tasks)), name == "after_error"
    found = [
        history_odds(
            x.log_odds, x.right, x.wrong, items=x.items,
            after_error=x.after_error if asked else None, level=level,
        )
        for x in _planted(model, tasks)
    ]  # fmt: skip
    return Evidence(
        stacked([getattr(odds, name) for odds in found]),
        note=f"Tasks: {', '.join(tasks)}; eight items each, histories of 16 to 199 steps.",
    )


@traced("self_conditioning.recent_errors_weigh_more")
def _recent_traces(*, model: str) -> Evidence:
    return _exponents(model, "after_error")


@traced("self_conditioning.count_alone")
def _count_traces(*, model: str) -> Evidence:
    return _exponents(model, "right")


@traced("self_conditioning.share_alone")
def _share_traces(*, model: str) -> Evidence:
    return _exponents(model, "balance")


@traced("self_conditioning.nearer_to_share")
def _nearer_traces(*, model: str) -> Evidence:
    return _exponents(model, "lean", tasks=("copy", "stride", "lookup"))


@traced("self_conditioning.sums_wear_out")
def _wear_traces(*, model: str) -> Evidence:
    return _exponents(model, "balance", tasks=("sum",))


# -- free runs -----------------------------------------------------------------------------


def _free(model: str) -> list[FreeRuns]:
    return [free_runs(load(f"chains-{model}"), task=task) for task in BUILDING]


@traced("self_conditioning.accuracy_falls")
def _falls_traces(*, model: str) -> Evidence:
    effects = []
    for runs in _free(model):
        quarter = runs.wrong.shape[1] // 4
        change = runs.wrong[:, :quarter].mean(1) - runs.wrong[:, -quarter:].mean(1)
        effects.append(
            jackknife(lambda k, x=change: x[k].mean(), runs.items, level=joint_level(len(BUILDING)))
        )
    return Evidence(stacked(effects), note="Six free runs of each of sixteen items.")


@traced("self_conditioning.runs_of_one_item_diverge")
def _diverge_traces(*, model: str) -> Evidence:
    slopes = []
    for runs in _free(model):
        early, late = (x.mean(1) for x in np.split(runs.wrong, 2, axis=1))
        slopes.append(within_items(early, late, runs.items, level=joint_level(len(BUILDING))))
    return Evidence(stacked(slopes), note="Six free runs of each of sixteen items.")
