"""What the evidence on survival shares: token-by-token simulation, cut runs, small proofs."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import sympy as sp
from jaxtyping import Array, ArrayLike, Bool, Float, Integer, Key, Shaped
from scipy.special import gammaln

from ..._estimate import Estimate
from ...fit import answer_log_probs
from ...formulas import Proof
from ...processes import AbstractErrorProcess
from ...simulate import first_error
from ...traces import load
from .._evidence import symbolic
from ._effects import scaled

REPLICATES = 200_000

Runs = tuple[Integer[np.ndarray, " runs"], Bool[np.ndarray, " runs"]]


@partial(jax.jit, static_argnames="replicates")
def free_of_error(
    rates: Float[Array, "tokens *replicates"], *, key: Key[Array, ""], replicates: int
) -> Integer[Array, " tokens"]:
    """How many sequences are free of error after each token, one draw per token."""

    def next_token(free, step):
        index, rate = step
        wrong = jax.random.bernoulli(jax.random.fold_in(key, index), rate, (replicates,))
        free = free & ~wrong
        return free, free.sum()

    start = jnp.ones(replicates, bool)
    return jax.lax.scan(next_token, start, (jnp.arange(len(rates)), rates))[1]


def ratios(
    counts: Shaped[ArrayLike, "..."],
    truth: Shaped[ArrayLike, "..."],
    *,
    level: float,
    of: int = REPLICATES,
) -> Estimate:
    """Counts out of `of` as proportions divided by what they should be."""
    return scaled(Estimate.from_counts(np.asarray(counts), of, level=level), 1 / np.asarray(truth))


def zero(expression: sp.Expr) -> Proof | None:
    """A proof that SymPy reduces the expression to zero; None if it does not."""
    return symbolic(True if sp.simplify(expression) == 0 else None)


def sum_of_powers(base: sp.Symbol, index: sp.Symbol, first: sp.Expr | int) -> Any:
    """The geometric series from the power `first` on, for a base below 1."""
    series: Any = sp.summation(base**index, (index, first, sp.oo))
    return series.args[0][0]  # the branch that converges


def cut_runs(process: AbstractErrorProcess, *, key: Key[Array, ""], longest: int) -> Runs:
    """Runs of a process, each cut at a length drawn uniformly up to `longest`."""
    keys = jax.random.split(key)
    first = np.asarray(first_error(process, key=keys[0], shape=(REPLICATES,)))
    return _cut(first, key=keys[1], longest=longest)


def _cut(first: Float[np.ndarray, " runs"], *, key: Key[Array, ""], longest: int) -> Runs:
    cut = np.asarray(jax.random.randint(key, first.shape, 1, longest + 1))
    return np.minimum(first, cut).astype(int), first <= cut


def copied_lists(
    model: str, *, key: Key[Array, ""]
) -> tuple[
    Integer[np.ndarray, " runs"],
    Bool[np.ndarray, " runs"],
    Integer[np.ndarray, " lengths"],
    Float[np.ndarray, " lengths"],
]:
    """Runs drawn from the measured hazards of copied lists of eight digits, cut at random.

    Last tokens seen, whether they were wrong, three lengths, and the survival there without cuts.
    """
    hazards = -np.cumsum(answer_log_probs(load(f"answers-{model}"), task="copy", level=8), axis=1)
    keys = jax.random.split(key, 3)
    chosen = np.asarray(jax.random.randint(keys[0], (REPLICATES,), 0, len(hazards)))
    level = np.asarray(jax.random.exponential(keys[1], chosen.shape))
    first = np.empty(chosen.shape)
    for i, hazard in enumerate(hazards):
        mine = chosen == i
        first[mine] = 1 + np.searchsorted(hazard, level[mine], side="left")
    tokens = hazards.shape[1]
    lengths = np.array([tokens // 4, tokens // 2, 3 * tokens // 4])
    truth = np.exp(-hazards).mean(axis=0)[lengths - 1]
    return *_cut(first, key=keys[2], longest=tokens), lengths, truth


def no_success(attempts: np.ndarray, successes: np.ndarray, k: int) -> Float[np.ndarray, " items"]:
    """Chance that `k` of the attempts at each item, chosen at random, all failed; unbiased."""
    failures = attempts - successes
    log_chance = (
        gammaln(failures + 1)
        - gammaln(np.maximum(failures - k, 0) + 1)
        - gammaln(attempts + 1)
        + gammaln(attempts - k + 1)
    )
    return np.where(failures >= k, np.exp(log_chance), 0.0)
