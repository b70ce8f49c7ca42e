"""Forecasts: coverage after many attempts, from the results of few."""

from ._baselines import BASELINES as BASELINES
from ._baselines import binomial_mixture as binomial_mixture
from ._baselines import discretised as discretised
from ._baselines import least_squares as least_squares
from ._baselines import levi as levi
from ._binomial_mixtures import BinomialMixture as BinomialMixture
from ._binomial_mixtures import fit_binomial_mixture as fit_binomial_mixture
from ._counts import STOP_RULES as STOP_RULES
from ._counts import Counts as Counts
from ._counts import DistinctCounts as DistinctCounts
from ._coverage_backtest import ASKED as ASKED
from ._coverage_backtest import POSTERIOR as POSTERIOR
from ._coverage_backtest import SEEN as SEEN
from ._coverage_backtest import Truth as Truth
from ._coverage_backtest import backtest_table as backtest_table
from ._coverage_backtest import draw_counts as draw_counts
from ._coverage_backtest import error_ratio as error_ratio
from ._coverage_backtest import forecast_errors as forecast_errors
from ._coverage_backtest import interval_coverage as interval_coverage
from ._coverage_backtest import log_loss_error as log_loss_error
from ._discretised import fit_discretised as fit_discretised
from ._forecast import Forecast as Forecast
from ._forecast import default_windows as default_windows
from ._forecast import forecast as forecast
from ._horizon_backtest import BACKTEST_LAWS as BACKTEST_LAWS
from ._horizon_backtest import HorizonBacktest as HorizonBacktest
from ._horizon_backtest import backtest_horizons as backtest_horizons
from ._horizon_backtest import true_horizon as true_horizon
from ._horizon_comparison import PLAUSIBLE as PLAUSIBLE
from ._horizon_comparison import HorizonComparison as HorizonComparison
from ._horizon_comparison import compare_horizons as compare_horizons
from ._horizon_comparison import law_free_horizons as law_free_horizons
from ._horizon_laws import HORIZON_LAWS as HORIZON_LAWS
from ._horizon_laws import HorizonLaw as HorizonLaw
from ._horizon_laws import LogNormal as LogNormal
from ._horizon_laws import NoiseThreshold as NoiseThreshold
from ._horizons import RELIABILITIES as RELIABILITIES
from ._horizons import HorizonFit as HorizonFit
from ._horizons import fit_horizons as fit_horizons
from ._learn import learn_prior as learn_prior
from ._learn import pooled_priors as pooled_priors
from ._least_squares import PowerLaw as PowerLaw
from ._least_squares import SaturatingCurve as SaturatingCurve
from ._least_squares import fit_power_law as fit_power_law
from ._least_squares import fit_saturating_curve as fit_saturating_curve
from ._least_squares import log_spaced as log_spaced
from ._least_squares import observed_window as observed_window
from ._pass_at_k import estimator_moments as estimator_moments
from ._pass_at_k import log_all_fail as log_all_fail
from ._pass_at_k import pass_at_k as pass_at_k
from ._pass_at_k import pass_curve as pass_curve
from ._plan import draw_log_rates as draw_log_rates
from ._plan import expected_interval as expected_interval
from ._plan import plan as plan
from ._posterior import Posterior as Posterior
from ._posterior import posterior as posterior
from ._prior import Normal as Normal
from ._prior import Prior as Prior
from ._prior import broad_prior as broad_prior
from ._prior import default_prior as default_prior
from ._report import report as report
from ._success_by_length import greedy_success as greedy_success
from ._success_by_length import prefix_success as prefix_success
from ._success_table import SuccessTable as SuccessTable

__all__ = [
    "BACKTEST_LAWS",
    "BASELINES",
    "BinomialMixture",
    "Counts",
    "DistinctCounts",
    "Forecast",
    "HORIZON_LAWS",
    "HorizonBacktest",
    "HorizonComparison",
    "HorizonFit",
    "HorizonLaw",
    "LogNormal",
    "NoiseThreshold",
    "Normal",
    "PLAUSIBLE",
    "Posterior",
    "PowerLaw",
    "Prior",
    "RELIABILITIES",
    "STOP_RULES",
    "SaturatingCurve",
    "SuccessTable",
    "backtest_horizons",
    "binomial_mixture",
    "broad_prior",
    "interval_coverage",
    "forecast_errors",
    "error_ratio",
    "log_loss_error",
    "draw_counts",
    "backtest_table",
    "Truth",
    "ASKED",
    "POSTERIOR",
    "SEEN",
    "plan",
    "expected_interval",
    "draw_log_rates",
    "compare_horizons",
    "default_prior",
    "default_windows",
    "discretised",
    "estimator_moments",
    "fit_binomial_mixture",
    "fit_discretised",
    "fit_horizons",
    "fit_power_law",
    "fit_saturating_curve",
    "forecast",
    "greedy_success",
    "law_free_horizons",
    "learn_prior",
    "least_squares",
    "levi",
    "log_all_fail",
    "log_spaced",
    "observed_window",
    "pass_at_k",
    "pass_curve",
    "pooled_priors",
    "posterior",
    "prefix_success",
    "report",
    "true_horizon",
]
