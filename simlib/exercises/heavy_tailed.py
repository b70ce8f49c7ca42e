"""Exercises of the chapter on heavy-tailed difficulty."""

from functools import cache

import numpy as np
import sympy as sp

from ..formulas import heavy_tailed, n
from ..mixing import Beta, WithAtom
from ..processes import HeavyTailed, Uniform
from ._exercise import Exercise, WrongAnswer
from ._kinds import Expression, Number

# 1: a mixture of two
_GOOD, _BAD, _LENGTH = 0.001, 0.02, 200

# 2: marginal hazard
_theta, _Lambda, _lambda = (
    heavy_tailed.frailty_variance,
    heavy_tailed.cumulative_hazard,
    heavy_tailed.unit_hazard,
)

# 3: attempts needed under a beta population
_A, _B, _TARGET = 0.3, 5.0, 0.6

# 4: an atom
_ATOM, _ATTEMPTS = 0.2, 10_000


def _two() -> float:
    return float((Uniform(_GOOD).survival(_LENGTH) + Uniform(_BAD).survival(_LENGTH)) / 2)


def _marginal_hazard() -> sp.Expr:
    """The derivative of the cumulative hazard of the mixture, with Lambda = lambda n."""
    log_survival = sp.log(heavy_tailed.gamma_frailty.expression).subs(_Lambda, _lambda * n)
    return sp.simplify(-sp.diff(log_survival, n))


@cache
def _attempts_needed() -> float:
    return float(HeavyTailed(Beta(_A, _B), event="success").horizon(1 - _TARGET))


def _with_atom(atom: float) -> float:
    process = HeavyTailed(WithAtom(Beta(_A, _B), atom), event="success")
    return float(process.coverage(_ATTEMPTS))


EXERCISES = (
    Exercise(
        id="heavy_tailed.1",
        title="Half good, half bad",
        difficulty=1,
        statement=(
            f"Half of all outputs are written with error rate {_GOOD} per token, the others with "
            f"{_BAD}. What share is free of error after {_LENGTH} tokens?"
        ),
        hint="Average the survivals of the two halves.",
        kind=Number(),
        answer=_two,
        wrong=(
            WrongAnswer(
                "the mean rate",
                lambda: float(Uniform((_GOOD + _BAD) / 2).survival(_LENGTH)),
                "You averaged the rates. Survival is convex in the rate, so this is too low "
                "(Jensen).",
            ),
            WrongAnswer(
                "the geometric mean of the survivals",
                lambda: float(
                    np.sqrt(Uniform(_GOOD).survival(_LENGTH) * Uniform(_BAD).survival(_LENGTH))
                ),
                "A geometric mean averages the logarithms; shares of a population add up.",
            ),
            WrongAnswer(
                "the good half alone",
                lambda: float(Uniform(_GOOD).survival(_LENGTH)),
                "This is the survival within the good half; weight both halves.",
            ),
        ),
    ),
    Exercise(
        id="heavy_tailed.2",
        title="The hazard of a mixture",
        difficulty=2,
        statement=(
            "A gamma frailty of mean 1 and variance $\\theta$ multiplies a constant hazard "
            "$\\lambda$. What is the hazard of the population at length $n$? Give a SymPy "
            "expression in `frailty_variance`, `unit_hazard` and `n`."
        ),
        hint="Differentiate $-\\ln(1+\\theta\\lambda n)^{-1/\\theta}$.",
        kind=Expression(),
        answer=_marginal_hazard,
        wrong=(
            WrongAnswer(
                "the hazard of one unit",
                lambda: _lambda + 0 * n,
                "Every unit keeps this hazard, but the frail units leave first, so the survivors "
                "have less.",
            ),
            WrongAnswer(
                "the cumulative hazard",
                lambda: sp.log(1 + _theta * _lambda * n) / _theta,
                "This is the cumulative hazard; differentiate it.",
            ),
            WrongAnswer(
                "the hazard with the exponent left in",
                lambda: _lambda / (1 + _theta * _lambda * n) / _theta,
                "The factor $1/\\theta$ cancels against the inner derivative.",
            ),
        ),
    ),
    Exercise(
        id="heavy_tailed.3",
        title="Six problems out of ten",
        difficulty=3,
        statement=(
            f"Success rates are Beta({_A}, {_B}) distributed. After how many attempts per problem "
            f"is the expected coverage {_TARGET}? (A real number; round it up yourself.)"
        ),
        hint="The share of unsolved problems is the survival; its horizon is the answer.",
        kind=Number(),
        answer=_attempts_needed,
        wrong=(
            WrongAnswer(
                "a problem of average difficulty",
                lambda: float(np.log(1 - _TARGET) / np.log1p(-_A / (_A + _B))),
                "A problem with the mean success rate is solved long before; the hard ones need "
                "almost all of the attempts.",
            ),
            WrongAnswer(
                "the leading power law",
                lambda: float(
                    ((1 - _TARGET) / heavy_tailed.beta_asymptote(1.0, _A, _B)) ** (-1 / _A)
                ),
                "The asymptote is close but not the law itself at this coverage; use the exact "
                "survival.",
            ),
            WrongAnswer(
                "the horizon at the coverage",
                lambda: float(HeavyTailed(Beta(_A, _B), event="success").horizon(_TARGET)),
                "Coverage is one minus the survival of 'unsolved'.",
            ),
        ),
    ),
    Exercise(
        id="heavy_tailed.4",
        title="One problem in five is impossible",
        difficulty=4,
        statement=(
            f"As before, but a share of {_ATOM} of the problems cannot be solved at all. What is "
            f"the coverage after {_ATTEMPTS:,} attempts?"
        ),
        hint="An atom lifts the share of unsolved problems: $\\pi_0+(1-\\pi_0)I$.",
        kind=Number(rtol=2e-3),
        answer=lambda: _with_atom(_ATOM),
        wrong=(
            WrongAnswer(
                "no atom",
                lambda: _with_atom(0.0),
                "Impossible problems stay unsolved however often you try.",
            ),
            WrongAnswer(
                "the plateau",
                lambda: 1 - _ATOM,
                "The plateau is reached only in the limit; the possible problems are not all "
                "solved yet.",
            ),
            WrongAnswer(
                "the atom subtracted",
                lambda: _with_atom(0.0) - _ATOM,
                "Some of the problems you subtract would have been unsolved anyway: the atom takes "
                "its share of solved and unsolved alike.",
            ),
        ),
    ),
)
