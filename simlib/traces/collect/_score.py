"""Exact probability that a sampled answer is right, token by token, in one forward pass.

For an answer $a_1\\dots a_L$ with a single segmentation into tokens and a set $T$ of tokens that
end it,

$$ \\ln p = \\sum_{j=1}^{L} \\ln P(a_j \\mid x, a_{<j})
          + \\ln \\sum_{t \\in T} P(t \\mid x, a_{1..L}), $$

with sampling at temperature 1 over the whole vocabulary, without its redundant byte tokens.
"""

# The language-model libraries are optional.
# pyright: reportMissingImports=false

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._model import LocalModel

PLACES = 64  # next-token distributions in memory at a time
LOWEST = -1e30  # logit of a token that is never drawn; its share is an exact zero


@dataclass(frozen=True)
class AnswerScore:
    """One row per token of an answer; the last row is the terminator.

    Attributes
    ----------
    tokens
        Token ids; for the terminator, the likeliest of its tokens.
    log_prob
        Natural log-probability of the token, or of the set of terminators.
    entropy
        Entropy of the next-token distribution in nats.
    rank
        1 + number of single tokens (outside the outcome) that are likelier than the outcome.
    top_prob
        Probability of the likeliest token.
    """

    tokens: tuple[int, ...]
    log_prob: np.ndarray
    entropy: np.ndarray
    rank: np.ndarray
    top_prob: np.ndarray

    @property
    def log_p(self) -> float:
        """Natural logarithm of the success probability: the sum of the rows."""
        return float(np.sum(self.log_prob.astype(np.float64)))


def prefix_cache(model: LocalModel, prefix: str) -> Any:
    """Keys and values of the text that all items of a group share."""
    import torch
    from transformers import DynamicCache

    with torch.inference_mode():
        tokens = torch.tensor([model.encode_start(prefix)])
        # A cache without configuration keeps every position, also those that a layer with a
        # sliding window no longer sees; the masks hide them.
        return model.network.model(tokens, past_key_values=DynamicCache()).past_key_values


def copy_cache(cache: Any, copies: int = 1) -> Any:
    """A new cache with every entry repeated along the batch; the original stays as it is."""
    from transformers import DynamicCache

    copied = DynamicCache()
    for index, layer in enumerate(cache.layers):
        keys = layer.keys.repeat(copies, 1, 1, 1)
        values = layer.values.repeat(copies, 1, 1, 1)
        copied.update(keys, values, index)
    return copied


def score_answers(
    model: LocalModel, shared: Any, pairs: Sequence[tuple[str, str]]
) -> list[AnswerScore]:
    """Score the right answers of several items that share a prefix, in one batch.

    Parameters
    ----------
    model
        The model.
    shared
        Cache of the shared prefix, from `prefix_cache`.
    pairs
        `(prompt, answer)` of each item.

    Raises
    ------
    ValueError
        If an answer has not exactly one segmentation into tokens.
    """
    import torch

    prompts = [model.encode(prompt) for prompt, _ in pairs]
    answers = [model.vocabulary.spell_answer(answer) for _, answer in pairs]
    longest = max(len(p) + len(a) for p, a in zip(prompts, answers, strict=True))
    # Rows are padded on the right: attention looks back only, so padding changes nothing before it.
    batch = torch.zeros((len(pairs), longest), dtype=torch.long)
    for row, (prompt, answer) in enumerate(zip(prompts, answers, strict=True)):
        batch[row, : len(prompt) + len(answer)] = torch.tensor([*prompt, *answer])
    with torch.inference_mode():
        cache = copy_cache(shared, len(pairs))
        hidden = model.network.model(batch, past_key_values=cache).last_hidden_state
        rows = [
            hidden[row, len(prompt) - 1 : len(prompt) + len(answer)]
            for row, (prompt, answer) in enumerate(zip(prompts, answers, strict=True))
        ]
        return _read_rows(model, torch.cat(rows), answers)


@dataclass(frozen=True)
class Predictions:
    """Next-token distributions at several places, in float32.

    Attributes
    ----------
    logits
        `(places, vocabulary)`; tokens that are never drawn have the lowest finite number.
    log_norm
        `(places,)`: logarithm of the sum of their exponentials.
    """

    logits: Any
    log_norm: Any

    def log_prob(self, tokens: Any) -> Any:
        """Log-probability of one token at each place, or of several (a last axis of tokens)."""
        found = self.logits.gather(-1, tokens.reshape(len(tokens), -1)) - self.log_norm[:, None]
        return found.clamp(max=0.0).reshape(tokens.shape)

    def entropy(self) -> Any:
        """Entropy of each distribution in nats."""
        share = (self.logits - self.log_norm[:, None]).exp()
        return (self.log_norm - (share * self.logits).sum(-1)).clamp(min=0.0)

    def top_prob(self) -> Any:
        """Probability of the likeliest token at each place."""
        return (self.logits.amax(-1) - self.log_norm).exp().clamp(max=1.0)

    def rank(self, log_prob: Any, *, outside: Any = None) -> Any:
        """1 + number of tokens likelier than `log_prob`, those of `outside` not counted."""
        likelier = self.logits > (log_prob + self.log_norm)[:, None]
        if outside is not None:
            likelier[:, outside] = False
        return 1 + likelier.sum(-1)


def predict(model: LocalModel, hidden: Any) -> Iterator[tuple[slice, Predictions]]:
    """Next-token distributions of final hidden states `(places, width)`, some places at a time.

    A vocabulary of a quarter of a million tokens makes the last layer half of the work, so it is
    evaluated for many places at once, and for those only that are asked for.
    """
    redundant = sorted(model.vocabulary.redundant)
    for start in range(0, len(hidden), PLACES):
        part = slice(start, min(start + PLACES, len(hidden)))
        logits = model.network.lm_head(hidden[part])
        if redundant:
            logits[:, redundant] = LOWEST
        yield part, Predictions(logits, logits.logsumexp(-1))


def _read_rows(
    model: LocalModel, hidden: Any, answers: Sequence[tuple[int, ...]]
) -> list[AnswerScore]:
    """Scores of several answers from the hidden states before each of their tokens and ends."""
    import torch

    ends = torch.tensor(model.vocabulary.terminators)
    targets = torch.tensor([token for answer in answers for token in (*answer, -1)])
    columns: dict[str, list[Any]] = {
        name: [] for name in ("token", "log", "entropy", "rank", "top")
    }
    for part, found in predict(model, hidden):
        target = targets[part]
        last = target < 0
        token = torch.where(last, 0, target)
        log_prob = found.log_prob(token)
        rank = found.rank(log_prob)
        if last.any():
            at_end = Predictions(found.logits[last], found.log_norm[last])
            each = at_end.log_prob(ends.expand(len(at_end.logits), -1))
            token[last] = ends[each.argmax(-1)]
            log_prob[last] = each.logsumexp(-1).clamp(max=0.0)
            rank[last] = at_end.rank(log_prob[last], outside=ends)
        values = (token, log_prob, found.entropy(), rank, found.top_prob())
        for column, value in zip(columns.values(), values, strict=True):
            column.append(value)
    whole = {name: torch.cat(column).numpy() for name, column in columns.items()}
    stops = np.cumsum([len(answer) + 1 for answer in answers])
    return [
        AnswerScore(
            tokens=tuple(whole["token"][start:stop].tolist()),
            log_prob=whole["log"][start:stop],
            entropy=whole["entropy"][start:stop],
            rank=whole["rank"][start:stop].astype(np.int32),
            top_prob=whole["top"][start:stop],
        )
        for start, stop in zip([0, *stops], stops, strict=False)
    ]
