"""Evidence on sparse key tokens: proofs and simulation; answers are in `_key_tokens_answers`."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import sympy as sp
from jaxtyping import Array, Bool, Float, Key

from ... import simulate
from ..._estimate import Estimate
from ...formulas import error_rate, key_tokens, n, prove_equal, uniform
from ...processes import (
    AbstractErrorProcess,
    ConstantRate,
    DecayingRate,
    KeyTokens,
    LinearShare,
    LogarithmicGrowth,
    PowerGrowth,
    SaturatingGrowth,
)
from .._evidence import Evidence, evidence, symbolic
from .._finding import LEVEL, joint_level
from ._effects import difference, scaled, stacked

_REPLICATES = 1_000_000
_TOKEN_REPLICATES = 200_000


def _log_log_slope(
    process: AbstractErrorProcess,
    lengths: tuple[float, float],
    transform: Callable[[Float[Array, ""]], Float[Array, ""]],
    *,
    key: Key[Array, ""],
    level: float = LEVEL,
) -> Estimate:
    """Slope of `transform(S)` in ln n between two lengths, simulated independently."""
    start, end = (
        simulate.survival(process, jnp.array([length]), key=k, replicates=_REPLICATES)[0].map(
            transform
        )
        for length, k in zip(lengths, jax.random.split(key), strict=True)
    )
    return scaled(difference(end, start, level=level), 1 / np.log(lengths[1] / lengths[0]))


def _log_hazard(survival: Float[Array, ""]) -> Float[Array, ""]:
    """Logarithm of the cumulative hazard."""
    return jnp.log(-jnp.log(survival))


def _errors(
    rates: Float[np.ndarray, "tokens"], *, key: Key[Array, ""]
) -> Bool[np.ndarray, "replicates tokens"]:
    """Independent token errors, drawn one by one."""
    shape = (_TOKEN_REPLICATES, len(rates))
    return np.asarray(jax.random.uniform(key, shape) < jnp.asarray(rates))


def _as_length_only(count: sp.Expr) -> sp.Expr:
    """Log-survival for a growth law, other tokens faultless."""
    return key_tokens.log_survival.expression.subs(
        {key_tokens.key_count: count, key_tokens.non_key_cumulative_hazard: 0}
    )


# -- the law and its regimes ---------------------------------------------------------------


@evidence("key_tokens.two_rate_law", "derived")
def _two_rates_proof() -> Evidence:
    others = key_tokens.non_key_constant.expression.subs(
        key_tokens.non_key_count, n - key_tokens.key_count
    )
    law = sp.exp(
        key_tokens.log_survival.expression.subs(key_tokens.non_key_cumulative_hazard, others)
    )
    return Evidence(
        (key_tokens.two_rates.prove(), prove_equal(key_tokens.two_rates.expression, law)),
        note="Product of the probabilities that each token is right.",
    )


@evidence("key_tokens.two_rate_law", "simulated")
def _two_rates_simulated(*, key) -> Evidence:
    growth, key_rate, other_rate = PowerGrowth(1.0, 0.5), 0.1, 0.005
    count = np.floor(np.asarray(growth.count(jnp.arange(1.0, 101.0))))
    is_key = np.diff(count, prepend=0.0) > 0
    wrong = _errors(np.where(is_key, key_rate, other_rate), key=key)
    lengths = np.array([25, 50, 100])
    clean = np.array([(~wrong[:, :length].any(1)).sum() for length in lengths])
    formula = key_tokens.two_rates(lengths, count[lengths - 1], key_rate, other_rate)
    survival = Estimate.from_counts(clean, _TOKEN_REPLICATES, level=joint_level(len(lengths)))
    return Evidence(
        scaled(survival, 1 / np.asarray(formula)), note="At most ten key tokens among a hundred."
    )


@evidence("key_tokens.stretched_exponential", "derived")
def _weibull_proof() -> Evidence:
    log_survival = _as_length_only(key_tokens.power_count.expression)
    shape = sp.Symbol("s", positive=True)
    falling = sp.diff(-log_survival, n, 2).subs(
        {key_tokens.key_exponent: 1 / (1 + shape), key_tokens.key_error_rate: 1 - sp.exp(-shape)}
    )
    return Evidence(
        (
            prove_equal(log_survival, sp.log(key_tokens.power_survival.expression)),
            key_tokens.power_survival.prove(),
            symbolic(sp.simplify(falling).subs(n, sp.Symbol("n", positive=True)).is_negative),
        ),
        note="The last proof shows that the hazard falls for every exponent below one.",
    )


@evidence("key_tokens.stretched_exponential", "simulated")
def _weibull_simulated(*, key) -> Evidence:
    exponent = 0.5
    process = KeyTokens(0.01, PowerGrowth(3.0, exponent))
    slope = _log_log_slope(process, (100.0, 10_000.0), _log_hazard, key=key)
    return Evidence(scaled(slope, 1 / exponent), note="$c=3$, $a=1/2$, hundredfold length.")


@evidence("key_tokens.power_law", "derived")
def _pareto_proof() -> Evidence:
    log_survival = _as_length_only(key_tokens.logarithmic_count.expression)
    slope = -n * sp.diff(log_survival, n)
    return Evidence(
        (
            prove_equal(log_survival, sp.log(key_tokens.logarithmic_survival.expression)),
            prove_equal(slope, key_tokens.logarithmic_exponent.expression),
            key_tokens.logarithmic_survival.prove(),
        )
    )


@evidence("key_tokens.power_law", "simulated")
def _pareto_simulated(*, key) -> Evidence:
    coefficient, rate = 10.0, 0.03
    process = KeyTokens(rate, LogarithmicGrowth(coefficient))
    slope = _log_log_slope(process, (100.0, 10_000.0), jnp.log, key=key)
    exponent = float(key_tokens.logarithmic_exponent(coefficient, rate))
    return Evidence(scaled(slope, -1 / exponent), note="$c=10$, hundredfold length.")


@evidence("key_tokens.plateau", "derived")
def _plateau_proof() -> Evidence:
    log_survival = _as_length_only(key_tokens.saturating_count.expression)
    limit = sp.limit(log_survival, n, sp.oo)
    return Evidence(
        (
            prove_equal(sp.exp(limit), key_tokens.plateau.expression),
            key_tokens.plateau.prove(),
        )
    )


@evidence("key_tokens.plateau", "simulated")
def _plateau_simulated(*, key) -> Evidence:
    limit, rate = 50.0, 0.01
    process = KeyTokens(rate, SaturatingGrowth(limit, 200.0))
    lengths = jnp.array([1e4, 1e6])
    survival = simulate.survival(
        process, lengths, key=key, replicates=_REPLICATES, level=joint_level(2)
    )
    return Evidence(
        scaled(survival, 1 / float(key_tokens.plateau(limit, rate))),
        note="Fifty and five thousand times the length over which key tokens saturate.",
    )


@evidence("key_tokens.fixed_share_is_exponential", "derived")
def _fixed_share_proof() -> Evidence:
    same = uniform.survival.expression.subs(error_rate, key_tokens.linear_effective_rate.expression)
    share = key_tokens.two_rates.expression.subs(
        key_tokens.key_count, key_tokens.linear_count.expression
    )
    return Evidence((prove_equal(share, same), key_tokens.linear_effective_rate.prove()))


@evidence("key_tokens.fixed_share_is_exponential", "simulated")
def _fixed_share_simulated(*, key) -> Evidence:
    process = KeyTokens(0.01, LinearShare(0.09), ConstantRate(1e-5))
    slope = _log_log_slope(process, (500.0, 1000.0), _log_hazard, key=key)
    return Evidence(
        slope.map(lambda a: 2.0 ** (a - 1.0)),
        note="Nine per cent key tokens, 500 and 1,000 tokens.",
    )


# -- the other tokens ----------------------------------------------------------------------


@evidence("key_tokens.sum_condition", "derived")
def _sum_condition_proof() -> Evidence:
    m, first = key_tokens.non_key_count, key_tokens.decay_coefficient
    hazard = key_tokens.non_key_decaying.expression
    positive = sp.Symbol("s", positive=True)
    beyond = hazard.subs(key_tokens.decay_exponent, 1 + positive)
    below = hazard.subs(key_tokens.decay_exponent, 1 / (1 + positive))
    at = sp.limit(hazard, key_tokens.decay_exponent, 1)
    return Evidence(
        (
            symbolic(sp.simplify(sp.limit(beyond, m, sp.oo) - first / positive) == 0),
            symbolic(sp.limit(sp.simplify(below), m, sp.oo) == sp.oo),
            symbolic(sp.simplify(at - first * sp.log(1 + m)) == 0),
        ),
        note="Finite above exponent one, infinite below, logarithmic at one.",
    )


@evidence("key_tokens.sum_condition", "simulated")
def _sum_condition_simulated(*, key) -> Evidence:
    first = 0.2
    # No key tokens to speak of, so that the non-key factor is seen alone.
    process = KeyTokens(1e-9, LinearShare(0.0), DecayingRate(first, 1.0))
    slope = _log_log_slope(process, (99.0, 9999.0), jnp.log, key=key)
    # The clock of the decay starts at one: ln(1 + m) instead of ln m.
    correction = np.log(9999.0 / 99.0) / np.log(10_000.0 / 100.0)
    return Evidence(scaled(slope, -correction / first), note="$h_0=0.2$, hundredfold length.")


@evidence("key_tokens.constant_rate_wins", "derived")
def _constant_rate_proof() -> Evidence:
    hazard = sp.Symbol("lambda_non", positive=True)
    key_hazard, c, scale = sp.symbols("lambda_key c tau", positive=True)
    length = sp.Symbol("n", positive=True)
    exponent = sp.Rational(1, 2)
    laws = (c * length**exponent, c * sp.log(length), c * (1 - sp.exp(-length / scale)))
    return Evidence(
        tuple(
            symbolic(
                sp.limit((key_hazard * k + hazard * (length - k)) / length, length, sp.oo) == hazard
            )
            for k in laws
        ),
        note="Limit of the cumulative hazard per token; the power law is shown at one half.",
    )


@evidence("key_tokens.constant_rate_wins", "simulated")
def _constant_rate_simulated(*, key) -> Evidence:
    rate, lengths = 1e-4, (10_000.0, 20_000.0)
    growths = (PowerGrowth(1.0, 0.5), LogarithmicGrowth(5.0), SaturatingGrowth(20.0, 200.0))
    found = [
        _log_log_slope(
            KeyTokens(0.001, growth, ConstantRate(rate)), lengths, jnp.log, key=k,
            level=joint_level(len(growths)),
        )
        for growth, k in zip(growths, jax.random.split(key, len(growths)), strict=True)
    ]  # fmt: skip
    expected = np.log1p(-rate) * (lengths[1] - lengths[0]) / np.log(lengths[1] / lengths[0])
    return Evidence(
        scaled(stacked(found), 1 / expected),
        note="Between 10,000 and 20,000 tokens, one in 10,000 wrong.",
    )


# -- concentration and dependence ----------------------------------------------------------


@evidence("key_tokens.concentration_costs", "derived")
def _concentration_proof() -> Evidence:
    # Key rate mean + (1-phi) d, non-key rate mean - phi d: the mean stays, d is the difference.
    share, mean, d = key_tokens.key_share, key_tokens.non_key_error_rate, sp.Symbol("d")
    rates = {
        key_tokens.key_error_rate: mean + (1 - share) * d,
        key_tokens.non_key_error_rate: mean - share * d,
    }
    gap = key_tokens.concentration_gap.expression.xreplace(rates) / n
    slope = share * (1 - share) * d / ((1 - mean - (1 - share) * d) * (1 - mean + share * d))
    return Evidence(
        (
            symbolic(sp.simplify(gap.subs(d, 0)) == 0),
            symbolic(sp.simplify(sp.diff(gap, d) - slope) == 0),
            key_tokens.concentration_gap.prove(),
        ),
        note="The gap is 0 at equal rates and grows at least like the bound, because the "
        "denominator of its slope, a product of two probabilities, is at most one.",
    )


@evidence("key_tokens.concentration_costs", "simulated")
def _concentration_simulated(*, key) -> Evidence:
    length, share, rate = 40, 0.1, 0.5
    keys = jax.random.split(key)
    spread = _errors(np.full(length, share * rate), key=keys[0])
    focused = _errors(np.where(np.arange(length) < share * length, rate, 0.0), key=keys[1])
    logs = [
        Estimate.from_counts((~wrong.any(1)).sum(), _TOKEN_REPLICATES).map(jnp.log)
        for wrong in (spread, focused)
    ]
    bound = length * share * (1 - share) * rate**2 / 2
    return Evidence(
        scaled(difference(*logs, level=LEVEL), 1 / bound),
        note="Forty tokens; one in ten wrong with probability one half, or all with a twentieth.",
    )


@evidence("key_tokens.union_bound_is_blind", "derived")
def _union_bound_proof() -> Evidence:
    # P(any) for exclusive, independent and identical errors, at integer k by induction on k.
    e, k = sp.Symbol("e", positive=True), sp.Symbol("k", positive=True, integer=True)
    independent = 1 - (1 - e) ** k
    step = sp.simplify((independent.subs(k, k + 1) - independent) - e * (1 - e) ** k)
    rest = sp.Symbol("t", positive=True)  # e = 1/(1+t) runs through (0, 1)
    slack = (e - e * (1 - e) ** k).subs(e, 1 / (1 + rest))
    return Evidence(
        (
            symbolic(step == 0),
            symbolic((independent.subs(k, 1) - e).equals(0)),
            symbolic(sp.simplify(slack.subs(k, 1)).is_positive),
        ),
        note="Boole's inequality; for independent errors each further token adds $e(1-e)^k<e$.",
    )


@evidence("key_tokens.union_bound_is_blind", "simulated")
def _union_bound_simulated(*, key) -> Evidence:
    count, rate = 10, 0.05
    one = np.asarray(jax.random.uniform(key, (_TOKEN_REPLICATES,)))
    shared = one < rate
    exclusive = one < count * rate  # the unit interval is cut into disjoint error events
    independent = _errors(np.full(count, rate), key=jax.random.fold_in(key, 1)).any(1)
    counts = np.array([x.sum() for x in (shared, independent, exclusive)])
    failure = Estimate.from_counts(counts, _TOKEN_REPLICATES, level=joint_level(3))
    return Evidence(
        scaled(failure, 1 / float(key_tokens.union_bound(count, rate))),
        note="Ten key tokens whose errors coincide, are independent, or exclude each other.",
    )


@evidence("key_tokens.association_helps", "derived")
def _association_proof() -> Evidence:
    # Beta-distributed error rates: P(no error in k) is a product of k factors (b+j)/(a+b+j).
    a, b, j = sp.symbols("a b j", positive=True)
    excess = sp.factor((b + j) / (a + b + j) - b / (a + b))
    return Evidence(
        symbolic(excess.is_positive),
        note="Beta-distributed rates: the more tokens were right, the likelier the next is.",
    )


@evidence("key_tokens.association_helps", "simulated")
def _association_simulated(*, key) -> Evidence:
    replicates, count, mean, correlation = 50_000, 20, 0.05, 0.1
    size = 1 / correlation - 1
    rates_key, errors_key = jax.random.split(key)
    rates = jax.random.beta(rates_key, mean * size, (1 - mean) * size, (replicates, 1))
    wrong = jax.random.uniform(errors_key, (replicates, count)) < rates
    clean = Estimate.from_counts(int((~wrong.any(1)).sum()), replicates, level=LEVEL)
    product = count * np.log1p(-mean)
    return Evidence(
        clean.map(lambda s: jnp.log(s) - product),
        note="Twenty tokens, error rates drawn from a beta law with correlation one tenth.",
    )


@evidence("key_tokens.longppl_are_predicted", "derived")
def _longppl_proof() -> Evidence:
    long, short = sp.symbols("long short", real=True)  # log-probabilities
    gain, floor = sp.symbols("gain slack", positive=True)
    # LSD = long - short = 2 + gain > 2 and LCL = long = -2 + floor > -2.
    solution = sp.solve([long - short - 2 - gain, long + 2 - floor], [long, short])
    return Evidence(
        (
            symbolic((2 - -solution[long]).is_positive),
            symbolic(((-solution[short]) - (-solution[long]) - 2).is_positive),
        ),
        note="The two inequalities of the definition, rewritten as losses.",
    )
