r"""Measuring with repeated attempts: designs, stopping rules, votes, and items never solved.

$K$ items are attempted $k$ times each. An item succeeds with its own probability, of mean $p$
and overdispersion $\rho$ over items: the correlation of two attempts at one item.
"""

import jax
import jax.numpy as jnp
import sympy as sp
from jaxtyping import Array, Float

from .._checks import as_floating
from .._types import Numbers
from ._formula import Formula
from ._functions import expm1, log1p
from ._symbols import k, quantity
from ._symbols import success_rate as p
from .heavy_tailed import atom, shape_a, shape_b
from .real_tokens import overdispersion as rho

_INF = float("inf")
_HERE = "derived in the chapter on measuring"

item_count = quantity(
    "item_count", "K", "number of items",
    "items", low=0, high=_INF, scale="log", reach=(1, 1e6),
)  # fmt: skip
item_cost = quantity(
    "item_cost", "w", "cost of a new item, counted in attempts",
    "attempts", low=0, high=_INF, scale="log", reach=(1e-2, 1e4),
)  # fmt: skip
budget = quantity(
    "budget", "B", "cost of a whole experiment, counted in attempts",
    "attempts", low=0, high=_INF, scale="log", reach=(1e2, 1e7),
)  # fmt: skip

# -- designs --------------------------------------------------------------------------------

design_effect = Formula(
    name="measuring.design_effect",
    left=r"\frac{\operatorname{Var}}{\operatorname{Var}_{\rho=0}}",
    expression=1 + (k - 1) * rho,
    arguments=(k, rho),
    description="How much larger the variance of a score is than that of as many attempts at "
    "as many different items.",
    source="Kish (1965), Survey Sampling",
)

design_variance = Formula(
    name="measuring.design_variance",
    left=r"\operatorname{Var}\hat p",
    expression=p * (1 - p) / (item_count * k) * (1 + (k - 1) * rho),
    arguments=(p, item_count, k, rho),
    description="Variance of the mean score of K items with k attempts each.",
    source=_HERE,
)

budget_error = Formula(
    name="measuring.budget_error",
    left=r"\sqrt{\operatorname{Var}\hat p}",
    expression=sp.sqrt(p * (1 - p) * (1 + (k - 1) * rho) * (item_cost + k) / (k * budget)),
    arguments=(p, k, rho, item_cost, budget),
    description="Standard error of a score when the budget B is spent on items with k attempts "
    "each, an item costing w attempts.",
    source=_HERE,
)

best_attempts = Formula(
    name="measuring.best_attempts",
    left=r"k^\ast",
    expression=sp.sqrt(item_cost * (1 - rho) / rho),
    arguments=(item_cost, rho),
    description="Attempts per item that give the smallest error for a budget.",
    source="textbook survey sampling (two-stage designs)",
)

beta_correlation = Formula(
    name="measuring.beta_correlation",
    left=r"\rho",
    expression=1 / (shape_a + shape_b + 1),
    arguments=(shape_a, shape_b),
    description="Correlation of two attempts at one item when success rates are beta distributed.",
    source="textbook (beta-binomial distribution)",
)

# -- stopping at the first success -----------------------------------------------------------

inverse_wait = Formula(
    name="measuring.inverse_wait",
    left=r"\mathbb{E}\,\frac1T",
    expression=-p * sp.log(p) / (1 - p),
    arguments=(p,),
    description="Mean of one over the number of attempts to the first success: larger than p.",
    source="Haldane (1945), Biometrika 33, 222",
)

capped_wait = Formula(
    name="measuring.capped_wait",
    left=r"\mathbb{E}\,\min(T,k)",
    expression=(1 - (1 - p) ** k) / p,
    arguments=(p, k),
    description="Mean number of attempts until the first success, at most k.",
    source=_HERE,
    stable=-expm1(k * log1p(-p)) / p,
)

# -- items never solved ----------------------------------------------------------------------

hidden_atom = Formula(
    name="measuring.hidden_atom",
    left=r"\mathrm{TV}\le",
    expression=atom * (1 - (1 - p) ** k),
    arguments=(atom, p, k),
    description="Total variation, per item, between counts of k attempts when a share pi_0 of "
    "items is impossible and when it succeeds with probability p instead.",
    source=_HERE,
    stable=-atom * expm1(k * log1p(-p)),
)

allocation = Formula(
    name="measuring.allocation",
    left=r"b^\ast\propto",
    expression=sp.sqrt(p * (1 - p) ** (2 * k - 1)),
    arguments=(p, k),
    description="Attempts that an item should get for the sharpest estimate of the share that "
    "k attempts leave unsolved.",
    source="Kazdan et al. (2025), arXiv 2510.05197, theorem 1; Neyman allocation",
    stable=sp.exp((sp.log(p) + (2 * k - 1) * log1p(-p)) / 2),
)


# -- votes -----------------------------------------------------------------------------------


def majority(votes: int, mean: Numbers, correlation: Numbers) -> Float[Array, "..."]:
    r"""Probability that more than half of $m$ beta-binomial votes are right; ties count half.

    Each item draws the probability of a right vote from a beta distribution with the given mean
    and $\rho=1/(\alpha+\beta+1)$, and its votes are independent given that.

    Parameters
    ----------
    votes
        $m\ge1$.
    mean
        Mean probability of a right vote, in (0, 1).
    correlation
        $\rho\in[0,1]$; at the ends the limits, independent and equal votes, to about $10^{-6}$.

    Raises
    ------
    ValueError
        If `votes` is below 1.

    Source: derived in the chapter on measuring; beta-binomial distribution.

    Examples
    --------
    >>> round(float(1 - majority(15, 0.7, 0.1)), 3)
    0.149
    """
    if votes < 1:
        raise ValueError(f"votes must be at least 1, got {votes}.")
    return _majority(votes, as_floating(mean), as_floating(correlation))


@jax.jit
def _majority(votes, mean, correlation):
    # Compiled once for all numbers of votes: from "all right" downwards, one vote at a time.
    inner = jnp.clip(correlation, 1e-8, 1 - 1e-8)
    size = (1 - inner) / inner
    a, b = mean * size, (1 - mean) * size
    start = jnp.zeros(jnp.broadcast_shapes(a.shape, b.shape), a.dtype)
    one_more = lambda i, total: total + jnp.log((a + i) / (size + i))
    all_right = jax.lax.fori_loop(0, votes, one_more, start)

    def outcome(i, state):
        log_chance, total = state
        right = votes - i
        tie = jnp.where(2 * right == votes, 0.5, 1.0)
        total = jnp.logaddexp(total, log_chance + jnp.log(tie).astype(total.dtype))
        fewer = right * (b + i) / ((i + 1) * (a + right - 1))
        return log_chance + jnp.log(fewer), total

    state = all_right, jnp.full_like(start, -jnp.inf)
    return jnp.exp(jax.lax.fori_loop(0, votes // 2 + 1, outcome, state)[1])


def majority_of_many(mean: Numbers, correlation: Numbers) -> Float[Array, "..."]:
    r"""Limit of `majority` for endless votes: the share of items with a rate above one half.

    Parameters as for `majority`, with $\rho$ inside (0, 1).
    """
    mean, correlation = as_floating(mean), as_floating(correlation)
    size = (1 - correlation) / correlation
    return 1 - jax.scipy.special.betainc(mean * size, (1 - mean) * size, 0.5)
