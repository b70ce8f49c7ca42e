"""The cache key of a page: a hidden last cell that holds the digest of its inputs.

The execution cache is keyed on the code cells of a page alone. The hidden cell makes the inputs
part of that key, so one edit runs exactly the pages that it can affect.
"""

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from ._inputs import Project, is_notebook

MARK = "# inputs of this page: "


def stamp(text: str, project: Project) -> str:
    """The page with its hidden cell; pages without code are returned unchanged.

    The builder and the parallel prefill both call this, so that both see the same cells.
    """
    if not is_notebook(text):
        return text
    cell = f"```{{code-cell}} ipython3\n:tags: [remove-cell]\n\n{MARK}{project.digest(text)}\n```\n"
    return f"{text.rstrip()}\n\n{cell}"


def project_of(app: Sphinx) -> Project:
    """The repository of the book; read once per build."""
    project = getattr(app, "_simlib_project", None)
    if project is None:
        project = Project(Path(app.srcdir))
        app._simlib_project = project  # type: ignore[attr-defined]
    return project


def add_stamp(app: Sphinx, docname: str, source: list[str]) -> None:
    """`source-read`: append the hidden cell and remember its digest."""
    if is_notebook(source[0]):
        project = project_of(app)
        digests(app.env)[docname] = project.digest(source[0])
        source[0] = stamp(source[0], project)


def outdated(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """`env-get-outdated`: pages whose inputs differ from those that they were built with."""
    known = digests(env)
    project = project_of(app)
    stale = []
    for docname in set(known) - set(added) - set(changed) - set(removed):
        path = Path(env.doc2path(docname))
        if path.is_file() and project.digest(path.read_text("utf-8")) != known[docname]:
            stale.append(docname)
    if stale or added or changed:
        # What a status page says about the build is then out of date too.
        stale += sorted(getattr(env, "simlib_status_pages", set()) - set(removed))
    return stale


def purge(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """`env-purge-doc`: forget a page that is read again or gone."""
    digests(env).pop(docname, None)


def digests(env: BuildEnvironment) -> dict[str, str]:
    """Digest with which each page was last read."""
    if not hasattr(env, "simlib_digests"):
        env.simlib_digests = {}  # type: ignore[attr-defined]
    return env.simlib_digests  # type: ignore[attr-defined]


def register(app: Sphinx) -> None:
    """Connect the events."""
    app.connect("source-read", add_stamp)
    app.connect("env-get-outdated", outdated)
    app.connect("env-purge-doc", purge)
