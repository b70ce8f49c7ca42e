"""Exercises of the page on power laws of coverage."""

from functools import cache

import numpy as np
import sympy as sp
from scipy import optimize

from ..formulas import heavy_tailed, k, power_laws
from ._exercise import Exercise, WrongAnswer
from ._kinds import Expression, Number

# 1: printed coefficient and exponent of the smallest model
_COEFFICIENT, _POWER, _ATTEMPTS = -3.3, -0.18, 100

# 2: a beta population
_A, _B = 0.3, 5.0

# 3: Zipf exponent
_ZIPF = 0.5

# 5: tail exponent and precision of a wave
_TAIL, _PRECISION = 0.3, 0.01

# 6: the beta population fitted to the smallest model, and the excess allowed
_SMALL, _WIDE, _EXCESS = 0.065, 100.0, 0.1

_b, _atom, _I = heavy_tailed.tail_exponent, heavy_tailed.atom, heavy_tailed.all_fail


def _enough(error: float) -> float:
    """Attempts at which the next term of the beta mixture has the given size."""
    term = power_laws.beta_next.expression.subs(
        {heavy_tailed.shape_a: _A, heavy_tailed.shape_b: _B}
    )
    return float(-(term * k) / error)


def _local_exponent() -> sp.Expr:
    whole = heavy_tailed.with_atom.expression
    return sp.simplify(sp.diff(sp.log(whole), _I) * _b * _I)


def _wave(frequency: float) -> float:
    kept = power_laws.log_periodic_damping.subs(
        {power_laws.tail_exponent: _TAIL, power_laws.log_frequency: frequency}
    )
    return _PRECISION / float(kept.evalf())


@cache
def _needed(excess: float, logarithmic: bool = True) -> float:
    """Decimal logarithm of the attempts from which a decade shows the exponent within `excess`."""
    exponent = power_laws.window_exponent_log if logarithmic else power_laws.window_exponent
    sign = 1 if logarithmic else -1

    def gap(power_of_ten: float) -> float:
        ends = 10.0 ** np.array([power_of_ten, power_of_ten + 1])
        shares = heavy_tailed.beta_mixture(ends, _SMALL, _WIDE)
        return sign * (float(exponent(*shares, 10.0)) / _SMALL - 1) - excess

    return float(optimize.bisect(gap, 0, 30))  # type: ignore[arg-type]


EXERCISES = (
    Exercise(
        id="power_laws.1",
        title="Two bases",
        difficulty=1,
        statement=(
            f"The coefficient $a={_COEFFICIENT}$ and the exponent $b={_POWER}$ were fitted with "
            "decimal logarithms, $\\log_{10}\\mathrm{pass}@k=a\\,k^{b}$. What is the coverage "
            f"after {_ATTEMPTS} attempts?"
        ),
        hint="Evaluate the exponent first; then raise ten to it.",
        kind=Number(),
        answer=lambda: 10 ** (_COEFFICIENT * _ATTEMPTS**_POWER),
        wrong=(
            WrongAnswer(
                "the natural exponential",
                lambda: float(np.exp(_COEFFICIENT * _ATTEMPTS**_POWER)),
                "You raised e to the power; the logarithm of this fit is decimal.",
            ),
            WrongAnswer(
                "the sign of the exponent",
                lambda: 10 ** (_COEFFICIENT * _ATTEMPTS**-_POWER),
                "The exponent is negative: the logarithm of coverage shrinks with attempts.",
            ),
        ),
    ),
    Exercise(
        id="power_laws.2",
        title="When the leading term is good enough",
        difficulty=2,
        statement=(
            f"Success rates are Beta({_A}, {_B:g}) distributed. From how many attempts on is the "
            "leading power law right to one per cent, according to the next term?"
        ),
        hint="Set the absolute value of `power_laws.beta_next` to one hundredth and solve for k.",
        kind=Number(),
        answer=lambda: _enough(0.01),
        wrong=(
            WrongAnswer(
                "one tenth instead of one hundredth",
                lambda: _enough(0.1),
                "This is where the leading term is right to ten per cent.",
            ),
            WrongAnswer(
                "without the factor one half",
                lambda: 2 * _enough(0.01),
                "Look at the denominator of the next term: it is 2k.",
            ),
        ),
    ),
    Exercise(
        id="power_laws.3",
        title="Learning from rare kinds",
        difficulty=2,
        statement=(
            "Kinds of examples follow Zipf's law with $\\alpha=1/2$. By what factor must the "
            "number of examples grow to halve the probability of meeting an unseen kind?"
        ),
        hint="The exponent of the learning curve is $\\alpha/(1+\\alpha)$, not $\\alpha$.",
        kind=Number(),
        answer=lambda: 2 ** ((1 + _ZIPF) / _ZIPF),
        wrong=(
            WrongAnswer(
                "the Zipf exponent itself",
                lambda: 2 ** (1 / _ZIPF),
                "You used $\\alpha$ as the exponent; the kinds that matter change with n.",
            ),
            WrongAnswer(
                "the exponent of the probabilities",
                lambda: 2 ** (1 / (1 + _ZIPF)),
                "$1+\\alpha$ is the exponent of the probabilities over ranks, not over draws.",
            ),
        ),
    ),
    Exercise(
        id="power_laws.4",
        title="The exponent of a population with an atom",
        difficulty=3,
        statement=(
            "The solvable problems have share unsolved $I$ with local exponent $b$; a share "
            "$\\pi_0$ of all problems is impossible. What is the local exponent of the share "
            "unsolved of the whole population? Give a SymPy expression in `tail_exponent`, `atom` "
            "and `all_fail`."
        ),
        hint=(
            "Differentiate $\\ln\\{\\pi_0+(1-\\pi_0)I\\}$ with respect to $\\ln k$; the chain rule "
            "brings in $\\mathrm dI/\\mathrm d\\ln k=-bI$."
        ),
        kind=Expression(),
        answer=_local_exponent,
        wrong=(
            WrongAnswer(
                "the exponent of the solvable problems",
                lambda: _b + 0 * _atom * _I,
                "The impossible problems stay unsolved: they flatten the curve.",
            ),
            WrongAnswer(
                "the share of solvable problems as the weight",
                lambda: _b * (1 - _atom),
                "The weight is the share of solvable problems among the *unsolved*.",
            ),
        ),
    ),
    Exercise(
        id="power_laws.5",
        title="An invisible wave",
        difficulty=3,
        statement=(
            f"The distribution function of the rates is a power with $b={_TAIL}$ times "
            "$1+\\epsilon\\cos(\\omega\\ln p)$, one wave per decade. Coverage is measured to one "
            "per cent. How large may $\\epsilon$ be before the wave is seen?"
        ),
        hint=(
            "One wave per decade means $\\omega=2\\pi/\\ln10$; `power_laws.log_periodic_damping` "
            "is the share of the wave that survives."
        ),
        kind=Number(),
        answer=lambda: _wave(2 * np.pi / np.log(10)),
        wrong=(
            WrongAnswer(
                "no damping",
                lambda: _PRECISION,
                "Coverage is a blurred picture of the distribution function: the wave arrives "
                "smaller than it is.",
            ),
            WrongAnswer(
                "a frequency of one wave per factor e",
                lambda: _wave(2 * np.pi),
                "The period is a decade: $\\ln 10$ in the variable $\\ln p$, not 1.",
            ),
        ),
    ),
    Exercise(
        id="power_laws.6",
        title="Where the theorem begins",
        difficulty=4,
        statement=(
            f"Success rates are Beta({_SMALL}, {_WIDE:g}) distributed, as in the fit to the "
            "smallest published model. Find the decimal logarithm of the number of attempts from "
            "which on the exponent of $-\\ln\\mathrm{pass}@k$ over the decade from $k$ to $10k$ is "
            "at most ten per cent above the tail exponent."
        ),
        hint=(
            "Compute the window exponent from `heavy_tailed.beta_mixture` on a grid of powers of "
            "ten and bisect; the formula is stable far beyond any number of attempts."
        ),
        kind=Number(),
        answer=lambda: _needed(_EXCESS),
        wrong=(
            WrongAnswer(
                "the exponent of the share unsolved",
                lambda: _needed(_EXCESS, logarithmic=False),
                "This is the exponent of $1-\\mathrm{pass}@k$, which comes from below and is there "
                "much sooner.",
            ),
            WrongAnswer(
                "natural logarithms",
                lambda: _needed(_EXCESS) * float(np.log(10)),
                "The answer is asked for as a power of ten.",
            ),
        ),
    ),
)
