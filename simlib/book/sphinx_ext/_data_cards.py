"""`{data-cards}`: the cards of all data sets, made from the registry and the data themselves."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class DataCardsDirective(SphinxDirective):
    """All data cards, one section each; the page supplies the title."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        """Nodes of the cards."""
        from simlib.traces import registry, render_cards

        from ..._paths import data_directory

        data = data_directory()
        self.env.note_dependency(str(data / "registry.toml"))
        for entry in registry().values():
            self.env.note_dependency(str(data / entry.card))
        return self.parse_text_to_nodes(render_cards(), allow_section_headings=True)


def register(app: Sphinx) -> None:
    """Add the directive."""
    app.add_directive("data-cards", DataCardsDirective)
