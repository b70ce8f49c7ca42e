"""Exercises, their answers and the result of a check."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ._kinds import AnswerKind

DIFFICULTIES = {1: "warm-up", 2: "standard", 3: "demanding", 4: "challenging"}


@dataclass(frozen=True)
class WrongAnswer:
    """A mistake that readers make.

    Parameters
    ----------
    name
        What was done instead, in a few words.
    answer
        Computes the wrong answer from the library.
    hint
        What to think about for someone who made this mistake.
    """

    name: str
    answer: Callable[[], Any]
    hint: str


@dataclass(frozen=True)
class Exercise:
    """One exercise.

    Parameters
    ----------
    id
        `topic.number`, the numbers of a topic counting from 1 in order of difficulty.
    title
        A few words.
    difficulty
        1 (warm-up) to 4 (challenging).
    statement
        The task in Markdown, written with the same constants that the answer is computed from.
    hint
        General hint.
    kind
        How answers are read and compared.
    answer
        Computes the right answer from the library; nothing is typed in.
    wrong
        Named wrong answers, each different from the right one by more than the tolerance.
    """

    id: str
    title: str
    difficulty: int
    statement: str
    hint: str
    kind: AnswerKind
    answer: Callable[[], Any]
    wrong: tuple[WrongAnswer, ...]

    def __post_init__(self):
        if self.difficulty not in DIFFICULTIES:
            raise ValueError(f"{self.id}: difficulty must be 1 to 4, got {self.difficulty}.")


@dataclass(frozen=True)
class Result:
    """What `check` found.

    Parameters
    ----------
    ok
        Whether the answer is right; also the truth value of the result.
    message
        One sentence.
    hint
        What to do next; empty if the answer is right.
    """

    ok: bool
    message: str
    hint: str = ""

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        return f"{self.message} Hint: {self.hint}" if self.hint else self.message

    def _repr_markdown_(self) -> str:
        sign = "✓" if self.ok else "✗"
        return f"{sign} {self.message}" + (f" *Hint:* {self.hint}" if self.hint else "")

    def expect_ok(self) -> "Result":
        """The result itself if the answer is right; solutions in the book end with this.

        Raises
        ------
        AssertionError
            With message and hint, if the answer is wrong.
        """
        if not self.ok:
            raise AssertionError(repr(self))
        return self
