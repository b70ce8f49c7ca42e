"""Formulas of the chapter on pivotal tokens."""

import numpy as np
import pytest
import sympy as sp

from simlib.formulas import pivotal_tokens, prove_equal
from simlib.formulas.pivotal_tokens import (
    next_success,
    prefix_success,
    rollouts,
    start_success,
    token_probability,
)


@pytest.mark.parametrize(
    "formula",
    [
        pivotal_tokens.squared_moves,
        pivotal_tokens.count_bound,
        pivotal_tokens.answer_square,
        pivotal_tokens.naive_square,
        pivotal_tokens.naive_bound,
    ],
)
def test_computed_form_is_proved(formula):
    assert formula.prove().holds


def test_values_of_known_cases():
    assert float(pivotal_tokens.count_bound(0.5, 0.2)) == pytest.approx(6.25)
    # A coin is tossed: the success probability goes to 1 or to 0 from one half.
    assert float(pivotal_tokens.answer_square(0.5, 0.5)) == pytest.approx(0.25)
    # One rollout of a certain thing has no noise; of a coin, the variance 1/4 at either end.
    assert float(pivotal_tokens.naive_square(1 - 1e-15, 1 - 1e-15, 1.0)) < 1e-14
    assert float(pivotal_tokens.naive_square(0.5, 0.5, 1.0)) == pytest.approx(0.5)
    assert float(pivotal_tokens.naive_bound(0.5, 1.0, 1.0)) == pytest.approx(0.5)


def test_squares_of_an_answer_telescope():
    # Weighted with the probability of getting that far, they add up to p0 (1 - p0).
    q = np.random.default_rng(4).uniform(0.2, 1, 7)
    p = np.append(np.cumprod(q[::-1])[::-1], 1.0)
    reach = p[0] / p[:-1]
    terms = reach * np.asarray(pivotal_tokens.answer_square(p[:-1], q))
    assert terms.sum() == pytest.approx(float(pivotal_tokens.squared_moves(p[0])), rel=1e-12)


def test_the_noise_is_that_of_two_binomials():
    p, q, r = 0.3, 0.7, 5
    k = np.arange(r + 1)
    pmf = lambda x: np.array([float(sp.binomial(r, int(j))) for j in k]) * x**k * (1 - x) ** (r - k)
    joint = np.outer(pmf(p), pmf(q))
    square = ((k[:, None] - k[None]) / r) ** 2
    found = float(pivotal_tokens.naive_square(p, q, r))
    assert found == pytest.approx((joint * square).sum(), rel=1e-12)


@pytest.mark.parametrize(
    ("formula", "wrong"),
    [
        (
            pivotal_tokens.naive_square,  # noise at one end only
            (next_success - prefix_success) ** 2 + next_success * (1 - next_success) / rollouts,
        ),
        (
            pivotal_tokens.answer_square,  # the move to 0 alone
            prefix_success**2 * (1 - token_probability),
        ),
        (pivotal_tokens.squared_moves, start_success),
    ],
)
def test_wrong_formulas_are_refuted(formula, wrong):
    assert not prove_equal(formula.expression, wrong).holds
