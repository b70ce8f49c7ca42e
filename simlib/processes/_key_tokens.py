"""Errors concentrated on key tokens."""

import equinox as eqx
from jaxtyping import Array, Float

from .._checks import as_floating, as_parameter, check_interval
from .._types import Numbers
from ..formulas import key_tokens as formulas
from ..formulas._special import log1p
from ._base import AbstractErrorProcess
from ._growth import AbstractGrowth, LinearShare
from ._non_key import AbstractNonKeyErrors, ConstantRate, NoErrors


class KeyTokens(AbstractErrorProcess):
    r"""Two kinds of token, each with its own clock.

    $$\ln S(n)=k(n)\,\ln(1-e_{\mathrm{key}})-\Lambda_{\mathrm{non}}\big(n-k(n)\big)$$

    with $k(n)$ key tokens among the first $n$. Errors are independent given the clocks. A fixed
    share of key tokens decays exponentially, power growth as a stretched exponential,
    logarithmic growth as a power law, saturating growth to a plateau, provided the non-key term
    stays negligible.

    Parameters
    ----------
    key_error_rate
        Probability $e_{\mathrm{key}}$ that a key token is wrong, in (0, 1); 1 per key token.
    growth
        How many key tokens: `LinearShare`, `PowerGrowth`, `LogarithmicGrowth` or
        `SaturatingGrowth`.
    non_key
        Errors of the other tokens: `NoErrors` (the default), `ConstantRate` or `DecayingRate`.

    Raises
    ------
    ValueError
        If `key_error_rate` is a concrete number outside (0, 1).

    Source: formula for two token types of Arbuzov et al. (2025), arXiv 2505.24187, with a
    general number of key tokens and a general non-key hazard.

    Examples
    --------
    >>> from simlib.processes import KeyTokens, PowerGrowth
    >>> process = KeyTokens(0.01, PowerGrowth(3.0, 0.5))
    >>> round(float(process.survival(1000)), 4)
    0.3854
    >>> round(float(process.horizon(0.5)), 1)
    528.5
    """

    key_error_rate: Float[Array, "..."] = eqx.field(converter=as_parameter)
    growth: AbstractGrowth
    non_key: AbstractNonKeyErrors = NoErrors()

    def __check_init__(self):
        check_interval("key_error_rate", self.key_error_rate, 0.0, 1.0, "a probability per token")

    def log_survival(self, n: Numbers) -> Float[Array, "..."]:
        n = as_floating(n)
        count = self.growth.count(n)
        others = self.non_key.cumulative_hazard(n - count)
        return formulas.log_survival(count, self.key_error_rate, others)

    def inverse_cumulative_hazard(self, level: Numbers) -> Float[Array, "..."]:
        level = as_floating(level)
        hazard = -log1p(-self.key_error_rate)
        if isinstance(self.non_key, NoErrors):
            return self.growth.inverse_count(level / hazard)
        if isinstance(self.growth, LinearShare) and isinstance(self.non_key, ConstantRate):
            rate = formulas.linear_effective_rate(
                self.growth.share, self.key_error_rate, self.non_key.error_rate
            )
            return -level / log1p(-rate)
        return super().inverse_cumulative_hazard(level)
