"""Importing logs that other tools wrote, into three tables with a stated schema.

A *counts* table says how often each problem was solved, a *runs* table how far each run got
before its first error, and a *steps* table how likely each sampled token was.  Nothing that a
file holds is trusted: sizes are bounded, every value is checked, and an error names the file, the
line or row, the column and the remedy.
"""

from ._convert import FORMATS as FORMATS
from ._convert import Imported as Imported
from ._convert import import_logs as import_logs
from ._life_table import LIFE_TABLE as LIFE_TABLE
from ._life_table import LifeTable as LifeTable
from ._life_table import is_life_table as is_life_table
from ._limits import Limits as Limits
from ._options import Options as Options
from ._reduce import reduce_runs as reduce_runs
from ._reduce import reduce_steps as reduce_steps
from ._tables import IMPORT_TABLES as IMPORT_TABLES
from ._tables import validate_import as validate_import
from ._write import check_output as check_output
from ._write import write_table as write_table

__all__ = [
    "FORMATS",
    "IMPORT_TABLES",
    "Imported",
    "LIFE_TABLE",
    "LifeTable",
    "Limits",
    "Options",
    "check_output",
    "import_logs",
    "is_life_table",
    "reduce_runs",
    "reduce_steps",
    "validate_import",
    "write_table",
]
