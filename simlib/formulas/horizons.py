r"""Horizons: laws of success against length, matched where they are measured.

The exponential, Weibull, log-logistic and Pareto laws stand in `survival`; here are the other
laws that were proposed for the success of agents, what two measured horizons say about a shape,
and conversions between the parameters that were published. `n` is the length of a task, in
whatever unit lengths are measured.
"""

import sympy as sp

from . import survival
from ._formula import Formula
from ._functions import expm1, log1p, log_beta_ratio
from ._symbols import k, n, quantity, reliability
from .heavy_tailed import frailty_variance, weibull_scale
from .survival import half_life, weibull_shape

_INF = float("inf")

log_spread = quantity(
    "log_spread", r"\sigma", "standard deviation of the logarithm of the length of first failure",
    "1", low=0, high=_INF, scale="log", reach=(0.1, 5),
)  # fmt: skip
noise_rate = quantity(
    "noise_rate", r"r_{\mathrm{n}}", "noise rate of a noise-threshold law: survival breaks down "
    "near its power -1/2", "1 per squared length", low=0, high=_INF, scale="log", reach=(1e-6, 1),
)  # fmt: skip
directions = quantity(
    "directions", "q", "number of directions in which the noise of a noise-threshold law adds up",
    "1", low=0, high=_INF, scale="log", reach=(0.5, 40),
)  # fmt: skip
horizon_ratio = quantity(
    "horizon_ratio", r"\rho", "half-life over the horizon at 80 %",
    "1", low=1, high=_INF, scale="log", reach=(1.05, 50),
)  # fmt: skip
slope_per_doubling = quantity(
    "slope_per_doubling", "b_2", "loss of log-odds of success per doubling of length",
    "1 per doubling", low=0, high=_INF, scale="log", reach=(0.1, 5),
)  # fmt: skip
decimal_coefficient = quantity(
    "decimal_coefficient", "a_{10}", "coefficient of coverage written as a power of ten",
    "1", low=-_INF, high=0, scale="linear", reach=(-5, -0.01),
)  # fmt: skip
failure_shape_a = quantity(
    "failure_shape_a", r"\alpha_{\mathrm{f}}", "first shape of a beta law of the probability that "
    "an attempt fails", "1", low=0, high=_INF, scale="log", reach=(0.5, 50),
)  # fmt: skip
failure_shape_b = quantity(
    "failure_shape_b", r"\beta_{\mathrm{f}}", "second shape of a beta law of the probability that "
    "an attempt fails", "1", low=0, high=_INF, scale="log", reach=(0.05, 5),
)  # fmt: skip
ceiling = quantity(
    "ceiling", "A", "share of problems that can be solved at all",
    "1", low=0, high=1, scale="logit", reach=(1e-3, 1 - 1e-3),
)  # fmt: skip

_RAJU = "Raju and Netrapalli (2026), arXiv 2601.14175, from a secondary account"
_HERE = "derived in the chapter on horizons"
_FIFTH = sp.Rational(1, 5)

# -- laws by their half-life ----------------------------------------------------------------

log_normal = Formula(
    name="horizons.log_normal",
    left="S(n)",
    expression=sp.erfc(sp.log(n / half_life) / (log_spread * sp.sqrt(2))) / 2,
    arguments=(n, half_life, log_spread),
    description="Log-normal law: probit in ln n.",
    source="textbook survival analysis",
)

log_normal_horizon = Formula(
    name="horizons.log_normal_horizon",
    left="T_r",
    expression=half_life * sp.exp(log_spread * sp.sqrt(2) * sp.erfinv(1 - 2 * reliability)),
    arguments=(reliability, half_life, log_spread),
    description="Length survived with probability r under a log-normal law.",
    source="textbook survival analysis",
)

_grown = 2**frailty_variance - 1
_grown_stable = expm1(sp.log(2) * frailty_variance)
gamma_frailty = Formula(
    name="horizons.gamma_frailty",
    left="S(n)",
    expression=(1 + _grown * n / half_life) ** (-1 / frailty_variance),
    arguments=(n, half_life, frailty_variance),
    description="Constant hazards with gamma frailty of variance theta, by the half-life of all.",
    source="Vaupel, Manton and Stallard (1979), Demography 16, 439; a Pareto law",
    stable=sp.exp(-log1p(_grown_stable * n / half_life) / frailty_variance),
)

gamma_frailty_horizon = Formula(
    name="horizons.gamma_frailty_horizon",
    left="T_r",
    expression=half_life * (reliability**-frailty_variance - 1) / _grown,
    arguments=(reliability, half_life, frailty_variance),
    description="Length survived with probability r by constant hazards with gamma frailty.",
    source="derived from gamma frailty",
    stable=half_life * expm1(-frailty_variance * sp.log(reliability)) / _grown_stable,
)

_half, _crossing = directions / 2, directions / (2 * noise_rate * n**2)
noise_threshold = Formula(
    name="horizons.noise_threshold",
    left="S(n)",
    expression=sp.lowergamma(_half, _crossing) / sp.gamma(_half),
    arguments=(n, noise_rate, directions),
    description="Gaussian noise in q directions that adds up along a task stays below a threshold.",
    source=_RAJU,
)

noise_threshold_tail = Formula(
    name="horizons.noise_threshold_tail",
    left=r"S(n)\sim",
    expression=(_half / noise_rate) ** _half / sp.gamma(_half + 1) * n**-directions,
    arguments=(n, noise_rate, directions),
    description="Far beyond its threshold a noise-threshold law falls as the power -q of length.",
    source=_HERE,
    stable=sp.exp(
        _half * sp.log(_half / noise_rate) - sp.loggamma(_half + 1) - directions * sp.log(n)
    ),
)

# -- two measured horizons and a third ------------------------------------------------------

log_logistic_shape_of_ratio = Formula(
    name="horizons.log_logistic_shape_of_ratio",
    left=r"\beta",
    expression=sp.log(4) / sp.log(horizon_ratio),
    arguments=(horizon_ratio,),
    description="Shape of the log-logistic law with given horizons at 50 % and 80 %.",
    source=_HERE,
)

weibull_shape_of_ratio = Formula(
    name="horizons.weibull_shape_of_ratio",
    left=r"\kappa",
    expression=sp.log(sp.log(2) / sp.log(sp.Rational(5, 4))) / sp.log(horizon_ratio),
    arguments=(horizon_ratio,),
    description="Shape of the Weibull law with given horizons at 50 % and 80 %.",
    source=_HERE,
)

_QUANTILE = sp.sqrt(2) * sp.erfinv(1 - 2 * _FIFTH)  # of the normal law at 80 %
log_spread_of_ratio = Formula(
    name="horizons.log_spread_of_ratio",
    left=r"\sigma",
    expression=sp.log(horizon_ratio) / _QUANTILE,
    arguments=(horizon_ratio,),
    description="Spread of the log-normal law with given horizons at 50 % and 80 %.",
    source=_HERE,
)

ratio_of_frailty = Formula(
    name="horizons.ratio_of_frailty",
    left=r"\rho",
    expression=_grown / (sp.Rational(5, 4) ** frailty_variance - 1),
    arguments=(frailty_variance,),
    description="Half-life over 80 % horizon of constant hazards with gamma frailty: at least "
    "that of an exponential.",
    source=_HERE,
    stable=_grown_stable / expm1(sp.log(sp.Rational(5, 4)) * frailty_variance),
)

log_logistic_matched = Formula(
    name="horizons.log_logistic_matched",
    left=r"T_{50}/T_r",
    expression=(reliability / (1 - reliability)) ** (sp.log(horizon_ratio) / sp.log(4)),
    arguments=(reliability, horizon_ratio),
    description="How much shorter than the half-life the horizon of a log-logistic law is, if its "
    "horizons at 50 % and 80 % are known.",
    source=_HERE,
)

weibull_matched = Formula(
    name="horizons.weibull_matched",
    left=r"T_{50}/T_r",
    expression=(-sp.log(2) / sp.log(reliability)) ** (1 / weibull_shape_of_ratio.expression),
    arguments=(reliability, horizon_ratio),
    description="The same under a Weibull law.",
    source=_HERE,
)

log_normal_matched = Formula(
    name="horizons.log_normal_matched",
    left=r"T_{50}/T_r",
    expression=sp.exp(
        sp.log(horizon_ratio) * sp.erfinv(2 * reliability - 1) / sp.erfinv(1 - 2 * _FIFTH)
    ),
    arguments=(reliability, horizon_ratio),
    description="The same under a log-normal law.",
    source=_HERE,
)

# -- parameters as they were published ------------------------------------------------------

natural_slope = Formula(
    name="horizons.natural_slope",
    left=r"\beta",
    expression=slope_per_doubling / sp.log(2),
    arguments=(slope_per_doubling,),
    description="Shape of the log-logistic law from a logistic regression on log2 of length.",
    source="Kwa et al. (2025), arXiv 2503.14499: the code regresses on log2 of minutes",
)

half_life_of_weibull = Formula(
    name="horizons.half_life_of_weibull",
    left="T_{50}",
    expression=weibull_scale * sp.log(2) ** (1 / weibull_shape),
    arguments=(weibull_scale, weibull_shape),
    description="Half-life of a Weibull law given by scale and shape.",
    source="textbook survival analysis",
)

natural_coefficient = Formula(
    name="horizons.natural_coefficient",
    left="a",
    expression=sp.log(10) * decimal_coefficient,
    arguments=(decimal_coefficient,),
    description="Coefficient of ln coverage from one printed for a power of ten.",
    source="Brown et al. (2024), arXiv 2407.21787: the printed values fit a power of ten",
)

_failed = sp.loggamma(failure_shape_a + failure_shape_b) + sp.loggamma(k + failure_shape_a)
_failed -= sp.loggamma(failure_shape_a) + sp.loggamma(k + failure_shape_a + failure_shape_b)
ceiling_coverage = Formula(
    name="horizons.ceiling_coverage",
    left=r"\mathrm{pass@}k",
    expression=ceiling * (1 - sp.exp(_failed)),
    arguments=(k, ceiling, failure_shape_a, failure_shape_b),
    description="Coverage of k attempts if a share A of problems can be solved and the "
    "probability of failure of these is beta distributed.",
    source="Levi (2024), arXiv 2410.16377, from a secondary account",
    stable=-ceiling * expm1(log_beta_ratio(failure_shape_b, failure_shape_a, k)),
)

#: The laws that `simlib.forecast` fits, by the name of the law.
LAWS = {
    "exponential": survival.exponential,
    "weibull": survival.weibull,
    "log-logistic": survival.log_logistic,
    "log-normal": log_normal,
    "gamma-frailty": gamma_frailty,
    "noise-threshold": noise_threshold,
}
