"""Forecasts: coverage after many attempts, from the results of few."""

from ._counts import STOP_RULES as STOP_RULES
from ._counts import Counts as Counts
from ._counts import DistinctCounts as DistinctCounts
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
from ._pass_at_k import log_all_fail as log_all_fail
from ._pass_at_k import pass_at_k as pass_at_k
from ._pass_at_k import pass_curve as pass_curve

__all__ = [
    "Counts",
    "DistinctCounts",
    "HORIZON_LAWS",
    "HorizonComparison",
    "HorizonFit",
    "HorizonLaw",
    "LogNormal",
    "NoiseThreshold",
    "PLAUSIBLE",
    "RELIABILITIES",
    "STOP_RULES",
    "compare_horizons",
    "fit_horizons",
    "law_free_horizons",
    "log_all_fail",
    "pass_at_k",
    "pass_curve",
]
