"""A prior learnt from other benchmarks, and the pooling of several models on one benchmark."""

from collections.abc import Mapping, Sequence

import numpy as np

from ._counts import Counts
from ._posterior import Posterior, posterior
from ._prior import Normal, Prior, broad_prior

# The weights of families in the base prior count as so many benchmarks.
_BASE_COUNTS = 2.0


def learn_prior(
    benchmarks: Sequence[Counts],
    *,
    base: Prior | None = None,
    trust: float = 0.5,
    widen: float = 1.5,
) -> Prior:
    r"""Prior whose parameters are distributed as on other benchmarks, widened.

    Each benchmark gets its posterior under the base prior. For each family, the learnt component
    is normal with the mean and covariance of the parameters over benchmarks and their posteriors,
    its standard deviations multiplied by `widen`; the base prior remains as a second component,
    so that a benchmark unlike all others is not forced into line. Families are weighted by how
    well they did.

    Parameters
    ----------
    benchmarks
        Counts of at least two other benchmarks (tasks, or models).
    base
        Prior to start from; the broad one unless given.
    trust
        Weight of the learnt component, in (0, 1).
    widen
        Factor of the standard deviations, at least 1.

    Raises
    ------
    ValueError
        With fewer than two benchmarks, or a factor out of range.
    """
    base = broad_prior() if base is None else base
    return learn_from([posterior(counts, base) for counts in benchmarks], base, trust, widen)


def learn_from(
    posteriors: Sequence[Posterior], base: Prior, trust: float = 0.5, widen: float = 1.5
) -> Prior:
    """As `learn_prior`, from posteriors under the base prior."""
    count = len(posteriors)
    if count < 2:
        raise ValueError(
            f"benchmarks must be at least 2, got {count}; without others, use the base."
        )
    if not 0 < trust < 1:
        raise ValueError(f"trust must lie in (0, 1), got {trust}.")
    if not widen >= 1:
        raise ValueError(f"widen must be at least 1, got {widen}.")
    weight, parameters = {}, {}
    for name, share in base.weight.items():
        if not share:
            continue  # the base prior rules this family out, and so does what is learnt
        means, inner, shares = [], [], []
        for found in posteriors:
            explored = found.explored[name]
            w = np.exp(explored.log_weight)
            mean = w @ explored.points
            away = explored.points - mean
            means.append(mean)
            inner.append((w[:, None] * away).T @ away)
            shares.append(found.family_weight[name])
        # A benchmark says much of a family's parameters where the family fits.
        credit = np.array(shares) + 1e-3
        credit /= credit.sum()
        mean = credit @ np.array(means)
        away = np.array(means) - mean
        spread = (credit[:, None] * away).T @ away + np.tensordot(credit, np.array(inner), 1)
        # The mean over few benchmarks is itself uncertain.
        covariance = widen**2 * (1 + np.sum(credit**2)) * spread
        parameters[name] = [
            *(((1 - trust) * w, normal) for w, normal in base.parameters[name]),
            (trust, Normal(mean, covariance)),
        ]
        weight[name] = float(np.sum(shares) + _BASE_COUNTS * share)
    total = sum(weight.values())
    return Prior(
        {name: w / total for name, w in weight.items()}, parameters, base.atoms, base.atom_weight
    )


def pooled_priors(models: Mapping[str, Counts], *, base: Prior | None = None) -> dict[str, Prior]:
    """For each model a prior learnt from the other models on the same benchmark.

    Raises
    ------
    ValueError
        With fewer than three models.
    """
    if len(models) < 3:
        raise ValueError(f"models must be at least 3 to learn from one another, got {len(models)}.")
    base = broad_prior() if base is None else base
    found = {name: posterior(counts, base) for name, counts in models.items()}
    return {
        name: learn_from([p for other, p in found.items() if other != name], base)
        for name in models
    }
