"""Estimates from traces, and how far they are from what a process predicts."""

from ._answers import answer_log_probs as answer_log_probs
from ._concentration import gini as gini
from ._concentration import top_share as top_share
from ._growth import growth_exponent as growth_exponent
from ._ratio import ratio_of_totals as ratio_of_totals
from ._uniform import UniformGap as UniformGap
from ._uniform import length_extrapolation as length_extrapolation
from ._uniform import uniform_gap as uniform_gap

__all__ = [
    "UniformGap",
    "answer_log_probs",
    "gini",
    "growth_exponent",
    "length_extrapolation",
    "ratio_of_totals",
    "top_share",
    "uniform_gap",
]
