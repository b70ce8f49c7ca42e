"""Where the next attempts should go, and how much narrower they make an interval."""

from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Integer, Key

from .._estimate import Estimate
from ._counts import Counts
from ._forecast import Forecast, forecast
from ._nodes import LOG_MISS, LOG_RATE
from ._posterior import Posterior

Rule = Literal["variance", "fewest successes", "stop after"]


def plan(
    found: Forecast, budget: int, k: float, *, rule: Rule = "variance", successes: int = 3
) -> Integer[np.ndarray, "problems"]:
    r"""Further attempts at each problem, `budget` in all.

    Parameters
    ----------
    found
        The forecast from the attempts made so far.
    budget
        Attempts to spend.
    k
        Attempts for which coverage is to be known well.
    rule
        `"variance"`: total attempts proportional to $\mathbb E\sqrt{p(1-p)^{2k-1}}$ under the
        posterior of each problem, which minimises the variance of plug-in coverage (Neyman
        allocation; largest at $p=1/2k$); evenly where that is 0 for every problem.
        `"fewest successes"`: level the problems with the fewest successes, ties to the fewest
        attempts. `"stop after"`: spread over the problems with fewer than `successes` successes.
    successes
        For the rule `"stop after"`.

    Raises
    ------
    ValueError
        If the budget is not a positive whole number, `k` is below 1, the rule is unknown, or
        `"stop after"` finds every problem finished.

    Source: Kazdan et al. (2025), arXiv 2510.05197, theorem 1 and algorithm 1.

    Examples
    --------
    >>> counts = Counts.from_columns(None, [50, 50, 50], [0, 1, 40])
    >>> further = plan(forecast(counts, [1000]), 300, 1000)
    >>> int(further.sum()), int(further[2])
    (300, 0)
    """
    if budget != int(budget) or budget < 1:
        raise ValueError(f"budget must be a whole number of attempts from 1 on, got {budget}.")
    if not k >= 1:
        raise ValueError(f"k must be at least 1, got {k}.")
    counts = found.posterior.counts
    if rule == "variance":
        return _fill(counts.attempts, _root_variance(found.posterior, float(k)), int(budget))
    if rule == "fewest successes":
        least = counts.successes == counts.successes.min()
        return _fill(counts.attempts, least.astype(float), int(budget))
    if rule == "stop after":
        open_ = counts.successes < successes
        if not open_.any():
            raise ValueError(
                f"successes = {successes} were reached by every problem; nothing is left to try."
            )
        return _fill(np.zeros(counts.n_problems), open_.astype(float), int(budget))
    known = ("variance", "fewest successes", "stop after")
    raise ValueError(f"rule must be one of {', '.join(known)}, got {rule!r}.")


def expected_interval(
    found: Forecast,
    further: Integer[np.ndarray, "problems"],
    *,
    key: Key[Array, ""],
    replicates: int = 20,
) -> Estimate:
    r"""Width that the intervals of a forecast will have after further attempts, over the present.

    Rates are drawn from the posterior, the further attempts are simulated from them, and the
    forecast is made again: what the plan is worth, before it is paid for.

    Parameters
    ----------
    found
        The forecast from the attempts made so far.
    further
        Attempts to add to each problem, as from `plan`.
    key, replicates
        For the simulation; each replicate is a forecast of its own.

    Returns
    -------
    Estimate
        Mean ratio of widths, one entry per `found.k`; its interval is that of the simulation.
    """
    further = np.asarray(further)
    counts = found.posterior.counts
    if further.shape != counts.attempts.shape or np.any(further < 0):
        raise ValueError("further must hold one whole number from 0 on for each problem.")
    width = np.asarray(found.pass_at_k.upper - found.pass_at_k.lower)
    ratios = []
    for each in jax.random.split(key, replicates):
        rates, draws = jax.random.split(each)
        p = np.exp(draw_log_rates(found.posterior, key=rates))
        with jax.enable_x64(True):
            gained = np.asarray(jax.random.binomial(draws, jnp.asarray(further), jnp.asarray(p)))
        later = Counts(
            counts.attempts + further,
            counts.successes + gained.astype(np.int64),
            np.zeros(counts.n_problems, dtype=bool),
            counts.problem,
        )
        again = forecast(later, found.k, level=found.level, prior=found.posterior.prior).pass_at_k
        ratios.append(np.asarray(again.upper - again.lower) / np.maximum(width, 1e-300))
    with jax.enable_x64(True):
        return Estimate.from_sample(jnp.asarray(ratios), level=found.level)


def draw_log_rates(found: Posterior, *, key: Key[Array, ""]) -> Float[np.ndarray, "problems"]:
    r"""One joint draw of $\ln p_i$ of all problems from their posterior.

    $-\infty$ for a problem drawn as unsolvable. Rates lie on the nodes of the posterior.
    """
    problems = found.counts.n_problems
    u = np.asarray(jax.random.uniform(key, (1 + 2 * problems,)), dtype=float)
    flat = found.weight.ravel()
    member = min(int(np.searchsorted(np.cumsum(flat), u[0] * flat.sum())), flat.size - 1)
    row, atom = divmod(member, found.weight.shape[1])
    cumulative = np.cumsum(found.density[row] * found.likelihood, axis=1)
    never = np.zeros(len(found.multiplicity))
    never[found.unsolved] = found.unsolvable[row, atom]
    inverse = found.counts.distinct().inverse
    level = u[1 : 1 + problems] * cumulative[inverse, -1]
    place = (cumulative[inverse] < level[:, None]).sum(1).clip(max=len(LOG_RATE) - 1)
    return np.where(u[1 + problems :] < never[inverse], -np.inf, LOG_RATE[place])


def _root_variance(found: Posterior, k: float) -> Float[np.ndarray, "problems"]:
    """E sqrt(p (1-p)^(2k-1)) of each problem under its posterior."""
    value = np.exp((LOG_RATE + (2 * k - 1) * LOG_MISS) / 2)
    weight = found.weight.sum(1)
    each = weight @ ((found.density * value) @ found.likelihood.T / found.evidence)
    # An unsolvable problem has no variance.
    solvable = np.ones(len(each))
    solvable[found.unsolved] = 1 - np.einsum("ma,mad->d", found.weight, found.unsolvable)
    return (each * solvable)[found.counts.distinct().inverse]


def _fill(spent: Any, weight: Float[np.ndarray, "problems"], budget: int):
    """Whole numbers that bring totals as close to proportional to `weight` as a budget can."""
    spent = np.asarray(spent, dtype=float)
    if not weight.any():  # no attempt is worth more than another
        weight = np.ones_like(spent)
    open_ = weight > 0
    # Water filling: problems that have had more than their share get nothing.
    while True:
        level = (budget + spent[open_].sum()) / weight[open_].sum()
        over = open_ & (level * weight < spent)
        if not over.any():
            break
        open_ &= ~over
    exact = np.where(open_, level * weight - spent, 0.0)
    whole = np.floor(exact).astype(np.int64)
    rest = np.argsort(-(exact - whole), kind="stable")[: budget - whole.sum()]
    whole[rest] += 1
    return whole
