"""Where the committed data lie."""

import os
from pathlib import Path


def data_directory() -> Path:
    """The folder `data` of the book.

    `SIMLIB_DATA` if it is set; otherwise the first `data` folder with a `claims` folder in it,
    looking upwards from the working directory and then from the installed package.

    Raises
    ------
    FileNotFoundError
        If there is none, with what to do.
    """
    named = os.environ.get("SIMLIB_DATA")
    if named:
        folder = Path(named).expanduser()
        if not folder.is_dir():
            raise FileNotFoundError(
                f"SIMLIB_DATA names {folder}, which is not a folder; correct or unset it."
            )
        return folder
    for start in (Path.cwd(), Path(__file__).resolve()):
        for parent in (start, *start.parents):
            if (parent / "data" / "claims").is_dir():
                return parent / "data"
    raise FileNotFoundError(
        "no data folder found above the working directory or the simlib package; run inside a "
        "clone of the book, or set SIMLIB_DATA to its data folder."
    )
