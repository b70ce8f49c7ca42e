"""A process with unequal sequences whose survival is known in closed form."""

import equinox as eqx
import jax.numpy as jnp

from simlib import AbstractErrorProcess
from simlib._levels import exponential_level


class ExponentialFrailty(AbstractErrorProcess):
    """Hazard per token Z * rate with Z ~ Exp(1): S(n) = 1 / (1 + rate n)."""

    rate: float = eqx.field(converter=lambda x: jnp.asarray(x, dtype=float))

    def log_survival(self, n):
        return -jnp.log1p(self.rate * jnp.asarray(n, dtype=float))

    def sample_latent(self, shape, *, key):
        return self.rate * exponential_level(key, shape)

    def conditional_log_survival(self, latent, n):
        return -latent * jnp.asarray(n, dtype=float)

    def conditional_inverse_cumulative_hazard(self, latent, level):
        return level / latent
