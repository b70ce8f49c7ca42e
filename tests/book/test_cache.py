"""The execution cache with real kernels and a real Sphinx build, on a small book.

Two pages, two modules: one edit runs exactly the page that it concerns.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from simlib.book.sphinx_ext import _stamp
from simlib.book.sphinx_ext.prefill import pages

PAGE = """---
jupytext:
  text_representation: {{extension: .md, format_name: myst}}
kernelspec: {{display_name: Python 3, name: python3}}
---

# {title}

```{{code-cell}} ipython3
import sys
sys.path.insert(0, "..")
import simlib as sl
with open("../runs.txt", "a") as log:
    log.write("{title}\\n")
print("result:", sl.{title}())
```

Closing words.
"""


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    root = tmp_path_factory.mktemp("book")
    files = {
        "simlib/__init__.py": "from ._left import left as left\n"
        "from ._right import right as right\n",
        "simlib/_left.py": "from ._shared import base\ndef left():\n    return base() + 1\n",
        "simlib/_right.py": "def right():\n    return 20\n",
        "simlib/_shared.py": "def base():\n    return 10\n",
        "requirements.lock": "numpy==2\n",
        "_toc.yml": "format: jb-book\nroot: chapters/left\nchapters:\n- file: chapters/right\n",
        "_config.yml": "execute: {timeout: 60}\n",
        "chapters/left.md": PAGE.format(title="left"),
        "chapters/right.md": PAGE.format(title="right"),
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root


# Builds run in processes of their own, as `make book` runs them.
BUILD = """
import json, sys
from pathlib import Path
from sphinx.application import Sphinx
from simlib.book.sphinx_ext import _stamp

root = Path(sys.argv[1])
settings = {
    "extensions": ["sphinx_external_toc", "myst_nb"],
    "nb_execution_mode": "cache",
    "nb_execution_cache_path": str(root / "_build" / ".jupyter_cache"),
    "exclude_patterns": ["_build"],
}
out = root / "_build"
app = Sphinx(root, None, out / "html", out / "doctrees", "html", settings, status=None,
             warning=sys.stderr, warningiserror=True)
_stamp.register(app)
read = []
app.connect("source-read", lambda app, docname, source: read.append(docname))
app.build()
print(json.dumps(sorted(read)))
"""


def build(root: Path) -> list[str]:
    """Build the book; the pages that were read again."""
    command = [sys.executable, "-c", BUILD, str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def prefill(root: Path, *options: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "simlib.book.sphinx_ext.prefill", str(root), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def runs(root: Path) -> list[str]:
    """Pages that were executed since the last call."""
    log = root / "runs.txt"
    executed = sorted(log.read_text().split()) if log.exists() else []
    log.unlink(missing_ok=True)
    return executed


def result(root: Path, page: str) -> str:
    html = (root / "_build" / "html" / "chapters" / f"{page}.html").read_text("utf-8")
    found = re.search(r"result: (\d+)", html)
    assert found
    return found[1]


def edit(root: Path, module: str, old: str, new: str) -> None:
    path = root / "simlib" / module
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_the_life_of_a_book(book):
    assert [p.stem for p in pages(book)] == ["left", "right"]

    # A first build: the prefill runs both pages, and the builder finds both results.
    assert prefill(book, "--workers", "2").returncode == 0
    assert runs(book) == ["left", "right"]
    assert build(book) == ["chapters/left", "chapters/right"]
    assert runs(book) == []
    assert (result(book, "left"), result(book, "right")) == ("11", "20")

    # Nothing changed: nothing runs, nothing is read.
    assert prefill(book).returncode == 0
    assert build(book) == []
    assert runs(book) == []

    # A module that one page uses through another module.
    edit(book, "_shared.py", "return 10", "return 30")
    assert prefill(book).returncode == 0
    assert build(book) == ["chapters/left"]
    assert runs(book) == ["left"]
    assert (result(book, "left"), result(book, "right")) == ("31", "20")

    # The builder alone does the same as the prefill.
    edit(book, "_right.py", "return 20", "return 40")
    assert build(book) == ["chapters/right"]
    assert runs(book) == ["right"]
    assert result(book, "right") == "40"

    # Prose is read again but not executed.
    path = book / "chapters" / "left.md"
    path.write_text(path.read_text("utf-8").replace("Closing words", "Other words"), "utf-8")
    assert prefill(book).returncode == 0
    assert build(book) == ["chapters/left"]
    assert runs(book) == []

    # An edit that is taken back finds the earlier results.
    edit(book, "_shared.py", "return 30", "return 10")
    assert prefill(book).returncode == 0
    assert runs(book) == []
    assert build(book) == ["chapters/left"]
    assert result(book, "left") == "11"

    # The hidden cell stays hidden.
    assert _stamp.MARK not in (book / "_build/html/chapters/left.html").read_text("utf-8")


def test_a_failing_page_fails_the_prefill(book):
    path = book / "chapters" / "broken.md"
    path.write_text(PAGE.format(title="left").replace("sl.left()", "1 / 0"), "utf-8")
    toc = yaml.safe_load((book / "_toc.yml").read_text("utf-8"))
    toc["chapters"].append({"file": "chapters/broken"})
    (book / "_toc.yml").write_text(yaml.safe_dump(toc), "utf-8")
    done = prefill(book)
    assert done.returncode == 1
    assert "FAILED chapters/broken.md" in done.stderr
    assert "ZeroDivisionError" in done.stderr
    assert "1 page(s) failed" in done.stderr
