r"""Published maximum-likelihood fits of success counts, and the coverage curves that they imply.

Each problem has its own success rate $p_i$ from a common distribution; given it, the likelihood of
$c_i$ successes in $n_i$ attempts is proportional to $p_i^{c_i}(1-p_i)^{n_i-c_i}$, whether the
number of attempts was fixed or sampling stopped at the first success.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float
from scipy import optimize, special

from ._beta_ratio import log_beta_ratio
from ._counts import Counts
from ._difficulty_grid import CountLikelihood, DifficultyGrid
from ._pass_at_k import check_k

Family = Literal["beta", "kumaraswamy"]
Objective = Callable[[np.ndarray], tuple[float, np.ndarray]]

# Bounds of (ln a, ln b). On the quadrature grid a density must not be narrower than the nodes.
_CLOSED_BOUNDS = ((-7.0, 18.0), (-7.0, 18.0))
_GRID_BOUNDS = {
    "beta": ((-6.5, 3.4), (-6.5, 18.0)),
    "kumaraswamy": ((-6.5, 2.3), (-6.5, 100.0)),
}
_START_SHAPE = 0.3
_RESTARTS = 5


@dataclass(frozen=True)
class BinomialMixture:
    r"""A fitted distribution of success rates: $p=sq$, with $q$ from the family, or $p=0$.

    `a` and `b` are the shapes of the family (the density of $p$ falls like $p^{a-1}$ near 0),
    `scale` is $s$, and `atom` the share of problems with $p=0$. `log_likelihood` is that of the
    results in one order, in nats, without the binomial coefficients, which no parameter sees.

    Without any success the fit is a share of 1 of problems with $p=0$, and if no attempt failed
    it is $p=1$; the shapes are then 0 and 1, or 1 and 0, their limits.
    """

    family: Family
    a: float
    b: float
    scale: float
    atom: float
    log_likelihood: float
    n_attempts: int

    def pass_at_k(self, k: Any) -> Float[np.ndarray, "..."]:
        """The coverage curve that the fitted distribution implies, for any k of at least 1."""
        k = check_k(k)
        if self.a == 0 or self.b == 0:
            return np.full(k.shape, float(self.b == 0))
        if self.family == "beta" and self.scale == 1:
            solved = -np.expm1(log_beta_ratio(self.a, self.b, k))
        else:
            grid = DifficultyGrid(self.family, self.n_attempts, self.scale)
            vector = np.log([self.a, self.b])
            solved = grid.pass_at_k(vector, np.ravel(k)).reshape(k.shape)
        return np.asarray((1 - self.atom) * solved)


def fit_binomial_mixture(
    counts: Counts,
    family: Family = "beta",
    *,
    scaled: bool = False,
    atom: bool = False,
) -> BinomialMixture:
    r"""Maximum likelihood of a beta- or Kumaraswamy-binomial model.

    Parameters
    ----------
    counts
        Any; a problem without attempts adds nothing to the likelihood.
    family
        `"beta"` (in closed form) or `"kumaraswamy"` (by quadrature in the logit of the rate).
    scaled
        Success rates end at the largest observed $c_i/n_i$, which is plugged in, as published.
    atom
        Add a share of problems that are never solved. If the likelihood does not gain by it,
        the share is 0.

    Raises
    ------
    ValueError
        For an unknown family, or without any attempt.

    Source: Schaeffer et al. (2025), arXiv 2502.17578, for the scaled families; Kazdan et al.
    (2025), arXiv 2510.05197, for the plain beta-binomial model; Skellam (1948) for its likelihood.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> successes = rng.binomial(100, rng.beta(0.5, 4.0, 500))
    >>> fit = fit_binomial_mixture(Counts.from_columns(None, [100] * 500, successes))
    >>> 0.4 < fit.a < 0.6
    True
    """
    if family not in _GRID_BOUNDS:
        raise ValueError(f"family must be 'beta' or 'kumaraswamy', got {family!r}.")
    if counts.n_attempts == 0:
        raise ValueError("there is no attempt at any problem; nothing can be fitted.")
    largest = int(counts.attempts.max())
    if counts.n_successes == 0:
        return BinomialMixture(family, 0.0, 1.0, 1.0, 0.0, 0.0, largest)
    if counts.n_successes == counts.n_attempts:
        return BinomialMixture(family, 1.0, 0.0, 1.0, 0.0, 0.0, largest)
    n, c, weight, _ = counts.distinct()
    rates = c[n > 0] / n[n > 0]
    scale = float(rates.max()) if scaled else 1.0
    if family == "beta" and scale == 1:
        likelihood, bounds = _closed_form(n, c), _CLOSED_BOUNDS
    else:
        likelihood = CountLikelihood(DifficultyGrid(family, largest, scale), n, c)
        bounds = _GRID_BOUNDS[family]
    start = _start(family, n, c, weight, scale)
    vector, value = _maximise(_sum_over(likelihood, weight), [start], bounds)
    share = 0.0
    if atom:
        never = float(weight[c == 0].sum() / weight.sum())
        candidates = [[*vector, special.logit(min(x * never, 0.99))] for x in (0.2, 0.9)]
        if never > 0:
            found, gained = _maximise(
                _with_atom(likelihood, c, weight), candidates, (*bounds, (-20.0, 10.0))
            )
            if gained > value + 1e-9:
                *vector, logit = found
                value, share = gained, float(special.expit(logit))
    a, b = (float(np.exp(x)) for x in vector[:2])
    return BinomialMixture(family, a, b, scale, share, value, largest)


def _closed_form(n: np.ndarray, c: np.ndarray) -> Callable:
    """B(a + c, b + n - c) / B(a, b) in logarithms, one factor at a time."""
    c, m = c.astype(float), (n - c).astype(float)

    def likelihood(vector):
        a, b = np.exp(vector)
        value = log_beta_ratio(a, b, m) + log_beta_ratio(b + m, a, c)
        psi = special.digamma
        common = psi(a + b) - psi(a + b + c + m)
        by_a, by_b = psi(a + c) - psi(a) + common, psi(b + m) - psi(b) + common
        return value, np.column_stack([a * by_a, b * by_b])

    return likelihood


def _sum_over(likelihood: Callable, weight: np.ndarray) -> Objective:
    def objective(vector):
        value, slope = likelihood(vector)
        return -float(weight @ value), -(weight @ slope)

    return objective


def _with_atom(likelihood: Callable, c: np.ndarray, weight: np.ndarray) -> Objective:
    """Without a success a problem may be one that is never solved."""
    none = c == 0

    def objective(vector):
        value, slope = likelihood(vector[:-1])
        share = special.expit(vector[-1])
        log_rest = special.log_expit(-vector[-1])
        mixed = np.logaddexp(special.log_expit(vector[-1]), log_rest + value)
        solvable = np.where(none, np.exp(log_rest + value - mixed), 1.0)
        value = np.where(none, mixed, log_rest + value)
        # d/d logit: the posterior share of the unsolvable, less the prior one
        by_atom = np.where(none, 1 - solvable, 0.0) - share
        slope = np.column_stack([solvable[:, None] * slope, by_atom])
        return -float(weight @ value), -(weight @ slope)

    return objective


def _maximise(
    objective: Objective, starts: list[list[float]], bounds: tuple
) -> tuple[list[float], float]:
    """The best of several bounded quasi-Newton runs."""
    runs = [_descend(objective, np.array(start), bounds) for start in starts]
    best = min(runs, key=lambda run: run.fun)
    return best.x.tolist(), -float(best.fun)


def _descend(objective: Objective, start: np.ndarray, bounds: tuple) -> optimize.OptimizeResult:
    low, high = np.array(bounds).T
    options = {"ftol": 1e-13, "gtol": 1e-7, "maxiter": 200}

    def run(start):
        return optimize.minimize(
            objective, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options
        )

    best = run(np.clip(start, low, high))
    for _ in range(_RESTARTS):  # a line search that fails leaves a run halfway
        again = run(best.x)
        if not again.fun < best.fun - 1e-7:
            break
        best = again
    return best


def _start(family: Family, n: np.ndarray, c: np.ndarray, weight: np.ndarray, scale: float):
    """A long tail with the observed mean rate: (ln a, ln b)."""
    log_mean = np.log(min(float(weight @ c / (weight @ n)) / scale, 0.9))
    log_a = np.log(_START_SHAPE)
    if family == "beta":
        return [log_a, log_a + np.log(-np.expm1(log_mean)) - log_mean]
    # The median of a Kumaraswamy distribution is near (ln 2 / b)^(1/a).
    return [log_a, -_START_SHAPE * log_mean]
