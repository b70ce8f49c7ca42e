r"""Errors that breed errors: the hazard of a step rises with the errors made before it.

Lengths and steps are whole numbers here. A step is wrong with probability $1-e^{-h}$, where the
hazard $h$ is that of a clean history plus a part for the past errors: so much per error (their
*count*), or so much times their *share* of all steps before.
"""

import sympy as sp

from ._formula import Formula
from ._functions import expm1, log1p
from ._symbols import error_rate, n, quantity
from .heavy_tailed import shape_a, shape_b

_INF = float("inf")
_HERE = "derived in the chapter on self-conditioning"

feedback = quantity(
    "feedback", r"\gamma", "hazard added per past error (count) or times the share of past errors",
    "1", low=0, high=_INF, scale="log", reach=(1e-4, 5), low_included=True,
)  # fmt: skip
past_errors = quantity(
    "past_errors", "j", "number of wrong steps so far",
    "steps", low=0, high=_INF, scale="log", reach=(1, 1e4), low_included=True,
)  # fmt: skip
error_share = quantity(
    "error_share", "x", "share of wrong steps among those so far",
    "1", low=0, high=1, scale="linear", reach=(1e-3, 0.999),
)  # fmt: skip

right_steps = quantity(
    "right_steps", "r", "number of right steps so far",
    "steps", low=0, high=_INF, scale="log", reach=(1, 1e4),
)  # fmt: skip
base_odds = quantity(
    "base_odds", r"o_1", "odds of a right step after one right and one wrong step",
    "1", low=0, high=_INF, scale="log", reach=(1e-3, 1e3),
)  # fmt: skip
worth = quantity(
    "worth", r"\beta_r", "exponent of the right steps so far in the odds of the next",
    "1", low=-_INF, high=_INF, scale="linear", reach=(-1, 2),
)  # fmt: skip
cost = quantity(
    "cost", r"\beta_w", "exponent of the wrong steps so far in the odds of the next, negative",
    "1", low=-_INF, high=_INF, scale="linear", reach=(-1, 2),
)  # fmt: skip

_clean = -sp.log(1 - error_rate)
_clean_stable = -log1p(-error_rate)

count_error = Formula(
    name="self_conditioning.count_error",
    left=r"P(\text{wrong}\mid j)",
    expression=1 - sp.exp(-(_clean + feedback * past_errors)),
    arguments=(error_rate, feedback, past_errors),
    description="Probability that a step is wrong after j past errors, each of which adds hazard.",
    source=_HERE,
    stable=-expm1(-(_clean_stable + feedback * past_errors)),
)

share_error = Formula(
    name="self_conditioning.share_error",
    left=r"P(\text{wrong}\mid x)",
    expression=1 - sp.exp(-(_clean + feedback * error_share)),
    arguments=(error_rate, feedback, error_share),
    description="Probability that a step is wrong when a share x of the steps before it was wrong.",
    source="a form of the simulation suggested by Sinha et al. (2025), arXiv 2509.09677",
    stable=-expm1(-(_clean_stable + feedback * error_share)),
)

share_drift = Formula(
    name="self_conditioning.share_drift",
    left=r"\frac{\mathrm dx}{\mathrm d\ln n}",
    expression=1 - sp.exp(-(_clean + feedback * error_share)) - error_share,
    arguments=(error_rate, feedback, error_share),
    description="How the share of errors moves with the logarithm of the length, on average; "
    "its root is the share at which it comes to rest.",
    source=_HERE,
)

count_bound = Formula(
    name="self_conditioning.count_bound",
    left=r"\mathbb{E}[J_n]\le",
    expression=_clean / feedback * ((1 + feedback) ** n - 1),
    arguments=(n, error_rate, feedback),
    description="Bound of the mean number of errors when each of them adds hazard: it is nearly "
    "reached as long as hazards are small.",
    source=_HERE,
    stable=_clean_stable / feedback * expm1(n * log1p(feedback)),
)

share_slope = Formula(
    name="self_conditioning.share_slope",
    left=r"\frac{\mathbb{E}[J_n]}{n}\to",
    expression=_clean / (1 - feedback),
    arguments=(error_rate, feedback),
    description="Share of errors in the long run under dependence on the share, for small rates "
    "and a feedback below one.",
    source=_HERE,
    stable=_clean_stable / (1 - feedback),
)

urn_error = Formula(
    name="self_conditioning.urn_error",
    left=r"P(\text{wrong}\mid j\text{ of }n)",
    expression=(shape_a + past_errors) / (shape_a + shape_b + n),
    arguments=(n, shape_a, shape_b, past_errors),
    description="Probability that the step after n is wrong if j of these n were, for items with "
    "beta-distributed error rates and no feedback; equally, Pólya's urn, in which errors breed "
    "errors.",
    source="Pólya's urn (Eggenberger and Pólya 1923); derived in the chapter on self-conditioning",
)

next_odds = Formula(
    name="self_conditioning.next_odds",
    left=r"\frac{P(\text{right})}{P(\text{wrong})}",
    expression=base_odds * right_steps**worth / past_errors**cost,
    arguments=(base_odds, right_steps, past_errors, worth, cost),
    description="Odds of the next right step after r right and w wrong ones, as powers of both: "
    "equal exponents depend on the share of errors alone, a worth of zero on their number alone.",
    source="a model of this book, fitted by simlib.fit.history_odds",
)
