"""Evidence on errors that can be repaired: proofs, simulated chains, free runs of two models."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import sympy as sp
from jaxtyping import Array, Bool, Float, Int, Key

from ..._estimate import STUDENT, Estimate
from ...fit import FreeRuns, fit_history, free_runs, jackknife, transition_rate, two_state_gap
from ...formulas import n, prove_equal, recovery, uniform
from ...formulas.heavy_tailed import shape_a, shape_b
from ...formulas.recovery import break_rate, error_age, mean_repair, repair_rate
from ...processes import ConstantRepair, Recoverable, WeibullRepair
from ...simulate import histories
from ...traces import load
from .._evidence import Evidence, evidence, symbolic, traced
from .._finding import LEVEL, joint_level
from ._effects import scaled, stacked
from ._survival_tools import zero

_REPLICATES = 200_000
#: Tasks whose steps build on each other; free copies soon end in guessing.
BUILDING = ("stride", "sum", "lookup")


@partial(jax.jit, static_argnames=("length", "replicates"))
def _step_by_step(
    breaks: Float[Array, ""],
    repairs: Float[Array, ""],
    *,
    key: Key[Array, ""],
    length: int,
    replicates: int = _REPLICATES,
) -> Int[Array, " length"]:
    """How many two-state chains are right after each step, one draw per step."""

    def advance(wrong: Bool[Array, " chains"], step):
        draw = jax.random.uniform(jax.random.fold_in(key, step), (replicates,))
        wrong = jnp.where(wrong, draw >= repairs, draw < breaks)
        return wrong, (~wrong).sum()

    return jax.lax.scan(advance, jnp.zeros(replicates, bool), jnp.arange(length))[1]


# -- theorems ------------------------------------------------------------------------------


@evidence("recovery.two_state_law", "derived")
def _two_state_proof() -> Evidence:
    law = recovery.right_now.expression
    ahead = (1 - break_rate) * law + repair_rate * (1 - law)
    return Evidence(
        (zero(law.subs(n, 0) - 1), prove_equal(law.subs(n, n + 1), ahead)),
        note="Induction: right at the start, and P(n+1) = (1-eps) P(n) + c (1 - P(n)).",
    )


@evidence("recovery.two_state_law", "simulated")
def _two_state_simulated(*, key) -> Evidence:
    breaks, repairs, at = 0.05, 0.02, np.array([5, 20, 80])
    counts = np.asarray(
        _step_by_step(jnp.asarray(breaks), jnp.asarray(repairs), key=key, length=80)
    )
    found = Estimate.from_counts(counts[at - 1], _REPLICATES, level=joint_level(len(at)))
    truth = recovery.right_now(at, breaks, repairs)
    return Evidence(scaled(found, 1 / truth), note="Step by step; after 5, 20 and 80 steps.")


@evidence("recovery.first_failure_is_unmoved", "derived")
def _unmoved_proof() -> Evidence:
    survival = recovery.never_wrong.expression
    return Evidence(
        (
            zero(survival.subs(n, 0) - 1),
            prove_equal(survival.subs(n, n + 1), (1 - break_rate) * survival),
            recovery.never_wrong.prove(),
        ),
        note="While nothing has failed, nothing can be repaired: the hazard is eps.",
    )


@evidence("recovery.first_failure_is_unmoved", "simulated")
def _unmoved_simulated(*, key) -> Evidence:
    laws, length = (ConstantRepair(0.5), WeibullRepair(0.5, 0.5)), 40
    keys = jax.random.split(key, len(laws))
    found = [
        histories(
            Recoverable(0.02, law),
            length, key=k, replicates=_REPLICATES, level=joint_level(len(laws)),
        ).survival
        for law, k in zip(laws, keys, strict=True)
    ]  # fmt: skip
    truth = uniform.survival(length, 0.02)
    return Evidence(stacked([scaled(x, 1 / truth) for x in found]), note="Two laws of repair.")


@evidence("recovery.exponential_without_repair", "derived")
def _exponential_proof() -> Evidence:
    law = recovery.right_now.expression.subs(repair_rate, 0)
    return Evidence(
        (
            prove_equal(sp.simplify(law), recovery.never_wrong.expression),
            zero(recovery.error_floor.expression.subs(repair_rate, 0) - 1),
        ),
        note="The two-state chain at c = 0: the plateau is gone and the floor of the error is one.",
    )


@evidence("recovery.exponential_without_repair", "simulated")
def _exponential_simulated(*, key) -> Evidence:
    breaks, at = 0.02, np.array([10, 30, 60])
    rates = jnp.asarray(breaks), jnp.asarray(0.0)
    counts = np.asarray(_step_by_step(*rates, key=key, length=int(at.max())))
    found = Estimate.from_counts(counts[at - 1], _REPLICATES, level=joint_level(len(at)))
    return Evidence(
        scaled(found, 1 / recovery.never_wrong(at, breaks)),
        note="Step by step; after 10, 30 and 60 steps.",
    )


@evidence("recovery.error_floor", "derived")
def _floor_proof() -> Evidence:
    # P' = (1 - a) P + r (1 - P) with a >= eps and r <= c, against Q' with eps and c.
    p, q, a, r = sp.symbols("p q a r", positive=True)
    ahead = ((1 - a) * p + r * (1 - p)) - ((1 - break_rate) * q + repair_rate * (1 - q))
    parts = (
        (1 - break_rate - repair_rate) * (p - q)
        - (a - break_rate) * p
        - (repair_rate - r) * (1 - p)
    )
    floor: Any = recovery.error_floor.expression
    return Evidence(
        (
            zero(sp.expand(ahead - parts)),
            zero(floor - (1 - recovery.plateau.expression)),
            zero(recovery.right_now.expression.subs(n, 0) - 1),
        ),
        note="As long as eps + c <= 1, being no more often right than the two-state chain is "
        "handed on from step to step; that chain tends to its plateau.",
    )


@evidence("recovery.error_floor", "simulated")
def _floor_simulated(*, key) -> Evidence:
    # The chance of repair is largest at the first step after the break.
    cases, length = ((0.05, 0.4, 0.6), (0.01, 0.2, 0.8)), 1_000
    ratios = []
    for (breaks, repairs, shape), k in zip(cases, jax.random.split(key, len(cases)), strict=True):
        right = histories(
            Recoverable(breaks, WeibullRepair(repairs, shape)),
            length, key=k, replicates=_REPLICATES, level=joint_level(len(cases)),
        ).right  # fmt: skip
        floor = float(recovery.error_floor(breaks, repairs))
        ratios.append(right.map(lambda x, f=floor: (1 - x) / f))
    return Evidence(stacked(ratios), note="Weibull repair of shapes 0.6 and 0.8, a thousand steps.")


@evidence("recovery.any_repair_law", "derived")
def _renewal_proof() -> Evidence:
    z, c = sp.symbols("z c", positive=True)
    mean = sp.Symbol("mu", positive=True)
    # P_n = 1 - eps sum_m P_{m-1} R(n-m): with generating functions P(z)(1 + eps z R(z)) = 1/(1-z).
    generating = 1 / ((1 - z) * (1 + break_rate * z * mean))
    limit = sp.limit((1 - z) * generating, z, 1)
    constant = sp.simplify(1 / (1 - (1 - c) * z))  # R(z) of a constant chance of repair
    law = 1 / ((1 - z) * (1 + break_rate * z * constant))
    chain = sp.simplify(sp.limit((1 - z) * law, z, 1))
    plateau = recovery.renewal_plateau.expression.subs(mean_repair, mean)
    return Evidence(
        (
            zero(limit - plateau),
            zero(chain - recovery.plateau.expression.subs(repair_rate, c)),
        ),
        note="Abel: the limit is that of (1-z)P(z), and R(1) is the mean time to repair; that a "
        "limit exists is the renewal theorem. A constant chance gives back c/(c+eps).",
    )


@evidence("recovery.any_repair_law", "simulated")
def _renewal_simulated(*, key) -> Evidence:
    laws, length = (WeibullRepair(0.5, 0.6), WeibullRepair(0.05, 1.8)), 2_000
    ratios = []
    for law, k in zip(laws, jax.random.split(key, len(laws)), strict=True):
        found = histories(
            Recoverable(0.05, law),
            length, key=k, replicates=_REPLICATES, level=joint_level(len(laws)),
        ).right  # fmt: skip
        mean = np.exp(np.asarray(law.log_survival(np.arange(1e6)))).sum()
        ratios.append(scaled(found, 1 / recovery.renewal_plateau(0.05, mean)))
    return Evidence(stacked(ratios), note="Weibull laws of shapes 0.6 and 1.8.")


@evidence("recovery.mixture_imitates_fading", "derived")
def _fading_proof() -> Evidence:
    chance = recovery.mixed_repair.expression
    k = sp.Symbol("k", positive=True)  # steps that it was not repaired
    weight = lambda repaired, not_yet: (
        sp.gamma(shape_a + repaired)
        * sp.gamma(shape_b + not_yet)
        / sp.gamma(shape_a + shape_b + repaired + not_yet)
    )
    ratio = sp.gammasimp(weight(1, k) / weight(0, k))
    older = sp.simplify(sp.diff(chance.subs(error_age, 1 + k), k))
    return Evidence(
        (zero(ratio - chance.subs(error_age, 1 + k)), symbolic(older.is_negative)),
        note="The mean chance of the errors that are left at age m; it falls as the repairable "
        "ones leave.",
    )


@evidence("recovery.mixture_imitates_fading", "simulated")
def _fading_simulated(*, key) -> Evidence:
    runs, length = 400, 84
    keys = jax.random.split(key, 3)
    chance = jax.random.beta(keys[0], 1.0, 3.0, (runs,))
    wrong = [jnp.zeros(runs, bool)]
    for step in range(length):
        draw = jax.random.uniform(jax.random.fold_in(keys[1], step), (runs,))
        wrong.append(jnp.where(wrong[-1], draw >= chance, draw < 0.2))
    found = fit_history(np.stack(wrong[1:], axis=1), "semi-Markov recovery", level=LEVEL)
    return Evidence(
        found.parameters["shape"],
        note="400 runs of 84 steps; each has one constant chance of repair, beta distributed.",
    )


# -- free runs -----------------------------------------------------------------------------


def _free(model: str, tasks: tuple[str, ...] = BUILDING) -> list[FreeRuns]:
    return [free_runs(load(f"chains-{model}"), task=task) for task in tasks]


@traced("recovery.constant_rates_predict")
def _predict_traces(*, model: str) -> Evidence:
    level = joint_level(len(BUILDING))
    effects = [
        jackknife(lambda k, w=runs.wrong: two_state_gap(w[k]), runs.items, level=level)
        for runs in _free(model)
    ]
    return Evidence(stacked(effects), note="Six free runs of each of sixteen items.")


@traced("recovery.copying_is_a_guess")
def _guess_traces(*, model: str) -> Evidence:
    (runs,) = _free(model, ("copy",))
    share = jackknife(
        lambda k: transition_rate(runs.wrong[k], ~runs.wrong[k]), runs.items, level=LEVEL
    )
    return Evidence(share, note="Six free copies of each of sixteen lists.")


@traced("recovery.repair_fades")
def _fades_traces(*, model: str) -> Evidence:
    level, found = joint_level(len(BUILDING)), []
    for runs in _free(model):
        fitted = fit_history(
            runs.wrong, "semi-Markov recovery", given=runs.given, items=runs.items, level=level
        )
        x = fitted.parameters["shape"]
        # Its interval is Student's over the items, which is what the rule for few units asks for.
        ends = (x.value, x.stderr, x.lower, x.upper)
        found.append(Estimate(*ends, level=level, n=x.n, method=f"{x.method}, {STUDENT}"))
    return Evidence(stacked(found), note="Six free runs of each of sixteen items.")


@traced("recovery.values_do_not_return")
def _return_traces(*, model: str) -> Evidence:
    level = joint_level(len(BUILDING))
    found = [
        jackknife(
            lambda k, off=runs.off_chain: transition_rate(off[k], ~off[k]), runs.items, level=level
        )
        for runs in _free(model)
    ]
    return Evidence(stacked(found), note="Six free runs of each of sixteen items.")
