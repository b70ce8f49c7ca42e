"""Exercises of the chapter on pivotal tokens."""

import numpy as np
import sympy as sp

from ..formulas import pivotal_tokens
from ..formulas.pivotal_tokens import gap, rollouts, start_success, steps
from ._exercise import Exercise, WrongAnswer
from ._kinds import Expression, Number

# 1 and 3: an answer of three tokens
_Q = (0.5, 0.8, 0.9)
_GAP = 0.2
# 2: how many pivotal tokens at most
_START, _SMALL_GAP = 0.3, 0.1
# 4: rollouts for a noise of a tenth
_SHARE = 0.1


def _path() -> np.ndarray:
    return np.append(np.cumprod(_Q[::-1])[::-1], 1.0)


def _expected_moves(*, up: bool = True, down: bool = True, weighted: bool = True) -> float:
    """Expected number of moves of at least the gap in a sampled answer."""
    total, reach, path = 0.0, 1.0, _path()
    for q, before, after in zip(_Q, path[:-1], path[1:], strict=True):
        weight = reach if weighted else 1.0
        total += weight * q * (up and after - before >= _GAP)
        total += weight * (1 - q) * (down and before >= _GAP)
        reach *= q
    return float(total)


def _enough_rollouts() -> sp.Expr:
    """Rollouts at which the bound on the inflation is a given share."""
    inflation = sp.simplify(
        pivotal_tokens.naive_bound.expression / pivotal_tokens.squared_moves.expression - 1
    )
    (solution,) = sp.solve(sp.Eq(inflation, sp.nsimplify(_SHARE)), rollouts)
    return solution


EXERCISES = (
    Exercise(
        id="pivotal_tokens.1",
        title="The path of an answer",
        difficulty=1,
        statement=(
            f"A right answer has three tokens with the probabilities {_Q}, each given the right "
            "ones before it. What is the probability of success before the first token and after "
            "each right one? Give an array of four numbers."
        ),
        hint="After some right tokens, all that are left must be right too.",
        kind=Number(),
        answer=_path,
        wrong=(
            WrongAnswer(
                "the probability of having been right so far",
                lambda: np.append(1.0, np.cumprod(_Q)),
                "These are the probabilities of getting that far. The question looks ahead: what "
                "is left must be right.",
            ),
            WrongAnswer(
                "the probabilities of the tokens and 1",
                lambda: np.append(_Q, 1.0),
                "This is the probability of the next token alone; success needs all that follow.",
            ),
        ),
    ),
    Exercise(
        id="pivotal_tokens.2",
        title="At most so many",
        difficulty=1,
        statement=(
            f"A model solves a task with probability {_START}. How many tokens of its output can, "
            f"in expectation, move the probability of success by {_SMALL_GAP} or more?"
        ),
        hint="The length of the output is not given, and not needed.",
        kind=Number(),
        answer=lambda: float(pivotal_tokens.count_bound(_START, _SMALL_GAP)),
        wrong=(
            WrongAnswer(
                "$p_0(1-p_0)/g$",
                lambda: _START * (1 - _START) / _SMALL_GAP,
                "The identity is about squares, so the size of the moves enters as a square too.",
            ),
            WrongAnswer(
                "the bound at one half",
                lambda: float(pivotal_tokens.count_bound(0.5, _SMALL_GAP)),
                "This is the largest that the bound can be; at this $p_0$ it is smaller.",
            ),
        ),
    ),
    Exercise(
        id="pivotal_tokens.3",
        title="How many there are",
        difficulty=2,
        statement=(
            f"For the answer of the first exercise: how many moves of {_GAP} or more does a "
            "sampled answer contain in expectation, upward and downward together?"
        ),
        hint=(
            "At each token that is reached, the success probability goes up if the token is right "
            "and down to 0 if it is wrong. Weight both with their probabilities."
        ),
        kind=Number(),
        answer=_expected_moves,
        wrong=(
            WrongAnswer(
                "the upward moves alone",
                lambda: _expected_moves(down=False),
                "A wrong token takes the success probability down to 0: that is a move too.",
            ),
            WrongAnswer(
                "every token as if it were reached",
                lambda: _expected_moves(weighted=False),
                "An answer that has gone wrong has no further moves; weight each token with the "
                "probability of getting there.",
            ),
            WrongAnswer(
                "the bound",
                lambda: float(pivotal_tokens.count_bound(_path()[0], _GAP)),
                "This is what it can be at most, whatever the answer.",
            ),
        ),
    ),
    Exercise(
        id="pivotal_tokens.4",
        title="Enough rollouts",
        difficulty=3,
        statement=(
            "How many rollouts after each prefix ensure that noise inflates the sum of the squared "
            f"moves along `steps` tokens by at most a share of {_SHARE}? Give a SymPy expression "
            "in `steps`, from the bound of this page."
        ),
        hint="Divide the bound on the naive sum by what it should be.",
        kind=Expression(),
        answer=_enough_rollouts,
        wrong=(
            WrongAnswer(
                "the number without regard to the length",
                lambda: sp.Integer(round(1 / _SHARE)),
                "Every token adds the noise of its own two shares.",
            ),
            WrongAnswer(
                "noise at one end of every move",
                lambda: steps / sp.nsimplify(_SHARE),
                "A difference has the noise of both of its shares.",
            ),
        ),
    ),
    Exercise(
        id="pivotal_tokens.5",
        title="Nothing but pivotal tokens",
        difficulty=3,
        statement=(
            "The success probability of a process starts at `start_success` and goes up or down by "
            "`gap` at every token, until it ends at 0 or 1. Every token is pivotal. How many "
            "tokens does an output have on average? Give a SymPy expression in `start_success` "
            "and `gap`."
        ),
        hint="Every token is pivotal, and the squares of all moves are known.",
        kind=Expression(),
        answer=lambda: start_success * (1 - start_success) / gap**2,
        wrong=(
            WrongAnswer(
                "the distance to the nearer end",
                lambda: start_success / gap,
                "A walk goes back and forth; it takes much longer than the straight way.",
            ),
            WrongAnswer(
                "the sum of the squares",
                lambda: start_success * (1 - start_success),
                "This is what the squares add up to; how many of them are there?",
            ),
        ),
    ),
)
