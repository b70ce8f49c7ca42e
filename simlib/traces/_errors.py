"""The error that every fault in a data file raises."""


class DataError(ValueError):
    """A data file or its registry entry cannot be trusted.

    The message names the file, where it applies the row and the column, what was found and what
    to do about it.
    """
