"""Exact probability that a sampled answer is right, token by token, in one forward pass.

For an answer $a_1\\dots a_L$ with a single segmentation into tokens and a set $T$ of tokens that
end it,

$$ \\ln p = \\sum_{j=1}^{L} \\ln P(a_j \\mid x, a_{<j})
          + \\ln \\sum_{t \\in T} P(t \\mid x, a_{1..L}), $$

with sampling at temperature 1 over the whole vocabulary, without its redundant byte tokens.
"""

# The language-model libraries are optional.
# pyright: reportMissingImports=false

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._model import LocalModel


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
        return [
            _read_row(model, hidden[row, len(prompt) - 1 : len(prompt) + len(answer)], answer)
            for row, (prompt, answer) in enumerate(zip(prompts, answers, strict=True))
        ]


def log_softmax(model: LocalModel, hidden: Any) -> Any:
    """Log-probabilities over the drawn vocabulary in float64, from final hidden states."""
    logits = model.network.lm_head(hidden).double()
    if model.vocabulary.redundant:
        logits[..., sorted(model.vocabulary.redundant)] = -float("inf")
    return logits.log_softmax(-1)


def _read_row(model: LocalModel, hidden: Any, answer: tuple[int, ...]) -> AnswerScore:
    import torch

    logp = log_softmax(model, hidden)
    ends = torch.tensor(model.vocabulary.terminators)
    rows = torch.arange(len(answer))
    end = logp[-1, ends].logsumexp(0)
    log_prob = torch.cat([logp[rows, torch.tensor(answer)], end[None]]).clamp(max=0.0)
    likelier = logp > log_prob[:, None]
    likelier[-1, ends] = False
    return AnswerScore(
        tokens=(*answer, int(ends[logp[-1, ends].argmax()])),
        log_prob=log_prob.numpy().astype(np.float32),
        entropy=-(logp.exp() * logp.clamp(min=-1e4)).sum(-1).numpy().astype(np.float32),
        rank=(1 + likelier.sum(-1)).numpy().astype(np.int32),
        top_prob=logp.max(-1).values.exp().numpy().astype(np.float32),
    )
