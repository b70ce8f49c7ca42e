"""Collecting traces from a local language model, or from a server.

Only the functions that run a model need torch and transformers (the optional group `lm`); this
module imports neither.
"""

from ._answers import AnswersPlan as AnswersPlan
from ._answers import all_groups as all_groups
from ._attempts import AttemptsPlan as AttemptsPlan
from ._chain_run import run_chains as run_chains
from ._chain_score import ChainScore as ChainScore
from ._chain_score import score_chain as score_chain
from ._chains import ChainsPlan as ChainsPlan
from ._chains import PlantedPlan as PlantedPlan
from ._check import TOLERANCE as TOLERANCE
from ._check import Recollected as Recollected
from ._check import recollect as recollect
from ._completion import Completion as Completion
from ._completion import ServerError as ServerError
from ._http import CompletionServer as CompletionServer
from ._model import MODELS as MODELS
from ._model import LocalModel as LocalModel
from ._model import MissingModelError as MissingModelError
from ._model import ModelSpec as ModelSpec
from ._model import load_model as load_model
from ._pivots import PivotsPlan as PivotsPlan
from ._plan import Collected as Collected
from ._plan import Cost as Cost
from ._plan import FamilyPlan as FamilyPlan
from ._plan import Job as Job
from ._plan import collect as collect
from ._plan import estimate as estimate
from ._plan import jobs_left as jobs_left
from ._publish import publish as publish
from ._sample import SampledAttempts as SampledAttempts
from ._sample import sample_attempts as sample_attempts
from ._sample import sample_runs as sample_runs
from ._score import AnswerScore as AnswerScore
from ._score import prefix_cache as prefix_cache
from ._score import score_answers as score_answers
from ._server import ServerPlan as ServerPlan
from ._store import ChunkStore as ChunkStore
from ._store import SettingsMismatchError as SettingsMismatchError
from ._surprisal import SurprisalPlan as SurprisalPlan
from ._text_score import TextScore as TextScore
from ._text_score import score_text as score_text
from ._text_score import write_text as write_text
from ._vocabulary import Vocabulary as Vocabulary
from ._weights import LocalSpec as LocalSpec
from ._weights import register_model as register_model
from ._weights import spec_from_path as spec_from_path

__all__ = [
    "MODELS",
    "TOLERANCE",
    "AnswerScore",
    "AnswersPlan",
    "AttemptsPlan",
    "ChainScore",
    "ChainsPlan",
    "ChunkStore",
    "Collected",
    "Completion",
    "CompletionServer",
    "Cost",
    "FamilyPlan",
    "Job",
    "LocalModel",
    "LocalSpec",
    "MissingModelError",
    "ModelSpec",
    "PivotsPlan",
    "PlantedPlan",
    "Recollected",
    "SampledAttempts",
    "ServerError",
    "ServerPlan",
    "SettingsMismatchError",
    "SurprisalPlan",
    "TextScore",
    "Vocabulary",
    "all_groups",
    "collect",
    "estimate",
    "jobs_left",
    "load_model",
    "prefix_cache",
    "publish",
    "recollect",
    "register_model",
    "run_chains",
    "sample_attempts",
    "sample_runs",
    "score_answers",
    "score_chain",
    "score_text",
    "spec_from_path",
    "write_text",
]
