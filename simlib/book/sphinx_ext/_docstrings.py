r"""Docstrings are written like the pages, with `$...$` and single backticks; Sphinx reads RST.

`to_rst` translates the few things that differ, before Napoleon takes the sections apart.
"""

import re
from typing import Any

from sphinx.application import Sphinx

_DISPLAY = re.compile(
    r"^(?P<indent>[ \t]*)\$\$(?P<body>.+?)\$\$[ \t]*(?P<end>[.,;]?)$", re.M | re.S
)
# A last paragraph without a heading would belong to the section before it, such as `Raises`.
_SOURCE = re.compile(r"^(?P<indent>[ \t]*)Source: (?P<text>.+(?:\n[ \t]*\S.*)*)", re.M)
# Code comes first: a dollar inside backticks is no mathematics. Roles keep their backticks.
_INLINE = re.compile(
    r"(?P<double>``.+?``)"
    r"|(?P<role>:[\w:+-]+:`[^`]+`)"
    r"|`(?P<code>[^`\n]+(?:\n[^`\n]+)?)`(?!_)"
    r"|(?<![\\$])\$(?P<math>[^$\n]+(?:\n[^$\n]+)*?)(?<!\\)\$"
)


def to_rst(text: str) -> str:
    r"""Text of a docstring as reStructuredText.

    Examples
    --------
    >>> to_rst("The rate `e` of $S(n) = (1-e)^n$.")
    'The rate ``e`` of :math:`S(n) = (1-e)^n`.'
    """

    def display(match: re.Match[str]) -> str:
        indent = match["indent"]
        body = " ".join(match["body"].split())
        return f"\n{indent}.. math:: {body}{match['end']}\n"

    def inline(match: re.Match[str]) -> str:
        if match["code"] is not None:
            marked = f"``{match['code']}``"
        elif match["math"] is not None:
            marked = f":math:`{' '.join(match['math'].split())}`"
        else:
            return match[0]
        # RST wants a boundary: `Estimate`s needs an escaped space.
        before, after = match.string[: match.start()][-1:], match.string[match.end() :][:1]
        return ("\\ " if before.isalnum() else "") + marked + ("\\ " if after.isalnum() else "")

    text = _SOURCE.sub(r"\g<indent>Source\n\g<indent>------\n\g<indent>\g<text>", text)
    # Examples are code: leave them as they are.
    blocks = re.split(r"(^[ \t]*>>>.*(?:\n(?![ \t]*$).*)*)", text, flags=re.MULTILINE)
    return "".join(
        block
        if block.lstrip().startswith(">>>")
        else _INLINE.sub(inline, _DISPLAY.sub(display, block))
        for block in blocks
    )


def process(app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """`autodoc-process-docstring`: translate in place."""
    lines[:] = to_rst("\n".join(lines)).split("\n")


def register(app: Sphinx) -> None:
    """Connect the event before Napoleon, which listens at the default priority."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", process, priority=100)
