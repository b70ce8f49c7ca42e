"""Runs that stop at the first success, and votes: both follow from counts alone."""

import numpy as np
import pytest
from scipy.special import comb

from simlib.traces import validate
from simlib.traces.collect import SampledAttempts
from simlib.traces.collect._attempts import stop_at_first, votes_rows
from simlib.traces.collect._plan import frame
from tests.statistics import assert_agrees

REPEATS = 20_000


def first_places(n, successes):
    rng = np.random.default_rng(5)
    run = SampledAttempts(n, successes, 0)
    found = [stop_at_first(run, rng=rng) for _ in range(REPEATS)]
    assert {success for _, success in found} == {1}
    return np.bincount([made for made, _ in found], minlength=n + 1)[1:]


@pytest.mark.parametrize(("n", "successes"), [(12, 3), (12, 1), (40, 8)])
def test_the_first_success_follows_the_law_of_draws_without_replacement(n, successes):
    # Of all orders of s successes among n, C(n - k, s - 1) begin with k - 1 failures.
    place = np.arange(1, n + 1)
    law = comb(n - place, successes - 1) / comb(n, successes)
    assert law.sum() == pytest.approx(1.0)
    share = successes / n
    with_replacement = share * (1 - share) ** (place - 1)
    agreement = assert_agrees(
        first_places(n, successes),
        law,
        n=REPEATS,
        wrong={
            "draws with replacement": with_replacement,
            "counts failures only": np.append(law[1:], 0.0),
        },
    )
    assert agreement.smallest_detectable < 0.25


def test_stopping_a_random_run_gives_the_geometric_law():
    n, p = 15, 0.2
    rng = np.random.default_rng(6)
    found = [
        stop_at_first(SampledAttempts(n, int(successes), 0), rng=rng)
        for successes in rng.binomial(n, p, REPEATS)
    ]
    made = np.array([attempts if success else 0 for attempts, success in found])
    geometric = p * (1 - p) ** np.arange(n)
    assert_agrees(
        np.bincount(made, minlength=n + 1),
        np.append((1 - p) ** n, geometric),
        n=REPEATS,
        wrong={"one attempt late": np.append((1 - p) ** n, (1 - p) * geometric)},
    )


def test_runs_without_success_and_without_failure():
    rng = np.random.default_rng(0)
    assert stop_at_first(SampledAttempts(7, 0, 0), rng=rng) == (7, 0)
    assert stop_at_first(SampledAttempts(7, 7, 0), rng=rng) == (1, 1)


def test_votes_are_first_lines_in_order_of_their_number():
    drawn = {"42": 2, "42\n": 5, "42\n\n": 1, "41\n": 8, " 42\n": 3, "\n": 1, "4\n2": 3}
    run = SampledAttempts(30, 8, 0, drawn)
    rows = votes_rows("i", "m", "12 + 30 = ", run)
    assert [row[2:] for row in rows] == [
        ("41", 8, False),
        ("42", 8, True),
        (" 42", 3, False),
        ("4", 3, False),
        ("", 1, False),
        (None, 7, False),
    ]
    table = validate("votes", frame("votes", rows))
    assert table["count"].sum() == run.n
    # Attempts that all ended leave no row without an answer.
    assert votes_rows("i", "m", "12 + 30 = ", SampledAttempts(1, 0, 0, {"1": 1})) == [
        ("i", "m", "1", 1, False)
    ]
