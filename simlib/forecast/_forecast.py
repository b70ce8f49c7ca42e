"""Forecasts of coverage from success counts, with intervals."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from .._checks import check_level
from .._estimate import Estimate
from ._counts import Counts
from ._mixture import mixture_quantiles, normal_mixture_quantiles
from ._nodes import LOG_MISS, LOG_RATE
from ._posterior import Posterior, posterior
from ._prior import Prior, default_prior

METHOD = "posterior over mixing distributions"
#: Largest number of attempts that can be asked for.
MOST_ATTEMPTS = 10**15
# Numbers of attempts at which a target coverage is looked for.
_SEARCH = np.logspace(0, 15, 61)


@dataclass(frozen=True, eq=False)
class Forecast:
    r"""Coverage of a set of problems after $k$ fresh attempts at each.

    Everything refers to *these* problems, not to a population of problems like them. Intervals
    are posterior intervals with equal tails, and include what differs between the families of
    mixing distributions, between their parameters, and between the problems given both.

    Parameters
    ----------
    k
        Numbers of attempts asked for.
    level
        Probability of each interval.
    posterior
        What it is computed from.
    mean, variance
        Of coverage at each $k$, under each member of the posterior.
    """

    k: Float[np.ndarray, " k"]
    level: float
    posterior: Posterior
    mean: Float[np.ndarray, "k members"]
    variance: Float[np.ndarray, "k members"]

    @cached_property
    def pass_at_k(self) -> Estimate:
        r"""Posterior mean of $\frac1P\sum_i 1-(1-p_i)^k$ with its interval, one entry per $k$."""
        return self._summary(self.mean, self.variance, mixture_quantiles)

    def at(self, k: Any) -> "Forecast":
        """The same forecast at other numbers of attempts."""
        return _at(self.posterior, _attempts(k), self.level)

    def at_level(self, level: float) -> "Forecast":
        """The same forecast with intervals of another probability."""
        check_level(level, usual=0.9)
        return replace(self, level=level)

    def slope(self, window: Any = None) -> Estimate:
        r"""Local exponent: minus the slope of $\ln(-\ln\text{pass@}k)$ in $\ln k$ over windows.

        Parameters
        ----------
        window
            Pairs $k_1<k_2$; by default $k/\sqrt{10}$ to $k\sqrt{10}$ around each $k$.

        Raises
        ------
        ValueError
            If a window does not increase or starts below 1.
        """
        window = self.windows if window is None else np.atleast_2d(np.asarray(window, dtype=float))
        if np.any(~(window[:, 0] >= 1)) or np.any(~(window[:, 1] > window[:, 0])):
            raise ValueError(f"window must hold pairs 1 <= k1 < k2, got {window.tolist()}.")
        ends = [_solved(window[:, 0]), _solved(window[:, 1])]
        zero = np.zeros(len(window))
        (one, v_one), (two, v_two) = (self.posterior.moments(end, zero) for end in ends)
        joint = self.posterior.covariance(*ends)
        (one, s_one), (two, s_two) = _log_minus_log(one, v_one), _log_minus_log(two, v_two)
        alike = np.clip(joint / np.sqrt(np.maximum(v_one * v_two, 1e-300)), 0.0, 1.0)
        width = np.log(window[:, 1] / window[:, 0])[:, None]
        variance = s_one**2 + s_two**2 - 2 * alike * s_one * s_two
        return self._summary(
            (one - two) / width, variance / width**2, normal_mixture_quantiles, high=np.inf
        )

    @property
    def windows(self) -> Float[np.ndarray, "k 2"]:
        """Default window of the slope around each $k$, a decade wide and starting at 1 or later."""
        return default_windows(self.k)

    def never_solved(self, k: Any = None) -> Estimate:
        """Problems without a success so far that stay without one in `k` more attempts each.

        Not the number of unsolvable problems: that one is not determined by finitely many
        attempts.
        """
        k = self.k if k is None else _attempts(k)
        zero = self.posterior.counts.successes == 0
        if not zero.any():
            return Estimate.exact(jnp.zeros(len(k)), method=METHOD)
        failed = np.exp(np.outer(k, LOG_MISS))
        moments = self.posterior.only(zero).moments(failed, np.ones(len(k)))
        return _scaled(self._summary(*moments, mixture_quantiles), float(zero.sum()), "problems")

    def attempts_for(self, coverage: Any) -> Estimate:
        r"""Attempts at each problem that bring coverage to a target.

        The interval follows from the distribution of coverage: fewer than $k$ attempts are needed
        with the probability that pass@k exceeds the target. Infinite where even $10^{15}$
        attempts may not do. The value is the posterior median; there is no finite mean.

        Parameters
        ----------
        coverage
            Targets in (0, 1).

        Raises
        ------
        ValueError
            If a target does not lie in (0, 1).
        """
        target = np.atleast_1d(np.asarray(coverage, dtype=float))
        if not np.all((target > 0) & (target < 1)):
            raise ValueError(f"coverage must lie in (0, 1), got {coverage}; try 0.9.")
        tail = (1 - self.level) / 2
        # Coverage exceeds its upper quantile with the lower probability, and so comes early.
        quantiles = mixture_quantiles(
            *self._search, self.posterior.member_weight, np.array([1 - tail, 0.5, tail])
        )
        log_k = np.log(_SEARCH)
        out = np.empty((3, len(target)))
        for i in range(3):
            curve = np.maximum.accumulate(quantiles[:, i])
            reached = np.searchsorted(curve, target)
            inner = np.interp(target, curve, log_k)
            out[i] = np.where(reached >= len(curve), np.inf, np.exp(inner))
        low, middle, high = np.sort(out, axis=0)
        spread = np.where(np.isfinite(high), (high - low) / 4, np.inf)
        return _estimate(middle, spread, low, high, self.level, self._problems, "attempts")

    def cost(self, k: Any = None) -> Estimate:
        r"""Mean attempts per problem if each is tried until its first success, at most $k$ times.

        $\mathbb E\min(T,k)=\mathbb E\,\frac{1-(1-p)^k}{p}$, with a checker that recognises success.
        """
        k = self.k if k is None else _attempts(k)
        value = np.exp(np.log(_solved(k)) - LOG_RATE) / k[:, None]
        mean, variance = self.posterior.moments(np.minimum(value, 1.0), np.ones(len(k)))
        relative = self._summary(mean, variance, mixture_quantiles)
        return _scaled(relative, k, "attempts")

    def _summary(self, mean, variance, quantiles, high=1.0) -> Estimate:
        weight = self.posterior.member_weight
        tail = (1 - self.level) / 2
        ends = quantiles(mean, variance, weight, np.array([tail, 1 - tail]))
        return summarise(mean, variance, weight, ends, self.level, self._problems, high)

    @property
    def _problems(self) -> int:
        return self.posterior.counts.n_problems

    @cached_property
    def _search(self):
        return self.posterior.moments(_solved(_SEARCH), np.zeros(len(_SEARCH)))


def forecast(counts: Counts, k: Any, *, level: float = 0.9, prior: Prior | None = None) -> Forecast:
    r"""Forecast pass@k of these problems for any number of attempts, far beyond those made.

    The success rates of the problems are drawn from an unknown mixing distribution. Its posterior
    is computed over eight families (on the logit normal, two kinds of exGaussian, and two normals;
    beta and Kumaraswamy; generalised gamma and Weibull on the hazard), their parameters, and a
    share of unsolvable problems; then every problem is forecast given its own counts. Whether a
    problem was tried a fixed number of times or until its first success makes no difference to
    the likelihood.

    Parameters
    ----------
    counts
        Attempts and successes of each problem.
    k
        Numbers of attempts, from 1 to $10^{15}$; need not be whole.
    level
        Probability of each interval, in (0, 1).
    prior
        What is believed before the counts; `default_prior()` unless given.

    Raises
    ------
    ValueError
        If `k` or `level` is out of range, or no problem was ever tried.

    Examples
    --------
    >>> counts = Counts.from_columns(None, [100] * 6, [0, 0, 1, 3, 20, 71])
    >>> far = forecast(counts, [1, 100, 10_000])
    >>> bool(np.all(np.diff(far.pass_at_k.value) > 0))
    True
    """
    check_level(level, usual=0.9)
    wanted = _attempts(k)
    if counts.n_attempts == 0:
        raise ValueError("attempts are all 0; give at least one attempt at one problem.")
    found = posterior(counts, prior if prior is not None else default_prior())
    return _at(found, wanted, level)


def _at(found: Posterior, k: Float[np.ndarray, " k"], level: float) -> Forecast:
    return Forecast(k, level, found, *found.moments(_solved(k), np.zeros(len(k))))


def _log_minus_log(mean, variance):
    r"""$\ln(-\ln x)$ at the mean, and its standard deviation; $-\ln x$ taken for log-normal."""
    mean = np.clip(mean, 1e-15, 1 - 1e-15)
    level = -np.log(mean)
    return np.log(level), np.sqrt(np.log1p(np.maximum(variance, 0.0) / (mean * level) ** 2))


def default_windows(k: Float[np.ndarray, " k"]) -> Float[np.ndarray, "k 2"]:
    """A decade around each $k$, in whole attempts from 1 on."""
    start = np.round(np.maximum(k / 10**0.5, 1.0))
    return np.stack([start, 10 * start], axis=1)


def summarise(mean, variance, weight, ends, level, n, high) -> Estimate:
    """Mean, standard deviation and interval of a mixture of numbers from 0 to `high`.

    The interval always holds the mean.
    """
    value = np.clip(mean @ weight, 0.0, high)
    sd = np.sqrt(np.maximum((variance + mean**2) @ weight - (mean @ weight) ** 2, 0.0))
    lower, upper = np.minimum(ends[:, 0], value), np.maximum(ends[:, 1], value)
    return _estimate(value, sd, np.maximum(lower, 0.0), np.minimum(upper, high), level, n)


def _scaled(estimate: Estimate, factor: Any, unit: str) -> Estimate:
    value, stderr, lower, upper = (
        np.asarray(part) * factor
        for part in (estimate.value, estimate.stderr, estimate.lower, estimate.upper)
    )
    return _estimate(value, stderr, lower, upper, estimate.level, estimate.n, unit)


def _estimate(value, stderr, lower, upper, level, n, unit=""):
    with jax.enable_x64(True):
        return Estimate(
            *(jnp.asarray(x, dtype=float) for x in (value, stderr, lower, upper)),
            level=level, n=n, method=METHOD, unit=unit,
        )  # fmt: skip


def _attempts(k: Any) -> Float[np.ndarray, " k"]:
    k = np.atleast_1d(np.asarray(k, dtype=float))
    if k.ndim != 1 or not np.all((k >= 1) & (k <= MOST_ATTEMPTS)):
        raise ValueError(f"k must hold numbers of attempts from 1 to 1e15, got {k.tolist()}.")
    return k


def _solved(k: Float[np.ndarray, " k"]) -> Float[np.ndarray, "k nodes"]:
    r"""$1-(1-p)^k$ at the nodes."""
    return -np.expm1(np.outer(k, LOG_MISS))
