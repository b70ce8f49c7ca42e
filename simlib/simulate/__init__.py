"""Simulation: exact samplers, streamed counts, any number of devices."""

from ._conditional import conditional_pass_at_k as conditional_pass_at_k
from ._conditional import conditional_survival as conditional_survival
from ._counts import Counts as Counts
from ._first_error import first_error as first_error
from ._hazard import hazard as hazard
from ._histories import Histories as Histories
from ._histories import histories as histories
from ._histories import sample_histories as sample_histories
from ._precision import Gain as Gain
from ._precision import gain_over_plain as gain_over_plain
from ._precision import run_to_precision as run_to_precision
from ._rare_errors import rare_errors as rare_errors
from ._retry import pass_at_k as pass_at_k
from ._run_until import TargetNotReachedError as TargetNotReachedError
from ._run_until import run_until as run_until
from ._splitting import rare_survival as rare_survival
from ._stratified import stratified_pass_at_k as stratified_pass_at_k
from ._stratified import stratified_probability as stratified_probability
from ._stratified import stratified_survival as stratified_survival
from ._stream import LostProcessError as LostProcessError
from ._success_paths import absorbing_paths as absorbing_paths
from ._success_paths import majority_paths as majority_paths
from ._success_paths import two_state_paths as two_state_paths
from ._success_paths import walk_paths as walk_paths
from ._survival import survival as survival
from ._survival import survival_counts as survival_counts
from ._token_by_token import token_by_token as token_by_token

__all__ = [
    "Counts",
    "Gain",
    "Histories",
    "LostProcessError",
    "TargetNotReachedError",
    "absorbing_paths",
    "conditional_pass_at_k",
    "conditional_survival",
    "first_error",
    "gain_over_plain",
    "hazard",
    "histories",
    "majority_paths",
    "pass_at_k",
    "rare_errors",
    "rare_survival",
    "run_to_precision",
    "run_until",
    "sample_histories",
    "stratified_pass_at_k",
    "stratified_probability",
    "stratified_survival",
    "survival",
    "survival_counts",
    "token_by_token",
    "two_state_paths",
    "walk_paths",
]
