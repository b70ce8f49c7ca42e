"""Exercises of the chapter on measuring."""

import math

import numpy as np
import sympy as sp

from ..formulas import measuring
from ..formulas.measuring import item_cost, majority, rho
from ._exercise import Exercise, WrongAnswer
from ._kinds import Expression, Number

# 1: stopped at the first success
_RATES = (0.5, 0.25, 0.1)

# 2: clusters
_ITEMS, _ATTEMPTS, _MEAN, _RHO = 50, 20, 0.2, 0.3

# 3: votes
_ERROR, _VOTES, _CORRELATION = 0.3, 15, 0.1

# 5: a hidden atom
_ATOM, _MANY, _TRIES, _DISTANCE = 0.05, 128, 1000, 0.1


def _hidden() -> float:
    """Rate up to which an atom in all items is hidden, by the union over items."""
    return -math.expm1(math.log1p(-_DISTANCE / (_MANY * _ATOM)) / _TRIES)


EXERCISES = (
    Exercise(
        id="measuring.1",
        title="Stop when it works",
        difficulty=1,
        statement=(
            "Three items have the success probabilities "
            f"{', '.join(map(str, _RATES))}. Each is attempted again and again until its first "
            "success, and this is repeated very often. To which number does the ratio of all "
            "successes to all attempts tend?"
        ),
        hint="An item with success probability $p$ takes $1/p$ attempts on average.",
        kind=Number(),
        answer=lambda: 1 / float(np.mean(1 / np.array(_RATES))),
        wrong=(
            WrongAnswer(
                "the mean success probability",
                lambda: float(np.mean(_RATES)),
                "That is pass@1. Hard items contribute more attempts than easy ones, and so "
                "weigh more in the ratio.",
            ),
            WrongAnswer(
                "the mean of one over the attempts",
                lambda: float(np.mean(measuring.inverse_wait(np.array(_RATES)))),
                "This averages the ratios of single runs; the question adds up successes and "
                "attempts first.",
            ),
            WrongAnswer(
                "the mean number of attempts",
                lambda: float(np.mean(1 / np.array(_RATES))),
                "This is the number of attempts per success; turn it over.",
            ),
        ),
    ),
    Exercise(
        id="measuring.2",
        title="A thousand attempts at fifty items",
        difficulty=2,
        statement=(
            f"{_ITEMS} items are attempted {_ATTEMPTS} times each. The mean success rate is "
            f"{_MEAN} and the overdispersion {_RHO}. What is the standard error of the mean "
            "success rate, for the population that the items were drawn from?"
        ),
        hint="Multiply the variance of a thousand independent attempts by the design effect.",
        kind=Number(),
        answer=lambda: float(measuring.design_variance(_MEAN, _ITEMS, _ATTEMPTS, _RHO)) ** 0.5,
        wrong=(
            WrongAnswer(
                "a thousand independent attempts",
                lambda: (_MEAN * (1 - _MEAN) / (_ITEMS * _ATTEMPTS)) ** 0.5,
                "Attempts at the same item are correlated; this error is too small by the root of "
                "the design effect.",
            ),
            WrongAnswer(
                "only the items count",
                lambda: (_MEAN * (1 - _MEAN) / _ITEMS) ** 0.5,
                "That would be right if each item were certain or impossible ($\\rho=1$).",
            ),
            WrongAnswer(
                "the variance",
                lambda: float(measuring.design_variance(_MEAN, _ITEMS, _ATTEMPTS, _RHO)),
                "This is the variance; take its square root.",
            ),
        ),
    ),
    Exercise(
        id="measuring.3",
        title="Fifteen votes that know each other",
        difficulty=2,
        statement=(
            f"A vote is wrong with probability {_ERROR} on average, and two votes on one item "
            f"have correlation {_CORRELATION}. How often is the majority of {_VOTES} votes wrong, "
            "if the rates are beta distributed?"
        ),
        hint="`simlib.formulas.measuring.majority` gives the probability that it is right.",
        kind=Number(),
        answer=lambda: 1 - float(majority(_VOTES, 1 - _ERROR, _CORRELATION)),
        wrong=(
            WrongAnswer(
                "independent votes",
                lambda: 1 - float(majority(_VOTES, 1 - _ERROR, 0.0)),
                "Correlated votes repeat each other's mistakes; put the correlation in.",
            ),
            WrongAnswer(
                "all votes wrong",
                lambda: _ERROR**_VOTES,
                "A majority is wrong long before all of its votes are.",
            ),
            WrongAnswer(
                "how often it is right",
                lambda: float(majority(_VOTES, 1 - _ERROR, _CORRELATION)),
                "This is the accuracy; the question asks for the error.",
            ),
        ),
    ),
    Exercise(
        id="measuring.4",
        title="Another item or another attempt?",
        difficulty=3,
        statement=(
            "A new item costs as much as $w$ attempts. Which number of attempts per item gives "
            "the smallest standard error for a fixed budget? Give a SymPy expression in "
            "`item_cost` and `overdispersion` (`simlib.formulas.measuring.item_cost` and `rho`)."
        ),
        hint="Minimise $(1+(k-1)\\rho)(w+k)/k$ over $k$.",
        kind=Expression(),
        answer=lambda: measuring.best_attempts.expression,
        wrong=(
            WrongAnswer(
                "without the root",
                lambda: item_cost * (1 - rho) / rho,
                "The derivative is $\\rho-(1-\\rho)w/k^2$: solve for $k$, not for $k^2$.",
            ),
            WrongAnswer(
                "the within-item variance forgotten",
                lambda: sp.sqrt(item_cost / rho),
                "Sort the terms: the part that falls with $k$ is $(1-\\rho)\\,w/k$.",
            ),
            WrongAnswer(
                "turned over",
                lambda: sp.sqrt(item_cost * rho / (1 - rho)),
                "Items that hardly differ ($\\rho$ near zero) call for many attempts each.",
            ),
        ),
    ),
    Exercise(
        id="measuring.5",
        title="How small a rate looks like zero?",
        difficulty=4,
        statement=(
            f"Of {_MANY} items, each is impossible with probability {_ATOM} and is attempted "
            f"{_TRIES} times. Instead, the impossible ones might succeed with a small probability "
            "$\\varepsilon$. Up to which $\\varepsilon$ does the bound on the total variation of "
            f"the whole experiment, {_MANY} times that of one item, stay below {_DISTANCE}?"
        ),
        hint="One item contributes $\\pi_0(1-(1-\\varepsilon)^k)$.",
        kind=Number(),
        answer=_hidden,
        wrong=(
            WrongAnswer(
                "one impossible item",
                lambda: -math.expm1(math.log1p(-_DISTANCE) / _TRIES),
                "Total variation adds up over the items of the experiment; count them all.",
            ),
            WrongAnswer(
                "the rule of three",
                lambda: 3 / _TRIES,
                "This is the largest rate that leaves one given item unsolved one time in twenty.",
            ),
            WrongAnswer(
                "the share of impossible items forgotten",
                lambda: -math.expm1(math.log1p(-_DISTANCE / _MANY) / _TRIES),
                "Only impossible items differ between the two worlds; weight by their share.",
            ),
        ),
    ),
)
