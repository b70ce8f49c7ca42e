"""Success against length: a checked table of tasks."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Integer


class SuccessTable(NamedTuple):
    """Rows of lengths, successes and attempts, and which task each row belongs to."""

    lengths: Float[np.ndarray, " rows"]
    successes: Float[np.ndarray, " rows"]
    attempts: Float[np.ndarray, " rows"]
    task: Integer[np.ndarray, " rows"]
    independent: bool

    @property
    def tasks(self) -> int:
        return int(self.task.max()) + 1

    @property
    def trials(self) -> int:
        return int(self.attempts.sum())

    @property
    def distinct_lengths(self) -> int:
        return len(np.unique(self.lengths))


def success_table(
    lengths: Any, successes: Any, attempts: Any, *, item: Any = None, independent: bool = False
) -> SuccessTable:
    """Check the columns of a table of success against length; rows without attempts are dropped.

    Raises
    ------
    ValueError
        If the columns differ in length, a length is not positive and finite, a count is not a
        whole number with 0 <= successes <= attempts, there is no attempt at all, or items come
        with `independent`.
    """
    columns = {"lengths": lengths, "successes": successes, "attempts": attempts}
    n, y, m = (_numbers(name, column) for name, column in columns.items())
    if not n.shape == y.shape == m.shape or n.ndim != 1:
        raise ValueError(
            "lengths, successes and attempts need one entry per row, got shapes "
            f"{n.shape}, {y.shape} and {m.shape}."
        )
    if n.size == 0 or not m.sum() > 0:
        raise ValueError(f"attempts hold {m.sum():g} attempts in {n.size} rows; nothing to fit.")
    _refuse("lengths", n, ~(np.isfinite(n) & (n > 0)), "must be positive and finite",
            "take such rows out, or give the length in smaller units")  # fmt: skip
    whole = np.isfinite(m) & (m >= 0) & (m == np.rint(m))
    _refuse("attempts", m, ~whole, "must be whole numbers, 0 or more", "count attempts")
    whole = np.isfinite(y) & (y >= 0) & (y == np.rint(y))
    _refuse("successes", y, ~whole, "must be whole numbers, 0 or more",
            "a share of successes has to be multiplied by its attempts")  # fmt: skip
    if (y > m).any():
        i = int(np.flatnonzero(y > m)[0])
        raise ValueError(
            f"row {i} has {y[i]:g} successes in {m[i]:g} attempts; check which column is which."
        )
    if item is not None and independent:
        raise ValueError(
            "item names tasks with attempts that depend on each other, independent=True says "
            "that there are none; give one of them."
        )
    labels = np.arange(n.size) if item is None else np.asarray(item)
    if labels.shape != n.shape:
        raise ValueError(f"item needs one entry per row ({n.size}), got shape {labels.shape}.")
    kept = m > 0
    _, task = np.unique(labels[kept], return_inverse=True)
    return SuccessTable(n[kept], y[kept], m[kept], task.ravel(), independent)


def _numbers(name: str, column: Any) -> np.ndarray:
    try:
        return np.asarray(column, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(
            f"{name} must be numbers, got {str(column)[:60]!r}; convert the column first."
        ) from None


def _refuse(name: str, values: np.ndarray, bad: np.ndarray, rule: str, remedy: str) -> None:
    if bad.any():
        i = int(np.flatnonzero(bad)[0])
        raise ValueError(f"{name} {rule}, got {values[i]:g} in row {i}; {remedy}.")
