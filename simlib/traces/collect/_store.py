"""A working folder in which a long collection leaves finished chunks, and can be resumed."""

import datetime
import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any

import polars as pl

from .._errors import DataError
from .._files import parquet_bytes, read_parquet, write_atomic
from .._schema import validate


class SettingsMismatchError(ValueError):
    """The working folder belongs to a run with other settings; the message lists them."""


class ChunkStore:
    """Finished chunks of one run, each written atomically under its own name.

    A chunk is there with all its rows or not at all, so a run that is killed at any moment loses
    at most the chunk it was working on, and one that is started again repeats no finished chunk.

    Parameters
    ----------
    folder
        The working folder; made if it does not exist.
    settings
        Everything that decides the contents of the chunks, as JSON values.

    Raises
    ------
    SettingsMismatchError
        If the folder holds chunks of a run with other settings.
    BlockingIOError
        If another live process works in the folder.
    """

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        self.folder = folder
        self._manifest = folder / "settings.json"
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = self._take_lock()
        settings = json.loads(json.dumps(settings))
        if self._manifest.exists():
            stored = json.loads(self._manifest.read_text())
            self.started: str = stored["started"]
            self._compare(stored["settings"], settings)
        else:
            self.started = datetime.datetime.now(datetime.UTC).date().isoformat()
            content = {"started": self.started, "settings": settings}
            write_atomic(self._manifest, (json.dumps(content, indent=1) + "\n").encode())
        for leftover in folder.rglob(".*.tmp"):
            leftover.unlink()  # half-written by a process that was killed

    def __enter__(self) -> "ChunkStore":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let another process use the folder."""
        os.close(self._lock)

    def _take_lock(self) -> int:
        import fcntl  # POSIX only, as is collecting

        handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            # The kernel drops the lock when its process ends, however it ends.
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise BlockingIOError(
                f"another process is collecting in {self.folder}; wait for it, or choose another "
                "--work folder."
            ) from None
        return handle

    def _compare(self, stored: dict[str, Any], settings: dict[str, Any]) -> None:
        names = sorted({*stored, *settings})
        differing = [name for name in names if stored.get(name) != settings.get(name)]
        if differing:
            os.close(self._lock)
            listed = "; ".join(
                f"{name}: was {stored.get(name)!r}, now {settings.get(name)!r}"
                for name in differing
            )
            raise SettingsMismatchError(
                f"{self.folder} holds chunks of a run with other settings ({listed}). Run with "
                "the same settings to resume it, choose another --work folder, or delete this one."
            )

    def path(self, name: str, table: str) -> Path:
        """Where a chunk of a table lies once it is finished."""
        return self.folder / table / f"{name}.parquet"

    def has(self, name: str, table: str) -> bool:
        """Whether the chunk is finished."""
        return self.path(name, table).exists()

    def write(self, name: str, table: str, frame: pl.DataFrame) -> None:
        """Validate a finished chunk and put it in the folder in one step."""
        path = self.path(name, table)
        write_atomic(path, parquet_bytes(validate(table, frame, path)))

    def read(self, name: str, table: str) -> pl.DataFrame:
        """A finished chunk.

        Raises
        ------
        DataError
            If the file was damaged after it was written; deleting it makes the run repeat it.
        """
        path = self.path(name, table)
        try:
            return validate(table, read_parquet(path), path)
        except DataError as error:
            raise DataError(f"{error} Or delete this chunk: the run will repeat it.") from error
