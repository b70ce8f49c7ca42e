"""The exercise of the page on how to read the book."""

from ._exercise import Exercise, WrongAnswer
from ._kinds import Number

_BREAK, _REPAIR = 0.02, 0.1

EXERCISES = (
    Exercise(
        id="how_to_read.1",
        title="Which success?",
        difficulty=1,
        statement=(
            f"A step breaks a good state with probability {_BREAK} and repairs a bad one with "
            f"probability {_REPAIR}. With what probability is the state good after very many steps?"
        ),
        hint="In the long run as many states break as are repaired.",
        kind=Number(),
        answer=lambda: _REPAIR / (_REPAIR + _BREAK),
        wrong=(
            WrongAnswer(
                "the probability that no step ever failed",
                lambda: 0.0,
                "That is the other definition of success: it vanishes with the number of steps, "
                "while the state keeps being repaired.",
            ),
            WrongAnswer(
                "the probability that one step keeps a good state good",
                lambda: 1 - _BREAK,
                "This looks at one step only; states that broke before are bad too.",
            ),
            WrongAnswer(
                "the share of bad states",
                lambda: _BREAK / (_REPAIR + _BREAK),
                "This is the probability that the state is bad.",
            ),
        ),
    ),
)
