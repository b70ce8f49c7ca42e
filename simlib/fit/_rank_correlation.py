"""Do two measurements put the same items in the same order?"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Shaped
from scipy import stats

from .._estimate import Estimate


def rank_correlation(
    first: Shaped[np.ndarray, "items"],
    second: Shaped[np.ndarray, "others"],
    *,
    level: float = 0.95,
) -> Estimate:
    r"""Spearman's rank correlation of two measurements of the same items.

    $$\rho=\operatorname{corr}(R_i,S_i)$$

    with $R_i$ and $S_i$ the ranks of item $i$ in the two measurements (ties share their mean
    rank). The interval is that of Fisher's transform $\operatorname{artanh}\rho$ with standard
    error $\sqrt{(1+\rho^2/2)/(n-3)}$.

    Parameters
    ----------
    first, second
        One finite number per item, in the same order.
    level
        Coverage of the interval.

    Raises
    ------
    ValueError
        If the lengths differ, there are fewer than ten items, a number is not finite, or one of
        the measurements is constant.

    Source: Bonett and Wright (2000), Psychometrika 65, 23.

    Examples
    --------
    >>> x = np.arange(200.0)
    >>> bool(rank_correlation(x, np.sin(x)).contains(0.0))
    True
    """
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if first.ndim != 1 or first.shape != second.shape or len(first) < 10:
        raise ValueError(
            "first and second need one number for each of the same 10 or more items, got shapes "
            f"{first.shape} and {second.shape}."
        )
    for name, x in (("first", first), ("second", second)):
        if not np.isfinite(x).all():
            raise ValueError(
                f"{name} must be finite, got {x[~np.isfinite(x)][0]}; leave such items out and "
                "report their share."
            )
        if np.ptp(x) == 0:
            raise ValueError(f"{name} is {x[0]} for every item, so it orders nothing.")
    rho = float(np.corrcoef(stats.rankdata(first), stats.rankdata(second))[0, 1])
    # Perfect order has no finite transform.
    z = np.arctanh(np.clip(rho, -1 + 1e-15, 1 - 1e-15))
    stderr = np.sqrt((1 + rho**2 / 2) / (len(first) - 3))
    return Estimate.from_mean(
        z, stderr, len(first), level=level, method="Fisher transform of Spearman's rho"
    ).map(jnp.tanh)
