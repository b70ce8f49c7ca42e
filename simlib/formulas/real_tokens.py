"""What it costs to measure a success rate by sampling, and what differences between items do."""

import sympy as sp

from ._formula import Formula
from ._functions import log1p
from ._symbols import k, quantity
from ._symbols import success_rate as p

overdispersion = quantity(
    "overdispersion", r"\rho",
    "overdispersion: variance of success rates between items over that of single attempts", "1",
    low=0, high=1, scale="linear", reach=(0, 1), low_included=True,
)  # fmt: skip

relative_error = Formula(
    name="real_tokens.relative_error",
    left=r"\frac{\sqrt{\operatorname{Var}\hat p}}{p}",
    expression=sp.sqrt((1 - p) / (k * p)),
    arguments=(p, k),
    description="Relative standard error of a success rate measured by sampling k attempts.",
    source="derived in the chapter on real tokens (binomial variance)",
)

no_success = Formula(
    name="real_tokens.no_success",
    left=r"P(\text{no success in } k \text{ attempts})",
    expression=(1 - p) ** k,
    arguments=(p, k),
    description="Probability that k independent attempts at one item contain no success.",
    source="derived in the chapter on real tokens",
    stable=sp.exp(k * log1p(-p)),
)

two_attempts = Formula(
    name="real_tokens.two_attempts",
    left=r"\mathrm{pass}@2",
    expression=1 - ((1 - p) ** 2 + overdispersion * p * (1 - p)),
    arguments=(p, overdispersion),
    description="pass@2 over items with mean success rate p and overdispersion rho.",
    source="derived in the chapter on real tokens",
    stable=p * (2 - p - overdispersion * (1 - p)),
)
