r"""Ratios of beta functions for tables of counts: in double precision, without compilation."""

from typing import Any

import numpy as np
from jaxtyping import Float

from ..formulas._beta import SHIFT, STIRLING, stirling_part

Table = Float[np.ndarray, "..."]


def log_beta_ratio(a: Any, b: Any, k: Any) -> Table:
    r"""$\ln\frac{B(a,b+k)}{B(a,b)}=\ln\mathbb E(1-p)^k$ for $p\sim\mathrm{Beta}(a,b)$.

    The function of the same name in `simlib.formulas`, in NumPy: always in double precision
    whatever the settings of JAX, and without the second that a compilation takes. Relative error
    below $4\varepsilon$ for $a,b,k\ge1$ up to $10^{12}$, and below $200\varepsilon$ down to
    $a=10^{-3}$ and $b=10^{-2}$.

    Notes
    -----
    Stirling's remainders of the four gamma functions are subtracted as they are. Of arguments
    from 10 on they are below 1/120 and lose nothing that counts beside a result of size $ak/b$.
    """
    a, b, k = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (a, b, k)))
    low = b < SHIFT
    if not low.any():
        return np.asarray(_from_ten(a, b, k))
    # b -> b + 1 -> ... until it is at least 10.
    steps = np.where(low, np.ceil(SHIFT - b), 0.0)
    result = np.array(_from_ten(a, b + steps, k))
    for j in range(SHIFT):
        here = steps > j
        x, y, z = a[here], b[here] + j, k[here]
        result[here] -= np.log1p((x / y) * (z / (x + y + z)))
    return result


def _from_ten(a: Any, b: Any, k: Any) -> Any:
    remainder = _remainder(b + k) - _remainder(a + b + k) - (_remainder(b) - _remainder(a + b))
    return stirling_part(a, b, k, np.log1p) + remainder


def _remainder(x: Any) -> Any:
    """ln Gamma(x) - (x - 1/2) ln x + x - ln(2 pi)/2 for x >= 10."""
    u = 1 / x
    z = u * u
    series = STIRLING[-1]
    for coefficient in reversed(STIRLING[:-1]):
        series = series * z + coefficient
    return u * series
