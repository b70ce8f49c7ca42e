"""Forecasts: coverage after many attempts, from the results of few."""

from ._counts import STOP_RULES as STOP_RULES
from ._counts import Counts as Counts
from ._counts import DistinctCounts as DistinctCounts

__all__ = [
    "STOP_RULES",
    "Counts",
    "DistinctCounts",
]
