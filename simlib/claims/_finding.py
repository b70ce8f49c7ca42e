r"""The verdict rule and its record; free of JAX, so that reading the ledger is quick.

The rule is an equivalence test by interval inclusion. With $L$ and $U$ the ends of the interval
of the effect and $[a, b]$ the margin,

* `agrees` if $a \le L$ and $U \le b$,
* `disagrees` if $U < a$ or $L > b$,
* `inconclusive` otherwise, and whenever the interval is not finite or rests on fewer than
  `MINIMUM_N` observations (`MINIMUM_UNITS` where the interval is Student's, which allows for few).
  A wide interval is never agreement.

Intervals are two-sided at `LEVEL`, so an effect outside the margin is called `agrees`, and one
inside it `disagrees`, each with probability at most $(1 - \mathtt{LEVEL})/2$; the bound is
reached only at the edge of the margin. An effect with $m$ entries needs intervals at
`joint_level(m)` (Bonferroni); it agrees only if every entry does and disagrees if one does. Its
rates are at most $(1 - \mathtt{LEVEL})/(2m)$ for a false `agrees` and $(1-\mathtt{LEVEL})/2$ for
a false `disagrees` (twice that where both ends of the margin can be crossed).
"""

import math
from dataclasses import dataclass

from ._model import Column, Margin, Verdict

#: Level of the intervals that verdicts rest on.
LEVEL = 0.99
#: Observations below which no verdict is given.
MINIMUM_N = 100
#: The same where the interval is Student's over independent units, such as items with long chains.
MINIMUM_UNITS = 6


@dataclass(frozen=True)
class Finding:
    """What one column of the ledger says about one claim.

    Parameters
    ----------
    column, model
        The place in the ledger; `model` is empty except for traces.
    verdict
        The verdict.
    value, stderr, lower, upper
        Effect, standard error and interval, rounded to the standard error (interval outwards);
        `None` where there is no number. Of an effect with several entries the one least in
        favour of the claim.
    n
        Observations behind the effect; 0 for an exact one, `None` without a number.
    entries
        Number of entries of the effect, or of proofs.
    method
        How the interval was obtained, or what was proved.
    note
        What the runner adds, or the reason why the column is not applicable.
    """

    column: Column
    verdict: Verdict
    model: str = ""
    value: float | None = None
    stderr: float | None = None
    lower: float | None = None
    upper: float | None = None
    n: int | None = None
    entries: int = 1
    method: str = ""
    note: str = ""

    @property
    def place(self) -> str:
        """Column and model, as `traces (smollm2)`."""
        return f"{self.column} ({self.model})" if self.model else self.column

    @property
    def is_random(self) -> bool:
        """Whether chance could have made this verdict wrong."""
        return self.n is not None and self.n > 0


def joint_level(entries: int) -> float:
    """Level that each of `entries` intervals needs so that all hold at `LEVEL` (Bonferroni).

    Raises
    ------
    ValueError
        If `entries` is below 1.

    Examples
    --------
    >>> round(joint_level(10), 4)
    0.999
    """
    if entries < 1:
        raise ValueError(f"entries must be at least 1, got {entries}.")
    return 1.0 - (1.0 - LEVEL) / entries


def judge_interval(lower: float, upper: float, margin: Margin) -> Verdict:
    """The verdict of one interval.

    Examples
    --------
    >>> margin = Margin(0.9, 1.1, effect="ratio", unit="1", why="a tenth")
    >>> str(judge_interval(0.95, 1.05, margin)), str(judge_interval(0.5, 1.5, margin))
    ('agrees', 'inconclusive')
    >>> str(judge_interval(1.2, 1.3, margin))
    'disagrees'
    """
    if not (math.isfinite(lower) and math.isfinite(upper)):
        return Verdict.INCONCLUSIVE
    if margin.lower <= lower and upper <= margin.upper:
        return Verdict.AGREES
    if upper < margin.lower or lower > margin.upper:
        return Verdict.DISAGREES
    return Verdict.INCONCLUSIVE
