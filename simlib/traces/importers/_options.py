"""What the caller says about a log that the log does not say itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Options:
    """How a log is read.

    Attributes
    ----------
    columns
        Where a column of the output is found in a plain table: output name to source name.
    model, benchmark, task
        Values for every row; they go before what the log says.
    metric
        The metric (lm-eval) or scorer (Inspect) that marks an attempt; needed where a log has
        several. `scorer/key` picks one value of a scorer that gives several.
    filter
        The lm-eval filter to use where a log has several.
    match
        lm-eval: mark every response oneself, right if its text without surrounding white space
        is the target.
    threshold
        A mark that is neither 0 nor 1 counts as a success if it reaches this value.
    stop_rule
        The stop rule of a counts table without such a column: "fixed" or "first_success".
    merge
        Add up rows for the same problem instead of refusing them.
    errors_fail
        Inspect: count samples that ended in an error as failures instead of leaving them out.
    """

    columns: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    model: str | None = None
    benchmark: str | None = None
    task: str | None = None
    metric: str | None = None
    filter: str | None = None
    match: bool = False
    threshold: float | None = None
    stop_rule: str | None = None
    merge: bool = False
    errors_fail: bool = False
