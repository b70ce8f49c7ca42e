r"""Special functions with stated error bounds.

The bounds are those that the tests measure against mpmath on grids over the whole stated
range, with $\varepsilon=1.2\times10^{-7}$ in float32 and $2.2\times10^{-16}$ in float64.
"""

import math
from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._checks import as_floating
from .._types import Numbers

_LN2 = 0.6931471805599453
# (e^x - 1)/x and 2 (artanh(s) - s)/s^3 in powers of x and s^2.
_EXPREL = tuple(1 / math.factorial(j + 1) for j in range(18))
_ARTANH = tuple(2 / (2 * j + 3) for j in range(16))


def log1p(x: Numbers) -> Float[Array, "..."]:
    r"""$\ln(1+x)$ for $x\ge-1$; relative error below $4\varepsilon$.

    XLA's own function on processors is wrong by up to $110\varepsilon$ in float64 between
    -0.42 and -0.35; there $1+x$ loses nothing.
    """
    x = as_floating(x)
    low = x < -0.3
    return jnp.where(low, jnp.log(1 + jnp.where(low, x, 0.0)), jnp.log1p(jnp.where(low, 0.0, x)))


def expm1(x: Numbers) -> Float[Array, "..."]:
    r"""$e^{x}-1$ for every real $x$, whose derivative keeps its digits where it is tiny.

    JAX takes the derivative of its own function from the value, $(e^{x}-1)+1$, which rounds to
    0 near $x=-36$. Relative error below $4\varepsilon$.
    """
    x = as_floating(x)
    low = x < -_LN2
    near = jnp.expm1(jnp.where(low, 0.0, x))
    return jnp.where(low, jnp.exp(jnp.where(low, x, 0.0)) - 1, near)


def log1mexp(x: Numbers) -> Float[Array, "..."]:
    r"""$\ln(1-e^{-x})$ for $x>0$; $-\infty$ at 0 and NaN below.

    Switches at $\ln 2$ between `log(-expm1(-x))` and `log1p(-exp(-x))` (Mächler 2012).
    Relative error below $8\varepsilon$ wherever the result is a normal number.
    """
    x = as_floating(x)
    small = x < _LN2
    # Both branches get a safe argument: the unused one must not poison the gradient.
    near = jnp.log(-jnp.expm1(-jnp.where(small, x, 1.0)))
    far = log1p(-jnp.exp(-jnp.where(small, 1.0, x)))
    return jnp.where(small, near, far)


def exprel(x: Numbers) -> Float[Array, "..."]:
    r"""$(e^{x}-1)/x$ for every real $x$, 1 at $x=0$; derivatives of all orders are finite.

    Taylor polynomial where $|x|<1/2$, so that derivatives do not cancel there either.
    Relative error below $8\varepsilon$.
    """
    x = as_floating(x)
    small = jnp.abs(x) < 0.5
    near = _polynomial(_EXPREL, jnp.where(small, x, 0.0))
    far = jnp.where(small, 1.0, x)
    return jnp.where(small, near, jnp.expm1(far) / far)


def log1pmx(x: Numbers) -> Float[Array, "..."]:
    r"""$\ln(1+x)-x$ for $x>-1$, without cancellation near 0.

    Near 0 through $\ln(1+x)=2\operatorname{artanh} s$ with $s=x/(2+x)$.
    Relative error below $8\varepsilon$.
    """
    x = as_floating(x)
    small = jnp.abs(x) < 0.5
    t = jnp.where(small, x, 0.0)
    s = t / (2 + t)
    odd = _polynomial(_ARTANH, s * s)
    near = s * (s * s * odd - t)
    far = jnp.where(small, 1.0, x)
    return jnp.where(small, near, log1p(far) - far)


def logit(p: Numbers) -> Float[Array, "..."]:
    r"""$\ln\frac{p}{1-p}$ for $0\le p\le1$; $\mp\infty$ at the ends.

    Absolute error below $4\varepsilon\max(1,|\text{result}|)$.
    """
    p = as_floating(p)
    return jnp.log(p) - log1p(-p)


def log_expit(x: Numbers) -> Float[Array, "..."]:
    r"""$\ln\frac{1}{1+e^{-x}}$: the log-probability that belongs to the logit $x$.

    Relative error below $8\varepsilon$. The hazard $-\ln(1-p)$ is `-log_expit(-x)`.
    """
    return jax.nn.log_sigmoid(as_floating(x))


@partial(jax.jit, static_argnums=0)
def _polynomial(coefficients: tuple[float, ...], x: Array) -> Array:
    result = jnp.zeros_like(x)
    for coefficient in reversed(coefficients):
        result = result * x + coefficient
    return result
