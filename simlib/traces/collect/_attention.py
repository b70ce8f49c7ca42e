"""Attention that reads every key once, for many short continuations of long texts.

Models with fewer heads of keys than of queries share each key among several queries.  The usual
implementation copies the keys for each of them; in a free run, where a few new tokens of many rows
look back on a long cache, these copies take most of the time.
"""

# The language-model libraries are optional.
# pyright: reportMissingImports=false

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

NAME = "simlib_grouped"


@contextmanager
def grouped_attention(network: Any) -> Iterator[None]:
    """Let a network use this attention for a while.

    Parameters
    ----------
    network
        A model of transformers.
    """
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

    AttentionInterface.register(NAME, _attend)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    before = network.config._attn_implementation
    network.set_attn_implementation(NAME)
    try:
        yield
    finally:
        network.set_attn_implementation(before)


def _attend(
    module: Any,
    query: Any,
    key: Any,
    value: Any,
    attention_mask: Any,
    scaling: float,
    **_: Any,
) -> tuple[Any, None]:
    """Softmax attention; the queries that share a key are rows of one matrix product."""
    import torch

    rows, heads, new, width = query.shape
    groups, past = key.shape[1], key.shape[2]
    shape = (rows, groups, heads // groups, new)
    together = (query * scaling).reshape(rows, groups, -1, width)
    scores = torch.matmul(together, key.transpose(-1, -2)).view(*shape, past)
    if attention_mask is not None:
        # (rows, 1, new, past): true where a query may look.
        scores = scores.masked_fill(~attention_mask[:, :, None], -float("inf"))
    elif new > 1:
        ahead = torch.ones(new, past, dtype=torch.bool).triu(past - new + 1)
        scores = scores.masked_fill(ahead, -float("inf"))
    weight = scores.softmax(-1).view(rows, groups, -1, past)
    out = torch.matmul(weight, value).view(rows, heads, new, width)
    return out.transpose(1, 2).contiguous(), None
