"""The errors of traces that a reader can do something about."""


class DataError(ValueError):
    """A data file or its registry entry cannot be trusted.

    The message names the file, where it applies the row and the column, what was found and what
    to do about it.
    """


class MissingLibraryError(FileNotFoundError):
    """An optional library is not installed; the message says what to install."""
