"""Does a fitted family describe the items at all? A parametric bootstrap says."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, Shaped

from .._estimate import Estimate
from ._families import FAMILIES
from ._maximum_likelihood import MixingFit, items_of, refits


class GoodnessOfFit(eqx.Module):
    """Distance between items and a fitted family, and how unusual it is if the family is right.

    `p_value` is the share of data sets simulated from the fit, and fitted again, that lie at
    least as far from their own fit as the items from theirs. Its interval is that of the
    simulation.
    """

    distance: float = eqx.field(static=True)
    p_value: Estimate


def goodness_of_fit(
    fit: MixingFit,
    log_p: Shaped[np.ndarray, "items"],
    *,
    key: Key[Array, ""],
    replicates: int = 200,
    level: float = 0.95,
) -> GoodnessOfFit:
    r"""Kolmogorov-Smirnov test of a fitted family, by a parametric bootstrap.

    The distance is $\sup_p|F_n(p)-F(p)|$ between the share of items up to $p$ and the fitted
    distribution function. Its textbook table assumes known parameters and hardly ever rejects
    when they were fitted; here every simulated data set is fitted as well. The distance looks
    at the bulk: a share of items smaller than about $1/\sqrt n$ may do as it pleases.

    Parameters
    ----------
    fit
        The fit of `fit_mixing` to the same `log_p`.
    log_p
        As for `fit_mixing`.
    key
        For the simulated data sets.
    replicates
        Their number; the smallest possible p-value is one over one more than that.
    level
        Coverage of the interval of the p-value.

    Raises
    ------
    ValueError
        If the items are not those of the fit, or there are fewer than 20 replicates.
    RuntimeError
        If more than 1 % of the refits do not converge.

    Source: Stute, Manteiga and Quindimil (1993), Metrika 40, 243.

    Examples
    --------
    >>> from simlib.fit import fit_mixing
    >>> log_p = np.log(np.random.default_rng(0).beta(0.5, 2.0, 300))
    >>> found = goodness_of_fit(fit_mixing(log_p, "beta"), log_p, key=jax.random.key(0))
    >>> float(found.p_value.value) > 0.01
    True
    """
    if replicates < 20:
        raise ValueError(f"replicates must be at least 20, got {replicates}; 200 is usual.")
    y = items_of(fit, log_p)
    vector = fit.optimum.vector
    simulated = np.asarray(_simulate(fit.family, (replicates, len(y)), jnp.asarray(vector), key))
    vectors = refits(fit, list(simulated), np.ones_like(simulated))
    sets, own_fits = np.vstack([y, simulated]), np.vstack([vector, vectors])
    distance = np.asarray(_distances(fit.family, jnp.asarray(sets), jnp.asarray(own_fits)))
    # The items count as one more draw, so that the p-value is never 0.
    farther = int((distance >= distance[0]).sum())
    p_value = Estimate.from_counts(farther, replicates + 1, level=level)
    return GoodnessOfFit(float(distance[0]), p_value)


@partial(jax.jit, static_argnums=(0, 1))
def _simulate(family: str, shape: tuple[int, int], vector: Array, key: Key[Array, ""]) -> Array:
    return FAMILIES[family].mixing(vector).sample_log_hazard(shape, key=key)


@partial(jax.jit, static_argnums=0)
def _distances(
    family: str, y: Float[Array, "sets items"], vectors: Float[Array, "sets parameters"]
) -> Float[Array, "sets"]:
    n = y.shape[1]
    rank = jnp.arange(1, n + 1, dtype=y.dtype)

    def distance(pair):
        items, vector = pair
        u = jnp.exp(FAMILIES[family].mixing(vector).log_cdf_log_hazard(jnp.sort(items)))
        return jnp.maximum(jnp.max(rank / n - u), jnp.max(u - (rank - 1) / n))

    return jax.lax.map(distance, (y, vectors))
