"""Evidence on censored runs, stopping rules and clusters; votes and atoms have their own module."""

import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
import sympy as sp

from ..._estimate import Estimate
from ...fit import answer_log_probs, hazard_curve, product_limit
from ...fit._resample import bootstrap_weights
from ...formulas import error_rate, measuring, prove_equal, success_rate, survival
from ...mixing import Beta
from ...processes import KeyTokens, PowerGrowth
from ...traces import load
from .._evidence import Evidence, evidence, symbolic, traced
from .._finding import LEVEL, joint_level
from . import _measuring_votes as _measuring_votes  # registers the other half
from ._effects import scaled
from ._survival_tools import REPLICATES, cut_runs, sum_of_powers, zero

_p = success_rate


def generator(key) -> np.random.Generator:
    return np.random.default_rng(np.asarray(jax.random.key_data(key)).tolist())


# -- censored runs -------------------------------------------------------------------------


@evidence("measuring.hazard_curve", "derived")
def _hazard_proof() -> Evidence:
    errors, right = sp.symbols("d a", positive=True)
    log_likelihood = errors * sp.log(error_rate) + right * sp.log(1 - error_rate)
    (best,) = sp.solve(sp.diff(log_likelihood, error_rate), error_rate)
    back = survival.hazard.expression.subs(survival.survival_after, survival.step.expression)
    return Evidence(
        (zero(best - errors / (errors + right)), prove_equal(back, error_rate)),
        note="Each bin has its own factor of the likelihood; its maximum is errors over risk.",
    )


@evidence("measuring.hazard_curve", "simulated")
def _hazard_simulated(*, key) -> Evidence:
    process, edges = KeyTokens(0.1, PowerGrowth(2.0, 0.5)), np.array([0, 5, 20, 60])
    seen, wrong = cut_runs(process, key=key, longest=100)
    found = hazard_curve(seen, wrong, edges=edges, level=joint_level(3))
    fine = hazard_curve(seen, wrong, edges=np.arange(61))
    hazards = np.asarray(process.hazard(jnp.arange(1.0, 61.0)))
    risk = fine.at_risk * hazards
    truth = np.add.reduceat(risk, edges[:-1]) / found.at_risk
    return Evidence(scaled(found.hazard, 1 / truth), note="Key tokens; runs cut at up to 100.")


def _lists(model: str, key, size: int = REPLICATES):
    """Lists drawn at random, their first errors, and log-probabilities of all lists."""
    log_prob = answer_log_probs(load(f"answers-{model}"), task="copy", level=8)
    keys = jax.random.split(key, 3)
    lists = np.asarray(jax.random.randint(keys[0], (size,), 0, len(log_prob)))
    level = np.asarray(jax.random.exponential(keys[1], (size,)))
    hazard = -np.cumsum(log_prob, axis=1)
    first = 1 + (hazard[lists] < level[:, None]).sum(axis=1)
    return lists, first, log_prob, keys[2]


@traced("measuring.hazard_curve")
def _hazard_traces(*, model: str, key) -> Evidence:
    _, first, log_prob, key = _lists(model, key)
    tokens = log_prob.shape[1]
    cut = np.asarray(jax.random.randint(key, first.shape, 1, tokens + 1))
    edges = np.array([0, tokens // 2, tokens])
    found = hazard_curve(
        np.minimum(first, cut), first <= cut, edges=edges, level=joint_level(len(edges) - 1)
    )
    fine = hazard_curve(np.minimum(first, cut), first <= cut, edges=np.arange(tokens + 1))
    survived = np.exp(np.cumsum(log_prob, axis=1)).mean(axis=0)
    hazards = 1 - survived / np.concatenate([[1.0], survived[:-1]])
    truth = np.add.reduceat(fine.at_risk * hazards, edges[:-1]) / found.at_risk
    return Evidence(
        scaled(found.hazard, 1 / truth), note="Copied lists of eight digits, both halves."
    )


@evidence("measuring.informative_cuts", "derived")
def _informative_proof() -> Evidence:
    # Half of the sequences err at trial 1 with rate a, half with rate b < a; a run of the first
    # kind is cut before trial 1 with probability c. The hazard that is seen has less of a.
    b, gap, cut = sp.symbols("b g c", positive=True)
    a = b + gap
    seen = ((1 - cut) * a + b) / (2 - cut)
    shortfall = sp.factor((a + b) / 2 - seen)
    keep = sp.Symbol("s", positive=True)
    return Evidence(
        symbolic(shortfall.subs(cut, 1 / (1 + keep)).simplify().is_positive),
        note="Two kinds of sequences, the dangerous ones cut more often: the hazard seen is too "
        "small by a positive amount.",
    )


@evidence("measuring.informative_cuts", "simulated")
def _informative_simulated(*, key) -> Evidence:
    rng, trials = generator(key), 10
    hazard = rng.choice([0.02, 0.3], (REPLICATES, trials))
    first = 1 + np.argmax(
        np.hstack([rng.random(hazard.shape) < hazard, np.ones((REPLICATES, 1), bool)]), axis=1
    )
    # Before a dangerous trial one run in two is cut.
    stop = (hazard > 0.1) & (rng.random(hazard.shape) < 0.5)
    cut = np.argmax(np.hstack([stop, np.ones((REPLICATES, 1), bool)]), axis=1)
    kept = cut > 0
    found = product_limit(
        np.minimum(first, cut)[kept], (first <= cut)[kept], lengths=np.array([trials]), level=LEVEL
    )
    return Evidence(
        scaled(found, 1 / (1 - 0.16) ** trials), note="Trials of two kinds, ten of them."
    )


@traced("measuring.informative_cuts")
def _informative_traces(*, model: str, key) -> Evidence:
    lists, first, log_prob, _ = _lists(model, key)
    tokens = log_prob.shape[1]
    cut = unsure(model, tokens)[lists]
    kept = cut > 0
    found = product_limit(
        np.minimum(first, cut)[kept],
        (first <= cut)[kept],
        lengths=np.array([tokens // 2]),
        level=LEVEL,
    )
    truth = np.exp(np.cumsum(log_prob, axis=1)).mean(axis=0)[tokens // 2 - 1]
    return Evidence(
        scaled(found, 1 / truth),
        note="Copied lists of eight digits, cut before the first token whose entropy is among the "
        "highest tenth.",
    )


def unsure(model: str, tokens: int) -> np.ndarray:
    """Last token of each list before the first one of high entropy."""
    data = load(f"answers-{model}")
    items = data.items.filter(task="copy", level=8).select("item_id")
    steps = items.join(data.steps, on="item_id", maintain_order="left").sort(
        "item_id", "position", maintain_order=True
    )
    entropy = steps["entropy"].cast(pl.Float64).to_numpy().reshape(-1, tokens)
    high = entropy > np.quantile(entropy, 0.9)
    return np.argmax(np.hstack([high, np.ones((len(high), 1), bool)]), axis=1)


# -- stopping and clusters -----------------------------------------------------------------


@evidence("measuring.first_success_pooling", "derived")
def _pooling_proof() -> Evidence:
    x, trial = sp.symbols("x j", positive=True)
    # E T is the sum of P(T > j); pooled over items the ratio tends to 1/E(1/p), and
    # E(p) E(1/p) >= 1 because (p/q + q/p)/2 - 1 is a square over pq.
    wait = sum_of_powers(x, trial, 0).subs(x, 1 - _p)
    one, other = sp.symbols("p q", positive=True)
    square = sp.simplify(
        (one / other + other / one) / 2 - 1 - (one - other) ** 2 / (2 * one * other)
    )
    return Evidence(
        (zero(wait - 1 / _p), zero(square), measuring.capped_wait.prove()),
        note="The ratio tends to one over the mean of 1/p, the harmonic mean.",
    )


@evidence("measuring.first_success_pooling", "simulated")
def _pooling_simulated(*, key) -> Evidence:
    rng, law, most = generator(key), Beta(0.5, 3.0), 1000
    p = rng.beta(0.5, 3.0, REPLICATES)
    wait = rng.geometric(np.maximum(p, 1e-12))
    success, attempts = wait <= most, np.minimum(wait, most)
    ratio = success.sum() / attempts.sum()
    spread = (success - ratio * attempts).std(ddof=1) / REPLICATES**0.5 / attempts.mean()
    mean = float(law.mean())
    effect = Estimate.from_mean(ratio / mean, spread / mean, REPLICATES, level=LEVEL)
    return Evidence(effect, note="Beta-distributed rates, at most 1,000 attempts.")


@traced("measuring.first_success_pooling")
def _pooling_traces(*, model: str, key) -> Evidence:
    rows = load(f"attempts-{model}").sampled().filter(stop_rule="first_success")
    columns = np.stack([rows[x].to_numpy() for x in ("successes", "n", "p")], axis=1)

    def ratio(weight):
        success, attempts, p = np.moveaxis(weight @ columns, -1, 0)
        return success / attempts / p

    effect = Estimate.from_draws(
        ratio(bootstrap_weights(len(rows), 10_000, key=key)),
        value=ratio(np.full(len(rows), 1 / len(rows))),
        n=len(rows),
        level=LEVEL,
        method="bootstrap over items",
    )
    return Evidence(effect, note="Runs stopped at the first success against exact rates.")


@evidence("measuring.design_effect", "derived")
def _design_proof() -> Evidence:
    k, rho = measuring.k, measuring.rho
    # Within an item the mean of k attempts has variance E p(1-p) / k; between items Var p.
    between = rho * _p * (1 - _p)
    within = _p * (1 - _p) - between
    items = measuring.item_count
    return Evidence(
        (
            prove_equal((between + within / k) / items, measuring.design_variance.expression),
            zero(
                measuring.design_variance.expression
                / (_p * (1 - _p) / (items * k))
                - measuring.design_effect.expression
            ),
        ),
        note="Variance between items plus variance within, by the law of total variance.",
    )  # fmt: skip


def _variance_ratio(means: np.ndarray, predicted: float) -> Estimate:
    ratio = means.var(ddof=1) / predicted
    return Estimate.from_mean(ratio, ratio * (2 / (len(means) - 1)) ** 0.5, len(means), level=LEVEL)


@evidence("measuring.design_effect", "simulated")
def _design_simulated(*, key) -> Evidence:
    rng, items, attempts = generator(key), 40, 20
    p = rng.beta(0.5, 3.0, (10_000, items))
    means = rng.binomial(attempts, p).mean(axis=1) / attempts
    predicted = measuring.design_variance(0.5 / 3.5, items, attempts, 1 / 4.5)
    return Evidence(
        _variance_ratio(means, float(predicted)), note="40 items, 20 attempts, beta rates."
    )


@traced("measuring.design_effect")
def _design_traces(*, model: str, key) -> Evidence:
    rng, items, attempts = generator(key), 40, 20
    rows = load(f"attempts-{model}").sampled().filter(stop_rule="fixed")
    n, right, p = (rows[x].to_numpy() for x in ("n", "successes", "p"))
    chosen = rng.integers(0, len(rows), (10_000, items))
    found = rng.hypergeometric(right[chosen], (n - right)[chosen], attempts)
    rho = p.var() / (p.mean() * (1 - p.mean()))
    predicted = measuring.design_variance(p.mean(), items, attempts, rho)
    return Evidence(
        _variance_ratio(found.mean(axis=1) / attempts, float(predicted)),
        note="Evaluations of 40 items with 20 of the sampled attempts each, against the formula "
        "with exact rates.",
    )
