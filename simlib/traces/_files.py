"""Reading and writing data files: atomic, deterministic, and clear about what is wrong."""

import hashlib
import os
import tempfile
from pathlib import Path

import polars as pl

from ._errors import DataError


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def write_atomic(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that a reader sees the old file or the whole new one.

    The bytes go to a temporary file in the same folder, reach the disk, and take the name in one
    step; a process killed at any moment leaves no half-written file under that name.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def parquet_bytes(frame: pl.DataFrame) -> bytes:
    """Parquet encoding of a table: the same table always gives the same bytes."""
    with tempfile.TemporaryFile() as handle:
        # Fixed compression and row groups; statistics and metadata carry no time stamp.
        frame.write_parquet(handle, compression="zstd", compression_level=9, row_group_size=65536)
        handle.seek(0)
        return handle.read()


def read_parquet(path: Path) -> pl.DataFrame:
    """Read a Parquet file.

    Raises
    ------
    DataError
        If the file is missing, cut short or not Parquet at all.
    """
    if not path.is_file():
        raise DataError(f"{path}: the file is missing; restore it with `git checkout -- {path}`.")
    content = path.read_bytes()
    remedy = f"restore it with `git checkout -- {path}` or collect it again"
    if content[:4] != b"PAR1":
        raise DataError(f"{path}: this is not a Parquet file (no PAR1 at its start); {remedy}.")
    if len(content) < 12 or content[-4:] != b"PAR1":
        raise DataError(f"{path}: cut short after {len(content)} bytes; {remedy}.")
    try:
        return pl.read_parquet(content)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"{path}: the Parquet file is corrupt ({error}); {remedy}.") from error
