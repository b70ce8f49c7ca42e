"""Log-probability of every token of a text, with its full context or a short one."""

# The language-model libraries are optional.
# pyright: reportMissingImports=false

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._model import LocalModel
from ._score import predict

BLOCK = 1024  # tokens evaluated at a time


@dataclass(frozen=True)
class TextScore:
    """One entry per scored token.

    Attributes
    ----------
    position
        0-based position in the text.
    log_prob, entropy, rank, top_prob
        As in the table `steps`.
    """

    position: np.ndarray
    log_prob: np.ndarray
    entropy: np.ndarray
    rank: np.ndarray
    top_prob: np.ndarray


def windows(length: int, context: int) -> list[tuple[int, int, int]]:
    """Windows `(start, stop, first)` in which `first` to `stop` have a short context.

    Every token from position `context` on is read once, with at least `context` and less than
    twice as many tokens before it; earlier tokens have all there are.
    """
    found = [(0, min(2 * context, length), 0)]
    while found[-1][1] < length:
        start = found[-1][0] + context
        found.append((start, min(start + 2 * context, length), start + context))
    return found


def score_text(model: LocalModel, ids: Sequence[int], *, context: int | None = None) -> TextScore:
    """Score the tokens of a text, each given those before it.

    A model with a start token has it before the text and before each window; without one, the
    first token of the text has no score.

    Parameters
    ----------
    model
        The model.
    ids
        Token ids of the text.
    context
        None: all tokens before. Otherwise see `windows`.

    Raises
    ------
    ValueError
        If the text is empty, or `context` is not positive.
    """
    import torch

    if not ids:
        raise ValueError("ids must hold at least one token, got none.")
    if context is not None and context < 1:
        raise ValueError(f"context must be at least 1, got {context}.")
    parts: list[tuple[np.ndarray, ...]] = []
    with torch.inference_mode():
        if context is None:
            parts.append(_read(model, _long(model, ids), ids, 0))
        else:
            whole = windows(len(ids), context)
            at_once = max(1, BLOCK // (2 * context))
            for place in range(0, len(whole), at_once):
                parts += _short(model, ids, whole[place : place + at_once])
    return TextScore(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _long(model: LocalModel, ids: Sequence[int]) -> Any:
    """Final hidden states before each token of a text (without a start token: but the first)."""
    import torch
    from transformers import DynamicCache

    # With its configuration a cache forgets what a sliding window no longer sees.
    cache = DynamicCache(config=model.network.config)
    text = [*model.start, *ids]
    hidden = [
        model.network.model(
            torch.tensor([text[start : start + BLOCK]]), past_key_values=cache
        ).last_hidden_state[0]
        for start in range(0, len(text), BLOCK)
    ]
    return torch.cat(hidden)[:-1]


def _short(
    model: LocalModel, ids: Sequence[int], chosen: list[tuple[int, int, int]]
) -> list[tuple[np.ndarray, ...]]:
    import torch

    begin = len(model.start)
    longest = max(stop - start for start, stop, _ in chosen) + begin
    batch = torch.zeros((len(chosen), longest), dtype=torch.long)
    for row, (start, stop, _) in enumerate(chosen):
        batch[row, : stop - start + begin] = torch.tensor([*model.start, *ids[start:stop]])
    hidden = model.network.model(batch).last_hidden_state
    parts = []
    for row, (start, stop, first) in enumerate(chosen):
        skipped = first - start if first else 1 - begin
        states = hidden[row, skipped + begin - 1 : stop - start + begin - 1]
        parts.append(_read(model, states, ids[:stop], first))
    return parts


def _read(model: LocalModel, hidden: Any, ids: Sequence[int], first: int) -> tuple[np.ndarray, ...]:
    """Columns of a score, from the hidden states before the last tokens of `ids`."""
    import torch

    positions = np.arange(len(ids) - len(hidden), len(ids))
    targets = torch.tensor(ids)[-len(hidden) :]
    columns: list[list[Any]] = [[], [], [], []]
    for part, found in predict(model, hidden):
        log_prob = found.log_prob(targets[part])
        values = (log_prob, found.entropy(), found.rank(log_prob), found.top_prob())
        for column, value in zip(columns, values, strict=True):
            column.append(value.numpy())
    log_prob, entropy, rank, top_prob = map(np.concatenate, columns)
    return positions, log_prob, entropy, rank.astype(np.int32), top_prob


def write_text(
    model: LocalModel, prompt: str, length: int, *, rng: np.random.Generator
) -> list[int]:
    """Token ids of a text of `length` tokens that the model writes after a prompt.

    Sampling is at temperature 1 over the tokens that are text: the model never ends.
    """
    import torch
    from transformers import DynamicCache

    silent = sorted(model.vocabulary.special | model.vocabulary.redundant)
    ids = model.encode(prompt)
    feed = [*model.start, *ids]
    with torch.inference_mode():
        cache = DynamicCache(config=model.network.config)
        while len(ids) < length:
            hidden = model.network.model(
                torch.tensor([feed]), past_key_values=cache
            ).last_hidden_state[0, -1:]
            share = model.network.lm_head(hidden)[0].double().softmax(-1)
            share[silent] = 0.0
            total = share.cumsum(-1)
            drawn = int(torch.searchsorted(total, rng.random() * float(total[-1]), right=True))
            ids.append(drawn)
            feed = [drawn]
    return ids
