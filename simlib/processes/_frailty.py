"""A factor on the hazard that differs between units."""

import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from .._checks import as_floating
from .._types import Numbers
from ..mixing import AbstractMixing
from ._base import AbstractErrorProcess, has_latent


class Frailty(AbstractErrorProcess):
    r"""Units whose hazards are multiples of one another: $S(n)=\mathbb{E}\,e^{-Z\Lambda(n)}$.

    Every unit has its own factor $Z$ and the cumulative hazard $Z\Lambda(n)$, with $\Lambda$ that
    of the process inside. Averaged over units this is the Laplace transform of $Z$ at
    $\Lambda(n)$, so that the marginal hazard falls in comparison with $\Lambda'$: the frail units
    fail first. `HeavyTailed` is the case of a constant hazard.

    Parameters
    ----------
    process
        What a unit with $Z=1$ does; it must not itself differ between units.
    mixing
        Distribution of $Z$ (`simlib.mixing`), such as `Gamma(1, variance)`. A mean of 1 gives the
        hazard of `process` its usual meaning.

    Raises
    ------
    ValueError
        If `process` already differs between units.

    Source: Vaupel, Manton and Stallard (1979); Hougaard (1986) for stable frailty.

    Examples
    --------
    >>> from simlib.mixing import Gamma
    >>> from simlib.processes import Frailty, Uniform
    >>> process = Frailty(Uniform(0.01), Gamma(1.0, 0.5))
    >>> round(float(process.survival(300)), 4)
    0.1593
    """

    process: AbstractErrorProcess
    mixing: AbstractMixing

    def __check_init__(self):
        if has_latent(self.process):
            raise ValueError(
                "process must not differ between units already, got "
                f"{type(self.process).__name__}; put one mixing distribution around it all."
            )

    def log_survival(self, n: Numbers) -> Float[Array, "..."]:
        return self.mixing.log_laplace(self.process.cumulative_hazard(n))

    def log_all_fail(self, n: Numbers, attempts: Numbers) -> Float[Array, "..."]:
        r"""$\ln\mathbb{E}\,(1-e^{-Z\Lambda(n)})^k$: the runs of one unit share its factor."""
        return self.mixing.log_all_fail(self.process.cumulative_hazard(n), attempts)

    # -- hooks of the simulation engine ---------------------------------------------------

    def sample_latent(self, shape: tuple[int, ...], *, key: PRNGKeyArray) -> Float[Array, "..."]:
        """The factor $Z$ of each unit."""
        return self.mixing.sample(shape, key=key)

    def conditional_log_survival(
        self, latent: Float[Array, "..."], n: Numbers
    ) -> Float[Array, "..."]:
        n = as_floating(n)
        return jnp.where(n == 0, 0.0, -latent * self.process.cumulative_hazard(n))

    def conditional_inverse_cumulative_hazard(
        self, latent: Float[Array, "..."], level: Numbers
    ) -> Float[Array, "..."]:
        level = as_floating(level)
        some = latent > 0
        time = self.process.inverse_cumulative_hazard(level / jnp.where(some, latent, 1.0))
        return jnp.where(level == 0, 0.0, jnp.where(some, time, jnp.inf))
