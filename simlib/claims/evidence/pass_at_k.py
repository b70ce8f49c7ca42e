"""Evidence on the estimator of pass@k and on verifiers; forecasts have their own module."""

import jax
import numpy as np
import sympy as sp

from ..._estimate import Estimate
from ...fit._resample import bootstrap_weights
from ...forecast import Counts, pass_at_k
from ...formulas import k, measuring, prove_equal, success_rate
from ...formulas.pass_at_k import attempts_made, plug_in_bias, successes_seen, unbiased
from ...mixing import Beta
from ...traces import load
from .._evidence import Evidence, evidence, symbolic, traced
from .._finding import LEVEL
from . import _pass_at_k_forecasts as _pass_at_k_forecasts  # registers the other half
from ._survival_tools import zero
from .measuring import generator

_p, _q = success_rate, 1 - success_rate
_MANY = 4000


def _fixed(model: str):
    """Counts and exact rates of the items with a fixed number of attempts, all tasks."""
    rows = load(f"attempts-{model}").sampled().filter(stop_rule="fixed")
    return Counts.from_columns(rows["item_id"], rows["n"], rows["successes"]), rows["p"].to_numpy()


def _exact(p: np.ndarray, k: float) -> float:
    return float(np.mean(-np.expm1(k * np.log1p(-p))))


# -- the estimator -------------------------------------------------------------------------


@evidence("pass_at_k.unbiased", "derived")
def _unbiased_proof() -> Evidence:
    c, n = successes_seen, attempts_made
    identity = sp.binomial(n, c) * sp.binomial(n - c, k) / sp.binomial(n, k)
    shifted = (identity - sp.binomial(n - k, c)).rewrite(sp.gamma)
    size, tries = 7, 3
    mean = sum(
        sp.binomial(size, j) * _p**j * _q ** (size - j)
        * sp.binomial(size - j, tries) / sp.binomial(size, tries)
        for j in range(size + 1)
    )  # fmt: skip
    choose = (sp.binomial(n - c, k) / sp.binomial(n, k)).rewrite(sp.gamma)
    return Evidence(
        (
            symbolic(True if sp.gammasimp(shifted) == 0 else None),
            prove_equal(choose, 1 - unbiased.expression),
            zero(sp.expand(mean - _q**tries)),
        ),
        note="The binomial coefficients turn the mean into a binomial series for n - k attempts.",
    )


@evidence("pass_at_k.unbiased", "simulated")
def _unbiased_simulated(*, key) -> Evidence:
    rng, n = generator(key), 30
    p = rng.beta(0.4, 3.0, 40_000)
    found = pass_at_k(
        Counts.from_columns(None, [n] * len(p), rng.binomial(n, p)), 10, level=LEVEL
    )  # fmt: skip
    truth = float(-np.expm1(Beta(0.4, 3.0).log_laplace(10.0)))
    return Evidence(
        Estimate.from_mean(found.value - truth, found.stderr, len(p), level=LEVEL),
        note="30 attempts at problems with beta distributed rates.",
    )


@traced("pass_at_k.unbiased")
def _unbiased_traces(*, model: str) -> Evidence:
    counts, p = _fixed(model)
    found = pass_at_k(counts, 10, target="these problems", level=LEVEL)
    return Evidence(
        Estimate.from_mean(found.value - _exact(p, 10), found.stderr, len(p), level=LEVEL),
        note="1,000 sampled attempts per item against the exact rates of the same items.",
    )


@evidence("pass_at_k.plug_in", "derived")
def _plug_in_proof() -> Evidence:
    x = sp.Symbol("x", positive=True)
    rate = sp.Symbol("r", nonnegative=True)
    power = sp.Symbol("m", positive=True)
    convex = sp.diff((1 + rate) ** (power + 1), rate, 2) / ((1 + rate) ** (power - 1))
    two = sum(
        sp.binomial(5, j) * _p**j * _q ** (5 - j) * (sp.Rational(j, 5) ** 2 - 2 * sp.Rational(j, 5))
        for j in range(6)
    )
    bias = plug_in_bias.expression.subs({k: 2, attempts_made: 5})
    return Evidence(
        (
            symbolic(sp.simplify(convex.subs(rate, x) - power * (power + 1)) == 0),
            zero(sp.expand(-two - (1 - _q**2) - bias)),
        ),
        note="A power is convex, so Jensen's inequality gives the sign; two attempts of five as "
        "an exact instance.",
    )


def _plug_in(successes: np.ndarray, n: int, truth: float, note: str) -> Evidence:
    each = 1 - (1 - successes / n) ** 10
    # Of given items only the attempts are random: one value per round of attempts.
    each = each.mean(axis=1) if each.ndim == 2 else each
    return Evidence(
        Estimate.from_mean(
            each.mean() / truth, each.std() / each.size**0.5 / truth, each.size, level=LEVEL
        ),
        note=note,
    )


@evidence("pass_at_k.plug_in", "simulated")
def _plug_in_simulated(*, key) -> Evidence:
    rng = generator(key)
    successes = rng.binomial(20, rng.beta(0.4, 3.0, 100_000))
    truth = float(-np.expm1(Beta(0.4, 3.0).log_laplace(10.0)))
    return _plug_in(successes, 20, truth, "Beta distributed rates.")


@traced("pass_at_k.plug_in")
def _plug_in_traces(*, model: str, key) -> Evidence:
    counts, p = _fixed(model)
    c, n = counts.successes, counts.attempts
    drawn = generator(key).hypergeometric(c, n - c, 20, size=(200, len(c)))
    return _plug_in(drawn, 20, _exact(p, 10), "20 of the 1,000 sampled attempts, 200 times.")


@evidence("pass_at_k.beyond_the_attempts", "derived")
def _beyond_proof() -> Evidence:
    n, values = 4, sp.symbols("t0:5")
    mean = sum(sp.binomial(n, c) * _p**c * _q ** (n - c) * value for c, value in enumerate(values))
    gap = sp.Poly(sp.expand(mean - (1 - _q ** (n + 1))), _p)
    leading = gap.coeff_monomial(_p ** (n + 1))
    return Evidence(
        (symbolic(not leading.free_symbols and leading != 0), symbolic(not sp.linsolve(
            gap.coeffs(), values))),
        note="The mean of any estimate is a polynomial of degree n at most; pass@k has degree k. "
        "Solved for n = 4, k = 5: there is no solution.",
    )  # fmt: skip


# -- stopping ------------------------------------------------------------------------------


@evidence("pass_at_k.stopped_as_fixed", "derived")
def _stopped_proof() -> Evidence:
    t = sp.Symbol("t", positive=True)
    # With p = exp(-t): E[1/T] - p has the sign of t - (1 - exp(-t)), which rises from 0.
    ratio = (measuring.inverse_wait.expression / _p).subs(_p, sp.exp(-t))
    excess = sp.simplify(ratio * (1 - sp.exp(-t)) - (1 - sp.exp(-t)))
    slope = sp.simplify(sp.diff(excess, t))
    half = measuring.inverse_wait.expression.subs(_p, sp.Rational(1, 2)) / sp.Rational(1, 2)
    return Evidence(
        (
            zero(excess.subs(t, 0)),
            symbolic(sp.simplify(slope - (1 - sp.exp(-t))) == 0),
            symbolic(bool(half > sp.Rational(11, 10))),
        ),
        note="One over the wait exceeds p at every p, by more than a third at one half and "
        "without bound as p falls.",
    )


def _ratio_to_exact(rates: np.ndarray, p: np.ndarray, note: str, *, key) -> Evidence:
    weight = bootstrap_weights(len(p), _MANY, key=key)
    return Evidence(
        Estimate.from_draws(
            (weight @ rates) / (weight @ p),
            value=rates.mean() / p.mean(),
            n=len(p),
            level=LEVEL,
            method="bootstrap over items",
        ),
        note=note,
    )


@evidence("pass_at_k.stopped_as_fixed", "simulated")
def _stopped_simulated(*, key) -> Evidence:
    rng = generator(key)
    p = rng.beta(0.5, 3.0, 2000)
    wait = rng.geometric(np.maximum(p, 1e-12))
    solved = wait <= 1000
    rates = np.where(solved, 1 / np.minimum(wait, 1000), 0.0)
    return _ratio_to_exact(rates, p, "At most 1,000 attempts; beta distributed rates.", key=key)


@traced("pass_at_k.stopped_as_fixed")
def _stopped_traces(*, model: str, key) -> Evidence:
    rows = load(f"attempts-{model}").sampled().filter(stop_rule="first_success")
    rates, p = (rows["successes"] / rows["n"]).to_numpy(), rows["p"].to_numpy()
    return _ratio_to_exact(rates, p, "Runs until the first success, all tasks.", key=key)


# -- verifiers -----------------------------------------------------------------------------


def best_attempts(
    p: np.ndarray, *, accepted: float = 0.1, cost: float = 1.0, weight: np.ndarray | None = None
) -> np.ndarray:
    """The number of attempts with the largest value, per row of weights over problems."""
    weight = np.ones((1, len(p))) if weight is None else weight
    gain = p - cost * (1 - p) * accepted
    stay = np.log1p(-(p + (1 - p) * accepted))
    # The sign of the marginal value changes once at most: bisect on a grid of attempts.
    tries = np.unique(np.rint(np.geomspace(1, 10_001, 400))) - 1
    marginal = weight @ (gain[:, None] * np.exp(stay[:, None] * tries))
    return tries[np.where((marginal > 0).all(1), len(tries) - 1, (marginal <= 0).argmax(1))]


def _best(p: np.ndarray, note: str, *, key) -> Evidence:
    draws = best_attempts(p, weight=np.asarray(bootstrap_weights(len(p), _MANY, key=key)))
    return Evidence(
        Estimate.from_draws(
            draws, value=best_attempts(p)[0], n=len(p), level=LEVEL, method="bootstrap over items"
        ),
        note=note,
    )


@evidence("pass_at_k.few_verified_attempts", "simulated")
def _best_simulated(*, key) -> Evidence:
    p = generator(key).beta(0.4, 3.0, 1000)
    return _best(p, "A thousand problems with beta distributed rates.", key=key)


@traced("pass_at_k.few_verified_attempts")
def _best_traces(*, model: str, key) -> Evidence:
    _, p = _fixed(model)
    key = jax.random.fold_in(key, 1)
    return _best(p, "All items with their exact rates; all right answers are accepted.", key=key)
