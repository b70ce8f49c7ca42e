"""Mergeable counts: how many of the simulated sequences are free of error at each length."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import jax.numpy as jnp
import numpy as np

from .._estimate import Estimate

# A run of replicates: digest of its key, first replicate, and one past the last.
Span = tuple[str, int, int]


@dataclass(frozen=True)
class Counts:
    """Sequences that are free of error at each length, out of all that were simulated.

    Counts are whole numbers of unlimited size, so merging is exact, associative and
    commutative: pieces computed on different days or machines add up to what one run gives.

    Parameters
    ----------
    lengths
        Whole lengths in increasing order, without repetition.
    survived
        For each length, the number of sequences without an error in that many trials.
    spans
        Which replicates of which key were simulated, as (digest of the key, first, one past the
        last), sorted and joined.
    process
        Digest of the process and its parameters.

    Raises
    ------
    ValueError
        If the counts are impossible (more survivors than sequences, or at a longer length).
    """

    lengths: tuple[int, ...]
    survived: tuple[int, ...]
    spans: tuple[Span, ...]
    process: str

    def __post_init__(self):
        n = self.replicates
        allowed = (n, *self.survived)
        if len(self.lengths) != len(self.survived) or any(
            not 0 <= later <= earlier
            for earlier, later in zip(allowed, self.survived, strict=False)
        ):
            raise ValueError(
                f"survived must fall from at most {n} to at least 0 over {len(self.lengths)} "
                f"lengths, got {self.survived}; these are not counts of one set of sequences."
            )

    @property
    def replicates(self) -> int:
        """Number of sequences simulated."""
        return sum(stop - start for _, start, stop in self.spans)

    def __add__(self, other: "Counts") -> "Counts":
        """Both sets of sequences together.

        Raises
        ------
        ValueError
            If lengths or processes differ, or if some replicates are in both.
        """
        if not isinstance(other, Counts):
            return NotImplemented
        if self.lengths != other.lengths:
            raise ValueError(
                f"counts at lengths {_short(self.lengths)} cannot be merged with counts at "
                f"{_short(other.lengths)}; simulate both at the same lengths."
            )
        if self.process != other.process:
            raise ValueError(
                f"counts of process {self.process} cannot be merged with counts of process "
                f"{other.process}: parameters, or float32 and float64, differ."
            )
        survived = tuple(a + b for a, b in zip(self.survived, other.survived, strict=True))
        return Counts(self.lengths, survived, _join(self.spans + other.spans), self.process)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the counts to a JSON file, in one step: a reader sees the old file or the new.

        Parameters
        ----------
        path
            Name of the file; its folder is made if it does not exist.

        Raises
        ------
        OSError
            If the file cannot be written.

        Examples
        --------
        >>> Counts((10,), (7,), (("key", 0, 9),), "process").save("counts.json")  # doctest: +SKIP
        """
        from ..traces._files import write_atomic
        from ._checkpoint import encode

        write_atomic(Path(path), encode(self))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "Counts":
        """Read what `save` wrote; files of several machines add up with `+`.

        Parameters
        ----------
        path
            Name of the file.

        Returns
        -------
        Counts

        Raises
        ------
        ValueError
            If the file is not one of counts, or is damaged.
        OSError
            If there is no such file.
        """
        from ._checkpoint import decode

        return decode(Path(path).read_bytes(), Path(path))

    def survival(
        self, *, level: float = 0.95, method: Literal["wilson", "clopper-pearson"] = "wilson"
    ) -> Estimate:
        """Estimate of S at each of `lengths`."""
        return Estimate.from_counts(
            np.array(self.survived, dtype=np.float64), self.replicates, level=level, method=method
        )

    def hazard(
        self, *, level: float = 0.95, method: Literal["wilson", "clopper-pearson"] = "wilson"
    ) -> Estimate:
        r"""Estimate of the hazard $1-S(b)/S(a)$ between neighbouring lengths $a<b$.

        The number that fails between the two out of those at risk is binomial given the latter.
        The result has one entry less than `lengths`; where nobody is at risk the value is NaN
        and its interval (0, 1). `n` is the number of sequences simulated.
        """
        rows = [(np.nan, np.nan, 0.0, 1.0)] * (len(self.lengths) - 1)
        for i, (at_risk, left) in enumerate(
            zip(self.survived[:-1], self.survived[1:], strict=True)
        ):
            if at_risk:
                e = Estimate.from_counts(at_risk - left, at_risk, level=level, method=method)
                rows[i] = float(e.value), float(e.stderr), float(e.lower), float(e.upper)
        value, stderr, lower, upper = np.array(rows, dtype=np.float64).reshape(-1, 4).T
        return _estimate(value, stderr, lower, upper, level, self.replicates, method)


def _estimate(value, stderr, lower, upper, level, n, method) -> Estimate:
    parts = (jnp.asarray(x, dtype=float) for x in (value, stderr, lower, upper))
    return Estimate(*parts, level=level, n=n, method=method)


def _join(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    joined: list[Span] = []
    for key, start, stop in sorted(spans):
        if joined and joined[-1][0] == key and start <= joined[-1][2]:
            last = joined.pop()
            if start < last[2]:
                raise ValueError(
                    f"replicates {start} to {min(stop, last[2]) - 1} of key {key} are in both "
                    "counts and would be counted twice; merge counts of separate replicates."
                )
            start = last[1]
        joined.append((key, start, stop))
    return tuple(joined)


def _short(lengths: tuple[int, ...]) -> str:
    shown = ", ".join(map(str, lengths[:6]))
    return f"({shown}{', ...' if len(lengths) > 6 else ''})"
