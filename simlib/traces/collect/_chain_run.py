"""Free-running chains: the model goes on from its own steps."""

# The language-model libraries are optional.
# pyright: reportMissingImports=false

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._chains import Chain
from ._attention import grouped_attention
from ._chain_score import digit_logits, digit_tokens, spell
from ._model import LocalModel


def growing_cache(start: Any, rows: int, room: int, *, repeat: int = 1) -> Any:
    """A cache for `rows` rows that starts like another and has room for more tokens.

    Entries are written in place; a plain cache copies itself at every step. `start` has one row
    for all, or one for every `repeat` rows.
    """
    from transformers import DynamicCache
    from transformers.cache_utils import DynamicLayer

    class Layer(DynamicLayer):
        def __init__(self, keys: Any, values: Any) -> None:
            super().__init__()
            self.used = keys.shape[-2]
            shape = (rows, keys.shape[1], self.used + room, keys.shape[3])
            self._all = (keys.new_empty(shape), values.new_empty(shape))
            for whole, first in zip(self._all, (keys, values), strict=True):
                whole[:, :, : self.used] = first.repeat_interleave(repeat, 0)
            self.dtype, self.device, self.is_initialized = keys.dtype, keys.device, True
            self._show()

        def _show(self) -> None:
            self.keys, self.values = (whole[:, :, : self.used] for whole in self._all)

        def update(self, key_states: Any, value_states: Any, *_: Any, **__: Any) -> Any:
            stop = self.used + key_states.shape[-2]
            for whole, new in zip(self._all, (key_states, value_states), strict=True):
                whole[:, :, self.used : stop] = new
            self.used = stop
            self._show()
            return self.keys, self.values

    cache = DynamicCache()
    layers: list[Any] = [Layer(layer.keys, layer.values) for layer in start.layers]
    cache.layers = layers
    return cache


def run_chains(
    model: LocalModel,
    shared: Any,
    chains: Sequence[Chain],
    *,
    runs: int,
    warm: int,
    rng: np.random.Generator,
    begun: np.ndarray | None = None,
) -> np.ndarray:
    """Let the model go on with some chains, sampling its steps under the grammar.

    Parameters
    ----------
    model
        The model.
    shared
        Cache of the worked examples, from `prefix_cache`.
    chains
        Items of one task and length.
    runs
        Independent runs of each.
    warm
        Number of steps that are written for the model before its own.
    rng
        Random stream.
    begun
        These steps, right or wrong, `(items, warm)`; by default the right ones.

    Returns
    -------
    numpy.ndarray
        The steps in the history, `(items, runs, steps)`, those that were written included.

    Raises
    ------
    ValueError
        If the items differ in their number of tokens, or `begun` is not one row of `warm` steps
        for each of them.
    """
    import torch

    right = [chain.clean() for chain in chains]
    begun = np.array([steps[:warm] for steps in right]) if begun is None else begun
    if begun.shape != (len(chains), warm):
        raise ValueError(
            f"begun must have the shape {(len(chains), warm)}, one row of warm steps for each "
            f"chain, got {begun.shape}."
        )
    spelled = [
        spell(model, chain, [*first, *steps[warm:]])
        for chain, first, steps in zip(chains, begun.tolist(), right, strict=True)
    ]
    places = spelled[0][1]
    if any((len(ids), at) != (len(spelled[0][0]), places) for ids, at in spelled):
        raise ValueError("chains must have the same number of tokens; draw them from one group.")
    given = [[model.encode(text) for text in chain.given] for chain in chains]
    first = torch.tensor([ids[: places[warm]] for ids, _ in spelled])
    width, steps, rows = chains[0].width, len(chains[0].given), len(chains) * runs
    digits = torch.tensor(digit_tokens(model))
    taken = np.zeros((rows, steps), dtype=np.int64)
    taken[:, :warm] = begun.repeat(runs, 0)
    with torch.inference_mode(), grouped_attention(model.network):
        # The beginning is the same for all runs of an item; it is evaluated once for each.
        once = growing_cache(shared, len(chains), first.shape[1])
        model.network.model(first[:, :-1], past_key_values=once)
        cache = growing_cache(once, rows, len(spelled[0][0]) - first.shape[1] + 1, repeat=runs)
        feed = first[:, -1:].repeat_interleave(runs, 0)
        for step in range(warm, steps):
            if step > warm:
                texts = torch.tensor([texts[step] for texts in given]).repeat_interleave(runs, 0)
                feed = torch.cat([feed, texts], 1)
            for _ in range(width):
                hidden = model.network.model(feed, past_key_values=cache).last_hidden_state
                share = digit_logits(model, hidden[:, -1]).double().softmax(-1).numpy()
                drawn = (share.cumsum(-1) < rng.random(rows)[:, None]).sum(-1).clip(max=9)
                taken[:, step] = 10 * taken[:, step] + drawn
                feed = digits[torch.from_numpy(drawn)][:, None]
    return taken.reshape(len(chains), runs, steps)
