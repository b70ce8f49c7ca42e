"""Exercises of the chapter on simulation at scale."""

import math

from ..formulas import error_rate, scale
from ._exercise import Exercise, WrongAnswer
from ._kinds import Expression, Number

# 1: a token loop
_RATE, _LENGTH = 1e-3, 2000

# 2: draws for an accuracy
_LONG, _TARGET = 3000, 0.01

# 3: bits
_RARE, _SEQUENCES = 1e-6, 1e12

# 4: devices
_SHARE = 0.02


def _bits(p: float) -> float:
    """Bits at which the resolution equals the standard error, rounded up."""
    return float(math.ceil(math.log(_SEQUENCES / (p * (1 - p)), 4)))


EXERCISES = (
    Exercise(
        id="scale.1",
        title="A loop over tokens",
        difficulty=1,
        statement=(
            f"Tokens are wrong with probability {_RATE:g}, independently. A loop draws one random "
            f"number per token and stops at the first error, or after {_LENGTH} tokens. How many "
            "numbers does it draw per sequence on average?"
        ),
        hint="Draw number $i+1$ is made if the first $i$ tokens are right. Sum this over $i$.",
        kind=Number(),
        answer=lambda: float(scale.token_draws(_LENGTH, _RATE)),
        wrong=(
            WrongAnswer(
                "no exit at the error",
                lambda: float(_LENGTH),
                "So many are drawn only by sequences that make no error.",
            ),
            WrongAnswer(
                "no end at the limit",
                lambda: 1 / _RATE,
                "This is the mean length up to the first error if nothing ends the sequence "
                "before.",
            ),
            WrongAnswer(
                "the probability of an error",
                lambda: 1 - (1 - _RATE) ** _LENGTH,
                "This is the share of sequences that stop early; it remains to divide it by the "
                "error rate.",
            ),
        ),
    ),
    Exercise(
        id="scale.2",
        title="One per cent",
        difficulty=2,
        statement=(
            f"The error rate is {_RATE:g} per token. The probability that {_LONG} tokens are free "
            f"of error shall be simulated event by event, with a relative standard error of "
            f"{_TARGET}. How many random numbers are needed?"
        ),
        hint="Event by event, a sequence costs one number. The relative standard error of a "
        "proportion is $\\sqrt{(1-S)/(SR)}$.",
        kind=Number(),
        answer=lambda: float(scale.event_cost(_LONG, _RATE, _TARGET)),
        wrong=(
            WrongAnswer(
                "token by token",
                lambda: float(scale.token_cost(_LONG, _RATE, _TARGET)),
                "This is what a loop over tokens draws that stops at the error.",
            ),
            WrongAnswer(
                "the target not squared",
                lambda: float(scale.event_cost(_LONG, _RATE, _TARGET)) * _TARGET,
                "A tenth of the error takes a hundred times as many sequences.",
            ),
            WrongAnswer(
                "the standard error for a relative one",
                lambda: 1 / _TARGET**2 * (1 - _RATE) ** _LONG * (1 - (1 - _RATE) ** _LONG),
                "This many give the target as the error of the probability itself; divide the "
                "error by the probability.",
            ),
        ),
    ),
    Exercise(
        id="scale.3",
        title="How many bits?",
        difficulty=2,
        statement=(
            f"An event has probability {_RARE:g} and is simulated {_SEQUENCES:g} times, each time "
            "by comparing one random word with a threshold. How many bits must a word have, at "
            "least, so that the grid of the words is finer than the standard error of the "
            "estimate?"
        ),
        hint="Words of $W$ bits have a grid of $2^{-W}$; the standard error is $\\sqrt{p(1-p)/R}$.",
        kind=Number(rtol=1e-9),
        answer=lambda: _bits(_RARE),
        wrong=(
            WrongAnswer(
                "a probability of one half",
                lambda: _bits(0.5),
                "The standard error of a rare event is much smaller than that of a coin.",
            ),
            WrongAnswer(
                "one grid point per sequence",
                lambda: float(math.ceil(math.log2(_SEQUENCES))),
                "The standard error falls with the root of the number of sequences, not with the "
                "number.",
            ),
            WrongAnswer(
                "a grid as fine as the probability",
                lambda: float(math.ceil(-math.log2(_RARE))),
                "With this grid the event can happen at all, at a probability that is wrong by up "
                "to a half.",
            ),
        ),
    ),
    Exercise(
        id="scale.4",
        title="When half of the devices is wasted",
        difficulty=3,
        statement=(
            f"A share of {_SHARE} of the time of a run stays the same however many devices there "
            "are; the rest is divided among them. On how many devices is the speed half of what "
            "it would be without the constant share?"
        ),
        hint="The efficiency is the speed-up over the number of devices, $x_D/D$.",
        kind=Number(rtol=1e-3),
        answer=lambda: 1 + 1 / _SHARE,
        wrong=(
            WrongAnswer(
                "the limit of the speed-up",
                lambda: 1 / _SHARE,
                "This is the speed-up that endless devices approach.",
            ),
            WrongAnswer(
                "half of the largest speed-up",
                lambda: (1 - _SHARE) / _SHARE,
                "There the speed is half of what endless devices give; the question compares it "
                "with the number of devices.",
            ),
            WrongAnswer(
                "half of the limit",
                lambda: 1 / (2 * _SHARE),
                "The efficiency is $1/(\\varsigma D+1-\\varsigma)$; set it to one half and solve "
                "for $D$.",
            ),
        ),
    ),
    Exercise(
        id="scale.5",
        title="Two in step",
        difficulty=4,
        statement=(
            "Two sequences with uniform errors are advanced together, one token of each per turn, "
            "until both have made an error. Give the mean number of turns as a SymPy expression "
            "in `error_rate` (from `simlib.formulas`)."
        ),
        hint="Sum over $i$ the probability that at least one is still without error after $i$ "
        "tokens, $1-(1-(1-e)^i)^2$.",
        kind=Expression(),
        answer=lambda: 2 / error_rate - 1 / (1 - (1 - error_rate) ** 2),
        wrong=(
            WrongAnswer(
                "one after the other",
                lambda: 2 / error_rate,
                "This is how long two sequences take one after the other.",
            ),
            WrongAnswer(
                "as if time were continuous",
                lambda: 3 / (2 * error_rate),
                "Two exponential times give this; tokens are whole, and both may fail in the same "
                "turn.",
            ),
            WrongAnswer(
                "the first of the two",
                lambda: 1 / (1 - (1 - error_rate) ** 2),
                "This is the mean time until one of them fails; the block goes on until both have.",
            ),
        ),
    ),
)
