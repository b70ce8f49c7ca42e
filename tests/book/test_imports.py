"""Which modules does a piece of code really use? On a small package with every kind of import."""

import ast
from textwrap import dedent

import pytest

from simlib.book.sphinx_ext._imports import PackageGraph, residue

FILES = {
    "__init__.py": """
        '''A package.'''
        from . import topics as topics
        from .shapes import Circle as Circle
        from .shapes import Square as Square
        from ._core import area as area
        __all__ = ["Circle", "Square", "area", "topics"]
        """,
    "_core.py": "from ._deep import helper\ndef area(x):\n    return helper(x)\n",
    "_deep.py": "import math\ndef helper(x):\n    return x\n",
    "_unused.py": "VALUE = 1\n",
    "shapes/__init__.py": """
        from typing import TYPE_CHECKING
        from ._circle import Circle as Circle
        from ._square import Square as Square
        if TYPE_CHECKING:
            from ._lazy import slow as slow
        FACTOR = 2
        def __getattr__(name):
            from importlib import import_module
            return getattr(import_module(f"{__name__}._lazy"), name)
        """,
    "shapes/_circle.py": "from .. import _core\nclass Circle:\n    area = _core.area\n",
    "shapes/_square.py": "class Square:\n    def area(self):\n        import pack\n"
    "        return pack.area(1)\n",
    "shapes/_lazy.py": "def slow():\n    return 1\n",
    "topics/__init__.py": "from ._choose import choose as choose\n",
    "topics/_choose.py": "from importlib import import_module\ndef choose(id):\n"
    "    return import_module(__package__ + '.' + id.split('.')[0])\n",
    "topics/red.py": "from ..shapes import Circle\n",
    "topics/blue.py": "from ..shapes import Square\n",
}


@pytest.fixture
def graph(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / "pack" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), "utf-8")
    return PackageGraph(tmp_path / "pack", {"pack.topics._choose": "pack.topics"})


def used(graph, code):
    """Modules behind some code, without the packages that merely contain them."""
    tree = ast.parse(dedent(code))
    modules = graph.closure(graph.references(tree))
    strings = [
        n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)
    ]
    modules = graph.closure(modules | graph.chosen(strings, modules))
    return {m.removeprefix("pack.") for m in modules if not graph.is_package(m)}


CORE = {"_core", "_deep"}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import pack as p\np.area(1)", CORE),
        ("import pack\npack.shapes.Circle", {"shapes._circle"} | CORE),
        ("from pack import Square", {"shapes._square"} | CORE),
        ("from pack.shapes import Circle as C", {"shapes._circle"} | CORE),
        ("from pack import shapes\nshapes.Square()", {"shapes._square"} | CORE),
        ("import pack.shapes as s\ns.slow()", {"shapes._lazy"}),
        ("from pack.shapes import FACTOR", set()),
        ("import pack._deep as d\nd.helper(d)", {"_deep"}),
        ("def f():\n    from pack import area\n    return area", CORE),
        ("import math\nmath.pi", set()),
        ("import pack", set()),
        ("import packer\npacker.area", set()),
    ],
)
def test_only_what_is_used(graph, code, expected):
    assert used(graph, code) == expected


@pytest.mark.parametrize(
    "code",
    [
        "import pack\ngetattr(pack, 'area')",
        "from pack import *",
        "import pack\npack.unheard_of",
        "import pack as p\nx = p",
    ],
)
def test_too_dynamic_means_everything(graph, code):
    everything = {m.removeprefix("pack.") for m in graph.modules_below("pack")}
    assert used(graph, code) == {m for m in everything if not graph.is_package(f"pack.{m}")} - {
        "pack"
    }


def test_a_whole_subpackage_counts_when_it_is_passed_around(graph):
    shapes = {"shapes._circle", "shapes._square", "shapes._lazy"}
    assert used(graph, "from pack import shapes\ndir(shapes)") == shapes | CORE


def test_a_name_that_leads_in_a_circle_means_everything_below(graph):
    (graph.folder / "shapes" / "__init__.py").write_text("from . import gone as gone\n")
    assert used(graph, "from pack.shapes import gone") >= {"shapes._circle", "shapes._square"}


def test_ids_select_what_is_imported_by_name(graph):
    call = "from pack.topics import choose\nchoose({!r})"
    assert used(graph, call.format("red.3")) == {
        "topics._choose", "topics.red", "shapes._circle"
    } | CORE  # fmt: skip
    assert "topics.red" not in used(graph, call.format("blue.1"))
    both = used(graph, call.format("unknown"))
    assert {"topics.red", "topics.blue"} <= both


def test_what_an_init_does_beyond_re_exporting_is_found(graph):
    assert residue(graph.tree("pack")) == []
    kept = residue(graph.tree("pack.shapes"))
    assert {type(s).__name__ for s in kept} == {"Assign", "FunctionDef"}
