"""What a page of the book needs: set-up, keys, glued numbers, figures and interactive charts."""

from ._charts import Slider as Slider
from ._charts import explore as explore
from ._formulas import FormulaList as FormulaList
from ._formulas import formula_list as formula_list
from ._glue import format_number as format_number
from ._glue import glue as glue
from ._glue import glue_figure as glue_figure
from ._keys import page_key as page_key
from ._setup import setup as setup
from ._style import CYCLE as CYCLE
from ._style import INK as INK
from ._style import PALETTE as PALETTE
from ._table import Table as Table
from ._table import table as table
from ._vega import vega_expression as vega_expression

__all__ = [
    "CYCLE",
    "FormulaList",
    "INK",
    "PALETTE",
    "Slider",
    "Table",
    "explore",
    "format_number",
    "formula_list",
    "glue",
    "glue_figure",
    "page_key",
    "setup",
    "table",
    "vega_expression",
]
