"""Mixing distributions fitted by maximum likelihood: to exact rates, or to counts."""

from collections.abc import Callable, Sequence
from functools import cache

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, Shaped
from scipy import special, stats

from .._estimate import Estimate
from ..mixing import AbstractMixing
from ..mixing._coordinates import log_hazard_from_log_rate, log_rate
from ._families import FAMILIES, Family, FamilyName, find_family, slope, to_parameter
from ._optimum import Optimum, evaluate, maximise, refit
from ._resample import bootstrap_weights, check_resamples


class MixingFit(eqx.Module):
    r"""A fitted mixing distribution.

    `parameters` holds the estimates with intervals from the observed information on an
    unconstrained scale (logarithms of positive parameters, logits of shares); an interval
    reaches to infinity where the data do not determine the parameter, as the tail rate of an
    exGaussian without exponential part. `log_likelihood` has one number per item, in nats: for
    exact rates the log-density of $\operatorname{logit}p_i$, for counts the log-probability of
    the count; fits of different families to the same items are compared item by item.

    `optimum` tells how the maximum was found: its place on the unconstrained scale, the slope
    there, and how many of the starting points led to it.
    """

    family: str = eqx.field(static=True)
    mixing: AbstractMixing
    parameters: dict[str, Estimate]
    log_likelihood: Float[np.ndarray, "items"]
    optimum: Optimum

    @property
    def aic(self) -> float:
        r"""Akaike's criterion for the whole data set, $2k-2\ln L$: smaller is better."""
        return 2.0 * len(self.parameters) - 2.0 * float(self.log_likelihood.sum())


def fit_mixing(
    log_p: Shaped[np.ndarray, "items"], family: FamilyName, *, level: float = 0.95
) -> MixingFit:
    r"""Maximum likelihood of a mixing distribution for exactly known success rates.

    Parameters
    ----------
    log_p
        $\ln p_i$ of each item, finite and below 0.
    family
        `"beta"`, `"kumaraswamy"`, `"logit-normal"`, `"exGaussian"`, or, for the hazard
        $-\ln(1-p)$, `"gamma"` and `"positive stable"`.
    level
        Coverage of each parameter's interval.

    Raises
    ------
    ValueError
        With fewer than ten items, a rate of 0 or 1 (no density describes an atom: take such
        items out and report their share), or an unknown family.
    RuntimeError
        If the likelihood has no maximum that can be found.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> fit = fit_mixing(np.log(rng.beta(0.5, 2.0, 2000)), "beta")
    >>> bool(fit.parameters["a"].contains(0.5))
    True
    """
    chosen = find_family(family)
    y = log_hazards(log_p)
    logit = np.asarray(log_p) - np.log(-np.expm1(np.asarray(log_p)))
    starts = chosen.starts(float(logit.mean()), float(logit.std()))
    likelihood, weight = density_of(chosen.name), jnp.ones(len(y))
    optimum = maximise(likelihood, y, weight, starts)
    _, each, _ = evaluate(likelihood, optimum.vector, y, weight)
    return _result(chosen, optimum, each, level)


def fit_counts(
    successes: Shaped[np.ndarray, "items"],
    attempts: Shaped[np.ndarray, "items"],
    family: FamilyName,
    *,
    atom: bool = False,
    level: float = 0.95,
) -> MixingFit:
    r"""Maximum likelihood of a mixing distribution for success counts (beta-binomial and kin).

    The likelihood of an item is $\binom{n_i}{c_i}\mathbb{E}\,p^{c_i}(1-p)^{n_i-c_i}$. It serves
    a fixed number of attempts and attempts stopped at the first success alike: the stopping
    rule changes only the binomial coefficient, which no parameter sees.

    Parameters
    ----------
    successes, attempts
        $c_i$ and $n_i$ of each item, with $0\le c_i\le n_i$.
    family
        As for `fit_mixing`; `"beta"` is the beta-binomial model.
    atom
        Add a share of items with success rate exactly 0. Such a share and a long tail look
        alike in finitely many attempts: compare the likelihoods, and expect a wide interval.
    level
        Coverage of each parameter's interval.

    Raises
    ------
    ValueError
        If a count is impossible (negative, or more successes than attempts), if there are
        fewer than ten items with attempts, or no success or no failure at all.
    RuntimeError
        If the likelihood has no maximum that can be found.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> c = rng.binomial(100, rng.beta(0.5, 2.0, 400))
    >>> fit = fit_counts(c, np.full(400, 100), "beta")
    >>> bool(fit.parameters["a"].contains(0.5))
    True
    """
    chosen = find_family(family, atom=atom)
    c, n = _counts(successes, attempts)
    if (n > 0).sum() < 10:
        raise ValueError(f"at least 10 items with attempts are needed, got {(n > 0).sum()}.")
    if c.sum() == 0 or (c == n).all():
        raise ValueError(
            "without any success, or without any failure, the likelihood has no maximum; collect "
            "more attempts or easier items."
        )
    # Equal counts share one quadrature.
    pairs, inverse, multiplicity = np.unique(
        np.stack([c, n - c]), axis=1, return_inverse=True, return_counts=True
    )
    data = tuple(jnp.asarray(row, dtype=float) for row in pairs)
    rough = special.logit((c + 0.5) / (n + 1.0))
    starts = chosen.starts(float(rough.mean()), float(max(rough.std(), 0.1)))
    likelihood, weight = moments_of(chosen.name), jnp.asarray(multiplicity, dtype=float)
    optimum = maximise(likelihood, data, weight, starts)
    _, each, _ = evaluate(likelihood, optimum.vector, data, weight)
    each = each[inverse.ravel()] + _log_choose(n, c)
    return _result(chosen, optimum, each, level)


def count_log_likelihood(
    mixing: AbstractMixing,
    successes: Shaped[np.ndarray, "items"],
    attempts: Shaped[np.ndarray, "items"],
) -> Float[np.ndarray, "items"]:
    r"""$\ln\binom{n}{c}\mathbb{E}\,p^{c}(1-p)^{n-c}$ of each item, $-\infty$ for impossible counts.

    Parameters
    ----------
    mixing
        Distribution of the success rate over items.
    successes, attempts
        $c$ and $n$ of each item.
    """
    c, n = np.broadcast_arrays(
        np.asarray(successes, dtype=float), np.asarray(attempts, dtype=float)
    )
    possible = (c >= 0) & (c <= n) & (c == np.rint(c)) & (n == np.rint(n))
    c, n = np.where(possible, c, 0.0), np.where(possible, n, 0.0)
    value = np.asarray(mixing.log_moment(jnp.asarray(c), jnp.asarray(n - c)))
    return np.where(possible, value + _log_choose(n, c), -np.inf)


def bootstrap_parameters(
    fit: MixingFit,
    log_p: Shaped[np.ndarray, "items"],
    *,
    key: Key[Array, ""],
    resamples: int = 1000,
    level: float = 0.95,
) -> dict[str, Estimate]:
    """Percentile intervals of the parameters from refits to resampled items.

    Unlike those of the observed information they do not assume that the family is right.

    Parameters
    ----------
    fit
        The fit of `fit_mixing` to the same `log_p`.
    log_p
        As for `fit_mixing`.
    key, resamples, level
        For the bootstrap.

    Raises
    ------
    ValueError
        If the items are not those of the fit, or there are too few resamples for the level.
    RuntimeError
        If more than 1 % of the refits do not converge.
    """
    check_resamples(resamples, level)
    y = items_of(fit, log_p)
    family = FAMILIES[fit.family]
    weight = bootstrap_weights(len(y), resamples, key=key) * len(y)
    vectors = refits(fit, [y] * resamples, weight)
    return {
        name: Estimate.from_draws(
            np.asarray(to_parameter(link, vectors[:, i])),
            value=np.asarray(to_parameter(link, fit.optimum.vector[i])),
            n=len(y),
            level=level,
            method="maximum likelihood, bootstrap over items",
        )
        for i, (name, link) in enumerate(zip(family.names, family.links, strict=True))
    }


def refits(
    fit: MixingFit,
    y: Sequence[Float[Array | np.ndarray, "items"]],
    weight: Float[np.ndarray, "replicates items"],
) -> Float[np.ndarray, "replicates parameters"]:
    """Maxima for many data sets, started at `fit`; fails if more than 1 % do not converge."""
    vectors, failed = refit(density_of(fit.family), fit.optimum, y, weight)
    if failed > 0.01 * len(y):
        raise RuntimeError(
            f"{failed} of {len(y)} refits of the {fit.family} family did not converge: its "
            "parameters are hardly determined by these items; choose a smaller family."
        )
    return vectors


def log_hazards(log_p: Shaped[np.ndarray, "items"]) -> Float[Array, "items"]:
    r"""$\ln(-\ln(1-p))$ of exactly known rates, checked."""
    log_p = np.asarray(log_p, dtype=float)
    if log_p.ndim != 1 or len(log_p) < 10:
        raise ValueError(f"log_p must hold at least 10 items, got shape {log_p.shape}.")
    bad = ~(np.isfinite(log_p) & (log_p < 0))
    if bad.any():
        raise ValueError(
            f"log_p must be finite and below 0, got {log_p[bad][0]}: no density describes rates "
            "of exactly 0 or 1; take these items out and report their share."
        )
    return log_hazard_from_log_rate(jnp.asarray(log_p))


def items_of(fit: MixingFit, log_p: Shaped[np.ndarray, "items"]) -> Float[Array, "items"]:
    """The log-hazards of `log_p`, after a check that `fit` rests on these very items."""
    y = log_hazards(log_p)
    mean, *_ = evaluate(density_of(fit.family), fit.optimum.vector, y, jnp.ones(len(y)))
    own = fit.log_likelihood
    if len(y) != len(own) or not np.isclose(mean, own.mean(), rtol=1e-5, atol=1e-5):
        raise ValueError(
            f"the {len(y)} items of log_p are not the {len(own)} that the fit "
            "rests on; give it the log_p that fit_mixing was given."
        )
    return y


@cache
def density_of(family: str) -> Callable:
    """Log-density of the logit of the rate, as a function of log-hazards and a vector."""

    def log_likelihood(y, vector):
        # d y / d logit p = p / X
        return FAMILIES[family].mixing(vector).log_density_log_hazard(y) + log_rate(y) - y

    return log_likelihood


@cache
def moments_of(family: str) -> Callable:
    """Log-probability of successes and failures in one order, from their numbers and a vector."""

    def log_likelihood(data, vector):
        return FAMILIES[family].mixing(vector).log_moment(*data)

    return log_likelihood


def _counts(successes, attempts):
    c, n = np.asarray(successes, dtype=float), np.asarray(attempts, dtype=float)
    if c.ndim != 1 or c.shape != n.shape:
        raise ValueError(
            f"successes and attempts need one entry per item, got shapes {c.shape} and {n.shape}."
        )
    bad = ~((c >= 0) & (c <= n) & (c == np.rint(c)) & (n == np.rint(n)))
    if bad.any():
        i = int(np.flatnonzero(bad)[0])
        raise ValueError(
            f"item {i} has {c[i]:g} successes in {n[i]:g} attempts, which is impossible; both "
            "must be whole numbers with 0 <= successes <= attempts."
        )
    return c, n


def _log_choose(n, c):
    return special.gammaln(n + 1) - special.gammaln(c + 1) - special.gammaln(n - c + 1)


def _result(family: Family, optimum: Optimum, each: np.ndarray, level: float) -> MixingFit:
    if not np.isfinite(each).all():
        raise RuntimeError(
            f"the {family.name} family gives item {int(np.argmin(each))} no probability at all."
        )
    z = stats.norm.ppf(0.5 + level / 2)
    stderrs = np.sqrt(_variances(optimum.information))
    estimates = {}
    for name, link, v, s in zip(family.names, family.links, optimum.vector, stderrs, strict=True):
        value, low, high = (to_parameter(link, x) for x in (v, v - z * s, v + z * s))
        estimates[name] = Estimate(
            *(jnp.asarray(x, dtype=float) for x in (value, slope(link, v) * s, low, high)),
            level=level,
            n=len(each),
            method="maximum likelihood, observed information",
        )
    return MixingFit(
        family=family.name,
        mixing=family.mixing(jnp.asarray(optimum.vector)),
        parameters=estimates,
        log_likelihood=each,
        optimum=optimum,
    )


def _variances(information: np.ndarray) -> np.ndarray:
    """Diagonal of the inverse information; infinite where a flat direction is involved."""
    values, vectors = np.linalg.eigh(information)
    rounding = float(jnp.finfo(jnp.result_type(float)).eps) ** 0.5
    flat = values <= max(1e-7, rounding) * values.max()
    share = vectors**2
    finite = (share[:, ~flat] / values[~flat]).sum(1)
    return np.where((share[:, flat] > 1e-3).any(1), np.inf, finite)
