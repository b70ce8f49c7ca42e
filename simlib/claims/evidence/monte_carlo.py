"""Evidence on simulation and sampling: intervals, keys, samplers, stopping, tests."""

import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
import sympy as sp
from scipy import stats

from ..._estimate import Estimate
from ...fit import overdispersion
from ...formulas import monte_carlo, prove_equal, success_rate, survival, uniform
from ...formulas.monte_carlo import miss_probability, normal_quantile, observed_rate, replicates
from ...mixing import Beta, Gamma
from ...processes import HeavyTailed, KeyTokens, PowerGrowth, Uniform
from ...simulate import first_error, survival_counts, token_by_token
from ...simulate import survival as simulate_survival
from ...traces import load
from .._evidence import Evidence, evidence, symbolic, traced
from .._finding import LEVEL, joint_level
from ._effects import stacked
from ._survival_tools import REPLICATES, sum_of_powers, zero

_p, _n = success_rate, replicates


def _generator(key) -> np.random.Generator:
    return np.random.default_rng(np.asarray(jax.random.key_data(key)).tolist())


def _attempts(model: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Attempts, successes and exact success probability of every item."""
    rows = load(f"attempts-{model}").sampled().filter(stop_rule="fixed")
    n, successes, p = (rows[name].to_numpy() for name in ("n", "successes", "p"))
    return n, successes, p


def _share(hits: np.ndarray, *, level: float = LEVEL) -> Estimate:
    return Estimate.from_counts(int(hits.sum()), len(hits), level=level)


# -- intervals -----------------------------------------------------------------------------


def _wilson_contains(successes: np.ndarray, n: int, p: np.ndarray) -> np.ndarray:
    return Estimate.from_counts(successes, n).contains(p)


def _textbook_contains(successes: np.ndarray, n: int, p: np.ndarray) -> np.ndarray:
    rate = successes / n
    half = stats.norm.isf(0.025) * np.sqrt(rate * (1 - rate) / n)
    return (rate - half <= p) & (p <= rate + half)


@evidence("monte_carlo.wilson_covers", "derived")
def _wilson_proof() -> Evidence:
    """Both ends solve the equation that defines the interval."""
    distance = lambda end: (
        (end - observed_rate) ** 2 - normal_quantile**2 * end * (1 - end) / replicates
    )
    upper, lower = (
        formula.expression for formula in (monte_carlo.wilson_upper, monte_carlo.wilson_lower)
    )
    return Evidence(
        (zero(distance(upper)), zero(distance(lower)), monte_carlo.wilson_lower.prove()),
        note="The ends lie z of their own standard errors from the observed share; how often that "
        "covers the truth is measured.",
    )


@evidence("monte_carlo.wilson_covers", "simulated")
def _wilson_simulated(*, key) -> Evidence:
    rng, n = _generator(key), 1000
    p = 10 ** rng.uniform(-4, 0, REPLICATES)
    return Evidence(
        _share(_wilson_contains(rng.binomial(n, p), n, p)),
        note="1,000 attempts; rates spread evenly over four powers of ten.",
    )


@traced("monte_carlo.wilson_covers")
def _wilson_traces(*, model: str) -> Evidence:
    n, successes, p = _attempts(model)
    return Evidence(
        _share(_wilson_contains(successes, int(n[0]), p)),
        note="1,000 sampled attempts at every item against its exact probability.",
    )


@evidence("monte_carlo.textbook_interval_fails", "derived")
def _textbook_proof() -> Evidence:
    # One success expected: with none seen the interval has width 0 and misses the truth.
    covered = 1 - sp.limit((1 - 1 / _n) ** _n, _n, sp.oo)
    width = monte_carlo.standard_error.expression.subs(_p, 0)
    return Evidence(
        (zero(covered - (1 - sp.exp(-1))), symbolic(covered < sp.Rational(9, 10)), zero(width)),
        note="With one success expected the coverage is at most 1 - 1/e, however large R is.",
    )


@evidence("monte_carlo.textbook_interval_fails", "simulated")
def _textbook_simulated(*, key) -> Evidence:
    rng, n = _generator(key), 1000
    p = rng.uniform(0, 5 / n, REPLICATES)
    return Evidence(
        _share(_textbook_contains(rng.binomial(n, p), n, p)),
        note="1,000 attempts; rates spread evenly up to five expected successes.",
    )


@traced("monte_carlo.textbook_interval_fails")
def _textbook_traces(*, model: str, key) -> Evidence:
    n, successes, p = _attempts(model)
    part = 100  # of the attempts, chosen at random, so that more items are rare ones
    few = _generator(key).hypergeometric(successes, n - successes, part)
    rare = p < 5 / part
    return Evidence(
        _share(_textbook_contains(few, part, p)[rare]),
        note="100 of the sampled attempts at every item with fewer than five expected successes.",
    )


@evidence("monte_carlo.rule_of_three", "derived")
def _rule_of_three_proof() -> Evidence:
    limit = monte_carlo.none_seen.expression
    # -ln(1 - x) exceeds x: the difference vanishes at 0 and its derivative is positive.
    x = sp.Symbol("x", positive=True)
    odds = sp.Symbol("t", positive=True)
    slope = sp.diff(-sp.log(1 - x) - x, x).subs(x, odds / (1 + odds))
    none = sp.powdenest((1 - limit) ** _n, force=True)
    return Evidence(
        (
            prove_equal(none, miss_probability),
            symbolic(sp.simplify(slope).is_positive),
            symbolic(-sp.log(sp.Rational(1, 20)) < 3),
        ),
        note="At the limit none is seen with probability delta; -ln(1-x) > x bounds the limit.",
    )


@evidence("monte_carlo.rule_of_three", "simulated")
def _rule_of_three_simulated(*, key) -> Evidence:
    sizes = np.array([10, 100, 1000])
    none = _generator(key).binomial(sizes[:, None], 3 / sizes[:, None], (3, REPLICATES)) == 0
    shares = [_share(row, level=joint_level(len(sizes))) for row in none]
    return Evidence(stacked(shares), note="R = 10, 100, 1,000 at the worst case p = 3/R.")


@traced("monte_carlo.rule_of_three")
def _rule_of_three_traces(*, model: str) -> Evidence:
    n, successes, p = _attempts(model)
    above = p >= 3 / n
    return Evidence(
        _share(successes[above] == 0),
        note="Items whose exact probability is at least 3/1,000, in 1,000 attempts.",
    )


# -- keys and samplers ---------------------------------------------------------------------


@evidence("monte_carlo.replicates_have_names", "simulated")
def _names_simulated(*, key) -> Evidence:
    process, lengths = KeyTokens(0.05, PowerGrowth(2.0, 0.5)), [10, 100]
    counts = lambda start, size: np.asarray(
        survival_counts(process, lengths, key=key, start=start, replicates=size).survived
    )
    pieces = [(123_456, 76_544), (0, 100_000), (100_000, 23_456)]
    gap = sum(counts(*piece) for piece in pieces) - counts(0, 200_000)
    return Evidence(
        Estimate.exact(gap), note="Three unequal pieces out of order, survivors at two lengths."
    )


@evidence("monte_carlo.inversion_is_exact", "derived")
def _inversion_proof() -> Evidence:
    level = sp.Symbol("x", positive=True)
    tail = sp.integrate(sp.exp(-level), (level, survival.cumulative_hazard.expression, sp.oo))
    return Evidence(
        (
            zero(tail - survival.survival_after),
            prove_equal(sp.exp(uniform.log_survival.expression), uniform.survival.expression),
        ),
        note="The level exceeds the cumulative hazard with probability S(n).",
    )


@evidence("monte_carlo.inversion_is_exact", "simulated")
def _inversion_simulated(*, key) -> Evidence:
    process, lengths = KeyTokens(0.05, PowerGrowth(2.0, 0.5)), [5, 50, 200]
    keys, level = jax.random.split(key), joint_level(3)
    inverted = simulate_survival(process, lengths, key=keys[0], replicates=1_000_000, level=level)
    tokens = token_by_token(process, lengths, key=keys[1], replicates=1_000_000, level=level)
    relative = np.hypot(
        np.asarray(inverted.stderr / inverted.value), np.asarray(tokens.stderr / tokens.value)
    )
    ratio = np.asarray(inverted.value / tokens.value)
    effect = Estimate.from_mean(ratio, ratio * relative, inverted.n, level=level)
    return Evidence(effect, note="Key tokens growing with the square root of the length.")


@traced("monte_carlo.inversion_is_exact")
def _inversion_traces(*, model: str, key) -> Evidence:
    rows = load(f"attempts-{model}").sampled().filter(stop_rule="fixed")
    hazard = (
        load(f"answers-{model}")
        .steps.group_by("item_id")
        .agg(total=-pl.col("log_prob").cast(pl.Float64).sum())
    )
    rows = rows.join(hazard, on="item_id", how="left", maintain_order="left")
    total, runs = rows["total"].to_numpy(), 2000
    levels = np.asarray(jax.random.exponential(key, (len(rows), runs)))
    by_inversion = (levels > total[:, None]).sum(axis=1)
    sampled, n = rows["successes"].to_numpy(), rows["n"].to_numpy()
    p = np.exp(-total)
    first, second = by_inversion.sum() / runs, (sampled / n).sum()
    error = np.hypot(
        np.sqrt((p * (1 - p)).sum() / runs) / first, np.sqrt((p * (1 - p) / n).sum()) / second
    )
    effect = Estimate.from_mean(
        first / second, first / second * error, int(n.sum()), level=LEVEL, method="binomial"
    )
    return Evidence(
        effect, note="Answers by inversion of token probabilities against sampled attempts."
    )


# -- variance ------------------------------------------------------------------------------


@evidence("monte_carlo.conditioning_never_hurts", "derived")
def _conditioning_proof() -> Evidence:
    mean, square = sp.symbols("m q", positive=True)
    # Var Y - Var E[Y|Z] = E[s(1-s)] >= 0, with m and q the first two moments of s in [0, 1].
    removed = (mean - mean**2) - (square - mean**2)
    return Evidence(
        (zero(removed - (mean - square)), monte_carlo.conditional_ratio.prove()),
        note="The difference of the variances is the mean of s(1-s); and the gamma case.",
    )


@evidence("monte_carlo.conditioning_never_hurts", "simulated")
def _conditioning_simulated(*, key) -> Evidence:
    theta, hazard, lengths = 0.7, 0.01, np.array([10, 100, 1000])
    process, batches = HeavyTailed(Gamma(hazard, theta * hazard**2)), 400
    keys = jax.random.split(key)
    latent = process.sample_latent((batches, 1000), key=keys[0])
    level_of = jax.random.exponential(keys[1], (batches, 1000))
    # The spread between batches of 1,000 sequences is the variance, not a formula for it.
    logs = [process.conditional_log_survival(latent, float(n)) for n in lengths]
    averaged = np.stack([np.asarray(jnp.exp(x).mean(axis=1)) for x in logs], axis=1)
    counted = np.stack([np.asarray((level_of > -x).mean(axis=1)) for x in logs], axis=1)
    level = joint_level(len(lengths))
    ratio = averaged.var(axis=0, ddof=1) / counted.var(axis=0, ddof=1)
    tail = (1 - level) / 2
    freedom = batches - 1
    ends = [ratio / stats.f.isf(q, freedom, freedom) for q in (tail, 1 - tail)]
    spread = ratio * 2 / np.sqrt(freedom)
    fields = (jnp.asarray(x) for x in (ratio, spread, *ends))
    effect = Estimate(*fields, level=level, n=batches, method="F distribution")
    return Evidence(effect, note="Gamma frailty at three lengths; 400 batches of 1,000.")


@traced("monte_carlo.conditioning_never_hurts")
def _conditioning_traces(*, model: str, key) -> Evidence:
    rows = load(f"attempts-{model}").sampled().filter(stop_rule="fixed")
    cells = rows.partition_by("task", maintain_order=True)
    keys, level = jax.random.split(key, len(cells)), joint_level(len(cells))
    found = [
        overdispersion(cell["log_p"].to_numpy(), key=k, level=level, resamples=10_000).rho
        for cell, k in zip(cells, keys, strict=True)
    ]
    return Evidence(
        stacked(found), note="One attempt per item or its exact probability, in each of four cells."
    )


# -- stopping and testing ------------------------------------------------------------------


@evidence("monte_carlo.stopping_biases", "derived")
def _stopping_proof() -> Evidence:
    q = 1 - _p
    trials, x = sp.symbols("N x", positive=True)
    # Two successes wanted: P(N) = (N-1) p^2 q^(N-2). The estimate 1/(N-1) has mean p.
    geometric = sum_of_powers(x, trials, 0)
    honest = sp.simplify((_p**2 * geometric).subs(x, q) - _p)
    convex = sp.diff(1 / x, x, 2)
    return Evidence(
        (zero(honest), symbolic(convex.is_positive)),
        note="E N = c/p and 1/N is convex, so E c/N > p (Jensen); (c-1)/(N-1) is unbiased (shown "
        "for c = 2).",
    )


@evidence("monte_carlo.stopping_biases", "simulated")
def _stopping_simulated(*, key) -> Evidence:
    wanted, e = 10, 0.05
    waits = first_error(Uniform(e), key=key, shape=(REPLICATES // 10, wanted))
    shares = wanted / np.asarray(waits).sum(axis=1) / e - 1
    effect = Estimate.from_mean(
        shares.mean(), shares.std(ddof=1) / len(shares) ** 0.5, len(shares), level=LEVEL
    )
    return Evidence(effect, note="Sequences of attempts with success probability 0.05.")


@traced("monte_carlo.stopping_biases")
def _stopping_traces(*, model: str, key) -> Evidence:
    n, successes, p = _attempts(model)
    wanted, enough = 10, successes >= 50
    rng, effects = _generator(key), []
    for attempts, right, rate in zip(n[enough], successes[enough], p[enough], strict=True):
        # Attempts are exchangeable: the place of the tenth success in a random order of them.
        places = rng.permuted(np.tile(np.arange(attempts), (100, 1)), axis=1)[:, :right]
        tenth = np.sort(places, axis=1)[:, wanted - 1] + 1
        effects.append((wanted / tenth / rate).mean() - 1)
    values = np.array(effects)
    effect = Estimate.from_mean(
        values.mean(), values.std(ddof=1) / len(values) ** 0.5, len(values), level=LEVEL
    )
    return Evidence(
        effect, note="Sampled attempts at items with at least 50 successes, stopped at the tenth."
    )


def _p_values(successes, n, p) -> np.ndarray:
    lower, upper = stats.binom.cdf(successes, n, p), stats.binom.sf(successes - 1, n, p)
    return np.minimum(1.0, 2 * np.minimum(lower, upper))


@evidence("monte_carlo.test_keeps_its_size", "simulated")
def _size_simulated(*, key) -> Evidence:
    process, sizes = HeavyTailed(Beta(0.5, 20.0)), 1000
    first = np.asarray(first_error(process, key=key, shape=(REPLICATES // 100, sizes)))
    lengths = np.array([1, 10, 100])
    truth = np.asarray(process.survival(jnp.asarray(lengths, float)))
    survived = (first[..., None] > lengths).sum(axis=1)
    shares = [
        _share(_p_values(count, sizes, s) < 0.05, level=joint_level(len(lengths)))
        for count, s in zip(survived.T, truth, strict=True)
    ]
    return Evidence(stacked(shares), note="2,000 runs of 1,000 sequences, at three lengths.")


@traced("monte_carlo.test_keeps_its_size")
def _size_traces(*, model: str) -> Evidence:
    n, successes, p = _attempts(model)
    return Evidence(
        _share(_p_values(successes, n, p) < 0.05),
        note="Sampled attempts against the exact probability, item by item.",
    )
