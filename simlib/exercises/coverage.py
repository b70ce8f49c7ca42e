"""Exercises of the chapter on forecasting coverage."""

import numpy as np

from ..formulas import coverage as formulas
from ._exercise import Exercise, WrongAnswer
from ._kinds import Number

_SHAPES = (1.0, 9.0)
_K = 500.0


def _first_share() -> float:
    weight = np.asarray(formulas.allocation_weight(np.array([0.001, 0.1]), _K))
    return float(weight[0] / weight.sum())


def _unsolvable(failures: float) -> float:
    failed = _SHAPES[1] / (_SHAPES[1] + failures)  # B(1, b + n) / B(1, b)
    return float(formulas.unsolvable(failed, 0.1))


EXERCISES = (
    Exercise(
        id="coverage.1",
        title="One more try",
        difficulty=1,
        statement=(
            "Success probabilities are beta distributed with alpha = 1 and beta = 9. A problem "
            "failed ten times. With which probability does the next attempt succeed?"
        ),
        hint="The posterior is a beta distribution again.",
        kind=Number(),
        answer=lambda: 1 - float(formulas.all_fail_again(1.0, 0.0, 10.0, *_SHAPES)),
        wrong=(
            WrongAnswer(
                "the mean of the benchmark",
                lambda: 0.1,
                "That is the mean before any attempt; ten failures say something.",
            ),
            WrongAnswer(
                "the share seen",
                lambda: 0.0,
                "No success was seen, but ten failures do not show that there is none.",
            ),
        ),
    ),
    Exercise(
        id="coverage.2",
        title="Unsolvable?",
        difficulty=2,
        statement=(
            "One problem in ten is unsolvable; the others have beta distributed success "
            "probabilities with alpha = 1, beta = 9. A problem failed 91 times. With which "
            "probability is it unsolvable?"
        ),
        hint="A random solvable problem fails n times with probability beta / (beta + n).",
        kind=Number(),
        answer=lambda: _unsolvable(91.0),
        wrong=(
            WrongAnswer(
                "the share of the benchmark",
                lambda: 0.1,
                "That holds before any attempt. Unsolvable problems always fail, others rarely do.",
            ),
            WrongAnswer(
                "certainty",
                lambda: 1.0,
                "One solvable problem in eleven or so fails as often.",
            ),
        ),
    ),
    Exercise(
        id="coverage.3",
        title="Where to look",
        difficulty=2,
        statement=(
            "Pass@500 is to be known well. At which success probability is an attempt worth most?"
        ),
        hint="The weight of the allocation theorem has one maximum.",
        kind=Number(),
        answer=lambda: float(formulas.allocation_peak(_K)),
        wrong=(
            WrongAnswer(
                "one over k",
                lambda: 1 / _K,
                "There success and failure of 500 attempts are about balanced; the variance of "
                "the estimate carries (1-p) to the power 2k-1.",
            ),
            WrongAnswer(
                "one half",
                lambda: 0.5,
                "There an attempt is most uncertain, but pass@500 is certain.",
            ),
        ),
    ),
    Exercise(
        id="coverage.4",
        title="Too few",
        difficulty=3,
        statement=(
            "Two problems have success probabilities 0.001 and 0.1, and pass@500 is to be "
            "estimated. Which share of the attempts should go to the first?"
        ),
        hint="Compare the two weights; one of them is tiny.",
        kind=Number(),
        answer=_first_share,
        wrong=(
            WrongAnswer("evenly", lambda: 0.5, "The second problem is solved in any case."),
            WrongAnswer(
                "by rate",
                lambda: 0.001 / 0.101,
                "The other way round: what is likely to be solved needs no further attempts.",
            ),
        ),
    ),
)
