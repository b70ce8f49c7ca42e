"""Problems with known success rates, for the back-test of forecasts."""

from collections.abc import Callable
from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np
import polars as pl

from simlib.forecast._coverage_backtest import SEEN, Truth
from simlib.mixing import Beta, ExGaussian, GeneralizedGamma, Kumaraswamy, LogitNormal, WithAtom
from simlib.traces import load

PROBLEMS = 128
MODELS = ("smollm2", "gemma3")


def _from_answers(name: str, model: str, task: str, level: int, key) -> Truth:
    """A random set of the items of one cell, whose exact rates are known."""
    log_p = _cells(model)[task, level]
    chosen = np.asarray(jax.random.permutation(key, len(log_p))[:PROBLEMS])
    return Truth("answers", name, log_p[chosen])


@cache
def _cells(model: str) -> dict[tuple[str, int], np.ndarray]:
    traces = load(f"answers-{model}")
    table = traces.items.join(traces.attempts, on="item_id")
    groups = table.partition_by(["task", "level"], as_dict=True, maintain_order=True)
    return {key: part["log_p"].to_numpy().astype(float) for key, part in groups.items()}


def _from_attempts(name: str, model: str, task: str, level: int, key) -> Truth:
    """Really sampled attempts: the successes among so many are drawn from the thousand made."""
    traces = load(f"attempts-{model}")
    table = traces.items.filter((pl.col("task") == task) & (pl.col("level") == level))
    fixed = table.join(traces.attempts.filter(pl.col("stop_rule") == "fixed"), on="item_id")
    exact = table.join(
        traces.attempts.filter(pl.col("stop_rule") == "exact").select("item_id", "log_p"),
        on="item_id", suffix="_exact",
    )  # fmt: skip
    fixed, exact = fixed.sort("item_id"), exact.sort("item_id")
    n, c = fixed["n"].to_numpy(), fixed["successes"].to_numpy()
    # The order of independent attempts carries nothing: a random part of those made.
    rng = np.random.default_rng(np.asarray(jax.random.key_data(key)))
    observed = {m: rng.hypergeometric(c, n - c, m) for m in SEEN if m <= n.min()}
    return Truth("attempts", name, exact["log_p"].to_numpy().astype(float), observed)


def _synthetic(name: str, mixing, key) -> Truth:
    log_p = np.asarray(mixing.sample_log_rate((PROBLEMS,), key=key), dtype=float)
    return Truth(name.split(":")[0], name, log_p)


def _two_kinds(name: str, first, second, share: float, key) -> Truth:
    """A mixture of two distributions, outside every family."""
    which, one, two = jax.random.split(key, 3)
    inside = jax.random.uniform(which, (PROBLEMS,)) < share
    draws = (m.sample_log_rate((PROBLEMS,), key=k) for m, k in ((first, one), (second, two)))
    return Truth("synthetic", name, np.asarray(jnp.where(inside, *draws), dtype=float))


def _log_uniform(name: str, low: float, high: float, key) -> Truth:
    """Rates spread evenly over decades and cut off below: no tail at all."""
    u = np.asarray(jax.random.uniform(key, (PROBLEMS,)), dtype=float)
    return Truth("synthetic", name, np.log(low) + u * np.log(high / low))


def _all() -> dict[str, Callable]:
    truths: dict[str, Callable] = {}
    for model in MODELS:
        for task, level in _cells(model):
            name = f"answers:{model}/{task}-{level}"
            truths[name] = partial(_from_answers, name, model, task, level)
        items = (
            load(f"attempts-{model}").items.select("task", "level").unique().sort("task", "level")
        )
        for task, level in items.iter_rows():
            name = f"attempts:{model}/{task}-{level}"
            truths[name] = partial(_from_attempts, name, model, task, level)
    inside = {
        "beta, heavy tail": Beta(0.15, 5.0),
        "beta, light tail": Beta(1.5, 20.0),
        "Kumaraswamy": Kumaraswamy(0.3, 5.0),
        "logit-normal": LogitNormal(-5.0, 2.5),
        "exGaussian": ExGaussian(-2.0, 1.0, 0.35),
        "generalised gamma": GeneralizedGamma(0.05, 0.4, 0.8),
        "Weibull": GeneralizedGamma(1e-4, 0.3, 0.3),
        "atom of a fifth": WithAtom(Beta(0.5, 5.0), 0.2),
    }
    for label, mixing in inside.items():
        name = f"synthetic:inside, {label}"
        truths[name] = partial(_synthetic, name, mixing)
    for label, (first, second, share) in {
        "two betas": (Beta(2.0, 3.0), Beta(1.0, 1000.0), 0.5),
        "two humps": (LogitNormal(-6.0, 0.7), LogitNormal(1.0, 1.0), 0.5),
        "easy with a far tail": (LogitNormal(0.0, 1.0), LogitNormal(-10.0, 1.5), 0.8),
    }.items():
        name = f"synthetic:outside, {label}"
        truths[name] = partial(_two_kinds, name, first, second, share)
    for label, (low, high) in {"cut at 1e-3": (1e-3, 0.3), "cut at 1e-5": (1e-5, 0.5)}.items():
        name = f"synthetic:outside, {label}"
        truths[name] = partial(_log_uniform, name, low, high)
    return truths


TRUTHS = _all()
