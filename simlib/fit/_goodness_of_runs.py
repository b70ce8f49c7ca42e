"""Does a fitted process describe the runs at all? Errors by length against those expected."""

from functools import cache

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Integer, Key

from .._estimate import Estimate
from ._process_families import PROCESS_FAMILIES, ProcessFamily
from ._process_fit import ProcessFit
from ._runs import Runs

# Groups of neighbouring lengths inside of which the hazard is taken as constant.
_GROUPS = 512
_PER_BIN, _MOST_BINS = 10, 20


class GoodnessOfRuns(eqx.Module):
    """Errors in bins of length against the errors that a fitted process expects.

    `last` is the last step of each bin, `errors` what was seen there and `expected` what the fit
    expects of the steps at risk. `p_value` is the share of simulated data sets that lie at least
    as far from their own fit; its interval is that of the simulation.
    """

    last: Integer[np.ndarray, " bins"]
    errors: Integer[np.ndarray, " bins"]
    expected: Float[np.ndarray, " bins"]
    distance: float = eqx.field(static=True)
    p_value: Estimate


def goodness_of_runs(
    fit: ProcessFit,
    runs: Runs,
    *,
    key: Key[Array, ""],
    family: ProcessFamily | None = None,
    replicates: int = 999,
    level: float = 0.95,
) -> GoodnessOfRuns:
    r"""Test of a fitted process by a parametric bootstrap.

    Bin $b$ holds $O_b$ errors and $E_b=\sum_{j\in b}r_je_j(\hat\theta)$ expected ones, with $r_j$
    runs at risk at step $j$. Given the runs at risk, errors are binomial: the bootstrap draws
    them from the fit and fits each draw again, to first order, by removing from
    $(O-E)/\sqrt V$ what a change of the parameters could explain. The distance is the sum of
    squares of the rest.

    Parameters
    ----------
    fit
        A fit of `fit_process` to the same runs.
    runs
        The runs.
    key
        For the simulated errors.
    family
        The family of the fit, if it is not one of those known by name.
    replicates
        Their number; the smallest possible p-value is one over one more than that.
    level
        Coverage of the interval of the p-value.

    Notes
    -----
    Runs are taken as independent; repeats of items that differ make the p-value too small.

    Raises
    ------
    ValueError
        If there are too few errors, or too few distinct lengths, for more bins than parameters;
        or fewer than 20 replicates.

    Source: Hjort (1990), Annals of Statistics 18, 1221, for the bins; Akritas (1988).

    Examples
    --------
    >>> from simlib.fit import fit_process
    >>> rng = np.random.default_rng(0)
    >>> runs = Runs.from_columns(rng.geometric(0.05, 300), np.ones(300, dtype=int))
    >>> found = goodness_of_runs(fit_process(runs, "uniform"), runs, key=jax.random.key(0))
    >>> float(found.p_value.value) > 0.01
    True
    """
    if replicates < 20:
        raise ValueError(f"replicates must be at least 20, got {replicates}; 999 is usual.")
    family = PROCESS_FAMILIES[fit.family] if family is None else family
    edges, at_risk, errors = _grouped(runs)
    with jax.enable_x64(True):
        vector, scale = jnp.asarray(fit.optimum.vector), jnp.asarray(fit.scale)
        expected, slope = (
            np.asarray(x)
            for x in _expected(family)(vector, scale, jnp.asarray(edges), jnp.asarray(at_risk))
        )
    count, size = expected.sum(), len(edges) - 1
    bins = int(min(_MOST_BINS, runs.errors // _PER_BIN, size))
    parameters = len(fit.optimum.vector)
    if bins <= parameters:
        raise ValueError(
            f"{runs.errors} errors at {size} distinct lengths allow {bins} bins, too few for "
            f"{parameters} parameters; give more runs."
        )
    # Bins of about equally many expected errors.
    place = np.minimum((np.cumsum(expected) - expected / 2) / count * bins, bins - 1).astype(int)
    place = np.unique(place, return_inverse=True)[1]
    bins = int(place.max()) + 1
    add = lambda values: np.bincount(place, weights=values, minlength=bins)
    seen, mean, trials = add(errors), add(expected), add(at_risk)
    gradient = np.stack([add(column) for column in slope.T], axis=1)
    p = np.clip(mean / trials, 1e-300, 1 - 1e-12)
    scaled = gradient / np.sqrt(trials * p * (1 - p))[:, None]
    # What a change of the parameters explains; directions without effect are left out.
    basis, strength, _ = np.linalg.svd(scaled, full_matrices=False)
    basis = basis[:, strength > 1e-8 * max(strength.max(), 1e-300)]

    def distance(found):
        z = (found - mean) / np.sqrt(trials * p * (1 - p))
        return (z**2).sum(-1) - ((z @ basis) ** 2).sum(-1)

    rng = np.random.default_rng(np.asarray(jax.random.bits(key, (4,))))
    drawn = rng.binomial(np.rint(trials).astype(np.int64), p, (replicates, bins))
    own = float(distance(seen))
    farther = 1 + int((distance(drawn) >= own * (1 - 1e-12)).sum())
    last = np.array([edges[1:][place == b].max() for b in range(bins)]).astype(np.int64)
    return GoodnessOfRuns(
        last=last,
        errors=seen.astype(np.int64),
        expected=mean,
        distance=own,
        p_value=Estimate.from_counts(farther, replicates + 1, level=level),
    )


def _grouped(runs: Runs) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Edges of groups of steps, steps at risk in each, and errors."""
    known, place = np.unique(runs.length, return_inverse=True)
    ended = np.bincount(place, weights=runs.count)
    errors = np.bincount(place, weights=runs.count * runs.error)
    left = ended[::-1].cumsum()[::-1]  # runs that reach each length
    at_risk = left * np.diff(known, prepend=0)
    if len(known) > _GROUPS:
        # Groups of about equally many runs that end there.
        group = np.minimum(np.cumsum(ended) / ended.sum() * _GROUPS, _GROUPS - 1).astype(int)
        group = np.unique(group, return_inverse=True)[1]
    else:
        group = np.arange(len(known))
    ends = known[np.append(np.flatnonzero(np.diff(group)), len(known) - 1)]
    edges = np.concatenate([[0], ends]).astype(float)
    return edges, np.bincount(group, weights=at_risk), np.bincount(group, weights=errors)


@cache
def _expected(family: ProcessFamily):
    """Expected errors of groups of steps and their slopes, compiled."""

    def expected(vector, scale, edges, at_risk):
        hazard = jnp.diff(-family.build(vector, scale).log_survival(edges))
        return at_risk * -jnp.expm1(-hazard / jnp.diff(edges))

    return jax.jit(lambda *x: (expected(*x), jax.jacfwd(expected)(*x)))
