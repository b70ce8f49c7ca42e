"""Independent sampled attempts through a prefix tree.

All attempts at one item start from the same text.  Attempts that have drawn the same tokens so far
have the same next-token distribution, so it is computed once and every one of them draws its own
token from it.  This is exactly independent sampling; only repeated computation is saved.

All branches of the tree live in one sequence.  A mask lets each token see the shared text, its own
ancestors and itself, and nothing else.
"""

# The language-model libraries are optional.
# pyright: reportMissingImports=false

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .._tasks import grade
from ._model import LocalModel
from ._score import copy_cache, predict


@dataclass
class _Node:
    token: int
    ancestors: list[int]  # places in the cache of the item's tokens before this one
    text: str
    attempts: tuple[int, ...]  # of each run


@dataclass(frozen=True)
class SampledAttempts:
    """Outcome of independent attempts at one item.

    Attributes
    ----------
    n, successes
        Attempts made, and how many were graded right from their text.
    evaluated
        Distinct prefixes that were evaluated.
    answers
        How often each finished text was drawn; unfinished attempts are not in it.
    """

    n: int
    successes: int
    evaluated: int
    answers: dict[str, int] = field(default_factory=dict)


def _draw(
    share: np.ndarray, counts: Sequence[int], rng: np.random.Generator
) -> list[tuple[int, tuple[int, ...]]]:
    """Draw independent tokens for several runs; returns the distinct ones with their numbers."""
    cumulative = np.cumsum(share, dtype=np.float64)
    # Beyond the last token that has any weight the sum is flat; nothing is drawn from there.
    uniform = rng.random(sum(counts)) * cumulative[-1]
    tokens, which = np.unique(
        np.searchsorted(cumulative, uniform, side="right"), return_inverse=True
    )
    numbers = np.zeros((len(tokens), len(counts)), dtype=np.int64)
    np.add.at(numbers, (which, np.repeat(np.arange(len(counts)), counts)), 1)
    return [
        (token, tuple(row)) for token, row in zip(tokens.tolist(), numbers.tolist(), strict=True)
    ]


def sample_attempts(
    model: LocalModel,
    shared: Any,
    prompt: str,
    *,
    attempts: int,
    max_tokens: int,
    rng: np.random.Generator,
) -> SampledAttempts:
    """Make independent attempts at one item, at temperature 1 over the whole vocabulary.

    Parameters
    ----------
    model
        The model.
    shared
        Cache of the text before the prompt, from `prefix_cache`.
    prompt
        The item's prompt.
    attempts
        Number of attempts.
    max_tokens
        Attempts with no end after this many tokens count as wrong; it must be more than the
        number of characters of the right answer, so that no right attempt is cut off.
    rng
        Random stream of this item.
    """
    runs = sample_runs(model, shared, prompt, runs=(attempts,), max_tokens=max_tokens, rng=rng)
    return runs[0]


def sample_runs(
    model: LocalModel,
    shared: Any,
    prompt: str,
    *,
    runs: Sequence[int],
    max_tokens: int,
    rng: np.random.Generator,
) -> list[SampledAttempts]:
    """Several independent sets of attempts at one item, drawn through one tree.

    Parameters
    ----------
    model, shared, prompt, max_tokens, rng
        As for `sample_attempts`.
    runs
        Number of attempts of each set.
    """
    import torch

    texts, ends = model.vocabulary.texts, model.vocabulary.end_of_text
    answers: list[dict[str, int]] = [{} for _ in runs]
    evaluated = 1
    with torch.inference_mode():
        cache = copy_cache(shared)
        hidden = model.network.model(
            torch.tensor([model.encode(prompt)]), past_key_values=cache
        ).last_hidden_state[0, -1:]
        base = cache.get_seq_length()
        level = [_Node(-1, [], "", tuple(runs))]
        for depth in range(max_tokens):
            grown: list[_Node] = []
            places = cache.get_seq_length() - len(level)
            for part, found in predict(model, hidden):
                shares = (found.logits - found.log_norm[:, None]).exp().numpy()
                for row, share in enumerate(shares, start=part.start):
                    node = level[row]
                    before = [*node.ancestors, places + row] if depth else []
                    for token, counts in _draw(share, node.attempts, rng):
                        if token in ends or "\n" in texts[token]:
                            text = node.text + ("" if token in ends else texts[token])
                            for answer, count in zip(answers, counts, strict=True):
                                if count:
                                    answer[text] = answer.get(text, 0) + count
                        else:
                            grown.append(_Node(token, before, node.text + texts[token], counts))
            level = grown
            if not level or depth == max_tokens - 1:
                break
            evaluated += len(level)
            hidden = _extend(model, cache, level, base, depth)
    return [
        SampledAttempts(
            n=attempts,
            successes=sum(count for text, count in answer.items() if grade(prompt, text)),
            evaluated=evaluated,
            answers=answer,
        )
        for attempts, answer in zip(runs, answers, strict=True)
    ]


def _extend(model: LocalModel, cache: Any, level: list[_Node], base: int, depth: int) -> Any:
    """Hidden states of the new leaves of the tree; their keys and values join the cache."""
    import torch

    past = cache.get_seq_length()
    position = base + depth
    config = model.network.config
    windows = {"full_attention": None}
    if getattr(config, "layer_types", None) and "sliding_attention" in config.layer_types:
        windows["sliding_attention"] = config.sliding_window
    masks = {}
    for kind, window in windows.items():
        mask = torch.full((len(level), past + len(level)), torch.finfo(torch.float32).min)
        # The tree is far shorter than a window, so only the shared text can lie outside of it.
        mask[:, 0 if window is None else max(0, position - window + 1) : base] = 0.0
        for row, node in enumerate(level):
            mask[row, [*node.ancestors, past + row]] = 0.0
        masks[kind] = mask[None, None]
    positions = torch.full((1, len(level)), position)
    return model.network.model(
        torch.tensor([[node.token for node in level]]),
        attention_mask=masks if len(masks) > 1 else masks["full_attention"],
        position_ids=positions,
        past_key_values=cache,
    ).last_hidden_state[0]
