"""Exercises of the chapter on errors that breed errors."""

import numpy as np

from ..formulas import n, self_conditioning, uniform
from ..formulas.heavy_tailed import shape_a, shape_b
from ..formulas.self_conditioning import past_errors
from ..processes import SelfConditioning
from ._exercise import Exercise, WrongAnswer
from ._kinds import Expression, Number

# 1: the first error
_RATE, _FED, _LENGTH = 0.01, 0.5, 50

# 2: where the share comes to rest
_SETTLE_RATE, _SETTLE = 0.02, 0.9

# 4: right steps of an endless output
_SPEND_RATE, _SPEND = 0.05, 0.2

# 3: a longer history with the same share
_WORTH, _COST, _TIMES = 0.85, 0.67, 8


def _rest(error_rate: float = _SETTLE_RATE) -> float:
    process = SelfConditioning(error_rate, _SETTLE, dependence="share")
    return float(process.long_run_error_rate())


def _right_steps(errors: int = 10_000) -> float:
    """Sum over the errors of the mean number of right steps before the next one."""
    wrong = np.asarray(self_conditioning.count_error(_SPEND_RATE, _SPEND, np.arange(errors)))
    return float(((1 - wrong) / wrong).sum())


EXERCISES = (
    Exercise(
        id="self_conditioning.1",
        title="What the first error hides",
        difficulty=1,
        statement=(
            f"After a clean history a step is wrong with probability {_RATE}; every past error "
            f"adds a hazard of {_FED}. How likely are {_LENGTH} steps without any error?"
        ),
        hint="As long as nothing went wrong, there is no past error to add anything.",
        kind=Number(),
        answer=lambda: float(uniform.survival(_LENGTH, _RATE)),
        wrong=(
            WrongAnswer(
                "the last step is right",
                lambda: float(SelfConditioning(_RATE, _FED, dependence="count").right_at(_LENGTH)),
                "This is the chance that the last step is right, whatever happened before; the "
                "question asks that no step failed.",
            ),
            WrongAnswer(
                "the feedback added to every step",
                lambda: float(uniform.survival(_LENGTH, _RATE) * np.exp(-_FED * _LENGTH)),
                "The extra hazard starts with the first error, and that is the event in question.",
            ),
            WrongAnswer(
                "the union bound",
                lambda: 1 - _LENGTH * _RATE,
                "Multiply the chances of the steps; adding error probabilities gives a bound only.",
            ),
        ),
    ),
    Exercise(
        id="self_conditioning.2",
        title="Where the share comes to rest",
        difficulty=2,
        statement=(
            f"After a clean history a step is wrong with probability {_SETTLE_RATE}, and a share "
            f"$x$ of wrong steps adds a hazard of ${_SETTLE}\\,x$. What share of the steps of a "
            "very long output is wrong?"
        ),
        hint="In the long run the error probability equals the share: solve "
        "$x=1-(1-e)e^{-\\gamma x}$.",
        kind=Number(),
        answer=_rest,
        wrong=(
            WrongAnswer(
                "the formula for small rates",
                lambda: float(self_conditioning.share_slope(_SETTLE_RATE, _SETTLE)),
                "$h_0/(1-\\gamma)$ replaces $1-e^{-h}$ by $h$; this close to $\\gamma=1$ the "
                "difference matters.",
            ),
            WrongAnswer(
                "the rate of a clean history",
                lambda: _SETTLE_RATE,
                "Errors raise the rate of later ones, so the share ends above the rate of a clean "
                "history.",
            ),
            WrongAnswer(
                "one round of feedback",
                lambda: float(self_conditioning.share_error(_SETTLE_RATE, _SETTLE, _SETTLE_RATE)),
                "This is one turn of the screw: put the result in again, and again.",
            ),
        ),
    ),
    Exercise(
        id="self_conditioning.3",
        title="A longer history with the same share",
        difficulty=2,
        statement=(
            f"The odds of the next right step grow like $r^{{{_WORTH}}}\\,j^{{-{_COST}}}$ with "
            f"the right steps $r$ and the wrong steps $j$ so far. A history grows to {_TIMES} "
            "times its length with the same share of errors. By which factor do the odds change?"
        ),
        hint=f"Both numbers grow by the factor {_TIMES}.",
        kind=Number(),
        answer=lambda: float(self_conditioning.next_odds(1.0, _TIMES, _TIMES, _WORTH, _COST)),
        wrong=(
            WrongAnswer(
                "the right steps alone",
                lambda: _TIMES**_WORTH,
                "The wrong steps have become more as well.",
            ),
            WrongAnswer(
                "the exponents added",
                lambda: _TIMES ** (_WORTH + _COST),
                "Wrong steps lower the odds: their exponent is negative.",
            ),
            WrongAnswer(
                "no change",
                lambda: 1.0,
                "That would follow from equal exponents, that is, if only the share mattered.",
            ),
        ),
    ),
    Exercise(
        id="self_conditioning.4",
        title="All the right steps there will ever be",
        difficulty=3,
        statement=(
            f"After a clean history a step is wrong with probability {_SPEND_RATE}; every past "
            f"error adds a hazard of {_SPEND}. How many right steps does an endless output have, "
            "on average?"
        ),
        hint="Count the right steps between one error and the next: a geometric number.",
        kind=Number(),
        answer=_right_steps,
        wrong=(
            WrongAnswer(
                "up to the first error",
                lambda: _right_steps(1),
                "These are the right steps before the first error; more follow after it.",
            ),
            WrongAnswer(
                "one right step at most between errors",
                lambda: float(
                    (
                        1
                        - np.asarray(
                            self_conditioning.count_error(_SPEND_RATE, _SPEND, np.arange(10_000))
                        )
                    ).sum()
                ),
                "$1-p_j$ is the chance of a right step after $j$ errors; there may be several in "
                "a row, $(1-p_j)/p_j$ on average.",
            ),
            WrongAnswer(
                "steps instead of right steps",
                lambda: _right_steps(11) + 10,
                "Wrong steps do not count.",
            ),
        ),
    ),
    Exercise(
        id="self_conditioning.5",
        title="Feedback without feedback",
        difficulty=4,
        statement=(
            "The error rates of items are beta distributed with parameters $\\alpha$ and $\\beta$; "
            "errors have no effect on later steps. Of the first $n$ steps of an item, $j$ were "
            "wrong. With which probability is the next one wrong? Give a SymPy expression in `n`, "
            "`past_errors`, `shape_a` and `shape_b`."
        ),
        hint="Find the law of the rate given what was seen; it is a beta law again.",
        kind=Expression(),
        answer=lambda: self_conditioning.urn_error.expression,
        wrong=(
            WrongAnswer(
                "the observed share",
                lambda: past_errors / n + 0 * shape_a + 0 * shape_b,
                "This forgets what is known about items before any of their steps is seen.",
            ),
            WrongAnswer(
                "the mean rate of all items",
                lambda: shape_a / (shape_a + shape_b),
                "This forgets what the first steps have told about the item.",
            ),
            WrongAnswer(
                "one step too many",
                lambda: (shape_a + past_errors) / (shape_a + shape_b + n + 1),
                "Try $n=0$: the answer must be the mean rate $\\alpha/(\\alpha+\\beta)$.",
            ),
        ),
    ),
)
