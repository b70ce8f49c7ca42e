"""Processes whose sequences differ by one positive number with a known density."""

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from ..formulas._special import log1mexp
from ..mixing import AbstractMixing, WithAtom
from ..processes import AbstractErrorProcess
from ._retry import Attempts


class Latent(NamedTuple):
    """The law of the latent: a share of exact zeros, and a density for the rest."""

    density: AbstractMixing
    atom: Float[Array, ""]


class Event(eqx.Module):
    """Log-probability, given the latent, of no event in n trials; or of its complement."""

    process: AbstractErrorProcess
    complement: bool = eqx.field(static=True, default=False)

    def __call__(self, latent: Float[Array, "..."], n: Float[Array, ""]) -> Float[Array, "..."]:
        value = self.process.conditional_log_survival(latent, n)
        # None of no trials fails, whatever the latent.
        value = jnp.where(n == 0, 0.0, value)
        return log1mexp(-value) if self.complement else value


def latent_of(process: AbstractErrorProcess) -> Latent:
    """The latent of `HeavyTailed`, `Frailty` and of attempts at these.

    It is what `process.sample_latent` draws: `process.mixing.sample`.
    """
    inner = process.process if isinstance(process, Attempts) else process
    mixing = getattr(inner, "mixing", None)
    if not isinstance(mixing, AbstractMixing):
        raise ValueError(
            f"process must have one latent with a known density (HeavyTailed, Frailty), got "
            f"{type(inner).__name__}; use conditional_survival(...) if it has another latent, "
            "process.survival(...) if it has none."
        )
    return split_atom(mixing)


def split_atom(mixing: AbstractMixing) -> Latent:
    """Take the units with latent 0 out of a mixing distribution."""
    if mixing.batch_shape != ():
        raise ValueError(
            f"the mixing distribution must be a single one, got parameters of shape "
            f"{mixing.batch_shape}; index it, or use a loop."
        )
    if not isinstance(mixing, WithAtom):
        return Latent(mixing, jnp.zeros((), mixing.dtype))
    inner = split_atom(mixing.base)
    return Latent(inner.density, mixing.atom + (1 - mixing.atom) * inner.atom)
