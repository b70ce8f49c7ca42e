r"""How power laws of coverage appear, and when they do not.

The share of problems that $k$ attempts all fail is $I=\mathbb{E}\,(1-p)^k$ over the distribution
of success rates. Here are the distributions whose $I$ is not in `heavy_tailed`, the measures of a
power law on a finite window, and the populations that show what a power law does not prove. The
expressions at the end are hypergeometric or complex; `.subs(...).evalf()` evaluates them.
"""

import sympy as sp

from ._formula import Formula
from ._functions import expm1, log1p, log_beta
from ._symbols import k, n, quantity
from .heavy_tailed import all_fail, shape_a, shape_b, tail_exponent

_INF = float("inf")

rate_low = quantity(
    "rate_low", r"p_{\min}", "smallest success rate of a bounded distribution", "1 per attempt",
    low=0, high=1, scale="logit", reach=(1e-6, 0.4),
)  # fmt: skip
rate_high = quantity(
    "rate_high", r"p_{\max}", "largest success rate of a bounded distribution", "1 per attempt",
    low=0, high=1, scale="logit", reach=(0.45, 1 - 1e-4),
)  # fmt: skip
bernoulli_shape = quantity(
    "bernoulli_shape", r"\lambda_{\mathrm{cB}}", "parameter of a continuous Bernoulli "
    "distribution that prefers small rates", "1",
    low=0, high=0.5, scale="linear", reach=(0.01, 0.49),
)  # fmt: skip
all_fail_later = quantity(
    "all_fail_later", r"I'", "probability that all attempts fail, at the end of a window",
    "1", low=0, high=1, scale="logit", reach=(1e-6, 1 - 1e-6),
)  # fmt: skip
window = quantity(
    "window", "w", "attempts at the end of a window over those at its start",
    "1", low=1, high=_INF, scale="log", reach=(1.1, 1e3),
)  # fmt: skip
cut_multiple = quantity(
    "cut_multiple", "c_0", "success rate at which an integral is cut, times the attempts",
    "1", low=0, high=_INF, scale="log", reach=(1e-2, 50),
)  # fmt: skip
log_frequency = quantity(
    "log_frequency", r"\omega", "frequency of a wave in the logarithm of the success rate",
    "1", low=0, high=_INF, scale="log", reach=(1e-1, 20),
)  # fmt: skip
zipf_exponent = quantity(
    "zipf_exponent", r"\alpha_{\mathrm{Z}}", "Zipf exponent: the probability of the i-th most "
    "frequent kind falls like i^-(1+alpha)", "1",
    low=0, high=_INF, scale="log", reach=(1e-1, 1e1),
)  # fmt: skip
zipf_first = quantity(
    "zipf_first", r"\theta_1", "probability of the most frequent kind under Zipf's law", "1",
    low=0, high=1, scale="logit", reach=(1e-3, 0.9),
)  # fmt: skip
rate = sp.Symbol("p", positive=True)  # integration variable

_MONKEYS = "Schaeffer et al. (2025), arXiv 2502.17578"

# -- distributions of the success rate --------------------------------------------------------

uniform_mixture = Formula(
    name="power_laws.uniform_mixture",
    left=r"\mathbb{E}\,(1-p)^k",
    expression=(1 - (1 - rate_high) ** (k + 1)) / (rate_high * (k + 1)),
    arguments=(k, rate_high),
    description="Probability that k attempts all fail when success rates are uniform from 0 to "
    "the largest one: a power law with exponent 1.",
    source=f"{_MONKEYS}, appendix E, with all terms",
    stable=-expm1((k + 1) * log1p(-rate_high)) / (rate_high * (k + 1)),
)

uniform_band = Formula(
    name="power_laws.uniform_band",
    left=r"\mathbb{E}\,(1-p)^k",
    expression=((1 - rate_low) ** (k + 1) - (1 - rate_high) ** (k + 1))
    / ((rate_high - rate_low) * (k + 1)),
    arguments=(k, rate_low, rate_high),
    description="Probability that k attempts all fail when success rates are uniform on a band "
    "away from 0: exponential.",
    source=f"{_MONKEYS}, appendix E, with all terms",
    stable=-sp.exp((k + 1) * log1p(-rate_low))
    * expm1((k + 1) * (log1p(-rate_high) - log1p(-rate_low)))
    / ((rate_high - rate_low) * (k + 1)),
)

uniform_band_leading = Formula(
    name="power_laws.uniform_band_leading",
    left=r"\mathbb{E}\,(1-p)^k\sim",
    expression=(1 - rate_low) ** (k + 1) / ((rate_high - rate_low) * (k + 1)),
    arguments=(k, rate_low, rate_high),
    description="Leading term of the uniform band for many attempts.",
    source=f"{_MONKEYS}, appendix E",
    stable=sp.exp((k + 1) * log1p(-rate_low)) / ((rate_high - rate_low) * (k + 1)),
)

_normaliser = sp.log((1 - bernoulli_shape) / bernoulli_shape) / (1 - 2 * bernoulli_shape)

continuous_bernoulli_leading = Formula(
    name="power_laws.continuous_bernoulli_leading",
    left=r"\mathbb{E}\,(1-p)^k\sim",
    expression=_normaliser * (1 - bernoulli_shape) / k,
    arguments=(k, bernoulli_shape),
    description="Leading term for continuous Bernoulli success rates: the density at 0 over k.",
    source=f"{_MONKEYS}, appendix E",
)

continuous_bernoulli_shifted = Formula(
    name="power_laws.continuous_bernoulli_shifted",
    left=r"\mathbb{E}\,(1-p)^k\approx",
    expression=_normaliser
    * (1 - bernoulli_shape)
    / (k + sp.log((1 - bernoulli_shape) / bernoulli_shape)),
    arguments=(k, bernoulli_shape),
    description="The same with the decay of the density: the law 1/k needs k far above the "
    "logarithm of the odds.",
    source="derived: (1-p)^k = exp(-kp) where p is small",
)

reciprocal_leading = Formula(
    name="power_laws.reciprocal_leading",
    left=r"\mathbb{E}\,(1-p)^k\sim",
    expression=(1 - rate_low) ** (k + 1) / (rate_low * sp.log(rate_high / rate_low) * k),
    arguments=(k, rate_low, rate_high),
    description="Leading term when the density of the rate is proportional to 1/p on a band away "
    "from 0: exponential.",
    source=f"{_MONKEYS}, appendix E, with its constant",
    stable=sp.exp((k + 1) * log1p(-rate_low))
    / (rate_low * (sp.log(rate_high) - sp.log(rate_low)) * k),
)

reciprocal_growth = Formula(
    name="power_laws.reciprocal_growth",
    left=r"1-\mathbb{E}\,(1-p)^k\approx",
    expression=(sp.log(k * rate_high) + sp.EulerGamma) / sp.log(rate_high / rate_low),
    arguments=(k, rate_low, rate_high),
    description="Coverage for the same density while k lies far between the inverses of the two "
    "rates: it grows like the logarithm of the attempts.",
    source="derived: exponential integral at small and large argument",
)

beta_next = Formula(
    name="power_laws.beta_next",
    left=r"\frac{\mathbb{E}\,(1-p)^k}{\text{leading term}}-1\sim",
    expression=-shape_a * (shape_a + 2 * shape_b - 1) / (2 * k),
    arguments=(k, shape_a, shape_b),
    description="Relative error of the leading power law of the beta mixture.",
    source="derived: Stirling's series for a ratio of gamma functions",
)

# -- what one sees on a finite window ---------------------------------------------------------

minus_log_pass = Formula(
    name="power_laws.minus_log_pass",
    left=r"-\ln\mathrm{pass}@k",
    expression=-sp.log(1 - all_fail),
    arguments=(all_fail,),
    description="The quantity that the literature on coverage plots, from the share of unsolved "
    "problems.",
    source=f"{_MONKEYS}, section 2",
    stable=-log1p(-all_fail),
)

window_exponent = Formula(
    name="power_laws.window_exponent",
    left="b_w",
    expression=sp.log(all_fail / all_fail_later) / sp.log(window),
    arguments=(all_fail, all_fail_later, window),
    description="Exponent of the share of unsolved problems between k and wk attempts.",
    source="slope of the chord on double logarithmic axes",
    stable=(sp.log(all_fail) - sp.log(all_fail_later)) / sp.log(window),
)

window_exponent_log = Formula(
    name="power_laws.window_exponent_log",
    left=r"b_w^{\ln}",
    expression=(sp.log(-sp.log(1 - all_fail)) - sp.log(-sp.log(1 - all_fail_later)))
    / sp.log(window),
    arguments=(all_fail, all_fail_later, window),
    description="Exponent of -ln pass@k between k and wk attempts.",
    source="slope of the chord on double logarithmic axes",
    stable=(sp.log(-log1p(-all_fail)) - sp.log(-log1p(-all_fail_later))) / sp.log(window),
)

cut_share = Formula(
    name="power_laws.cut_share",
    left=r"Q(b,c_0)",
    expression=sp.uppergamma(tail_exponent, cut_multiple) / sp.gamma(tail_exponent),
    arguments=(tail_exponent, cut_multiple),
    description="Share of the unsolved problems whose rate lies above c0/k, for a power-law "
    "density and large k: it does not depend on k.",
    source="derived: the incomplete Laplace integral of p^(b-1)",
)

# -- Zipf's law: a discrete distribution of rates ---------------------------------------------

zipf_leading = Formula(
    name="power_laws.zipf_leading",
    left=r"\sum_i\theta_i(1-\theta_i)^n\sim",
    expression=zipf_first ** (1 / (1 + zipf_exponent))
    / (1 + zipf_exponent)
    * sp.gamma(zipf_exponent / (1 + zipf_exponent))
    * n ** (-zipf_exponent / (1 + zipf_exponent)),
    arguments=(n, zipf_first, zipf_exponent),
    description="Probability that the next draw is of a kind not seen in n draws, under Zipf's "
    "law: a power law whose exponent stays below 1.",
    source="Hutter (2021), arXiv 2102.04074, with the constant derived by Watson's integral",
    stable=sp.exp(
        sp.loggamma(zipf_exponent / (1 + zipf_exponent))
        + (sp.log(zipf_first) - zipf_exponent * sp.log(n)) / (1 + zipf_exponent)
    )
    / (1 + zipf_exponent),
)

# -- exact forms that are not compiled: SymPy evaluates them at any precision ------------------

_odds = sp.log((1 - bernoulli_shape) / bernoulli_shape)


def _above(low: sp.Expr) -> sp.Expr:
    """The integral of (1-p)^k / p from `low` to 1."""
    return (1 - low) ** (k + 1) / (k + 1) * sp.hyper((1, k + 1), (k + 2,), 1 - low)


#: Share unsolved for continuous Bernoulli success rates.
continuous_bernoulli_all_fail = (
    _normaliser * (1 - bernoulli_shape) / (k + 1) * sp.hyper((1,), (k + 2,), -_odds)
)
#: Share unsolved when the density of the rate is proportional to 1/p between two rates.
reciprocal_all_fail = (_above(rate_low) - _above(rate_high)) / sp.log(rate_high / rate_low)
zipf_integral = sp.Integral(
    zipf_first ** (1 / (1 + zipf_exponent))
    / (1 + zipf_exponent)
    * rate ** (-1 / (1 + zipf_exponent))
    * sp.exp(-n * rate),
    (rate, 0, sp.oo),
)


def kumaraswamy_sum(beta: int) -> sp.Expr:
    r"""$\mathbb{E}\,(1-p)^k$ for Kumaraswamy success rates with an integer second shape.

    $$\alpha\beta\sum_{j=0}^{\beta-1}(-1)^j\binom{\beta-1}{j}B\big(\alpha(j+1),k+1\big)$$

    Parameters
    ----------
    beta
        Second shape parameter, a positive integer. The terms alternate: beyond about 20 use
        `simlib.mixing.Kumaraswamy`.

    Returns
    -------
    sympy.Expr
        In the symbols `k` and `shape_a`; `to_jax` compiles it.

    Raises
    ------
    ValueError
        If `beta` is not a positive integer.

    Examples
    --------
    >>> round(float(kumaraswamy_sum(5).subs({shape_a: 0.3, k: 10}).evalf()), 6)
    0.908137
    """
    if beta != int(beta) or beta < 1:
        raise ValueError(f"beta must be a positive integer, got {beta}; else use sl.Kumaraswamy.")
    terms = (
        (-1) ** j * sp.binomial(beta - 1, j) * sp.exp(log_beta(shape_a * (j + 1), k + 1))
        for j in range(beta)
    )
    return shape_a * beta * sp.Add(*terms)


def oscillating_part(attempts: sp.Expr = k) -> sp.Expr:
    r"""$\int_0^\infty x^{b-1}\sin(1/x)\,e^{-kx}\,\mathrm dx=
    2\operatorname{Im}\{(-\mathrm i/k)^{b/2}K_b(2\sqrt{-\mathrm ik})\}$.

    Of order $e^{-\sqrt{2k}}$: the transform forgets the wave faster than any power of $k$.

    Parameters
    ----------
    attempts
        What stands for $k>0$.
    """
    wave = (-sp.I / attempts) ** (tail_exponent / 2)
    return 2 * sp.im(wave * sp.besselk(tail_exponent, 2 * sp.sqrt(-sp.I * attempts)))


_mass = 2 * sp.gamma(tail_exponent) + oscillating_part(sp.Integer(1))

#: Share unsolved after k attempts when the hazard X has the density proportional to
#: x^(b-1) (2 + sin(1/x)) e^(-x): exact, because the factor e^(-x) shifts k by 1.
oscillating_all_fail = (
    2 * sp.gamma(tail_exponent) * (k + 1) ** (-tail_exponent) + oscillating_part(k + 1)
) / _mass
#: Density of the success rate of that population; its ratio to p^(b-1) has no limit at 0.
oscillating_density = (
    (-sp.log(1 - rate)) ** (tail_exponent - 1) * (2 - sp.sin(1 / sp.log(1 - rate))) / _mass
)
#: How much of a wave in the logarithm of the rate the curve of coverage keeps: if the distribution
#: function is p^b (1 + epsilon cos(omega ln p)), the share unsolved waves by epsilon times this.
log_periodic_damping = sp.Abs(sp.gamma(tail_exponent + 1 + sp.I * log_frequency)) / sp.gamma(
    tail_exponent + 1
)
