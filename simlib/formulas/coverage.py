r"""Forecasting coverage: the posterior of one problem, and where attempts should go.

A problem has the success probability $p$, drawn from a mixing distribution; $c$ of $n$ attempts
at it succeeded.
"""

import sympy as sp

from ._formula import Formula
from ._functions import log1p, log_beta_ratio
from ._symbols import k
from ._symbols import success_rate as p
from .heavy_tailed import all_fail, atom, shape_a, shape_b
from .pass_at_k import attempts_made, successes_seen

_HERE = "derived in the chapter on forecasting coverage"
_a, _b = shape_a + successes_seen, shape_b + attempts_made - successes_seen

all_fail_again = Formula(
    name="coverage.all_fail_again",
    left=r"\mathbb{E}\big[(1-p)^k\mid c\big]",
    expression=sp.gamma(_b + k) * sp.gamma(_a + _b) / (sp.gamma(_b) * sp.gamma(_a + _b + k)),
    arguments=(k, successes_seen, attempts_made, shape_a, shape_b),
    description="Probability that k further attempts at a problem all fail after c successes in n "
    "attempts, if success rates are beta distributed.",
    source=f"{_HERE}: the beta distribution is conjugate",
    stable=sp.exp(log_beta_ratio(_a, _b, k)),
)

unsolvable = Formula(
    name="coverage.unsolvable",
    left=r"P(p=0\mid c=0)",
    expression=atom / (atom + (1 - atom) * all_fail),
    arguments=(all_fail, atom),
    description="Probability that a problem is unsolvable after attempts that all failed, which a "
    "random solvable problem does with probability I.",
    source=f"{_HERE}: Bayes' rule",
)

allocation_weight = Formula(
    name="coverage.allocation_weight",
    left=r"w(p)",
    expression=sp.sqrt(p * (1 - p) ** (2 * k - 1)),
    arguments=(p, k),
    description="Share of the attempts that a problem should get if pass@k is to be estimated "
    "with the least variance, up to a common factor.",
    source="Kazdan et al. (2025), arXiv 2510.05197, theorem 1",
    stable=sp.sqrt(p) * sp.exp((k - sp.Rational(1, 2)) * log1p(-p)),
)

allocation_peak = Formula(
    name="coverage.allocation_peak",
    left="p",
    expression=1 / (2 * k),
    arguments=(k,),
    description="Success probability of the problems that should get most attempts.",
    source=f"{_HERE}: maximum of the allocation weight",
)
