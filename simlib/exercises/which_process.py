"""Exercises of the chapter on which process made the runs."""

import numpy as np

from ..formulas import which_process as formulas
from ._exercise import Exercise, WrongAnswer
from ._kinds import Choice, Expression, Number

_THETA, _HALF = 2.0, np.log(2.0)
_DIVERGENCE, _SPREAD, _QUANTILES = 0.02, 0.3, 1.96 + 0.84


def _twins(theta: float = _THETA) -> float:
    # Marginal survival is one half: (1 + theta L)^(-1/theta) = 1/2.
    hazard = (2.0**theta - 1) / theta
    return float(formulas.joint_gamma(hazard, hazard, theta))


EXERCISES = (
    Exercise(
        id="which_process.1",
        title="Blind questions",
        difficulty=1,
        statement=(
            "Every item was run once, and runs ended at their first error. Which question can such "
            'a table answer: "frailty or falling hazard", "do errors breed errors", "are errors '
            'repaired", or "survival up to the longest run"?'
        ),
        hint="Which of them is a statement about the law of the first error alone?",
        kind=Choice(
            options=(
                "frailty or falling hazard",
                "do errors breed errors",
                "are errors repaired",
                "survival up to the longest run",
            )
        ),
        answer=lambda: "survival up to the longest run",
        wrong=(
            WrongAnswer(
                "frailty or falling hazard",
                lambda: "frailty or falling hazard",
                "Both give the same law of the first error; it takes two runs of an item.",
            ),
            WrongAnswer(
                "what follows the first error",
                lambda: "do errors breed errors",
                "These runs end where that question begins.",
            ),
        ),
    ),
    Exercise(
        id="which_process.2",
        title="The hazard that imitates",
        difficulty=2,
        statement=(
            "Hazards are constant along every run, with mean $\\lambda$, and gamma distributed "
            "over runs with relative variance $\\theta$. Which hazard $h(n)$, the same in every "
            "run, has the same law of the first error? Give a SymPy expression in `n`, "
            "`unit_hazard` and `frailty_variance` (the last two in `simlib.formulas.heavy_tailed`)."
        ),
        hint="Take the logarithm of the marginal survival and differentiate.",
        kind=Expression(),
        answer=lambda: formulas.imitating_hazard.expression,
        wrong=(
            WrongAnswer(
                "the constant mean hazard",
                lambda: formulas.unit_hazard + 0 * formulas.n,
                "That is the hazard at the start. Later the frail runs are gone.",
            ),
        ),
    ),
    Exercise(
        id="which_process.3",
        title="Twins",
        difficulty=2,
        statement=(
            "Half of all runs reach length $n$ without error. Items have gamma frailty of variance "
            f"{_THETA:g}. What is the probability that two runs of one item both reach $n$?"
        ),
        hint="Find $\\Lambda(n)$ from the marginal survival first; two runs of an item add their "
        "cumulative hazards.",
        kind=Number(),
        answer=_twins,
        wrong=(
            WrongAnswer(
                "the square",
                lambda: 0.25,
                "That holds for runs of different items; runs of one item share its frailty.",
            ),
            WrongAnswer(
                "a cumulative hazard of ln 2",
                lambda: float(formulas.joint_gamma(_HALF, _HALF, _THETA)),
                "The cumulative hazard of an item of frailty 1 is not minus the logarithm of the "
                "marginal survival.",
            ),
        ),
    ),
    Exercise(
        id="which_process.4",
        title="How many runs?",
        difficulty=3,
        statement=(
            f"Two processes differ by {_DIVERGENCE} nats per run, with a standard deviation of the "
            f"log-likelihood ratio of {_SPREAD}. How many runs tell them apart at level 0.95 with "
            "power 0.8? Take the normal quantiles as 1.96 and 0.84."
        ),
        hint="The mean ratio must lie the sum of both quantiles times its standard error above 0.",
        kind=Number(),
        answer=lambda: float(formulas.runs_needed(_QUANTILES, _SPREAD, _DIVERGENCE)),
        wrong=(
            WrongAnswer(
                "without the power",
                lambda: float(formulas.runs_needed(1.96, _SPREAD, _DIVERGENCE)),
                "At that number the test finds the difference only every other time.",
            ),
            WrongAnswer(
                "without the square",
                lambda: _QUANTILES * _SPREAD / _DIVERGENCE,
                "The standard error of a mean falls with the root of the number of runs.",
            ),
        ),
    ),
)
