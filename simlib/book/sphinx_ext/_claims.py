"""Claims in the text: `{claim}`, its variants, and the ledger.

Statement, numbers and verdicts come from the record in `data/claims`; nothing is typed twice.
"""

import re
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

from .._text import polish

if TYPE_CHECKING:
    from simlib.claims import Entry, Finding

_LOG = logging.getLogger(__name__)


class claim_link(nodes.Inline, nodes.TextElement):
    """Stands for a link to a claim in the ledger until every page is read."""


def anchor(claim: str) -> str:
    """Id of a claim's place in the ledger.

    Examples
    --------
    >>> anchor("uniform.geometric_law")
    'claim-uniform-geometric-law'
    """
    return "claim-" + re.sub(r"[^a-z0-9]+", "-", claim)


def entries(env: BuildEnvironment) -> dict[str, "Entry"]:
    """The ledger; read once per build."""
    found = getattr(env.app, "_simlib_ledger", None)
    if found is None:
        from simlib import claims

        found = {entry.id: entry for entry in claims.ledger()}
        env.app._simlib_ledger = found  # type: ignore[attr-defined]
    return found


def depend_on_ledger(env: BuildEnvironment) -> None:
    """Read the page again when a definition or a verdict changes."""
    from simlib import claims

    for path in (claims.verdicts_path(), *claims.claims_directory().glob("*.toml")):
        env.note_dependency(str(path))


class ClaimRole(SphinxRole):
    """Quote a claim.

    `{claim}` gives statement and verdicts, `{claim-statement}` the statement, `{claim-verdict}`
    the verdicts, and ``{claim-effect}`topic.name simulated` `` the number behind one verdict
    (for traces, `topic.name traces smollm2`); `{claim-link}` is only the link to its entry.
    """

    def __init__(self, part: str):
        super().__init__()
        self.part = part

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Nodes of the quotation; an unknown claim is a warning, which fails the build."""
        depend_on_ledger(self.env)
        words = self.text.split()
        known = entries(self.env)
        if not words or words[0] not in known:
            return self._problem(f"no claim {self.text!r} in the ledger; see `simlib claims`")
        entry = known[words[0]]
        if self.part == "effect":
            return self._effect(entry, words[1:])
        if self.part == "link":
            return [claim_link("", "", nodes.literal("", entry.id), claim=entry.id)], []
        content: list[nodes.Node] = []
        if self.part in ("claim", "statement"):
            content += self._inline(entry.claim.statement)
        if self.part == "claim":
            content.append(nodes.Text(" "))
        if self.part in ("claim", "verdict"):
            content += verdict_nodes(entry)
        return content, []

    def _effect(self, entry: "Entry", words: list[str]) -> Any:
        from simlib.claims import COLUMNS, finding_text

        column, model = (*words, "", "")[:2]
        if column not in COLUMNS:
            return self._problem(f"column must be one of {COLUMNS}, got {column!r} for {entry.id}")
        found = [x for x in entry.column(column) if not model or x.model == model]
        if len(found) != 1:
            return self._problem(f"{entry.id} has {len(found)} findings in {' '.join(words)!r}")
        text = polish(finding_text(found[0]).split(": ", maxsplit=1)[-1])
        return self._inline(text), []

    def _inline(self, text: str) -> list[nodes.Node]:
        content, _ = self.inliner.parse(text, self.lineno, self.inliner, nodes.inline())  # type: ignore[arg-type]
        return content

    def _problem(self, message: str) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        _LOG.warning(message, location=self.get_location(), type="simlib", subtype="claim")
        return [nodes.problematic(self.rawtext, self.rawtext)], []


def verdict_nodes(entry: "Entry") -> list[nodes.Node]:
    """One small sign per kind of evidence, linked to the ledger."""
    from simlib.claims import COLUMNS, Verdict

    found: list[nodes.Node] = []
    for column in COLUMNS:
        findings = entry.column(column)
        if not findings:
            found += _badge(entry.id, "not-run", f"{column}: not run", "")
        for finding in findings:
            if finding.verdict is not Verdict.NOT_APPLICABLE:
                found += _finding_badge(entry.id, finding)
    return found


def _finding_badge(claim: str, finding: "Finding") -> list[nodes.Node]:
    from simlib.claims import SIGNS

    style = str(finding.verdict).replace(" ", "-")
    label = f"{SIGNS[finding.verdict]} {finding.place}"
    return _badge(claim, style, label, f" {finding.verdict}")


def _badge(claim: str, style: str, label: str, spoken: str) -> list[nodes.Node]:
    badge = nodes.inline("", label, classes=["verdict", style])
    # The sign and the colour say it to the eye; this says it to a screen reader.
    badge += nodes.inline("", spoken, classes=["visually-hidden"])
    return [claim_link("", "", badge, claim=claim), nodes.Text(" ")]


class LedgerDirective(SphinxDirective):
    """The claims with all their evidence; `:topic:` restricts it, `:table:` gives the overview."""

    has_content = False
    option_spec = {"topic": directives.unchanged, "table": directives.flag}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        """Nodes of the ledger."""
        depend_on_ledger(self.env)
        topic = self.options.get("topic")
        chosen = [e for e in entries(self.env).values() if topic in (None, e.claim.topic)]
        if not chosen:
            message = f"no claims on {topic!r}" if topic else "the ledger is empty"
            _LOG.warning(message, location=self.get_location(), type="simlib", subtype="claim")
            return []
        if "table" in self.options:
            return self._parse(overview(chosen))
        found: list[nodes.Node] = []
        for entry in chosen:
            box = nodes.container("", ids=[anchor(entry.id)], classes=["claim-entry"])
            box += self._parse(details(entry))
            first = box.next_node(nodes.paragraph)
            if first is not None:
                first["classes"].append("claim-statement")
            found.append(box)
            places(self.env)[entry.id] = self.env.docname
        return found

    def _parse(self, text: str) -> list[nodes.Node]:
        return self.parse_text_to_nodes(text)


def details(entry: "Entry") -> str:
    """One claim as MyST text: statement, what it rests on, one line per finding."""
    from simlib.claims import COLUMNS, SIGNS, finding_text, margin_text

    claim = entry.claim
    source = f"{{cite:t}}`{claim.source.key}`, " if claim.source.key else ""
    lines = [
        f"{claim.statement}",
        "",
        f"`{claim.id}` · {source}{claim.source.where}",
        "",
    ]
    if claim.margin is not None:
        lines += [
            f"Effect: {claim.margin.effect}; agreement within {polish(margin_text(claim.margin))}. "
            f"{claim.margin.why}",
            "",
        ]
    for column in COLUMNS:
        for finding in entry.column(column):
            note = (
                f" {finding.note}" if finding.note and "applicable" not in finding.verdict else ""
            )
            text = polish(finding_text(finding))
            end = "" if text.endswith((".", "!", "?")) else "."
            lines.append(f"- **{column}** {SIGNS[finding.verdict]} {text}{end}{note}")
        if not entry.column(column):
            lines.append(f"- **{column}** not run yet; `simlib claims --update` runs it.")
    return "\n".join(lines)


def _short(finding: "Finding") -> str:
    from simlib.claims import SIGNS, Verdict

    if finding.verdict is Verdict.NOT_APPLICABLE:
        return SIGNS[finding.verdict]
    model = f" ({finding.model})" if finding.model else ""
    return f"{SIGNS[finding.verdict]} {finding.verdict}{model}"


def overview(chosen: list["Entry"]) -> str:
    """All claims in one narrow table: id and the verdict of each kind of evidence."""
    from simlib.claims import COLUMNS, error_rate_text

    lines = ["| claim | " + " | ".join(COLUMNS) + " |", "|---|" + "---|" * len(COLUMNS)]
    for entry in chosen:
        cells = [
            "<br>".join(_short(x) for x in entry.column(column)) or "not run" for column in COLUMNS
        ]
        lines.append(f"| {{claim-link}}`{entry.id}` | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", error_rate_text(chosen)])


def places(env: BuildEnvironment) -> dict[str, str]:
    """Page that holds the ledger entry of each claim."""
    if not hasattr(env, "simlib_claim_places"):
        env.simlib_claim_places = {}  # type: ignore[attr-defined]
    return env.simlib_claim_places  # type: ignore[attr-defined]


def resolve_links(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """`doctree-resolved`: turn `claim_link` into links, or into plain text without a ledger."""
    for node in list(doctree.findall(claim_link)):
        place = places(app.env).get(node["claim"])
        if place is None:
            node.replace_self(node.children)
            continue
        target = "" if place == docname else app.builder.get_relative_uri(docname, place)
        link = nodes.reference("", "", internal=True, refuri=f"{target}#{anchor(node['claim'])}")
        link += node.children
        node.replace_self(link)


def purge(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """`env-purge-doc`: forget the claims of a page that is read again or gone."""
    for claim in [c for c, place in places(env).items() if place == docname]:
        del places(env)[claim]


def register(app: Sphinx) -> None:
    """Add roles, directive and events."""
    app.add_node(claim_link)
    app.add_role("claim", ClaimRole("claim"))
    for part in ("statement", "verdict", "effect", "link"):
        app.add_role(f"claim-{part}", ClaimRole(part))
    app.add_directive("claim-ledger", LedgerDirective)
    app.connect("doctree-resolved", resolve_links)
    app.connect("env-purge-doc", purge)
