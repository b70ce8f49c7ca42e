"""Conditional probabilities averaged over latents that are spread evenly instead of at random."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from .._estimate import Estimate
from .._random_words import fold_in
from .._types import Numbers
from ..mixing import AbstractMixing
from ..mixing._quadrature import nodes_and_weights
from ..processes import AbstractErrorProcess
from ._keys import check_key
from ._latents import Event, Latent, latent_of, split_atom
from ._repeats import check_count, from_repeats
from ._retry import attempts_process
from ._survival import check_lengths

# Cells of the piecewise exponential proposal, and points drawn at once.
_CELLS, _CHUNK = 400, 2**14
# Logarithms of heights are cut here, and taken as constant over a cell if they rise by less.
_FLOOR, _FLAT = 60.0, 1e-5


def stratified_survival(
    process: AbstractErrorProcess,
    lengths: Numbers,
    *,
    key: PRNGKeyArray,
    points: int | float = 2**10,
    randomizations: int = 16,
    complement: bool = False,
    level: float = 0.95,
) -> Estimate:
    r"""Estimate $S(n)=\mathbb E\,S(n\mid X)$ with one latent from each of `points` strata.

    `conditional_survival` draws latents independently and leaves gaps and clusters; here the
    range of the latent is cut into strata that hold equal parts of the *probability of the event*,
    as survivors are spread, and each gets one draw: rare events have as many as frequent ones.
    What varies is only how far the integrand is from being linear in the logarithm within a
    stratum. Unlike the interval of `conditional_survival`, this one is right also for survival
    near 0 and near 1.

    Parameters
    ----------
    process
        One that differs between units by one latent with a density: `HeavyTailed`, `Frailty`.
    lengths
        Whole numbers $\ge0$ of any shape.
    key
        One JAX key.
    points
        Strata, $M$. Memory does not grow with them.
    randomizations
        Independent repetitions $R\ge2$ with other draws within the strata; the standard error
        is their spread over $\sqrt R$, the interval Student's with $R-1$ degrees of freedom.
    complement
        Estimate the failure $1-S(n)$, without loss of digits where it is tiny.
    level
        Coverage of each interval.

    Returns
    -------
    The mean over randomizations; `n` is the number of latents drawn, $MR$.

    Notes
    -----
    Let $Y=\ln X$ have the density $f$ and the event the conditional probability $h$. A proposal
    $q$ with $\ln q$ linear between 400 nodes, nearly proportional to $fh$, is inverted
    in closed form at $u_i=(i+U_i)/M$, $U_i$ uniform and independent; the estimate is
    $\frac1M\sum_i f(y_i)h(y_i)/q(y_i)$. With $i$ fixed, $u_i$ is uniform on its stratum, so the
    mean over strata is that of a uniform $u$: $\mathbb E\,fh/q$ under $q$, which is
    $\int fh\,\mathrm dy$. Every randomization is therefore unbiased, whatever $q$; only what
    lies outside the nodes (where the integrand has fallen below $e^{-42}$ of its peak) is left
    out. Assumed is that `mixing.log_density_log_hazard` is the exact density. An atom at 0 is
    added exactly. Rounding ($10^{-6}$ of the value in float32) is not part of the interval.

    Raises
    ------
    ValueError
        If the process has no such latent, or a number is out of range.

    Source: Owen (2013), Monte Carlo theory, methods and examples, chapters 8 to 10.

    Examples
    --------
    >>> import jax
    >>> from simlib import Gamma, HeavyTailed
    >>> process = HeavyTailed(Gamma(0.01, 0.00007))
    >>> found = stratified_survival(process, 3 * 10**8, key=jax.random.key(0))
    >>> bool(abs(found.value / process.survival(3e8) - 1) < 1e-6)
    True
    """
    wanted = check_lengths(lengths)
    return _stratify(
        latent_of(process), Event(process, complement), wanted, key=key, points=points,
        randomizations=randomizations, level=level,
    )  # fmt: skip


def stratified_pass_at_k(
    process: AbstractErrorProcess,
    length: int,
    attempts: Numbers,
    *,
    key: PRNGKeyArray,
    points: int | float = 2**10,
    randomizations: int = 16,
    complement: bool = False,
    level: float = 0.95,
) -> Estimate:
    r"""Estimate pass@k by averaging $1-(1-S(n\mid X))^k$ over evenly spread problems.

    Parameters
    ----------
    length
        Trials in one attempt, a whole number $\ge1$.
    attempts
        Numbers of attempts $k\ge0$, whole; the estimate has the same shape.
    complement
        Estimate $1-$ pass@k, the probability that all $k$ attempts fail, also where it is tiny.

    Other parameters and errors are those of `stratified_survival`.
    """
    retries = attempts_process(process, length)
    wanted = check_lengths(attempts, name="attempts")
    # "Survival" of attempts is that all of them fail.
    return _stratify(
        latent_of(retries), Event(retries, not complement), wanted, key=key, points=points,
        randomizations=randomizations, level=level,
    )  # fmt: skip


def stratified_probability(
    mixing: AbstractMixing,
    log_conditional: Callable[[Float[Array, "..."]], Float[Array, "..."]],
    *,
    key: PRNGKeyArray,
    points: int | float = 2**10,
    randomizations: int = 16,
    level: float = 0.95,
) -> Estimate:
    r"""Estimate $\mathbb E\,h(X)$ for any event of which $\ln h$, given the hazard, is known.

    Such as: the majority of $k$ attempts of one unit is wrong.

    Parameters
    ----------
    mixing
        Distribution of the hazard $X$.
    log_conditional
        $\ln h$, elementwise in $X\ge0$; at most 0, and smooth.
        Each new function is compiled anew.

    Other parameters and errors are those of `stratified_survival`.

    Examples
    --------
    >>> import jax
    >>> import jax.numpy as jnp
    >>> from simlib import Gamma
    >>> both_wrong = lambda hazard: 2 * jnp.log(-jnp.expm1(-hazard))
    >>> found = stratified_probability(Gamma(1e-5, 1e-10), both_wrong, key=jax.random.key(0))
    >>> f"{float(found.value):.4g}"
    '2e-10'
    """
    event = lambda latent, _: log_conditional(latent)
    return _stratify(
        split_atom(mixing), event, np.zeros(()), key=key, points=points,
        randomizations=randomizations, level=level,
    )  # fmt: skip


def _stratify(
    latent: Latent, event: Any, wanted: np.ndarray, *, key, points, randomizations, level
) -> Estimate:
    check_key(key)
    points = check_count("points", points, 1)
    randomizations = check_count("randomizations", randomizations, 2)
    values = _randomizations(
        latent, event, jnp.asarray(wanted.reshape(-1), dtype=float), key, jnp.asarray(points),
        randomizations=randomizations,
    )  # fmt: skip
    return from_repeats(
        np.asarray(values).reshape(randomizations, *wanted.shape),
        level=level,
        n=points * randomizations,
        method="stratified",
    )


@eqx.filter_jit
def _randomizations(latent, event, wanted, key, points, *, randomizations):
    """One unbiased estimate per randomization (rows) and length (columns)."""

    def at(n):
        log_event = lambda y: event(jnp.exp(y), n)
        proposal = _proposal(latent.density, log_event)
        keys = jax.random.split(key, randomizations)
        mean = jax.lax.map(lambda k: _mean(latent, log_event, proposal, k, points), keys)
        at_zero = jnp.exp(event(jnp.zeros((), mean.dtype), n))
        return (1 - latent.atom) * mean + latent.atom * at_zero

    return jax.lax.map(at, wanted).T


def _proposal(mixing, log_event):
    """Nodes, log-heights there, and cumulative mass of the density that is linear in the log."""

    def log_target(mixing, y):
        return mixing.log_density_log_hazard(y) + log_event(y)

    y, _, peak = nodes_and_weights(log_target, mixing, (), count=_CELLS + 1)
    log_height = log_target(mixing, y) - jnp.where(jnp.isfinite(peak), peak, 0.0)
    # Nowhere zero between the nodes, so that the ratio to it is finite.
    log_height = jnp.maximum(jnp.nan_to_num(log_height, nan=-_FLOOR), -_FLOOR)
    rise = jnp.diff(log_height)
    mass = jnp.diff(y) * jnp.exp(log_height[:-1]) * _mean_exp(rise)
    return y, log_height, jnp.concatenate([jnp.zeros_like(mass, shape=(1,)), jnp.cumsum(mass)])


def _mean_exp(rise):
    """Mean of `exp(rise * t)` over t in (0, 1)."""
    flat = jnp.abs(rise) < _FLAT
    safe = jnp.where(flat, 1.0, rise)
    return jnp.where(flat, 1 + rise / 2, jnp.expm1(safe) / safe)


def _mean(latent, log_event, proposal, key, points):
    """Mean of (density times event) over proposal at one point per stratum."""
    y, log_height, cumulative = proposal
    total = cumulative[-1]

    def chunk(number, so_far):
        index = number * _CHUNK + jnp.arange(_CHUNK)
        jitter = jax.random.uniform(fold_in(key, number), (_CHUNK,), y.dtype)
        mass = (index.astype(y.dtype) + jitter) / points * total
        cell = jnp.clip(jnp.searchsorted(cumulative, mass, side="right") - 1, 0, _CELLS - 1)
        share = (mass - cumulative[cell]) / (cumulative[cell + 1] - cumulative[cell])
        share = jnp.clip(share, 0.0, 1.0)
        rise = log_height[cell + 1] - log_height[cell]
        # Where the density exp(rise * t) on (0, 1) has this share of its mass.
        flat = jnp.abs(rise) < _FLAT
        safe = jnp.where(flat, 1.0, rise)
        t = jnp.where(flat, share, jnp.log1p(share * jnp.expm1(safe)) / safe)
        at = y[cell] + t * (y[cell + 1] - y[cell])
        # The density at `at` of what was drawn, flat cells included.
        within = jnp.where(flat, jnp.log1p(rise / 2), rise * t)
        proposed = log_height[cell] + within - jnp.log(total)
        log_value = latent.density.log_density_log_hazard(at) + log_event(at) - proposed
        return so_far + jnp.sum(jnp.where(index < points, jnp.exp(log_value), 0.0))

    chunks = (points + _CHUNK - 1) // _CHUNK
    return jax.lax.fori_loop(0, chunks, chunk, jnp.zeros((), y.dtype)) / points
