"""Special functions with stated error bounds (tested against mpmath on log grids)."""

import math

import jax
import jax.numpy as jnp
import jax.scipy.special as jsp
from jaxtyping import Array, Float, Shaped


def log1mexp(x: Shaped[Array, "..."]) -> Float[Array, "..."]:
    r"""$\ln(1-e^{-x})$ for $x>0$; $-\infty$ at 0 and NaN below.

    Switches at $\ln 2$ between `log(-expm1(-x))` and `log1p(-exp(-x))` (Mächler 2012).
    """
    x = jnp.asarray(x)
    small = x < 0.6931471805599453
    # Both branches get a safe argument: the unused one must not poison the gradient.
    near = jnp.log(-jnp.expm1(-jnp.where(small, x, 1.0)))
    far = jnp.log1p(-jnp.exp(-jnp.where(small, 1.0, x)))
    return jnp.where(small, near, far)


def exprel(x: Shaped[Array, "..."]) -> Float[Array, "..."]:
    r"""$(e^{x}-1)/x$ for every real $x$, 1 at $x=0$; derivatives of all orders are finite.

    Taylor polynomial where $|x|<1/2$, so that derivatives do not cancel there either.
    """
    x = jnp.asarray(x)
    small = jnp.abs(x) < 0.5
    near = _polynomial([1 / math.factorial(j + 1) for j in range(18)], jnp.where(small, x, 0.0))
    far = jnp.where(small, 1.0, x)
    return jnp.where(small, near, jnp.expm1(far) / far)


def log1pmx(x: Shaped[Array, "..."]) -> Float[Array, "..."]:
    r"""$\ln(1+x)-x$ for $x>-1$, without cancellation near 0.

    Near 0 through $\ln(1+x)=2\operatorname{artanh} s$ with $s=x/(2+x)$.
    """
    x = jnp.asarray(x)
    small = jnp.abs(x) < 0.5
    t = jnp.where(small, x, 0.0)
    s = t / (2 + t)
    odd = _polynomial([2 / (2 * j + 3) for j in range(14)], s * s)
    near = s * (s * s * odd - t)
    far = jnp.where(small, 1.0, x)
    return jnp.where(small, near, jnp.log1p(far) - far)


def _polynomial(coefficients, x):
    result = jnp.zeros_like(x)
    for coefficient in reversed(coefficients):
        result = result * x + coefficient
    return result


def log_beta(a: Shaped[Array, "..."], b: Shaped[Array, "..."]) -> Float[Array, "..."]:
    r"""$\ln B(a,b)=\ln\Gamma(a)+\ln\Gamma(b)-\ln\Gamma(a+b)$ for $a,b>0$."""
    a, b = jnp.asarray(a), jnp.asarray(b)
    return jsp.gammaln(a) + jsp.gammaln(b) - jsp.gammaln(a + b)


def log_survival_iid(
    length: Shaped[Array, "..."], error_rate: Shaped[Array, "..."]
) -> Float[Array, "..."]:
    r"""$n\ln(1-e)$, with the limit 0 at $n = 0$ for every $e\in[0,1]$."""
    length, error_rate = jnp.asarray(length), jnp.asarray(error_rate)
    return jax.scipy.special.xlog1py(length, -error_rate)
