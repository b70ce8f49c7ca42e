r"""Survival, hazard and horizon: the language of every chapter.

Lengths $n$ are real here; the laws are the continuous curves that pass through the values at
whole $n$. Every two-parameter law is written in terms of its half-life $T_{50}$ where it has
a free one, so that laws can be matched there and compared elsewhere.
"""

import jax.numpy as jnp
import sympy as sp
from jaxtyping import Array, Float

from . import _special
from ._formula import Formula
from ._functions import expm1, exprel, log1p
from ._symbols import error_rate, n, quantity, reliability

_INF = float("inf")
_TEXTBOOK = "textbook survival analysis (Kalbfleisch and Prentice)"
_HERE = "derived in the chapter on survival"

survival_before = quantity(
    "survival_before", "S(n-1)", "survival just before the trial",
    "1", low=0, high=1, scale="logit", reach=(1e-6, 1 - 1e-9),
)  # fmt: skip
survival_after = quantity(
    "survival_after", "S(n)", "survival just after the trial",
    "1", low=0, high=1, scale="logit", reach=(1e-6, 1 - 1e-9),
)  # fmt: skip
hazard_rate = quantity(
    "hazard_rate", "h", "hazard rate: cumulative hazard added by one trial",
    "1 per token", low=0, high=_INF, scale="log", reach=(1e-9, 10),
)  # fmt: skip
half_life = quantity(
    "half_life", "T_{50}", "half-life: length survived with probability one half",
    "tokens", low=0, high=_INF, scale="log", reach=(1e-1, 1e6),
)  # fmt: skip
weibull_shape = quantity(
    "weibull_shape", r"\kappa", "shape of a Weibull law; 1 is exponential, below 1 hazard falls",
    "1", low=0, high=_INF, scale="log", reach=(0.2, 3),
)  # fmt: skip
log_logistic_shape = quantity(
    "log_logistic_shape", r"\beta", "shape of a log-logistic law: slope in the logit against ln n",
    "1", low=0, high=_INF, scale="log", reach=(0.2, 5),
)  # fmt: skip
pareto_exponent = quantity(
    "pareto_exponent", "b", "exponent of a Pareto law: survival falls as a power of length",
    "1", low=0, high=_INF, scale="log", reach=(0.1, 5),
)  # fmt: skip
pareto_scale = quantity(
    "pareto_scale", "s", "length at which the power law of a Pareto law sets in",
    "tokens", low=0, high=_INF, scale="log", reach=(1e-1, 1e5),
)  # fmt: skip
plateau_level = quantity(
    "plateau_level", r"\pi_\infty", "share of sequences that never fail (cure fraction)",
    "1", low=0, high=1, scale="logit", reach=(1e-6, 1 - 1e-4),
)  # fmt: skip
cut = quantity(
    "cut", "L", "length at which runs are cut for a restricted mean",
    "tokens", low=0, high=_INF, scale="log", reach=(1e-1, 1e7),
)  # fmt: skip

_halvings = sp.log(1 / reliability) / sp.log(2)
_halvings_stable = -sp.log(reliability) / sp.log(2)

# -- identities -----------------------------------------------------------------------------

step = Formula(
    name="survival.step",
    left="S(n)",
    expression=survival_before * (1 - error_rate),
    arguments=(survival_before, error_rate),
    description="One more trial multiplies survival by the probability that it is right.",
    source=_HERE,
)

hazard = Formula(
    name="survival.hazard",
    left="e_n",
    expression=1 - survival_after / survival_before,
    arguments=(survival_before, survival_after),
    description="Conditional error probability of a trial, from survival before and after it.",
    source=_TEXTBOOK,
    stable=(survival_before - survival_after) / survival_before,
)

cumulative_hazard = Formula(
    name="survival.cumulative_hazard",
    left=r"\Lambda(n)",
    expression=-sp.log(survival_after),
    arguments=(survival_after,),
    description="Cumulative hazard: minus the logarithm of survival.",
    source=_TEXTBOOK,
)

rate_of_error = Formula(
    name="survival.rate_of_error",
    left="h",
    expression=-sp.log(1 - error_rate),
    arguments=(error_rate,),
    description="Hazard rate that a constant error probability per trial amounts to.",
    source=_HERE,
    stable=-log1p(-error_rate),
)

error_of_rate = Formula(
    name="survival.error_of_rate",
    left="e",
    expression=1 - sp.exp(-hazard_rate),
    arguments=(hazard_rate,),
    description="Error probability of one trial at a constant hazard rate.",
    source=_HERE,
    stable=-expm1(-hazard_rate),
)

# -- exponential ----------------------------------------------------------------------------

half_life_of_error = Formula(
    name="survival.half_life_of_error",
    left="T_{50}",
    expression=sp.log(sp.Rational(1, 2)) / sp.log(1 - error_rate),
    arguments=(error_rate,),
    description="Half-life of uniform errors.",
    source="Ord (2025), arXiv 2505.05115, per token instead of per minute",
    stable=-sp.log(2) / log1p(-error_rate),
)

exponential = Formula(
    name="survival.exponential",
    left="S(n)",
    expression=2 ** (-n / half_life),
    arguments=(n, half_life),
    description="Constant hazard: every half-life halves survival.",
    source="Ord (2025), arXiv 2505.05115",
    stable=sp.exp(-sp.log(2) * n / half_life),
)

exponential_horizon = Formula(
    name="survival.exponential_horizon",
    left="T_r",
    expression=half_life * _halvings,
    arguments=(reliability, half_life),
    description="Length survived with probability r at constant hazard.",
    source="Ord (2025), arXiv 2505.05115",
    stable=half_life * _halvings_stable,
)

exponential_restricted_mean = Formula(
    name="survival.exponential_restricted_mean",
    left=r"\int_0^L S",
    expression=half_life / sp.log(2) * (1 - 2 ** (-cut / half_life)),
    arguments=(cut, half_life),
    description="Restricted mean length at constant hazard: area under survival up to L.",
    source=_TEXTBOOK,
    stable=cut * exprel(-sp.log(2) * cut / half_life),
)

# -- Weibull: stretched exponential ---------------------------------------------------------

weibull = Formula(
    name="survival.weibull",
    left="S(n)",
    expression=2 ** (-((n / half_life) ** weibull_shape)),
    arguments=(n, half_life, weibull_shape),
    description="Weibull law, or stretched exponential, by its half-life.",
    source=_TEXTBOOK,
    stable=sp.exp(-sp.log(2) * (n / half_life) ** weibull_shape),
)

weibull_hazard_rate = Formula(
    name="survival.weibull_hazard_rate",
    left="h(n)",
    expression=sp.log(2) * weibull_shape / half_life * (n / half_life) ** (weibull_shape - 1),
    arguments=(n, half_life, weibull_shape),
    description="Hazard rate of a Weibull law: falls along the output if the shape is below 1.",
    source=_TEXTBOOK,
)

weibull_horizon = Formula(
    name="survival.weibull_horizon",
    left="T_r",
    expression=half_life * _halvings ** (1 / weibull_shape),
    arguments=(reliability, half_life, weibull_shape),
    description="Length survived with probability r under a Weibull law.",
    source=_TEXTBOOK,
    stable=half_life * _halvings_stable ** (1 / weibull_shape),
)

weibull_restricted_mean = Formula(
    name="survival.weibull_restricted_mean",
    left=r"\int_0^L S",
    expression=half_life
    / (weibull_shape * sp.log(2) ** (1 / weibull_shape))
    * sp.lowergamma(1 / weibull_shape, sp.log(2) * (cut / half_life) ** weibull_shape),
    arguments=(cut, half_life, weibull_shape),
    description="Restricted mean length under a Weibull law.",
    source=_TEXTBOOK,
)

# -- log-logistic ---------------------------------------------------------------------------

log_logistic = Formula(
    name="survival.log_logistic",
    left="S(n)",
    expression=1 / (1 + (n / half_life) ** log_logistic_shape),
    arguments=(n, half_life, log_logistic_shape),
    description="Log-logistic law: logistic in ln n.",
    source="Kwa et al. (2025), arXiv 2503.14499; textbook survival analysis",
)

log_logistic_hazard_rate = Formula(
    name="survival.log_logistic_hazard_rate",
    left="h(n)",
    expression=(log_logistic_shape / n) / (1 + (n / half_life) ** (-log_logistic_shape)),
    arguments=(n, half_life, log_logistic_shape),
    description="Hazard rate of a log-logistic law.",
    source=_TEXTBOOK,
)

log_logistic_horizon = Formula(
    name="survival.log_logistic_horizon",
    left="T_r",
    expression=half_life * ((1 - reliability) / reliability) ** (1 / log_logistic_shape),
    arguments=(reliability, half_life, log_logistic_shape),
    description="Length survived with probability r under a log-logistic law.",
    source=_TEXTBOOK,
)

# -- Pareto (Lomax): power law --------------------------------------------------------------

_stretched = 1 + n / pareto_scale
pareto = Formula(
    name="survival.pareto",
    left="S(n)",
    expression=_stretched ** (-pareto_exponent),
    arguments=(n, pareto_scale, pareto_exponent),
    description="Pareto law in Lomax form: a power law beyond the scale s.",
    source=_TEXTBOOK,
    stable=sp.exp(-pareto_exponent * log1p(n / pareto_scale)),
)

pareto_hazard_rate = Formula(
    name="survival.pareto_hazard_rate",
    left="h(n)",
    expression=pareto_exponent / (pareto_scale + n),
    arguments=(n, pareto_scale, pareto_exponent),
    description="Hazard rate of a Pareto law: falls as 1/n.",
    source=_TEXTBOOK,
)

pareto_horizon = Formula(
    name="survival.pareto_horizon",
    left="T_r",
    expression=pareto_scale * (reliability ** (-1 / pareto_exponent) - 1),
    arguments=(reliability, pareto_scale, pareto_exponent),
    description="Length survived with probability r under a Pareto law.",
    source=_TEXTBOOK,
    stable=pareto_scale * expm1(-sp.log(reliability) / pareto_exponent),
)

_grown = log1p(cut / pareto_scale)
pareto_restricted_mean = Formula(
    name="survival.pareto_restricted_mean",
    left=r"\int_0^L S",
    expression=pareto_scale
    * ((1 + cut / pareto_scale) ** (1 - pareto_exponent) - 1)
    / (1 - pareto_exponent),
    arguments=(cut, pareto_scale, pareto_exponent),
    description="Restricted mean length under a Pareto law; unbounded in L unless b > 1.",
    source=_TEXTBOOK,
    stable=pareto_scale * _grown * exprel((1 - pareto_exponent) * _grown),
)

# -- plateau --------------------------------------------------------------------------------

plateau = Formula(
    name="survival.plateau",
    left="S(n)",
    expression=plateau_level + (1 - plateau_level) * 2 ** (-n / half_life),
    arguments=(n, plateau_level, half_life),
    description="Cure model: a share never fails, the rest fails at constant hazard "
    "(T50 is the half-life of the rest).",
    source=_TEXTBOOK,
    stable=plateau_level + (1 - plateau_level) * sp.exp(-sp.log(2) * n / half_life),
)

plateau_horizon = Formula(
    name="survival.plateau_horizon",
    left="T_r",
    expression=half_life * sp.log((1 - plateau_level) / (reliability - plateau_level)) / sp.log(2),
    arguments=(reliability, plateau_level, half_life),
    description="Length survived with probability r above the plateau (infinite below it).",
    source=_TEXTBOOK,
    stable=-half_life * log1p((reliability - 1) / (1 - plateau_level)) / sp.log(2),
)


# -- a list of error rates ------------------------------------------------------------------


def log_survival_of(error_rates: Float[Array, "... n"]) -> Float[Array, "... n"]:
    r"""$\ln S(1),\dots,\ln S(n)$ of trials with given error rates, along the last axis.

    $\ln S(n)=\sum_{i\le n}\ln(1-e_i)$, for error rates in [0, 1); $-\infty$ from the first
    certain error on.
    """
    return jnp.cumsum(_special.log1p(-error_rates), axis=-1)


def error_rates_of(log_survival: Float[Array, "... n"]) -> Float[Array, "... n"]:
    r"""Error rates $e_i=1-S(i)/S(i-1)$ from $\ln S(1),\dots,\ln S(n)$: inverse of
    `log_survival_of`."""
    before = jnp.concatenate(
        [jnp.zeros_like(log_survival[..., :1]), log_survival[..., :-1]], axis=-1
    )
    return -jnp.expm1(log_survival - before)
