"""Moves of the success probability: exact sums, and rollouts without their noise."""

import itertools

import numpy as np
import pytest

from simlib import fit, traces
from tests.statistics import assert_agrees

Q = np.array([[0.5, 0.8, 0.9], [0.95, 0.3, 1.0]])


def enumerated(q, gap):
    """Squares, counts and rise over all outcomes of an answer, one by one."""
    squares = up = down = rise = 0.0
    for right in range(len(q) + 1):  # number of right tokens before the first wrong one
        weight = np.prod(q[:right]) * (1 - q[right] if right < len(q) else 1.0)
        path = [np.prod(q[i:]) for i in range(right + 1)] + [0.0] * (right < len(q))
        steps = np.diff(path)
        squares += weight * (steps**2).sum()
        up += weight * (steps >= gap).sum()
        down += weight * (steps <= -gap).sum()
        rise += weight * steps[steps > 0].sum()
    return squares, up, down, rise


def test_exact_moves_are_those_of_all_outcomes():
    moves = fit.answer_moves(np.log(Q), gap=0.2)
    for row, q in enumerate(Q):
        found = [x[row] for x in (moves.squares, moves.up, moves.down, moves.rise)]
        assert found == pytest.approx(enumerated(q, 0.2), rel=1e-12)
    assert moves.squares == pytest.approx(moves.start * (1 - moves.start), rel=1e-12)
    assert (moves.count == moves.up + moves.down).all()


def test_an_impossible_token_is_no_division_by_zero():
    moves = fit.answer_moves(np.array([[-0.5, -np.inf, -0.1]]), gap=0.2)
    assert moves.start == 0
    assert moves.squares == moves.count == 0


@pytest.mark.parametrize("task", ["copy", "add", "count"])
def test_the_identity_and_the_bound_hold_for_real_answers(task):
    data = traces.load("answers-gemma3")
    level = {"copy": 8, "add": 2, "count": 8}[task]
    lengths = data.steps_with_items().filter(task=task, level=level).group_by("item_id").len()
    log_prob = fit.answer_log_probs(data, task=task, level=level, tokens=lengths["len"].max())
    for gap in (0.05, 0.2):
        moves = fit.answer_moves(log_prob, gap=gap)
        budget = moves.start * (1 - moves.start)
        assert moves.squares == pytest.approx(budget, abs=1e-12)
        assert (moves.count <= budget / gap**2 + 1e-12).all()


def test_the_success_path_starts_at_the_exact_probability():
    data = traces.load("answers-smollm2")
    path = fit.success_path(fit.answer_log_probs(data, task="copy", level=8))
    stored = data.exact().filter(task="copy", level=8).sort("item_id")["p"].to_numpy()
    assert path[:, 0] == pytest.approx(stored, rel=1e-6)
    assert (path[:, -1] == 1).all()
    assert (np.diff(path, axis=1) >= 0).all()


def test_the_bound_is_reached_by_a_walk_with_equal_steps():
    # A symmetric walk on 0, g, ..., 1 takes i (N - i) steps from i/N: p (1 - p) / g^2.
    rng, size, runs = np.random.default_rng(3), 5, 4000
    path = np.full((runs, 400), 0.4)
    for step in range(1, path.shape[1]):
        before = path[:, step - 1]
        inside = (before > 1e-9) & (before < 1 - 1e-9)
        path[:, step] = before + inside * rng.choice([-1, 1], runs) / size
    path = path.round(12)
    squares, count = fit.path_moves(path, gap=1 / size - 1e-9)
    assert set(path[:, -1]) == {0.0, 1.0}
    stderr = count.std() / runs**0.5
    assert_agrees(
        np.array([count.mean()]), np.array([6.0]), stderr=np.array([stderr]),
        wrong={"p (1 - p) / g": np.array([1.2])},
    )  # fmt: skip
    assert squares == pytest.approx(count / size**2)


def test_two_halves_are_unbiased_and_the_naive_square_is_not():
    # All outcomes of two rollouts per half at each of two prefixes, with known probabilities.
    p, rollouts = (0.3, 0.8), 2
    weight = lambda k, x: [1, 2, 1][k] * x**k * (1 - x) ** (rollouts - k)
    totals = dict.fromkeys(("squares", "naive", "noise", "start"), 0.0)
    for counts in itertools.product(range(rollouts + 1), repeat=4):
        at = np.array(counts).reshape(1, 2, 2)
        probability = np.prod([weight(k, p[i]) for i in (0, 1) for k in at[0, i]])
        found = fit.resampled_moves(at, rollouts=rollouts, outcome=np.array([True]), gap=0.1)
        for name in totals:
            totals[name] += probability * getattr(found, name)[0]
    truth = 0.5**2 + 0.2**2
    assert totals["squares"] == pytest.approx(truth, rel=1e-12)
    assert totals["start"] == pytest.approx(0.21, rel=1e-12)
    assert totals["naive"] - totals["noise"] == pytest.approx(truth, rel=1e-12)
    # Variances at both ends of the first move and at the beginning of the second.
    assert totals["noise"] == pytest.approx((0.21 + 2 * 0.16) / 4, rel=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fit.success_path(np.array([[0.1]])), "log_prob must be natural logarithms"),
        (lambda: fit.success_path(np.array([[np.nan]])), "log_prob must be natural logarithms"),
        (lambda: fit.answer_moves(np.array([[-1.0]]), gap=0.0), "gap must lie in"),
        (lambda: fit.path_moves(np.array([[0.5]]), gap=0.1), "two positions or more"),
        (lambda: fit.path_moves(np.array([[0.5, 1.5]]), gap=0.1), r"probabilities in \[0, 1\]"),
        (lambda: halves((1, 3, 3), 5), "3 halves"),
        (lambda: halves((1, 3, 2), 0), "between 0 and rollouts"),
        (lambda: halves((2, 3, 2), 5), "2 runs and outcome 1"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def halves(shape, rollouts):
    successes = np.ones(shape, dtype=int)
    return fit.resampled_moves(successes, rollouts=rollouts, outcome=np.array([True]), gap=0.2)
