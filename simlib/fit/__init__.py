"""Estimates from traces, and how far they are from what a process predicts."""

from ._answers import answer_log_probs as answer_log_probs
from ._calibration import Calibration as Calibration
from ._calibration import calibration as calibration
from ._concentration import gini as gini
from ._concentration import top_share as top_share
from ._growth import by_length as by_length
from ._growth import growth_exponent as growth_exponent
from ._overdispersion import Overdispersion as Overdispersion
from ._overdispersion import coverage_ratio as coverage_ratio
from ._overdispersion import overdispersion as overdispersion
from ._product_limit import product_limit as product_limit
from ._ratio import ratio_of_totals as ratio_of_totals
from ._uniform import UniformGap as UniformGap
from ._uniform import length_extrapolation as length_extrapolation
from ._uniform import uniform_gap as uniform_gap

__all__ = [
    "Calibration",
    "Overdispersion",
    "UniformGap",
    "answer_log_probs",
    "by_length",
    "calibration",
    "coverage_ratio",
    "gini",
    "growth_exponent",
    "length_extrapolation",
    "overdispersion",
    "product_limit",
    "ratio_of_totals",
    "top_share",
    "uniform_gap",
]
