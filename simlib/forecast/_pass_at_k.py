"""Unbiased pass@k for as many attempts as were made, with standard errors."""

from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from scipy import special, stats

from .._estimate import Estimate
from ..fit._product_limit import product_limit
from ._beta_ratio import log_beta_ratio
from ._counts import Counts

Target = Literal["population", "these problems"]
Short = Literal["error", "leave out"]


def log_all_fail(successes: Any, attempts: Any, k: Any) -> Float[np.ndarray, "..."]:
    r"""Logarithm of the unbiased estimate of $(1-p)^k$ from $c$ successes in $n\ge k$ attempts.

    $$\ln\binom{n-c}{k}\Big/\binom nk=\ln\frac{B(c,n-c+1)}{B(c,n-c-k+1)}$$

    $-\infty$ where $c>n-k$: then every choice of $k$ attempts contains a success. Elementwise,
    in double precision, with relative error below $4\varepsilon$; `-np.expm1` of it is the
    estimate of pass@k.

    Parameters
    ----------
    successes, attempts
        $c$ and $n$ with $0\le c\le n$.
    k
        Whole numbers with $1\le k\le n$.

    Raises
    ------
    ValueError
        Where $k>n$: no unbiased estimate exists there.

    Source: Chen et al. (2021), arXiv 2107.03374, there as a running product.

    Examples
    --------
    >>> round(float(-np.expm1(log_all_fail(3, 10, 5))), 6)
    0.916667
    """
    c, n, k = np.broadcast_arrays(
        *(np.asarray(x, dtype=float) for x in (successes, attempts, check_k(k)))
    )
    if np.any(k > n):
        i = int(np.flatnonzero(np.ravel(k > n))[0])
        raise ValueError(
            f"k = {np.ravel(k)[i]:.0f} is larger than the {np.ravel(n)[i]:.0f} attempts, where no "
            "unbiased estimate exists; choose k up to the attempts, or forecast with a model."
        )
    spare = n - c - k
    with np.errstate(divide="ignore", invalid="ignore"):
        value = log_beta_ratio(c, np.maximum(spare, 0.0) + 1.0, k)
    return np.where(spare < 0, -np.inf, value)


def pass_at_k(
    counts: Counts,
    k: Any,
    *,
    target: Target = "population",
    short: Short = "error",
    level: float = 0.95,
) -> Estimate:
    r"""Unbiased estimate of pass@k, the mean over problems of $1-(1-p_i)^k$, for $k\le n_i$.

    Parameters
    ----------
    counts
        Attempts and successes of each problem. A problem that was stopped at its first success
        at attempt $n_i$ contributes $1\{n_i\le k\}$; where some were given up early, the product
        limit estimates the share of the stopped problems that $k$ attempts solve.
    k
        Whole numbers of attempts, at least 1, in any shape.
    target
        What the standard error refers to. `"population"`: the mean over all problems that these
        are a sample of. `"these problems"`: pass@k of exactly these problems, so that only the
        attempts are random.
    short
        What to do if a problem has fewer than $k$ attempts of a fixed number. `"error"`; or
        `"leave out"`: use the problems with at least `max(k)` attempts, for all `k` the same
        ones, which is fair if the number of attempts has nothing to do with how hard a problem is.
    level
        Coverage of each interval.

    Returns
    -------
    Estimate
        Of the shape of `k`; `n` is the number of problems used. The interval is Wilson's with
        the number of trials that has the same variance, and Student's quantile; it lies in
        [0, 1] and does not collapse where every problem, or none, was solved.

    Raises
    ------
    ValueError
        If `k` is not a whole number of at least 1, or exceeds the attempts of a problem (see
        `short`), or no problem is left.

    Notes
    -----
    For a fixed set of problems the variance of each term is estimated without bias by
    $\hat q_k^2-\hat q_{2k}$, where $\hat q_k$ estimates $(1-p_i)^k$, as long as $2k\le n_i$.
    Beyond, no unbiased estimate exists. The variance is at most $\frac kn(q_k-q_{2k})$; twice the
    mean of this over the posterior of $p_i$ under Jeffreys' prior replaces it, which is too large
    rather than too small at every $p_i$. Attempts that were
    stopped at the first success do not tell the two targets apart; their standard error is that
    of the population.

    Source: Chen et al. (2021), arXiv 2107.03374; Hoeffding (1948) for the bound; Korn and
    Graubard (1998) for the interval.

    Examples
    --------
    >>> counts = Counts.from_columns(None, [100] * 4, [0, 3, 40, 90])
    >>> round(float(pass_at_k(counts, 10).value), 3)
    0.567
    """
    if target not in ("population", "these problems"):
        raise ValueError(f"target must be 'population' or 'these problems', got {target!r}.")
    if short not in ("error", "leave out"):
        raise ValueError(f"short must be 'error' or 'leave out', got {short!r}.")
    shape, k = np.shape(k), np.ravel(check_k(k))
    value, variance, problems = _mean_and_variance(counts, k, target, short)
    lower, upper = _interval(value, variance, problems, level)
    fields = (value, np.sqrt(variance), lower, upper)
    return Estimate(
        *(jnp.asarray(x.reshape(shape), dtype=float) for x in fields),
        level=level,
        n=problems,
        method=f"unbiased pass@k, {target}",
    )


def pass_curve(counts: Counts, k: Any) -> Float[np.ndarray, " k"]:
    """The values of `pass_at_k` alone, in double precision.

    Parameters
    ----------
    counts, k
        As for `pass_at_k`.

    Raises
    ------
    ValueError
        As for `pass_at_k`.
    """
    return _mean_and_variance(counts, np.ravel(check_k(k)), None, "error")[0]


def estimator_moments(rate: float, attempts: int, k: int) -> Float[np.ndarray, "rules moments"]:
    r"""Mean and variance of two estimates of one problem's pass@k, over all outcomes.

    Parameters
    ----------
    rate
        $p$, the success probability of one attempt.
    attempts, k
        $n$ and $k$ with $1\le k\le n$.

    Returns
    -------
    ndarray
        Rows: the unbiased estimate, and the plug-in rule $1-(1-c/n)^k$. Columns: mean, variance.

    Examples
    --------
    >>> estimator_moments(0.1, 10, 5)[:, 0].round(4)
    array([0.4095, 0.3485])
    """
    c = np.arange(attempts + 1)
    chance = stats.binom.pmf(c, attempts, rate)
    values = np.stack([-np.expm1(log_all_fail(c, attempts, k)), 1 - (1 - c / attempts) ** k])
    mean = values @ chance
    return np.stack([mean, (values - mean[:, None]) ** 2 @ chance], axis=1)


def check_k(k: Any) -> Float[np.ndarray, "..."]:
    """`k` as floats, or a `ValueError` unless all are whole numbers of at least 1."""
    try:
        value = np.asarray(k, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"k must be numbers of attempts, got {k!r}.") from None
    bad = ~(np.isfinite(value) & (value >= 1) & (value == np.floor(value)))
    if bad.any():
        raise ValueError(
            f"k must be whole numbers of attempts from 1 on, got {value[bad].flat[0]}."
        )
    return value


def _mean_and_variance(
    counts: Counts, k: np.ndarray, target: Target | None, short: Short
) -> tuple[np.ndarray, np.ndarray, int]:
    """Mean over problems, its variance (0 without a target), and how many problems it uses."""
    fixed, stopped = _usable(counts, k.max(initial=1), short)
    problems = fixed.n_problems + stopped.n_problems
    if problems == 0:
        raise ValueError(
            f"no problem has {k.max(initial=1):.0f} attempts; choose a smaller k, or forecast."
        )
    value, variance = np.zeros(len(k)), np.zeros(len(k))
    for group, estimate in ((fixed, _fixed), (stopped, _stopped)):
        if group.n_problems:
            share = group.n_problems / problems
            mean, spread = estimate(group, k, target)
            value, variance = value + share * mean, variance + share**2 * spread
    return value, variance, problems


def _usable(counts: Counts, largest: float, short: Short) -> tuple[Counts, Counts]:
    """Problems with a fixed number of attempts, and those stopped at the first success."""
    stopped = counts[counts.stopped & (counts.attempts > 0)]
    enough = counts.attempts >= largest
    lacking = ~counts.stopped & ~enough
    # Never attempted, and stopped: nothing is known of such a problem.
    lacking |= counts.stopped & (counts.attempts == 0)
    if lacking.any() and short == "error":
        i = int(np.flatnonzero(lacking)[0])
        name = f" ({counts.problem[i]})" if counts.problem else ""
        raise ValueError(
            f"problem {i}{name} has {counts.attempts[i]} attempts, fewer than k = {largest:.0f}: "
            "no unbiased estimate exists for it. Choose a smaller k, set short='leave out' if the "
            "number of attempts has nothing to do with difficulty, or forecast with a model."
        )
    return counts[~counts.stopped & enough], stopped


def _stopped(counts: Counts, k: np.ndarray, target: Target | None) -> tuple[np.ndarray, np.ndarray]:
    """Share of the problems that k attempts solve, and its variance."""
    del target  # the attempts do not tell how much the problems differ
    with jax.enable_x64(True):
        survival = product_limit(counts.attempts, counts.successes == 1, lengths=k)
        failed, stderr = np.asarray(survival.value), np.asarray(survival.stderr)
    if np.isnan(failed).any():
        raise ValueError(
            f"k reaches {k.max():.0f}, but sampling until the first success was given up after "
            f"{counts.attempts.max()} attempts; choose a smaller k, or forecast with a model."
        )
    return 1 - failed, stderr**2


def _fixed(counts: Counts, k: np.ndarray, target: Target | None) -> tuple[np.ndarray, np.ndarray]:
    """Mean of the estimates over problems, and the variance of this mean."""
    attempts, successes, weight, _ = counts.distinct()
    n, c = attempts[:, None].astype(float), successes[:, None].astype(float)
    log_q = log_all_fail(c, n, k)
    passed = -np.expm1(log_q)
    problems = counts.n_problems
    mean = weight @ passed / problems
    if target is None:
        return mean, np.zeros_like(mean)
    if target == "these problems":
        return mean, weight @ _noise(n, c, k, log_q) / problems**2
    if problems == 1:  # one problem says nothing about how problems differ
        return mean, mean * (1 - mean)
    return mean, weight @ (passed - mean) ** 2 / (problems - 1) / problems


def _noise(n: np.ndarray, c: np.ndarray, k: np.ndarray, log_q: np.ndarray) -> np.ndarray:
    """Estimated variance of each problem's estimate over its attempts."""
    enough = 2 * k <= n
    q = np.exp(log_q)
    # With q_2k = q_k r the difference is q_k (q_k - r), which stays positive.
    twice = np.exp(log_all_fail(c, n, np.where(enough, 2 * k, 1.0)))
    bound = [np.exp(log_beta_ratio(c + 0.5, n - c + 0.5, times * k)) for times in (1, 2)]
    beyond = np.minimum(2 * k / n * (bound[0] - bound[1]), 0.25)
    return np.where(enough, np.maximum(q * q - twice, 0.0), beyond)


def _interval(
    value: np.ndarray, variance: np.ndarray, problems: int, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Wilson's interval with as many trials as give a proportion this variance."""
    spread = value * (1 - value)
    # A proportion of independent problems varies no more than this; no spread seen is no proof.
    some = (variance > 0) & (spread > 0)
    trials = np.where(some, spread / np.where(some, variance, 1.0), problems)
    # Student's quantile allows for an estimated variance; one problem has none.
    tail = 0.5 + level / 2
    z = float(special.ndtri(tail) if problems == 1 else special.stdtrit(problems - 1, tail))
    centre = (value + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * np.sqrt(spread / trials + (z / (2 * trials)) ** 2)
    lower, upper = np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)
    return np.minimum(lower, value), np.maximum(upper, value)
