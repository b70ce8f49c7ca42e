"""Simulation: exact samplers, streamed counts, any number of devices."""

from ._conditional import conditional_pass_at_k as conditional_pass_at_k
from ._conditional import conditional_survival as conditional_survival
from ._counts import Counts as Counts
from ._first_error import first_error as first_error
from ._hazard import hazard as hazard
from ._histories import Histories as Histories
from ._histories import histories as histories
from ._histories import sample_histories as sample_histories
from ._retry import pass_at_k as pass_at_k
from ._run_until import TargetNotReachedError as TargetNotReachedError
from ._run_until import run_until as run_until
from ._success_paths import absorbing_paths as absorbing_paths
from ._success_paths import majority_paths as majority_paths
from ._success_paths import two_state_paths as two_state_paths
from ._success_paths import walk_paths as walk_paths
from ._survival import survival as survival
from ._survival import survival_counts as survival_counts
from ._token_by_token import token_by_token as token_by_token

__all__ = [
    "Counts",
    "Histories",
    "TargetNotReachedError",
    "absorbing_paths",
    "conditional_pass_at_k",
    "conditional_survival",
    "first_error",
    "hazard",
    "histories",
    "majority_paths",
    "pass_at_k",
    "run_until",
    "sample_histories",
    "survival",
    "survival_counts",
    "token_by_token",
    "two_state_paths",
    "walk_paths",
]
