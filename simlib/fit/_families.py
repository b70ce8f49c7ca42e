"""Families of mixing distributions as functions of an unconstrained vector."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy import special

from ..mixing import (
    AbstractMixing,
    Beta,
    ExGaussian,
    Gamma,
    Kumaraswamy,
    LogitNormal,
    PositiveStable,
    WithAtom,
)

FamilyName = Literal[
    "beta", "kumaraswamy", "logit-normal", "exGaussian", "gamma", "positive stable"
]
Link = Literal["identity", "log", "logit", "narrow"]

#: Narrowest normal part of an exGaussian, in nats. Items with a sharp upper end would make it ever
#: narrower, and the likelihood would have no maximum.
NARROWEST = 0.05


@dataclass(frozen=True)
class Family:
    """How a family is built from an unconstrained vector, and where its fit starts.

    `starts` takes mean and standard deviation of the logit of the rates and returns vectors on
    the unconstrained scale.
    """

    name: str
    build: Callable[..., AbstractMixing]
    names: tuple[str, ...]
    links: tuple[Link, ...]
    starts: Callable[[float, float], list[list[float]]]

    def mixing(self, vector: Float[Array, "parameters"]) -> AbstractMixing:
        return self.build(
            *(to_parameter(link, v) for link, v in zip(self.links, vector, strict=True))
        )


def to_parameter(link: Link, value):
    """A parameter from its unconstrained value; works for JAX and NumPy numbers."""
    if link == "identity":
        return value
    if link == "log":
        return jnp.exp(value)
    if link == "narrow":
        return NARROWEST + jnp.exp(value)
    return jax.nn.sigmoid(value)


def slope(link: Link, value: float) -> float:
    """Derivative of the parameter with respect to its unconstrained value."""
    if link == "identity":
        return 1.0
    if link in ("log", "narrow"):
        return float(np.exp(value))
    return float(special.expit(value) * special.expit(-value))


def _gamma_shape(spread: float) -> float:
    # trigamma(shape) = spread^2, to a few per cent
    return 1 / spread + 1 / (2 * spread**2)


def _beta_starts(mean: float, spread: float) -> list[list[float]]:
    a = _gamma_shape(spread)
    log_b = max(float(special.digamma(a)) - mean, 0.0)
    return [[np.log(a), log_b], [np.log(a) + 0.7, log_b + 0.7], [0.0, 1.0]]


def _kumaraswamy_starts(mean: float, spread: float) -> list[list[float]]:
    # For small rates b p^a is exponential: ln p has the moments of a Gumbel variable.
    a = 1.28 / spread
    log_b = max(-a * mean - 0.58, 0.0)
    return [[np.log(a), log_b], [np.log(a) + 0.5, log_b + 1.0], [0.0, 1.0]]


def _gamma_starts(mean: float, spread: float) -> list[list[float]]:
    starts = []
    for shape in (_gamma_shape(spread), 2 * _gamma_shape(spread), 1.0):
        log_scale = mean - float(special.digamma(shape))
        starts.append([np.log(shape) + log_scale, np.log(shape) + 2 * log_scale])
    return starts


def _stable_starts(mean: float, spread: float) -> list[list[float]]:
    return [[0.0, mean - 1.0], [1.5, mean - 1.0], [-1.0, mean - spread]]


def _normal_starts(mean: float, spread: float) -> list[list[float]]:
    return [[mean, np.log(spread)], [mean, np.log(spread) - 0.7]]


def _ex_gaussian_starts(mean: float, spread: float) -> list[list[float]]:
    # The exponential part may carry most of the spread, some of it, or almost nothing.
    return [
        [mean + w * spread, np.log(spread * np.sqrt(1 - w**2)), -np.log(w * spread)]
        for w in (0.9, 0.6, 0.1, 0.99)
    ]


FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Family("beta", Beta, ("a", "b"), ("log", "log"), _beta_starts),
        Family("kumaraswamy", Kumaraswamy, ("a", "b"), ("log", "log"), _kumaraswamy_starts),
        Family(
            "logit-normal", LogitNormal, ("center", "spread"), ("identity", "log"), _normal_starts
        ),
        Family(
            "exGaussian",
            ExGaussian,
            ("center", "spread", "tail_rate"),
            ("identity", "narrow", "log"),
            _ex_gaussian_starts,
        ),
        Family("gamma", Gamma, ("mean", "variance"), ("log", "log"), _gamma_starts),
        Family("positive stable", PositiveStable, ("index", "scale"), ("logit", "log"),
               _stable_starts),
    )
}  # fmt: skip


def _with_atom(family: Family) -> Family:
    def build(*parameters):
        *base, atom = parameters
        return WithAtom(family.build(*base), atom)

    def starts(mean, spread):
        return [[*start, atom] for atom in (-3.0, -0.5) for start in family.starts(mean, spread)]

    return Family(
        f"{family.name} with atom",
        build,
        (*family.names, "atom"),
        (*family.links, "logit"),
        starts,
    )


FAMILIES |= {f.name: f for f in [_with_atom(f) for f in FAMILIES.values()]}


def find_family(name: str, *, atom: bool = False) -> Family:
    """The family of that name, with an atom at rate 0 on request.

    Raises
    ------
    ValueError
        If there is none.
    """
    plain = [n for n in FAMILIES if not n.endswith(" with atom")]
    if name not in plain:
        raise ValueError(f"family must be one of {', '.join(plain)}, got {name!r}.")
    return FAMILIES[f"{name} with atom" if atom else name]
