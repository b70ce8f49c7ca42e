"""Every token is wrong with the same probability, independently: the geometric law."""

import sympy as sp

from ._formula import Formula
from ._functions import expm1, log1mexp, log1p
from ._symbols import error_rate as e
from ._symbols import k, n, reliability

log_survival = Formula(
    name="uniform.log_survival",
    left=r"\ln S(n)",
    expression=n * sp.log(1 - e),
    arguments=(n, e),
    description="Log-probability that none of the first n tokens is wrong.",
    source="LeCun (2023); Arbuzov et al. (2025), arXiv 2505.24187, formula for uniform errors",
    stable=n * log1p(-e),
)

survival = Formula(
    name="uniform.survival",
    left="S(n)",
    expression=(1 - e) ** n,
    arguments=(n, e),
    description="Probability that none of the first n tokens is wrong.",
    source=log_survival.source,
    stable=sp.exp(n * log1p(-e)),
)

horizon = Formula(
    name="uniform.horizon",
    left="T_r",
    expression=sp.log(reliability) / sp.log(1 - e),
    arguments=(reliability, e),
    description="Length survived with probability r.",
    source="Sinha et al. (2025), arXiv 2509.09677; Ord (2025), arXiv 2505.05115",
    stable=sp.log(reliability) / log1p(-e),
)

mean_run_length = Formula(
    name="uniform.mean_run_length",
    left=r"\mathbb{E}[N]",
    expression=(1 - e) / e,
    arguments=(e,),
    description="Mean number of correct tokens before the first error.",
    source="derived in the chapter on uniform errors",
)

pass_probability = Formula(
    name="uniform.pass_probability",
    left=r"\mathrm{pass}@k",
    expression=1 - (1 - (1 - e) ** n) ** k,
    arguments=(n, k, e),
    description="Probability that at least one of k independent attempts of length n is clean.",
    source="derived in the chapter on uniform errors",
    # The log-failure of one attempt, exact whether its success is nearly sure or hopeless.
    stable=-expm1(k * log1mexp(-n * log1p(-e))),
)
