"""Exercises of the chapter on real tokens."""

from functools import cache

import numpy as np
import sympy as sp

from ..formulas import k, real_tokens, success_rate
from ._exercise import Exercise, WrongAnswer
from ._kinds import Expression, Number

# 1: attempts for one digit
_RATE, _PRECISION = 0.004, 0.1

# 3: two kinds of items
_EASY, _HARD = 0.9, 0.1

# 4: a forecast from real items
_TASK, _LEVEL, _ATTEMPTS = "mul", 2, 100


def _attempts_for(rate: float, precision: float) -> float:
    """The formula of the relative error, solved for the number of attempts."""
    (solution,) = sp.solve(sp.Eq(real_tokens.relative_error.expression**2, precision**2), k)
    return float(solution.subs(success_rate, rate))


def _expected_failures() -> sp.Expr:
    (solution,) = sp.solve(sp.Eq(real_tokens.no_success.expression, sp.Rational(1, 2)), k)
    return sp.simplify(solution)


def _rho(rates: np.ndarray) -> float:
    mean = rates.mean()
    return float(rates.var() / (mean * (1 - mean)))


@cache
def _rates() -> np.ndarray:
    from ..traces import load

    return load("answers-smollm2").exact().filter(task=_TASK, level=_LEVEL)["p"].to_numpy()


def _coverage(rates: np.ndarray) -> float:
    return float(-np.expm1(_ATTEMPTS * np.log1p(-rates)).mean())


_KINDS = np.array([_EASY, _HARD])

EXERCISES = (
    Exercise(
        id="real_tokens.1",
        title="The price of one digit",
        difficulty=1,
        statement=(
            f"A model answers a question rightly with probability {_RATE}. How many attempts must "
            f"you sample to know this rate with a relative standard error of {_PRECISION}?"
        ),
        hint="Solve $\\sqrt{(1-p)/kp}$ for $k$.",
        kind=Number(),
        answer=lambda: _attempts_for(_RATE, _PRECISION),
        wrong=(
            WrongAnswer(
                "the attempts until the first success",
                lambda: 1 / _RATE,
                "One success on average is far from a measurement: the relative error is then "
                "about one.",
            ),
            WrongAnswer(
                "the absolute standard error",
                lambda: _RATE * (1 - _RATE) / _PRECISION**2,
                "This makes the standard error itself a tenth, which is many times the rate. "
                "Divide it by the rate first.",
            ),
            WrongAnswer(
                "the error without its square",
                lambda: (1 - _RATE) / (_RATE * _PRECISION),
                "The standard error falls with the square root of the attempts, so the precision "
                "enters squared.",
            ),
        ),
    ),
    Exercise(
        id="real_tokens.2",
        title="As likely as not",
        difficulty=2,
        statement=(
            "After how many attempts is it as likely as not that you have seen no success at all? "
            "Give a SymPy expression in `success_rate`."
        ),
        hint="Set $(1-p)^k$ to one half.",
        kind=Expression(),
        answer=_expected_failures,
        wrong=(
            WrongAnswer(
                "the mean waiting time",
                lambda: 1 / success_rate,
                "$1/p$ is the mean number of attempts until the first success; the median is "
                "shorter, because waiting times are skewed.",
            ),
            WrongAnswer(
                "half of the mean waiting time",
                lambda: 1 / (2 * success_rate),
                "This adds up probabilities, as the union bound does, and counts attempts with "
                "two successes twice.",
            ),
            WrongAnswer(
                "the small-rate approximation",
                lambda: sp.log(2) / success_rate,
                "$\\ln2/p$ is right for small rates only; keep $\\ln(1-p)$.",
            ),
        ),
    ),
    Exercise(
        id="real_tokens.3",
        title="Two kinds of items",
        difficulty=3,
        statement=(
            f"Half of the items of a benchmark are solved with probability {_EASY} per attempt, "
            f"the others with {_HARD}. What is the overdispersion $\\rho$?"
        ),
        hint="Variance of the rates between items, divided by $\\bar p(1-\\bar p)$.",
        kind=Number(),
        answer=lambda: _rho(_KINDS),
        wrong=(
            WrongAnswer(
                "the variance of the rates",
                lambda: float(_KINDS.var()),
                "This is the variance itself; divide it by the largest variance that rates with "
                "this mean can have.",
            ),
            WrongAnswer(
                "the standard deviation in place of the variance",
                lambda: float(_KINDS.std() / (_KINDS.mean() * (1 - _KINDS.mean()))),
                "You divided a standard deviation by a variance.",
            ),
            WrongAnswer(
                "the sample variance of two items",
                lambda: float(_KINDS.var(ddof=1) / (_KINDS.mean() * (1 - _KINDS.mean()))),
                "The two numbers are the whole population here, each with weight one half, not "
                "a sample of two.",
            ),
        ),
    ),
    Exercise(
        id="real_tokens.4",
        title="What a hundred attempts buy",
        difficulty=4,
        statement=(
            f"Load `answers-smollm2` and compute pass@{_ATTEMPTS} over the items of task "
            f"`{_TASK}`, level {_LEVEL}, from their exact success rates."
        ),
        hint="Each item keeps its own rate: average $1-(1-p_i)^k$ over the items.",
        kind=Number(),
        answer=lambda: _coverage(_rates()),
        wrong=(
            WrongAnswer(
                "equally hard items",
                lambda: _coverage(np.array([_rates().mean()])),
                "You averaged the rates first. Easy items are then counted as chances for the "
                "hard ones, and coverage comes out far too high.",
            ),
            WrongAnswer(
                "a typical item",
                lambda: _coverage(np.array([np.exp(np.log(_rates()).mean())])),
                "The geometric mean describes a typical item; the benchmark consists of all of "
                "them.",
            ),
            WrongAnswer(
                "a hundred times pass@1",
                lambda: float(min(1.0, _ATTEMPTS * _rates().mean())),
                "Adding probabilities counts items that are solved many times more than once.",
            ),
        ),
    ),
)
