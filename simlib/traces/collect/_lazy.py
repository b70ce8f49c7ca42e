"""A model that is loaded when it is first needed, so that a finished run never loads it."""

from typing import Any

from ._model import LocalModel, load_model
from ._score import prefix_cache


class LazyModel:
    """A model, and the cache of the text that was last put before its items.

    Parameters
    ----------
    name
        A name in `MODELS`.
    threads
        Threads of torch.
    """

    def __init__(self, name: str, *, threads: int) -> None:
        self._name, self._threads = name, threads
        self._model: LocalModel | None = None
        self._prefix: tuple[str, Any] = ("", None)

    @property
    def model(self) -> LocalModel:
        """The loaded model."""
        if self._model is None:
            self._model = load_model(self._name, threads=self._threads)
        return self._model

    def shared(self, prefix: str) -> Any:
        """Keys and values of a text that several items share."""
        if self._prefix[1] is None or self._prefix[0] != prefix:
            self._prefix = (prefix, prefix_cache(self.model, prefix))
        return self._prefix[1]
