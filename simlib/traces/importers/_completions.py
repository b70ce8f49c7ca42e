"""Completions with log-probabilities, as OpenAI-compatible servers return them: one per line.

A line is the body of a response, for chat or in the older form, or a line of a batch output that
carries such a body.
"""

import math
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl

from ._json import name, number, objects, text, whole
from ._limits import Limits, Place, fault, shown
from ._options import Options
from ._rows import Rows

_REMEDY = "ask the server for log-probabilities (logprobs) and log its whole answer"
# Servers compute in single precision, so a certain token may come out slightly above zero.
_SLACK = 1e-4


def read_completions(
    paths: list[Path], options: Options, limits: Limits
) -> tuple[pl.DataFrame, list[str]]:
    """Steps from logged completions, and remarks on what the reader had to decide."""
    rows, notes = Rows("steps", limits), Counter[str]()
    seen: dict[tuple[str, str, int], Place] = {}
    for path in paths:
        for place, line in objects(path, limits):
            item, body = _body(line, place, limits)
            model = options.model or text(body.get("model"), place, "model", limits)
            choices = body.get("choices")
            if not isinstance(choices, list) or not choices:
                fault(place, f"expected a list, found {shown(choices)}", _REMEDY, "choices")
            for choice in choices:
                if not isinstance(choice, dict):
                    found = f"expected an object, found {shown(choice)}"
                    fault(place, found, _REMEDY, "choices")
                attempt = whole(choice.get("index", 0), place, "index")
                if attempt >= 2**31:
                    fault(place, "the number is too large", "number samples from 0", "index")
                key = (item, model, attempt)
                if key in seen:
                    found = f"sample {attempt} of {shown(item)} was read before, at {seen[key]}"
                    fault(place, found, "give every request an id of its own", "id")
                seen[key] = place
                found = 0
                for position, step in enumerate(_steps(choice, place, limits)):
                    if step is None:
                        notes["tokens without a probability were left out"] += 1
                        continue
                    token, log_prob, top = step
                    row = (item, model, "sampled", attempt, position, None, token, log_prob, None)
                    rows.append((*row, *_ranked(log_prob, top), None), place)
                    found += 1
                if not found:
                    notes["samples without any token were left out"] += 1
    return rows.frame(), [f"{note} ({count})" for note, count in notes.items()]


def _body(line: dict[str, Any], place: Place, limits: Limits) -> tuple[str, dict[str, Any]]:
    """Name of the request and body of the response."""
    body = line
    if "choices" not in line and isinstance(line.get("response"), dict):
        body = line["response"]
        if "choices" not in body and isinstance(body.get("body"), dict):
            body = body["body"]
    if line.get("error") or "choices" not in body:
        fault(place, "there is no completion", "drop failed requests from the log", "choices")
    item = line.get("custom_id", line.get("id", body.get("id")))
    return name(item, place, "id", limits), body


_Step = tuple[str, float, list[float]]


def _steps(choice: dict[str, Any], place: Place, limits: Limits) -> list[_Step | None]:
    """Token, log-probability and those of the likeliest tokens, for each position."""
    said = choice.get("logprobs")
    if not isinstance(said, dict):
        fault(place, f"expected an object, found {shown(said)}", _REMEDY, "logprobs")
    content = said.get("content")
    if isinstance(content, list):
        return [_chat_step(x, place.inner(f"token {i}"), limits) for i, x in enumerate(content)]
    if isinstance(said.get("tokens"), list):
        return _older_steps(said, place, limits)
    fault(place, "neither 'content' nor 'tokens' is a list", _REMEDY, "logprobs")


def _chat_step(step: Any, place: Place, limits: Limits) -> _Step:
    if not isinstance(step, dict):
        fault(place, f"expected an object, found {shown(step)}", _REMEDY, "content")
    top = step.get("top_logprobs") or []
    if not isinstance(top, list) or not all(isinstance(x, dict) for x in top):
        fault(place, f"expected objects, found {shown(top)}", _REMEDY, "top_logprobs")
    others = [_log_prob(x.get("logprob"), place, "top_logprobs") for x in top]
    token = _token(step.get("token"), place, limits)
    return token, _log_prob(step.get("logprob"), place, "logprob"), others


def _older_steps(said: dict[str, Any], place: Place, limits: Limits) -> list[_Step | None]:
    tokens, values = said["tokens"], said.get("token_logprobs")
    if not isinstance(values, list) or len(values) != len(tokens):
        found = f"{shown(values)} does not go with {len(tokens)} tokens"
        fault(place, found, _REMEDY, "token_logprobs")
    tops = said.get("top_logprobs") or [None] * len(tokens)
    if not isinstance(tops, list) or len(tops) != len(tokens):
        found = f"{shown(tops)} does not go with {len(tokens)} tokens"
        fault(place, found, _REMEDY, "top_logprobs")
    steps: list[_Step | None] = []
    for i, (token, value, top) in enumerate(zip(tokens, values, tops, strict=True)):
        inner = place.inner(f"token {i}")
        if value is None and i == 0:
            steps.append(None)  # an echoed prompt: nothing stands before its first token
            continue
        if not isinstance(top, dict | None):
            fault(inner, f"expected an object, found {shown(top)}", _REMEDY, "top_logprobs")
        others = [_log_prob(x, inner, "top_logprobs") for x in (top or {}).values()]
        value = _log_prob(value, inner, "token_logprobs")
        steps.append((_token(token, inner, limits), value, others))
    return steps


def _token(value: Any, place: Place, limits: Limits) -> str:
    return text(value, place, "token", limits, empty=True)


def _log_prob(value: Any, place: Place, column: str) -> float:
    if isinstance(value, bool) or value is None:
        fault(place, f"expected a number, found {shown(value)}", _REMEDY, column)
    if value == -math.inf:
        return value
    value = number(value, place, column)
    if value > _SLACK:
        found = f"the log-probability {value:g} is above 0"
        fault(place, found, "natural logarithms of probabilities are needed", column)
    return max(min(value, 0.0), -3e38)  # what single precision can hold


def _ranked(log_prob: float, top: list[float]) -> tuple[int | None, float | None]:
    """Rank and top probability, where the listed likeliest tokens settle them."""
    if not top:
        return None, None
    likelier = sum(x > log_prob for x in top)
    # Some servers append the sampled token to the likeliest ones, whatever its rank; being the
    # last of the list settles nothing then.
    settled = likelier == 0 or any(x < log_prob for x in top)
    return (likelier + 1 if settled else None), math.exp(max(*top, log_prob))
