r"""Pass@k: its unbiased estimator, the bias of the plug-in rule, variances, imperfect verifiers.

A problem is attempted $n$ times with $c$ successes; its success probability is $p$. Pass@k is
$1-(1-p)^k$, averaged over problems.
"""

import sympy as sp

from ._formula import Formula
from ._functions import expm1, log1p, log_beta_ratio
from ._symbols import k, quantity
from ._symbols import success_rate as p

_INF = float("inf")
_HERE = "derived in the chapter on pass@k"

attempts_made = quantity(
    "attempts_made", r"n_{\mathrm{a}}", "attempts that were made at one problem",
    "attempts", low=0, high=_INF, scale="log", reach=(1e6, 1e8),
)  # fmt: skip
successes_seen = quantity(
    "successes_seen", "c", "successes among the attempts that were made at one problem",
    "attempts", low=0, high=_INF, scale="log", reach=(1, 1e5),
)  # fmt: skip
false_positive = quantity(
    "false_positive", r"\varphi", "probability that a verifier accepts a wrong answer",
    "1", low=0, high=1, scale="logit", reach=(1e-4, 1 - 1e-4),
)  # fmt: skip
true_positive = quantity(
    "true_positive", r"\tau", "probability that a verifier accepts a right answer",
    "1", low=0, high=1, scale="logit", reach=(1e-2, 1 - 1e-4),
)  # fmt: skip
wrong_cost = quantity(
    "wrong_cost", r"\omega", "loss from handing in a wrong answer, in units of the gain from a "
    "right one", "1", low=0, high=_INF, scale="log", reach=(1e-2, 1e2),
)  # fmt: skip

# -- the estimator --------------------------------------------------------------------------

unbiased = Formula(
    name="pass_at_k.unbiased",
    left=r"\widehat{\mathrm{pass}}@k",
    expression=1
    - sp.gamma(attempts_made - successes_seen + 1)
    * sp.gamma(attempts_made - k + 1)
    / (sp.gamma(attempts_made - successes_seen - k + 1) * sp.gamma(attempts_made + 1)),
    arguments=(successes_seen, attempts_made, k),
    description="Unbiased estimate of pass@k of one problem, for k up to the attempts less the "
    "successes: one minus C(n-c, k) / C(n, k), which is one minus a ratio of beta functions.",
    source="Chen et al. (2021), arXiv 2107.03374",
    stable=-expm1(log_beta_ratio(successes_seen, attempts_made - successes_seen - k + 1, k)),
)

plug_in_bias = Formula(
    name="pass_at_k.plug_in_bias",
    left=r"\mathbb{E}\big[1-(1-c/n_{\mathrm{a}})^k\big]-\mathrm{pass}@k\approx",
    expression=-k * (k - 1) / (2 * attempts_made) * p * (1 - p) ** (k - 1),
    arguments=(p, attempts_made, k),
    description="Leading bias of the rule that puts c/n in place of p; exact for k = 2.",
    source=_HERE,
    stable=-k * (k - 1) / (2 * attempts_made) * p * sp.exp((k - 1) * log1p(-p)),
)

noise_variance = Formula(
    name="pass_at_k.noise_variance",
    left=r"\operatorname{Var}\approx",
    expression=k**2 / attempts_made * p * (1 - p) ** (2 * k - 1),
    arguments=(p, attempts_made, k),
    description="Leading variance of the unbiased estimate of one problem over its attempts: "
    "largest at p = 1/(2k).",
    source="delta method; Kazdan et al. (2025), arXiv 2510.05197, for its use in allocation",
    stable=k**2 / attempts_made * p * sp.exp((2 * k - 1) * log1p(-p)),
)

block_bound = Formula(
    name="pass_at_k.block_bound",
    left=r"\operatorname{Var}\le",
    expression=k / attempts_made * (1 - p) ** k * (1 - (1 - p) ** k),
    arguments=(p, attempts_made, k),
    description="Upper bound of the variance: k/n times that of one block of k attempts.",
    source="Hoeffding (1948), Ann. Math. Stat. 19, 293, for U-statistics",
    stable=-k / attempts_made * sp.exp(k * log1p(-p)) * expm1(k * log1p(-p)),
)

# -- imperfect verifiers --------------------------------------------------------------------

_accept = p * true_positive + (1 - p) * false_positive

verifier_cap = Formula(
    name="pass_at_k.verifier_cap",
    left=r"P(\text{right}\mid\text{accepted})",
    expression=p * true_positive / _accept,
    arguments=(p, true_positive, false_positive),
    description="Probability that an accepted answer to one problem is right, however many "
    "attempts it took: what best-of-k tends to.",
    source="Bayes' rule",
)

verified = Formula(
    name="pass_at_k.verified",
    left=r"P(\text{right})",
    expression=p * true_positive / _accept * (1 - (1 - _accept) ** k),
    arguments=(p, true_positive, false_positive, k),
    description="Probability that the first accepted of k attempts exists and is right.",
    source=_HERE,
    stable=-p * true_positive / _accept * expm1(k * log1p(-_accept)),
)

marginal_value = Formula(
    name="pass_at_k.marginal_value",
    left=r"V(k+1)-V(k)",
    expression=(p * true_positive - wrong_cost * (1 - p) * false_positive) * (1 - _accept) ** k,
    arguments=(p, true_positive, false_positive, wrong_cost, k),
    description="What one more attempt adds to the expected value of one problem, if a right "
    "answer gains 1 and a wrong one loses omega.",
    source=_HERE,
    stable=(p * true_positive - wrong_cost * (1 - p) * false_positive)
    * sp.exp(k * log1p(-_accept)),
)  # fmt: skip
