"""Repository and launch buttons, only where the address of the repository is known.

The address is never written down: GitHub Actions sets `GITHUB_REPOSITORY`, anyone else can set
`SIMLIB_REPOSITORY` to `owner/name`. A local build has neither, and no such buttons.
"""

import os
import re
from collections.abc import Mapping

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError


def repository_name(environment: Mapping[str, str]) -> str | None:
    """`owner/name` from the environment, or None.

    Raises
    ------
    ExtensionError
        If the variable holds something else.
    """
    for variable in ("SIMLIB_REPOSITORY", "GITHUB_REPOSITORY"):
        name = environment.get(variable)
        if name:
            if not re.fullmatch(r"[\w.-]+/[\w.-]+", name):
                raise ExtensionError(f"{variable} must be owner/name, got {name!r}.")
            return name
    return None


def add_buttons(app: Sphinx, config: Config) -> None:
    """`config-inited`: fill in the theme options that need the address."""
    # Change the dictionary in place: replacing it would drop what Jupyter Book put there.
    options = config.html_theme_options
    options["logo"] = {"text": config.html_title}
    name = repository_name(os.environ)
    if name is None:
        for key in ("repository_url", "repository_branch", "launch_buttons"):
            options.pop(key, None)
        return
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    options.update(
        repository_url=f"{server}/{name}",
        repository_branch=os.environ.get("GITHUB_REF_NAME", "main"),
        path_to_docs="",
        use_repository_button=True,
        use_issues_button=True,
        use_edit_page_button=False,
    )


def register(app: Sphinx) -> None:
    """Connect the event, before the theme reads its options."""
    app.connect("config-inited", add_buttons, priority=100)
