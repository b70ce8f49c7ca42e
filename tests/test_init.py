"""The package itself: names load on first use, and every listed name exists."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import simlib


@pytest.mark.parametrize("name", simlib.__all__)
def test_every_public_name_loads(name):
    assert getattr(simlib, name).__name__ in (name, f"simlib.{name}")


def test_what_type_checkers_see_is_what_loads():
    tree = ast.parse(Path(simlib.__file__).read_text(encoding="utf-8"))
    (block,) = [s for s in tree.body if isinstance(s, ast.If)]
    imported = {alias.asname for s in block.body for alias in s.names}
    assert sorted(imported) == sorted(simlib.__all__)
    assert dir(simlib) == sorted([*simlib.__all__, "__version__"])


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="no attribute 'Unifrom'"):
        _ = simlib.Unifrom


def test_importing_is_quick_and_changes_nothing():
    code = "import sys, simlib; print(sorted({'jax', 'sympy', 'matplotlib'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
