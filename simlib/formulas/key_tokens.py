r"""Errors concentrated on key tokens, and non-key errors that may grow rarer.

Two clocks run through an output of $n$ tokens: the number of key tokens $k(n)$, each wrong with
probability $e_{\mathrm{key}}$, and the number of other tokens $m=n-k(n)$, whose errors have the
cumulative hazard $\Lambda_{\mathrm{non}}(m)$.
"""

import sympy as sp

from ._formula import Formula
from ._functions import expm1, exprel, log1p, log1pmx
from ._symbols import n, quantity, reliability

_INF = float("inf")
_ARBUZOV = "Arbuzov et al. (2025), arXiv 2505.24187"

key_error_rate = quantity(
    "key_error_rate", r"e_{\mathrm{key}}", "probability that a key token is wrong",
    "1 per key token", low=0, high=1, scale="logit", reach=(1e-9, 1 - 1e-6),
)  # fmt: skip
non_key_error_rate = quantity(
    "non_key_error_rate", r"e_{\mathrm{non}}", "probability that a token that is not key is wrong",
    "1 per token", low=0, high=1, scale="logit", reach=(1e-9, 1 - 1e-6), low_included=True,
)  # fmt: skip
key_count = quantity(
    "key_count", "k(n)", "number of key tokens among the first n tokens",
    "key tokens", low=0, high=_INF, scale="log", reach=(1e-1, 1e6), low_included=True,
)  # fmt: skip
non_key_count = quantity(
    "non_key_count", "m", "number of tokens among the first n that are not key",
    "tokens", low=0, high=_INF, scale="log", reach=(1e-1, 1e7), low_included=True,
)  # fmt: skip
non_key_cumulative_hazard = quantity(
    "non_key_cumulative_hazard", r"\Lambda_{\mathrm{non}}", "cumulative hazard of non-key errors",
    "1", low=0, high=_INF, scale="log", reach=(1e-9, 1e3), low_included=True,
)  # fmt: skip
key_share = quantity(
    "key_share", r"\phi", "share of tokens that are key",
    "1", low=0, high=1, scale="logit", reach=(1e-4, 1 - 1e-4),
)  # fmt: skip
key_coefficient = quantity(
    "key_coefficient", "c", "coefficient of the growth of the number of key tokens",
    "key tokens", low=0, high=_INF, scale="log", reach=(1e-2, 1e2),
)  # fmt: skip
key_exponent = quantity(
    "key_exponent", "a", "exponent of the growth of the number of key tokens",
    "1", low=0, high=_INF, scale="log", reach=(0.1, 1.5),
)  # fmt: skip
key_limit = quantity(
    "key_limit", r"k_{\max}", "number of key tokens of an endless output",
    "key tokens", low=0, high=_INF, scale="log", reach=(1e-1, 1e4),
)  # fmt: skip
key_scale = quantity(
    "key_scale", r"\tau", "length over which the number of key tokens saturates",
    "tokens", low=0, high=_INF, scale="log", reach=(1, 1e5),
)  # fmt: skip
decay_coefficient = quantity(
    "decay_coefficient", "h_0", "hazard of the first non-key token",
    "1 per token", low=0, high=_INF, scale="log", reach=(1e-6, 1),
)  # fmt: skip
decay_exponent = quantity(
    "decay_exponent", r"\gamma", "exponent with which the non-key hazard decays",
    "1", low=0, high=_INF, scale="log", reach=(0.1, 3), low_included=True,
)  # fmt: skip

# -- the law --------------------------------------------------------------------------------

log_survival = Formula(
    name="key_tokens.log_survival",
    left=r"\ln S(n)",
    expression=key_count * sp.log(1 - key_error_rate) - non_key_cumulative_hazard,
    arguments=(key_count, key_error_rate, non_key_cumulative_hazard),
    description="Log-probability of no error: key tokens and the others on separate clocks.",
    source=f"{_ARBUZOV}, formula for two token types, with a general non-key hazard",
    stable=key_count * log1p(-key_error_rate) - non_key_cumulative_hazard,
)

two_rates = Formula(
    name="key_tokens.two_rates",
    left="S(n)",
    expression=(1 - key_error_rate) ** key_count * (1 - non_key_error_rate) ** (n - key_count),
    arguments=(n, key_count, key_error_rate, non_key_error_rate),
    description="Survival with one constant error rate for key tokens and one for the others.",
    source=f"{_ARBUZOV}, formula for two token types",
    stable=sp.exp(
        key_count * log1p(-key_error_rate) + (n - key_count) * log1p(-non_key_error_rate)
    ),
)

union_bound = Formula(
    name="key_tokens.union_bound",
    left=r"\overline{P}_{\mathrm{key}}",
    expression=key_count * key_error_rate,
    arguments=(key_count, key_error_rate),
    description="Upper bound on the probability of a key error under any dependence.",
    source=f"{_ARBUZOV}, union bound (Boole's inequality)",
)

# -- how many key tokens --------------------------------------------------------------------

linear_count = Formula(
    name="key_tokens.linear_count",
    left="k(n)",
    expression=key_share * n,
    arguments=(n, key_share),
    description="A fixed share of the tokens is key.",
    source=f"{_ARBUZOV}, the shares it quotes",
)

power_count = Formula(
    name="key_tokens.power_count",
    left="k(n)",
    expression=key_coefficient * n**key_exponent,
    arguments=(n, key_coefficient, key_exponent),
    description="The number of key tokens grows as a power of the length.",
    source=_ARBUZOV,
)

power_full_length = Formula(
    name="key_tokens.power_full_length",
    left="n_1",
    expression=(key_coefficient * key_exponent) ** (1 / (1 - key_exponent)),
    arguments=(key_coefficient, key_exponent),
    description="Length at which power growth adds exactly one key token per token.",
    source="derived: the slope of the power growth equals 1",
    stable=sp.exp(sp.log(key_coefficient * key_exponent) / (1 - key_exponent)),
)

logarithmic_count = Formula(
    name="key_tokens.logarithmic_count",
    left="k(n)",
    expression=key_coefficient * sp.log(n),
    arguments=(n, key_coefficient),
    description="The number of key tokens grows with the logarithm of the length (n >= 1).",
    source=_ARBUZOV,
)

saturating_count = Formula(
    name="key_tokens.saturating_count",
    left="k(n)",
    expression=key_limit * (1 - sp.exp(-n / key_scale)),
    arguments=(n, key_limit, key_scale),
    description="The number of key tokens approaches a limit.",
    source=f"{_ARBUZOV} for the limit; the exponential approach is ours",
    # Not through exprel(x): the derivative of x exprel(x) cancels on the plateau.
    stable=-key_limit * expm1(-n / key_scale),
)

# -- errors of the other tokens -------------------------------------------------------------

non_key_constant = Formula(
    name="key_tokens.non_key_constant",
    left=r"\Lambda_{\mathrm{non}}(m)",
    expression=-non_key_count * sp.log(1 - non_key_error_rate),
    arguments=(non_key_count, non_key_error_rate),
    description="Cumulative hazard of non-key errors of a constant rate.",
    source=_ARBUZOV,
    stable=-non_key_count * log1p(-non_key_error_rate),
)

_grown = log1p(non_key_count)
non_key_decaying = Formula(
    name="key_tokens.non_key_decaying",
    left=r"\Lambda_{\mathrm{non}}(m)",
    expression=decay_coefficient
    * ((1 + non_key_count) ** (1 - decay_exponent) - 1)
    / (1 - decay_exponent),
    arguments=(non_key_count, decay_coefficient, decay_exponent),
    description="Cumulative hazard of non-key errors that decay as a power of their number.",
    source=r"derived: integral of h_0 (1+u)^{-gamma} over 0 < u < m; a logarithm at gamma = 1",
    stable=decay_coefficient * _grown * exprel((1 - decay_exponent) * _grown),
)

non_key_rate_allowed = Formula(
    name="key_tokens.non_key_rate_allowed",
    left=r"e_{\mathrm{non}}",
    expression=1 - reliability ** (1 / non_key_count),
    arguments=(reliability, non_key_count),
    description="Largest constant non-key error rate that m tokens survive with probability r.",
    source="derived in the chapter on key tokens",
    stable=-sp.log(reliability) / non_key_count * exprel(sp.log(reliability) / non_key_count),
)

# -- the three regimes (no non-key errors unless stated) ------------------------------------

linear_effective_rate = Formula(
    name="key_tokens.linear_effective_rate",
    left="e",
    expression=1 - (1 - key_error_rate) ** key_share * (1 - non_key_error_rate) ** (1 - key_share),
    arguments=(key_share, key_error_rate, non_key_error_rate),
    description="A fixed share of key tokens survives exactly like uniform errors of this rate.",
    source="derived in the chapter on key tokens",
    stable=-(key_share * log1p(-key_error_rate) + (1 - key_share) * log1p(-non_key_error_rate))
    * exprel(key_share * log1p(-key_error_rate) + (1 - key_share) * log1p(-non_key_error_rate)),
)

linear_survival = Formula(
    name="key_tokens.linear_survival",
    left="S(n)",
    expression=(1 - key_error_rate) ** (key_share * n),
    arguments=(n, key_share, key_error_rate),
    description="Fixed share of key tokens: exponential decay at a smaller rate.",
    source="derived in the chapter on key tokens",
    stable=sp.exp(key_share * n * log1p(-key_error_rate)),
)

power_survival = Formula(
    name="key_tokens.power_survival",
    left="S(n)",
    expression=(1 - key_error_rate) ** (key_coefficient * n**key_exponent),
    arguments=(n, key_coefficient, key_exponent, key_error_rate),
    description="Power growth: a stretched exponential, the Weibull law with shape a.",
    source=f"{_ARBUZOV}, completed with its constant",
    stable=sp.exp(key_coefficient * n**key_exponent * log1p(-key_error_rate)),
)

logarithmic_exponent = Formula(
    name="key_tokens.logarithmic_exponent",
    left=r"-\frac{\mathrm{d}\ln S}{\mathrm{d}\ln n}",
    expression=-key_coefficient * sp.log(1 - key_error_rate),
    arguments=(key_coefficient, key_error_rate),
    description="Exponent of the power law that logarithmic growth leads to.",
    source=f"{_ARBUZOV}, completed with its constant",
    stable=-key_coefficient * log1p(-key_error_rate),
)

logarithmic_survival = Formula(
    name="key_tokens.logarithmic_survival",
    left="S(n)",
    expression=n ** (key_coefficient * sp.log(1 - key_error_rate)),
    arguments=(n, key_coefficient, key_error_rate),
    description="Logarithmic growth: a power law, the Pareto law (n >= 1).",
    source=f"{_ARBUZOV}, completed with its constant",
    stable=sp.exp(key_coefficient * sp.log(n) * log1p(-key_error_rate)),
)

plateau = Formula(
    name="key_tokens.plateau",
    left=r"S(\infty)",
    expression=(1 - key_error_rate) ** key_limit,
    arguments=(key_limit, key_error_rate),
    description="Saturating growth: survival never falls below this plateau.",
    source=_ARBUZOV,
    stable=sp.exp(key_limit * log1p(-key_error_rate)),
)

# -- horizons -------------------------------------------------------------------------------

_key_tokens_allowed = sp.log(reliability) / log1p(-key_error_rate)

linear_horizon = Formula(
    name="key_tokens.linear_horizon",
    left="T_r",
    expression=sp.log(reliability)
    / (key_share * sp.log(1 - key_error_rate) + (1 - key_share) * sp.log(1 - non_key_error_rate)),
    arguments=(reliability, key_share, key_error_rate, non_key_error_rate),
    description="Length survived with probability r when a fixed share of tokens is key.",
    source="derived in the chapter on key tokens",
    stable=sp.log(reliability)
    / (key_share * log1p(-key_error_rate) + (1 - key_share) * log1p(-non_key_error_rate)),
)

power_horizon = Formula(
    name="key_tokens.power_horizon",
    left="T_r",
    expression=(sp.log(reliability) / (key_coefficient * sp.log(1 - key_error_rate)))
    ** (1 / key_exponent),
    arguments=(reliability, key_coefficient, key_exponent, key_error_rate),
    description="Length survived with probability r under power growth.",
    source="derived in the chapter on key tokens",
    stable=(_key_tokens_allowed / key_coefficient) ** (1 / key_exponent),
)

logarithmic_horizon = Formula(
    name="key_tokens.logarithmic_horizon",
    left="T_r",
    expression=reliability ** (1 / (key_coefficient * sp.log(1 - key_error_rate))),
    arguments=(reliability, key_coefficient, key_error_rate),
    description="Length survived with probability r under logarithmic growth.",
    source="derived in the chapter on key tokens",
    stable=sp.exp(_key_tokens_allowed / key_coefficient),
)

saturating_horizon = Formula(
    name="key_tokens.saturating_horizon",
    left="T_r",
    expression=-key_scale
    * sp.log(1 - sp.log(reliability) / (key_limit * sp.log(1 - key_error_rate))),
    arguments=(reliability, key_limit, key_scale, key_error_rate),
    description="Length survived with probability r above the plateau of saturating growth.",
    source="derived in the chapter on key tokens",
    stable=-key_scale * log1p(-_key_tokens_allowed / key_limit),
)

# -- concentration at equal mean ------------------------------------------------------------

mean_error_rate = Formula(
    name="key_tokens.mean_error_rate",
    left=r"\bar e",
    expression=key_share * key_error_rate + (1 - key_share) * non_key_error_rate,
    arguments=(key_share, key_error_rate, non_key_error_rate),
    description="Mean error rate over all tokens.",
    source="derived in the chapter on key tokens",
)

_mean = mean_error_rate.expression
_contrast = (non_key_error_rate - key_error_rate) / (1 - _mean)
concentration_gap = Formula(
    name="key_tokens.concentration_gap",
    left=r"\ln\frac{(1-\bar e)^n}{S(n)}",
    expression=n
    * (
        sp.log(1 - _mean)
        - key_share * sp.log(1 - key_error_rate)
        - (1 - key_share) * sp.log(1 - non_key_error_rate)
    ),
    arguments=(n, key_share, key_error_rate, non_key_error_rate),
    description="What concentration costs: log-survival of uniform errors of the same mean, minus "
    "that of concentrated ones; never negative (Jensen).",
    source="derived in the chapter on key tokens",
    # ln(1+x) - x is never positive: this form shows the sign, and nothing cancels in it.
    stable=-n
    * (
        key_share * log1pmx((1 - key_share) * _contrast)
        + (1 - key_share) * log1pmx(-key_share * _contrast)
    ),
)
