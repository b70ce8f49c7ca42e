"""The time of the first error, drawn once instead of token by token."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from .._levels import exponential_level
from .._random_words import fold_in
from ..processes import AbstractErrorProcess
from ._keys import check_key


def first_error(
    process: AbstractErrorProcess, *, key: PRNGKeyArray, shape: tuple[int, ...] = ()
) -> Float[Array, "..."]:
    r"""The trial $N\ge1$ of the first error, by inversion of the cumulative hazard.

    With $E\sim\mathrm{Exp}(1)$, $N=\lceil\Lambda^{-1}(E)\rceil$ has
    $P(N>n)=P(E>\Lambda(n))=S(n)$ exactly at whole $n$. The cost does not depend on $N$. Where
    sequences differ (`process.sample_latent`), each draws its own latent and inverts its own
    cumulative hazard.

    Parameters
    ----------
    process
        The error process; its parameters may be traced (`jit`, `vmap`).
    key
        One JAX key, `jax.random.key(...)`.
    shape
        Shape of the result.

    Returns
    -------
    Whole numbers as floats of the default dtype; infinity where the error never comes.

    Notes
    -----
    Whole numbers are exact up to $2^{24}$ in float32 ($2^{53}$ in float64); beyond, $N$ is
    rounded to a float, so ask float32 for $P(N>n)$ there and not for $P(N=n)$. Probabilities
    below $2^{-32}$ ($2^{-64}$), such as $P(N=1)$ for a smaller error rate, are not resolved.

    Raises
    ------
    TypeError
        If `key` is a seed or not a JAX key.

    Examples
    --------
    >>> import jax
    >>> from simlib import Uniform
    >>> first_error(Uniform(0.01), key=jax.random.key(0), shape=(3,)).shape
    (3,)
    """
    check_key(key)
    return _first_error(process, key, shape)


@eqx.filter_jit
def _first_error(process, key, shape):
    level, latent = draw(process, key=key, shape=shape)
    time = process.conditional_inverse_cumulative_hazard(latent, level)
    return jnp.maximum(jnp.ceil(time), 1)  # a rate near 1 may round the time to 0


def draw(process: AbstractErrorProcess, *, key: PRNGKeyArray, shape: tuple[int, ...]):
    """The exponential level and the latent (None if sequences do not differ)."""
    level = exponential_level(fold_in(key, 0), shape)
    return level, process.sample_latent(shape, key=latent_key(key))


def latent_key(key: PRNGKeyArray) -> PRNGKeyArray:
    """The key from which `draw` draws the latents."""
    return fold_in(key, 1)
