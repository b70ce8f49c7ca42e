"""How much items differ: variance of their success rates, and what it does to pass@k."""

import equinox as eqx
import numpy as np
from jaxtyping import Array, Key, Shaped

from .._estimate import Estimate
from ._resample import bootstrap_weights, check_resamples


class Overdispersion(eqx.Module):
    r"""Mean and spread of the success rates of a set of items.

    `mean` is $\bar p$, which is pass@1; `rho` is $\rho=\operatorname{Var}p/\bar p(1-\bar p)$: 0 if
    all items are equally hard, 1 if each is either certain or impossible. It is the correlation
    of the outcomes of two attempts at one item.
    """

    mean: Estimate
    rho: Estimate


def overdispersion(
    log_p: Shaped[np.ndarray, "items"],
    *,
    key: Key[Array, ""],
    resamples: int = 2000,
    level: float = 0.95,
) -> Overdispersion:
    r"""Mean and overdispersion of exactly known success rates, by a bootstrap over items.

    Parameters
    ----------
    log_p
        Logarithm of the success rate of each item, at most 0; minus infinity for impossible ones.
    key, resamples, level
        For the bootstrap and its percentile intervals.

    Raises
    ------
    ValueError
        With fewer than two items, values above 0, or if all items are certain or all impossible
        ($\rho$ is then 0/0).

    Examples
    --------
    >>> import jax
    >>> found = overdispersion(np.log([0.25] * 40), key=jax.random.key(0))
    >>> abs(float(found.rho.value)) < 1e-12
    True
    """
    check_resamples(resamples, level)
    p = _rates(log_p)

    def statistics(weight):
        mean = weight @ p
        variance = np.maximum(weight @ p**2 - mean**2, 0.0)
        with np.errstate(invalid="ignore"):
            return mean, variance / (mean * (1 - mean))

    mean, rho = statistics(np.full(len(p), 1 / len(p)))
    if not np.isfinite(rho):
        raise ValueError("all items are certain or all are impossible, so rho is not defined.")
    means, rhos = statistics(bootstrap_weights(len(p), resamples, key=key))
    settings = {"n": len(p), "level": level, "method": "bootstrap over items"}
    return Overdispersion(
        mean=Estimate.from_draws(means, value=mean, **settings),
        # A resample of certain items only has no rho.
        rho=Estimate.from_draws(rhos[np.isfinite(rhos)], value=rho, **settings),
    )


def coverage_ratio(
    log_p: Shaped[np.ndarray, "items"],
    attempts: Shaped[np.ndarray, "attempts"],
    *,
    key: Key[Array, ""],
    resamples: int = 2000,
    level: float = 0.95,
) -> Estimate:
    r"""Coverage of the items over the coverage of equally hard items with the same mean.

    $$\frac{\mathbb E\big[1-(1-p)^k\big]}{1-(1-\bar p)^k}\le1$$ for every number $k\ge1$ of
    attempts: the price of mixed difficulty.

    Parameters and exceptions as for `overdispersion`; `attempts` must be at least 1.
    """
    check_resamples(resamples, level)
    p, k = _rates(log_p), np.asarray(attempts, dtype=float)
    if np.any(k < 1):
        raise ValueError(f"attempts must be at least 1, got {k.min()}.")
    solved = -np.expm1(k * np.log1p(-np.minimum(p, 1 - 1e-16))[:, None])

    def ratio(weight):
        mean = np.minimum(weight @ p, 1 - 1e-16)
        return (weight @ solved) / -np.expm1(k * np.log1p(-mean)[..., None])

    value = ratio(np.full((1, len(p)), 1 / len(p)))[0]
    draws = ratio(bootstrap_weights(len(p), resamples, key=key))
    return Estimate.from_draws(
        draws, value=value, n=len(p), level=level, method="bootstrap over items"
    )


def _rates(log_p) -> np.ndarray:
    log_p = np.asarray(log_p, dtype=float)
    if log_p.ndim != 1 or len(log_p) < 2:
        raise ValueError(f"log_p must hold at least two items, got shape {log_p.shape}.")
    if np.isnan(log_p).any() or (log_p > 0).any():
        raise ValueError(
            f"log_p must be at most 0, got a largest value of {log_p.max()}; take logarithms."
        )
    if not np.isfinite(log_p).any():
        raise ValueError("log_p holds impossible items only; no success rate can be taken from it.")
    return np.exp(log_p)
