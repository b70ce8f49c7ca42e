"""Posterior of the difficulty of a benchmark's problems, given their success counts."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float, Integer
from scipy import special

from .._importance import Explored, explore
from ._counts import Counts
from ._nodes import STEP, likelihood
from ._prior import MEMBERS, Prior, log_density

# So many pairs of a distribution and a share of unsolvable problems are kept.
_MOST = 512
_TINY = 1e-300


@dataclass(frozen=True, eq=False)
class Posterior:
    r"""A weighted set of mixing distributions, and of shares of unsolvable problems.

    `weight[i, j]` belongs to the distribution $i$ together with the share `prior.atoms[j]`;
    `density[i]` is its probability at each node. Given both, problems are independent, and the
    rate of a problem with $c$ successes in $n$ attempts has density proportional to
    $f_i(p)\,p^c(1-p)^{n-c}$, besides the share $\pi_0$ at 0 for a problem never solved.
    """

    prior: Prior
    counts: Counts
    weight: Float[np.ndarray, "kept atoms"]
    density: Float[np.ndarray, "kept nodes"]
    family: tuple[str, ...]
    tail: Float[np.ndarray, "kept"]
    explored: dict[str, Explored]
    likelihood: Float[np.ndarray, "distinct nodes"]
    multiplicity: Integer[np.ndarray, "distinct"]
    unsolved: Integer[np.ndarray, "zero"]
    evidence: Float[np.ndarray, "kept distinct"]

    @property
    def family_weight(self) -> dict[str, float]:
        """Posterior probability of each family."""
        total = self.weight.sum(1)
        names = np.array(self.family)
        return {name: float(total[names == name].sum()) for name in MEMBERS}

    @property
    def atom_weight(self) -> Float[np.ndarray, "atoms"]:
        """Posterior probability of each share of unsolvable problems."""
        return self.weight.sum(0)

    def only(self, problems: Bool[np.ndarray, "problems"]) -> "Posterior":
        """The same posterior, for averages over some of the problems."""
        inverse = self.counts.distinct().inverse
        multiplicity = np.bincount(inverse[problems], minlength=len(self.multiplicity))
        return replace(self, multiplicity=multiplicity)

    def moments(
        self, value: Float[np.ndarray, "functions nodes"], at_zero: Float[np.ndarray, "functions"]
    ) -> tuple[Float[np.ndarray, "functions members"], Float[np.ndarray, "functions members"]]:
        """Mean and variance, under each member, of averages over problems.

        `value` holds functions of the rate at the nodes, `at_zero` their values for an
        unsolvable problem. The average is over the problems of the benchmark, each given its own
        counts. Members are the pairs of a distribution and a share with positive weight, in the
        order of `member_weight`.
        """
        means, variances = [], []
        for h, zero in zip(value, at_zero, strict=True):
            one, square = self._given_counts(h), self._given_counts(h * h)
            means.append(self._mean(one, zero))
            variances.append(self._spread(square, one, one, zero, zero))
        return np.stack(means), np.stack(variances)

    def covariance(
        self,
        first: Float[np.ndarray, "functions nodes"],
        second: Float[np.ndarray, "functions nodes"],
    ) -> Float[np.ndarray, "functions members"]:
        """Covariance of two averages of functions that are 0 for an unsolvable problem."""
        rows = []
        for a, b in zip(first, second, strict=True):
            both, one, two = (self._given_counts(h) for h in (a * b, a, b))
            rows.append(self._spread(both, one, two, 0.0, 0.0))
        return np.stack(rows)

    def _mean(self, each, at_zero):
        """Mean over problems of what holds for each, unsolvable ones included."""
        share, zero = self.multiplicity / self.multiplicity.sum(), self.unsolved
        ever = each @ np.where(self._never, 0.0, share)
        never = _blend(self.unsolvable, each[:, None, zero], at_zero) @ share[zero]
        return (ever[:, None] + never)[self._kept]

    def _spread(self, both, one, two, one_at_zero, two_at_zero):
        """Covariance of two averages, from E[gh], E[g] and E[h] of each problem."""
        share, zero = self.multiplicity / self.multiplicity.sum() ** 2, self.unsolved
        ever = (both - one * two) @ np.where(self._never, 0.0, share)
        product, a, b = (
            _blend(self.unsolvable, x[:, None, zero], y)
            for x, y in ((both, one_at_zero * two_at_zero), (one, one_at_zero), (two, two_at_zero))
        )
        return (ever[:, None] + (product - a * b) @ share[zero])[self._kept]

    @property
    def member_weight(self) -> Float[np.ndarray, "members"]:
        """Weights of the members, adding up to 1."""
        weight = self.weight[self._kept]
        return weight / weight.sum()

    @property
    def _kept(self):
        return self.weight > 0

    def _given_counts(self, h):
        """E[h | counts] under each distribution, for each distinct count."""
        # Single precision: sums of positive terms, good to six digits and twice as fast.
        return (self._density32 * h.astype(np.float32)) @ self._likelihood32 / self.evidence

    @cached_property
    def _density32(self):
        return self.density.astype(np.float32)

    @cached_property
    def _likelihood32(self):
        return np.ascontiguousarray(self.likelihood.T, dtype=np.float32)

    @cached_property
    def _never(self):
        return np.isin(np.arange(len(self.multiplicity)), self.unsolved)

    @cached_property
    def unsolvable(self) -> Float[np.ndarray, "kept atoms zero"]:
        """Probability that a problem never solved so far is unsolvable."""
        atom = self.prior.atoms[None, :, None]
        return atom / (atom + (1 - atom) * self.evidence[:, None, self.unsolved])


def _blend(out, inside, at_zero):
    return (1 - out) * inside + out * at_zero


def posterior(counts: Counts, prior: Prior) -> Posterior:
    """Posterior over the families, parameters and unsolvable shares of a prior."""
    distinct = counts.distinct()
    table = likelihood(distinct.attempts, distinct.successes)
    zero = np.flatnonzero(distinct.successes == 0)
    score = _score(prior, distinct.multiplicity.astype(float), zero)
    explored, densities, evidences, joint, names, tails = {}, [], [], [], [], []
    for name in MEMBERS:
        log_share = prior.weight.get(name, 0.0)
        if log_share <= 0:
            continue
        seen: list[tuple] = []

        def target(vectors, name=name, seen=seen):
            density = node_masses(name, vectors)
            evidence = np.maximum(density @ table.T, _TINY)
            log_joint = score(evidence)
            seen.append((density, evidence, log_joint))
            return special.logsumexp(log_joint, axis=1) + prior.log_density(name, vectors)

        start = prior.moments(name)
        found = explore(target, start.mean, start.covariance)
        density, evidence, log_joint = (np.concatenate(x) for x in zip(*seen, strict=True))
        # Weight of a point together with a share: the point's, split by the shares' likelihoods.
        split = log_joint - special.logsumexp(log_joint, axis=1, keepdims=True)
        log_weight = found.log_weight + found.log_evidence + np.log(log_share)
        explored[name] = found
        densities.append(density)
        evidences.append(evidence)
        joint.append(log_weight[:, None] + split)
        names += [name] * len(density)
        tails.append(_tail(name, found.points))
    log_weight = np.concatenate(joint)
    weight = np.exp(log_weight - log_weight.max())
    order, weight = _thinned(weight)
    return Posterior(
        prior=prior,
        counts=counts,
        weight=weight,
        density=np.concatenate(densities)[order],
        family=tuple(names[i] for i in order),
        tail=np.concatenate(tails)[order],
        explored=explored,
        likelihood=table,
        multiplicity=distinct.multiplicity,
        unsolved=zero,
        evidence=np.concatenate(evidences)[order],
    )


def _thinned(weight: Float[np.ndarray, "points atoms"]):
    """Pairs that represent the whole, by systematic sampling without chance.

    Returns the rows that are kept and their weights, most of them 0.
    """
    flat = weight.ravel()
    edges = np.concatenate([[0.0], np.cumsum(flat)])
    times = np.diff(np.ceil(edges / edges[-1] * _MOST - 0.5)).reshape(weight.shape)
    order = np.flatnonzero(times.sum(1))
    return order, times[order] / times.sum()


def node_masses(
    name: str, vectors: Float[np.ndarray, "points parameters"]
) -> Float[np.ndarray, "points nodes"]:
    """Probability at each node; what lies below the first node counts as lying on it."""
    mass = np.exp(np.minimum(log_density(name, vectors), 50.0)) * STEP
    total = mass.sum(1, keepdims=True)
    # A density narrower than the nodes is known to lie there, but not how high it is.
    mass /= np.maximum(total, 1.0)
    mass[:, 0] += np.maximum(1.0 - total[:, 0], 0.0)
    return mass


def _score(prior: Prior, multiplicity, zero) -> Callable:
    """Log-likelihood of all counts for each distribution and each share of unsolvable problems."""
    solved = np.setdiff1d(np.arange(len(multiplicity)), zero)

    def score(evidence):
        rest = np.log(evidence[:, solved]) @ multiplicity[solved]
        columns = []
        for atom, weight in zip(prior.atoms, prior.atom_weight, strict=True):
            if weight == 0:
                columns.append(np.full(len(evidence), -np.inf))
                continue
            never = np.log(atom + (1 - atom) * evidence[:, zero]) @ multiplicity[zero]
            ever = rest + multiplicity[solved].sum() * np.log1p(-atom)
            columns.append(never + ever + np.log(weight))
        return np.stack(columns, axis=1)

    return score


def _tail(name: str, vectors):
    return np.broadcast_to(np.asarray(MEMBERS[name].tail(vectors.T), dtype=float), len(vectors))
