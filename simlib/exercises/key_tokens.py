"""Exercises of the chapter on sparse key tokens."""

import numpy as np
import sympy as sp

from ..formulas import key_tokens, n, reliability
from ..formulas.key_tokens import key_exponent, key_share
from ..processes import KeyTokens, LogarithmicGrowth, PowerGrowth
from ._exercise import Exercise, WrongAnswer
from ._kinds import Expression, Number

# 1 and 5: key tokens that grow like the square root
_RATE, _COEFFICIENT, _EXPONENT = 0.01, 3.0, 0.5
_LENGTH, _SHORT = 10_000, 1000
_ROOT = KeyTokens(_RATE, PowerGrowth(_COEFFICIENT, _EXPONENT))

# 2: key tokens that grow like the logarithm
_PER_FOLD, _HALF = 10.0, 0.5


def _allowed_rate() -> sp.Expr:
    """The formula of the non-key factor, with the number of non-key tokens written out."""
    return key_tokens.non_key_rate_allowed.expression.subs(
        key_tokens.non_key_count, (1 - key_share) * n
    )


def _least_decay() -> sp.Expr:
    """The decay at which the non-key sum grows with the same power as the key tokens."""
    gamma = key_tokens.decay_exponent
    power_of_sum = 1 - gamma
    (solution,) = sp.solve(sp.Eq(power_of_sum, key_exponent), gamma)
    return solution


def _survival(length: float) -> float:
    return float(_ROOT.survival(length))


EXERCISES = (
    Exercise(
        id="key_tokens.1",
        title="Square-root growth",
        difficulty=1,
        statement=(
            rf"An output has $k(n)={_COEFFICIENT:g}\sqrt n$ key tokens, each wrong with "
            f"probability {_RATE}, and no other token is ever wrong. How likely is an output of "
            f"{_LENGTH} tokens without error?"
        ),
        hint="Count the key tokens first; only they can be wrong.",
        kind=Number(),
        answer=lambda: _survival(_LENGTH),
        wrong=(
            WrongAnswer(
                "the answer without the coefficient",
                lambda: float(KeyTokens(_RATE, PowerGrowth(1.0, _EXPONENT)).survival(_LENGTH)),
                r"$\sqrt n$ is not $k(n)$ yet; there is a factor in front of it.",
            ),
            WrongAnswer(
                "the probability of at least one error",
                lambda: 1 - _survival(_LENGTH),
                "This is the chance that something goes wrong; the question asks for the "
                "complement.",
            ),
            WrongAnswer(
                "the number of key tokens",
                lambda: float(_ROOT.growth.count(_LENGTH)),
                "So many tokens must be right; now raise the probability that one is right to "
                "this power.",
            ),
        ),
    ),
    Exercise(
        id="key_tokens.2",
        title="A horizon under logarithmic growth",
        difficulty=2,
        statement=(
            rf"Now $k(n)={_PER_FOLD:g}\ln n$, with the same error rate {_RATE} of key tokens and "
            f"faultless others. Up to which length is the output free of error with probability "
            f"{_HALF}?"
        ),
        hint=r"How many key tokens survive with probability one half? Then solve $k(n)$ for $n$.",
        kind=Number(),
        answer=lambda: float(KeyTokens(_RATE, LogarithmicGrowth(_PER_FOLD)).horizon(_HALF)),
        wrong=(
            WrongAnswer(
                "the number of key tokens that survive",
                lambda: float(np.log(_HALF) / np.log1p(-_RATE)),
                "This is $k$, counted in key tokens; the length is the $n$ at which $k(n)$ "
                "reaches it.",
            ),
            WrongAnswer(
                r"$r^{-1/(ce)}$, with $e$ in place of $\lambda$",
                lambda: float(_HALF ** (-1 / (_PER_FOLD * _RATE))),
                r"The exponent is $c\lambda$ with $\lambda=-\ln(1-e)$. The difference is small "
                "for one token, but it stands in an exponent.",
            ),
            WrongAnswer(
                "the logarithm of the length",
                lambda: float(
                    np.log(KeyTokens(_RATE, LogarithmicGrowth(_PER_FOLD)).horizon(_HALF))
                ),
                r"This is $\ln n$; one step is missing.",
            ),
        ),
    ),
    Exercise(
        id="key_tokens.3",
        title="How good the easy tokens must be",
        difficulty=2,
        statement=(
            "A share `key_share` of the `n` tokens is key. How large may a constant error rate of "
            "the *other* tokens be, so that all of them are right with probability `reliability`? "
            "Give a SymPy expression in these three symbols."
        ),
        hint="How many other tokens are there? All of them must be right.",
        kind=Expression(),
        answer=_allowed_rate,
        wrong=(
            WrongAnswer(
                "the rate for all tokens",
                lambda: 1 - reliability ** (1 / n),
                "Only the tokens that are not key count here; there are fewer than $n$.",
            ),
            WrongAnswer(
                "the rate for the key tokens",
                lambda: 1 - reliability ** (1 / (key_share * n)),
                r"This uses the number of key tokens, $\phi n$; the question is about the others.",
            ),
            WrongAnswer(
                r"the union bound $(1-r)/((1-\phi)n)$",
                lambda: (1 - reliability) / ((1 - key_share) * n),
                "The union bound is on the safe side, but stricter than necessary; multiply "
                "probabilities instead of adding them.",
            ),
            WrongAnswer(
                r"the hazard $-\ln(r)/((1-\phi)n)$",
                lambda: -sp.log(reliability) / ((1 - key_share) * n),
                r"This is $-\ln(1-e)$; the question asks for $e$.",
            ),
        ),
    ),
    Exercise(
        id="key_tokens.4",
        title="How fast must the easy tokens improve?",
        difficulty=3,
        statement=(
            r"Key tokens grow like $k(n)=c\,n^a$ with $a<1$, and the hazard of the other tokens "
            r"decays like $i^{-\gamma}$. Above which $\gamma$ does the key term dominate the "
            "log-survival of long outputs? Give a SymPy expression in `key_exponent`."
        ),
        hint=r"The sum of $i^{-\gamma}$ up to $n$ grows like a power of $n$: which one?",
        kind=Expression(),
        answer=_least_decay,
        wrong=(
            WrongAnswer(
                r"$\gamma=1$, where the sum becomes finite",
                lambda: sp.Integer(1),
                "A finite sum is needed for a plateau. Here the key term itself grows without "
                "bound, so the other may grow too, only more slowly.",
            ),
            WrongAnswer(
                r"$\gamma=a$",
                lambda: key_exponent,
                r"Compare $\sum_{i\le n}i^{-\gamma}$ with $n^a$, not the single hazard "
                r"$n^{-\gamma}$ with $n^{-a}$.",
            ),
            WrongAnswer(
                r"any $\gamma>0$",
                lambda: sp.Integer(0),
                "A hazard that tends to 0 is not enough; its sum counts.",
            ),
        ),
    ),
    Exercise(
        id="key_tokens.5",
        title="Sparse key tokens or mixed difficulty?",
        difficulty=4,
        statement=(
            "In one world all sequences are alike and have the key tokens of exercise 1. In "
            "another, errors are uniform within a sequence but the error rate differs between "
            "prompts, and it is distributed so that the share of error-free outputs is the same "
            f"function of $n$. A prompt was answered without error at $n={_SHORT}$. How likely is "
            "a second, independent attempt at the same prompt to succeed? Give an array: first "
            "world, second world."
        ),
        hint=(
            "In the second world two attempts of length $n$ at one prompt share their rate, and so "
            "do the two halves of one attempt of length $2n$."
        ),
        kind=Number(),
        answer=lambda: np.array([_survival(_SHORT), _survival(2 * _SHORT) / _survival(_SHORT)]),
        wrong=(
            WrongAnswer(
                "independent attempts in both worlds",
                lambda: np.array([_survival(_SHORT), _survival(_SHORT)]),
                "In the second world the first success says that the prompt is probably an easy "
                "one.",
            ),
            WrongAnswer(
                "the probability that both succeed, in the second world",
                lambda: np.array([_survival(_SHORT), _survival(2 * _SHORT)]),
                "This is the probability of two successes; the first one is given.",
            ),
            WrongAnswer(
                "the worlds in the other order",
                lambda: np.array([_survival(2 * _SHORT) / _survival(_SHORT), _survival(_SHORT)]),
                "The array starts with the world in which all sequences are alike.",
            ),
        ),
    ),
)
