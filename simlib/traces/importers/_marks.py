"""From the mark of an attempt to right or wrong."""

from contextlib import suppress
from typing import Any

from ._json import number
from ._limits import Place, fault

# Inspect's letters and words: correct, incorrect, partially correct, no answer.
_WORDS = {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0, "yes": 1.0, "no": 0.0, "true": 1.0, "false": 0.0}


def mark_of(value: Any, place: Place, column: str) -> float:
    """The number that a mark stands for."""
    if isinstance(value, str):
        word = _WORDS.get(value, _WORDS.get(value.lower()))
        if word is not None:
            return word
        with suppress(ValueError):
            value = float(value)
    return number(value, place, column)


def is_success(value: Any, place: Place, column: str, threshold: float | None) -> bool:
    """Whether a mark counts as a success.

    Raises
    ------
    DataError
        If the mark is neither 0 nor 1 and no threshold was given.
    """
    mark = mark_of(value, place, column)
    if threshold is not None:
        return mark >= threshold
    if mark not in (0.0, 1.0):
        fault(
            place,
            f"the mark {mark:g} is neither 0 nor 1",
            "say from which mark on an attempt counts as a success with --threshold, "
            "or choose another mark with --metric",
            column,
        )
    return mark == 1.0
