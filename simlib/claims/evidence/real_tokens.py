"""Evidence on real answers: exact measurement, differences between items, calibration."""

from functools import cache

import jax
import numpy as np
import polars as pl
import sympy as sp

from ... import fit
from ..._estimate import Estimate
from ...formulas import k, prove_equal, real_tokens, success_rate
from ...traces import Traces, load
from .._evidence import Evidence, evidence, traced
from .._finding import LEVEL, joint_level
from ._effects import scaled, stacked

_REPLICATES = 400_000
_PAIRS = 800_000
# Bootstrap samples: at the joint level of thirty entries each tail must still hold several.
_RESAMPLES = 30_000


@cache
def _answers(model: str) -> Traces:
    return load(f"answers-{model}")


# -- the measurement -----------------------------------------------------------------------


@traced("real_tokens.exact_probability")
def _sampled_over_exact(*, model: str) -> Evidence:
    rows = load(f"attempts-{model}").sampled().filter(stop_rule="fixed")
    attempts, p = rows["n"].to_numpy(), rows["p"].to_numpy()
    # Weights 1/(1-p) make this the most precise unbiased estimate of a common factor; attempts
    # are independent given the items, so its variance is known exactly.
    weight = 1 / (1 - p)
    expected = (weight * attempts * p).sum()
    found = (weight * rows["successes"].to_numpy()).sum() / expected
    ratio = Estimate.from_mean(found, 1 / np.sqrt(expected), int(attempts.sum()), level=LEVEL)
    return Evidence(ratio, note=f"{rows.height} items, sampled {attempts.max()} times each.")


@evidence("real_tokens.sampling_cost", "derived")
def _binomial_variance() -> Evidence:
    # Moments of the binomial law from its generating function (1 - p + p z)^k.
    z = sp.Symbol("z", positive=True)
    p = success_rate
    generating = (1 - p + p * z) ** k
    first = sp.diff(generating, z).subs(z, 1)
    second = sp.diff(generating, z, 2).subs(z, 1) + first
    variance = (second - first**2) / k**2
    squared = real_tokens.relative_error.expression**2
    return Evidence(
        (prove_equal(squared, variance / p**2), real_tokens.relative_error.prove()),
        note="Moments from the generating function of the binomial law.",
    )


@evidence("real_tokens.sampling_cost", "simulated")
def _sampling_cost(*, key) -> Evidence:
    cases = [(0.5, 40), (0.05, 200), (0.002, 1000)]
    level = joint_level(len(cases))
    ratios = []
    for (p, attempts), case_key in zip(cases, jax.random.split(key, len(cases)), strict=True):
        found = jax.random.binomial(case_key, attempts, p, (_REPLICATES,)) / attempts
        # Delta method for a standard deviation; its error needs the fourth moment.
        deviation = np.asarray(found, dtype=float) - p
        variance, fourth = (deviation**2).mean(), (deviation**4).mean()
        stderr = np.sqrt((fourth - variance**2) / _REPLICATES) / (2 * np.sqrt(variance))
        truth = float(real_tokens.relative_error(p, attempts)) * p
        ratios.append(
            Estimate.from_mean(np.sqrt(variance) / truth, stderr / truth, _REPLICATES, level=level)
        )
    return Evidence(stacked(ratios), note="Success rates from one half to one in five hundred.")


# -- differences between items -------------------------------------------------------------


@evidence("real_tokens.differences_cost_coverage", "derived")
def _two_attempts_proof() -> Evidence:
    p, rho = success_rate, real_tokens.overdispersion
    # The definition of rho gives the mean square of the rates; 1 - E(1-p)^2 = 2 E p - E p^2.
    mean_square = p**2 + rho * p * (1 - p)
    return Evidence(
        (
            prove_equal(real_tokens.two_attempts.expression, 2 * p - mean_square),
            real_tokens.two_attempts.prove(),
            prove_equal(sp.diff(real_tokens.two_attempts.expression, rho), -p * (1 - p)),
        ),
        note="Definition of the overdispersion inserted into the second moment.",
    )


@evidence("real_tokens.differences_cost_coverage", "simulated")
def _two_attempts_simulated(*, key) -> Evidence:
    cases = [(0.5, 1.5), (0.1, 1.9), (2.0, 2.0)]
    level = joint_level(len(cases))
    ratios = []
    for (a, b), case_key in zip(cases, jax.random.split(key, len(cases)), strict=True):
        draw, attempt = jax.random.split(case_key)
        p = jax.random.beta(draw, a, b, (_PAIRS,))
        solved = jax.random.bernoulli(attempt, p[:, None], (_PAIRS, 2)).any(axis=1)
        mean, rho = a / (a + b), 1 / (a + b + 1)
        found = Estimate.from_counts(int(solved.sum()), _PAIRS, level=level)
        ratios.append(scaled(found, 1 / real_tokens.two_attempts(mean, rho)))
    return Evidence(stacked(ratios), note="Two attempts at items with beta-distributed rates.")


@traced("real_tokens.one_rate_per_level")
def _one_rate(*, model: str, key) -> Evidence:
    groups = _answers(model).exact().partition_by("task", "level")
    level = joint_level(len(groups))
    ratios = [
        fit.coverage_ratio(
            g["log_p"].to_numpy(), np.array([10.0]), key=k_, level=level, resamples=_RESAMPLES
        )[0]
        for g, k_ in zip(groups, jax.random.split(key, len(groups)), strict=True)
    ]
    return Evidence(stacked(ratios), note=f"All {len(groups)} combinations of task and level.")


@evidence("real_tokens.difficulty_is_shared", "traces", model="gemma3")
def _shared_difficulty() -> Evidence:
    both = _answers("gemma3").exact().join(_answers("smollm2").exact(), on="item_id", suffix="_0")
    groups = both.partition_by("task", "level")
    found = [
        fit.rank_correlation(
            rows["log_p"].to_numpy(), rows["log_p_0"].to_numpy(), level=joint_level(len(groups))
        )
        for rows in groups
    ]
    return Evidence(stacked(found), note="Against smollm2 on the same items; the lowest is shown.")


# -- tokens --------------------------------------------------------------------------------


@traced("real_tokens.greedy_beats_sampling")
def _greedy_minus_sampled(*, model: str) -> Evidence:
    items = (
        _answers(model)
        .steps_with_items()
        .filter(condition="clean")
        .group_by("item_id", "task", maintain_order=True)
        .agg(
            greedy=(pl.col("rank") == 1).all().cast(pl.Float64),
            p=pl.col("log_prob").cast(pl.Float64).sum().exp(),
        )
        .with_columns(gain=pl.col("greedy") - pl.col("p"))
    )
    tasks = items.group_by("task", maintain_order=True).agg(
        mean=pl.col("gain").mean(), stderr=pl.col("gain").std() / pl.len().sqrt(), n=pl.len()
    )
    level = joint_level(tasks.height)
    return Evidence(
        Estimate.from_mean(
            tasks["mean"].to_numpy(),
            tasks["stderr"].to_numpy(),
            int(tasks["n"].to_numpy().min()),
            level=level,
        ),
        note="Paired by item, all levels of a task together.",
    )


@traced("real_tokens.calibrated_tokens")
def _calibration_gaps(*, model: str) -> Evidence:
    # Tokens of one answer are dependent: the answer is the unit, as in a cluster-robust error.
    items = (
        _answers(model)
        .steps_with_items()
        .filter(condition="clean")
        .with_columns(gap=(pl.col("rank") == 1).cast(pl.Float64) - pl.col("top_prob"))
        .group_by("item_id", "task", maintain_order=True)
        .agg(total=pl.col("gap").sum(), tokens=pl.len())
    )
    gaps = []
    tasks = items.partition_by("task")
    level = joint_level(len(tasks))
    for rows in tasks:
        total, tokens = rows["total"].to_numpy(), rows["tokens"].to_numpy()
        mean = total.sum() / tokens.sum()
        stderr = np.sqrt(((total - mean * tokens) ** 2).sum()) / tokens.sum()
        gaps.append(Estimate.from_mean(mean, stderr, rows.height, level=level))
    return Evidence(stacked(gaps), note="All levels of a task; errors clustered by answer.")
