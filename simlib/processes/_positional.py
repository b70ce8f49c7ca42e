"""Any hazard by position, from a table."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._checks import as_floating, as_parameter, check_interval
from .._guide import Guide
from .._types import Numbers
from ..formulas._special import log1p
from ._base import AbstractErrorProcess


class PositionalHazard(AbstractErrorProcess):
    r"""The error probability of each position, given one by one.

    $$\ln S(n)=\sum_{i\le n}\ln(1-e_i)$$

    For hazards that follow no law: read off an actuarial estimate, off the key tokens of one
    given text, or made up. Between whole positions the hazard is constant; after the last
    one that of the last position goes on. First errors are found in the cumulative hazard through
    a guide table, at a cost that hardly depends on the number of positions.

    Parameters
    ----------
    error_rates
        $e_1,\dots,e_L$: probability that position $i$ is wrong if those before are right, each
        in [0, 1); 1 per position.

    Raises
    ------
    ValueError
        If there is no position, or a concrete rate is outside [0, 1).

    Examples
    --------
    >>> process = PositionalHazard([0.0, 0.5, 0.1])
    >>> [round(float(process.survival(n)), 3) for n in (1, 2, 3, 4)]
    [1.0, 0.5, 0.45, 0.405]
    >>> round(float(process.horizon(0.45)), 6)
    3.0
    """

    error_rates: Float[Array, "positions"] = eqx.field(converter=as_parameter)
    guide: Guide

    def __init__(self, error_rates: Numbers):
        self.error_rates = as_parameter(error_rates)
        if self.error_rates.ndim != 1 or not self.error_rates.size:
            raise ValueError(
                f"error_rates must be a vector of at least one probability, got shape "
                f"{self.error_rates.shape}; for one rate at all positions use Uniform."
            )
        check_interval(
            "error_rates", self.error_rates, 0.0, 1.0, "probabilities", low_included=True
        )
        self.guide = Guide(jnp.cumsum(-log1p(-self.error_rates)))

    def log_survival(self, n: Numbers) -> Float[Array, "..."]:
        n = as_floating(n)
        last = self.error_rates.size - 1
        whole = jnp.clip(jnp.floor(n), 0, last)
        position = whole.astype(jnp.int32)
        before = jnp.where(position > 0, self.guide.values[position - 1], 0.0)
        return -before + (n - whole) * log1p(-self.error_rates[position])

    def inverse_cumulative_hazard(self, level: Numbers) -> Float[Array, "..."]:
        level = as_floating(level)
        last = self.error_rates.size - 1
        # The first position whose cumulative hazard is not below the level: its own is positive.
        position = self.guide.count_below(level)
        values = self.guide.values
        reached = values.at[position].get(mode="clip")
        before = jnp.where(position > 0, values.at[position - 1].get(mode="clip"), 0.0)
        # Never above 1, so that a first error lies where it was found.
        inside = (level - before) / jnp.where(position > last, -log1p(-self.error_rates[last]),
                                              reached - before)  # fmt: skip
        return jnp.where(level > 0, position + inside, 0.0)
