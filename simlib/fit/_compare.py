"""Which family describes the items better, and how sure that is."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, Shaped

from .._estimate import Estimate
from ._families import FamilyName, find_family
from ._goodness import GoodnessOfFit, goodness_of_fit
from ._maximum_likelihood import MixingFit, density_of, fit_mixing, log_hazards, refits


def log_likelihood_gain(
    first: MixingFit | Float[np.ndarray, "items"],
    second: MixingFit | Float[np.ndarray, "items"],
    *,
    level: float = 0.95,
) -> Estimate:
    r"""Mean log-likelihood per item of `first` minus that of `second`, in nats.

    Either may be a fit or an array of log-likelihoods per item, such as held-out ones. The
    interval is the normal one of a paired mean, as in the test of Vuong (1989) for families
    that are not nested; for fits to the same items, the family with more parameters has an
    advantage of the order of one over the number of items. Where one family contains the other
    and the smaller one is right, the gain is not normal and the interval says nothing.

    Parameters
    ----------
    first, second
        Fits to the same items, or arrays over the same items.
    level
        Coverage of the interval.

    Raises
    ------
    ValueError
        If the two rest on different numbers of items.
    """
    a, b = (
        x.log_likelihood if isinstance(x, MixingFit) else np.asarray(x) for x in (first, second)
    )
    if len(a) != len(b):
        raise ValueError(
            f"both must rest on the same items, got {len(a)} and {len(b)} log-likelihoods."
        )
    gain = a - b
    stderr = gain.std(ddof=1) / np.sqrt(len(gain))
    return Estimate.from_mean(
        gain.mean(), stderr, len(gain), level=level, method="paired normal (Vuong)", unit="nats"
    )


def held_out_log_likelihood(
    log_p: Shaped[np.ndarray, "items"],
    family: FamilyName,
    *,
    key: Key[Array, ""],
    folds: int = 10,
) -> Float[np.ndarray, "items"]:
    r"""Log-density of each item under a fit to the other folds (K-fold cross-validation).

    Per unit of $\operatorname{logit}p$, in nats. Two families compared under the same key are
    scored on the same folds; no family gains by having more parameters.

    Parameters
    ----------
    log_p, family
        As for `fit_mixing`.
    key
        For the random division into folds.
    folds
        Number of folds, from 2 to the number of items.

    Raises
    ------
    ValueError
        If `folds` is out of range, or as `fit_mixing`.
    RuntimeError
        If a fit does not converge.
    """
    fit = fit_mixing(log_p, family)
    return _held_out(fit, log_hazards(log_p), key=key, folds=folds)


def _held_out(fit: MixingFit, y: Float[Array, "items"], *, key, folds: int):
    n = len(y)
    if not 2 <= folds <= n:
        raise ValueError(f"folds must lie between 2 and the number of items {n}, got {folds}.")
    fold = np.asarray(jax.random.permutation(key, jnp.arange(n) % folds))
    train = (fold != np.arange(folds)[:, None]).astype(float)
    vectors = refits(fit, [y] * folds, train)
    score = jax.jit(jax.vmap(density_of(fit.family), in_axes=(None, 0)))
    return np.asarray(score(y, jnp.asarray(vectors)))[fold, np.arange(n)]


class FamilyReport(NamedTuple):
    """One family on one set of items.

    `aic_above_best` is the difference of AIC to the best family with an interval from the
    paired differences of log-likelihoods; `held_out_gain` the mean held-out log-likelihood per
    item minus that of the family with the best one, in nats (0 for that family itself);
    `goodness` tells whether the family is right at all. The best of several wrong families is
    still wrong.
    """

    fit: MixingFit
    aic_above_best: Estimate
    held_out: Float[np.ndarray, "items"]
    held_out_gain: Estimate
    goodness: GoodnessOfFit


def compare_families(
    log_p: Shaped[np.ndarray, "items"],
    families: Sequence[FamilyName] = ("beta", "kumaraswamy", "logit-normal", "exGaussian"),
    *,
    key: Key[Array, ""],
    folds: int = 10,
    replicates: int = 200,
    level: float = 0.95,
) -> dict[str, FamilyReport]:
    """Fit several families to the same items and compare them in every way of this module.

    Parameters
    ----------
    log_p
        As for `fit_mixing`.
    families
        Which ones; at least one.
    key
        For folds and simulated data sets; all families share them.
    folds
        For `held_out_log_likelihood`.
    replicates
        For `goodness_of_fit`.
    level
        Coverage of each interval on its own.

    Returns
    -------
    dict
        A `FamilyReport` per family, the best AIC first.

    Raises
    ------
    ValueError, RuntimeError
        As the functions it calls.
    """
    if not families:
        raise ValueError('families must name at least one family, such as "beta".')
    for name in families:
        find_family(name)
    split, simulate = jax.random.split(key)
    y = log_hazards(log_p)
    fits = {name: fit_mixing(log_p, name, level=level) for name in families}
    held_out = {name: _held_out(fit, y, key=split, folds=folds) for name, fit in fits.items()}
    best = min(fits.values(), key=lambda fit: fit.aic)
    winner = max(held_out.values(), key=lambda score: score.mean())
    reports = {}
    for name, fit in sorted(fits.items(), key=lambda item: item[1].aic):
        gain = log_likelihood_gain(best, fit, level=level)
        more = 2.0 * (len(fit.parameters) - len(best.parameters))
        above = Estimate.from_mean(
            2.0 * len(y) * float(gain.value) + more,
            2.0 * len(y) * float(gain.stderr),
            len(y),
            level=level,
            method=gain.method,
        )
        reports[name] = FamilyReport(
            fit=fit,
            aic_above_best=above,
            held_out=held_out[name],
            held_out_gain=log_likelihood_gain(held_out[name], winner, level=level),
            goodness=goodness_of_fit(fit, log_p, key=simulate, replicates=replicates, level=level),
        )
    return reports
