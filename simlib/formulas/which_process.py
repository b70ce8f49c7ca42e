r"""Which process made the runs: what one curve cannot tell, what repeats and more runs can.

$\Lambda$ is the cumulative hazard of an item of frailty 1; two runs of one item share its frailty.
"""

import sympy as sp

from ._formula import Formula
from ._functions import log1p
from ._symbols import error_rate, n, quantity
from .heavy_tailed import cumulative_hazard, frailty_variance, unit_hazard

_INF = float("inf")
_CLAYTON = "Clayton (1978), Biometrika 65, 141"

other_hazard = quantity(
    "other_hazard", r"\Lambda'", "cumulative hazard of a second run of the same item",
    "1", low=0, high=_INF, scale="log", reach=(1e-6, 1e3), low_included=True,
)  # fmt: skip
other_rate = quantity(
    "other_rate", "e'", "error rate of the process that is to be told apart",
    "1 per token", low=0, high=1, scale="logit", reach=(1e-6, 0.99),
)  # fmt: skip
divergence = quantity(
    "divergence", "D", "Kullback-Leibler divergence per run",
    "nats", low=0, high=_INF, scale="log", reach=(1e-6, 1e2),
)  # fmt: skip
ratio_spread = quantity(
    "ratio_spread", r"\sigma", "standard deviation of the log-likelihood ratio of a run",
    "nats", low=0, high=_INF, scale="log", reach=(1e-6, 1e2),
)  # fmt: skip
quantiles = quantity(
    "quantiles", "z", "sum of the normal quantiles of level and power",
    "1", low=0, high=_INF, scale="log", reach=(1e-1, 1e1),
)  # fmt: skip

imitating_hazard = Formula(
    name="which_process.imitating_hazard",
    left="h(n)",
    expression=unit_hazard / (1 + frailty_variance * unit_hazard * n),
    arguments=(n, unit_hazard, frailty_variance),
    description="Hazard that falls alike in every run and has the marginal law of a constant "
    "hazard with gamma frailty.",
    source="derived: minus the slope of the logarithm of the gamma frailty formula",
)

joint_gamma = Formula(
    name="which_process.joint_gamma",
    left="P(N>n,N'>n')",
    expression=(1 + frailty_variance * (cumulative_hazard + other_hazard))
    ** (-1 / frailty_variance),
    arguments=(cumulative_hazard, other_hazard, frailty_variance),
    description="Two runs of an item with gamma frailty are both free of errors.",
    source=_CLAYTON,
    stable=sp.exp(-log1p(frailty_variance * (cumulative_hazard + other_hazard)) / frailty_variance),
)

both_against_chance = Formula(
    name="which_process.both_against_chance",
    left=r"\frac{P(N>n,N'>n)}{S(n)^2}",
    expression=((1 + frailty_variance * cumulative_hazard) ** 2) ** (1 / frailty_variance)
    / (1 + 2 * frailty_variance * cumulative_hazard) ** (1 / frailty_variance),
    arguments=(cumulative_hazard, frailty_variance),
    description="How much likelier two runs of one item are both free of errors than two runs "
    "of different items.",
    source="derived from the joint law",
    stable=sp.exp(
        (
            2 * log1p(frailty_variance * cumulative_hazard)
            - log1p(2 * frailty_variance * cumulative_hazard)
        )
        / frailty_variance
    ),
)

cross_ratio = Formula(
    name="which_process.cross_ratio",
    left=r"\frac{S\,\partial_{12}S}{\partial_1S\,\partial_2S}",
    expression=1 + frailty_variance,
    arguments=(frailty_variance,),
    description="Hazard of a run after its twin has failed, over the hazard while the twin goes "
    "on: constant under gamma frailty.",
    source=_CLAYTON,
)

uniform_divergence = Formula(
    name="which_process.uniform_divergence",
    left="D",
    expression=sp.log(error_rate / other_rate)
    + (1 / error_rate - 1) * sp.log((1 - error_rate) / (1 - other_rate)),
    arguments=(error_rate, other_rate),
    description="Divergence per uncut run between uniform errors of two rates.",
    source="derived: mean of the log-likelihood ratio of a geometric length",
)

runs_needed = Formula(
    name="which_process.runs_needed",
    left="m",
    expression=(quantiles * ratio_spread / divergence) ** 2,
    arguments=(quantiles, ratio_spread, divergence),
    description="Runs at which the mean log-likelihood ratio lies beyond its interval with the "
    "wanted power.",
    source="normal approximation; Vuong (1989), Econometrica 57, 307",
)
