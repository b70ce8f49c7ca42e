"""Forecasts: coverage after many attempts, from the results of few."""

from ._counts import STOP_RULES as STOP_RULES
from ._counts import Counts as Counts
from ._counts import DistinctCounts as DistinctCounts
from ._pass_at_k import log_all_fail as log_all_fail
from ._pass_at_k import pass_at_k as pass_at_k
from ._pass_at_k import pass_curve as pass_curve

__all__ = [
    "STOP_RULES",
    "Counts",
    "DistinctCounts",
    "log_all_fail",
    "pass_at_k",
    "pass_curve",
]
