"""Exercises of the chapter on Monte Carlo."""

import math

from scipy import stats

from ..formulas import monte_carlo
from ..formulas.heavy_tailed import shape_a, shape_b
from ._exercise import Exercise, WrongAnswer
from ._kinds import Expression, Number

# 1: how many replicates
_RATE, _TARGET = 1e-4, 0.1

# 2: nothing seen
_CLEAN = 300

# 3: one draw
_LEVEL, _COEFFICIENT = 1.3, 0.2

# 5: an off-by-one sampler
_ERROR, _LENGTH, _ALARM, _POWER = 0.01, 100, 0.05, 0.9


# 6: splitting
_RARE, _STAGES, _PRECISE = 1e-9, 13, 0.01


def _per_stage() -> float:
    """Sequences that give one stage the relative error wanted."""
    return float(monte_carlo.replicates_needed(_RARE ** (1 / _STAGES), _PRECISE))


def _needed() -> float:
    return float(monte_carlo.replicates_needed(_RATE, _TARGET))


def _limit() -> float:
    return float(monte_carlo.none_seen(_CLEAN, 0.05))


def _quantiles(two_sided: bool = True) -> float:
    alarm = _ALARM / 2 if two_sided else _ALARM
    return float(stats.norm.isf(alarm) + stats.norm.ppf(_POWER))


def _caught(z: float) -> float:
    """Replicates after which a relative fault of `_ERROR` lies `z` standard errors away."""
    return float(monte_carlo.replicates_needed((1 - _ERROR) ** _LENGTH, _ERROR)) * z**2


EXERCISES = (
    Exercise(
        id="monte_carlo.1",
        title="A ten per cent answer",
        difficulty=1,
        statement=(
            f"An event has probability {_RATE:g}. How many sequences must be simulated until the "
            f"standard error of its estimated probability is a tenth ({_TARGET:g}) of it?"
        ),
        hint="The relative standard error is $\\sqrt{(1-p)/(pR)}$.",
        kind=Number(),
        answer=_needed,
        wrong=(
            WrongAnswer(
                "an absolute error of one tenth",
                lambda: _RATE * (1 - _RATE) / _TARGET**2,
                "That many give a standard error of 0.1 itself, a thousand times the probability.",
            ),
            WrongAnswer(
                "the target not squared",
                lambda: (1 - _RATE) / (_RATE * _TARGET),
                "Errors fall with the square root: a tenth of the error takes a hundred times as "
                "many sequences.",
            ),
            WrongAnswer(
                "one expected event",
                lambda: 1 / _RATE,
                "With one event expected, the standard error is as large as the probability.",
            ),
        ),
    ),
    Exercise(
        id="monte_carlo.2",
        title="Three hundred clean outputs",
        difficulty=2,
        statement=(
            f"{_CLEAN} outputs were read and none contained an error. What is the largest error "
            "probability per output that is compatible with this at 95 % confidence (one side)?"
        ),
        hint="At the limit, seeing no error at all has probability one twentieth.",
        kind=Number(rtol=2e-3),
        answer=_limit,
        wrong=(
            WrongAnswer(
                "zero",
                lambda: 0.0,
                "Zero is the estimate. Error probabilities above zero can produce clean outputs "
                "too.",
            ),
            WrongAnswer(
                "one over the number of outputs",
                lambda: 1 / _CLEAN,
                "At this probability no error is seen with probability $1/e$, which is far from "
                "surprising.",
            ),
            WrongAnswer(
                "the upper end of a two-sided interval",
                lambda: float(monte_carlo.none_seen(_CLEAN, 0.025)),
                "Nothing can lie below the interval, so the whole five per cent go to one side.",
            ),
        ),
    ),
    Exercise(
        id="monte_carlo.3",
        title="One number, one sequence",
        difficulty=2,
        statement=(
            f"A process has the cumulative hazard $\\Lambda(n)={_COEFFICIENT}\\sqrt n$. For one "
            f"sequence the exponential level $E={_LEVEL}$ was drawn. At which trial does it make "
            "its first error?"
        ),
        hint="Find the first whole $n$ at which the cumulative hazard has reached the level.",
        kind=Number(rtol=1e-9),
        answer=lambda: float(math.ceil((_LEVEL / _COEFFICIENT) ** 2)),
        wrong=(
            WrongAnswer(
                "rounded down",
                lambda: float(math.floor((_LEVEL / _COEFFICIENT) ** 2)),
                "At this trial the cumulative hazard has not reached the level yet: rounding down "
                "lets every sequence fail one trial early.",
            ),
            WrongAnswer(
                "not rounded",
                lambda: (_LEVEL / _COEFFICIENT) ** 2,
                "Trials are whole: the error happens at the trial during which the level is "
                "reached.",
            ),
            WrongAnswer(
                "the root not undone",
                lambda: float(math.ceil(_LEVEL / _COEFFICIENT)),
                "This solves $\\Lambda(n)=0.2\\,n$; square the quotient.",
            ),
        ),
    ),
    Exercise(
        id="monte_carlo.4",
        title="What the latent leaves",
        difficulty=3,
        statement=(
            "Problems have success probabilities that are beta distributed with parameters "
            "$\\alpha$ and $\\beta$. One attempt is simulated per problem. Give the variance of "
            "the conditional probability over that of the outcome, as a SymPy expression in "
            "`shape_a` and `shape_b` (both in `simlib.formulas.heavy_tailed`)."
        ),
        hint="Divide the variance of a beta variable by $m(1-m)$ with its mean $m$.",
        kind=Expression(),
        answer=lambda: 1 / (shape_a + shape_b + 1),
        wrong=(
            WrongAnswer(
                "the variance of the beta law",
                lambda: shape_a * shape_b / ((shape_a + shape_b) ** 2 * (shape_a + shape_b + 1)),
                "This is the variance of the probability; divide it by that of the outcome, "
                "$m(1-m)$.",
            ),
            WrongAnswer(
                "the complement",
                lambda: (shape_a + shape_b) / (shape_a + shape_b + 1),
                "This is the share of the variance that conditioning removes.",
            ),
            WrongAnswer(
                "one success too few",
                lambda: 1 / (shape_a + shape_b),
                "Check the case $\\alpha=\\beta=1$: a uniform variable has variance one twelfth, "
                "an outcome of probability one half has variance one quarter.",
            ),
        ),
    ),
    Exercise(
        id="monte_carlo.5",
        title="How long does it take to catch an off-by-one?",
        difficulty=4,
        statement=(
            "A sampler of uniform errors rounds down instead of up, so its survival at $n$ is "
            f"that of $n+1$. The error rate is {_ERROR} and the test looks at $n={_LENGTH}$, "
            f"two-sided, with false-alarm rate {_ALARM}. About how many replicates does it need "
            f"to reject with probability {_POWER}? Use the normal approximation."
        ),
        hint="The fault is a relative error of $e$ in $S(n)$; it must exceed the two quantiles "
        "together, in standard errors.",
        kind=Number(rtol=0.02),
        answer=lambda: _caught(_quantiles()),
        wrong=(
            WrongAnswer(
                "the fault equal to the critical value",
                lambda: _caught(float(stats.norm.isf(_ALARM / 2))),
                "If the fault lies exactly at the critical value, it is caught in half of the "
                "runs only; add the quantile of the power.",
            ),
            WrongAnswer(
                "a one-sided test",
                lambda: _caught(_quantiles(two_sided=False)),
                "The test must allow for faults in both directions: half of the false alarms on "
                "either side.",
            ),
            WrongAnswer(
                "one standard error",
                lambda: _caught(1.0),
                "A fault as large as the standard error is seen hardly more often than a false "
                "alarm.",
            ),
        ),
    ),
    Exercise(
        id="monte_carlo.6",
        title="A billion in stages",
        difficulty=4,
        statement=(
            f"A survival of {_RARE:g} is split into {_STAGES} stages of equal conditional "
            "survival. How many sequences does each stage need for a relative standard error of "
            f"{_PRECISE:g}?"
        ),
        hint="The squared relative errors of the stages add up, nearly.",
        kind=Number(rtol=5e-3),
        answer=lambda: _STAGES * _per_stage(),
        wrong=(
            WrongAnswer(
                "one stage instead of all",
                _per_stage,
                "So many give this error to each stage; the squared errors of all stages add up.",
            ),
            WrongAnswer(
                "all stages together",
                lambda: _STAGES**2 * _per_stage(),
                "This is the number of draws of all stages together; divide it by their number.",
            ),
            WrongAnswer(
                "counting",
                lambda: float(monte_carlo.replicates_needed(_RARE, _PRECISE)),
                "So many sequences does counting need, without any stages.",
            ),
        ),
    ),
)
