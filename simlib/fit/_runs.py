"""Runs up to their first error, checked once and kept as distinct pairs with multiplicities."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Integer, Shaped

_LARGEST = 2**53


@dataclass(frozen=True)
class Runs:
    """Runs that ended with their first error, or before one was seen.

    Build it with `Runs.from_columns`, which checks. What a likelihood needs are the distinct
    pairs of length and error with their multiplicities; fits cost as much as there are pairs.

    Attributes
    ----------
    length
        Length of each distinct pair: steps up to and including the first error, or steps
        observed to be right.
    error
        1 where the last of them was the error, 0 where none was seen.
    count
        How many runs have this pair.
    pair
        Which pair each run has, in the order in which the runs were given.
    item
        Number of the item of each run, from 0; None where items are not known.
    """

    length: Integer[np.ndarray, " pairs"]
    error: Integer[np.ndarray, " pairs"]
    count: Integer[np.ndarray, " pairs"]
    pair: Integer[np.ndarray, " runs"]
    item: Integer[np.ndarray, " runs"] | None = None

    @staticmethod
    def from_columns(
        length: Shaped[np.ndarray, " runs"],
        error: Shaped[np.ndarray, " runs"],
        *,
        item: Shaped[np.ndarray, " runs"] | None = None,
        run: Shaped[np.ndarray, " runs"] | None = None,
    ) -> "Runs":
        """Check columns of runs and compress them.

        Parameters
        ----------
        length
            Steps until and including the first error, or until the run ended without one: whole
            numbers of at least 1.
        error
            1 (or True) for an error, 0 (or False) for a run that ended without one.
        item
            What each run was about; repeats of an item share the value. Any type.
        run
            Name of each run; only checked for repetitions.

        Raises
        ------
        ValueError
            If there is no run, columns differ in length, a length is not a whole number of at
            least 1, an error is neither 0 nor 1, or a name of a run stands twice.

        Examples
        --------
        >>> runs = Runs.from_columns(np.array([3, 5, 3]), np.array([1, 0, 1]))
        >>> runs.length.tolist(), runs.error.tolist(), runs.count.tolist()
        ([3, 5], [1, 0], [2, 1])
        """
        lengths, errors = _lengths(np.asarray(length)), _errors(np.asarray(error))
        if lengths.size == 0:
            raise ValueError("length holds no run; give at least one.")
        for name, column in (("error", errors), ("item", item), ("run", run)):
            if column is not None and np.shape(column) != lengths.shape:
                raise ValueError(
                    f"{name} must have one entry per run, got shape {np.shape(column)} for "
                    f"{lengths.size} lengths."
                )
        if run is not None:
            _check_names(np.asarray(run))
        # One sort of whole numbers instead of one of rows.
        code, pair, count = np.unique(2 * lengths + errors, return_inverse=True, return_counts=True)
        number = None
        if item is not None:
            number = np.unique(np.asarray(item), return_inverse=True)[1].ravel()
        return Runs(code // 2, code % 2, count, pair.ravel(), number)

    @staticmethod
    def from_counts(
        length: Shaped[np.ndarray, " rows"],
        error: Shaped[np.ndarray, " rows"],
        count: Shaped[np.ndarray, " rows"],
        *,
        item: Shaped[np.ndarray, " rows"] | None = None,
    ) -> "Runs":
        """Runs from a table that says how often each length occurred.

        Parameters
        ----------
        length, error
            As in `from_columns`.
        count
            How many runs each row stands for: whole numbers of at least 1.
        item
            What the runs of each row were about. Any type.

        Raises
        ------
        ValueError
            If a count is not a whole number of at least 1, or for the reasons of `from_columns`.

        Examples
        --------
        >>> runs = Runs.from_counts(np.array([3, 5]), np.array([1, 0]), np.array([2, 1]))
        >>> runs.runs, runs.errors, runs.steps
        (3, 2, 11)
        """
        rows = Runs.from_columns(length, error, item=item)
        counts = np.asarray(count)
        if counts.shape != rows.pair.shape:
            raise ValueError(
                f"count must have one entry per row, got shape {counts.shape} for {rows.runs} "
                "lengths."
            )
        counts = _whole("count", counts, "say how many runs a row stands for")
        total = np.zeros_like(rows.count)
        np.add.at(total, rows.pair, counts)
        number = None if rows.item is None else np.repeat(rows.item, counts)
        return Runs(rows.length, rows.error, total, np.repeat(rows.pair, counts), number)

    @property
    def runs(self) -> int:
        """Number of runs."""
        return self.pair.size

    @property
    def errors(self) -> int:
        """Number of runs that ended with an error."""
        return int(self.count[self.error == 1].sum())

    @property
    def longest(self) -> int:
        """The last step that was observed in any run."""
        return int(self.length.max())

    @property
    def steps(self) -> int:
        """Steps at which an error could have been seen: the sum of all lengths."""
        return int((self.length * self.count).sum())

    @property
    def items(self) -> int:
        """Number of items; every run is an item of its own where items are not known."""
        return self.runs if self.item is None else int(self.item.max()) + 1

    @property
    def has_repeats(self) -> bool:
        """Whether some item has more than one run."""
        return self.items < self.runs

    def unit(self) -> Integer[np.ndarray, " runs"]:
        """Number of the independent unit of each run: its item, or else the run itself."""
        return np.arange(self.runs) if self.item is None else self.item

    def counts_of(self, chosen: Bool[np.ndarray, " runs"]) -> Integer[np.ndarray, " pairs"]:
        """Multiplicity of each pair among the chosen runs."""
        return np.bincount(self.pair[chosen], minlength=self.length.size)


def _lengths(values: np.ndarray) -> np.ndarray:
    return _whole(
        "length",
        values,
        "count the steps up to and including the first error, and leave out runs in which no step "
        "was seen",
    )


def _whole(name: str, values: np.ndarray, remedy: str) -> np.ndarray:
    if values.ndim != 1:
        raise ValueError(f"{name} must be one column, got shape {values.shape}.")
    if values.dtype.kind not in "iuf":
        raise ValueError(f"{name} must hold whole numbers, got values of type {values.dtype}.")
    with np.errstate(invalid="ignore"):
        good = (values >= 1) & (values == np.floor(values)) & (values <= _LARGEST)
    if not good.all():
        i = int(np.flatnonzero(~good)[0])
        raise ValueError(
            f"{name} must hold whole numbers from 1, got {values[i]} in entry {i}; {remedy}."
        )
    return values.astype(np.int64)


def _errors(values: np.ndarray) -> np.ndarray:
    good = np.isin(values, (0, 1)) if values.dtype.kind in "biuf" else np.zeros(values.shape, bool)
    if not good.all():
        i = int(np.flatnonzero(~good)[0])
        raise ValueError(
            f"error must be 0 or 1, got {values.flat[i]} in entry {i}; use 1 for a run that "
            "ended with an error and 0 for one that ended without."
        )
    return values.astype(np.int64)


def _check_names(names: np.ndarray) -> None:
    known, count = np.unique(names, return_counts=True)
    if (count > 1).any():
        raise ValueError(
            f"run must name every run once, got '{known[count > 1][0]}' {count.max()} times; join "
            "item and repeat to a name."
        )
