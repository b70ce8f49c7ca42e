"""Repairs of the HTML that theme and extensions write: unique ids, current roles."""

import re
from collections import Counter
from typing import Any

from sphinx.application import Sphinx

# sphinx-proof and sphinx-exercise give every box the same id.
_REPEATED = re.compile(r'\bid="(proof|proof-content|exercise-content|solution-content)"')


def unique_ids(body: str) -> str:
    """Number the ids that extensions repeat on a page."""
    seen: Counter[str] = Counter()

    def number(match: re.Match[str]) -> str:
        seen[match[1]] += 1
        return f'id="{match[1]}-{seen[match[1]]}"'

    return _REPEATED.sub(number, body)


def current_roles(body: str) -> str:
    """Bibliography entries are items of a list: WAI-ARIA has deprecated their own role."""
    return body.replace('role="doc-biblioentry"', 'role="listitem"')


def repair_page(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """`html-page-context`: repair the body, and drop what only works with a server."""
    if context.get("body"):
        context["body"] = current_roles(unique_ids(context["body"]))
    # The live-code extension that Jupyter Book always loads needs a server that the book does not
    # have, names a host, and declares the same constant twice.
    for files in ("script_files", "css_files"):
        if files in context:
            context[files] = [file for file in context[files] if not _is_thebe(file)]


def _is_thebe(file: Any) -> bool:
    attributes = getattr(file, "attributes", {})
    return "thebe" in f"{getattr(file, 'filename', file)} {attributes.get('body', '')}"


def register(app: Sphinx) -> None:
    """Connect the event, after every other extension has spoken."""
    app.connect("html-page-context", repair_page, priority=990)
