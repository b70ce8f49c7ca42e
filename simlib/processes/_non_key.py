r"""Errors of the tokens that are not key, on their own clock $m$."""

from abc import abstractmethod

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._checks import as_floating, as_parameter, check_interval
from .._types import Numbers
from ..formulas import key_tokens as formulas


class AbstractNonKeyErrors(eqx.Module):
    r"""Errors of non-key tokens, given by their cumulative hazard over the first $m$ of them."""

    @abstractmethod
    def cumulative_hazard(self, m: Numbers) -> Float[Array, "..."]:
        r"""$\Lambda_{\mathrm{non}}(m)$ for real $m\ge0$; 0 at 0 and never falling."""


class NoErrors(AbstractNonKeyErrors):
    r"""Non-key tokens are never wrong: $\Lambda_{\mathrm{non}}=0$."""

    def cumulative_hazard(self, m: Numbers) -> Float[Array, "..."]:
        return jnp.zeros_like(as_floating(m))


class ConstantRate(AbstractNonKeyErrors):
    r"""Non-key tokens are wrong at a constant rate: $\Lambda_{\mathrm{non}}(m)=-m\ln(1-e)$.

    Parameters
    ----------
    error_rate
        $e_{\mathrm{non}}$, in [0, 1); 1 per non-key token.

    Raises
    ------
    ValueError
        If `error_rate` is a concrete number outside [0, 1).
    """

    error_rate: Float[Array, "..."] = eqx.field(converter=as_parameter)

    def __check_init__(self):
        check_interval(
            "error_rate", self.error_rate, 0.0, 1.0, "a probability per token", low_included=True
        )

    def cumulative_hazard(self, m: Numbers) -> Float[Array, "..."]:
        return formulas.non_key_constant(m, self.error_rate)


class DecayingRate(AbstractNonKeyErrors):
    r"""Non-key errors grow rarer as a power: hazard $h_0(1+m)^{-\gamma}$.

    $\Lambda_{\mathrm{non}}(m)=h_0\frac{(1+m)^{1-\gamma}-1}{1-\gamma}$, which is
    $h_0\ln(1+m)$ at $\gamma=1$. It is bounded, by $h_0/(\gamma-1)$, only if $\gamma>1$.

    Parameters
    ----------
    coefficient
        $h_0>0$, the hazard of the first non-key token; 1 per token.
    exponent
        $\gamma\ge0$; 0 is a constant hazard.

    Raises
    ------
    ValueError
        If a parameter is a concrete number outside its domain.
    """

    coefficient: Float[Array, "..."] = eqx.field(converter=as_parameter)
    exponent: Float[Array, "..."] = eqx.field(converter=as_parameter)

    def __check_init__(self):
        check_interval("coefficient", self.coefficient, 0.0, jnp.inf, "a hazard per token")
        check_interval("exponent", self.exponent, 0.0, jnp.inf, "a decay", low_included=True)

    def cumulative_hazard(self, m: Numbers) -> Float[Array, "..."]:
        return formulas.non_key_decaying(m, self.coefficient, self.exponent)
