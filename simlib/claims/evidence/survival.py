"""Evidence on survival, hazard, censoring and mixtures."""

import jax
import jax.numpy as jnp
import numpy as np
import sympy as sp

from ..._estimate import Estimate
from ...fit import product_limit
from ...fit._resample import bootstrap_weights
from ...formulas import error_rate, n, prove_equal, reliability, success_rate, survival, uniform
from ...mixing import Beta, Gamma
from ...processes import HeavyTailed, KeyTokens, PowerGrowth, Uniform
from ...simulate import first_error
from ...traces import load
from .._evidence import Evidence, evidence, symbolic, traced
from .._finding import LEVEL, joint_level
from ._effects import scaled, stacked
from ._survival_tools import (
    REPLICATES,
    copied_lists,
    cut_runs,
    free_of_error,
    no_success,
    ratios,
    sum_of_powers,
    zero,
)

_e, _h, _c, _n = error_rate, survival.rate_of_error.expression, success_rate, n


# -- three descriptions --------------------------------------------------------------------


@evidence("survival.hazards_add", "derived")
def _hazards_add_proof() -> Evidence:
    total = survival.cumulative_hazard.expression
    after = total.subs(survival.survival_after, survival.step.expression)
    before = total.subs(survival.survival_after, survival.survival_before)
    merged = survival.error_of_rate.expression.subs(survival.hazard_rate, _n * _h)
    return Evidence(
        (prove_equal(after, before + _h), prove_equal(merged, 1 - (1 - _e) ** _n)),
        note="One more trial adds h; n trials of hazard rate h are one trial of hazard rate nh.",
    )


@evidence("survival.hazards_add", "simulated")
def _hazards_add_simulated(*, key) -> Evidence:
    rates = np.repeat([0.001, 0.05, 0.01], [100, 10, 30])
    count = free_of_error(jnp.asarray(rates), key=key, replicates=REPLICATES)[-1]
    parts = float(survival.rate_of_error(rates).sum())
    share = Estimate.from_counts(np.asarray(count), REPLICATES, level=LEVEL)
    return Evidence(
        share.map(lambda s: -jnp.log(s) / parts), note="Three parts with different error rates."
    )


@evidence("survival.half_life_is_not_enough", "derived")
def _half_life_proof() -> Evidence:
    weibull = survival.weibull_horizon.expression.subs(survival.weibull_shape, sp.Rational(3, 5))
    ratio = (survival.exponential_horizon.expression / weibull).subs(
        reliability, sp.Rational(99, 100)
    )
    proofs = (symbolic(sp.simplify(ratio) > 10), survival.weibull_horizon.prove())
    return Evidence(proofs, note="The half-life cancels; the ratio is a number above ten.")


@evidence("survival.half_life_is_not_enough", "simulated")
def _half_life_simulated(*, key) -> Evidence:
    keys = jax.random.split(key)
    half_life, size, tail = 1e6, 4_000_000, 0.01
    weibull = KeyTokens(0.5, PowerGrowth(half_life**-0.6, 0.6))
    exponential = Uniform(survival.error_of_rate(np.log(2) / half_life))
    logs = []
    for process, k in zip((exponential, weibull), keys, strict=True):
        ordered = np.sort(np.asarray(first_error(process, key=k, shape=(size,))))
        rank, spread = tail * size, 4 * np.sqrt(tail * size)
        low, middle, high = (np.log(ordered[int(rank + x)]) for x in (-spread, 0, spread))
        logs.append((middle, (high - low) / 8))
    effect = Estimate.from_mean(
        logs[0][0] - logs[1][0],
        np.hypot(logs[0][1], logs[1][1]),
        size,
        level=LEVEL,
        method="order statistics",
    )
    return Evidence(effect.map(jnp.exp), note="Half-life of a million tokens.")


# -- mean ----------------------------------------------------------------------------------


@evidence("survival.mean_is_a_sum", "derived")
def _mean_proof() -> Evidence:
    right, trial = sp.symbols("q j", positive=True)
    total = sum_of_powers(right, trial, 1).subs(right, 1 - _e)
    # One more trial allowed adds the probability that it is reached and right.
    restricted = (1 - _e) * (1 - (1 - _e) ** _n) / _e
    step = restricted.subs(_n, _n + 1) - restricted
    return Evidence(
        (
            prove_equal(total, uniform.mean_run_length.expression),
            prove_equal(step, (1 - _e) * uniform.survival.expression),
        ),
        note="For uniform errors, with and without a cut; the page proves it for every law.",
    )


@evidence("survival.mean_is_a_sum", "simulated")
def _mean_simulated(*, key) -> Evidence:
    process = KeyTokens(0.05, PowerGrowth(2.0, 0.5))
    runs = np.asarray(first_error(process, key=key, shape=(REPLICATES,))) - 1
    mean = Estimate.from_mean(
        runs.mean(), runs.std(ddof=1) / len(runs) ** 0.5, len(runs), level=LEVEL
    )
    effect = scaled(mean, 1 / float(process.mean_run_length()))
    return Evidence(effect, note="Key tokens growing with the square root of the length.")


@evidence("survival.mean_can_be_infinite", "derived")
def _infinite_mean_proof() -> Evidence:
    length = sp.Symbol("t", positive=True)
    at = [(_n, length), (survival.half_life, 1), (survival.log_logistic_shape, 1)]
    law = survival.log_logistic.expression.subs(at)
    area = sp.integrate(law, (length, 0, survival.cut))
    return Evidence(
        (
            zero(area - sp.log(1 + survival.cut)),
            symbolic(sp.limit(area, survival.cut, sp.oo) == sp.oo),
        ),
        note="Half-life one; the area under survival up to L is ln(1 + L).",
    )


# -- censoring -----------------------------------------------------------------------------


def _product_limit(seen, wrong, lengths, truth) -> Estimate:
    found = product_limit(seen, wrong, lengths=lengths, level=joint_level(len(lengths)))
    return scaled(found, 1 / np.asarray(truth))


def _failed_only(seen, wrong, lengths, truth) -> Estimate:
    beyond = (seen[wrong][:, None] > lengths).sum(axis=0)
    return ratios(beyond, truth, level=joint_level(len(lengths)), of=int(wrong.sum()))


@evidence("survival.errors_over_risk", "derived")
def _errors_over_risk_proof() -> Evidence:
    errors, right = sp.symbols("d a", positive=True)
    log_likelihood = errors * sp.log(_e) + right * sp.log(1 - _e)
    (best,) = sp.solve(sp.diff(log_likelihood, _e), _e)
    t = sp.Symbol("t", positive=True)
    curvature = sp.factor(sp.diff(log_likelihood, _e, 2).subs(_e, 1 / (1 + t)))
    return Evidence(
        (zero(best - errors / (errors + right)), symbolic(curvature.is_negative)),
        note="The only stationary point of a concave log-likelihood.",
    )


@evidence("survival.errors_over_risk", "simulated")
def _errors_over_risk_simulated(*, key) -> Evidence:
    rate = 0.01
    seen, wrong = cut_runs(Uniform(rate), key=key, longest=200)
    effect = ratios(wrong.sum(), rate, level=LEVEL, of=int(seen.sum()))
    return Evidence(effect, note="Runs cut at lengths up to 200; n counts tokens at risk.")


@evidence("survival.product_limit", "derived")
def _product_limit_proof() -> Evidence:
    t = sp.Symbol("t", positive=True)
    at_risk, errors = sp.symbols("r d", positive=True)
    log_likelihood = errors * sp.log(_e) + (at_risk - errors) * sp.log(1 - _e)
    (best,) = sp.solve(sp.diff(log_likelihood, _e), _e)
    # With r = d + a the second derivative is a sum of negative terms.
    curvature = sp.diff(log_likelihood, _e, 2).subs(at_risk, errors + sp.Symbol("a", positive=True))
    return Evidence(
        (
            zero(best - errors / at_risk),
            symbolic(sp.factor(curvature.subs(_e, 1 / (1 + t))).is_negative),
        ),
        note="The likelihood is a product over trials; each hazard has its own maximum d/r.",
    )


@evidence("survival.product_limit", "simulated")
def _product_limit_simulated(*, key) -> Evidence:
    process, lengths = KeyTokens(0.05, PowerGrowth(2.0, 0.5)), np.array([10, 50, 150])
    seen, wrong = cut_runs(process, key=key, longest=200)
    truth = process.survival(jnp.asarray(lengths))
    return Evidence(_product_limit(seen, wrong, lengths, truth), note="Runs cut at up to 200.")


@traced("survival.product_limit")
def _product_limit_traces(*, model: str, key) -> Evidence:
    return Evidence(
        _product_limit(*copied_lists(model, key=key)),
        note="Runs drawn from the measured hazards of copied lists of eight digits, cut at random.",
    )


@evidence("survival.failed_only_is_biased", "derived")
def _failed_only_proof() -> Evidence:
    # Cuts of a constant rate: P(N > n | N <= C) is a ratio of geometric sums.
    both, trial = sp.symbols("q j", positive=True)
    # The error is trial n + 1, n + 2, ..., and the cut comes no earlier; any trial below.
    ratio = sum_of_powers(both, trial, _n) / sum_of_powers(both, trial, 0)
    ratio = ratio.subs(both, (1 - _e) * (1 - _c))
    return Evidence(
        prove_equal(ratio, uniform.survival.expression * (1 - _c) ** _n),
        note="For uniform errors and cuts of a constant rate c the ratio is (1 - c)^n.",
    )


@evidence("survival.failed_only_is_biased", "simulated")
def _failed_only_simulated(*, key) -> Evidence:
    process, lengths = KeyTokens(0.05, PowerGrowth(2.0, 0.5)), np.array([10, 50, 150])
    seen, wrong = cut_runs(process, key=key, longest=200)
    truth = process.survival(jnp.asarray(lengths))
    return Evidence(_failed_only(seen, wrong, lengths, truth), note="Runs cut at up to 200.")


@traced("survival.failed_only_is_biased")
def _failed_only_traces(*, model: str, key) -> Evidence:
    return Evidence(
        _failed_only(*copied_lists(model, key=key)),
        note="Runs drawn from the measured hazards of copied lists of eight digits, cut at random.",
    )


# -- mixtures ------------------------------------------------------------------------------

_Z, _LAMBDA, _THETA = sp.symbols("z Lambda theta", positive=True)


def _gamma_transform() -> sp.Expr:
    """Laplace transform of the gamma law with mean 1 and variance theta, by integration."""
    density = _Z ** (1 / _THETA - 1) * sp.exp(-_Z / _THETA)
    norm = sp.gamma(1 / _THETA) * _THETA ** (1 / _THETA)
    return sp.simplify(sp.integrate(sp.exp(-_Z * _LAMBDA) * density / norm, (_Z, 0, sp.oo)))


@evidence("survival.one_transform", "derived")
def _one_transform_proof() -> Evidence:
    retry = prove_equal((1 - success_rate) ** _n, sp.exp(-_n * -sp.log(1 - success_rate)))
    gamma = zero(_gamma_transform() / (1 + _THETA * _LAMBDA) ** (-1 / _THETA) - 1)
    return Evidence((retry, gamma), note="The exponent of a retry, and gamma frailty as example.")


@evidence("survival.one_transform", "simulated")
def _one_transform_simulated(*, key) -> Evidence:
    draw, tokens, attempts = jax.random.split(key, 3)
    level = joint_level(2)
    # Chain: a falling hazard, times a gamma factor of each sequence.
    shared = np.sqrt(np.arange(1, 101)) / 5
    frailty = Gamma(1.0, 0.7)
    factor = frailty.sample((REPLICATES,), key=draw)
    rates = -jnp.expm1(-jnp.diff(jnp.asarray(shared), prepend=0.0)[:, None] * factor)
    free = free_of_error(rates, key=tokens, replicates=REPLICATES)[-1]
    chain = ratios(free, jnp.exp(frailty.log_laplace(jnp.asarray(shared[-1]))), level=level)
    # Retry: problems of different difficulty, attempted ten times.
    difficulty, tries = Beta(0.5, 2.0), 10
    problems = HeavyTailed(difficulty, event="success")
    first = first_error(problems, key=attempts, shape=(REPLICATES,))
    unsolved = (first > tries).sum()
    retry = ratios(unsolved, jnp.exp(difficulty.log_laplace(jnp.asarray(10.0))), level=level)
    return Evidence(
        stacked([chain, retry]), note="Gamma frailty over 100 tokens; beta, 10 attempts."
    )


@traced("survival.one_transform")
def _one_transform_traces(*, model: str) -> Evidence:
    rows = load(f"attempts-{model}").sampled().filter(stop_rule="fixed")
    failure, numbers = -np.expm1(rows["log_p"].to_numpy()), (1, 5, 20)
    effects = []
    for k in numbers:
        observed = no_success(rows["n"].to_numpy(), rows["successes"].to_numpy(), k)
        computed = failure**k
        # Given the items, observed minus computed has mean zero.
        stderr = (observed - computed).std(ddof=1) / len(rows) ** 0.5 / computed.mean()
        ratio = observed.mean() / computed.mean()
        effects.append(
            Estimate.from_mean(ratio, stderr, len(rows), level=joint_level(len(numbers)))
        )
    return Evidence(
        stacked(effects),
        note="Sampled attempts against exact probabilities; 1, 5 and 20 attempts, more of which "
        "the sampled items cannot resolve.",
    )


@evidence("survival.survivors_are_selected", "derived")
def _selected_proof() -> Evidence:
    x, y = sp.symbols("x y", positive=True)
    k = sp.Symbol("k", positive=True)
    # For independent copies x, y of e^{-X}: the mean of the left side is twice
    # L(k-1) L(k+1) - L(k)^2, that of the right side is not negative.
    left = x ** (k - 1) * y ** (k + 1) + x ** (k + 1) * y ** (k - 1) - 2 * x**k * y**k
    right = (x * y) ** (k - 1) * (x - y) ** 2
    gamma = sp.diff(sp.log((1 + _THETA * _LAMBDA) ** (-1 / _THETA)), _LAMBDA, 2)
    return Evidence(
        (zero(sp.expand(left - sp.expand(right))), symbolic(sp.simplify(gamma).is_positive)),
        note="Survival of a mixture is log-convex: for every law, and for gamma frailty again.",
    )


@evidence("survival.survivors_are_selected", "simulated")
def _selected_simulated(*, key) -> Evidence:
    mixing, late = Beta(0.5, 20.0), 50
    first = np.asarray(first_error(HeavyTailed(mixing), key=key, shape=(REPLICATES,)))
    at_risk, errors = int((first >= late).sum()), int((first == late).sum())
    effect = ratios(errors, float(mixing.mean()), level=LEVEL, of=at_risk)
    return Evidence(effect, note="Beta-distributed error rates; trial 50 against trial 1.")


@traced("survival.survivors_are_selected")
def _selected_traces(*, model: str, key) -> Evidence:
    rows, late = load(f"attempts-{model}").sampled().filter(stop_rule="fixed"), 20
    attempts, successes = rows["n"].to_numpy(), rows["successes"].to_numpy()
    none = np.stack([no_success(attempts, successes, k) for k in (1, late - 1, late)], axis=1)

    def ratio(weight: np.ndarray) -> np.ndarray:
        first, before, after = np.moveaxis(weight @ none, -1, 0)
        return np.asarray((1 - after / before) / (1 - first))

    effect = Estimate.from_draws(
        ratio(bootstrap_weights(len(rows), 10_000, key=key)),
        value=ratio(np.full(len(rows), 1 / len(rows))),
        n=len(rows),
        level=LEVEL,
        method="bootstrap over items",
    )
    return Evidence(
        effect, note="Attempt 20 after 19 failures against attempt 1, all sampled items together."
    )


# -- repair --------------------------------------------------------------------------------


@evidence("survival.repair_changes_the_question", "derived")
def _repair_proof() -> Evidence:
    steps = sp.Symbol("n", integer=True, nonnegative=True)
    breaks, repairs = sp.symbols("epsilon c", positive=True)
    plateau = repairs / (repairs + breaks)
    good = plateau + (1 - plateau) * (1 - breaks - repairs) ** steps
    recursion = (1 - breaks) * good + repairs * (1 - good)
    fading, right = sp.symbols("q r", positive=True)
    vanishing = sp.limit((1 / (1 + fading)) ** right, right, sp.oo)
    return Evidence(
        (
            zero(good.subs(steps, 0) - 1),
            zero(good.subs(steps, steps + 1) - recursion),
            zero(vanishing),
        ),
        note="Start and recursion of the two-state chain; a power of a number below one vanishes.",
    )


@evidence("survival.repair_changes_the_question", "simulated")
def _repair_simulated(*, key) -> Evidence:
    breaks, repairs, lengths = 0.02, 0.1, np.array([5, 30, 300])

    def step(good, index):
        drawn = jax.random.uniform(jax.random.fold_in(key, index), good.shape)
        good = jnp.where(good, drawn >= breaks, drawn < repairs)
        return good, good.sum()

    start = jnp.ones(REPLICATES, bool)
    counts = np.asarray(jax.jit(lambda: jax.lax.scan(step, start, jnp.arange(300))[1])())
    plateau = repairs / (repairs + breaks)
    truth = plateau + (1 - plateau) * (1 - breaks - repairs) ** lengths
    effect = ratios(counts[lengths - 1], truth, level=joint_level(len(lengths)))
    return Evidence(effect, note="5, 30 and 300 steps of the two-state chain.")
