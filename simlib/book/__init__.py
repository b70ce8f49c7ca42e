"""What a page of the book needs: set-up, keys, glued numbers, figures and interactive charts."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._benchmarks import Benchmark as Benchmark
    from ._benchmarks import benchmark as benchmark
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

# Names load on first use: building the book needs the extension in `sphinx_ext`, not JAX.
_HOMES = {
    "Benchmark": "_benchmarks",
    "benchmark": "_benchmarks",
    "Slider": "_charts",
    "explore": "_charts",
    "FormulaList": "_formulas",
    "formula_list": "_formulas",
    "format_number": "_glue",
    "glue": "_glue",
    "glue_figure": "_glue",
    "page_key": "_keys",
    "setup": "_setup",
    "CYCLE": "_style",
    "INK": "_style",
    "PALETTE": "_style",
    "Table": "_table",
    "table": "_table",
    "vega_expression": "_vega",
}

__all__ = [
    "Benchmark",
    "CYCLE",
    "FormulaList",
    "INK",
    "PALETTE",
    "Slider",
    "Table",
    "benchmark",
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


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
