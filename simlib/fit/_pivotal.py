"""How much each token moves the probability of final success: exactly, and from rollouts."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Int

if TYPE_CHECKING:
    from ..traces import Traces

RULES = ("all_right", "end_right")
_HALVES = "give one pair of counts (first and second half) for each run and position"


def success_path(
    log_prob: Float[np.ndarray, "items tokens"],
) -> Float[np.ndarray, "items tokens_and_start"]:
    r"""Success probability along right answers: $p_0,\dots,p_L$ with $p_L=1$.

    An item has one right answer, whose tokens have the probabilities $q_1,\dots,q_L$, so
    $p_i=\prod_{j>i}q_j$ after $i$ right tokens, and 0 after any wrong one.

    Parameters
    ----------
    log_prob
        $\ln q_j$, one row per item, as `answer_log_probs` gives them; the last column is the
        end of the answer.

    Returns
    -------
    numpy.ndarray
        One column more than `log_prob`: the first is the probability that a sampled answer is
        right, the last is 1.

    Raises
    ------
    ValueError
        If a log-probability is positive or not a number.

    Examples
    --------
    >>> success_path(np.log([[0.5, 0.8]])).round(3)
    array([[0.4, 0.8, 1. ]])
    """
    log_prob = np.asarray(log_prob, dtype=np.float64)
    if not (log_prob <= 0).all():
        raise ValueError(
            f"log_prob must be natural logarithms of probabilities, at most 0, got "
            f"{log_prob[~(log_prob <= 0)].flat[0]}."
        )
    after = np.cumsum(log_prob[:, ::-1], axis=1)[:, ::-1]
    return np.exp(np.pad(after, ((0, 0), (0, 1))))


@dataclass(frozen=True)
class Moves:
    r"""Expected moves of the success probability while an answer is sampled; one row per item.

    Attributes
    ----------
    start
        $p_0$.
    squares
        $\mathbb E\sum_i(p_i-p_{i-1})^2$, added up token by token.
    up, down
        Expected numbers of moves of at least the gap in either direction.
    rise
        Expected sum of the upward moves; that of the downward ones is the same.
    """

    start: Float[np.ndarray, " items"]
    squares: Float[np.ndarray, " items"]
    up: Float[np.ndarray, " items"]
    down: Float[np.ndarray, " items"]
    rise: Float[np.ndarray, " items"]

    @property
    def count(self) -> Float[np.ndarray, " items"]:
        """Expected number of pivotal tokens in a sampled answer."""
        return self.up + self.down


def answer_moves(log_prob: Float[np.ndarray, "items tokens"], *, gap: float) -> Moves:
    r"""Exact expectations over all sampled answers, without any sampling.

    After $i-1$ right tokens, which happens with probability $p_0/p_{i-1}$, the next token moves
    the success probability up to $p_i=p_{i-1}/q_i$ with probability $q_i$, and down to 0
    otherwise; nothing moves after that.

    Parameters
    ----------
    log_prob
        As for `success_path`.
    gap
        Smallest move that counts as pivotal, in (0, 1].

    Raises
    ------
    ValueError
        If `gap` lies outside (0, 1], or `log_prob` holds no logarithms of probabilities.

    Examples
    --------
    >>> moves = answer_moves(np.log([[0.5]]), gap=0.2)
    >>> moves.squares, moves.count
    (array([0.25]), array([1.]))
    """
    if not 0 < gap <= 1:
        raise ValueError(f"gap must lie in (0, 1], got {gap}; 0.2 is usual.")
    p, q = success_path(log_prob), np.exp(np.asarray(log_prob, dtype=np.float64))
    before, after = p[:, :-1], p[:, 1:]
    # Products of the q before: safe where some q is 0 and p0 / p would be 0 / 0.
    reach = np.cumprod(np.pad(q, ((0, 0), (1, 0)), constant_values=1.0), axis=1)[:, :-1]
    right, wrong = reach * q, reach * (1 - q)
    step = after - before
    total = lambda x: x.sum(1)
    return Moves(
        start=p[:, 0],
        squares=total(right * step**2 + wrong * before**2),
        up=total(right * (step >= gap)),
        down=total(wrong * (before >= gap)),
        rise=total(right * step),
    )


def path_moves(
    path: Float[np.ndarray, "runs positions"], *, gap: float
) -> tuple[Float[np.ndarray, " runs"], Int[np.ndarray, " runs"]]:
    r"""Sum of the squared moves of known success probabilities, and the number of large ones.

    Parameters
    ----------
    path
        $p_0,\dots,p_n$ along each run; $p_n$ is 0 or 1 where the outcome is known.
    gap
        Smallest move that counts.

    Returns
    -------
    squares, count
        One entry per run.

    Raises
    ------
    ValueError
        If `path` has fewer than two columns or leaves [0, 1].

    Examples
    --------
    >>> path_moves(np.array([[0.5, 0.7, 1.0]]), gap=0.25)
    (array([0.13]), array([1]))
    """
    if path.shape[1] < 2 or not ((path >= 0) & (path <= 1)).all():
        raise ValueError("path must hold probabilities in [0, 1] at two positions or more.")
    step = np.diff(path, axis=1)
    return (step**2).sum(1), (np.abs(step) >= gap).sum(1)


@dataclass(frozen=True)
class ResampledMoves:
    r"""Moves of the success probability, measured by rollouts; one entry per run.

    Attributes
    ----------
    squares
        Unbiased for $\sum_i(p_i-p_{i-1})^2$: products of the moves that two independent halves of
        the rollouts see. May be negative.
    naive
        $\sum_i(\hat p_i-\hat p_{i-1})^2$ from all rollouts together.
    noise
        Unbiased for what rollout noise adds to `naive`.
    start
        Unbiased for $p_0(1-p_0)$.
    count
        Moves of $\hat p$ of at least the gap; rollout noise adds to it.
    """

    squares: Float[np.ndarray, " runs"]
    naive: Float[np.ndarray, " runs"]
    noise: Float[np.ndarray, " runs"]
    start: Float[np.ndarray, " runs"]
    count: Int[np.ndarray, " runs"]


def resampled_moves(
    successes: Int[np.ndarray, "runs positions halves"],
    *,
    rollouts: int,
    outcome: Bool[np.ndarray, " outcomes"],
    gap: float,
) -> ResampledMoves:
    r"""Moves along sampled runs, without the noise of the rollouts that measure them.

    After each prefix of a run, two sets of `rollouts` independent continuations are drawn, with
    success shares $\hat a_i$ and $\hat b_i$. Their errors are independent and have mean 0, so
    $(\hat a_i-\hat a_{i-1})(\hat b_i-\hat b_{i-1})$ has the expectation $(p_i-p_{i-1})^2$.

    Parameters
    ----------
    successes
        Continuations that succeeded: run, prefix $0,\dots,n-1$, half.
    rollouts
        Continuations in each half.
    outcome
        Whether each run itself succeeded: $p_n$.
    gap
        Smallest move that is counted.

    Raises
    ------
    ValueError
        If there are not two halves, a count is not in `[0, rollouts]`, or runs and outcomes
        differ in number.

    Examples
    --------
    >>> found = resampled_moves(
    ...     np.array([[[1, 1], [2, 2]]]), rollouts=2, outcome=np.array([True]), gap=0.4
    ... )
    >>> found.squares, found.count
    (array([0.25]), array([1]))
    """
    if successes.shape[-1] != 2:
        raise ValueError(f"successes has {successes.shape[-1]} halves; {_HALVES}.")
    if len(outcome) != len(successes):
        raise ValueError(f"successes has {len(successes)} runs and outcome {len(outcome)}.")
    if rollouts < 1 or successes.min() < 0 or successes.max() > rollouts:
        raise ValueError(
            f"successes must lie between 0 and rollouts = {rollouts}, got {successes.min()} to "
            f"{successes.max()}."
        )
    ends = np.broadcast_to(outcome[:, None, None], (len(outcome), 1, 2))
    share = np.concatenate([successes / rollouts, ends], axis=1)
    step = np.diff(share, axis=1)
    both = share.mean(-1)
    # Unbiased variance of a share of 2R rollouts; the outcome of the run has none.
    variance = both * (1 - both) / (2 * rollouts - 1)
    variance[:, -1] = 0.0
    a, b = share[:, 0, 0], share[:, 0, 1]
    squares, count = path_moves(both, gap=gap)
    return ResampledMoves(
        squares=step.prod(-1).sum(1),
        naive=squares,
        noise=(variance[:, 1:] + variance[:, :-1]).sum(1),
        start=(a * (1 - b) + b * (1 - a)) / 2,
        count=count,
    )


def resampled_counts(
    traces: "Traces", *, task: str, rule: str
) -> tuple[Int[np.ndarray, "runs positions halves"], Bool[np.ndarray, " runs"]]:
    """Successful rollouts along the runs of a task, and whether each run itself succeeded.

    Parameters
    ----------
    traces
        A data set of the family `pivots`.
    task
        Which chains.
    rule
        What counts as success: `"all_right"` (no step is wrong) or `"end_right"` (the last step
        is the one of the right chain).

    Returns
    -------
    successes, outcome
        What `resampled_moves` takes; runs in the order of the items.

    Raises
    ------
    ValueError
        If the rule is unknown, or the data set has no such runs.
    """
    if rule not in RULES:
        raise ValueError(f"rule must be one of {', '.join(RULES)}, got {rule!r}.")
    table = traces.pivots_with_items().filter(task=task).sort("item_id", "run", "position")
    if table.is_empty():
        raise ValueError(f"{traces.id} has no resampled runs of {task!r}.")
    places = table["position"].n_unique()
    successes = table.select(f"{rule}_a", f"{rule}_b").to_numpy().astype(np.int64)
    # The run is right where its steps are those of the item's answer.
    right = {
        item: answer.split()
        for item, answer in traces.items.select("item_id", "answer").iter_rows()
    }
    steps = traces.chains_with_items().filter(task=task, condition="free")
    outcome = []
    for _, run in steps.sort("item_id", "run", "position").group_by(
        "item_id", "run", maintain_order=True
    ):
        same = [
            step == right[item][place]
            for item, place, step in run.select("item_id", "position", "taken").iter_rows()
        ]
        outcome.append(all(same) if rule == "all_right" else same[-1])
    return successes.reshape(-1, places, 2), np.array(outcome)
