"""How much of a foreign file is read at once, and how faults are reported."""

from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from .._errors import DataError

MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Limits:
    """Bounds that keep memory small whatever a file holds.

    A parsed document takes at most a few hundred bytes per value, so `values` bounds the memory
    that a small file can blow up to; `line` and `document` bound what is read at once.

    Attributes
    ----------
    line
        Largest length of one line, in bytes.
    document
        Largest size of a JSON document or of a member of an archive, unpacked, in bytes.
    directory
        Largest size of the list of members of an archive, in bytes.
    values
        Largest number of values in one line or document.
    rows
        Largest number of rows of a table.
    text
        Longest identifier or token, in characters.
    """

    line: int = 16 * MEBIBYTE
    document: int = 64 * MEBIBYTE
    directory: int = 32 * MEBIBYTE
    values: int = 4_000_000
    rows: int = 5_000_000
    text: int = 4096


@dataclass(frozen=True)
class Place:
    """Where in a file a value stands.

    Attributes
    ----------
    path
        The file.
    part
        The line, row, member or sample, in words; empty for the whole file.
    """

    path: Path
    part: str = ""

    def inner(self, part: str) -> "Place":
        """A place within this one."""
        return Place(self.path, f"{self.part}, {part}" if self.part else part)

    def __str__(self) -> str:
        return f"{self.path}, {self.part}" if self.part else str(self.path)


def fault(place: Place, found: str, remedy: str, column: str | None = None) -> NoReturn:
    """Raise a `DataError` that names place, column, finding and remedy."""
    where = f"{place}, column {shown(column)}" if column is not None else str(place)
    raise DataError(f"{where}: {found}; {remedy}.")


def shown(value: object) -> str:
    """A value as it appears in a message: never long, never able to break the terminal."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = ascii(value[:80] if isinstance(value, str) else value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def brief(error: BaseException) -> str:
    """The message of another library's error, as short and as harmless as `shown` makes it."""
    text = ascii(str(error))[1:-1]
    return text if len(text) <= 160 else f"{text[:157]}..."
