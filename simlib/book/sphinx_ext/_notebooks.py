"""Every page as an executed notebook that can be downloaded and run.

MyST-NB writes such notebooks with the page's raw source; here they become plain Markdown, lose
the cell of the execution cache, and say how to install what they need.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from sphinx.application import Sphinx

from ._claims import entries
from ._plain_markdown import plain_markdown
from ._repository import repository_name
from ._stamp import MARK

_PREFIX = "application/papermill.record/"


def readable(
    notebook: nbformat.NotebookNode, glued: Mapping[str, Any], head: str, quote: Any = None
) -> nbformat.NotebookNode:
    """A notebook for readers outside the book.

    Parameters
    ----------
    notebook
        Executed notebook of a page; changed in place.
    glued
        Glued outputs of the page by name, as MyST-NB stores them.
    head
        Markdown of a first cell.
    quote
        See `plain_markdown`.

    Returns
    -------
    nbformat.NotebookNode
        The same notebook.
    """
    values, figures = {}, {}
    for name, output in glued.items():
        data = {key.removeprefix(_PREFIX): value for key, value in output["data"].items()}
        if any(key.startswith("image/") for key in data):
            figures[name] = data
        elif "text/plain" in data:
            values[name] = "".join(data["text/plain"]).strip("'\"")
    cells = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            # Glued values are hidden outputs; the prose quotes them.
            cell.outputs = [x for x in cell.outputs if "scrapbook" not in x.get("metadata", {})]
        if cell.cell_type == "code" and cell.source.startswith(MARK):
            continue
        if cell.cell_type == "markdown":
            cell.source = plain_markdown(cell.source, values, quote or (lambda *_: None))
            if not cell.source.strip():
                continue
        elif cell.cell_type == "code":
            # A glued figure is shown in the book by a directive; here it belongs to its cell.
            for name, data in figures.items():
                if f'glue_figure("{name}"' in cell.source:
                    cell.outputs.append(nbformat.v4.new_output("display_data", data=data))
        cells.append(cell)
    notebook.cells = [nbformat.v4.new_markdown_cell(head), *cells]
    # The source map of the page no longer fits.
    notebook.metadata.pop("source_map", None)
    return notebook


def offer_notebook(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """`html-page-context`: write the notebook of a page and let the theme link it."""
    executed = Path(app.outdir).parent / "jupyter_execute" / f"{page}.ipynb"
    if doctree is None or "kernelspec" not in app.env.metadata.get(page, {}):
        return
    if not executed.is_file():
        return
    glue = executed.with_suffix("").with_suffix(".glue.json")
    glued = json.loads(glue.read_text("utf-8")) if glue.is_file() else {}

    def quote(role: str, text: str) -> str | None:
        found = entries(app.env).get(text.split()[0]) if role.startswith("claim") else None
        return None if found is None else found.claim.statement

    notebook = readable(_with_outputs(app, executed), glued, _head(app), quote)
    target = Path(app.outdir) / "_sources" / f"{page}.ipynb"
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, target)
    context["ipynb_source"] = f"{page}.ipynb"


def _with_outputs(app: Sphinx, path: Path) -> nbformat.NotebookNode:
    """The notebook of a page with its outputs.

    MyST-NB writes the notebook as it was before it took the outputs from the execution cache.
    """
    from jupyter_cache import get_cache

    notebook = nbformat.read(path, 4)
    folder = app.config.nb_execution_cache_path or Path(app.outdir).parent / ".jupyter_cache"
    try:
        return get_cache(folder).merge_match_into_notebook(notebook)[1]
    except KeyError:  # executed without the cache: the outputs are there already
        return notebook


def _head(app: Sphinx) -> str:
    name = repository_name(os.environ)
    where = "a clone of the book's repository"
    if name is not None:
        server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
        where = f"a clone of [{name}]({server}/{name})"
    return (
        f"*A page of “{app.config.html_title}” as a notebook.* It needs the library `simlib` and "
        f"the data next to it: run `make install` in {where} and open this file with the Python "
        "in `.venv`."
    )


def register(app: Sphinx) -> None:
    """Connect the event before the theme builds its download menu."""
    app.connect("html-page-context", offer_notebook, priority=490)
