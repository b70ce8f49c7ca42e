"""The book as a whole: links, search, notebooks, third-party files."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.site.built import ROOT, open_tab, pages


def test_no_broken_internal_link(site):
    lychee = Path(sys.executable).with_name("lychee")
    done = subprocess.run(
        [
            lychee, "--offline", "--include-fragments", "--no-progress", "--root-dir", site,
            # Templates of the theme, which no page uses.
            "--exclude-path", "_static", f"{site}/**/*.html",
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_page_of_the_contents_was_built(site):
    contents = (ROOT / "_toc.yml").read_text("utf-8")
    for name in re.findall(r"(?:file|root): (\S+)", contents):
        assert f"{name}.html" in pages()


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_search_finds_terms_and_names(browser, site, address, scheme):
    base = address if scheme == "http" else site.as_uri()
    for word in ("frailty", "KeyTokens"):
        tab = open_tab(browser)
        tab.goto(f"{base}/search.html?q={word}")
        tab.wait_for_selector("#search-results li")
        tab.context.close()


def test_the_first_page_forwards(browser, site):
    tab = open_tab(browser)
    tab.goto((site / "index.html").as_uri())
    tab.wait_for_url("**/chapters/index.html")
    tab.context.close()


def notebooks(site):
    return sorted((site / "_sources").rglob("*.ipynb"))


def test_notebooks_can_be_downloaded(site):
    found = notebooks(site)
    assert found
    for path in found:
        page = site / path.relative_to(site / "_sources").with_suffix(".html")
        link = f'_sources/{path.relative_to(site / "_sources").as_posix()}"'
        assert link in page.read_text("utf-8")
        notebook = json.loads(path.read_text("utf-8"))
        code = [c for c in notebook["cells"] if c["cell_type"] == "code"]
        # Figures are put in from elsewhere; what cells print or return shows that they were run.
        kinds = {output["output_type"] for c in code for output in c["outputs"]}
        shown = {"display_data"} if path.stem == "index" else {"stream", "execute_result"}
        assert kinds & shown, f"{path} was not executed"
        # The cache key is the builder's business.
        assert not any("inputs of this page" in "".join(c["source"]) for c in code)


def test_vega_is_loaded_only_where_a_chart_is(site):
    for page in pages():
        text = (site / page).read_text("utf-8")
        assert ("third_party/vega.js" in text) == ("altair-viz-" in text), page


def test_no_page_names_a_delivery_network(site):
    networks = re.compile(r"""(?:src|href)=["'](?:https?:)?//[^"']+\.(?:js|css|woff2?)["'?]""")
    for page in pages():
        assert not networks.search((site / page).read_text("utf-8")), page


def test_light_and_dark_look_different(browser, address):
    shots = []
    for scheme in ("light", "dark"):
        tab = open_tab(browser, color_scheme=scheme)
        tab.goto(f"{address}/chapters/index.html")
        shots.append(tab.evaluate("() => getComputedStyle(document.body).backgroundColor"))
        tab.context.close()
    assert len(set(shots)) == 2


def test_nothing_on_the_site_names_this_machine(site):
    for page in pages():
        assert str(ROOT) not in (site / page).read_text("utf-8"), page
