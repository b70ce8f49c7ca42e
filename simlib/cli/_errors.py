"""Which errors are the user's to fix, and how the command line shows them."""

import sys
from types import TracebackType
from typing import NoReturn

#: Exit codes: a verdict or a checksum no longer holds; the user can fix the call or the file.
FAILED, MISUSED = 1, 2

_USER_ERRORS = (ValueError, KeyError, OSError)


def is_deliberate(error: BaseException) -> bool:
    """Whether this library raised the error on purpose, with a message for the user.

    True for value, key and file errors whose innermost frame lies in simlib. The same types
    raised inside a dependency are faults of ours and keep their traceback, and so does a failed
    look-up, whose `KeyError` holds the key instead of a sentence.
    """
    if not isinstance(error, _USER_ERRORS):
        return False
    if isinstance(error, KeyError) and not (
        len(error.args) == 1 and isinstance(error.args[0], str) and " " in error.args[0]
    ):
        return False
    module = _innermost_module(error.__traceback__)
    return module == "simlib" or module.startswith("simlib.")


def message(error: BaseException) -> str:
    """The text of an error, with its notes (`str(KeyError)` would add quotes)."""
    text = error.args[0] if isinstance(error, KeyError) else str(error)
    return "\n".join([text, *getattr(error, "__notes__", ())])


def fail(text: str, code: int) -> NoReturn:
    """Print one red message to stderr and exit."""
    from rich.console import Console
    from rich.text import Text

    Console(stderr=True, soft_wrap=True).print(Text(f"Error: {text}", style="bold red"))
    sys.exit(code)


def _innermost_module(traceback: TracebackType | None) -> str:
    name = ""
    while traceback is not None:
        name = traceback.tb_frame.f_globals.get("__name__", "")
        traceback = traceback.tb_next
    return name
