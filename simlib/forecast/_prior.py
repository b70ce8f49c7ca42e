"""Prior of a forecast: families of mixing distributions, parameters, unsolvable shares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy import special

from ..fit._families import FAMILIES, Family, to_parameter
from ..mixing import AbstractMixing, GeneralizedGamma
from ..mixing._coordinates import log_hazard_from_logit, log_rate
from ._nodes import NODES


def _weibull(scale: Array, tail_rate: Array) -> AbstractMixing:
    return GeneralizedGamma(scale, tail_rate, tail_rate)


#: The families that a forecast averages over; parameters on an unconstrained scale.
MEMBERS: dict[str, Family] = {
    name: FAMILIES[name] for name in ("exGaussian", "logit-normal", "beta", "kumaraswamy")
} | {
    "generalised gamma": Family(
        "generalised gamma",
        GeneralizedGamma,
        ("scale", "tail_rate", "power"),
        ("log", "log", "log"),
        lambda mean, spread: [[mean, 0.0, 0.0]],
    ),
    "Weibull": Family(
        "Weibull", _weibull, ("scale", "tail_rate"), ("log", "log"),
        lambda mean, spread: [[mean, 0.0]],
    ),
}  # fmt: skip


def distributions(name: str, columns: Any) -> AbstractMixing:
    """Many distributions of one family at once, from columns of unconstrained parameters."""
    family = MEMBERS[name]
    pairs = zip(family.links, columns, strict=True)
    return family.build(*(to_parameter(link, column) for link, column in pairs))


@partial(jax.jit, static_argnums=0)
def _log_density(name: str, vectors: Float[Array, "points parameters"]) -> Array:
    y = log_hazard_from_logit(jnp.asarray(NODES))
    mixing = distributions(name, vectors.T[:, :, None])
    # dy / d logit p = p / X
    return mixing.log_density_log_hazard(y) + log_rate(y) - y


def log_density(
    name: str, vectors: Float[np.ndarray, "points parameters"]
) -> Float[np.ndarray, "points nodes"]:
    """Log-density of the logit at the nodes, for many parameter vectors of one family."""
    with jax.enable_x64(True):
        value = np.array(_log_density(name, jnp.asarray(vectors)))
    return np.where(np.isnan(value), -np.inf, value)


@dataclass(frozen=True)
class Normal:
    """Normal distribution of an unconstrained parameter vector."""

    mean: Float[np.ndarray, "parameters"]
    covariance: Float[np.ndarray, "parameters parameters"]

    def log_density(self, x: Float[np.ndarray, "points parameters"]) -> Float[np.ndarray, "points"]:
        root = np.linalg.cholesky(self.covariance)
        square = np.sum(np.linalg.solve(root, (x - self.mean).T) ** 2, axis=0)
        d = len(self.mean)
        return -square / 2 - d / 2 * np.log(2 * np.pi) - np.log(np.diag(root)).sum()


@dataclass(frozen=True)
class Prior:
    r"""What is believed of a benchmark before its counts are seen.

    Parameters
    ----------
    weight
        Prior probability of each family of mixing distributions.
    parameters
        For each family, normal components of its unconstrained parameters with their weights.
    atoms
        Shares $\pi_0$ of unsolvable problems that are considered, 0 among them.
    atom_weight
        Their prior probabilities.
    """

    weight: Mapping[str, float]
    parameters: Mapping[str, Sequence[tuple[float, Normal]]]
    atoms: Float[np.ndarray, "atoms"] = field(default_factory=lambda: _ATOMS)
    atom_weight: Float[np.ndarray, "atoms"] = field(default_factory=lambda: _ATOM_WEIGHT)

    def log_density(
        self, name: str, vectors: Float[np.ndarray, "points parameters"]
    ) -> Float[np.ndarray, "points"]:
        """Log-density of the parameters of one family, without the weight of the family."""
        parts = [np.log(w) + normal.log_density(vectors) for w, normal in self.parameters[name]]
        return np.asarray(special.logsumexp(parts, axis=0))

    def moments(self, name: str) -> Normal:
        """Mean and covariance of the parameters of one family."""
        shares = np.array([w for w, _ in self.parameters[name]])
        means = np.array([normal.mean for _, normal in self.parameters[name]])
        mean = shares @ means
        inner = sum(w * normal.covariance for w, normal in self.parameters[name])
        away = means - mean
        return Normal(mean, inner + (shares[:, None] * away).T @ away)


_ATOMS = np.array([0.0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9])
# One benchmark in twenty may hold problems that nobody can solve: broken tests, wrong keys.
_ATOM_WEIGHT = np.array([0.95] + [0.05 / 8] * 8)
# Tail exponents: a factor of 11 either way around one half covers every published one and the
# light tails of tasks whose items are alike.
_TAIL = (np.log(0.5), 1.2)


def _independent(*mean_and_sd: tuple[float, float]) -> Normal:
    mean, sd = np.array(mean_and_sd).T
    return Normal(mean, np.diag(sd**2))


def broad_prior() -> Prior:
    """A prior that excludes hardly anything: rates from 1e-8 to nearly 1, any tail."""
    normal = {
        "exGaussian": _independent((-2.0, 4.0), (0.5, 0.7), _TAIL),
        "logit-normal": _independent((-4.0, 4.0), (0.8, 0.7)),
        "beta": _independent(_TAIL, (2.5, 2.0)),
        "kumaraswamy": _independent(_TAIL, (2.0, 1.5)),
        "generalised gamma": _independent((-3.0, 4.0), _TAIL, (-0.3, 0.8)),
        "Weibull": _independent((-4.0, 4.0), _TAIL),
    }
    return Prior(
        weight={name: 1 / len(normal) for name in normal},
        parameters={name: [(1.0, each)] for name, each in normal.items()},
    )


def default_prior() -> Prior:
    """The prior of a forecast that is not given one."""
    return broad_prior()
