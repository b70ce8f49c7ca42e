"""Exact probability of every step of a chain whose history is given.

Steps are written under a grammar: a fixed number of digits.  With $D$ the ten digit tokens, a step
$a_1\\dots a_L$ has

$$ \\ln p = \\sum_{j=1}^{L} \\ln \\frac{P(a_j \\mid \\text{before})}
                                 {\\sum_{t\\in D} P(t \\mid \\text{before})} ,\\qquad
   \\ln m = \\sum_{j=1}^{L} \\ln \\sum_{t\\in D} P(t \\mid \\text{before}) , $$

so that $\\ln p + \\ln m$ is its log-probability without the grammar.
"""

# The language-model libraries are optional.
# pyright: reportMissingImports=false

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._chains import Chain
from ._model import LocalModel
from ._score import copy_cache, predict


@dataclass(frozen=True)
class ChainScore:
    """One entry per step.

    Attributes
    ----------
    tokens
        Tokens before the step.
    log_prob, log_mass
        Log-probability of the step under the grammar, and of obeying the grammar; the latter is
        not a number where it was not asked for.
    """

    tokens: np.ndarray
    log_prob: np.ndarray
    log_mass: np.ndarray


def digit_tokens(model: LocalModel) -> list[int]:
    """Token ids of the digits 0 to 9.

    Raises
    ------
    ValueError
        If a digit is not exactly one token.
    """
    ids = [model.encode(digit) for digit in "0123456789"]
    if any(len(spelling) != 1 for spelling in ids):
        raise ValueError(
            f"{model.spec.title} spells the digits as {ids}, need one token each; it cannot run "
            "chains."
        )
    return [spelling[0] for spelling in ids]


def digit_logits(model: LocalModel, hidden: Any) -> Any:
    """Logits of the ten digits alone, from final hidden states."""
    import torch

    weight = model.network.lm_head.weight[torch.tensor(digit_tokens(model))]
    return torch.nn.functional.linear(hidden, weight)


def spell(model: LocalModel, chain: Chain, taken: Sequence[int]) -> tuple[list[int], list[int]]:
    """Token ids of a chain with these steps, and the place of the first digit of each step.

    Raises
    ------
    ValueError
        If the tokenizer joins what belongs to different steps.
    """
    ids, places = model.encode(chain.head), []
    for given, step in zip(chain.given, taken, strict=False):
        ids += model.encode(given)
        places.append(len(ids))
        ids += model.encode(chain.digits(step))
    if ids != model.encode(chain.text(tuple(taken))):
        raise ValueError(
            f"{model.spec.title} spells the chain {chain.text(tuple(taken))[:60]!r}... with tokens "
            "that run over the borders of its steps; it cannot run this chain task."
        )
    return ids, places


def score_chain(
    model: LocalModel, shared: Any, chain: Chain, taken: Sequence[int], *, mass: bool
) -> ChainScore:
    """Probability of every step that was taken, given the steps before it.

    Parameters
    ----------
    model
        The model.
    shared
        Cache of the worked examples, from `prefix_cache`.
    chain
        The item.
    taken
        Its steps, right or wrong.
    mass
        Whether to evaluate the whole vocabulary too, for the probability of obeying the grammar.
    """
    import torch

    ids, starts = spell(model, chain, taken)
    before = (np.array(starts)[:, None] + np.arange(chain.width) - 1).ravel()
    wanted = [int(digit) for step in taken for digit in chain.digits(step)]
    log_mass = np.full(len(before), np.nan, dtype=np.float32)
    with torch.inference_mode():
        cache = copy_cache(shared)
        base = cache.get_seq_length()
        hidden = model.network.model(torch.tensor([ids]), past_key_values=cache).last_hidden_state
        hidden = hidden[0, torch.from_numpy(before)]
        logits = digit_logits(model, hidden)
        norm = logits.logsumexp(-1)
        log_prob = (logits[torch.arange(len(wanted)), wanted] - norm).clamp(max=0.0).numpy()
        if mass:
            for part, found in predict(model, hidden):
                log_mass[part] = (norm[part] - found.log_norm).clamp(max=0.0).numpy()
    # One row per step: its digits are added up.
    total = [
        values.reshape(-1, chain.width).sum(1, dtype=np.float64).astype(np.float32)
        for values in (log_prob, log_mass)
    ]
    return ChainScore(base + np.array(starts), *total)
