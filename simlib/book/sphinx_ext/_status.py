"""`{build-status}`: with what, on what and from what this copy of the book was built."""

import hashlib
import json
import platform
from collections import Counter
from importlib.metadata import version

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from ._claims import depend_on_ledger, entries
from ._inputs import Project
from ._stamp import digests, project_of

#: Packages that numbers and figures of the book come from.
PACKAGES = (
    "simlib", "jax", "jaxlib", "equinox", "numpy", "scipy", "sympy", "polars", "matplotlib",
    "altair", "jupyter-book", "sphinx", "myst-nb",
)  # fmt: skip


def versions_table() -> str:
    """Versions of Python and of the packages that matter, as a MyST table."""
    rows = [("Python", platform.python_version())] + [(name, version(name)) for name in PACKAGES]
    return _table(("package", "version"), rows)


def machine_table() -> str:
    """Operating system, processor type and device of the computation."""
    import jax

    devices = jax.devices()
    kinds = Counter(f"{d.platform} ({d.device_kind})" for d in devices)
    rows = [
        ("operating system", platform.system()),
        ("processor", platform.machine()),
        ("JAX devices", ", ".join(f"{count} × {kind}" for kind, count in kinds.items())),
    ]
    return _table(("machine", "of this build"), rows)


def digest_of_build(pages: dict[str, str], project: Project) -> str:
    """One digest of what all pages rest on: equal digests, equal results."""
    content = json.dumps([sorted(pages.items()), project.versions])
    return hashlib.sha256(content.encode()).hexdigest()


def ledger_table(env: BuildEnvironment) -> str:
    """Number of verdicts by kind of evidence."""
    from simlib.claims import COLUMNS, Verdict

    counts = {
        column: Counter(x.verdict for e in entries(env).values() for x in e.column(column))
        for column in COLUMNS
    }
    rows = [(str(v), *(str(counts[column][v]) for column in COLUMNS)) for v in Verdict]
    return _table(("verdict", *COLUMNS), rows)


class BuildStatusDirective(SphinxDirective):
    """Versions, machine, digest and ledger summary of this build."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        """Nodes of the tables."""
        status_pages(self.env).add(self.env.docname)
        depend_on_ledger(self.env)
        digest = digest_of_build(digests(self.env), project_of(self.env.app))
        parts = [
            versions_table(),
            machine_table(),
            f"Digest of the code, the data and the versions behind all pages: `{digest[:16]}`.",
            ledger_table(self.env),
        ]
        return self.parse_text_to_nodes("\n\n".join(parts))


def status_pages(env: BuildEnvironment) -> set[str]:
    """Pages with a `{build-status}`."""
    if not hasattr(env, "simlib_status_pages"):
        env.simlib_status_pages = set()  # type: ignore[attr-defined]
    return env.simlib_status_pages  # type: ignore[attr-defined]


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def purge(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """`env-purge-doc`: forget a page that is read again or gone."""
    status_pages(env).discard(docname)


def register(app: Sphinx) -> None:
    """Add the directive."""
    app.add_directive("build-status", BuildStatusDirective)
    app.connect("env-purge-doc", purge)
