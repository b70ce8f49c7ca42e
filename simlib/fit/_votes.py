"""Repeated attempts as votes: their correlation, and whether the commonest answer is right."""

from collections.abc import Sequence

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Bool, Float, Integer, Key, Shaped
from scipy import stats

from .._estimate import Estimate
from ..formulas.measuring import majority
from ._overdispersion import Overdispersion
from ._product_limit import whole_numbers
from ._resample import bootstrap_weights, check_resamples


def attempt_correlation(
    successes: Shaped[np.ndarray, "items"],
    attempts: Shaped[np.ndarray, "items"],
    *,
    key: Key[Array, ""],
    resamples: int = 2000,
    level: float = 0.95,
) -> Overdispersion:
    r"""Mean success rate and correlation of two attempts at one item, from counts.

    The companion of `overdispersion` for items whose success rates are known from counts only:
    the noise of the attempts is taken out. With $c_i$ successes in $n_i$ attempts,

    $$\hat m=\overline{c_i/n_i},\qquad \hat q=\overline{\tfrac{c_i(c_i-1)}{n_i(n_i-1)}},\qquad
    \hat\rho=\frac{\hat q-\widehat{m^2}}{\hat m-\widehat{m^2}},$$

    where $\hat q$ is unbiased for $\mathbb E\,p^2$ and $\widehat{m^2}$, the mean of
    $\frac{c_ic_j}{n_in_j}$ over pairs of different items, for $(\mathbb E\,p)^2$. No family of
    distributions is assumed.

    Parameters
    ----------
    successes, attempts
        $c_i$ and $n_i\ge2$ of each item.
    key, resamples, level
        For the bootstrap over items and its percentile intervals.

    Returns
    -------
    Overdispersion
        `rho` may be slightly negative by chance if items hardly differ.

    Raises
    ------
    ValueError
        With fewer than two items, an item with fewer than two attempts (one attempt cannot
        tell a hard item from bad luck), impossible counts, or no success or no failure at all.

    Source: textbook analysis of variance for proportions (moments of the beta-binomial).

    Examples
    --------
    >>> import jax
    >>> found = attempt_correlation(np.tile([0, 9], 20), np.full(40, 9), key=jax.random.key(0))
    >>> round(float(found.rho.value), 3)
    1.0
    """
    check_resamples(resamples, level)
    c, n = _counts(successes, attempts)
    once, twice = c / n, c * (c - 1) / (n * (n - 1))
    value = _correlation(np.full(len(c), 1 / len(c)), once, twice, len(c))
    draws = _correlation(bootstrap_weights(len(c), resamples, key=key), once, twice, len(c))
    defined = np.isfinite(draws[1])  # a resample may lack successes
    settings = {"n": len(c), "level": level, "method": "bootstrap over items"}
    return Overdispersion(
        mean=Estimate.from_draws(draws[0], value=value[0], **settings),
        rho=Estimate.from_draws(draws[1][defined], value=value[1], **settings),
    )


class MajorityForecast(eqx.Module):
    """Accuracy of majorities: forecast from some items, observed on others.

    All have one entry per number of votes; `error` is forecast minus observed.
    """

    votes: tuple[int, ...] = eqx.field(static=True)
    forecast: Estimate
    observed: Estimate
    error: Estimate


def majority_forecast(
    successes: Shaped[np.ndarray, "items"],
    attempts: Shaped[np.ndarray, "items"],
    learn: Bool[np.ndarray, "items"],
    *,
    votes: Sequence[int],
    key: Key[Array, ""],
    both_ways: bool = False,
    resamples: int = 2000,
    level: float = 0.95,
) -> MajorityForecast:
    r"""Forecast the accuracy of majority votes out of sample.

    Mean and correlation $(\hat m,\hat\rho)$ of the items in `learn` go into the beta-binomial
    formula `simlib.formulas.measuring.majority`; the result is compared with the majorities
    among the attempts at all other items, by `majority_share`.

    Parameters
    ----------
    successes, attempts
        Counts of right votes and of all votes of each item.
    learn
        Items to learn from; the others are forecast.
    votes
        Numbers $m$ of votes, at most the number of attempts at any item.
    both_ways
        Also forecast the items in `learn` from the others, and average both directions. One
        direction shows the error that a user meets; in the average the luck of the split nearly
        cancels, so that it shows what the model gets wrong.
    key, resamples, level
        For a bootstrap of both sets of items.

    Raises
    ------
    ValueError
        As for `attempt_correlation` on each set of items, or if there are too few attempts for
        a number of votes.
    """
    check_resamples(resamples, level)
    c, n = _counts(successes, attempts)
    sets = np.asarray(learn, dtype=bool), ~np.asarray(learn, dtype=bool)
    if min(x.sum() for x in sets) < 2:
        raise ValueError("learn must leave at least two items on each side.")
    share = np.stack([majority_share(c, n, m) for m in votes], axis=1)
    once, twice = c / n, c * (c - 1) / (n * (n - 1))

    def one_way(weights, here, there):
        size = int(sets[here].sum())
        m, rho = _correlation(weights[here], once[sets[here]], twice[sets[here]], size)
        m, rho = np.clip(m, 1e-12, 1 - 1e-12), np.clip(np.nan_to_num(rho), 0, 1)
        forecast = np.stack([np.asarray(majority(v, m, rho)) for v in votes], axis=-1)
        return np.stack([forecast, weights[there] @ share[sets[there]]])

    def parts(weights):
        there = one_way(weights, 0, 1)
        return (there + one_way(weights, 1, 0)) / 2 if both_ways else there

    uniform = [np.full(int(x.sum()), 1 / x.sum()) for x in sets]
    keys = jax.random.split(key)
    drawn = [
        bootstrap_weights(int(x.sum()), resamples, key=k) for x, k in zip(sets, keys, strict=True)
    ]
    value, draws = parts(uniform), parts(drawn)
    settings = {"n": len(c), "level": level, "method": "bootstrap over items"}
    of = lambda v, d: Estimate.from_draws(d, value=v, **settings)
    return MajorityForecast(
        votes=tuple(int(m) for m in votes),
        forecast=of(value[0], draws[0]),
        observed=of(value[1], draws[1]),
        error=of(value[0] - value[1], draws[0] - draws[1]),
    )


def majority_share(
    successes: Shaped[np.ndarray, "items"], attempts: Shaped[np.ndarray, "items"], votes: int
) -> Float[np.ndarray, "items"]:
    r"""Chance that more than half of $m$ of the attempts at each item are right; ties count half.

    The attempts are chosen at random without replacement, so this is unbiased for the accuracy
    of a majority of $m$ independent votes, as long as $m\le n_i$.

    Parameters
    ----------
    successes, attempts
        Right votes and all votes of each item.
    votes
        $m\ge1$.

    Raises
    ------
    ValueError
        If some item has fewer than `votes` attempts, or counts are impossible.
    """
    c, n = _counts(successes, attempts, least=1)
    if not 1 <= votes <= n.min():
        raise ValueError(
            f"votes must be between 1 and the {int(n.min())} attempts of the item with the "
            f"fewest, got {votes}."
        )
    urn = n.astype(int), c.astype(int), votes
    ties = stats.hypergeom.pmf(votes // 2, *urn) / 2 if votes % 2 == 0 else 0.0
    return np.asarray(stats.hypergeom.sf(votes // 2, *urn) + ties)


def plurality_share(
    item: Integer[np.ndarray, "answers"],
    count: Integer[np.ndarray, "answers"],
    correct: Bool[np.ndarray, "answers"],
    named: Bool[np.ndarray, "answers"],
    *,
    votes: Sequence[int],
    key: Key[Array, ""],
    shuffles: int = 4,
) -> Float[np.ndarray, "items votes"]:
    r"""How often the right answer is the commonest among $m$ of the attempts at each item.

    The attempts at an item are put in random order and cut into ballots of $m$ votes each. If
    several answers share the lead, each of them wins with equal chance.

    Parameters
    ----------
    item
        Number of the item, from 0, of each distinct answer.
    count
        How often that answer was given.
    correct
        Whether it is right.
    named
        Whether it is an answer at all: attempts without one cast no vote, and a ballot without
        any vote is wrong.
    votes
        Numbers $m\ge1$, at most the number of attempts at any item.
    key
        For the random order.
    shuffles
        Orders per item.

    Raises
    ------
    ValueError
        If some item has fewer attempts than votes, or there is no item.
    """
    item, count = whole_numbers("item", np.asarray(item), 0), np.asarray(count)
    items = int(item.max()) + 1
    total = np.bincount(item, weights=count, minlength=items)
    if min(votes) < 1 or max(votes) > total.min():
        raise ValueError(
            f"votes must be between 1 and the {int(total.min())} attempts of the item with the "
            f"fewest, got {tuple(votes)}."
        )
    rng = np.random.default_rng(np.asarray(jax.random.key_data(key)).tolist())
    share = np.empty((items, len(votes)))
    for i in range(items):
        mine = item == i
        right, vote = np.asarray(correct)[mine], np.asarray(named)[mine]
        attempts = np.repeat(np.arange(mine.sum()), count[mine])
        orders = rng.permuted(np.tile(attempts, (shuffles, 1)), axis=1)
        for j, m in enumerate(votes):
            ballots = orders[:, : orders.shape[1] // m * m].reshape(-1, m)
            share[i, j] = _wins(ballots, right, vote).mean()
    return share


def _wins(ballots, right, vote) -> np.ndarray:
    """Chance that each ballot, a row of numbers of answers, elects a right answer."""
    answers = len(right)
    flat = ballots + answers * np.arange(len(ballots))[:, None]
    tally = np.bincount(flat.ravel(), minlength=len(ballots) * answers).reshape(-1, answers)
    tally = tally * vote
    leads = (tally == tally.max(axis=1, keepdims=True)) & (tally > 0)
    return (leads & right).sum(axis=1) / np.maximum(leads.sum(axis=1), 1)


def _correlation(weight, once, twice, items: int):
    """Mean rate and correlation for weights over items that sum to 1."""
    mean, both = weight @ once, weight @ twice
    # Pairs of different items; resampled copies of one item count as different, as they must
    # for the bootstrap to imitate independent items.
    square = (items * mean**2 - weight @ once**2) / (items - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return mean, (both - square) / (mean - square)


def _counts(successes, attempts, *, least: int = 2):
    c, n = np.asarray(successes, dtype=float), np.asarray(attempts, dtype=float)
    if c.ndim != 1 or c.shape != n.shape or len(c) < 2:
        raise ValueError(
            f"successes and attempts need one entry per item and at least two items, got shapes "
            f"{c.shape} and {n.shape}."
        )
    bad = ~((c >= 0) & (c <= n) & (c == np.rint(c)) & (n == np.rint(n)) & (n >= least))
    if bad.any():
        i = int(np.flatnonzero(bad)[0])
        raise ValueError(
            f"item {i} has {c[i]:g} successes in {n[i]:g} attempts; both must be whole numbers "
            f"with 0 <= successes <= attempts, and at least {least} attempts are needed."
        )
    if least > 1 and (c.sum() == 0 or (c == n).all()):
        raise ValueError(
            "without any success, or without any failure, the correlation is not defined; collect "
            "more attempts or other items."
        )
    return c, n
