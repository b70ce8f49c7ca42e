"""Evidence on forecasts of coverage."""

import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
import sympy as sp

from ..._estimate import Estimate
from ...forecast import (
    BASELINES,
    POSTERIOR,
    Counts,
    Truth,
    backtest_table,
    broad_prior,
    draw_counts,
    error_ratio,
    fit_binomial_mixture,
    log_loss_error,
    posterior,
)
from ...formulas import coverage, k, pass_at_k, prove_equal
from ...formulas import success_rate as p
from ...traces import load
from .._evidence import Evidence, evidence, traced
from .._finding import LEVEL, joint_level
from ._effects import stacked

_SHAPES = (0.4, 3.0)


@evidence("coverage.stop_rule", "derived")
def _stop_rule_proof() -> Evidence:
    c, n = pass_at_k.successes_seen, pass_at_k.attempts_made
    fixed = sp.binomial(n, c) * p**c * (1 - p) ** (n - c)
    stopped = p * (1 - p) ** (n - 1)
    # At c = 1 the two likelihoods differ by a factor without p.
    factor = sp.simplify((fixed.subs(c, 1) / stopped).rewrite(sp.gamma))
    if factor.has(p):
        raise RuntimeError(f"the likelihoods differ by {factor}, which depends on the rate.")
    return Evidence(coverage.all_fail_again.prove(), note="Both likelihoods are p^c (1-p)^(n-c).")


@evidence("coverage.stop_rule", "simulated")
def _stop_rule_simulated(*, key) -> Evidence:
    size, most, more = 400_000, 30, 20
    found = []
    for stop, each in zip((False, True), jax.random.split(key), strict=True):
        rates, first, again = jax.random.split(each, 3)
        rate = np.asarray(jax.random.beta(rates, *_SHAPES, (size,)), dtype=float)
        log_p = np.log(np.clip(rate, 1e-300, 1 - 1e-15))
        counts = draw_counts(Truth("claim", "beta", log_p), most, key=first, stop=stop)
        failed = np.asarray(jax.random.uniform(again, (size,))) < (1 - rate) ** more
        expected = np.asarray(
            coverage.all_fail_again(
                float(more), counts.successes.astype(float), counts.attempts.astype(float), *_SHAPES
            )
        )
        # The difference is centred for every problem, whatever its counts.
        gap = Estimate.from_mean(
            (failed - expected).mean(), (failed - expected).std() / np.sqrt(size), size,
            level=joint_level(2),
        )  # fmt: skip
        mean = expected.mean()
        found.append(gap.map(lambda x, mean=mean: 1 + x / mean))
    return Evidence(
        stacked(found), note=f"{more} attempts after {most}, or after the first success."
    )


@traced("coverage.tail_is_not_identified")
def _tail(*, model: str, key) -> Evidence:
    data = load(f"answers-{model}")
    table = data.items.join(data.attempts, on="item_id")
    cells = table.partition_by("task", "level", maintain_order=True)
    logs = []
    for i, cell in enumerate(cells[::2]):
        choose, draw = jax.random.split(jax.random.fold_in(key, i))
        log_p = cell["log_p"].to_numpy()
        chosen = np.asarray(jax.random.permutation(choose, len(log_p))[:128])
        counts = draw_counts(Truth("claim", "cell", log_p[chosen]), 100, key=draw)
        if counts.n_successes == 0:
            continue
        found = posterior(counts, broad_prior())
        # Only members with a power-law tail have an exponent.
        order = np.argsort(found.tail)
        order = order[np.isfinite(found.tail[order])]
        share = np.cumsum(found.weight.sum(1)[order])
        low, high = np.interp([0.05, 0.95], share / share[-1], np.log(found.tail[order]))
        logs.append(high - low)
    ratio = Estimate.from_sample(jnp.asarray(logs), level=LEVEL)
    return Evidence(ratio.map(jnp.exp), note=f"{len(logs)} cells, counts of 100 drawn attempts.")


def _answers(model: str) -> pl.DataFrame:
    table = backtest_table().filter(~pl.col("stopped"))
    return table.filter(pl.col("name").str.starts_with(f"answers:{model}/"))


@traced("coverage.beats_least_squares")
def _least_squares(*, model: str, key) -> Evidence:
    table = _answers(model)
    ratio = error_ratio(table, "least squares", key=key, level=joint_level(5))
    return Evidence(ratio, note=_cells(table))


@traced("coverage.beats_published")
def _published(*, model: str, key) -> Evidence:
    table = _answers(model)
    ratios = [error_ratio(table, name, key=key, level=joint_level(5)) for name in BASELINES]
    value = np.array([np.asarray(r.value) for r in ratios])
    best = value.argmax(0)
    hardest = stacked([ratios[i][j] for j, i in enumerate(best)])
    return Evidence(hardest, note=f"{_cells(table)} The best method is chosen with hindsight.")


@traced("coverage.intervals_hold")
def _intervals(*, model: str, key) -> Evidence:
    table = _answers(model).filter(pl.col("method") == POSTERIOR)
    inside = table.with_columns(
        pl.col("truth").is_between(pl.col("lower_90"), pl.col("upper_90")).alias("inside")
    )
    cells = inside.group_by("name").agg(pl.col("inside").sum(), pl.len()).sort("name")
    hits, sizes = cells["inside"].to_numpy().astype(float), cells["len"].to_numpy().astype(float)
    # Forecasts of one cell are dependent: cells are resampled.
    draws = np.asarray(jax.random.randint(key, (20_000, len(hits)), 0, len(hits)))
    shares = hits[draws].sum(1) / sizes[draws].sum(1)
    share = Estimate.from_draws(
        shares, value=hits.sum() / sizes.sum(), n=int(sizes.sum()), level=LEVEL, method="bootstrap"
    )
    return Evidence(share, note=_cells(table))


def _cells(table: pl.DataFrame) -> str:
    return f"{table['name'].n_unique()} cells of 128 items; the interval resamples cells."


@evidence("coverage.allocation_peak", "derived")
def _peak_proof() -> Evidence:
    weight, peak = coverage.allocation_weight.expression, coverage.allocation_peak.expression
    slope = sp.diff(sp.log(weight), p)
    return Evidence(
        (
            coverage.allocation_weight.prove(),
            prove_equal(sp.simplify(slope.subs(p, peak)) + 1, sp.Integer(1)),
            prove_equal(
                weight**2 * k**2 / pass_at_k.attempts_made,
                pass_at_k.noise_variance.expression,
            ),
        ),
        note="The weight is the root of the variance, and its slope vanishes at the peak.",
    )


@evidence("coverage.allocation_peak", "simulated")
def _peak_simulated(*, key) -> Evidence:
    problems, each, tries, size = 200, 200, 50, 4_000
    rates, draws = jax.random.split(key)
    rate = np.asarray(jax.random.beta(rates, *_SHAPES, (problems,)), dtype=float)
    weight = np.asarray(coverage.allocation_weight(rate, float(tries)))
    even = np.full(problems, each)
    best = np.maximum(np.round(problems * each * weight / weight.sum()), tries).astype(int)
    spreads = []
    for attempts, d in zip((even, best), jax.random.split(draws), strict=True):
        rng = np.random.default_rng(np.asarray(jax.random.key_data(d)))
        failed = 1 - rng.binomial(attempts, rate, (size, problems)) / attempts
        spreads.append((failed**tries).mean(1).var(ddof=1))
    ratio = spreads[1] / spreads[0] * best.sum() / even.sum()
    # A variance of nearly normal values has the relative standard error sqrt(2/size).
    return Evidence(
        Estimate.from_mean(ratio, ratio * 2 / np.sqrt(size), size, level=LEVEL),
        note=f"{problems} problems, {each} attempts each on average, k = {tries}.",
    )


@evidence("coverage.allocation_helps", "simulated")
def _dynamic(*, key) -> Evidence:
    problems, each, tries, size = 128, 30, 1000.0, 400
    rng = np.random.default_rng(np.asarray(jax.random.key_data(key)))
    rate = np.maximum(rng.beta(0.3, 10.0, (size, problems)), 1e-300)
    truth = -np.expm1(tries * np.log1p(-rate)).mean(1)
    errors = []
    for n, c in ((np.full((size, problems), each), rng.binomial(each, rate)),
                 _fewest_successes(rate, problems * each, rng)):  # fmt: skip
        value = [
            float(fit_binomial_mixture(Counts.from_columns(None, a, b), "beta").pass_at_k(tries))
            for a, b in zip(n, c, strict=True)
        ]
        errors.append(log_loss_error(value, truth))
    even, dynamic = errors
    chosen = rng.integers(0, size, (2000, size))
    ratio = np.median(dynamic[chosen], axis=1) / np.median(even[chosen], axis=1)
    return Evidence(
        Estimate.from_draws(ratio, value=np.median(dynamic) / np.median(even), n=size, level=LEVEL),
        note=f"{problems} beta distributed problems, {each} attempts each on average.",
    )


def _fewest_successes(rate, budget, rng):
    """Each attempt at the problem with fewest successes, ties to fewest attempts."""
    size, problems = rate.shape
    n, c = np.zeros((size, problems), dtype=int), np.zeros((size, problems), dtype=int)
    rows = np.arange(size)
    for _ in range(budget):
        chosen = np.argmin(c * (budget + 1) + n, axis=1)
        n[rows, chosen] += 1
        c[rows, chosen] += rng.random(size) < rate[rows, chosen]
    return n, c
