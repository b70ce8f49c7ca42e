r"""What a simulation knows: standard errors, limits for rare events, variance given a latent.

A simulation of $R$ sequences, or a sample of $R$ attempts, estimates a probability $p$ by a
proportion $\hat p$. These are the formulas for how far the two are apart.
"""

import sympy as sp

from ._formula import Formula
from ._functions import expm1, log1p
from ._symbols import quantity
from ._symbols import success_rate as p
from .heavy_tailed import cumulative_hazard, frailty_variance

_INF = float("inf")
_HERE = "derived in the chapter on Monte Carlo"

replicates = quantity(
    "replicates", "R", "number of replicates: simulated sequences, or sampled attempts",
    "replicates", low=0, high=_INF, scale="log", reach=(1, 1e9),
)  # fmt: skip
miss_probability = quantity(
    "miss_probability", r"\delta", "probability that a one-sided limit misses the truth",
    "1", low=0, high=1, scale="logit", reach=(1e-6, 0.5),
)  # fmt: skip
relative_error = quantity(
    "relative_error", r"\eta", "relative error: standard error, or a fault, divided by the truth",
    "1", low=0, high=_INF, scale="log", reach=(1e-6, 1),
)  # fmt: skip
observed_rate = quantity(
    "observed_rate", r"\hat p", "observed proportion of successes",
    "1", low=0, high=1, scale="logit", reach=(1e-6, 1 - 1e-6),
)  # fmt: skip
normal_quantile = quantity(
    "normal_quantile", "z", "standard errors beyond which a normal variable seldom falls",
    "1", low=0, high=_INF, scale="linear", reach=(0.5, 6),
)  # fmt: skip

stages = quantity(
    "stages", "K", "stages of equal conditional survival that a rare survival is split into",
    "stages", low=0, high=_INF, scale="log", reach=(1, 100),
)  # fmt: skip
hazard_per_stage = quantity(
    "hazard_per_stage", "x", "cumulative hazard of one stage: minus the logarithm of the share of "
    "sequences that survive it", "1", low=0, high=_INF, scale="log", reach=(0.01, 10),
)  # fmt: skip

standard_error = Formula(
    name="monte_carlo.standard_error",
    left=r"\sqrt{\operatorname{Var}\hat p}",
    expression=sp.sqrt(p * (1 - p) / replicates),
    arguments=(p, replicates),
    description="Standard error of a proportion among R independent replicates.",
    source=_HERE,
)

relative_standard_error = Formula(
    name="monte_carlo.relative_standard_error",
    left=r"\frac{\sqrt{\operatorname{Var}\hat p}}{p}",
    expression=sp.sqrt((1 - p) / (p * replicates)),
    arguments=(p, replicates),
    description="Relative standard error of a proportion: one over the root of the expected "
    "number of events, if these are rare.",
    source=_HERE,
)

replicates_needed = Formula(
    name="monte_carlo.replicates_needed",
    left="R",
    expression=(1 - p) / (p * relative_error**2),
    arguments=(p, relative_error),
    description="Replicates that bring the relative standard error of a proportion to eta.",
    source=_HERE,
)

splitting_variance = Formula(
    name="monte_carlo.splitting_variance",
    left=r"\frac{\operatorname{Var}\hat p}{p^2}",
    expression=(1 + (p ** (-1 / stages) - 1) / replicates) ** stages - 1,
    arguments=(p, stages, replicates),
    description="Squared relative error of a product of K proportions, each among R replicates "
    "of its own, that are all equal in the mean: splitting in K stages.",
    source=_HERE,
    stable=expm1(stages * log1p(expm1(-sp.log(p) / stages) / replicates)),
)

splitting_cost = Formula(
    name="monte_carlo.splitting_cost",
    left=r"\frac{KR\operatorname{Var}\hat p}{p^2\,(\ln p)^2}",
    expression=(sp.exp(hazard_per_stage) - 1) / hazard_per_stage**2,
    arguments=(hazard_per_stage,),
    description="Draws times squared relative error of splitting, for many replicates, over "
    "the square of the logarithm of p: what the length of a stage decides.",
    source="Rubino and Tuffin (2009), Rare event simulation using Monte Carlo methods, ch. 3",
    stable=expm1(hazard_per_stage) / hazard_per_stage**2,
)

none_seen = Formula(
    name="monte_carlo.none_seen",
    left=r"p_{\max}",
    expression=1 - miss_probability ** (1 / replicates),
    arguments=(replicates, miss_probability),
    description="Upper limit of a probability after R replicates without a single event: the "
    "largest p for which none is seen with probability delta.",
    source="Clopper and Pearson (1934), for no event",
    stable=-expm1(sp.log(miss_probability) / replicates),
)

none_seen_bound = Formula(
    name="monte_carlo.none_seen_bound",
    left=r"p_{\max}\le",
    expression=-sp.log(miss_probability) / replicates,
    arguments=(replicates, miss_probability),
    description="Simple bound of that limit; with delta = 0.05 it is the rule of three, 3/R.",
    source="Hanley and Lippman-Hand (1983), JAMA 249, 1743",
)

_shrunk = (observed_rate + normal_quantile**2 / (2 * replicates)) / (
    1 + normal_quantile**2 / replicates
)
_half = (
    normal_quantile
    / (1 + normal_quantile**2 / replicates)
    * sp.sqrt(
        observed_rate * (1 - observed_rate) / replicates
        + normal_quantile**2 / (4 * replicates**2)
    )
)  # fmt: skip
_WILSON = "Wilson (1927), JASA 22, 209"

wilson_upper = Formula(
    name="monte_carlo.wilson_upper",
    left=r"p_{+}",
    expression=_shrunk + _half,
    arguments=(observed_rate, replicates, normal_quantile),
    description="Upper end of Wilson's interval: the larger p that lies z of its own standard "
    "errors from the observed proportion.",
    source=_WILSON,
)

wilson_lower = Formula(
    name="monte_carlo.wilson_lower",
    left=r"p_{-}",
    expression=_shrunk - _half,
    arguments=(observed_rate, replicates, normal_quantile),
    description="Lower end of Wilson's interval.",
    source=_WILSON,
    # The product of the ends is the square of the proportion over 1 + z^2/R: no cancellation.
    stable=observed_rate**2 / (1 + normal_quantile**2 / replicates) / (_shrunk + _half),
)

_x = frailty_variance * cumulative_hazard
_log_survival = -log1p(_x) / frailty_variance
_spread = log1p(_x**2 / (1 + 2 * _x)) / frailty_variance

conditional_ratio = Formula(
    name="monte_carlo.conditional_ratio",
    left=r"\frac{\operatorname{Var}\,\mathbb{E}[Y\mid Z]}{\operatorname{Var}\,Y}",
    expression=(
        (1 + 2 * _x) ** (-1 / frailty_variance) - (1 + _x) ** (-2 / frailty_variance)
    )
    / (
        (1 + _x) ** (-1 / frailty_variance)
        - (1 + _x) ** (-2 / frailty_variance)
    ),
    arguments=(cumulative_hazard, frailty_variance),
    description="Variance of the conditional survival over that of the event itself, under "
    "gamma frailty: what averaging probabilities instead of counting events leaves.",
    source=_HERE,
    stable=sp.exp(_log_survival) * expm1(_spread) / -expm1(_log_survival),
)  # fmt: skip

power = Formula(
    name="monte_carlo.power",
    left=r"P(\text{rejected})",
    expression=sp.erfc(
        (
            normal_quantile
            - relative_error * sp.sqrt(p * replicates / (1 - p))
        )
        / sp.sqrt(2)
    )
    / 2,
    arguments=(p, relative_error, replicates, normal_quantile),
    description="Probability that a sampler whose p is wrong by the relative error eta is "
    "rejected at z standard errors (normal approximation, one side).",
    source=_HERE,
)  # fmt: skip
