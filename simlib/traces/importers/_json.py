"""Parsing JSON that someone else wrote: bounded in size, number of values and depth."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ._bytes import decoded, lines
from ._limits import Limits, Place, fault, shown


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {shown(twice)} stands twice in one object")
    return found


# Python's own NaN and Infinity are read, since several tools write them; a value that must be
# finite is checked where it is used.
_DECODER = json.JSONDecoder(object_pairs_hook=_pairs)


def parse(content: bytes, place: Place, limits: Limits) -> Any:
    """The value of a JSON text.

    Raises
    ------
    DataError
        If it is not JSON, not UTF-8, nested too deeply, has too many values or a key twice.
    """
    # Every value but the first of a list or an object follows a comma, so this bounds their
    # number, and with it the memory they take, before anything is parsed.
    values = content.count(b",") + content.count(b"[") + content.count(b"{")
    if values > limits.values:
        fault(place, f"more than {limits.values} values", "split the file into smaller pieces")
    text = decoded(content, place)
    try:
        return _DECODER.decode(text)
    except RecursionError:
        fault(place, "the JSON is nested too deeply", "this is not a log of such a tool")
    except json.JSONDecodeError as error:
        cut = error.pos >= len(text.rstrip()) - 1 or error.msg.startswith("Unterminated")
        fault(
            place,
            f"this is not JSON ({error.msg}, character {error.pos + 1})",
            "the file seems to be cut short" if cut else "one JSON object is expected here",
        )
    except ValueError as error:
        fault(place, f"this JSON cannot be read ({shown(str(error))})", "correct it")


def objects(path: Path, limits: Limits) -> Iterator[tuple[Place, dict[str, Any]]]:
    """The objects of a JSONL file with their places; blank lines are skipped."""
    some = False
    for place, line in lines(path, limits):
        if not line.strip():
            continue
        value = parse(line, place, limits)
        if not isinstance(value, dict):
            found = f"expected a JSON object, found {shown(value)}"
            fault(place, found, "write one object per line")
        some = True
        yield place, value
    if not some:
        fault(Place(path), "the file has only blank lines", "was the evaluation finished?")


# -- values ---------------------------------------------------------------------------------


def text(value: Any, place: Place, column: str, limits: Limits, *, empty: bool = False) -> str:
    """A text that can be written as UTF-8, not longer than the limit."""
    if not isinstance(value, str):
        fault(place, f"expected text, found {shown(value)}", "write it in quotes", column)
    if not value and not empty:
        fault(place, "the text is empty", "every row needs one", column)
    if len(value) > limits.text:
        found = f"the text has {len(value)} characters"
        fault(place, found, f"at most {limits.text} are allowed", column)
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        fault(place, f"the text {shown(value)} is not Unicode", "remove lone surrogates", column)
    return value


def name(value: Any, place: Place, column: str, limits: Limits) -> str:
    """An identifier: text, or a whole number, which is written out."""
    if isinstance(value, int) and not isinstance(value, bool):
        if abs(value) >= 2**63:
            fault(place, "the number is too large for a name", "use text", column)
        return str(value)
    if not isinstance(value, str):
        found = f"expected a name, found {shown(value)}"
        fault(place, found, "use text or a whole number", column)
    return text(value, place, column, limits)


def number(value: Any, place: Place, column: str) -> float:
    """A finite number; true and false are 1 and 0."""
    if isinstance(value, int | float):
        try:
            value = float(value)
        except OverflowError:
            value = math.inf
        if math.isfinite(value):
            return value
    fault(place, f"expected a finite number, found {shown(value)}", "correct the value", column)


def whole(value: Any, place: Place, column: str, low: int = 0) -> int:
    """A whole number of at least `low`; 3.0 is one, true is not."""
    remedy = f"use a whole number, at least {low}"
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        fault(place, f"expected a whole number, found {shown(value)}", remedy, column)
    if value < low:
        fault(place, f"the value {shown(value)} is below {low}", remedy, column)
    if value > 2**53:
        fault(place, "the value is too large", "at most 2**53 is allowed", column)
    return value
