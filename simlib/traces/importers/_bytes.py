"""Opening foreign files, and reading them line by line within bounds."""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ._limits import Limits, Place, fault

_FOREIGN = {
    b"\xff\xfe": ("the text is UTF-16", "convert it to UTF-8"),
    b"\xfe\xff": ("the text is UTF-16", "convert it to UTF-8"),
    b"\x1f\x8b": ("the file is compressed with gzip", "unpack it first"),
    b"\x28\xb5": ("the file is compressed with zstd", "unpack it first"),
    b"PK": ("the file is a zip archive", "choose the format `inspect` or unpack it first"),
}


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """An ordinary, non-empty file open for reading; anything else is a `DataError`."""
    place = Place(path)
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        fault(place, f"the file cannot be found ({reason})", "check the name")
    if stat.S_ISDIR(status.st_mode):
        fault(place, "this is a folder", "name the files in it")
    if not stat.S_ISREG(status.st_mode):
        fault(place, "this is not an ordinary file", "save it to a file first")
    if status.st_size == 0:
        fault(place, "the file is empty", "was the evaluation finished?")
    try:
        handle = path.open("rb")
    except OSError as error:
        fault(place, f"the file cannot be read ({error.strerror})", "check its permissions")
    with handle:
        yield handle


def decoded(content: bytes, place: Place) -> str:
    """Text of UTF-8 bytes."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        found = f"byte {error.start + 1} is not UTF-8"
        fault(place, found, "convert the file to UTF-8, or it is damaged")


def lines(path: Path, limits: Limits) -> Iterator[tuple[Place, bytes]]:
    """The lines of a text file with their places; the byte order mark is dropped."""
    with opened(path) as handle:
        number = 0
        while line := handle.readline(limits.line + 1):
            number += 1
            place = Place(path, f"line {number}")
            if number == 1:
                _check_start(line, place)
                line = line.removeprefix(b"\xef\xbb\xbf")
            if len(line) > limits.line:
                fault(
                    place,
                    f"the line is longer than {limits.line} bytes",
                    "is this the right format? If so, raise the limit with --max-line",
                )
            yield place, line


def _check_start(line: bytes, place: Place) -> None:
    found, remedy = _FOREIGN.get(line[:2], ("", ""))
    if line[:4] == b"PAR1":
        found, remedy = "this is a Parquet file", "give it the suffix .parquet"
    if found and not (line[:2] == b"PK" and line[2:4] != b"\x03\x04"):
        fault(place, found, remedy)
