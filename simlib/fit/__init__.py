"""Estimates from traces, and how far they are from what a process predicts."""

from ._answers import answer_log_probs as answer_log_probs
from ._calibration import Calibration as Calibration
from ._calibration import calibration as calibration
from ._chain_runs import FreeRuns as FreeRuns
from ._chain_runs import PlantedSteps as PlantedSteps
from ._chain_runs import free_runs as free_runs
from ._chain_runs import planted_steps as planted_steps
from ._chain_runs import transition_rate as transition_rate
from ._chain_runs import two_state_gap as two_state_gap
from ._compare import FamilyReport as FamilyReport
from ._compare import compare_families as compare_families
from ._compare import held_out_log_likelihood as held_out_log_likelihood
from ._compare import log_likelihood_gain as log_likelihood_gain
from ._compare_processes import ProcessComparison as ProcessComparison
from ._compare_processes import compare_processes as compare_processes
from ._compare_processes import stacking_weights as stacking_weights
from ._concentration import gini as gini
from ._concentration import top_share as top_share
from ._coverage_slopes import CoverageSlopes as CoverageSlopes
from ._coverage_slopes import coverage_slopes as coverage_slopes
from ._describe import describe_runs as describe_runs
from ._distinguish import Distinguishability as Distinguishability
from ._distinguish import distinguish as distinguish
from ._fit_items import ItemFit as ItemFit
from ._fit_items import fit_items as fit_items
from ._goodness import GoodnessOfFit as GoodnessOfFit
from ._goodness import goodness_of_fit as goodness_of_fit
from ._goodness_of_runs import GoodnessOfRuns as GoodnessOfRuns
from ._goodness_of_runs import goodness_of_runs as goodness_of_runs
from ._growth import along as along
from ._growth import by_length as by_length
from ._growth import growth_exponent as growth_exponent
from ._hazard_curve import HazardCurve as HazardCurve
from ._hazard_curve import hazard_curve as hazard_curve
from ._histories import HISTORY_FAMILIES as HISTORY_FAMILIES
from ._histories import HistoryFit as HistoryFit
from ._histories import fit_history as fit_history
from ._history_odds import HistoryOdds as HistoryOdds
from ._history_odds import history_odds as history_odds
from ._jackknife import jackknife as jackknife
from ._jackknife import within_items as within_items
from ._laws import FrailPower as FrailPower
from ._laws import PowerHazard as PowerHazard
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
from ._pivotal import resampled_counts as resampled_counts
from ._pivotal import resampled_moves as resampled_moves
from ._pivotal import success_path as success_path
from ._posterior_history import HistoryPosterior as HistoryPosterior
from ._posterior_history import posterior_history as posterior_history
from ._posterior_process import ProcessPosterior as ProcessPosterior
from ._posterior_process import posterior_items as posterior_items
from ._posterior_process import posterior_process as posterior_process
from ._process_families import PROCESS_FAMILIES as PROCESS_FAMILIES
from ._process_families import ProcessFamily as ProcessFamily
from ._process_fit import ProcessFit as ProcessFit
from ._process_fit import error_free as error_free
from ._process_fit import fit_process as fit_process
from ._process_fit import run_log_likelihood as run_log_likelihood
from ._product_limit import product_limit as product_limit
from ._rank_correlation import rank_correlation as rank_correlation
from ._ratio import ratio_of_totals as ratio_of_totals
from ._runs import Runs as Runs
from ._scored_text import AnswerTokens as AnswerTokens
from ._scored_text import KeyMarks as KeyMarks
from ._scored_text import ScoredText as ScoredText
from ._scored_text import answer_places as answer_places
from ._scored_text import answer_tokens as answer_tokens
from ._scored_text import key_marks as key_marks
from ._scored_text import longppl_keys as longppl_keys
from ._scored_text import scaled_keys as scaled_keys
from ._scored_text import scored_texts as scored_texts
from ._tail import TailExponent as TailExponent
from ._tail import tail_exponent as tail_exponent
from ._uniform import UniformGap as UniformGap
from ._uniform import length_extrapolation as length_extrapolation
from ._uniform import uniform_gap as uniform_gap
from ._votes import MajorityForecast as MajorityForecast
from ._votes import attempt_correlation as attempt_correlation
from ._votes import majority_forecast as majority_forecast
from ._votes import majority_share as majority_share
from ._votes import plurality_share as plurality_share

__all__ = [
    "AnswerTokens",
    "Calibration",
    "CoverageSlopes",
    "Distinguishability",
    "FamilyReport",
    "FrailPower",
    "FreeRuns",
    "GoodnessOfFit",
    "GoodnessOfRuns",
    "HISTORY_FAMILIES",
    "HazardCurve",
    "HistoryFit",
    "HistoryOdds",
    "HistoryPosterior",
    "ItemFit",
    "KeyMarks",
    "MajorityForecast",
    "MixingFit",
    "Moves",
    "Overdispersion",
    "PROCESS_FAMILIES",
    "PlantedSteps",
    "PowerHazard",
    "ProcessComparison",
    "ProcessFamily",
    "ProcessFit",
    "ProcessPosterior",
    "ResampledMoves",
    "Runs",
    "ScoredText",
    "TailExponent",
    "UniformGap",
    "along",
    "answer_log_probs",
    "answer_moves",
    "answer_places",
    "answer_tokens",
    "attempt_correlation",
    "bootstrap_parameters",
    "by_length",
    "calibration",
    "compare_families",
    "compare_processes",
    "coverage_slopes",
    "count_log_likelihood",
    "coverage_ratio",
    "describe_runs",
    "distinguish",
    "error_free",
    "fit_counts",
    "fit_history",
    "fit_items",
    "fit_mixing",
    "fit_process",
    "free_runs",
    "gini",
    "goodness_of_fit",
    "goodness_of_runs",
    "growth_exponent",
    "hazard_curve",
    "held_out_log_likelihood",
    "history_odds",
    "jackknife",
    "key_marks",
    "length_extrapolation",
    "log_likelihood_gain",
    "longppl_keys",
    "majority_forecast",
    "majority_share",
    "overdispersion",
    "path_moves",
    "planted_steps",
    "plurality_share",
    "posterior_history",
    "posterior_items",
    "posterior_process",
    "product_limit",
    "rank_correlation",
    "ratio_of_totals",
    "resampled_counts",
    "resampled_moves",
    "run_log_likelihood",
    "scaled_keys",
    "scored_texts",
    "stacking_weights",
    "success_path",
    "tail_exponent",
    "top_share",
    "transition_rate",
    "two_state_gap",
    "uniform_gap",
    "within_items",
]
