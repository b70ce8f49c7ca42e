"""Sphinx extension of the book.

Execution cache keyed per page, offline MathJax and Vega, accessibility repairs, claims and data
directives, status of the build, repository buttons. Each module registers its own part.
"""

from typing import Any

from sphinx.application import Sphinx

from . import (
    _benchmarks,
    _claims,
    _data_cards,
    _docstrings,
    _notation,
    _notebooks,
    _offline,
    _repairs,
    _repository,
    _stamp,
    _status,
)

_PARTS = (
    _stamp,
    _offline,
    _repairs,
    _repository,
    _claims,
    _data_cards,
    _docstrings,
    _notation,
    _notebooks,
    _status,
    _benchmarks,
)


def setup(app: Sphinx) -> dict[str, Any]:
    """Entry point of Sphinx."""
    for part in _PARTS:
        part.register(app)
    # Pages are read one after the other: the execution cache is filled in parallel beforehand.
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}
