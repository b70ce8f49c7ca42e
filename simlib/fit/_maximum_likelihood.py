"""Mixing distributions fitted to success rates that are known exactly."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Shaped
from scipy import optimize, stats

from .._estimate import Estimate
from ..mixing import AbstractMixing, Beta, ExGaussian, Kumaraswamy, LogitNormal

FamilyName = Literal["beta", "kumaraswamy", "logit-normal", "exGaussian"]


@dataclass(frozen=True)
class _Family:
    """How a family is parametrised by an unconstrained vector, and where to start."""

    build: Callable[..., AbstractMixing]
    names: tuple[str, ...]
    positive: tuple[bool, ...]
    starts: Callable[[float, float], list[list[float]]]

    def parameters(self, vector):
        return [jnp.exp(v) if p else v for v, p in zip(vector, self.positive, strict=True)]

    def mixing(self, vector) -> AbstractMixing:
        return self.build(*self.parameters(vector))


def _two_shapes(mean: float, spread: float) -> list[list[float]]:
    return [[0.0, 1.0], [-1.0, 1.0], [-1.0, 4.0 - min(mean, 0.0) / 2]]


def _ex_gaussian_starts(mean: float, spread: float) -> list[list[float]]:
    # The exponential part may carry most of the spread, some of it, or almost nothing.
    shares = (0.9, 0.6, 0.1)
    return [
        [mean + w * spread, np.log(spread * np.sqrt(1 - w**2)), -np.log(w * spread)] for w in shares
    ]


_FAMILIES: dict[str, _Family] = {
    "beta": _Family(Beta, ("a", "b"), (True, True), _two_shapes),
    "kumaraswamy": _Family(Kumaraswamy, ("a", "b"), (True, True), _two_shapes),
    "logit-normal": _Family(
        LogitNormal, ("mean", "spread"), (False, True), lambda m, s: [[m, np.log(s)]]
    ),
    "exGaussian": _Family(
        ExGaussian,
        ("mean", "spread", "tail_rate"),
        (False, True, True),
        _ex_gaussian_starts,
    ),
}


class MixingFit(eqx.Module):
    r"""A fitted mixing distribution.

    `parameters` holds the estimates with intervals from the observed information on the
    unconstrained scale (logarithms of positive parameters); `log_likelihood` one number per
    item, the log-density of $\operatorname{logit}p_i$ in nats, so that fits of different
    families can be compared item by item. `information_singular` warns that some direction of
    the parameters is not determined by the data (an exGaussian without exponential part, say).
    """

    family: str = eqx.field(static=True)
    mixing: AbstractMixing
    parameters: dict[str, Estimate]
    log_likelihood: Float[np.ndarray, "items"]
    information_singular: bool = eqx.field(static=True)

    @property
    def aic(self) -> float:
        """Akaike's criterion in nats per data set, $2k-2\\ln L$: smaller is better."""
        return 2.0 * len(self.parameters) - 2.0 * float(self.log_likelihood.sum())


def fit_mixing(
    log_p: Shaped[np.ndarray, "items"], family: FamilyName, *, level: float = 0.95
) -> MixingFit:
    r"""Maximum likelihood of a mixing distribution for exactly known success rates.

    Parameters
    ----------
    log_p
        $\ln p_i$ of each item, finite and below 0.
    family
        `"beta"`, `"kumaraswamy"`, `"logit-normal"` or `"exGaussian"`.
    level
        Coverage of each parameter's interval.

    Raises
    ------
    ValueError
        With fewer than ten items, a rate of 0 or 1 (no density describes an atom: take such
        items out and report their share), or an unknown family.
    RuntimeError
        If no start converges.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> fit = fit_mixing(np.log(rng.beta(0.5, 2.0, 2000)), "beta")
    >>> bool(fit.parameters["a"].contains(0.5))
    True
    """
    if family not in _FAMILIES:
        raise ValueError(f"family must be one of {', '.join(_FAMILIES)}, got {family!r}.")
    log_p = np.asarray(log_p, dtype=float)
    if log_p.ndim != 1 or len(log_p) < 10:
        raise ValueError(f"log_p must hold at least 10 items, got shape {log_p.shape}.")
    if not (np.isfinite(log_p) & (log_p < 0)).all():
        bad = log_p[~(np.isfinite(log_p) & (log_p < 0))][0]
        raise ValueError(
            f"log_p must be finite and below 0, got {bad}: no density describes rates of exactly "
            "0 or 1; take these items out and report their share."
        )
    chosen, x = _FAMILIES[family], jnp.asarray(log_p)
    logit = log_p - np.log(-np.expm1(log_p))
    starts = chosen.starts(float(logit.mean()), float(logit.std()))
    objective = partial(_value_and_slope, family, x)
    runs = [optimize.minimize(objective, start, jac=True, method="BFGS") for start in starts]
    # BFGS may stop for lack of precision at the optimum: a small gradient counts as converged.
    usable = [r for r in runs if np.isfinite(r.fun) and np.abs(r.jac).max() < 1e-3]
    if not usable:
        raise RuntimeError(f"the {family} fit did not converge from any of {len(runs)} starts.")
    best = min(usable, key=lambda r: r.fun)
    vector = jnp.asarray(best.x)
    information = np.asarray(_curvature(family, x, vector)) * len(log_p)
    variance, singular = _inverse(information)
    z = stats.norm.ppf(0.5 + level / 2)
    estimates = {}
    for name, positive, v, s in zip(
        chosen.names, chosen.positive, best.x, np.sqrt(np.diag(variance)), strict=True
    ):
        link = np.exp if positive else (lambda t: t)
        scale = link(v) if positive else 1.0
        fields = (link(v), scale * s, link(v - z * s), link(v + z * s))
        estimates[name] = Estimate(
            *(jnp.asarray(f, dtype=float) for f in fields),
            level=level,
            n=len(log_p),
            method="maximum likelihood, observed information",
        )
    each = np.asarray(_log_density(family, x, vector))
    return MixingFit(family, chosen.mixing(vector), estimates, each, singular)


def log_likelihood_gain(first: MixingFit, second: MixingFit, *, level: float = 0.95) -> Estimate:
    r"""Mean log-likelihood per item of `first` minus that of `second`, in nats.

    The interval is the normal one of a paired mean, as in the test of Vuong (1989) for families
    that are not nested; families with more parameters have an advantage of the order of one
    over the number of items.

    Raises
    ------
    ValueError
        If the fits rest on different numbers of items.
    """
    if len(first.log_likelihood) != len(second.log_likelihood):
        raise ValueError("both fits must rest on the same items.")
    gain = first.log_likelihood - second.log_likelihood
    stderr = gain.std(ddof=1) / np.sqrt(len(gain))
    return Estimate.from_mean(
        gain.mean(), stderr, len(gain), level=level, method="paired normal (Vuong)", unit="nats"
    )


@partial(jax.jit, static_argnums=0)
def _log_density(family: str, x: Array, vector: Array) -> Array:
    return _FAMILIES[family].mixing(vector).log_density_logit(x)


@partial(jax.jit, static_argnums=0)
def _loss(family: str, x: Array, vector: Array) -> Array:
    return -jnp.mean(_log_density(family, x, vector))


_gradient = jax.jit(jax.value_and_grad(_loss, argnums=2), static_argnums=0)
_curvature = jax.jit(jax.hessian(_loss, argnums=2), static_argnums=0)


def _value_and_slope(family: str, x: Array, vector: np.ndarray) -> tuple[float, np.ndarray]:
    value, slope = _gradient(family, x, jnp.asarray(vector))
    return float(value), np.asarray(slope, dtype=float)


def _inverse(information: np.ndarray) -> tuple[np.ndarray, bool]:
    """Inverse of the information; infinite variance where it is singular."""
    values, vectors = np.linalg.eigh(information)
    flat = values <= 1e-6 * values.max()
    with np.errstate(divide="ignore"):
        inverse = (vectors / np.where(flat, np.nan, values)) @ vectors.T
    return np.where(np.isfinite(inverse), inverse, np.inf), bool(flat.any())
