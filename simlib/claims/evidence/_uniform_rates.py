"""Evidence on uniform errors, continued: random rates, a floor under the hazard, extrapolation."""

import jax
import jax.numpy as jnp
import numpy as np
import sympy as sp

from ..._estimate import Estimate
from ...fit import answer_log_probs, length_extrapolation
from ...formulas import error_rate, prove_equal, reliability, success_rate, survival, uniform
from ...traces import load
from .._evidence import Evidence, evidence, symbolic, traced
from .._finding import joint_level
from ._effects import stacked
from .uniform import _REPLICATES, _survival


@evidence("uniform.redrawn_rates_are_neutral", "derived")
def _redrawn_proof() -> Evidence:
    # One more token with a random rate: either of two, with any weight; then any mean.
    first, second, weight = error_rate, success_rate, reliability
    mean = weight * first + (1 - weight) * second
    return Evidence(
        prove_equal(weight * (1 - first) + (1 - weight) * (1 - second), 1 - mean),
        note="The mean of one factor depends on the mean rate only, and means of independent "
        "factors multiply.",
    )


@evidence("uniform.redrawn_rates_are_neutral", "simulated")
def _redrawn_simulated(*, key) -> Evidence:
    length, mean = 100, 0.01
    draw_key, token_key = jax.random.split(key)
    rates = mean * jax.random.exponential(draw_key, (length, _REPLICATES)).clip(max=1 / mean)
    effect = _survival(rates, key=token_key).map(lambda s: s / uniform.survival(length, mean))
    return Evidence(effect, note="Exponential rates, drawn anew for every token; mean rate 0.01.")


@evidence("uniform.hazard_floor", "derived")
def _floor_proof() -> Evidence:
    excess, room = sp.symbols("d room", nonnegative=True)
    # A hazard of at least e is e + d; survival loses at least the factor 1 - e.
    step = (1 - error_rate) * room - (1 - error_rate - excess) * room
    return Evidence(
        symbolic(sp.simplify(step).is_nonnegative),
        note="One step, given any history; by induction over the tokens for all of them.",
    )


@evidence("uniform.hazard_floor", "simulated")
def _floor_simulated(*, key) -> Evidence:
    length, floor = 100, 0.005
    draw_key, token_key = jax.random.split(key)
    # Hazards above the floor that differ between sequences and fall along each of them.
    above = 0.02 * jax.random.exponential(draw_key, (_REPLICATES,))
    rates = floor + above / jnp.sqrt(jnp.arange(1.0, length + 1))[:, None]
    effect = _survival(rates.clip(max=1.0), key=token_key).map(
        lambda s: s / uniform.survival(length, floor)
    )
    return Evidence(effect, note="Hazards from 0.005 up that fall along a sequence and differ.")


@traced("uniform.short_predicts_long")
def _short_predicts_long_traces(*, model: str, key) -> Evidence:
    data, tasks = load(f"answers-{model}"), ("copy", "reverse", "sort")
    ratios = []
    for task, k_ in zip(tasks, jax.random.split(key, len(tasks)), strict=True):
        levels = data.items.filter(task=task)["level"].unique().sort()
        short, long = (answer_log_probs(data, task=task, level=levels[i]) for i in (0, -1))
        ratios.append(
            length_extrapolation(
                short, long, key=k_, level=joint_level(len(tasks)), resamples=10_000
            )
        )
    return Evidence(
        stacked(ratios), note="Shortest against longest lists: copy, reverse, sort; worst shown."
    )


@evidence("uniform.halving_doubles", "derived")
def _halving_proof() -> Evidence:
    rate = survival.hazard_rate
    # In hazard rates, -ln(1-e), the horizon is ln(1/r) over the rate: exactly hyperbolic.
    error = survival.error_of_rate.expression
    horizon = uniform.horizon.expression.subs(error_rate, error)
    ratio = horizon.subs(rate, rate / 2) / horizon
    return Evidence(
        prove_equal(sp.simplify(sp.expand_log(ratio, force=True)), sp.Integer(2)),
        note="Exact for the hazard rate of a step, whatever the reliability.",
    )


@evidence("uniform.halving_doubles", "simulated")
def _halving_simulated(*, key) -> Evidence:
    keys, rate, asked = jax.random.split(key), 0.01, 0.8
    # Survival at twice the horizon, with half the error rate, turned into a length.
    length = int(uniform.horizon(asked, rate))
    found = _survival(jnp.full(2 * length, rate / 2), key=keys[0])
    effect = found.map(lambda s: 2 * uniform.horizon(asked, rate) * jnp.log(asked) / jnp.log(s))
    return Evidence(
        effect.map(lambda t: t / uniform.horizon(asked, rate)),
        note="Length survived by 80 %, at error rates 0.005 and 0.01, token by token.",
    )


@traced("uniform.constant_along_chains")
def _constant_traces(*, model: str) -> Evidence:
    steps = load(f"chains-{model}").chains_with_items().filter(condition="clean")
    tasks, ratios = ("copy", "stride", "sum", "lookup"), []
    for task in tasks:
        wide = steps.filter(task=task).pivot(on="position", index="item_id", values="log_prob")
        hazards = -wide.drop("item_id").to_numpy().astype(float)[:, 16:]
        early, late = np.split(hazards, 2, axis=1)
        log_ratio = np.log(late.sum(1)) - np.log(early.sum(1))
        ratios.append(Estimate.from_sample(log_ratio, level=joint_level(len(tasks))).map(jnp.exp))
    return Evidence(
        stacked(ratios),
        note="Geometric mean over items; copying, counting, running sums, look-ups; worst shown.",
    )
