"""Exercises of the page on importing logs."""

from .._estimate import Estimate
from ._exercise import Exercise, WrongAnswer
from ._kinds import Number

# 1: a problem that was never solved
_ATTEMPTS = 4

# 2: what repeats are worth
_PROBLEMS, _REPEATS, _CORRELATION = 12, 4, 0.3


def _worth(correlation: float) -> float:
    """Independent attempts with the same variance of the mean (Kish's effective sample size)."""
    return _PROBLEMS * _REPEATS / (1 + (_REPEATS - 1) * correlation)


EXERCISES = (
    Exercise(
        id="bring_your_own_logs.1",
        title="Never solved",
        difficulty=1,
        statement=(
            f"A problem was attempted {_ATTEMPTS} times without success. "
            "Up to which success rate is that compatible with the data, by the upper end of the "
            "95 % Wilson interval?"
        ),
        hint="`Estimate.from_counts` takes the successes and the number of attempts.",
        kind=Number(),
        answer=lambda: float(Estimate.from_counts(0, _ATTEMPTS).upper),
        wrong=(
            WrongAnswer(
                "the observed share",
                lambda: 0.0,
                "The share of successes is zero, but a rate above zero can give no success in a "
                "few attempts.",
            ),
            WrongAnswer(
                "the rule of three",
                lambda: 3 / _ATTEMPTS,
                "Three over the number of attempts is an approximation for many attempts, and "
                "a one-sided one.",
            ),
        ),
    ),
    Exercise(
        id="bring_your_own_logs.2",
        title="What repeats are worth",
        difficulty=2,
        statement=(
            f"Each of {_PROBLEMS} problems was attempted {_REPEATS} times; two attempts at one "
            f"problem have the correlation {_CORRELATION}. How many independent attempts would "
            "give the mean success rate with the same variance?"
        ),
        hint="Write the variance of the mean of one problem's attempts with variances and "
        "covariances.",
        kind=Number(),
        answer=lambda: _worth(_CORRELATION),
        wrong=(
            WrongAnswer(
                "all attempts counted as independent",
                lambda: _worth(0.0),
                "The attempts at one problem share its difficulty, so they repeat part of what is "
                "known already.",
            ),
            WrongAnswer(
                "one attempt for each problem",
                lambda: _worth(1.0),
                "This would hold if all attempts at a problem had the same outcome.",
            ),
        ),
    ),
)
