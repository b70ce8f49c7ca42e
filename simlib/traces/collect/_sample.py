"""Independent sampled attempts through a prefix tree.

All attempts at one item start from the same text.  Attempts that have drawn the same tokens so far
have the same next-token distribution, so it is computed once and every one of them draws its own
token from it.  This is exactly independent sampling; only repeated computation is saved.

All branches of the tree live in one sequence.  A mask lets each token see the shared text, its own
ancestors and itself, and nothing else.
"""

# The language-model libraries are optional.
# pyright: reportMissingImports=false

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .._tasks import grade
from ._model import LocalModel
from ._score import copy_cache, log_softmax


@dataclass
class _Node:
    token: int
    ancestors: list[int]  # places in the cache of the item's tokens before this one
    text: str
    attempts: int


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


def _draw(logp: np.ndarray, count: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Draw `count` independent tokens; returns the distinct ones with their numbers."""
    cumulative = np.cumsum(np.exp(logp))
    uniform = rng.random(count) * cumulative[-1]
    tokens, counts = np.unique(
        np.searchsorted(cumulative, uniform, side="right"), return_counts=True
    )
    return list(zip(tokens.tolist(), counts.tolist(), strict=True))


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
    import torch

    texts, ends = model.vocabulary.texts, model.vocabulary.end_of_text
    answers: dict[str, int] = {}
    evaluated = 1
    with torch.inference_mode():
        cache = copy_cache(shared)
        hidden = model.network.model(
            torch.tensor([model.encode(prompt)]), past_key_values=cache
        ).last_hidden_state[0, -1:]
        base = cache.get_seq_length()
        level = [_Node(-1, [], "", attempts)]
        for depth in range(max_tokens):
            logp = log_softmax(model, hidden).numpy()
            grown: list[_Node] = []
            places = cache.get_seq_length() - len(level)
            for row, node in enumerate(level):
                before = [*node.ancestors, places + row] if depth else []
                for token, count in _draw(logp[row], node.attempts, rng):
                    text = node.text + ("" if token in ends else texts[token])
                    if token in ends or "\n" in text:
                        answers[text] = answers.get(text, 0) + count
                    else:
                        grown.append(_Node(token, before, text, count))
            level = grown
            if not level or depth == max_tokens - 1:
                break
            evaluated += len(level)
            hidden = _extend(model, cache, level, base, depth)
    right = sum(count for text, count in answers.items() if grade(prompt, text))
    return SampledAttempts(attempts, right, evaluated, answers)


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
