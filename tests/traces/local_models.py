"""What the tests with real models share: when they run, and plain forward passes."""

import functools
import importlib.util

import numpy as np
import pytest

from simlib.traces.collect import MODELS, load_model

LIBRARIES = ("torch", "transformers", "gguf", "accelerate", "reasoning_gym")
WEIGHTS = [package for spec in MODELS.values() for package, _ in spec.parts]
MISSING = [name for name in (*LIBRARIES, *WEIGHTS) if importlib.util.find_spec(name) is None]
NEEDS_MODELS = [
    pytest.mark.lm,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
    # Third-party loaders warn about their own future; the rest of the suite stays strict.
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),
]


#: Loading takes longer than most tests; a model is never changed.
loaded = functools.lru_cache(maxsize=2)(load_model)


def drawn_log_probs(model, tokens, places):
    """Log-probabilities of the next token after some places, over the tokens that are drawn.

    One forward pass over everything, without cache, batch, blocks or mask.
    """
    import torch

    with torch.inference_mode():
        hidden = model.network.model(torch.tensor([list(tokens)]), use_cache=False)
        logits = model.network.lm_head(hidden.last_hidden_state[0, list(places)]).double()
        logits[:, sorted(model.vocabulary.redundant)] = -np.inf
        return logits.log_softmax(-1).numpy()
