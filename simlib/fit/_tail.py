"""The left tail of success rates: does it follow a power law near zero?"""

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Key, Shaped

from .._estimate import Estimate
from ._resample import check_resamples


class TailExponent(eqx.Module):
    r"""Hill estimates of the tail exponent at several thresholds.

    `exponent` has one entry per share of the hardest items used; `steepening` is the exponent at
    the smallest share over that at the largest one. Under a power law, density of $p$
    proportional to $p^{b-1}$ near 0, all exponents estimate the same $b$ and the steepening is
    1; if the density falls faster than any power (a logit-normal), the exponent grows towards
    the tail and the steepening exceeds 1.
    """

    share: Shaped[np.ndarray, "shares"]
    exponent: Estimate
    steepening: Estimate


def tail_exponent(
    log_p: Shaped[np.ndarray, "items"],
    share: Shaped[np.ndarray, "shares"],
    *,
    key: Key[Array, ""],
    resamples: int = 2000,
    level: float = 0.95,
) -> TailExponent:
    r"""Hill estimator on $-\ln p$, with bootstrap intervals over items.

    With the items ordered from the hardest, $\ln p_{(1)}\le\ln p_{(2)}\le\dots$, and $m$ of them
    below the threshold,

    $$\hat b=\Big[\frac1m\sum_{i\le m}\big(\ln p_{(m+1)}-\ln p_{(i)}\big)\Big]^{-1}.$$

    Parameters
    ----------
    log_p
        $\ln p_i$ of each item; finite.
    share
        Shares of the items below the threshold, in (0, 1).
    key, resamples, level
        For the bootstrap.

    Raises
    ------
    ValueError
        If a share holds fewer than ten items or all of them, or a value is not finite (impossible
        items form an atom, not a tail: take them out and report their share).

    Source: Hill (1975), Annals of Statistics 3, 1163.

    Examples
    --------
    >>> import jax
    >>> log_p = np.log(np.random.default_rng(0).beta(0.5, 1.0, 5000))
    >>> tail = tail_exponent(log_p, np.array([0.05, 0.2]), key=jax.random.key(0))
    >>> tail.exponent.contains(0.5).all()
    np.True_
    """
    check_resamples(resamples, level)
    log_p, share = np.asarray(log_p, dtype=float), np.atleast_1d(np.asarray(share, dtype=float))
    if not np.isfinite(log_p).all():
        raise ValueError(
            "log_p must be finite: impossible items form an atom, not a tail; take them out and "
            "report their share."
        )
    counts = np.floor(share * len(log_p)).astype(int)
    if (counts < 10).any() or (counts >= len(log_p)).any():
        raise ValueError(
            f"each share must leave at least 10 items in the tail and one outside; shares "
            f"{share.tolist()} of {len(log_p)} items leave {counts.tolist()}."
        )
    value = _hill(np.sort(log_p)[None], counts)[0]
    drawn = np.asarray(jax.random.randint(key, (resamples, len(log_p)), 0, len(log_p)))
    draws = _hill(np.sort(log_p[drawn], axis=1), counts)
    settings = {"n": len(log_p), "level": level, "method": "Hill, bootstrap over items"}
    first, last = np.argmin(share), np.argmax(share)
    return TailExponent(
        share=share,
        exponent=Estimate.from_draws(draws, value=value, **settings),
        steepening=Estimate.from_draws(
            draws[:, first] / draws[:, last], value=value[first] / value[last], **settings
        ),
    )


def _hill(ordered, counts):
    total = np.cumsum(ordered, axis=1)
    gap = ordered[:, counts] - total[:, counts - 1] / counts
    # Ties below the threshold (a bootstrap sample can have them) leave no spread at all.
    with np.errstate(divide="ignore"):
        return np.where(gap > 0, 1 / gap, np.finfo(float).max)
