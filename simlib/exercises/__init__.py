"""Checks for the exercises of the book, with hints for common mistakes.

`check("uniform.3", answer)` says whether an answer is right; the right answer is computed from
the library each time. Each topic has a module with a tuple `EXERCISES`.
"""

from ._check import check as check
from ._check import exercise as exercise
from ._check import exercises as exercises
from ._check import hint as hint
from ._check import statement as statement
from ._check import topics as topics
from ._exercise import DIFFICULTIES as DIFFICULTIES
from ._exercise import Exercise as Exercise
from ._exercise import Result as Result
from ._exercise import WrongAnswer as WrongAnswer
from ._kinds import RTOL as RTOL
from ._kinds import AnswerKind as AnswerKind
from ._kinds import Choice as Choice
from ._kinds import Expression as Expression
from ._kinds import Function as Function
from ._kinds import Number as Number

__all__ = [
    "DIFFICULTIES",
    "RTOL",
    "AnswerKind",
    "Choice",
    "Exercise",
    "Expression",
    "Function",
    "Number",
    "Result",
    "WrongAnswer",
    "check",
    "exercise",
    "exercises",
    "hint",
    "statement",
    "topics",
]
