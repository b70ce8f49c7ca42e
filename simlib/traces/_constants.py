"""Numbers quoted from the literature, each with its source and how it was verified."""

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path

from .._paths import data_directory
from ._errors import DataError

VERIFIED = ("paper", "computed", "secondary")


@dataclass(frozen=True)
class Constant:
    """A number from the literature.

    Attributes
    ----------
    id
        Its name, "work.quantity".
    value
        The number.
    unit
        Its unit; "1" for a pure number.
    meaning
        What it is, as a noun phrase.
    source
        arXiv number or other reference.
    section
        Where in the source.
    verified
        "paper": read there; "computed": computed by us from the source's formula or data;
        "secondary": read only in someone else's account, and to be quoted as such.
    note
        A caveat, or empty.
    """

    id: str
    value: float
    unit: str
    meaning: str
    source: str
    section: str
    verified: str
    note: str = ""

    def __float__(self) -> float:
        return float(self.value)

    @property
    def is_fact(self) -> bool:
        """Whether the number was seen in the source itself or computed from it."""
        return self.verified != "secondary"


@functools.lru_cache(maxsize=8)
def _read(path: Path, stamp: int) -> dict[str, Constant]:
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{path}: this is not TOML ({error}); correct the line named.") from error
    found = {}
    for work, quantities in raw.items():
        for name, fields in quantities.items():
            key = f"{work}.{name}"
            value = fields.get("value")
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise DataError(f"{path}, [{key}]: value is {value!r}; write a number.")
            try:
                constant = Constant(id=key, **fields)
            except TypeError as error:
                raise DataError(f"{path}, [{key}]: {error}; correct the fields.") from error
            if constant.verified not in VERIFIED:
                raise DataError(
                    f"{path}, [{key}]: verified is {constant.verified!r}; use one of "
                    f"{', '.join(VERIFIED)}."
                )
            found[key] = constant
    return found


def constants(*, directory: Path | None = None) -> dict[str, Constant]:
    """All numbers quoted from the literature, by id.

    Raises
    ------
    DataError
        If `constants.toml` is missing or faulty.
    """
    path = (directory or data_directory()) / "constants.toml"
    if not path.is_file():
        raise DataError(f"{path}: the file is missing; restore it with git.")
    return dict(_read(path, path.stat().st_mtime_ns))


def constant(name: str, *, directory: Path | None = None) -> Constant:
    """One number quoted from the literature.

    Parameters
    ----------
    name
        Its id, such as "longppl.key_share".
    directory
        The data folder; by default the book's own.

    Raises
    ------
    KeyError
        If there is none, listing those of the same work.
    """
    known = constants(directory=directory)
    if name not in known:
        work = name.split(".", maxsplit=1)[0]
        near = [key for key in known if key.startswith(f"{work}.")] or sorted(known)
        raise KeyError(f"no constant {name!r} in constants.toml; there are {', '.join(near)}.")
    return known[name]
