"""Exercises of the chapter on survival, hazard and horizon."""

import numpy as np
import sympy as sp

from ..fit import product_limit
from ..formulas import survival
from ..formulas.survival import cut, half_life
from ._exercise import Exercise, WrongAnswer
from ._kinds import Expression, Number

# 1: three hazards
_HAZARDS = (0.1, 0.2, 0.05)

# 2: change of unit
_PER_TOKEN, _UNIT = 0.02, 40

# 3: cut runs, as (last trial observed, whether it was wrong)
_RUNS = ((2, True), (3, False), (1, True), (5, False), (4, True), (2, False), (5, True), (3, True))
_WANTED = 4

# 5: two kinds of sequences
_EASY, _HARD = 0.001, 0.02
_LENGTHS = (1.0, 100.0, 400.0)


def _seen() -> tuple[np.ndarray, np.ndarray]:
    seen, wrong = (np.array(column) for column in zip(*_RUNS, strict=True))
    return seen, wrong


def _cut_survival() -> float:
    seen, wrong = _seen()
    return float(product_limit(seen, wrong, lengths=np.array([_WANTED])).value[0])


def _unit_hazard() -> float:
    return float(survival.rate_of_error(_PER_TOKEN)) * _UNIT


def _marginal_hazard() -> np.ndarray:
    n = np.asarray(_LENGTHS)
    easy, hard = ((1 - e) ** (n - 1) for e in (_EASY, _HARD))  # survival before trial n
    return (_EASY * easy + _HARD * hard) / (easy + hard)


EXERCISES = (
    Exercise(
        id="survival.1",
        title="Three hazards",
        difficulty=1,
        statement=(
            "The first three trials have the hazards "
            f"{', '.join(map(str, _HAZARDS[:-1]))} and {_HAZARDS[-1]}. "
            "What is the survival $S(3)$?"
        ),
        hint="Each hazard is conditional on all trials before being right: multiply what remains.",
        kind=Number(),
        answer=lambda: float(np.prod(1 - np.array(_HAZARDS))),
        wrong=(
            WrongAnswer(
                "one minus the sum of the hazards",
                lambda: 1 - sum(_HAZARDS),
                "The sum counts sequences twice that could fail at two trials. Only the first "
                "failure counts, and hazards are conditional.",
            ),
            WrongAnswer(
                "the probability of an error",
                lambda: 1 - float(np.prod(1 - np.array(_HAZARDS))),
                "This is $1-S(3)$, the probability of at least one error.",
            ),
            WrongAnswer(
                "the product of the hazards",
                lambda: float(np.prod(_HAZARDS)),
                "Multiply the probabilities of being right, $1-e_i$.",
            ),
        ),
    ),
    Exercise(
        id="survival.2",
        title="From tokens to paragraphs",
        difficulty=2,
        statement=(
            f"A token is wrong with probability {_PER_TOKEN}, independently. "
            f"What is the error rate per paragraph of {_UNIT} tokens, that is, the probability "
            "that a paragraph contains an error?"
        ),
        hint="Go through the cumulative hazard: it is the one that adds up.",
        kind=Number(),
        answer=lambda: float(survival.error_of_rate(_unit_hazard())),
        wrong=(
            WrongAnswer(
                "the error rate times the number of tokens",
                lambda: _PER_TOKEN * _UNIT,
                "Error probabilities do not add; with a longer paragraph this would exceed one.",
            ),
            WrongAnswer(
                "the hazard rate of a paragraph",
                _unit_hazard,
                "This is the cumulative hazard that a paragraph adds. Turn it back into a "
                "probability with $1-e^{-h}$.",
            ),
            WrongAnswer(
                "the probability of a clean paragraph",
                lambda: 1 - float(survival.error_of_rate(_unit_hazard())),
                "This is the survival of a paragraph.",
            ),
        ),
    ),
    Exercise(
        id="survival.3",
        title="Cut runs",
        difficulty=2,
        statement=(
            "Eight outputs were observed up to these tokens; ! marks those whose last observed "
            "token was wrong, the others were cut there without error: "
            + ", ".join(f"{last}{'!' if wrong else ''}" for last, wrong in _RUNS)
            + f". Estimate the survival $S({_WANTED})$."
        ),
        hint="At each token, divide the errors by the outputs still at risk; then multiply.",
        kind=Number(),
        answer=_cut_survival,
        wrong=(
            WrongAnswer(
                "the share of outputs without an error so far",
                lambda: float(1 - np.mean([w and t <= _WANTED for t, w in _RUNS])),
                "Outputs that were cut early had no chance to fail later, yet here they count as "
                "if they had survived.",
            ),
            WrongAnswer(
                "the share of outputs seen beyond that token",
                lambda: float(np.mean([t > _WANTED for t, _ in _RUNS])),
                "This counts every cut as a failure.",
            ),
            WrongAnswer(
                "cut outputs left out altogether",
                lambda: float(np.mean([t > _WANTED for t, w in _RUNS if w])),
                "Among failed outputs the early failures are over-represented: those that got far "
                "were often cut before they could fail.",
            ),
        ),
    ),
    Exercise(
        id="survival.4",
        title="The mean that a cut allows",
        difficulty=3,
        statement=(
            "Hazards are constant with half-life $T_{50}$, and outputs are cut at length $L$. "
            "What is the mean length until error or cut, in continuous time? Give a SymPy "
            "expression in `half_life` and `cut` (both in `simlib.formulas.survival`)."
        ),
        hint="Integrate the survival $2^{-t/T_{50}}$ from 0 to $L$.",
        kind=Expression(),
        answer=lambda: survival.exponential_restricted_mean.expression,
        wrong=(
            WrongAnswer(
                "the mean without a cut",
                lambda: half_life / sp.log(2),
                "This is the limit for $L\\to\\infty$; outputs that would go on are cut at $L$.",
            ),
            WrongAnswer(
                "the half-life taken for the mean",
                lambda: half_life * (1 - 2 ** (-cut / half_life)),
                "The mean of an exponential law is $T_{50}/\\ln2$, longer than its half-life.",
            ),
            WrongAnswer(
                "the mean of failed outputs times their share",
                lambda: (
                    half_life / sp.log(2) * (1 - 2 ** (-cut / half_life))
                    - cut * 2 ** (-cut / half_life)
                ),
                "Outputs that reach the cut contribute $L$ each; this leaves them out.",
            ),
        ),
    ),
    Exercise(
        id="survival.5",
        title="Who is left?",
        difficulty=4,
        statement=(
            f"Half of the sequences err with rate {_EASY} per token, the other half with rate "
            f"{_HARD}; nobody can tell them apart. What is the hazard of token "
            f"{', '.join(f'{x:g}' for x in _LENGTHS)} in the whole population? Give an array."
        ),
        hint="Weight each rate by the share of its sequences among those still right before "
        "token $n$.",
        kind=Number(),
        answer=_marginal_hazard,
        wrong=(
            WrongAnswer(
                "the mean of the two rates",
                lambda: np.full(len(_LENGTHS), (_EASY + _HARD) / 2),
                "That is right for the first token only. Later the hard sequences have mostly "
                "dropped out.",
            ),
            WrongAnswer(
                "the failure probability",
                lambda: (
                    1 - ((1 - _EASY) ** np.array(_LENGTHS) + (1 - _HARD) ** np.array(_LENGTHS)) / 2
                ),
                "This accumulates all errors up to token $n$; the hazard is that of token $n$ "
                "alone, given none before.",
            ),
            WrongAnswer(
                "the share of all sequences that fail at that token",
                lambda: (
                    (
                        _EASY * (1 - _EASY) ** (np.array(_LENGTHS) - 1)
                        + _HARD * (1 - _HARD) ** (np.array(_LENGTHS) - 1)
                    )
                    / 2
                ),
                "Divide by the share that is still right before the token: the hazard is "
                "conditional.",
            ),
        ),
    ),
)
