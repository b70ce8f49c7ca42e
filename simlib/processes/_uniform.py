"""Uniform errors: every token fails alike and independently."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._checks import as_floating, as_parameter, check_interval
from .._types import Numbers
from ..formulas import uniform as formulas
from ..formulas._special import log1p
from ._base import AbstractErrorProcess


class Uniform(AbstractErrorProcess):
    r"""Independent errors of one rate: $\ln S(n)=n\ln(1-e)$, the geometric law.

    Parameters
    ----------
    error_rate
        Probability $e$ that one token is wrong, in (0, 1); 1 per token.

    Raises
    ------
    ValueError
        If `error_rate` is a concrete number outside (0, 1).

    Source: the argument of LeCun (2023), formula A1 of Arbuzov et al. (2025), arXiv 2505.24187.

    Examples
    --------
    >>> process = Uniform(error_rate=0.01)
    >>> round(float(process.survival(100)), 4)
    0.366
    >>> round(float(process.horizon(0.5)), 2)
    68.97
    """

    error_rate: Float[Array, "..."] = eqx.field(converter=as_parameter)

    def __check_init__(self):
        check_interval("error_rate", self.error_rate, 0.0, 1.0, "a probability per token")

    def log_survival(self, n: Numbers) -> Float[Array, "..."]:
        return formulas.log_survival(n, self.error_rate)

    def inverse_cumulative_hazard(self, level: Numbers) -> Float[Array, "..."]:
        return -as_floating(level) / log1p(-self.error_rate)

    def mean_run_length(self, limit: float = jnp.inf) -> Float[Array, "..."]:
        if limit == jnp.inf:
            return formulas.mean_run_length(self.error_rate)
        return super().mean_run_length(limit)
