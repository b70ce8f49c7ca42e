"""Where a number lies among sorted ones, found through a guide instead of from scratch."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int32


class Guide(eqx.Module):
    """A guide table over increasing values: it names the few among which a number must lie.

    The range of the values is cut into as many equal cells as there are values. A look-up finds
    the cell of a number and bisects between the values of that cell: mostly one or two steps,
    and never more than a search through all of them.

    Parameters
    ----------
    values
        A vector of increasing numbers; equal neighbours and infinity are allowed. Cells are cut
        between 0 and the largest finite one.

    Source: Chen and Asau (1974), AIIE Transactions 6, 163.
    """

    values: Float[Array, "values"]
    before: Int32[Array, "values+1"]
    scale: Float[Array, ""]
    depth: Int32[Array, ""]

    def __init__(self, values: Float[Array, "values"]):
        cells = values.size
        top = jnp.max(jnp.where(jnp.isfinite(values), values, 0.0))
        top = jnp.maximum(top, jnp.finfo(values.dtype).smallest_normal * cells)
        self.values, self.scale = values, cells / top
        # Values before each cell. Cells of values and of numbers come from the same rounding, so
        # that no number can miss its own.
        cell = jnp.arange(cells + 1, dtype=jnp.int32)
        self.before = jnp.searchsorted(self._cell(values), cell).astype(jnp.int32)
        longest = jnp.max(jnp.diff(self.before))
        self.depth = 32 - jax.lax.clz(longest)

    def count_below(self, x: Float[Array, "..."]) -> Int32[Array, "..."]:
        """How many values lie strictly below each number."""
        cell = self._cell(x)
        low, high = self._at(self.before, cell), self._at(self.before, cell + 1)

        def halve(_, bounds):
            low, high = bounds
            middle = (low + high) // 2
            open_ = low < high
            below = self._at(self.values, middle) < x  # `middle` is one of the values if open
            return jnp.where(open_ & below, middle + 1, low), jnp.where(
                open_ & ~below, middle, high
            )

        return jax.lax.fori_loop(0, self.depth, halve, (low, high))[0]

    def _cell(self, x):
        last = self.values.size - 1
        return jnp.clip(x * self.scale, 0, last).astype(jnp.int32)

    @staticmethod
    def _at(array, index):
        return array.at[index].get(mode="clip")
