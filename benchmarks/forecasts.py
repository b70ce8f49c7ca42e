"""Forecasts of coverage, next to what NumPy and SciPy offer for them."""

from functools import cache

import numpy as np
from scipy import optimize, stats
from timing import Case

from simlib.forecast import Counts, fit_binomial_mixture, forecast, pass_curve

_ATTEMPTS = 10_000
_TABLE = np.unique(np.round(np.geomspace(1, _ATTEMPTS, 50)))


@cache
def _counts(n):
    rng = np.random.default_rng(0)
    problems = max(n, 8)
    rate = rng.beta(0.3, 10.0, problems)
    attempts = np.full(problems, _ATTEMPTS)
    return Counts.from_columns(None, attempts, rng.binomial(attempts, rate))


def _running_product(n):
    """As in the published code: one product per problem and k."""
    counts = _counts(n)
    table = np.empty((counts.n_problems, len(_TABLE)))
    for i, c in enumerate(counts.successes):
        for j, k in enumerate(_TABLE):
            rest = np.arange(_ATTEMPTS - c + 1, _ATTEMPTS + 1)
            table[i, j] = 1.0 if _ATTEMPTS - c < k else 1.0 - np.prod(1.0 - k / rest)
    return table.mean(0)


def _scipy_beta_binomial(n):
    counts = _counts(n)

    def loss(shapes):
        return -stats.betabinom.logpmf(counts.successes, counts.attempts, *np.exp(shapes)).sum()

    return optimize.minimize(loss, [-1.0, 2.0], method="L-BFGS-B").x


FORECAST_CASES = [
    Case(
        "pass@k table (10,000 attempts, 50 values of k)",
        "problems",
        {
            "pass_curve": (lambda n: pass_curve(_counts(n), _TABLE), 128),
            "NumPy, a product per problem and k": (_running_product, 16),
        },
    ),
    Case(
        "beta-binomial fit (10,000 attempts)",
        "problems",
        {
            "fit_binomial_mixture": (lambda n: fit_binomial_mixture(_counts(n), "beta").a, 128),
            "SciPy betabinom and L-BFGS-B": (_scipy_beta_binomial, 128),
        },
    ),
    Case(
        "forecast of coverage at three k (10,000 attempts)",
        "problems",
        {
            "forecast, eight families with intervals": (
                lambda n: forecast(_counts(n), [1e4, 1e5, 1e6]).pass_at_k.value,
                128,
            ),
            "SciPy beta-binomial, one family without": (_scipy_beta_binomial, 128),
        },
    ),
]
