"""Exercises of the chapter on choosing a process and a function."""

from ..formulas import choose as formulas
from ._exercise import Exercise, WrongAnswer
from ._kinds import Choice, Number

_STEPS, _TARGET, _WIDTH = 1200.0, 1000.0, 0.1

EXERCISES = (
    Exercise(
        id="choose.1",
        title="Nothing happened",
        difficulty=1,
        statement=(
            f"Runs with {_STEPS:g} steps in all contain no error. What is the upper bound of a "
            "constant error rate with confidence 95 %?"
        ),
        hint="At which error rate would such a clean record have a probability of one in twenty?",
        kind=Number(),
        answer=lambda: float(formulas.no_error_bound(_STEPS, 0.95)),
        wrong=(
            WrongAnswer(
                "zero",
                lambda: 0.0,
                "No error was seen, but an error rate of one in ten thousand "
                "would hardly have shown.",
            ),
            WrongAnswer(
                "one over the steps",
                lambda: 1 / _STEPS,
                "At that rate a clean record has probability of more than one in three.",
            ),
        ),
    ),
    Exercise(
        id="choose.2",
        title="A reliable thousand",
        difficulty=2,
        statement=(
            f"You want to show that {_TARGET:g} steps succeed with probability 99 %, at confidence "
            "95 %, if the hazard is constant. How many steps without any error does it take?"
        ),
        hint="The bound of the error rate must give a 99 % horizon of a thousand steps.",
        kind=Number(),
        answer=lambda: float(formulas.steps_for_horizon(_TARGET, 0.95, 0.99)),
        wrong=(
            WrongAnswer(
                "three thousand",
                lambda: float(formulas.steps_for_horizon(_TARGET, 0.95, 0.36787944117144233)),
                "That shows that the mean run is a thousand steps long; 99 % is another matter.",
            ),
        ),
    ),
    Exercise(
        id="choose.3",
        title="A tenth",
        difficulty=2,
        statement=(
            "How many errors have to be seen so that the 95 % interval of an error rate reaches a "
            "tenth of the rate to either side? Take the normal quantile as 1.96."
        ),
        hint="A count of $d$ errors has a relative standard error of $1/\\sqrt d$.",
        kind=Number(),
        answer=lambda: float(formulas.errors_needed(1.96, _WIDTH)),
        wrong=(
            WrongAnswer(
                "without the quantile",
                lambda: 1 / _WIDTH**2,
                "That is one standard error, which covers two thirds.",
            ),
        ),
    ),
    Exercise(
        id="choose.4",
        title="Which function?",
        difficulty=3,
        statement=(
            "Success falls with the length of a task. You want to know whether tasks differ or "
            "whether the hazard falls along every run, and can still choose what to collect. Which "
            'function answers: "fit_process", "fit_items", "compare_processes" or "product_limit"?'
        ),
        hint="What do two runs of one task tell that two runs of different tasks do not?",
        kind=Choice(options=("fit_process", "fit_items", "compare_processes", "product_limit")),
        answer=lambda: "fit_items",
        wrong=(
            WrongAnswer(
                "compare processes",
                lambda: "compare_processes",
                "It compares laws of the first error, and both stories have the same law.",
            ),
            WrongAnswer(
                "fit a process",
                lambda: "fit_process",
                "A falling hazard in the pooled runs may be either.",
            ),
        ),
    ),
)
