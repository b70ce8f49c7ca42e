"""Find an exercise and check an answer."""

import difflib
import importlib
import pkgutil
from pathlib import Path
from typing import Any

from ._exercise import Exercise, Result


def topics() -> tuple[str, ...]:
    """Topics that have exercises."""
    names = (module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    return tuple(sorted(name for name in names if not name.startswith("_")))


def exercises(topic: str) -> tuple[Exercise, ...]:
    """The exercises of a topic, in their order.

    Raises
    ------
    KeyError
        If the topic has none; the message names the closest ones.
    """
    known = topics()
    if topic not in known:
        close = difflib.get_close_matches(topic, known, n=2)
        hint = (
            f"did you mean {' or '.join(map(repr, close))}?"
            if close
            else "known: " + ", ".join(known)
        )
        raise KeyError(f"no exercises on {topic!r}; {hint}")
    return importlib.import_module(f"{__package__}.{topic}").EXERCISES


def exercise(id: str) -> Exercise:
    """The exercise with this id, such as `"uniform.3"`.

    Raises
    ------
    KeyError
        If there is none; the message names the closest ids or those of the topic.
    """
    topic = id.partition(".")[0]
    of_topic = {x.id: x for x in exercises(topic)}
    if id not in of_topic:
        raise KeyError(f"no exercise {id!r}; {topic} has {', '.join(of_topic)}.")
    return of_topic[id]


def check(id: str, answer: Any) -> Result:
    """Check an answer to an exercise.

    Parameters
    ----------
    id
        Id of the exercise, such as `"uniform.1"`.
    answer
        As the exercise asks: a number, an array, an `Estimate`, a SymPy expression, a function
        or one of the offered strings. Numbers may deviate by 0.5 % (three significant digits
        are enough); an estimate by four of its standard errors on top, provided these are small
        enough to tell right from wrong.

    Returns
    -------
    Result
        True if right; otherwise with a hint, a special one for common mistakes.

    Raises
    ------
    KeyError
        If there is no such exercise.
    TypeError, ValueError
        If the answer has the wrong type or shape, or contains foreign symbols.

    Examples
    --------
    >>> from simlib import Uniform
    >>> check("uniform.1", Uniform(error_rate=0.01).survival(60))
    Correct.
    >>> bool(check("uniform.1", 0.5))
    False
    """
    found = exercise(id)
    right = found.answer()
    given = found.kind.read(answer, right, id)
    vague = found.kind.too_vague(given, right)
    if vague:
        return Result(False, "Too imprecise to judge.", vague)
    if found.kind.same(given, right):
        return Result(True, "Correct.")
    for mistake in found.wrong:
        if found.kind.same(given, mistake.answer()):
            return Result(False, f"Not yet: this looks like {mistake.name}.", mistake.hint)
    return Result(False, "Not yet.", found.hint)


def hint(id: str) -> str:
    """The general hint of an exercise.

    Raises
    ------
    KeyError
        If there is no such exercise.
    """
    return exercise(id).hint


def statement(id: str) -> str:
    """The task of an exercise in Markdown, with its difficulty.

    Raises
    ------
    KeyError
        If there is no such exercise.
    """
    return exercise(id).statement
