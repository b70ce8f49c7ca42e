"""Exercises of the chapter on uniform errors."""

import jax.numpy as jnp
import numpy as np
import sympy as sp

from ..formulas import error_rate, n, reliability, uniform
from ..processes import Uniform
from ._exercise import Exercise, WrongAnswer
from ._kinds import Expression, Number

# 1: survival of a short answer
_RATE, _LENGTH = 0.01, 60

# 2: from one horizon to another
_HALF_LENGTH, _HALF, _HIGH = 1000, 0.5, 0.9

# 4: two kinds of prompts
_EASY, _HARD = 0.002, 0.05
_LENGTHS = (10.0, 50.0, 200.0)


def _horizon_ratio(numerator: float, denominator: float) -> float:
    """Ratio of two horizons; the error rate cancels, so any will do."""
    return float(uniform.horizon(numerator, _RATE) / uniform.horizon(denominator, _RATE))


def _allowed_rate() -> sp.Expr:
    """The formula of the log-survival, solved for the error rate."""
    equation = sp.Eq(uniform.log_survival.expression, sp.log(reliability))
    (solution,) = sp.solve(equation, error_rate)
    return solution


def _mixture() -> np.ndarray:
    return (_survival(_EASY) + _survival(_HARD)) / 2


def _survival(rate: float) -> np.ndarray:
    return np.asarray(Uniform(rate).survival(jnp.asarray(_LENGTHS)))


EXERCISES = (
    Exercise(
        id="uniform.1",
        title="A short answer",
        difficulty=1,
        statement=(
            f"Every token is wrong with probability {_RATE}, independently. "
            f"How likely is an answer of {_LENGTH} tokens without a single wrong one?"
        ),
        hint="All tokens must be right, and they are independent: multiply.",
        kind=Number(),
        answer=lambda: float(Uniform(_RATE).survival(_LENGTH)),
        wrong=(
            WrongAnswer(
                "the union bound $1 - ne$",
                lambda: 1 - _LENGTH * _RATE,
                "$ne$ adds the error probabilities and counts answers with two errors twice; "
                "it bounds the failure probability from above but does not equal it.",
            ),
            WrongAnswer(
                "the probability of at least one error",
                lambda: float(Uniform(_RATE).failure(_LENGTH)),
                "This is the chance that something goes wrong; the question asks for the "
                "complement.",
            ),
            WrongAnswer(
                "the probability that one token is right",
                lambda: float(Uniform(_RATE).survival(1)),
                "This is one token; the answer needs all of them.",
            ),
        ),
    ),
    Exercise(
        id="uniform.2",
        title="From one horizon to another",
        difficulty=2,
        statement=(
            f"A model with uniform errors completes answers of {_HALF_LENGTH} tokens with "
            f"probability {_HALF}. Up to which length does it complete them with probability "
            f"{_HIGH}?"
        ),
        hint="Write both horizons as $\\ln r/\\ln(1-e)$ and divide one by the other.",
        kind=Number(),
        answer=lambda: _HALF_LENGTH * _horizon_ratio(_HIGH, _HALF),
        wrong=(
            WrongAnswer(
                "a straight line between the two reliabilities",
                lambda: _HALF_LENGTH * (1 - _HIGH) / (1 - _HALF),
                "Failure grows in proportion to length only while it is small; survival falls "
                "exponentially. Interpolate the logarithm of the reliability.",
            ),
            WrongAnswer(
                "the horizon at the complementary reliability",
                lambda: _HALF_LENGTH * _horizon_ratio(1 - _HIGH, _HALF),
                f"A reliability of {_HIGH} is harder to keep than {_HALF}, so the length must "
                "become shorter. Use the probability of success, not of failure.",
            ),
            WrongAnswer(
                "the inverse ratio",
                lambda: _HALF_LENGTH / _horizon_ratio(_HIGH, _HALF),
                "The two horizons were divided the wrong way round.",
            ),
        ),
    ),
    Exercise(
        id="uniform.3",
        title="The error rate that a length allows",
        difficulty=3,
        statement=(
            "Which error rate per token may a model have, so that it completes $n$ tokens with "
            "reliability $r$? Give a SymPy expression in `n` and `reliability`."
        ),
        hint="Solve $(1-e)^n = r$ for $e$.",
        kind=Expression(),
        answer=_allowed_rate,
        wrong=(
            WrongAnswer(
                "the union bound $(1-r)/n$",
                lambda: (1 - reliability) / n,
                "$(1-r)/n$ makes the expected number of errors equal to the failure probability. "
                "That is on the safe side, but stricter than necessary.",
            ),
            WrongAnswer(
                "the hazard $-\\ln(r)/n$",
                lambda: -sp.log(reliability) / n,
                "$-\\ln(r)/n$ is the hazard $-\\ln(1-e)$; for large rates it differs from the "
                "probability $e$ and can exceed 1.",
            ),
            WrongAnswer(
                "the rate for one token, raised the wrong way",
                lambda: 1 - reliability**n,
                "A longer answer needs a smaller rate; here the rate grows with $n$. Take the "
                "$n$-th root.",
            ),
        ),
    ),
    Exercise(
        id="uniform.4",
        title="Two kinds of prompts",
        difficulty=4,
        statement=(
            f"On half of the prompts a model errs with rate {_EASY} per token, on the other half "
            f"with rate {_HARD}. What share of answers of "
            f"{', '.join(f'{x:g}' for x in _LENGTHS)} tokens is free of error? Give an array, "
            "computed or simulated."
        ),
        hint="Each prompt keeps its own rate: average the survivals, not the rates.",
        kind=Number(precision=0.05),
        answer=_mixture,
        wrong=(
            WrongAnswer(
                "one prompt with the mean rate",
                lambda: _survival((_EASY + _HARD) / 2),
                "Averaging the rates first ignores that easy prompts survive for long. By "
                "Jensen's inequality it predicts too little survival, and the error grows "
                "with length.",
            ),
            WrongAnswer(
                "prompts that are easy and hard at once",
                lambda: np.sqrt(_survival(_EASY) * _survival(_HARD)),
                "This lets every answer be easy on one half of its tokens and hard on the other; "
                "in the question each prompt is one or the other throughout.",
            ),
            WrongAnswer(
                "the failure probability",
                lambda: 1 - _mixture(),
                "This is the share with at least one error.",
            ),
        ),
    ),
)
