r"""The beta function and its ratios, without cancellation at any size of the arguments.

Error bounds as in `_special`: measured against mpmath, in units of the rounding error
$\varepsilon$ of the dtype.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._checks import as_floating
from .._types import Numbers

# Coefficients of Stirling's series w(x) = ln Gamma(x) - (x - 1/2) ln x + x - ln(2 pi)/2
# in odd powers of 1/x; from x = 10 on, eight terms reach float64.
STIRLING = (
    1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400,
)  # fmt: skip
SHIFT = 10


def log_beta_ratio(a: Numbers, b: Numbers, k: Numbers) -> Float[Array, "..."]:
    r"""$\ln\frac{B(a,b+k)}{B(a,b)}=\ln\mathbb E[(1-p)^k]$ for $p\sim\mathrm{Beta}(a,b)$.

    For $a,b>0$ and $k\ge0$. No step cancels, so the *relative* error stays below
    $16\varepsilon$ for $a,b,k$ from $10^{-6}$ to $10^{8}$ (for $k$ up to $10^{30}$ too),
    however close to 0 the result is.

    Notes
    -----
    The result is a mixed second difference of $\ln\Gamma$. Raising $b$ by one changes it by
    $\ln\big(1+\frac{ak}{b(a+b+k)}\big)$; from $b\ge10$ on Stirling's series applies, and its
    second difference is taken term by term.
    """
    a, b, k = map(as_floating, (a, b, k))
    dtype = jnp.result_type(a, b, k)
    return _ratio(*jnp.broadcast_arrays(*(x.astype(dtype) for x in (a, b, k))))


@jax.custom_jvp
def _ratio(a, b, k):
    return _ratio_by_shift(a, b, k)


@_ratio.defjvp
def _(primals, tangents):
    a, b, k = primals
    a_dot, b_dot, k_dot = tangents
    # Differences of digamma; differentiating the formula itself would cancel in a and k.
    _, change = jax.jvp(lambda b: _ratio_by_shift(a, b, k), (b,), (b_dot,))
    change = change - digamma_difference(a + b, k) * a_dot - digamma_difference(b + k, a) * k_dot
    return _ratio(a, b, k), change


# Compiled as a whole: outside jit its many small steps would be dispatched one by one.
@jax.jit
def _ratio_by_shift(a, b, k):
    # b -> b + 1 -> ... until it is at least 10.
    j = jnp.arange(SHIFT, dtype=b.dtype)
    low = b[..., None] + j
    terms = jnp.log1p((a[..., None] / low) * (k[..., None] / (a[..., None] + low + k[..., None])))
    steps = jnp.maximum(jnp.ceil(SHIFT - b), 0.0)
    shifted = jnp.sum(jnp.where(j < steps[..., None], terms, 0.0), axis=-1)
    b = b + steps
    return stirling_part(a, b, k, jnp.log1p) + _stirling_difference(a, b, k) - shifted


def stirling_part(a: Any, b: Any, k: Any, log1p: Callable) -> Any:
    r"""The result without the remainders $w$: for arrays of JAX or NumPy, with their `log1p`."""
    return (
        (b - 0.5) * log1p((a / b) * (k / (a + b + k)))
        - a * log1p(k / (a + b))
        - k * log1p(a / (b + k))
    )


class _Square(NamedTuple):
    """Values of a function of b at (b, b+k, b+a, b+a+k) and their exact differences."""

    f00: Array
    f10: Array
    f01: Array
    f11: Array
    s0: Array  # f10 - f00
    s1: Array  # f11 - f01
    t0: Array  # f01 - f00
    t1: Array  # f11 - f10
    st: Array  # f11 - f10 - f01 + f00


def _times(f: _Square, g: _Square) -> _Square:
    # The product rule of differences; for completely monotone factors all terms share a sign.
    return _Square(
        f.f00 * g.f00, f.f10 * g.f10, f.f01 * g.f01, f.f11 * g.f11,
        f.f10 * g.s0 + g.f00 * f.s0,
        f.f11 * g.s1 + g.f01 * f.s1,
        f.f01 * g.t0 + g.f00 * f.t0,
        f.f11 * g.t1 + g.f10 * f.t1,
        f.f11 * g.st + f.t1 * g.s0 + g.f01 * f.st + g.t0 * f.s0,
    )  # fmt: skip


def _stirling_difference(a, b, k):
    """w(b+k) - w(b) - w(a+b+k) + w(a+b) for b >= 10."""
    u = _Square(
        1 / b, 1 / (b + k), 1 / (a + b), 1 / (a + b + k),
        -(k / (b + k)) / b,
        -(k / (a + b + k)) / (a + b),
        -(a / (a + b)) / b,
        -(a / (a + b + k)) / (b + k),
        (a / (a + b)) * (k / (b + k)) * ((a + b + (b + k)) / (a + b + k)) / b,
    )  # fmt: skip
    z = _times(u, u)
    zero = jnp.zeros_like(b)
    series = _constant(STIRLING[-1], zero)
    for coefficient in reversed(STIRLING[:-1]):
        series = _times(z, series)
        series = series._replace(
            **{name: getattr(series, name) + coefficient for name in ("f00", "f10", "f01", "f11")}
        )
    return -_times(u, series).st


def _constant(value: float, zero) -> _Square:
    full = zero + value
    return _Square(full, full, full, full, zero, zero, zero, zero, zero)


def digamma_difference(x: Numbers, h: Numbers) -> Float[Array, "..."]:
    r"""$\psi(x+h)-\psi(x)$ for $x>0$, $h\ge0$, without cancellation.

    Relative error below $16\varepsilon$ for $x,h$ from $10^{-6}$ to $10^{8}$.
    """
    x, h = as_floating(x), as_floating(h)
    dtype = jnp.result_type(x, h)
    return _digamma_difference(*jnp.broadcast_arrays(x.astype(dtype), h.astype(dtype)))


@jax.jit
def _digamma_difference(x, h):
    j = jnp.arange(SHIFT, dtype=x.dtype)
    low = x[..., None] + j
    terms = (h[..., None] / (low + h[..., None])) / low
    steps = jnp.maximum(jnp.ceil(SHIFT - x), 0.0)
    shifted = jnp.sum(jnp.where(j < steps[..., None], terms, 0.0), axis=-1)
    x = x + steps
    end = x + h
    # psi(x) = ln x - 1/(2x) - z q(z) with z = 1/x^2: q by Horner, its difference alongside.
    z0, z1 = 1 / (x * x), 1 / (end * end)
    step = (h / end) / x * (1 / x + 1 / end)
    series, difference = jnp.zeros_like(z0), jnp.zeros_like(z0)
    for power, coefficient in reversed(list(enumerate(STIRLING))):
        difference = difference * z1 + series * step
        series = series * z0 + (2 * power + 1) * coefficient
    difference = difference * z1 + series * step
    return shifted + jnp.log1p(h / x) + (h / end) / x / 2 + difference


def log_beta(a: Numbers, b: Numbers) -> Float[Array, "..."]:
    r"""$\ln B(a,b)=\ln\Gamma(a)+\ln\Gamma(b)-\ln\Gamma(a+b)$ for $a,b>0$.

    Error below $16\varepsilon\max(1,|\ln B|)$ for $a,b$ from $10^{-6}$ to $10^{8}$, where
    three `gammaln` lose up to all digits.
    """
    a, b = as_floating(a), as_floating(b)
    small, large = jnp.minimum(a, b), jnp.maximum(a, b)
    # B(a, 1) = 1/a, then raise 1 to b. Below b = 1 go through B(a, b+1) = B(a, b) b/(a+b).
    below = large < 1
    steps = jnp.where(below, large, jnp.where(below, 1.0, large) - 1)
    correction = jnp.where(below, jnp.log1p(small / large), 0.0)
    return log_beta_ratio(small, jnp.ones_like(small), steps) - jnp.log(small) + correction
