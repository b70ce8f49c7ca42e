"""Exercises of the page on importing logs."""

import sympy as sp

from .._estimate import Estimate
from ..formulas import success_rate
from ._exercise import Exercise, WrongAnswer
from ._kinds import Expression, Number

# 1: a problem that was never solved
_ATTEMPTS = 4

# 2: what repeats are worth
_PROBLEMS, _REPEATS, _CORRELATION = 12, 4, 0.3


def _worth(correlation: float) -> float:
    """Independent attempts with the same variance of the mean (Kish's effective sample size)."""
    return _PROBLEMS * _REPEATS / (1 + (_REPEATS - 1) * correlation)


def _share_at_first_success(rate: sp.Expr, failure: sp.Expr) -> sp.Expr:
    """Mean of one over a geometric number of attempts: a logarithmic series."""
    return -rate * sp.log(1 - failure) / failure


def _best_factor(correlation: float) -> float:
    """Standard error with endless attempts over that with `_REPEATS`, at the same problems."""
    return (correlation * _REPEATS / (1 + (_REPEATS - 1) * correlation)) ** 0.5


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
    Exercise(
        id="bring_your_own_logs.3",
        title="Stopped at the first success",
        difficulty=3,
        statement=(
            "Many problems have the same success rate $p$, and each is attempted until its first "
            "success. The observed share of a problem is one over its number of attempts. What "
            "does the mean of these shares tend to? Give a SymPy expression in `success_rate`."
        ),
        hint="Sum $p(1-p)^{j-1}/j$ over the number $j$ of attempts: $\\sum_j x^j/j=-\\ln(1-x)$.",
        kind=Expression(),
        answer=lambda: _share_at_first_success(success_rate, 1 - success_rate),
        wrong=(
            WrongAnswer(
                "the rate itself",
                lambda: success_rate,
                "One over the mean number of attempts is the rate; the mean of one over the "
                "number is not.",
            ),
            WrongAnswer(
                "rate and failure exchanged in the series",
                lambda: -success_rate * sp.log(1 - success_rate) / (1 - success_rate),
                "The series is in powers of the probability of a failure, so its logarithm is "
                "that of one minus a failure.",
            ),
        ),
    ),
    Exercise(
        id="bring_your_own_logs.4",
        title="More attempts or more problems",
        difficulty=4,
        statement=(
            f"The {_PROBLEMS} problems of the second exercise are attempted without end instead "
            f"of {_REPEATS} times. By what factor is the standard error of the mean success rate "
            "multiplied, if the problems stand for all problems like them?"
        ),
        hint="What is left of the variance of a problem's mean when its attempts are endless?",
        kind=Number(),
        answer=lambda: _best_factor(_CORRELATION),
        wrong=(
            WrongAnswer(
                "an error that vanishes",
                lambda: 0.0,
                "Endless attempts reveal the rates of these problems, not those of the problems "
                "that were left out.",
            ),
            WrongAnswer(
                "compared with one attempt at each",
                lambda: _CORRELATION**0.5,
                "This compares with a single attempt at each problem; there are several already.",
            ),
        ),
    ),
)
