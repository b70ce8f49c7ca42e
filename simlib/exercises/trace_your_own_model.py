"""Exercises of the page on tracing a model."""

import numpy as np

from ..traces.collect import Vocabulary
from ._exercise import Exercise, WrongAnswer
from ._kinds import Number

# 1: spellings of an answer
_TOKENS, _ANSWER = ("1", "2", "12", "21"), "1212"
# 2: sampling against scoring
_RATE, _ERROR = 0.01, 0.05
# 3: items against attempts
_PROMPT_COST, _ATTEMPT_COST, _CORRELATION = 200.0, 4.0, 0.2
# 4: distinct beginnings
_SAMPLED = 1000


def _spellings() -> float:
    vocabulary = Vocabulary(_TOKENS, frozenset(), frozenset())
    return float(len(vocabulary.segmentations(_ANSWER)))


def _best_attempts(ratio: float) -> float:
    """Attempts per item that minimise the variance at given cost."""
    return float(np.sqrt(ratio * (1 - _CORRELATION) / _CORRELATION))


def _distinct(attempts: int) -> float:
    """Expected number of distinct tokens when the j-th has probability 2^-j."""
    p = 0.5 ** np.arange(1, 200)
    return float((-np.expm1(attempts * np.log1p(-p))).sum())


EXERCISES = (
    Exercise(
        id="trace_your_own_model.1",
        title="Spellings",
        difficulty=1,
        statement=(
            f"A vocabulary has the tokens {', '.join(_TOKENS)}. In how many ways can it spell "
            f"{_ANSWER}?"
        ),
        hint="Write down where tokens may begin, or use `Vocabulary.segmentations`.",
        kind=Number(),
        answer=_spellings,
        wrong=(
            WrongAnswer(
                "one spelling",
                lambda: 1.0,
                "The longest tokens give one spelling, but a sampled answer may be put together "
                "from shorter ones too.",
            ),
            WrongAnswer(
                "every border or none",
                lambda: 8.0,
                "Not every piece is a token: there are no tokens of three characters.",
            ),
        ),
    ),
    Exercise(
        id="trace_your_own_model.2",
        title="Scoring against sampling",
        difficulty=2,
        statement=(
            f"How many attempts would measure a success probability of {_RATE} with a relative "
            f"standard error of {_ERROR}?"
        ),
        hint="The relative standard error of a share is $\\sqrt{(1-p)/(kp)}$.",
        kind=Number(),
        answer=lambda: (1 - _RATE) / (_RATE * _ERROR**2),
        wrong=(
            WrongAnswer(
                "an absolute error",
                lambda: _RATE * (1 - _RATE) / _ERROR**2,
                "This is the number for an absolute standard error of that size.",
            ),
        ),
    ),
    Exercise(
        id="trace_your_own_model.3",
        title="Items or attempts",
        difficulty=3,
        statement=(
            f"Reading an item costs {_PROMPT_COST:.0f} tokens, an attempt {_ATTEMPT_COST:.0f}; two "
            f"attempts at one item have the correlation {_CORRELATION}. How many attempts at each "
            "item give the mean success rate with the smallest variance at a fixed cost? (Any "
            "positive number, not rounded.)"
        ),
        hint="Minimise the product of the cost of an item and the variance of its mean, "
        "$(c_0+c_1n)\\,(1+(n-1)\\rho)/n$.",
        kind=Number(),
        answer=lambda: _best_attempts(_PROMPT_COST / _ATTEMPT_COST),
        wrong=(
            WrongAnswer(
                "costs exchanged",
                lambda: _best_attempts(_ATTEMPT_COST / _PROMPT_COST),
                "Reading is the dear part, so it pays to make more of each item.",
            ),
            WrongAnswer(
                "without the correlation",
                lambda: float(np.sqrt(_PROMPT_COST / _ATTEMPT_COST)),
                "The balance also depends on how much a further attempt tells about an item.",
            ),
        ),
    ),
    Exercise(
        id="trace_your_own_model.4",
        title="What a prefix tree saves",
        difficulty=4,
        statement=(
            "The $j$-th token has probability $2^{-j}$. How many distinct tokens are drawn in "
            f"{_SAMPLED} attempts, in expectation?"
        ),
        hint="A token of probability $p$ is drawn at least once with probability $1-(1-p)^n$.",
        kind=Number(),
        answer=lambda: _distinct(_SAMPLED),
        wrong=(
            WrongAnswer(
                "the logarithm alone",
                lambda: float(np.log2(_SAMPLED)),
                "Beyond the logarithm of the number of attempts there is still a chance for each "
                "rarer token.",
            ),
        ),
    ),
)
