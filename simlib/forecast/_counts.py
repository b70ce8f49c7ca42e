"""Success counts: what every estimator and forecaster of this package reads."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Integer

#: How the sampling of a problem ended: after a fixed number of attempts, or at its first success.
STOP_RULES = ("fixed", "first_success")


class DistinctCounts(NamedTuple):
    """The different pairs of attempts and successes; problems with equal counts are equal."""

    attempts: Integer[np.ndarray, "distinct"]
    successes: Integer[np.ndarray, "distinct"]
    multiplicity: Integer[np.ndarray, "distinct"]
    inverse: Integer[np.ndarray, "problems"]


@dataclass(frozen=True, eq=False)
class Counts:
    r"""Attempts $n_i$ and successes $c_i$ of each of $P$ problems.

    Build it with `from_columns`, which checks its input.

    Parameters
    ----------
    attempts, successes
        $n_i$ and $c_i$ with $0\le c_i\le n_i$. A problem with $n_i=0$ is known to exist, and
        nothing else is known of it.
    stopped
        Whether the sampling of a problem was stopped at its first success, so that $n_i$ is
        itself a result: $c_i=1$ means that attempt $n_i$ succeeded first, $c_i=0$ that none of
        $n_i$ did.
    problem
        Names of the problems, or an empty tuple.
    """

    attempts: Integer[np.ndarray, "problems"]
    successes: Integer[np.ndarray, "problems"]
    stopped: Bool[np.ndarray, "problems"]
    problem: tuple[str, ...] = ()

    @staticmethod
    def from_columns(
        problem: Iterable | None,
        attempts: Any,
        successes: Any,
        stop_rule: Any = None,
    ) -> "Counts":
        """Counts from the columns of a table, one row per problem.

        Parameters
        ----------
        problem
            One name per row, all different; `None` if they have none.
        attempts, successes
            Whole numbers, one per row; truth values count as 0 and 1.
        stop_rule
            `"fixed"` or `"first_success"`, one for all rows or one per row; `None` is `"fixed"`.

        Raises
        ------
        ValueError
            If a count is not a whole number, is negative, or cannot have arisen; if a problem
            occurs twice; if there is no row, or columns differ in length. The message names
            column, row, value and remedy.

        Examples
        --------
        >>> counts = Counts.from_columns(["a", "b"], [100, 100], [3, 0])
        >>> counts.n_problems, counts.n_attempts
        (2, 200)
        """
        n, c = _whole("attempts", attempts), _whole("successes", successes)
        if len(n) == 0:
            raise ValueError("attempts has no rows; give at least one problem.")
        if len(c) != len(n):
            raise ValueError(
                f"successes has {len(c)} rows and attempts has {len(n)}; give one of each per "
                "problem."
            )
        names = () if problem is None else tuple(str(name) for name in problem)
        if names:
            _check_names(names, len(n))
        stopped = _stopped(stop_rule, len(n))
        _refuse(
            c > n,
            lambda i: (
                f"successes has {c[i]} in {_row(i, names)}, which has only {n[i]} attempts; "
                "were the two columns swapped?"
            ),
        )
        _refuse(
            stopped & (c > 1),
            lambda i: (
                f"successes has {c[i]} in {_row(i, names)} with stop_rule first_success, "
                "where sampling ends at the first one; the rule must be fixed, or the count 1."
            ),
        )
        return Counts(n, c, stopped, names)

    @property
    def n_problems(self) -> int:
        """Number of problems $P$, those without any attempt included."""
        return len(self.attempts)

    @property
    def n_attempts(self) -> int:
        r"""Attempts at all problems together, $\sum_in_i$."""
        return int(self.attempts.sum())

    @property
    def n_successes(self) -> int:
        r"""Successes at all problems together, $\sum_ic_i$."""
        return int(self.successes.sum())

    @property
    def stop_rule(self) -> str:
        """`"fixed"`, `"first_success"`, or `"mixed"`."""
        if self.stopped.all():
            return STOP_RULES[1]
        return "mixed" if self.stopped.any() else STOP_RULES[0]

    def distinct(self) -> DistinctCounts:
        """The different pairs of counts, how many problems share each, and which is whose.

        The likelihood of a rate depends on the pair alone, not on how the sampling stopped.
        """
        pairs, inverse, multiplicity = np.unique(
            np.stack([self.attempts, self.successes]),
            axis=1,
            return_inverse=True,
            return_counts=True,
        )
        return DistinctCounts(pairs[0], pairs[1], multiplicity, inverse.ravel())

    def __getitem__(self, rows: Any) -> "Counts":
        """The counts of some problems: a slice, indices or a mask."""
        where = np.atleast_1d(np.arange(self.n_problems)[rows])
        names = tuple(self.problem[i] for i in where) if self.problem else ()
        return Counts(self.attempts[where], self.successes[where], self.stopped[where], names)


def _row(i: int, names: tuple[str, ...]) -> str:
    return f"row {i} ({names[i]})" if names else f"row {i}"


def _refuse(bad: np.ndarray, message) -> None:
    if bad.any():
        raise ValueError(message(int(np.flatnonzero(bad)[0])))


def _whole(name: str, values: Any) -> np.ndarray:
    """A column as 64-bit integers, or an error that names the first row that is none."""
    column = np.asarray(values)
    if column.ndim != 1:
        raise ValueError(
            f"{name} must be a column with one number per problem, got shape {column.shape}."
        )
    if column.dtype.kind not in "iufb":
        # Mixed columns: find the entry that is not a number, for the message.
        for i, value in enumerate(np.asarray(values, dtype=object)):
            if isinstance(value, str | bytes) or not _is_number(value):
                raise ValueError(
                    f"{name} has {value!r} in row {i}, which is not a number; give whole numbers."
                )
        column = column.astype(float)
    _refuse(
        ~np.isfinite(column) | (column != np.floor(column)) | (np.abs(column) > 2.0**53),
        lambda i: (
            f"{name} has {column[i]} in row {i}; give whole numbers up to 2^53, and leave "
            "out problems whose counts are missing."
        ),
    )
    _refuse(column < 0, lambda i: f"{name} has {column[i]} in row {i}; counts cannot be negative.")
    return column.astype(np.int64)


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _check_names(names: tuple[str, ...], rows: int) -> None:
    if len(names) != rows:
        raise ValueError(
            f"problem has {len(names)} names for {rows} rows of counts; give one per row."
        )
    seen: dict[str, int] = {}
    for i, name in enumerate(names):
        if name in seen:
            raise ValueError(
                f"problem {name!r} is in row {seen[name]} and again in row {i}; add up its counts, "
                "or split the table by model and benchmark first."
            )
        seen[name] = i


def _stopped(stop_rule: Any, rows: int) -> np.ndarray:
    if stop_rule is None:
        stop_rule = STOP_RULES[0]
    rules = np.asarray(stop_rule, dtype=object)
    if rules.ndim == 0:
        rules = np.repeat(rules, rows)
    if rules.shape != (rows,):
        raise ValueError(
            f"stop_rule has shape {rules.shape} for {rows} rows; give one rule, or one per row."
        )
    for i, rule in enumerate(rules):
        if rule not in STOP_RULES:
            raise ValueError(
                f"stop_rule has {rule!r} in row {i}; it must be one of {', '.join(STOP_RULES)}."
            )
    return np.array([rule == STOP_RULES[1] for rule in rules])
