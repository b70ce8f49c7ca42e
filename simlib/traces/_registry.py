"""The registry of data sets: what is committed, where it came from, and whether it is intact."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._paths import data_directory
from ._errors import DataError
from ._files import sha256, write_atomic
from ._schema import SCHEMA_VERSION, TABLES
from ._toml import to_toml

_HEADER = """\
# Registry of data sets.  Written by `simlib collect`; the hashes are checked whenever a data set
# is loaded and by `simlib data verify`.  See README.md.
"""
_TEXT_FIELDS = ("title", "family", "description", "collected", "licence", "grader", "card")
_TABLE_FIELDS = ("model", "sampling", "software")


@dataclass(frozen=True)
class FileEntry:
    """One file of a data set.

    Attributes
    ----------
    content
        A name in `TABLES`, or "prompts" (a JSON object of texts).
    path
        Where it lies, relative to the data folder.
    sha256
        Hash of its bytes.
    rows
        Number of rows, or of texts.
    """

    content: str
    path: str
    sha256: str
    rows: int


@dataclass(frozen=True)
class Entry:
    """A registered data set.

    Attributes
    ----------
    id
        Name of the data set, such as "answers-smollm2".
    title, family, description
        What it is.
    schema_version
        Version of the table schema that the files follow.
    collected
        Date on which the collection began.
    licence
        Licence of the data.
    grader
        How an answer was judged right.
    card
        Path of the data card, relative to the data folder.
    known_faults
        What a user must know before trusting a number.
    model, sampling, software
        Model and its weights; prompts, sampling and entropy; versions of the libraries.
    files
        The files.
    """

    id: str
    title: str
    family: str
    description: str
    schema_version: int
    collected: str
    licence: str
    grader: str
    card: str
    known_faults: tuple[str, ...]
    model: Mapping[str, Any]
    sampling: Mapping[str, Any]
    software: Mapping[str, Any]
    files: tuple[FileEntry, ...]

    def file(self, content: str) -> FileEntry:
        """The file that holds a table.

        Raises
        ------
        DataError
            If the data set has none.
        """
        for entry in self.files:
            if entry.content == content:
                return entry
        raise DataError(
            f"registry.toml, [{self.id}]: no file holds '{content}'; add it to the files."
        )

    def size(self, *, directory: Path | None = None) -> int:
        """Bytes of all files.

        Raises
        ------
        DataError
            If a file is missing.
        """
        folder = directory or data_directory()
        for file in self.files:
            if not (folder / file.path).is_file():
                raise DataError(f"{folder / file.path}: the file is missing; restore it with git.")
        return sum((folder / file.path).stat().st_size for file in self.files)

    def to_dict(self) -> dict[str, Any]:
        """The entry as plain values, for TOML and JSON; the id is left out."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "id"}
        values["known_faults"] = list(self.known_faults)
        values["files"] = [dict(vars(file)) for file in self.files]
        return {k: dict(v) if isinstance(v, Mapping) else v for k, v in values.items()}


def registry_path(directory: Path | None = None) -> Path:
    """The registry file of a data folder (default: the book's own)."""
    return (directory or data_directory()) / "registry.toml"


def _parse(path: Path, name: str, raw: Any) -> Entry:
    def fail(found: str, remedy: str) -> DataError:
        return DataError(f"{path}, [{name}]: {found}; {remedy}.")

    if not isinstance(raw, dict):
        raise fail("this is not a table", "give every data set a table of its own")
    fields = {n for n in Entry.__dataclass_fields__ if n != "id"}
    if missing := sorted(fields - raw.keys()):
        raise fail(f"no '{missing[0]}'", f"an entry needs {', '.join(sorted(fields))}")
    if extra := sorted(raw.keys() - fields):
        raise fail(f"unknown field '{extra[0]}'", "remove it or correct its spelling")
    version = raw["schema_version"]
    if version != SCHEMA_VERSION:
        raise fail(
            f"schema_version is {version!r}, this simlib reads {SCHEMA_VERSION}",
            "install the simlib of the same commit as the data",
        )
    for field in _TEXT_FIELDS:
        if not isinstance(raw[field], str) or not raw[field]:
            raise fail(f"'{field}' is {raw[field]!r}", "write a text")
    for field in _TABLE_FIELDS:
        if not isinstance(raw[field], dict):
            raise fail(f"'{field}' is {raw[field]!r}", "write a table")
    files = []
    for number, file in enumerate(raw["files"]):
        types = {"content": str, "path": str, "sha256": str, "rows": int}
        if not isinstance(file, dict) or {k: type(v) for k, v in file.items()} != types:
            raise fail(f"file {number} is {file!r}", f"a file needs {', '.join(types)}")
        if file["content"] not in (*TABLES, "prompts"):
            raise fail(
                f"file {number} holds {file['content']!r}",
                f"use one of {', '.join(TABLES)} or prompts",
            )
        if any(other.content == file["content"] for other in files):
            raise fail(f"two files hold '{file['content']}'", "keep one file for each table")
        files.append(FileEntry(**file))
    values: dict[str, Any] = raw | {
        "files": tuple(files),
        "known_faults": tuple(raw["known_faults"]),
    }
    return Entry(id=name, **values)


def registry(*, directory: Path | None = None) -> dict[str, Entry]:
    """All registered data sets, by id.

    Parameters
    ----------
    directory
        The data folder; by default the book's own.

    Raises
    ------
    DataError
        If the registry is missing, is not TOML, or an entry is incomplete or of another schema
        version.
    """
    path = registry_path(directory)
    if not path.is_file():
        raise DataError(f"{path}: the registry is missing; restore it with git.")
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: this is not TOML ({error}); correct the line named.") from error
    return {name: _parse(path, name, value) for name, value in raw.items()}


def find_entry(dataset_id: str, *, directory: Path | None = None) -> Entry:
    """The registry entry of one data set.

    Raises
    ------
    DataError
        If there is none, listing those that exist.
    """
    entries = registry(directory=directory)
    if dataset_id not in entries:
        raise DataError(
            f"{registry_path(directory)}: no data set {dataset_id!r}; choose one of "
            f"{', '.join(entries) or '(none registered)'}."
        )
    return entries[dataset_id]


def register(entry: Entry, *, directory: Path) -> None:
    """Put an entry into the registry of a data folder, replacing one with the same id."""
    path = registry_path(directory)
    entries = registry(directory=directory) if path.exists() else {}
    entries[entry.id] = entry
    tables = {name: entries[name].to_dict() for name in sorted(entries)}
    write_atomic(path, (_HEADER + to_toml(tables)).encode())


def check_file(file: FileEntry, directory: Path) -> Path:
    """The path of a registered file, once its hash was found right.

    Raises
    ------
    DataError
        If the file is missing or its hash differs.
    """
    path = directory / file.path
    if not path.is_file():
        raise DataError(
            f"{path}: the file is missing; data are never downloaded, restore it with "
            f"`git checkout -- {path}`."
        )
    if (digest := sha256(path)) != file.sha256:
        raise DataError(
            f"{path}: sha256 is {digest}, the registry says {file.sha256}; the file was changed or "
            f"damaged. Restore it with `git checkout -- {path}`, or collect it again."
        )
    return path
