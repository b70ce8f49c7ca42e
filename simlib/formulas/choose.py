r"""Choosing a process: how large an experiment has to be before a question has an answer.

Steps without an error bound a rate from above, and the precision of a rate is a matter of how many
errors were seen.
"""

import sympy as sp

from ._formula import Formula
from ._functions import expm1, log1p
from ._symbols import n, quantity, reliability
from .monte_carlo import normal_quantile

_INF = float("inf")

confidence = quantity(
    "confidence", r"\gamma", "confidence of a one-sided bound",
    "1", low=0, high=1, scale="logit", reach=(0.5, 0.9999),
)  # fmt: skip
relative_width = quantity(
    "relative_width", r"\delta", "half-width of an interval, relative to the value",
    "1", low=0, high=_INF, scale="log", reach=(1e-3, 1),
)  # fmt: skip
no_error_bound = Formula(
    name="choose.no_error_bound",
    left=r"e\le",
    expression=1 - (1 - confidence) ** (1 / n),
    arguments=(n, confidence),
    description="Upper bound of a constant error rate after n steps without any error.",
    source="exact binomial bound; for 95 % about 3/n, the rule of three",
    stable=-expm1(log1p(-confidence) / n),
)

steps_for_horizon = Formula(
    name="choose.steps_for_horizon",
    left="n",
    expression=n * sp.log(1 - confidence) / sp.log(reliability),
    arguments=(n, confidence, reliability),
    description="Steps without any error that are needed to show, with confidence, that the "
    "horizon at a reliability is at least n, if the hazard is constant.",
    source="derived from the exact bound",
    stable=n * log1p(-confidence) / sp.log(reliability),
)

errors_needed = Formula(
    name="choose.errors_needed",
    left="d",
    expression=(normal_quantile / relative_width) ** 2,
    arguments=(normal_quantile, relative_width),
    description="Errors needed for a relative half-width of an error rate or a half-life.",
    source="a count of d errors has relative standard error one over the root of d",
)
