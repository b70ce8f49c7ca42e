"""Evidence on pivotal tokens: proofs, simulated outputs, exact answers and resampled chains."""

import jax
import numpy as np
import polars as pl
import sympy as sp
from jaxtyping import Array, Float, Key

from ... import fit, simulate, traces
from ..._estimate import Estimate
from ...formulas import pivotal_tokens, prove_equal
from ...formulas.pivotal_tokens import (
    gap,
    next_success,
    prefix_success,
    rollouts,
    start_success,
    token_probability,
)
from .._evidence import Evidence, evidence, symbolic, traced
from .._finding import LEVEL, joint_level
from ._effects import stacked

_REPLICATES = 60_000
_LONG_REPLICATES = 20_000  # of outputs of thousands of tokens
_GAP = 0.2


def _paths(key: Key[Array, ""]) -> dict[str, Float[np.ndarray, "_ _"]]:
    """Success probabilities along outputs of three processes."""
    one, two, three = jax.random.split(key, 3)
    return {
        "absorbing": simulate.absorbing_paths(0.005, 200, key=one, replicates=_REPLICATES),
        "majority": simulate.majority_paths(101, key=two, replicates=_REPLICATES),
        "two states": simulate.two_state_paths(0.05, 0.02, 50, key=three, replicates=_REPLICATES),
    }


def _mean_over(values: Float[np.ndarray, " runs"], truth: float, entries: int) -> Estimate:
    """Mean of some values as a multiple of a known number."""
    return Estimate.from_mean(
        values.mean() / truth,
        values.std(ddof=1) / len(values) ** 0.5 / truth,
        len(values),
        level=joint_level(entries),
    )


def _ratio(above: Float[np.ndarray, " items"], below: Float[np.ndarray, " items"]) -> Estimate:
    """Ratio of two totals over thousands of independent items, linearised."""
    ratio = above.sum() / below.sum()
    stderr = np.sqrt(((above - ratio * below) ** 2).sum()) / below.sum()
    return Estimate.from_mean(ratio, stderr, len(above), level=LEVEL, method="linearised ratio")


# -- the identity and the bound ------------------------------------------------------------


@evidence("pivotal_tokens.squared_moves", "derived")
def _identity_proof() -> Evidence:
    # Orthogonality: with values u, v of a move from p and weights that keep the mean, the second
    # moment grows by exactly the expected square of the move.
    p, u, v = sp.symbols("p u v", real=True)
    weight = (v - p) / (v - u)  # of u, so that the mean is p
    second = weight * u**2 + (1 - weight) * v**2
    square = weight * (u - p) ** 2 + (1 - weight) * (v - p) ** 2
    # A right answer: terms weighted by the probability p0/p of getting there telescope.
    after = prefix_success / token_probability
    term = start_success / prefix_success * pivotal_tokens.answer_square.expression
    return Evidence(
        (
            symbolic(sp.simplify(second - p**2 - square) == 0),
            prove_equal(term, start_success * (after - prefix_success)),
            pivotal_tokens.answer_square.prove(),
        ),
        note="Second moments grow by the squares of the moves, from $p_0^2$ to $p_0$; for an "
        "answer with one right value the terms are $p_0(p_i-p_{i-1})$ and telescope.",
    )


@evidence("pivotal_tokens.squared_moves", "simulated")
def _identity_simulated(*, key) -> Evidence:
    found = []
    for path in _paths(key).values():
        squares, _ = fit.path_moves(path, gap=_GAP)
        found.append(_mean_over(squares, float(pivotal_tokens.squared_moves(path[0, 0])), 3))
    return Evidence(
        stacked(found), note="Uniform errors, majority of 101 bits, errors with repair."
    )


@evidence("pivotal_tokens.count_bound", "derived")
def _bound_proof() -> Evidence:
    # A move of at least g has a square of at least g^2: count g^2 <= sum of squares.
    excess = sp.Symbol("s", nonnegative=True)
    move = gap + excess
    return Evidence(
        (
            symbolic(sp.expand(move**2 - gap**2).is_nonnegative),
            prove_equal(
                pivotal_tokens.count_bound.expression * gap**2,
                pivotal_tokens.squared_moves.expression,
            ),
        ),
        note="Markov's inequality for the squares of the moves.",
    )


@evidence("pivotal_tokens.count_bound", "simulated")
def _bound_simulated(*, key) -> Evidence:
    found = []
    for path in _paths(key).values():
        _, count = fit.path_moves(path, gap=_GAP)
        found.append(
            _mean_over(count.astype(float), float(pivotal_tokens.count_bound(path[0, 0], _GAP)), 3)
        )
    return Evidence(
        stacked(found), note="Uniform errors, majority of 101 bits, errors with repair."
    )


@evidence("pivotal_tokens.bound_is_sharp", "derived")
def _sharp_proof() -> Evidence:
    # The mean duration D(i) = i (N - i) solves D(i) = 1 + (D(i-1) + D(i+1)) / 2, D(0) = D(N) = 0.
    i, size = sp.symbols("i N", positive=True)
    duration = i * (size - i)
    next_ones = (duration.subs(i, i - 1) + duration.subs(i, i + 1)) / 2
    bound = pivotal_tokens.count_bound.expression.subs({start_success: i / size, gap: 1 / size})
    return Evidence(
        (
            symbolic(sp.expand(duration - 1 - next_ones) == 0),
            symbolic(duration.subs(i, 0) == 0),
            symbolic(duration.subs(i, size) == 0),
            symbolic(sp.simplify(bound - duration) == 0),
        ),
        note="Duration of the gambler's ruin.",
    )


@evidence("pivotal_tokens.bound_is_sharp", "simulated")
def _sharp_simulated(*, key) -> Evidence:
    size, start = 5, 2
    path = simulate.walk_paths(start, size, 400, key=key, replicates=_REPLICATES)
    # Fifths are no binary fractions: a step may be a last bit short of one.
    _, count = fit.path_moves(path, gap=(1 - 1e-9) / size)
    bound = float(pivotal_tokens.count_bound(start / size, 1 / size))
    return Evidence(_mean_over(count.astype(float), bound, 1), note="From two fifths.")


@evidence("pivotal_tokens.says_nothing_about_decay", "derived")
def _decay_proof() -> Evidence:
    # Upward moves of uniform errors: p/(1-e) - p = p e/(1-e), below e/(1-e) for every p < 1.
    e, rest = sp.symbols("e r", positive=True)
    p = 1 / (1 + rest)
    room = sp.simplify(e / (1 - e) - (p / (1 - e) - p))
    room = room.subs(e, 1 / (1 + sp.Symbol("t", positive=True)))
    return Evidence(
        symbolic(sp.simplify(room).is_positive),
        note="Upward moves stay below $e/(1-e)$, so no right token is pivotal once $e<g/(1+g)$; "
        "the first wrong one ends all moves.",
    )


@evidence("pivotal_tokens.says_nothing_about_decay", "simulated")
def _decay_simulated(*, key) -> Evidence:
    counts = []
    for length, one in zip((200, 2000), jax.random.split(key), strict=True):
        rate = float(-np.expm1(np.log(0.5) / length))  # p0 is one half
        path = simulate.absorbing_paths(rate, length, key=one, replicates=_LONG_REPLICATES)
        _, count = fit.path_moves(path, gap=_GAP)
        counts.append(Estimate.from_counts(int(count.sum()), _LONG_REPLICATES, level=LEVEL))
    short, long = (float(x.value) for x in counts)
    relative = float(sum((x.stderr / x.value) ** 2 for x in counts) ** 0.5)
    return Evidence(
        Estimate.from_mean(long / short, long / short * relative, _LONG_REPLICATES, level=LEVEL),
        note="At $p_0=1/2$.",
    )


# -- rollouts ------------------------------------------------------------------------------


@evidence("pivotal_tokens.noise_inflates", "derived")
def _noise_proof() -> Evidence:
    # One rollout at either end: enumerate the four outcomes; R rollouts average the noise.
    p, q = prefix_success, next_success
    one = (1 - p) * q + p * (1 - q)
    variance = p * (1 - p) + q * (1 - q)
    return Evidence(
        (
            symbolic(sp.expand(one - ((q - p) ** 2 + variance)) == 0),
            prove_equal(pivotal_tokens.naive_square.expression.subs(rollouts, 1), one),
            prove_equal(pivotal_tokens.naive_square.expression - (q - p) ** 2, variance / rollouts),
        ),
        note="The noise is the sum of two binomial variances.",
    )


def _simulated_rollouts(key: Key[Array, ""], entries: int) -> tuple[Estimate, Estimate]:
    """Noise and corrected sum over the true one: two states, 8 rollouts in each half."""
    path_key, draw_key = jax.random.split(key)
    path = simulate.two_state_paths(0.05, 0.02, 50, key=path_key, replicates=2000)
    truth = float(pivotal_tokens.squared_moves(path[0, 0]))
    chance = np.broadcast_to(path[:, :-1, None], (*path[:, :-1].shape, 2))
    successes = np.asarray(jax.random.binomial(draw_key, 8, chance)).astype(int)
    moves = fit.resampled_moves(successes, rollouts=8, outcome=path[:, -1] > 0.5, gap=_GAP)
    return _mean_over(moves.noise, truth, entries), _mean_over(moves.squares, truth, entries)


@evidence("pivotal_tokens.noise_inflates", "simulated")
def _noise_simulated(*, key) -> Evidence:
    return Evidence(
        _simulated_rollouts(key, 1)[0], note="Errors with repair, fifty tokens, 16 rollouts each."
    )


@evidence("pivotal_tokens.rollouts_measure_it", "derived")
def _halves_proof() -> Evidence:
    # Independent shares a, b of each half at either end: enumerate all outcomes of one rollout.
    p, q = prefix_success, next_success
    chance = lambda outcome, x: x if outcome else 1 - x
    total = sum(
        chance(a0, p) * chance(b0, p) * chance(a1, q) * chance(b1, q) * (a1 - a0) * (b1 - b0)
        for a0 in (0, 1)
        for b0 in (0, 1)
        for a1 in (0, 1)
        for b1 in (0, 1)
    )
    return Evidence(
        symbolic(sp.expand(total - (q - p) ** 2) == 0),
        note="One rollout in each half; means of more have the same expectation.",
    )


@evidence("pivotal_tokens.rollouts_measure_it", "simulated")
def _halves_simulated(*, key) -> Evidence:
    return Evidence(
        _simulated_rollouts(key, 1)[1], note="Errors with repair, fifty tokens, 16 rollouts each."
    )


def _resampled(model: str, rule: str) -> fit.ResampledMoves:
    """Moves along the resampled runs, success being judged by one of two rules."""
    data = traces.load(f"pivots-{model}")
    table, outcome = fit.resampled_counts(data, task="copy", rule=rule)
    each = int(data.pivots["rollouts"][0])
    return fit.resampled_moves(table, rollouts=each, outcome=outcome, gap=_GAP)


@traced("pivotal_tokens.noise_inflates")
def _noise_measured(*, model: str) -> Evidence:
    found = [_resampled(model, rule) for rule in ("all_right", "end_right")]
    return Evidence(
        _joint([_ratio(moves.noise, moves.start) for moves in found]),
        note="Copied lists; every digit right, last digit right.",
    )


@traced("pivotal_tokens.rollouts_measure_it")
def _halves_measured(*, model: str) -> Evidence:
    found = [_resampled(model, rule) for rule in ("all_right", "end_right")]
    return Evidence(
        _joint([_ratio(moves.squares, moves.start) for moves in found]),
        note="Copied lists; every digit right, last digit right.",
    )


def _joint(ratios: list[Estimate]) -> Estimate:
    """The same ratios with intervals that hold together."""
    level = joint_level(len(ratios))
    return stacked(
        [Estimate.from_mean(x.value, x.stderr, x.n, level=level, method=x.method) for x in ratios]
    )


# -- answers -------------------------------------------------------------------------------


def _answers(model: str) -> list[tuple[Float[np.ndarray, "_ _"], Float[np.ndarray, "_ _"]]]:
    """Log-probabilities and entropies of all answers, one pair of matrices per length."""
    data = traces.load(f"answers-{model}")
    steps = data.steps.filter(condition="clean").with_columns(length=pl.len().over("item_id"))
    steps = steps.sort("length", "item_id", "position")
    return [
        (
            group["log_prob"].to_numpy().astype(np.float64).reshape(-1, length),
            group["entropy"].to_numpy().astype(np.float64).reshape(-1, length),
        )
        for (length,), group in steps.group_by("length", maintain_order=True)
    ]


@traced("pivotal_tokens.count_bound")
def _bound_measured(*, model: str) -> Evidence:
    moves = [fit.answer_moves(log_prob, gap=_GAP) for log_prob, _ in _answers(model)]
    start = np.concatenate([x.start for x in moves])
    count = np.concatenate([x.count for x in moves])
    return Evidence(
        _ratio(count, np.asarray(pivotal_tokens.count_bound(start, _GAP))),
        note="Exact for every answer; all tasks and levels.",
    )


@traced("pivotal_tokens.most_failures_have_none")
def _failures_measured(*, model: str) -> Evidence:
    moves = [fit.answer_moves(log_prob, gap=_GAP) for log_prob, _ in _answers(model)]
    down = np.concatenate([x.down for x in moves])
    failed = np.concatenate([1 - x.start for x in moves])
    return Evidence(_ratio(down, failed), note="Exact for every answer; all tasks and levels.")


@traced("pivotal_tokens.not_the_uncertain_tokens")
def _entropy_measured(*, model: str) -> Evidence:
    answers = _answers(model)
    threshold = np.quantile(np.concatenate([h.ravel() for _, h in answers]), 0.8)
    both, pivotal = [], []
    for log_prob, entropy in answers:
        written = np.exp(np.cumsum(log_prob, axis=1))  # right up to and including this token
        up = np.diff(fit.success_path(log_prob), axis=1) >= _GAP
        pivotal.append((written * up).sum(1))
        both.append((written * up * (entropy > threshold)).sum(1))
    return Evidence(
        _ratio(np.concatenate(both), np.concatenate(pivotal)),
        note="Tokens weighted by the probability that a sampled answer contains them.",
    )
