"""An atom at rate 0 in front of any other distribution."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from .._checks import as_parameter, check_interval
from .._types import Numbers
from ._base import AbstractMixing


class WithAtom(AbstractMixing):
    r"""A share $\pi_0$ of units with rate exactly 0; the others follow `base`.

    $$\mathbb{E}\,e^{-sX}=\pi_0+(1-\pi_0)\,\mathbb{E}_{\text{base}}\,e^{-sX}$$

    For success rates: unsolvable problems, and coverage that levels off at $1-\pi_0$. For error
    rates: units that never fail (a cure fraction). `log_density` and its relatives give the
    continuous part, which integrates to $1-\pi_0$.

    Parameters
    ----------
    base
        Distribution of the other units.
    atom
        $\pi_0\in[0,1)$.

    Raises
    ------
    ValueError
        If a concrete `atom` lies outside its interval.

    Examples
    --------
    >>> from simlib.mixing import Beta
    >>> import math
    >>> difficulty = WithAtom(Beta(0.3, 5.0), atom=0.25)
    >>> round(math.exp(difficulty.log_laplace(1e12)), 3)
    0.25
    """

    name: ClassVar[str] = "with atom"

    base: AbstractMixing
    atom: Float[Array, "..."] = eqx.field(converter=as_parameter)

    def __check_init__(self):
        check_interval("atom", self.atom, 0.0, 1.0, "a share of units", low_included=True)

    @property
    def _log_atom(self) -> Array:
        # A hair above 0 keeps the gradient finite without an atom.
        return jnp.log(jnp.maximum(self.atom, jnp.finfo(self.atom.dtype).tiny))

    def _mix(self, log_base: Array) -> Array:
        r"""$\ln(\pi_0+(1-\pi_0)L)$, exact also for $L$ near 1 and for $L$ near 0."""
        near_one = log_base > -1.0
        gap = jnp.expm1(jnp.where(near_one, log_base, -1.0))
        summed = jnp.logaddexp(self._log_atom, jnp.log1p(-self.atom) + log_base)
        return jnp.where(near_one, jnp.log1p((1 - self.atom) * gap), summed)

    @property
    def tail_exponent(self) -> Float[Array, "..."]:
        return jnp.where(self.atom > 0, 0.0, self.base.tail_exponent)

    def log_laplace(self, s: Numbers) -> Float[Array, "..."]:
        return self._mix(self.base.log_laplace(s))

    def log_moment(self, successes: Numbers, failures: Numbers) -> Float[Array, "..."]:
        inside = self.base.log_moment(successes, failures)
        return jnp.where(jnp.asarray(successes) == 0, self._mix(inside), self._rest(inside))

    def log_all_fail(self, n: Numbers, attempts: Numbers) -> Float[Array, "..."]:
        # A unit that is never hit passes at the first attempt.
        inside = self._rest(self.base.log_all_fail(n, attempts))
        return jnp.where(jnp.asarray(attempts) == 0, 0.0, inside)

    def mean_odds_against(self) -> Float[Array, "..."]:
        return jnp.where(self.atom > 0, jnp.inf, self.base.mean_odds_against())

    def expect(self, function) -> Float[Array, "..."]:
        at_zero = function(jnp.asarray(-jnp.inf, self.dtype))
        return self.atom * at_zero + (1 - self.atom) * self.base.expect(function)

    def _rest(self, log_base: Array) -> Array:
        return jnp.log1p(-self.atom) + log_base

    def log_density_log_hazard(self, log_hazard: Shaped[Array, "..."]) -> Float[Array, "..."]:
        return self._rest(self.base.log_density_log_hazard(log_hazard))

    def log_cdf_log_hazard(self, log_hazard: Shaped[Array, "..."]) -> Float[Array, "..."]:
        inside = self._rest(self.base.log_cdf_log_hazard(log_hazard))
        return jnp.logaddexp(self._log_atom, inside)

    def sample_log_hazard(
        self, shape: tuple[int, ...], *, key: PRNGKeyArray
    ) -> Float[Array, "..."]:
        which, rest = jax.random.split(key)
        never = jax.random.uniform(which, shape, self.dtype) < self.atom
        return jnp.where(never, -jnp.inf, self.base.sample_log_hazard(shape, key=rest))
