"""The discretised fits of observed rates: published, and not to be recommended."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from scipy import optimize

from ..fit._families import find_family
from ._binomial_mixtures import BinomialMixture, Family
from ._counts import Counts

# As published: bins per factor of 10, bounds and start of both shapes, mass added to every bin.
_PER_DECADE, _BOUNDS, _START, _EXTRA = 10, (0.01, 100.0), (0.9, 5.1), 1e-16


def fit_discretised(counts: Counts, family: Family = "beta") -> BinomialMixture:
    r"""Maximum likelihood of the observed rates $c_i/n_i$, counted in bins.

    The rates are treated as if they were the $p_i$ themselves. One bin holds the problems without
    success (rates below half of $1/n$), the others are ten per factor of ten from $1/n$ on; the
    distribution of $p$ ends at the largest observed rate. This is the estimator "distributional
    fit" of the source, with its bins and bounds; coverage is computed from the fitted
    distribution by quadrature.

    Parameters
    ----------
    counts
        With a fixed number of attempts per problem. Where the numbers differ, the bins are those
        of the largest.
    family
        `"beta"` or `"kumaraswamy"`.

    Raises
    ------
    ValueError
        Without any attempt at a problem, or with sampling that was stopped at the first success,
        where $c_i/n_i$ does not estimate $p_i$.

    Source: Schaeffer et al. (2025), arXiv 2502.17578, section 5 and its published code.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> successes = rng.binomial(10_000, rng.beta(0.4, 4.0, 500))
    >>> fit = fit_discretised(Counts.from_columns(None, [10_000] * 500, successes))
    >>> 0.3 < fit.a < 0.5
    True
    """
    if counts.stopped.any():
        raise ValueError(
            "sampling was stopped at the first success, where successes over attempts do not "
            "estimate the success rate; use a fit of the counts, such as the beta-binomial."
        )
    if (counts.attempts == 0).any():
        raise ValueError(
            "a problem without attempts has no observed rate; leave such problems out, or fit the "
            "counts themselves."
        )
    largest = int(counts.attempts.max())
    if counts.n_successes == 0:
        return BinomialMixture(family, 0.0, 1.0, 1.0, 0.0, 0.0, largest)
    if counts.n_successes == counts.n_attempts:
        return BinomialMixture(family, 1.0, 0.0, 1.0, 0.0, 0.0, largest)
    rates = counts.successes / counts.attempts
    scale, edges = float(rates.max()), _edges(largest)
    in_bin = np.histogram(rates, edges)[0]
    # The distribution function is 0 at the first edge and 1 from the scale on.
    inner = (edges > 0) & (edges < scale)
    log_q = np.log(edges[inner] / scale)

    def loss(vector):
        below = np.where(edges > 0, 1.0, 0.0)
        below[inner] = np.exp(_log_cdf(family, vector, log_q))
        return -float(in_bin @ np.log(np.maximum(np.diff(below), 0.0) + _EXTRA))

    bounds = [tuple(np.log(_BOUNDS))] * 2
    found = optimize.minimize(loss, np.log(_START), method="L-BFGS-B", bounds=bounds)
    a, b = (float(v) for v in np.exp(found.x))
    return BinomialMixture(family, a, b, scale, 0.0, -float(found.fun), largest)


def _edges(attempts: int) -> Float[np.ndarray, "edges"]:
    smallest = 1 / max(attempts, 2)
    count = int(np.ceil(-np.log10(smallest) * _PER_DECADE)) + 1
    return np.concatenate([[0.0, smallest / 2], np.geomspace(smallest, 1.0, count)])


def _log_cdf(family: Family, vector: np.ndarray, log_q: np.ndarray) -> np.ndarray:
    # Padded: one compilation serves many data sets.
    padded = np.pad(log_q, (0, -len(log_q) % 64), constant_values=-1.0)
    with jax.enable_x64(True):
        return np.asarray(_compiled_log_cdf(family, jnp.asarray(vector), padded))[: len(log_q)]


@partial(jax.jit, static_argnums=0)
def _compiled_log_cdf(family, vector, log_q):
    return find_family(family).mixing(vector).log_cdf_log_rate(log_q)
