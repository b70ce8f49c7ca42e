r"""How the number of key tokens $k(n)$ grows with the length $n$.

Every growth law has a nominal count $g(n)$. No token counts twice, so the count that is used is

$$k(n)=\min_{0\le u\le n}\{\max(g(u),0)+n-u\},$$

the largest count below $\max(g,0)$ that grows by at most one key token per token. Hence
$0\le k(n)\le n$, both $k(n)$ and $n-k(n)$ never fall, and $k=g$ except where $g$ asks for more
key tokens than there are tokens. Where the two meet, $k$ may have a corner; the derivative
there is the mean of those on either side. At $n=0$ it is the one to the right.
"""

from abc import abstractmethod

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._checks import as_floating, as_parameter, check_interval
from .._types import Numbers
from ..formulas import key_tokens as formulas
from ..formulas._special import log1p


class AbstractGrowth(eqx.Module):
    r"""The number of key tokens $k(n)$ among the first $n$, for real $n\ge0$."""

    @abstractmethod
    def count(self, n: Numbers) -> Float[Array, "..."]:
        r"""$k(n)$, in key tokens: between 0 and $n$, of slope between 0 and 1."""

    @abstractmethod
    def inverse_count(self, count: Numbers) -> Float[Array, "..."]:
        r"""The length at which $k(n)$ reaches `count` $\ge0$; $\infty$ where it never does."""


class LinearShare(AbstractGrowth):
    r"""A fixed share of the tokens is key: $k(n)=\phi n$.

    Parameters
    ----------
    share
        $\phi$, in [0, 1]; key tokens per token.

    Raises
    ------
    ValueError
        If `share` is a concrete number outside [0, 1].
    """

    share: Float[Array, "..."] = eqx.field(converter=as_parameter)

    def __check_init__(self):
        check_interval(
            "share", self.share, 0.0, 1.0, "key tokens per token", low_included=True,
            high_included=True,
        )  # fmt: skip

    def count(self, n: Numbers) -> Float[Array, "..."]:
        return formulas.linear_count(n, self.share)

    def inverse_count(self, count: Numbers) -> Float[Array, "..."]:
        count = as_floating(count)
        some = self.share > 0
        return jnp.where(some, count / jnp.where(some, self.share, 1.0), _never(count))


class PowerGrowth(AbstractGrowth):
    r"""The number of key tokens grows as a power: $g(n)=c\,n^{a}$.

    Below $a=1$ the first tokens are all key until $c\,n^{a}$ drops below $n$. Above $a=1$ key
    tokens grow denser, until from $n_1=(ca)^{1/(1-a)}$ on every token is key.

    Parameters
    ----------
    coefficient
        $c>0$, in key tokens.
    exponent
        $a>0$; below 1 key tokens grow rarer along the output.

    Raises
    ------
    ValueError
        If a parameter is a concrete number that is not positive and finite.
    """

    coefficient: Float[Array, "..."] = eqx.field(converter=as_parameter)
    exponent: Float[Array, "..."] = eqx.field(converter=as_parameter)

    def __check_init__(self):
        check_interval("coefficient", self.coefficient, 0.0, jnp.inf, "in key tokens")
        check_interval("exponent", self.exponent, 0.0, jnp.inf, "a pure number, such as 0.5")

    def _full(self) -> tuple[Array, Array]:
        r"""The length $n_1$ from which every token is key, and the tokens before that are not.

        $n_1=\infty$ where it does not exist or is beyond the floating range.
        """
        # Where there is none, the arguments are replaced: the unused branch stays finite.
        denser = self.exponent > 1
        exponent = jnp.where(denser, self.exponent, 2.0)
        coefficient = jnp.where(denser, self.coefficient, 1.0)
        log_length = jnp.log(coefficient * exponent) / (1 - exponent)
        denser &= log_length < jnp.log(jnp.finfo(exponent.dtype).max)
        exponent = jnp.where(denser, exponent, 2.0)
        coefficient = jnp.where(denser, coefficient, 1.0)
        length = formulas.power_full_length(coefficient, exponent)
        return jnp.where(denser, length, jnp.inf), length * (1 - 1 / exponent)

    def count(self, n: Numbers) -> Float[Array, "..."]:
        n = as_floating(n)
        positive = n > 0
        at = jnp.where(positive, n, 1.0)
        full_from, not_key = self._full()
        full = at > full_from
        nominal = formulas.power_count(jnp.where(full, 1.0, at), self.coefficient, self.exponent)
        count = jnp.where(full, at - not_key, jnp.minimum(nominal, at))
        # Of no tokens none is key, whatever the parameters; the slope to the right of 0 remains.
        steep = jnp.where(self.exponent < 1, 1.0, jnp.minimum(self.coefficient, 1.0))
        first = jax.lax.stop_gradient(jnp.where(self.exponent > 1, 0.0, steep))
        return jnp.where(positive, count, n * first)

    def inverse_count(self, count: Numbers) -> Float[Array, "..."]:
        count = as_floating(count)
        positive = count > 0
        at = jnp.where(positive, count, 1.0)
        full_from, not_key = self._full()
        full = at * self.exponent > full_from  # of n_1 tokens n_1 / a are key
        ratio, power = jnp.where(full, 1.0, at) / self.coefficient, 1 / self.exponent
        # In double precision the logarithm costs no accuracy that a token would notice, and
        # two thirds of the time.
        double = ratio.dtype == jnp.float64
        nominal = jnp.exp(power * jnp.log(ratio)) if double else ratio**power
        n = jnp.where(full, at + not_key, jnp.maximum(nominal, at))
        return jnp.where(positive, n, count)


class LogarithmicGrowth(AbstractGrowth):
    r"""The number of key tokens grows with the logarithm: $g(n)=c\ln n$.

    The first token is not key. Where $c>1$, the next ones all are until $c\ln n$ drops below
    $n-1$.

    Parameters
    ----------
    coefficient
        $c>0$: key tokens per e-fold of length.

    Raises
    ------
    ValueError
        If `coefficient` is a concrete number that is not positive and finite.
    """

    coefficient: Float[Array, "..."] = eqx.field(converter=as_parameter)

    def __check_init__(self):
        check_interval("coefficient", self.coefficient, 0.0, jnp.inf, "key tokens per e-fold")

    def count(self, n: Numbers) -> Float[Array, "..."]:
        n = as_floating(n)
        begun = n > 1
        at = jnp.where(begun, n, 2.0)
        nominal = formulas.logarithmic_count(at, self.coefficient)
        return jnp.where(begun, jnp.minimum(nominal, at - 1), 0.0)

    def inverse_count(self, count: Numbers) -> Float[Array, "..."]:
        count = as_floating(count)
        n = jnp.maximum(jnp.exp(count / self.coefficient), 1 + count)
        return jnp.where(count > 0, n, 0.0)


class SaturatingGrowth(AbstractGrowth):
    r"""The number of key tokens approaches a limit: $g(n)=k_{\max}(1-e^{-n/\tau})$.

    Parameters
    ----------
    limit
        $k_{\max}>0$: key tokens of an endless output.
    scale
        $\tau>0$: length at which about two thirds of them have come, in tokens.

    Raises
    ------
    ValueError
        If a parameter is a concrete number that is not positive and finite.
    """

    limit: Float[Array, "..."] = eqx.field(converter=as_parameter)
    scale: Float[Array, "..."] = eqx.field(converter=as_parameter)

    def __check_init__(self):
        check_interval("limit", self.limit, 0.0, jnp.inf, "in key tokens")
        check_interval("scale", self.scale, 0.0, jnp.inf, "in tokens")

    def count(self, n: Numbers) -> Float[Array, "..."]:
        n = as_floating(n)
        positive = n > 0
        at = jnp.where(positive, n, 1.0)
        count = jnp.minimum(formulas.saturating_count(at, self.limit, self.scale), at)
        # At 0 nominal and largest count meet: the slope to the right is the smaller one.
        first = jax.lax.stop_gradient(jnp.minimum(self.limit / self.scale, 1.0))
        return jnp.where(positive, count, n * first)

    def inverse_count(self, count: Numbers) -> Float[Array, "..."]:
        count = as_floating(count)
        reached = count < self.limit
        share = jnp.where(reached, count / self.limit, 0.0)
        n = jnp.maximum(-self.scale * log1p(-share), count)
        return jnp.where(reached, n, jnp.inf)


def _never(count):
    return jnp.where(count > 0, jnp.inf, 0.0)
