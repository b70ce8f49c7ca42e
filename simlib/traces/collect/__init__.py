"""Collecting traces from a local language model.

Only the functions that run a model need torch and transformers (the optional group `lm`); this
module imports neither.
"""

from ._answers import Collected as Collected
from ._answers import Plan as Plan
from ._answers import all_groups as all_groups
from ._answers import collect_answers as collect_answers
from ._check import TOLERANCE as TOLERANCE
from ._check import Recollected as Recollected
from ._check import recollect as recollect
from ._model import MODELS as MODELS
from ._model import LocalModel as LocalModel
from ._model import MissingModelError as MissingModelError
from ._model import ModelSpec as ModelSpec
from ._model import load_model as load_model
from ._publish import publish as publish
from ._sample import SampledAttempts as SampledAttempts
from ._sample import sample_attempts as sample_attempts
from ._score import AnswerScore as AnswerScore
from ._score import prefix_cache as prefix_cache
from ._score import score_answers as score_answers
from ._store import ChunkStore as ChunkStore
from ._store import SettingsMismatchError as SettingsMismatchError
from ._vocabulary import Vocabulary as Vocabulary

__all__ = [
    "MODELS",
    "TOLERANCE",
    "AnswerScore",
    "ChunkStore",
    "Collected",
    "LocalModel",
    "MissingModelError",
    "ModelSpec",
    "Plan",
    "Recollected",
    "SampledAttempts",
    "SettingsMismatchError",
    "Vocabulary",
    "all_groups",
    "collect_answers",
    "load_model",
    "prefix_cache",
    "publish",
    "recollect",
    "sample_attempts",
    "score_answers",
]
