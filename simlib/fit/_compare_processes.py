"""Which process predicts runs best, and how sure that is."""

from collections.abc import Sequence

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float, Integer, Key
from scipy import optimize

from .._estimate import Estimate
from ._process_families import DEFAULT_FAMILIES, ProcessFamily, find_process_family
from ._process_fit import HORIZONS, ProcessFit, fit_process, locate, pairs_under
from ._runs import Runs


class ProcessComparison(eqx.Module):
    """Families of processes fitted to the same runs, and how well each predicts new ones.

    Attributes
    ----------
    fits
        A fit of each family, to all runs.
    refused
        Families that cannot have produced the runs, with the reason.
    scores
        Log-probability of each run under a fit to the other folds, in nats.
    score
        Its mean over runs.
    behind
        Mean score of the best family minus that of each: how much worse it predicts, with the
        normal interval of a paired difference (Vuong 1989), over items where these are known.
    weights
        Stacking weights: the mixture of families that predicts best.
    best
        Family with the highest mean score.
    """

    fits: dict[str, ProcessFit]
    refused: dict[str, str] = eqx.field(static=True)
    scores: dict[str, Float[np.ndarray, " runs"]]
    score: dict[str, Estimate]
    behind: dict[str, Estimate]
    weights: dict[str, float] = eqx.field(static=True)
    best: str = eqx.field(static=True)

    @property
    def undecided(self) -> tuple[str, ...]:
        """Families that do not predict worse than the best beyond doubt (interval reaches 0)."""
        return tuple(name for name, x in self.behind.items() if float(x.lower) <= 0.0)


def compare_processes(
    runs: Runs,
    families: Sequence[str | ProcessFamily] = DEFAULT_FAMILIES,
    *,
    key: Key[Array, ""],
    folds: int = 10,
    level: float = 0.95,
    horizons: Sequence[float] = HORIZONS,
) -> ProcessComparison:
    r"""Fit families to runs and compare how they predict runs that were held out.

    Every fold is predicted from the others; a fold takes all runs of an item together. A held-out
    score needs no correction for the number of parameters, and its standard error comes from the
    differences between runs (or items) themselves.

    Parameters
    ----------
    runs
        The runs.
    families
        Names or families, as in `fit_process`.
    key
        Deals the units into folds.
    folds
        Number of folds, at least 2; at most as many as there are items or runs.
    level, horizons
        As in `fit_process`.

    Raises
    ------
    ValueError
        If fewer than two errors or units leave nothing to hold out, no family can have produced
        the runs, or for the reasons of `fit_process`.

    Source: Vuong (1989) for the paired difference; Yao, Vehtari, Simpson and Gelman (2018) for
    stacking of predictive distributions.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> runs = Runs.from_columns(rng.geometric(0.05, 300), np.ones(300, dtype=int))
    >>> found = compare_processes(runs, ["uniform", "log_logistic"], key=jax.random.key(0))
    >>> found.best
    'uniform'
    """
    chosen = [find_process_family(family) for family in families]
    fold = _folds(runs, folds, key)
    fits: dict[str, ProcessFit] = {}
    refused: dict[str, str] = {}
    scores: dict[str, np.ndarray] = {}
    for family in chosen:
        if reason := family.refuses(runs):
            refused[family.name] = reason
            continue
        fits[family.name] = fit_process(runs, family, level=level, horizons=horizons)
        scores[family.name] = _held_out(runs, family, fits[family.name], fold)
    if not fits:
        raise ValueError(f"no family can have produced these runs: {refused}.")
    mean = {name: float(each.mean()) for name, each in scores.items()}
    best = max(mean, key=lambda name: mean[name])
    unit = runs.unit()
    score = {name: _clustered(each, unit, level) for name, each in scores.items()}
    behind = {name: _clustered(scores[best] - each, unit, level) for name, each in scores.items()}
    weights = stacking_weights(np.stack(list(scores.values()), axis=1))
    return ProcessComparison(
        fits=fits,
        refused=refused,
        scores=scores,
        score=score,
        behind=behind,
        weights=dict(zip(scores, weights.tolist(), strict=True)),
        best=best,
    )


def stacking_weights(
    scores: Float[np.ndarray, "runs families"],
) -> Float[np.ndarray, " families"]:
    r"""Weights $w$ on the simplex that maximise $\sum_i\ln\sum_kw_kp_{ik}$.

    Parameters
    ----------
    scores
        $\ln p_{ik}$: log-probability of each held-out run under each family. A family may give
        a run no probability ($-\infty$), but not all of them.

    Raises
    ------
    ValueError
        If some run has no probability under any family.

    Source: Yao, Vehtari, Simpson and Gelman (2018), Bayesian Analysis 13, 917.

    Examples
    --------
    >>> scores = np.log(np.array([[0.9, 0.1], [0.9, 0.1], [0.8, 0.2]]))
    >>> stacking_weights(scores).round(3).tolist()
    [1.0, 0.0]
    """
    scores = np.asarray(scores, dtype=float)
    top = scores.max(1)
    if not np.isfinite(top).all():
        raise ValueError(
            f"run {int(np.argmin(top))} has no probability under any family; add one that "
            "allows it."
        )
    # Runs with the same scores are one row.
    rows, count = np.unique(scores - top[:, None], axis=0, return_counts=True)
    p, share = np.exp(rows), count / count.sum()
    families = p.shape[1]

    def objective(w):
        mixed = np.maximum(p @ w, 1e-300)
        return -share @ np.log(mixed), -(share / mixed) @ p

    result = optimize.minimize(
        objective,
        np.full(families, 1 / families),
        jac=True,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * families,
        constraints=[{"type": "eq", "fun": lambda w: w.sum() - 1, "jac": np.ones_like}],
        options={"ftol": 1e-12, "maxiter": 500},
    )
    w = np.clip(result.x, 0.0, None)
    # The objective is concave: a few multiplicative steps polish what rounding left.
    for _ in range(20):
        w = w * ((share / np.maximum(p @ w, 1e-300)) @ p)
    w = np.where(w < 1e-6, 0.0, w)
    return w / w.sum()


def _folds(runs: Runs, folds: int, key: Key[Array, ""]) -> Integer[np.ndarray, " runs"]:
    """Fold of each run; units are dealt so that errors spread over the folds."""
    unit = runs.unit()
    units = int(unit.max()) + 1
    if folds < 2:
        raise ValueError(f"folds must be at least 2, got {folds}.")
    errors = np.bincount(unit, weights=runs.error[runs.pair], minlength=units)
    if (errors > 0).sum() < 2:
        raise ValueError(
            f"errors in at least 2 runs (or items) are needed to hold some out, got "
            f"{int((errors > 0).sum())}; fit_process says what a single one allows."
        )
    shuffled = np.asarray(jax.random.permutation(key, units))
    order = shuffled[np.argsort(errors[shuffled] == 0, kind="stable")]
    fold = np.empty(units, dtype=np.int64)
    fold[order] = np.arange(units) % min(folds, units)
    return fold[unit]


def _held_out(runs: Runs, family: ProcessFamily, fit: ProcessFit, fold: np.ndarray) -> np.ndarray:
    score = np.empty(runs.runs)
    with jax.enable_x64(True):
        for k in range(int(fold.max()) + 1):
            out = fold == k
            weight = runs.count - runs.counts_of(out)
            near = fit.optimum.vector.tolist()
            optimum = locate(family, runs, weight, fit.scale, near)
            each = pairs_under(family, runs, optimum.vector, fit.scale)
            score[out] = each[runs.pair[out]]
    return score


def _clustered(each: np.ndarray, unit: np.ndarray, level: float) -> Estimate:
    """Mean over runs, with a standard error over units."""
    total, size = np.bincount(unit, weights=each), np.bincount(unit)
    mean = total.sum() / size.sum()
    units = (size > 0).sum()
    spread = ((total - mean * size) ** 2).sum() * units / max(units - 1, 1)
    return Estimate.from_mean(
        mean, np.sqrt(spread) / size.sum(), len(each), level=level,
        method="paired normal (Vuong)", unit="nats",
    )  # fmt: skip
