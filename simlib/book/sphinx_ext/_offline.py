"""MathJax and Vega from installed packages, so that the book needs no network.

Nothing of theirs is committed: the files come from the wheels `sphinx-mathjax-offline` and
`vl-convert-python` and are copied into the built site. Each page loads only what it uses.
"""

import json
import shutil
from importlib.metadata import distribution
from importlib.metadata import version as metadata_version
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError

FOLDER = "third_party"
MATHJAX = f"{FOLDER}/mathjax/tex-mml-chtml.js"
VEGA = f"{FOLDER}/vega.js"

# The parts of MathJax that a page can ask for: TeX extensions, fonts, and the accessibility
# menu with its speech rules. Everything else (other input and output formats) stays behind.
_MATHJAX_PARTS = (
    "tex-mml-chtml.js",
    "input/tex/extensions",
    "output/chtml/fonts",
    "a11y",
    "sre",
    "ui",
)


def use_local_mathjax(app: Sphinx, config: Config) -> None:
    """`config-inited`: point Sphinx at the copied MathJax."""
    config.mathjax_path = MATHJAX


def copy_assets(app: Sphinx) -> None:
    """`builder-inited`: put the files where the finished site will look for them."""
    if app.builder.format != "html":
        return
    target = Path(app.outdir) / "_static" / FOLDER
    _copy_mathjax(target / "mathjax")
    _write_vega(target / "vega.js")


def _copy_mathjax(target: Path) -> None:
    package = distribution("sphinx-mathjax-offline")
    stamp = target / "version.txt"
    if stamp.is_file() and stamp.read_text("utf-8") == package.version:
        return
    source = Path(str(package.locate_file("sphinx-mathjax-offline"))) / "static" / "mathjax"
    if not (source / "tex-mml-chtml.js").is_file():
        raise ExtensionError(
            f"no MathJax in {source}; reinstall the locked packages with `make clean book`."
        )
    for part in _MATHJAX_PARTS:
        origin, copy = source / part, target / part
        copy.parent.mkdir(parents=True, exist_ok=True)
        if origin.is_dir():
            shutil.copytree(origin, copy, dirs_exist_ok=True)
        else:
            shutil.copyfile(origin, copy)
    stamp.write_text(package.version, "utf-8")


def _write_vega(target: Path) -> None:
    import altair as alt
    import vl_convert

    installed = metadata_version("vl-convert-python")

    version = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    if version not in vl_convert.get_vegalite_versions():
        raise ExtensionError(
            f"vl-convert-python {installed} has no Vega-Lite {version}, which Altair "
            f"{alt.__version__} writes; lock a pair that agrees (`make lock`)."
        )
    head = f"/* Vega-Lite {version} from vl-convert-python {installed} */\n"
    if target.is_file():
        with target.open(encoding="utf-8") as file:
            if file.readline() == head:
                return
    # Altair's output loads its libraries from the network unless this table says that they are
    # there already.
    loaded = {
        "vega_version": alt.VEGA_VERSION,
        "vegalite_version": alt.VEGALITE_VERSION,
        "vegaembed_version": alt.VEGAEMBED_VERSION,
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    bundle = vl_convert.javascript_bundle(vl_version=version)  # type: ignore[call-arg]
    # A function of its own: the bundle's top-level names stay out of the page.
    target.write_text(
        f"{head}(function () {{{bundle}}})();\nwindow.VEGA_DEBUG = {json.dumps(loaded)};\n",
        encoding="utf-8",
    )


def load_vega(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """`html-page-context`: the Vega bundle, only on pages that hold a chart."""
    if "altair-viz-" in (context.get("body") or ""):
        app.add_js_file(VEGA)


def register(app: Sphinx) -> None:
    """Connect the events."""
    app.connect("config-inited", use_local_mathjax)
    app.connect("builder-inited", copy_assets)
    app.connect("html-page-context", load_vega, priority=450)
