"""`{notation}`: the table of symbols, generated from the registered quantities."""

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


def notation_table() -> str:
    """The symbols as a MyST table: printed form, meaning with unit, domain, name in code."""
    from simlib.formulas import QUANTITIES

    lines = ["| symbol | meaning | domain | in code |", "|---|---|---|---|"]
    for quantity in sorted(QUANTITIES.values(), key=lambda q: (q.latex.lstrip("\\"), q.name)):
        unit = "" if quantity.unit == "1" else f", in {quantity.unit}"
        if quantity.unit.startswith("1 per"):
            unit = f", {quantity.unit.removeprefix('1 ')}"
        cells = (
            f"${quantity.latex}$",
            quantity.meaning + unit,
            f"${quantity.domain_latex}$",
            f"`{quantity.name}`",
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


class NotationDirective(SphinxDirective):
    """All symbols of the book."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        """Nodes of the table."""
        import simlib.formulas

        for path in Path(simlib.formulas.__file__).parent.glob("*.py"):
            self.env.note_dependency(str(path))
        return self.parse_text_to_nodes(notation_table())


def register(app: Sphinx) -> None:
    """Add the directive."""
    app.add_directive("notation", NotationDirective)
