"""Mean run length: the sum of survival over lengths, without visiting every token."""

from typing import TYPE_CHECKING

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

if TYPE_CHECKING:
    from ._base import AbstractErrorProcess

# Lengths summed one by one before the tail is integrated.
_HEAD = 512
# Gauss-Legendre nodes per panel and panels per e-fold of length in the tail.
_NODES, _PANELS = 16, 4
_LOG_LONGEST = 80.0


def sum_of_survival(process: "AbstractErrorProcess", limit: float) -> Float[Array, ""]:
    r"""$\sum_{n=1}^{L}S(n)$ by direct summation up to 512 and Euler-Maclaurin beyond.

    The tail is $\int_{a}^{L}S\,\mathrm dn$ in $\ln n$ plus the end-point corrections
    $(S(L)-S(a))/2$ and $(S'(L)-S'(a))/12$. O(log L) evaluations for any limit.
    Returns infinity where $n\,S(n)$ has not vanished at $n = e^{80}$ (divergent mean).
    """
    limit = float(limit)
    if not limit >= 1 or (np.isfinite(limit) and limit != int(limit)):
        raise ValueError(f"limit must be a whole number of trials >= 1 or inf, got {limit}.")
    head = jnp.arange(1.0, min(limit, _HEAD) + 1)
    total = jnp.sum(process.survival(head))
    if limit <= _HEAD:
        return total
    end = np.log(limit) if np.isfinite(limit) else _LOG_LONGEST
    start = np.log(_HEAD)
    panels = int(np.ceil((end - start) * _PANELS))
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    edges = np.linspace(start, end, panels + 1)
    half = np.diff(edges) / 2
    log_n = (edges[:-1] + half)[:, None] + half[:, None] * nodes
    log_n, weight = (
        jnp.asarray(log_n, dtype=float),
        jnp.asarray(half[:, None] * weights, dtype=float),
    )
    integral = jnp.sum(jnp.exp(process.log_survival(jnp.exp(log_n)) + log_n) * weight)

    def correction(n):
        n = jnp.asarray(n, dtype=float)
        survival = process.survival(n)
        return survival / 2 + process.log_log_slope(n) * survival / n / 12

    total = total + integral - correction(float(_HEAD))
    if np.isfinite(limit):
        return total + correction(limit)
    longest = jnp.asarray(_LOG_LONGEST, dtype=float)
    remaining = jnp.exp(process.log_survival(jnp.exp(longest)) + longest)
    # A convergent tail n^-a with a > 1 leaves at most n S(n) / (a - 1) here.
    return jnp.where(remaining > 1e-3 * total, jnp.inf, total)
