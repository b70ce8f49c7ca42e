"""The key of a server: where it comes from, and how it is kept out of every text."""

import json
import os
import urllib.parse

#: The environment variable that holds the key, if the server wants one.
KEY_VARIABLE = "SIMLIB_API_KEY"
MASK = "[key]"
FRAGMENT = 8  # characters of a key that are masked wherever they stand together


def read_key() -> str:
    """The key, or an empty text."""
    key = os.environ.get(KEY_VARIABLE, "")
    if key and not (key.isascii() and key.isprintable() and " " not in key):
        raise ValueError(
            f"the environment variable {KEY_VARIABLE} must hold printable ASCII characters "
            "without spaces or line breaks; set it again (its value is not shown)."
        )
    return key


def holds_key(text: str) -> bool:
    """Whether a text contains the key; one that is too short to be a secret does not count."""
    key = os.environ.get(KEY_VARIABLE, "")
    return len(key) >= FRAGMENT and key in text


def redact(text: str) -> str:
    """A text without the key, or any longer piece of it."""
    key = os.environ.get(KEY_VARIABLE, "")
    if not key:
        return text
    for form in (key, json.dumps(key)[1:-1], urllib.parse.quote(key, safe="")):
        text = text.replace(form, MASK)
    parts, start = [], 0
    while start < len(text):
        stop = start + FRAGMENT
        if len(text) < stop or text[start:stop] not in key:
            parts.append(text[start])
            start += 1
            continue
        while stop < len(text) and text[start : stop + 1] in key:
            stop += 1
        parts.append(MASK)
        start = stop
    return "".join(parts)


def excerpt(body: bytes) -> str:
    """The beginning of what a server said, on one line and without the key."""
    text = redact(body[:4000].decode(errors="replace"))
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= 300 else f"{line[:300]} ..."


def describe(error: Exception) -> str:
    """Kind and words of an error; a broken status line can repeat what was sent."""
    words = excerpt(str(error).encode(errors="replace"))
    return f"{type(error).__name__}: {words}" if words else type(error).__name__
