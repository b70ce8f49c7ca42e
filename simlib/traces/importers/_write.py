"""Writing an imported table: whole or not at all, and never over something else."""

import io
import os
from pathlib import Path

import polars as pl

from .._errors import DataError
from .._files import parquet_bytes, write_atomic

SUFFIXES = (".parquet", ".csv", ".jsonl")


def check_output(out: Path, inputs: list[Path], *, force: bool = False) -> None:
    """Check, before anything is read, that `out` can be written.

    Parameters
    ----------
    out
        The file to write; its suffix says which kind: .parquet, .csv or .jsonl.
    inputs
        The logs, none of which may be overwritten.
    force
        Whether a file that exists may be replaced.

    Raises
    ------
    DataError
        If the suffix is unknown, the file exists, or it is a folder or one of the logs.
    """
    if out.suffix.lower() not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise DataError(f"{out}: the suffix says what is written; use one of {known}.")
    if os.path.isdir(out):
        raise DataError(f"{out}: this is a folder; name a file in it.")
    if os.path.realpath(out) in {os.path.realpath(path) for path in inputs}:
        raise DataError(f"{out}: this is one of the logs to import; name another file.")
    if os.path.lexists(out) and not force:
        raise DataError(f"{out}: the file exists; name another one, or replace it with --force.")


def write_table(frame: pl.DataFrame, out: Path) -> None:
    """Write a table as Parquet, CSV or JSONL, by the suffix of `out`.

    The file appears under its name only once it is complete.

    Raises
    ------
    DataError
        If the suffix is unknown or the folder cannot be written to.
    """
    suffix = out.suffix.lower()
    if suffix not in SUFFIXES:
        raise DataError(f"{out}: the suffix says what is written; use one of {SUFFIXES}.")
    buffer = io.BytesIO()
    if suffix == ".csv":
        frame.write_csv(buffer)
    elif suffix == ".jsonl":
        _check_finite(frame, out)
        frame.write_ndjson(buffer)
    content = buffer.getvalue() if suffix != ".parquet" else parquet_bytes(frame)
    try:
        write_atomic(out, content)
    except OSError as error:
        raise DataError(f"{out}: cannot be written ({error.strerror}).") from error


def _check_finite(frame: pl.DataFrame, out: Path) -> None:
    for name in frame.columns:
        if frame[name].dtype.is_float() and not frame[name].drop_nulls().is_finite().all():
            raise DataError(
                f"{out}: JSON cannot hold the infinite values of column '{name}'; "
                "write .parquet or .csv."
            )
