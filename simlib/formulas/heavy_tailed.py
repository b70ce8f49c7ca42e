r"""Rates that differ between units: survival as a Laplace transform of the mixing distribution.

One trial ends the run with probability $p$; the rate $p$, or its hazard $X=-\ln(1-p)$, is drawn
once per unit. Averaged over units,

$$\mathbb{E}\,(1-p)^k=\mathbb{E}\,e^{-kX}.$$

The unevaluated integrals at the end are the definitions; SymPy evaluates them to the formulas.
"""

import sympy as sp

from ._formula import Formula
from ._functions import log1p, log_beta_ratio
from ._symbols import k, n, quantity
from .survival import weibull_shape

_INF = float("inf")

shape_a = quantity(
    "shape_a", r"\alpha", "first shape parameter: the density of the rate falls like its power "
    "alpha - 1 near 0", "1", low=0, high=_INF, scale="log", reach=(1e-2, 1e2),
)  # fmt: skip
shape_b = quantity(
    "shape_b", r"\beta", "second shape parameter: how fast large rates become rare",
    "1", low=0, high=_INF, scale="log", reach=(1e-1, 1e3),
)  # fmt: skip
frailty_variance = quantity(
    "frailty_variance", r"\theta", "variance of a frailty of mean 1",
    "1", low=0, high=_INF, scale="log", reach=(1e-3, 1e3),
)  # fmt: skip
cumulative_hazard = quantity(
    "cumulative_hazard", r"\Lambda", "cumulative hazard of a unit of frailty 1",
    "1", low=0, high=_INF, scale="log", reach=(1e-6, 1e3), low_included=True,
)  # fmt: skip
unit_hazard = quantity(
    "unit_hazard", r"\lambda", "hazard of a unit of frailty 1",
    "1 per trial", low=0, high=_INF, scale="log", reach=(1e-6, 1e1),
)  # fmt: skip
mean_hazard = quantity(
    "mean_hazard", r"\bar x", "mean of the hazard over units",
    "1 per trial", low=0, high=_INF, scale="log", reach=(1e-6, 1e1),
)  # fmt: skip
hazard_variance = quantity(
    "hazard_variance", "v", "variance of the hazard over units",
    "1 per trial squared", low=0, high=_INF, scale="log", reach=(1e-9, 1e2),
)  # fmt: skip
stable_index = quantity(
    "stable_index", r"\alpha_{\mathrm{st}}", "index of a positive stable distribution",
    "1", low=0, high=1, scale="logit", reach=(1e-2, 1 - 1e-2),
)  # fmt: skip
weibull_scale = quantity(
    "weibull_scale", "h", "length at which a Weibull cumulative hazard reaches 1",
    "tokens", low=0, high=_INF, scale="log", reach=(1, 1e5),
)  # fmt: skip
tail_exponent = quantity(
    "tail_exponent", "b", "tail exponent: the density of the rate falls like p^(b-1) near 0",
    "1", low=0, high=_INF, scale="log", reach=(1e-2, 1e1),
)  # fmt: skip
tail_coefficient = quantity(
    "tail_coefficient", "C", "coefficient of the density of the rate near 0",
    "1", low=0, high=_INF, scale="log", reach=(1e-3, 1e3),
)  # fmt: skip
atom = quantity(
    "atom", r"\pi_0", "share of units whose rate is exactly 0",
    "1", low=0, high=1, scale="logit", reach=(1e-6, 1 - 1e-6), low_included=True,
)  # fmt: skip
all_fail = quantity(
    "all_fail", "I", "probability that all attempts at a random problem fail",
    "1", low=0, high=1, scale="logit", reach=(1e-6, 1 - 1e-6),
)  # fmt: skip
frailty = sp.Symbol("z", positive=True)  # integration variable

_MONKEYS = "Schaeffer et al. (2025), arXiv 2502.17578"

# -- closed Laplace transforms --------------------------------------------------------------

gamma_frailty = Formula(
    name="heavy_tailed.gamma_frailty",
    left=r"\mathbb{E}\,e^{-Z\Lambda}",
    expression=(1 + frailty_variance * cumulative_hazard) ** (-1 / frailty_variance),
    arguments=(cumulative_hazard, frailty_variance),
    description="Survival when the hazard is multiplied by a gamma frailty of mean 1.",
    source="Vaupel, Manton and Stallard (1979), Demography 16, 439",
    stable=sp.exp(-log1p(frailty_variance * cumulative_hazard) / frailty_variance),
)

gamma_marginal_hazard = Formula(
    name="heavy_tailed.gamma_marginal_hazard",
    left=r"-\frac{\mathrm{d}\ln S}{\mathrm{d}n}",
    expression=unit_hazard / (1 + frailty_variance * cumulative_hazard),
    arguments=(unit_hazard, cumulative_hazard, frailty_variance),
    description="Hazard among the units still alive under gamma frailty: it falls although "
    "no unit's hazard does.",
    source="Vaupel, Manton and Stallard (1979), Demography 16, 439",
)

gamma_log_laplace = Formula(
    name="heavy_tailed.gamma_log_laplace",
    left=r"\ln\mathbb{E}\,e^{-nX}",
    expression=-(mean_hazard**2)
    / hazard_variance
    * sp.log(1 + hazard_variance * n / mean_hazard),
    arguments=(n, mean_hazard, hazard_variance),
    description="Log-survival when the hazard per trial is gamma distributed over units.",
    source="gamma frailty with its mean and variance as parameters",
    stable=-(mean_hazard**2) / hazard_variance * log1p(hazard_variance * n / mean_hazard),
)  # fmt: skip

stable_frailty = Formula(
    name="heavy_tailed.stable_frailty",
    left=r"\mathbb{E}\,e^{-Z\lambda n}",
    expression=sp.exp(-((unit_hazard * n) ** stable_index)),
    arguments=(n, unit_hazard, stable_index),
    description="Survival when the hazard is multiplied by a positive stable frailty: a "
    "stretched exponential.",
    source="Hougaard (1986), Biometrika 73, 387",
)

stable_log_laplace = Formula(
    name="heavy_tailed.stable_log_laplace",
    left=r"\ln\mathbb{E}\,e^{-Z\lambda n}",
    expression=-((unit_hazard * n) ** stable_index),
    arguments=(n, unit_hazard, stable_index),
    description="Log-survival under positive stable frailty.",
    source=stable_frailty.source,
)

log_logistic = Formula(
    name="heavy_tailed.log_logistic",
    left="S(n)",
    expression=1 / (1 + (n / weibull_scale) ** weibull_shape),
    arguments=(n, weibull_scale, weibull_shape),
    description="Weibull hazard with an exponential frailty: a logistic curve in ln n.",
    source="derived: gamma frailty of variance 1 with Lambda = (n/h)^kappa",
)

beta_mixture = Formula(
    name="heavy_tailed.beta_mixture",
    left=r"\mathbb{E}\,(1-p)^k",
    expression=sp.gamma(shape_b + k)
    * sp.gamma(shape_a + shape_b)
    / (sp.gamma(shape_b) * sp.gamma(shape_a + shape_b + k)),
    arguments=(k, shape_a, shape_b),
    description="Probability that k attempts all fail when success rates are beta distributed: "
    "B(alpha, beta + k) / B(alpha, beta).",
    source=f"{_MONKEYS}, appendix E; Skellam (1948)",
    stable=sp.exp(log_beta_ratio(shape_a, shape_b, k)),
)

beta_log_laplace = Formula(
    name="heavy_tailed.beta_log_laplace",
    left=r"\ln\mathbb{E}\,(1-p)^k",
    expression=sp.loggamma(shape_b + k)
    + sp.loggamma(shape_a + shape_b)
    - sp.loggamma(shape_b)
    - sp.loggamma(shape_a + shape_b + k),
    arguments=(k, shape_a, shape_b),
    description="Logarithm of the beta mixture.",
    source=beta_mixture.source,
    stable=log_beta_ratio(shape_a, shape_b, k),
)

with_atom = Formula(
    name="heavy_tailed.with_atom",
    left=r"\mathbb{E}\,(1-p)^k",
    expression=atom + (1 - atom) * all_fail,
    arguments=(all_fail, atom),
    description="A share of units with rate 0 lifts survival to a plateau (a cure fraction).",
    source="cure model; Levi (2024), arXiv 2410.16377, with A = 1 - pi_0",
)

# -- power laws -----------------------------------------------------------------------------

watson_leading = Formula(
    name="heavy_tailed.watson_leading",
    left=r"\mathbb{E}\,(1-p)^k\sim",
    expression=tail_coefficient * sp.gamma(tail_exponent) * k ** (-tail_exponent),
    arguments=(k, tail_coefficient, tail_exponent),
    description="Leading term for large k when the density of p is C p^(b-1) near 0.",
    source=f"Watson's lemma; {_MONKEYS}, theorem 3.1",
    stable=tail_coefficient * sp.exp(sp.loggamma(tail_exponent) - tail_exponent * sp.log(k)),
)

beta_asymptote = Formula(
    name="heavy_tailed.beta_asymptote",
    left=r"\mathbb{E}\,(1-p)^k\sim",
    expression=sp.gamma(shape_a + shape_b) / sp.gamma(shape_b) * k ** (-shape_a),
    arguments=(k, shape_a, shape_b),
    description="Leading term of the beta mixture for large k.",
    source=f"Watson's lemma with C = 1/B(alpha, beta); {_MONKEYS}, appendix E",
    stable=sp.exp(
        sp.loggamma(shape_a + shape_b) - sp.loggamma(shape_b) - shape_a * sp.log(k)
    ),
)  # fmt: skip

kumaraswamy_leading = Formula(
    name="heavy_tailed.kumaraswamy_leading",
    left=r"\mathbb{E}\,(1-p)^k\sim",
    expression=shape_a * shape_b * sp.gamma(shape_a) * k ** (-shape_a),
    arguments=(k, shape_a, shape_b),
    description="Leading term for Kumaraswamy distributed success rates and large k.",
    source=f"Watson's lemma with C = alpha beta; {_MONKEYS}, appendix E",
    stable=shape_b * sp.exp(sp.loggamma(1 + shape_a) - shape_a * sp.log(k)),
)

kumaraswamy_next = Formula(
    name="heavy_tailed.kumaraswamy_next",
    left=r"\mathbb{E}\,(1-p)^k-\alpha\beta\,\Gamma(\alpha)k^{-\alpha}\sim",
    expression=-shape_a * shape_b * (shape_b - 1) * sp.gamma(2 * shape_a) * k ** (-2 * shape_a),
    arguments=(k, shape_a, shape_b),
    description="Second term for Kumaraswamy success rates: smaller only by k^-alpha, so the "
    "power law is reached slowly.",
    source="derived: second term of the density near 0",
    stable=-shape_b * (shape_b - 1) / 2
    * sp.exp(sp.loggamma(1 + 2 * shape_a) - 2 * shape_a * sp.log(k)),
)  # fmt: skip

slope_inflation = Formula(
    name="heavy_tailed.slope_inflation",
    left="g(I)",
    expression=-all_fail / ((1 - all_fail) * sp.log(1 - all_fail)),
    arguments=(all_fail,),
    description="If 1 - pass@k is a power law, the local exponent of -ln pass@k is larger by "
    "this factor.",
    source="derived: chain rule on -ln(1 - I)",
    stable=-all_fail / ((1 - all_fail) * log1p(-all_fail)),
)

jensen_bound = Formula(
    name="heavy_tailed.jensen_bound",
    left=r"\mathbb{E}\,e^{-nX}\ge",
    expression=sp.exp(-n * mean_hazard),
    arguments=(n, mean_hazard),
    description="Survival of a population of equal units with the same mean hazard: "
    "heterogeneity between units can only raise mean survival (Jensen).",
    source="Jensen's inequality for the convex function exp(-n x)",
)

# -- definitions as integrals: `.doit(conds="none")` evaluates them on the stated domains --------

_precision = 1 / frailty_variance
gamma_density = (
    _precision**_precision
    * frailty ** (_precision - 1)
    * sp.exp(-_precision * frailty)
    / sp.gamma(_precision)
)
gamma_frailty_integral = sp.Integral(
    gamma_density * sp.exp(-frailty * cumulative_hazard), (frailty, 0, sp.oo)
)
log_logistic_integral = sp.Integral(
    sp.exp(-frailty) * sp.exp(-frailty * (n / weibull_scale) ** weibull_shape),
    (frailty, 0, sp.oo),
)
watson_integral = sp.Integral(
    tail_coefficient * frailty ** (tail_exponent - 1) * sp.exp(-k * frailty), (frailty, 0, sp.oo)
)
