"""Exercises of the chapter on errors that can be repaired."""

import numpy as np
import sympy as sp

from ..formulas import recovery, reliability, uniform
from ..formulas.recovery import break_rate, mean_repair
from ._exercise import Exercise, WrongAnswer
from ._kinds import Expression, Number

# 1 and 2: the two-state chain
_BREAK, _REPAIR, _STEP = 0.05, 0.02, 10
_WANTED_BREAK, _WANTED = 0.02, 0.9

# 3: quick or stubborn
_RATE, _QUICK, _LASTS = 0.02, 0.8, 41

# 5: two kinds of errors
_EASY, _HARD, _AGE = 0.5, 0.02, 10


def _mean_time() -> sp.Expr:
    """The plateau of the renewal theorem, solved for the mean time to repair."""
    equation = sp.Eq(recovery.renewal_plateau.expression, reliability)
    (solution,) = sp.solve(equation, mean_repair)
    return solution


def _stubborn() -> float:
    mean = _QUICK + (1 - _QUICK) * _LASTS
    return float(recovery.renewal_plateau(_RATE, mean))


def _left_over(steps: int) -> float:
    """Mean chance of repair of the errors that were not repaired in `steps` steps."""
    chance = np.array([_EASY, _HARD])
    left = (1 - chance) ** steps
    return float((left * chance).sum() / left.sum())


EXERCISES = (
    Exercise(
        id="recovery.1",
        title="Right at step ten",
        difficulty=1,
        statement=(
            f"A right step is followed by a wrong one with probability {_BREAK}, a wrong one by a "
            f"right one with probability {_REPAIR}. The start is right. How likely is step "
            f"{_STEP} right?"
        ),
        hint="Plateau plus a distance that shrinks by the factor $1-\\varepsilon-c$ a step.",
        kind=Number(rtol=2e-3),
        answer=lambda: float(recovery.right_now(_STEP, _BREAK, _REPAIR)),
        wrong=(
            WrongAnswer(
                "no step ever failed",
                lambda: float(uniform.survival(_STEP, _BREAK)),
                "This leaves out the runs that failed and were repaired.",
            ),
            WrongAnswer(
                "the plateau",
                lambda: float(recovery.plateau(_BREAK, _REPAIR)),
                "This is the limit for long runs; ten steps are not long against "
                "$1/(\\varepsilon+c)$.",
            ),
            WrongAnswer(
                "break and repair exchanged",
                lambda: float(recovery.right_now(_STEP, _REPAIR, _BREAK)),
                "This chain breaks with the repair rate and is repaired with the break rate.",
            ),
        ),
    ),
    Exercise(
        id="recovery.2",
        title="How good must repair be?",
        difficulty=2,
        statement=(
            f"A right step is followed by a wrong one with probability {_WANTED_BREAK}. Which "
            "chance of repair per step is needed so that in the long run a share of "
            f"{_WANTED} of the steps is right?"
        ),
        hint="Solve $c/(c+\\varepsilon)=r$ for $c$.",
        kind=Number(),
        answer=lambda: _WANTED_BREAK * _WANTED / (1 - _WANTED),
        wrong=(
            WrongAnswer(
                "the wanted share itself",
                lambda: _WANTED,
                "Repair need not be that good: it has many steps until the next break.",
            ),
            WrongAnswer(
                "the odds upside down",
                lambda: _WANTED_BREAK * (1 - _WANTED) / _WANTED,
                "With this repair a share of one tenth would be right.",
            ),
            WrongAnswer(
                "as often repaired as broken",
                lambda: _WANTED_BREAK,
                "Equal rates leave half of the steps right.",
            ),
        ),
    ),
    Exercise(
        id="recovery.3",
        title="Quick or stubborn",
        difficulty=2,
        statement=(
            f"A right step breaks with probability {_RATE}. An error lasts one step with "
            f"probability {_QUICK}, and {_LASTS} steps otherwise. What share of the steps is right "
            "in the long run?"
        ),
        hint="Only the mean of the time to repair matters.",
        kind=Number(rtol=2e-3),
        answer=_stubborn,
        wrong=(
            WrongAnswer(
                "a constant chance of repair",
                lambda: float(recovery.plateau(_RATE, _QUICK)),
                "The chance of repair at the first step is not the chance at later ones: stubborn "
                "errors stay.",
            ),
            WrongAnswer(
                "the commonest time",
                lambda: float(recovery.renewal_plateau(_RATE, 1.0)),
                "Few errors are stubborn, but they are wrong for a long time: take the mean.",
            ),
            WrongAnswer(
                "all errors stubborn",
                lambda: float(recovery.renewal_plateau(_RATE, float(_LASTS))),
                "Most errors last one step only.",
            ),
        ),
    ),
    Exercise(
        id="recovery.4",
        title="The time that repair may take",
        difficulty=3,
        statement=(
            "Which mean time to repair leaves a share $r$ of right steps in the long run, if a "
            "right step breaks with probability $\\varepsilon$? Give a SymPy expression in "
            "`break_rate` and `reliability`."
        ),
        hint="The law of the time does not matter: solve the plateau of the renewal theorem.",
        kind=Expression(),
        answer=_mean_time,
        wrong=(
            WrongAnswer(
                "the share upside down",
                lambda: reliability / ((1 - reliability) * break_rate),
                "The better the share, the shorter the repair has to be.",
            ),
            WrongAnswer(
                "the time between two breaks",
                lambda: 1 / (break_rate * reliability),
                "This is the mean number of steps from one break to the next; only a part of "
                "them is wrong.",
            ),
            WrongAnswer(
                "the share of wrong steps over the rate",
                lambda: (1 - reliability) / break_rate,
                "Breaks happen in right steps only: divide by their share too.",
            ),
        ),
    ),
    Exercise(
        id="recovery.5",
        title="What is left over",
        difficulty=4,
        statement=(
            f"Half of the errors are repaired with a constant chance of {_EASY} a step, the other "
            f"half with {_HARD}. An error is still there {_AGE} steps after the one that went "
            "wrong. With which probability is it repaired at the next step?"
        ),
        hint="Which of the two kinds is it by now?",
        kind=Number(rtol=2e-3),
        answer=lambda: _left_over(_AGE),
        wrong=(
            WrongAnswer(
                "the mean of all errors",
                lambda: _left_over(0),
                "This is right for a fresh error; by now nearly all that are left are of the "
                "stubborn kind.",
            ),
            WrongAnswer(
                "the chance of an old repair",
                lambda: float(np.mean([c * (1 - c) ** _AGE for c in (_EASY, _HARD)])),
                "Divide by the share of errors that are still there.",
            ),
            WrongAnswer(
                "a few steps younger",
                lambda: _left_over(3),
                "Count the steps again.",
            ),
        ),
    ),
)
