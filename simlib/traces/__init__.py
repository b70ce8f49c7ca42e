"""Traces of real language models: schema, registry, loading, collecting.

Reading traces needs no language-model library.  Collecting them is in `simlib.traces.collect`.
"""

from ._cards import render_card as render_card
from ._cards import render_cards as render_cards
from ._constants import Constant as Constant
from ._constants import constant as constant
from ._constants import constants as constants
from ._errors import DataError as DataError
from ._errors import MissingLibraryError as MissingLibraryError
from ._load import FileCheck as FileCheck
from ._load import Traces as Traces
from ._load import load as load
from ._load import verify as verify
from ._registry import Entry as Entry
from ._registry import FileEntry as FileEntry
from ._registry import registry as registry
from ._schema import SCHEMA_VERSION as SCHEMA_VERSION
from ._schema import TABLES as TABLES
from ._schema import validate as validate
from ._schema import validate_links as validate_links
from ._tasks import TASKS as TASKS
from ._tasks import grade as grade
from ._tasks import solve as solve

__all__ = [
    "SCHEMA_VERSION",
    "TABLES",
    "TASKS",
    "Constant",
    "DataError",
    "Entry",
    "FileCheck",
    "FileEntry",
    "MissingLibraryError",
    "Traces",
    "constant",
    "constants",
    "grade",
    "load",
    "registry",
    "render_card",
    "render_cards",
    "solve",
    "validate",
    "validate_links",
    "verify",
]
