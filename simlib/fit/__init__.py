"""Estimates from traces, and how far they are from what a process predicts."""

from ._answers import answer_log_probs as answer_log_probs
from ._calibration import Calibration as Calibration
from ._calibration import calibration as calibration
from ._compare import FamilyReport as FamilyReport
from ._compare import compare_families as compare_families
from ._compare import held_out_log_likelihood as held_out_log_likelihood
from ._compare import log_likelihood_gain as log_likelihood_gain
from ._concentration import gini as gini
from ._concentration import top_share as top_share
from ._goodness import GoodnessOfFit as GoodnessOfFit
from ._goodness import goodness_of_fit as goodness_of_fit
from ._growth import along as along
from ._growth import by_length as by_length
from ._growth import growth_exponent as growth_exponent
from ._hazard_curve import HazardCurve as HazardCurve
from ._hazard_curve import hazard_curve as hazard_curve
from ._maximum_likelihood import MixingFit as MixingFit
from ._maximum_likelihood import bootstrap_parameters as bootstrap_parameters
from ._maximum_likelihood import count_log_likelihood as count_log_likelihood
from ._maximum_likelihood import fit_counts as fit_counts
from ._maximum_likelihood import fit_mixing as fit_mixing
from ._overdispersion import Overdispersion as Overdispersion
from ._overdispersion import coverage_ratio as coverage_ratio
from ._overdispersion import overdispersion as overdispersion
from ._pivotal import Moves as Moves
from ._pivotal import ResampledMoves as ResampledMoves
from ._pivotal import answer_moves as answer_moves
from ._pivotal import path_moves as path_moves
from ._pivotal import resampled_moves as resampled_moves
from ._pivotal import success_path as success_path
from ._product_limit import product_limit as product_limit
from ._rank_correlation import rank_correlation as rank_correlation
from ._ratio import ratio_of_totals as ratio_of_totals
from ._tail import TailExponent as TailExponent
from ._tail import tail_exponent as tail_exponent
from ._uniform import UniformGap as UniformGap
from ._uniform import length_extrapolation as length_extrapolation
from ._uniform import uniform_gap as uniform_gap

__all__ = [
    "Calibration",
    "FamilyReport",
    "GoodnessOfFit",
    "HazardCurve",
    "MixingFit",
    "Moves",
    "Overdispersion",
    "ResampledMoves",
    "TailExponent",
    "UniformGap",
    "along",
    "answer_log_probs",
    "answer_moves",
    "bootstrap_parameters",
    "by_length",
    "calibration",
    "compare_families",
    "count_log_likelihood",
    "coverage_ratio",
    "fit_counts",
    "fit_mixing",
    "gini",
    "goodness_of_fit",
    "growth_exponent",
    "hazard_curve",
    "held_out_log_likelihood",
    "length_extrapolation",
    "log_likelihood_gain",
    "overdispersion",
    "path_moves",
    "product_limit",
    "rank_correlation",
    "ratio_of_totals",
    "resampled_moves",
    "success_path",
    "tail_exponent",
    "top_share",
    "uniform_gap",
]
