"""Annotations shared by the public functions."""

from collections.abc import Sequence

from jaxtyping import ArrayLike, Shaped

# What a caller may pass as numbers: arrays of JAX or NumPy, Python numbers, (nested) lists.
Numbers = Shaped[ArrayLike, "..."] | Sequence
