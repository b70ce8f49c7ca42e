"""Prior of a forecast: families of mixing distributions, parameters, unsolvable shares."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy import special

from ..fit._families import FAMILIES, NARROWEST, Link, to_parameter
from ..formulas._special import log1mexp
from ..mixing import AbstractMixing, ExGaussian, GeneralizedGamma, LogitNormal
from ._nodes import NODES


@dataclass(frozen=True)
class Member:
    """One family of a forecast: the log-density of the logit, and the tail exponent.

    Both take columns of unconstrained parameters that broadcast with `log_p`.
    """

    log_density: Callable[[Sequence[Array], Array], Array]
    tail: Callable[[Any], Any]


def _of(build: Callable[..., AbstractMixing], links: Sequence[Link]) -> Member:
    """A family of `simlib.mixing`."""

    def distribution(columns):
        pairs = zip(links, columns, strict=True)
        return build(*(to_parameter(link, column) for link, column in pairs))

    return Member(
        lambda columns, log_p: distribution(columns).log_density_logit(log_p),
        lambda columns: distribution(columns).tail_exponent,
    )


def _mirrored(columns: Sequence[Array], log_p: Array) -> Array:
    """Normal plus exponential on the logit: a sharp end of hard problems, a tail of easy ones."""
    center, log_spread, log_rate_ = columns
    mirror = ExGaussian(-center, NARROWEST + jnp.exp(log_spread), jnp.exp(log_rate_))
    return mirror.log_density_logit(log1mexp(-log_p))


def _two_kinds(columns: Sequence[Array], log_p: Array) -> Array:
    """Two normal distributions on the logit: problems of two kinds."""
    hard, log_gap, first, second, share = columns
    log_share, log_rest = jax.nn.log_sigmoid(share), jax.nn.log_sigmoid(-share)
    low = LogitNormal(hard, NARROWEST + jnp.exp(first)).log_density_logit(log_p)
    high = LogitNormal(hard + jnp.exp(log_gap), NARROWEST + jnp.exp(second))
    return jnp.logaddexp(log_share + low, log_rest + high.log_density_logit(log_p))


def _no_tail(columns: Any) -> Any:
    return np.inf


#: The families that a forecast averages over.
MEMBERS: dict[str, Member] = {
    name: _of(FAMILIES[name].build, FAMILIES[name].links)
    for name in ("exGaussian", "logit-normal", "beta", "kumaraswamy")
} | {
    "generalised gamma": _of(GeneralizedGamma, ("log", "log", "log")),
    "Weibull": _of(lambda scale, rate: GeneralizedGamma(scale, rate, rate), ("log", "log")),
    "mirrored exGaussian": Member(_mirrored, _no_tail),
    "two kinds": Member(_two_kinds, _no_tail),
}


@partial(jax.jit, static_argnums=0)
def _log_density(name: str, vectors: Float[Array, "points parameters"]) -> Array:
    log_p = jax.nn.log_sigmoid(jnp.asarray(NODES))
    return MEMBERS[name].log_density(list(vectors.T[:, :, None]), log_p)


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
        "mirrored exGaussian": _independent((-6.0, 4.0), (-0.5, 0.9), (-0.7, 1.0)),
        "two kinds": _independent((-6.0, 4.0), (1.5, 0.7), (0.3, 0.8), (0.3, 0.8), (0.0, 1.3)),
    }
    return Prior(
        weight={name: 1 / len(normal) for name in normal},
        parameters={name: [(1.0, each)] for name, each in normal.items()},
    )


def default_prior() -> Prior:
    """The prior of a forecast that is not given one."""
    return broad_prior()
