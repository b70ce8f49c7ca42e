"""Exercises of the chapter on horizons."""

import numpy as np

from ..formulas import horizons as formulas
from ..formulas import survival
from ._exercise import Exercise, WrongAnswer
from ._kinds import Choice, Expression, Number

_HALF, _SHORT = 120.0, 24.0  # minutes, at 50 % and 80 %
_SLOPE, _SUCCESS = 0.6, 0.8
_KAPPA = 0.6


def _log_logistic() -> float:
    return _HALF / float(formulas.log_logistic_matched(0.99, _HALF / _SHORT))


def _slope_ratio() -> float:
    shape = float(formulas.natural_slope(_SLOPE))
    return 1.0 / float(survival.log_logistic_horizon(_SUCCESS, 1.0, shape))


EXERCISES = (
    Exercise(
        id="horizons.1",
        title="Sevenths and seventieths",
        difficulty=1,
        statement=(
            "Success falls at a constant hazard and is one half at 140 minutes. How long a task is "
            "done with probability 0.9?"
        ),
        hint="$T_r=T_{50}\\log_2(1/r)$.",
        kind=Number(),
        answer=lambda: float(survival.exponential_horizon(0.9, 140.0)),
        wrong=(
            WrongAnswer(
                "a straight line",
                lambda: 140.0 * 0.1 / 0.5,
                "Success is not a straight line in length: it falls fastest at the start.",
            ),
        ),
    ),
    Exercise(
        id="horizons.2",
        title="A slope per doubling",
        difficulty=2,
        statement=(
            "A logistic regression on the base-two logarithm of minutes finds that the log-odds of "
            f"success fall by {_SLOPE} per doubling. What is the half-life divided by the horizon "
            f"at {100 * _SUCCESS:g} %?"
        ),
        hint="Turn the slope into the shape of the log-logistic law first.",
        kind=Number(),
        answer=_slope_ratio,
        wrong=(
            WrongAnswer(
                "the slope as it stands",
                lambda: 1.0 / float(survival.log_logistic_horizon(_SUCCESS, 1.0, _SLOPE)),
                "The shape belongs to natural logarithms; a doubling is ln 2 of these.",
            ),
            WrongAnswer(
                "multiplied by ln 2",
                lambda: (
                    1.0 / float(survival.log_logistic_horizon(_SUCCESS, 1.0, _SLOPE * np.log(2)))
                ),
                "A natural logarithm is a larger step than a doubling: the slope per step grows.",
            ),
        ),
    ),
    Exercise(
        id="horizons.3",
        title="A shape from two horizons",
        difficulty=2,
        statement=(
            "Which spread $\\sigma$ has the log-normal law whose half-life is $\\rho$ times its "
            "horizon at 80 %? Give a SymPy expression in `horizon_ratio` "
            "(in `simlib.formulas.horizons`)."
        ),
        hint="The quantile of $1-r$ is $z$ in $T_r=T_{50}\\,e^{\\sigma z}$; SymPy has `erfinv`.",
        kind=Expression(),
        answer=lambda: formulas.log_spread_of_ratio.expression,
        wrong=(
            WrongAnswer(
                "the shape of the log-logistic law",
                lambda: formulas.log_logistic_shape_of_ratio.expression,
                "That is the slope of a logit. Here it is a probit, and spread is one over slope.",
            ),
        ),
    ),
    Exercise(
        id="horizons.4",
        title="From two horizons to a third",
        difficulty=3,
        statement=(
            f"A model does tasks of {_HALF:g} minutes half of the time and tasks of {_SHORT:g} "
            "minutes four times in five. What are its horizons at 99 % under a log-logistic and "
            "under a Weibull law, in minutes?"
        ),
        hint="`horizons.log_logistic_matched` gives the half-life over the horizon.",
        kind=Number(),
        answer=lambda: np.array(
            [_log_logistic(), _HALF / float(formulas.weibull_matched(0.99, _HALF / _SHORT))]
        ),
        wrong=(
            WrongAnswer(
                "a constant hazard",
                lambda: np.full(2, float(survival.exponential_horizon(0.99, _HALF))),
                "A constant hazard has a horizon of 39 minutes at 80 %, not of 24.",
            ),
        ),
    ),
    Exercise(
        id="horizons.5",
        title="What a Weibull shape implies",
        difficulty=3,
        statement=(
            f"Someone reports a Weibull shape of {_KAPPA}. By which factor does the half-life "
            "exceed the horizon at 99 %?"
        ),
        hint="Put the half-life to one and ask `survival.weibull_horizon`.",
        kind=Number(),
        answer=lambda: 1.0 / float(survival.weibull_horizon(0.99, 1.0, _KAPPA)),
        wrong=(
            WrongAnswer(
                "the factor of a constant hazard",
                lambda: 1.0 / float(survival.exponential_horizon(0.99, 1.0)),
                "That is shape one; the ratio of levels has to be raised to one over the shape.",
            ),
            WrongAnswer(
                "the shape as the power",
                lambda: (1.0 / float(survival.exponential_horizon(0.99, 1.0))) ** _KAPPA,
                "Solve for the length: the power is one over the shape.",
            ),
        ),
    ),
    Exercise(
        id="horizons.6",
        title="What a table can bound",
        difficulty=4,
        statement=(
            "Every task of a benchmark takes more than five minutes, and success is 70 % at best. "
            "Nothing is assumed but that longer tasks are no easier. Which bound does the "
            'benchmark give for the horizon at 99 %: "none", "from above", "from below" or "both"?'
        ),
        hint="Which law, however strange, could put the horizon at one second? And at a day?",
        kind=Choice(options=("none", "from above", "from below", "both")),
        answer=lambda: "from above",
        wrong=(
            WrongAnswer(
                "from below",
                lambda: "from below",
                "Success could be 98 % on a task of one second: nobody has looked.",
            ),
            WrongAnswer(
                "both",
                lambda: "both",
                "Five minutes are too long, but nothing shows that any length is short enough.",
            ),
            WrongAnswer(
                "none",
                lambda: "none",
                "Tasks of five minutes are done seven times in ten: the horizon is shorter.",
            ),
        ),
    ),
)
