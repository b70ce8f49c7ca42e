"""MyST text as plain Markdown, for notebooks that are read outside the book."""

import re
from collections.abc import Callable, Mapping

_FENCE = re.compile(r"^(?P<mark>`{3,}|:{3,})\{(?P<name>[\w:.-]+)\}[ \t]*(?P<title>[^\n]*)$")
_ROLE = re.compile(r"\{(?P<name>[\w:-]+)\}`(?P<text>[^`]+)`")
_TARGET = re.compile(r"^\([\w:.-]+\)=\s*$", re.MULTILINE)
_NAMED = re.compile(r"^(?P<text>.*?)\s*<(?P<target>[^<>]+)>$", re.DOTALL)

#: What a numbered box is called.
_BOXES = ("theorem", "lemma", "corollary", "proposition", "definition", "remark", "example")


def plain_markdown(
    text: str, values: Mapping[str, str], quote: Callable[[str, str], str | None] = lambda *_: None
) -> str:
    """Directives as headed paragraphs, roles as their text.

    Parameters
    ----------
    text
        Text of one Markdown cell.
    values
        Glued numbers of the page by name.
    quote
        Gives the text of other roles, from name and content (claims, say), or None.

    Returns
    -------
    str
        Markdown that any notebook viewer shows as meant; a directive that is not known keeps
        its content.

    Examples
    --------
    >>> plain_markdown("It takes {glue:text}`time` s, see {doc}`the notes <notes>`.", {"time": "3"})
    'It takes 3 s, see the notes.'
    """
    lines: list[str] = []
    waiting = text.split("\n")
    while waiting:
        line = waiting.pop(0)
        opened = _FENCE.match(line)
        if opened is None:
            lines.append(line)
            continue
        mark, body = opened["mark"], []
        while waiting and waiting[0].rstrip() != mark:
            body.append(waiting.pop(0))
        if waiting:
            waiting.pop(0)
        options = {}
        while body and (option := re.match(r"^:([\w-]+):\s*(.*)$", body[0])):
            options[option[1]] = option[2]
            body.pop(0)
        inside = plain_markdown("\n".join(body).strip("\n"), values, quote)
        lines.append(_box(opened["name"], opened["title"].strip(), inside, options))
    joined = _TARGET.sub("", "\n".join(lines))
    return _ROLE.sub(lambda m: _role(m["name"], m["text"], values, quote), joined)


def _box(name: str, title: str, body: str, options: Mapping[str, str]) -> str:
    kind = name.removeprefix("prf:")
    named = f" ({title})" if title else ""
    if kind in _BOXES:
        return f"**{kind.capitalize()}{named}.** {body}"
    if kind == "proof":
        return f"*Proof.* {body} ∎"
    if kind in ("exercise", "exercise-start"):
        return f"**Exercise{named}.** {body}".rstrip()
    if kind in ("solution", "solution-start"):
        return f"**Solution.** {body}".rstrip()
    if kind.endswith("-end"):
        return ""
    if kind in ("glue:figure", "figure"):
        return f"*{body}*" if body else ""
    if kind == "math":
        return f"$$\n{body}\n$$"
    if kind in ("admonition", "note", "tip", "warning", "important", "hint", "dropdown", "margin"):
        head = title or kind.capitalize()
        return "\n".join(f"> {line}".rstrip() for line in f"**{head}**\n\n{body}".split("\n"))
    return body


def _role(
    name: str, text: str, values: Mapping[str, str], quote: Callable[[str, str], str | None]
) -> str:
    if name in ("glue", "glue:text", "glue:md"):
        return values.get(text.split(":")[0], text)
    quoted = quote(name, text)
    if quoted is not None:
        return quoted
    if name == "math":
        return f"${text}$"
    named = _NAMED.match(text)
    if named:
        return named["text"]
    if name in ("prf:ref", "ref", "numref", "eq", "doc"):
        return f"*{text.split('/')[-1].replace('-', ' ').replace('_', ' ')}*"
    return text
