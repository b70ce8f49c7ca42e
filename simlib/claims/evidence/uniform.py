"""Evidence on uniform errors: proofs, simulation token by token, answers of a real model."""

from collections.abc import Callable
from functools import partial
from typing import cast

import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
import sympy as sp
from jaxtyping import Array, ArrayLike, Float, Integer, Key, Shaped
from scipy import stats

from ..._estimate import Estimate
from ...formulas import error_rate, k, n, prove_equal, reliability, uniform
from ...processes import Uniform
from ...simulate import first_error
from ...traces import load
from .._evidence import Evidence, evidence, symbolic, traced
from .._finding import LEVEL, joint_level
from ._effects import stacked

_REPLICATES = 200_000

# -- tools ---------------------------------------------------------------------------------


@partial(jax.jit, static_argnames="replicates")
def _free_of_error(
    rates: Float[Array, "tokens *replicates"], *, key: Key[Array, ""], replicates: int
) -> Integer[Array, ""]:
    """How many sequences survive, token by token: the assumptions, not the formula, at work.

    `rates` has one error rate per token, or one per token and sequence.
    """

    def next_token(free, step):
        index, rate = step
        wrong = jax.random.bernoulli(jax.random.fold_in(key, index), rate, (replicates,))
        return free & ~wrong, None

    free, _ = jax.lax.scan(next_token, jnp.ones(replicates, bool), (jnp.arange(len(rates)), rates))
    return free.sum()


def _survival(
    rates: Shaped[ArrayLike, "tokens *replicates"], *, key: Key[Array, ""], entries: int = 1
) -> Estimate:
    """Simulated survival of one sequence of error rates, at the level for `entries` of them."""
    counts = _free_of_error(jnp.asarray(rates), key=key, replicates=_REPLICATES)
    return Estimate.from_counts(np.asarray(counts), _REPLICATES, level=joint_level(entries))


def _quantile(sample: Float[Array, " sample"], share: float, *, level: float) -> Estimate:
    """Sample quantile with its order-statistics interval, free of any assumption on the law."""
    ordered, size = np.sort(np.asarray(sample)), len(sample)
    low, high = stats.binom.ppf([(1 - level) / 2, (1 + level) / 2], size, share).astype(int)
    value = ordered[int(share * size)]
    lower, upper = ordered[max(low - 1, 0)], ordered[min(high, size - 1)]
    stderr = (upper - lower) / (2 * stats.norm.ppf((1 + level) / 2))
    fields = (jnp.asarray(x, dtype=float) for x in (value, stderr, lower, upper))
    return Estimate(*fields, level=level, n=size, method="order statistics")


def _run_lengths(
    rate: float, *, key: Key[Array, ""], replicates: int = _REPLICATES
) -> Float[Array, " replicates"]:
    """Correct tokens before the first error."""
    return first_error(Uniform(rate), key=key, shape=(replicates,)) - 1


_T = sp.Symbol("t", positive=True)


def _positive(expression: sp.Expr) -> sp.Expr:
    """The expression with e = 1/(1+t): SymPy then knows that 0 < e < 1."""
    return cast(sp.Expr, sp.factor(sp.simplify(expression.subs(error_rate, 1 / (1 + _T)))))


# -- the geometric law ---------------------------------------------------------------------


@evidence("uniform.geometric_law", "derived")
def _geometric_proof() -> Evidence:
    survival = uniform.survival.expression
    return Evidence(
        (
            prove_equal(survival.subs(n, 0), sp.Integer(1)),
            prove_equal(survival.subs(n, n + 1), (1 - error_rate) * survival),
            uniform.survival.prove(),
        ),
        note="Induction over the tokens; the last proof is that of the computed form.",
    )


@evidence("uniform.geometric_law", "simulated")
def _geometric_simulated(*, key) -> Evidence:
    cases = [(0.1, 10), (0.03, 30), (0.01, 100)]
    ratios = [
        _survival(np.full(length, rate), key=k_, entries=len(cases)).map(
            lambda s, length=length, rate=rate: s / uniform.survival(length, rate)
        )
        for (rate, length), k_ in zip(cases, jax.random.split(key, len(cases)), strict=True)
    ]
    return Evidence(stacked(ratios), note="Token by token, expected number of errors one.")


# -- horizons ------------------------------------------------------------------------------


@evidence("uniform.horizon", "derived")
def _horizon_proof() -> Evidence:
    (solution,) = sp.solve(sp.Eq(uniform.log_survival.expression, sp.log(reliability)), n)
    return Evidence(
        (prove_equal(uniform.horizon.expression, solution), uniform.horizon.prove()),
        note="The log-survival, solved for the length.",
    )


@evidence("uniform.horizon", "simulated")
def _horizon_simulated(*, key) -> Evidence:
    rate, reliabilities = 1e-4, (0.5, 0.8, 0.9)
    runs = _run_lengths(rate, key=key, replicates=10 * _REPLICATES)
    ratios = [
        _quantile(runs, 1 - r, level=joint_level(len(reliabilities))).map(
            lambda length, r=r: length / uniform.horizon(r, rate)
        )
        for r in reliabilities
    ]
    return Evidence(stacked(ratios), note="Reliabilities 0.5, 0.8 and 0.9.")


@evidence("uniform.horizon_ratio", "derived")
def _horizon_ratio_proof() -> Evidence:
    horizon = uniform.horizon.expression
    ratio = horizon.subs(reliability, sp.Rational(4, 5)) / horizon.subs(
        reliability, sp.Rational(1, 2)
    )
    value = sp.log(sp.Rational(5, 4), evaluate=False) / sp.log(2)
    third, tenth = sp.Rational(1, 3), sp.Rational(1, 10)
    return Evidence(
        (
            prove_equal(ratio, value),
            symbolic(abs(value / third - 1) < tenth),
        ),
        note="The error rate cancels; the ratio is log2(5/4), within a tenth of one third.",
    )


@evidence("uniform.horizon_ratio", "simulated")
def _horizon_ratio_simulated(*, key) -> Evidence:
    rates = (1e-2, 1e-4)
    ratios = []
    for rate, k_ in zip(rates, jax.random.split(key, len(rates)), strict=True):
        # Independent runs for the two horizons, so that their errors add in squares.
        short, half = (
            _quantile(_run_lengths(rate, key=key_), 1 - r, level=LEVEL).map(jnp.log)
            for r, key_ in zip((0.8, 0.5), jax.random.split(k_), strict=True)
        )
        ratios.append(
            Estimate.from_mean(
                short.value - half.value,
                jnp.hypot(short.stderr, half.stderr),
                _REPLICATES,
                level=joint_level(len(rates)),
                method="order statistics",
            ).map(jnp.exp)
        )
    return Evidence(stacked(ratios), note="Error rates 0.01 and 0.0001.")


# -- inequalities --------------------------------------------------------------------------


@evidence("uniform.union_bound", "derived")
def _union_bound_proof() -> Evidence:
    excess = n * error_rate - (1 - uniform.survival.expression)
    step = excess.subs(n, n + 1) - excess
    growth = error_rate * (1 - uniform.survival.expression)
    return Evidence(
        (prove_equal(excess.subs(n, 1), sp.Integer(0)), prove_equal(step, growth)),
        note="The excess is zero for one token and grows by e(1 - S(n)) > 0 with each further one.",
    )


@evidence("uniform.union_bound", "simulated")
def _union_bound_simulated(*, key) -> Evidence:
    rate, lengths = 0.01, (10, 100)
    ratios = [
        _survival(np.full(length, rate), key=k_, entries=len(lengths)).map(
            lambda s, length=length: (1 - s) / (length * rate)
        )
        for length, k_ in zip(lengths, jax.random.split(key, len(lengths)), strict=True)
    ]
    return Evidence(stacked(ratios), note="Expected numbers of errors 0.1 and 1.")


@evidence("uniform.concentration_never_helps", "derived")
def _concentration_proof() -> Evidence:
    log_right = sp.log(1 - error_rate)
    return Evidence(
        symbolic(_positive(sp.diff(log_right, error_rate, 2)).is_negative),
        note="ln(1 - e) is strictly concave, so its mean over tokens is at most its value at the "
        "mean rate (Jensen).",
    )


@evidence("uniform.concentration_never_helps", "simulated")
def _concentration_simulated(*, key) -> Evidence:
    length, mean, share = 100, 0.01, 0.1
    rates = np.where(np.arange(length) % round(1 / share) == 0, mean / share, 0.0)
    effect = _survival(rates, key=key).map(
        lambda s: jnp.log(s) - uniform.log_survival(length, mean)
    )
    return Evidence(effect, note="All errors on every tenth of a hundred tokens, mean rate 0.01.")


@evidence("uniform.heterogeneity_helps", "derived")
def _heterogeneity_proof() -> Evidence:
    m = sp.Symbol("m", positive=True)  # n = 1 + m > 1
    survival = uniform.survival.expression.subs(n, 1 + m)
    return Evidence(
        symbolic(_positive(sp.diff(survival, error_rate, 2)).is_positive),
        note="(1 - e)^n is strictly convex in e for n > 1, so its mean over sequences is at least "
        "its value at the mean rate (Jensen).",
    )


@evidence("uniform.heterogeneity_helps", "simulated")
def _heterogeneity_simulated(*, key) -> Evidence:
    length, mean, concentration = 100, 0.01, 100.0
    draw_key, token_key = jax.random.split(key)
    rates = jax.random.beta(
        draw_key, mean * concentration, (1 - mean) * concentration, (_REPLICATES,)
    )
    effect = _survival(jnp.broadcast_to(rates, (length, _REPLICATES)), key=token_key).map(
        lambda s: jnp.log(s) - uniform.log_survival(length, mean)
    )
    return Evidence(effect, note="Beta-distributed rates with mean 0.01, a hundred tokens.")


@evidence("uniform.resampling_helps", "derived")
def _resampling_proof() -> Evidence:
    passes, survival = uniform.pass_probability.expression, uniform.survival.expression
    return Evidence(
        (
            prove_equal(passes.subs(k, 1), survival),
            # Another attempt adds S times the chance that all earlier ones failed.
            prove_equal(passes.subs(k, k + 1) - passes, survival * (1 - passes)),
            uniform.pass_probability.prove(),
        ),
        note="Each further attempt adds S(1 - pass@k) > 0.",
    )


@evidence("uniform.resampling_helps", "simulated")
def _resampling_simulated(*, key) -> Evidence:
    rate, length, attempts = 0.02, 50, (1, 2, 8)
    ratios = []
    for tries, k_ in zip(attempts, jax.random.split(key, len(attempts)), strict=True):
        first = first_error(Uniform(rate), key=k_, shape=(_REPLICATES, tries))
        solved = (first > length).any(axis=1).sum()
        share = Estimate.from_counts(
            np.asarray(solved), _REPLICATES, level=joint_level(len(attempts))
        )
        ratios.append(
            share.map(lambda s, tries=tries: s / uniform.pass_probability(length, tries, rate))
        )
    return Evidence(stacked(ratios), note="1, 2 and 8 attempts at answers of fifty tokens.")


# -- answers of a real model ---------------------------------------------------------------


def _cells(model: str) -> list[Float[np.ndarray, "items tokens"]]:
    """Log-probabilities of right tokens, one matrix per task and level.

    Answers of one cell that differ from its commonest length are left out: the law compares
    answers of one length.
    """
    steps = load(f"answers-{model}").steps_with_items().filter(condition="clean")
    steps = steps.with_columns(length=pl.len().over("item_id"))
    cells = []
    for _, cell in sorted(steps.group_by("task", "level"), key=lambda group: group[0]):
        length = int(cell["length"].mode().sort()[0])
        rows = cell.filter(length=length).sort("item_id", "position")["log_prob"]
        cells.append(rows.to_numpy().astype(np.float64).reshape(-1, length))
    return cells


def _log_ratio(
    success: Float[np.ndarray, " items"],
    token: Float[np.ndarray, " items"],
    tokens: int,
    *,
    entries: int,
) -> Estimate:
    """Logarithm of the mean success over the mean token success to the power of the length.

    The standard error follows from the influence of each answer (delta method).
    """
    value = np.log(success.mean()) - tokens * np.log(token.mean())
    influence = success / success.mean() - tokens * token / token.mean()
    return Estimate.from_mean(
        value,
        influence.std(ddof=1) / np.sqrt(len(success)),
        len(success),
        level=joint_level(entries),
        method="delta method",
    )


def _by_cell(model: str, token_success: Callable[[np.ndarray], np.ndarray]) -> Estimate:
    """`_log_ratio` of all tasks and levels; `n` is the number of answers in the smallest."""
    cells = _cells(model)
    return stacked(
        [
            _log_ratio(np.exp(rows.sum(1)), token_success(rows), rows.shape[1], entries=len(cells))
            for rows in cells
        ]
    )


@traced("uniform.one_rate_fits_answers")
def _one_rate_traces(*, model: str) -> Evidence:
    effect = _by_cell(model, lambda rows: np.exp(rows).mean(1))
    return Evidence(
        effect, note="One effect per task and level, from answers of the commonest length."
    )


@traced("uniform.heterogeneity_helps")
def _heterogeneity_traces(*, model: str) -> Evidence:
    # The rate of an answer is that of a uniform process with the same success probability.
    effect = _by_cell(model, lambda rows: np.exp(rows.mean(1)))
    return Evidence(
        effect, note="One rate per answer, one effect per task and level; the smallest is shown."
    )


@traced("uniform.concentration_never_helps")
def _concentration_traces(*, model: str) -> Evidence:
    effects = np.concatenate(
        [rows.sum(1) - rows.shape[1] * np.log(np.exp(rows).mean(1)) for rows in _cells(model)]
    )
    return Evidence(
        Estimate.from_mean(
            effects.mean(),
            effects.std(ddof=1) / np.sqrt(len(effects)),
            len(effects),
            level=LEVEL,
        ),
        note="Mean over answers of all tasks and levels: ln of the success probability minus its "
        "value if all tokens had the mean error probability of the answer.",
    )
