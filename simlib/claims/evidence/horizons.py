"""Evidence on horizons: success against length, matched and fitted."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import sympy as sp

from ..._estimate import Estimate
from ...forecast import (
    backtest_horizons,
    compare_horizons,
    fit_horizons,
    greedy_success,
    prefix_success,
)
from ...formulas import heavy_tailed, horizons, n, prove_equal, reliability, survival
from ...traces import load
from .._evidence import Evidence, evidence, symbolic, traced
from .._finding import LEVEL, joint_level
from ._effects import stacked

_SIZE = 1_000_000
_LAWS = ("exponential", "weibull", "log-logistic", "log-normal", "gamma-frailty")
_RIVALS = ("weibull", "log-logistic", "log-normal")  # the others never come near these curves

# Lists of whose first entries it is known exactly how often they are right: task, digits, and the
# number of attempts of which one has to be right. Chosen so that the horizon at 99 % is more than
# one entry away from the start.
_CURVES = {
    "smollm2": (("copy", 16, 32), ("copy", 16, 256), ("copy", 32, 32), ("copy", 32, 256)),
    "gemma3": (("copy", 16, 4), ("copy", 32, 32), ("copy", 32, 256), ("reverse", 5, 256)),
}


@evidence("horizons.logistic_is_log_logistic", "derived")
def _logistic_proof() -> Evidence:
    beta, h = survival.log_logistic_shape, survival.half_life
    logistic = 1 / (1 + sp.exp(-beta * (sp.log(h) - sp.log(n))))
    frail = heavy_tailed.gamma_frailty.expression.subs(
        {heavy_tailed.frailty_variance: 1, heavy_tailed.cumulative_hazard: (n / h) ** beta}
    )
    law = survival.log_logistic.expression
    return Evidence(
        (prove_equal(logistic, law), prove_equal(frail, law)),
        note="The logistic curve, and gamma frailty of variance one over a power hazard.",
    )


@evidence("horizons.logistic_is_log_logistic", "simulated")
def _logistic_simulated(*, key) -> Evidence:
    h, beta = 50.0, 0.8
    keys = jax.random.split(key)
    wait, frailty = (np.asarray(jax.random.exponential(k, (_SIZE,))) for k in keys)
    first = h * (wait / frailty) ** (1 / beta)
    lengths = np.array([1.0, 10.0, 50.0, 250.0, 1000.0])
    return Evidence(
        _against(
            np.array([(first > x).mean() for x in lengths]),
            np.asarray(survival.log_logistic(lengths, h, beta)),
        ),
        note="First failures under a Weibull hazard with a standard exponential factor per task.",
    )


@evidence("horizons.two_do_not_make_a_third", "derived")
def _matched_proof() -> Evidence:
    ratio, proofs, at = horizons.horizon_ratio, [], {}
    for horizon, shape, of_ratio, matched in (
        (horizons.log_normal_horizon, horizons.log_spread,
         horizons.log_spread_of_ratio, horizons.log_normal_matched),
        (survival.log_logistic_horizon, survival.log_logistic_shape,
         horizons.log_logistic_shape_of_ratio, horizons.log_logistic_matched),
        (survival.weibull_horizon, survival.weibull_shape,
         horizons.weibull_shape_of_ratio, horizons.weibull_matched),
    ):  # fmt: skip
        whole = survival.half_life / horizon.expression.subs(shape, of_ratio.expression)
        proofs.append(prove_equal(matched.expression, whole))
        at[matched.name] = [
            matched.expression.subs({reliability: sp.Rational(r), ratio: 5})
            for r in ("0.99", "0.999")
        ]
    low, high = at[horizons.log_normal_matched.name], at[horizons.weibull_matched.name]
    for top, bottom, least in zip(high, low, (4, 20), strict=True):
        proofs.append(symbolic(sp.N(top / bottom, 30) > least))
    return Evidence(tuple(proofs), note="The matched formulas, and both inequalities at ratio 5.")


@evidence("horizons.two_do_not_make_a_third", "simulated")
def _matched_simulated(*, key) -> Evidence:
    half, ratio, size = 100.0, 5.0, 4_000_000
    draw = np.asarray(jax.random.uniform(key, (size,), minval=1e-12))
    inverses = (
        (horizons.log_normal_horizon, horizons.log_spread_of_ratio),
        (survival.log_logistic_horizon, horizons.log_logistic_shape_of_ratio),
        (survival.weibull_horizon, horizons.weibull_shape_of_ratio),
    )
    found = []
    samples = [
        np.sort(np.log(np.asarray(horizon(draw, half, float(shape(ratio))))))
        for horizon, shape in inverses
    ]
    for share, least in ((0.01, 4.0), (0.001, 20.0)):
        middle = round(size * share)
        # Bounds by order statistics; all laws see the same draws, so their ranks move together.
        step = round(3.3 * np.sqrt(size * share))
        spread = [
            max(x[i] for x in samples) - min(x[i] for x in samples)
            for i in (middle, middle - step, middle + step)
        ]
        value, *ends = np.exp(spread) / least
        found.append(
            Estimate(
                *(jnp.asarray(x, dtype=float) for x in (value, (max(ends) - min(ends)) / 6.6,
                                                         min(*ends, value), max(*ends, value))),
                level=joint_level(2), n=size, method="order statistics",
            )
        )  # fmt: skip
    return Evidence(stacked(found), note="First failures of three laws matched at 50 % and 80 %.")


@traced("horizons.constant_hazard")
def _constant_hazard(*, model: str) -> Evidence:
    table = greedy_success(load(f"answers-{model}"), task="copy")
    fit = fit_horizons(
        *table[:3], law="weibull", independent=True, level=LEVEL, reliabilities=(0.5,)
    )
    return Evidence(
        fit.parameters["weibull_shape"],
        note="Lists of 4, 8, 16 and 32 digits, copied by the likeliest tokens.",
    )


@traced("horizons.logistic_describes")
def _logistic_describes(*, model: str) -> Evidence:
    return _misfit(model, "log-logistic")


@traced("horizons.noise_threshold_describes")
def _noise_describes(*, model: str) -> Evidence:
    return _misfit(model, "noise-threshold")


def _misfit(model: str, law: str) -> Evidence:
    table = greedy_success(load(f"answers-{model}"), task="copy")
    fit = fit_horizons(
        *table[:3], law=law, independent=True, reliabilities=(0.5,), interval="delta"
    )
    fitted = np.asarray(fit.process.survival(table.lengths))
    level = joint_level(len(fitted))
    seen = [
        Estimate.from_counts(int(y), int(m), level=level)
        for y, m in zip(table.successes, table.attempts, strict=True)
    ]
    return Evidence(
        stacked([_less(x, float(f)) for x, f in zip(seen, fitted, strict=True)]),
        note="Lists of 4, 8, 16 and 32 digits, copied by the likeliest tokens.",
    )


@evidence("horizons.noise_tail", "derived")
def _noise_tail_proof() -> Evidence:
    x, s = sp.symbols("x s", positive=True)
    leading = sp.limit(sp.lowergamma(2, x) / x**2, x, 0)
    term = sp.simplify(sp.diff(sp.lowergamma(s, x), x) / sp.diff(x**s / s, x))
    tail = horizons.noise_threshold_tail.expression
    slope = sp.simplify(n * sp.diff(sp.log(tail), n))
    return Evidence(
        (
            symbolic(sp.Eq(leading, sp.Rational(1, 2))),
            symbolic(sp.Eq(sp.limit(term, x, 0), 1)),
            symbolic(sp.Eq(slope, -horizons.directions)),
        ),
        note="The incomplete gamma function over the leading term tends to one; "
        "the slope of the leading term is minus q.",
    )


@evidence("horizons.noise_tail", "simulated")
def _noise_tail_simulated(*, key) -> Evidence:
    q, rate = 4, 0.01
    noise = jax.random.normal(key, (4_000_000, q))
    squared = np.asarray((noise**2).sum(1)) * rate / q  # at length 1, threshold 1
    short, long = 60.0, 90.0
    near, far = (int((squared * x**2 < 1).sum()) for x in (short, long))
    share = Estimate.from_counts(far, near, level=LEVEL)
    scale = q * np.log(long / short)
    return Evidence(
        share.map(lambda p: -jnp.log(p) / scale),
        note="Gaussian noise in four directions, six and nine times beyond its threshold.",
    )


@evidence("horizons.levi_swapped", "derived")
def _levi_proof() -> Evidence:
    swapped: Any = {
        heavy_tailed.shape_a: horizons.failure_shape_b,
        heavy_tailed.shape_b: horizons.failure_shape_a,
    }
    mixture = heavy_tailed.beta_mixture.expression.subs(swapped, simultaneous=True)
    coverage = horizons.ceiling * (1 - mixture)
    return Evidence(prove_equal(horizons.ceiling_coverage.expression, coverage))


@evidence("horizons.levi_swapped", "simulated")
def _levi_simulated(*, key) -> Evidence:
    a, b, ceiling = 6.0, 0.35, 0.8
    keys = jax.random.split(key)
    failure = np.asarray(jax.random.beta(keys[0], a, b, (_SIZE,)))
    failure = np.where(np.asarray(jax.random.uniform(keys[1], (_SIZE,))) < ceiling, failure, 1.0)
    attempts = np.array([1.0, 10.0, 100.0, 1000.0])
    covered = np.stack([1 - failure**k for k in attempts], axis=1)
    truth = np.asarray(horizons.ceiling_coverage(attempts, ceiling, a, b))
    mean, error = covered.mean(0), covered.std(0, ddof=1) / np.sqrt(_SIZE)
    return Evidence(
        Estimate.from_mean(mean / truth, error / truth, _SIZE, level=joint_level(len(attempts))),
        note="Failure probabilities drawn from a beta law, a fifth of the problems unsolvable.",
    )


@traced("horizons.best_law_covers")
def _best_law_covers(*, model: str, key) -> Evidence:
    return _coverage(model, "best law", key)


@traced("horizons.envelope_covers")
def _envelope_covers(*, model: str, key) -> Evidence:
    return _coverage(model, "envelope", key)


def _coverage(model: str, rule: str, key) -> Evidence:
    data, hits, total = load(f"answers-{model}"), 0, 0
    curves = _CURVES[model]
    for (task, digits, attempts), one in zip(
        curves, jax.random.split(key, len(curves)), strict=True
    ):
        success = prefix_success(data, task=task, level=digits, attempts=attempts)
        found = backtest_horizons(success, np.arange(1, digits + 1), key=one, laws=_RIVALS)
        hits, total = hits + found.covered[rule], total + found.evaluations
    names = ", ".join(f"{task} {digits} best of {k}" for task, digits, k in curves)
    return Evidence(
        Estimate.from_counts(hits, total, level=LEVEL),
        note=f"Evaluations of sixty tasks, eight runs each, drawn from exact curves: {names}.",
    )


@traced("horizons.short_predicts_long")
def _short_predicts_long(*, model: str) -> Evidence:
    table = greedy_success(load(f"answers-{model}"), task="copy")
    short = [column[:-1] for column in table[:3]]
    found = compare_horizons(
        *short, independent=True, laws=_LAWS, reliabilities=(0.5,), interval="delta"
    )
    level = joint_level(len(_LAWS))
    seen = Estimate.from_counts(int(table.successes[-1]), int(table.attempts[-1]), level=level)
    # Predicted minus observed, with the uncertainty of the observation.
    effects = []
    for law in _LAWS:
        predicted = float(found.fits[law].process.survival(table.lengths[-1]))
        gap = _less(seen, predicted)
        effects.append(
            Estimate(-gap.value, gap.stderr, -gap.upper, -gap.lower, level=level, n=gap.n,
                     method=gap.method)
        )  # fmt: skip
    return Evidence(stacked(effects), note="Laws: " + ", ".join(_LAWS) + ".")


def _less(estimate: Estimate, number: float) -> Estimate:
    return estimate.map(lambda x: x - number)


def _against(shares: np.ndarray, truth: np.ndarray) -> Estimate:
    error = np.sqrt(shares * (1 - shares) / _SIZE)
    return Estimate.from_mean(shares / truth, error / truth, _SIZE, level=joint_level(len(shares)))
