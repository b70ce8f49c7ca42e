"""What a server answers to a request for a completion, and what is wrong with it."""

import json
from dataclasses import dataclass
from math import isfinite
from typing import Any

from ._secret import KEY_VARIABLE, excerpt, holds_key


class ServerError(ConnectionError):
    """The server cannot be used as asked; the message names the address and the remedy."""


@dataclass(frozen=True)
class Completion:
    """One sampled text.

    Attributes
    ----------
    text
        The text up to the stop string.
    ended
        Whether it ended by itself, and not at the limit of tokens.
    log_probs
        `(token, natural log-probability)` of its tokens, if they were asked for.
    """

    text: str
    ended: bool
    log_probs: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Fault:
    """Why one try gave nothing, and how long the server asks to wait (seconds)."""

    reason: str
    remedy: str = "check that the server runs and can be reached, then repeat the command"
    wait: float = 0.0


def read_completion(body: bytes, log_probs: bool) -> Completion | Fault:
    """The one completion of an answer."""
    remedy = "check that the url is that of an OpenAI-compatible server"
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return Fault(f"the answer is not JSON: {excerpt(body)!r}", remedy)
    choices = content.get("choices") if isinstance(content, dict) else None
    if not isinstance(choices, list) or len(choices) != 1 or not isinstance(choices[0], dict):
        return Fault(f"the answer has no single entry of 'choices': {excerpt(body)!r}", remedy)
    text, reason = choices[0].get("text"), choices[0].get("finish_reason")
    if not isinstance(text, str) or reason not in ("stop", "length"):
        return Fault(f"the completion is incomplete: {excerpt(body)!r}", remedy)
    found = _read_log_probs(choices[0].get("logprobs")) if log_probs else ()
    if found is None:
        return Fault(
            "the answer has no log-probabilities",
            "start the server so that it gives them, or do without (no --logprobs)",
        )
    if any(holds_key(piece) for piece in (text, *(token for token, _ in found))):
        raise ServerError(
            f"the server's completion repeats the key in {KEY_VARIABLE}; nothing is "
            "stored. Withdraw the key and do not use this server."
        )
    return Completion(_clean(text), reason == "stop", found)


def _read_log_probs(raw: Any) -> tuple[tuple[str, float], ...] | None:
    """Tokens with their log-probabilities, in either of the two forms in use."""
    if not isinstance(raw, dict):
        return None
    if isinstance(raw.get("content"), list):  # llama.cpp
        entries = [entry if isinstance(entry, dict) else {} for entry in raw["content"]]
        tokens = [entry.get("token") for entry in entries]
        values = [entry.get("logprob") for entry in entries]
    else:  # OpenAI, vLLM
        tokens, values = raw.get("tokens"), raw.get("token_logprobs")
    if not isinstance(tokens, list) or not isinstance(values, list) or len(tokens) != len(values):
        return None
    found: list[tuple[str, float]] = []
    for token, value in zip(tokens, values, strict=True):
        if not isinstance(token, str) or not isinstance(value, int | float) or not isfinite(value):
            return None
        found.append((_clean(token), float(value)))
    return tuple(found)


def _clean(text: str) -> str:
    """The text with half surrogate pairs replaced, which no file could hold."""
    return text.encode(errors="replace").decode()
