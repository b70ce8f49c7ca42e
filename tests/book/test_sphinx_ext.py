"""Roles, directives and repairs, in one small Sphinx build and one by one."""

import json
import os
import re
import subprocess
import sys

import pytest
from sphinx.errors import ExtensionError

from simlib import claims
from simlib.book.sphinx_ext._claims import anchor, details, overview
from simlib.book.sphinx_ext._notation import notation_table
from simlib.book.sphinx_ext._repairs import unique_ids
from simlib.book.sphinx_ext._repository import repository_name
from simlib.formulas import QUANTITIES

PAGES = {
    "index": """# Front

{claim}`demo.even` and {claim-verdict}`demo.odd`, {claim-statement}`demo.odd`,
measured {claim-effect}`demo.even simulated`; see {claim-link}`demo.odd`.

```{toctree}
ledger
notation
```
""",
    "ledger": """# Ledger

```{claim-ledger}
:table:
```

```{claim-ledger}
:topic: demo
```
""",
    "notation": "# Notation\n\n```{notation}\n```\n",
}
CLAIMS = """
[[claim]]
id = "demo.even"
statement = "The number $x_2$ is even."
source = { where = "this test" }
page = "index.md"
margin = { lower = 0.9, upper = 1.1, effect = "ratio", unit = "1", why = "A tenth is enough." }
[claim.not_applicable]
traces = "No data."

[[claim]]
id = "demo.odd"
statement = "It is odd."
source = { where = "this test" }
page = "index.md"
margin = { lower = 0.0, upper = 1.0, effect = "share", unit = "1", why = "A share." }
"""
FINDINGS = {
    "demo.even": (
        claims.Finding("derived", claims.Verdict.AGREES, method="proved symbolically"),
        claims.Finding(
            "simulated", claims.Verdict.AGREES, "", 1.0012, 0.0011, 0.9983, 1.0041, 40000
        ),
        claims.Finding("traces", claims.Verdict.NOT_APPLICABLE, note="No data."),
    ),
    "demo.odd": (
        claims.Finding("traces", claims.Verdict.DISAGREES, "tiny", 1.4, 0.1, 1.2, 1.6, 500),
    ),
}
BUILD = """
import sys
from sphinx.application import Sphinx
from sphinx.util.console import nocolor

nocolor()
root = sys.argv[1]
settings = {
    "extensions": ["myst_nb", "simlib.book.sphinx_ext"],
    "html_theme": "sphinx_book_theme",
    "myst_enable_extensions": ["dollarmath"],
    "html_title": "Demo",
    "nb_execution_mode": "off",
}
app = Sphinx(root, None, root + "/out", root + "/trees", "html", settings, status=None,
             warning=sys.stderr, keep_going=True)
app.build()
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    (folder / "claims").mkdir()
    (folder / "claims" / "demo.toml").write_text(CLAIMS, "utf-8")
    claims.write_verdicts(FINDINGS, folder / "claims" / "verdicts.json")
    return folder


def build(root, data, pages):
    for name, text in pages.items():
        (root / f"{name}.md").write_text(text, "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(root)],
        capture_output=True, text=True, check=False,
        env={**os.environ, "SIMLIB_DATA": str(data), "SIMLIB_REPOSITORY": "owner/book"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory, data):
    root = tmp_path_factory.mktemp("source")
    assert build(root, data, PAGES) == ""
    return root / "out"


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))


def test_a_claim_is_quoted_with_statement_and_verdicts(built):
    html = (built / "index.html").read_text("utf-8")
    text = words(html)
    assert r"The number \(x_2\) is even. ✓ derived agrees ✓ simulated agrees" in text
    assert "✗ traces (tiny) disagrees" in text
    assert "measured 1.0012 (99 % interval 0.9983 to 1.0041, n = 40,000)" in text
    # No badge for what is not applicable, and none that depends on colour alone.
    assert "not applicable" not in text
    assert 'href="ledger.html#claim-demo-even"' in html


def test_the_ledger_holds_every_claim_with_its_evidence(built):
    html = (built / "ledger.html").read_text("utf-8")
    text = words(html)
    assert 'id="claim-demo-even"' in html
    assert 'href="#claim-demo-odd"' in html
    assert "agreement within 0.9 to 1.1. A tenth is enough." in text
    assert "not applicable: No data." in text
    assert "disagrees (tiny): 1.40 (99 % interval 1.20 to 1.60, n = 500)" in text
    assert "not run yet" in text


def test_the_notation_page_lists_every_symbol(built):
    html = (built / "notation.html").read_text("utf-8")
    assert all(f">{name}</span>" in html for name in QUANTITIES)


def test_mathjax_comes_from_the_site(built):
    html = (built / "index.html").read_text("utf-8")
    assert "_static/third_party/mathjax/tex-mml-chtml.js" in html
    assert (built / "_static/third_party/mathjax/tex-mml-chtml.js").is_file()
    assert list((built / "_static/third_party/mathjax/output/chtml/fonts").rglob("*.woff"))
    assert "cdn" not in html
    assert "vega.js" not in html


def test_the_vega_bundle_is_the_version_that_altair_writes(built):
    import altair as alt

    text = (built / "_static/third_party/vega.js").read_text("utf-8")
    assert f"Vega-Lite {'.'.join(alt.SCHEMA_VERSION[1:].split('.')[:2])} " in text[:80]
    table = json.loads(re.search(r"window\.VEGA_DEBUG = (\{.*?\});", text)[1])
    assert table == {
        "vega_version": alt.VEGA_VERSION,
        "vegalite_version": alt.VEGALITE_VERSION,
        "vegaembed_version": alt.VEGAEMBED_VERSION,
    }


def test_the_repository_is_linked_when_its_address_is_known(built):
    assert "https://github.com/owner/book" in (built / "index.html").read_text("utf-8")


def test_an_unknown_claim_is_a_warning(tmp_path, data):
    page = "# Front\n\n{claim}`demo.eevn`\n\n{claim-effect}`demo.odd simulated`\n"
    report = build(tmp_path, data, {"index": page})
    assert "no claim 'demo.eevn' in the ledger" in report
    assert "demo.odd has 0 findings in 'simulated'" in report
    assert "index.md:3" in report


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"GITHUB_REPOSITORY": "a/b"}, "a/b"),
        ({"GITHUB_REPOSITORY": "a/b", "SIMLIB_REPOSITORY": "c/d.e"}, "c/d.e"),
        ({"SIMLIB_REPOSITORY": ""}, None),
    ],
)
def test_the_address_comes_from_the_environment(environment, expected):
    assert repository_name(environment) == expected


def test_a_wrong_address_is_refused():
    with pytest.raises(ExtensionError, match="SIMLIB_REPOSITORY must be owner/name"):
        repository_name({"SIMLIB_REPOSITORY": "https://example.org/a/b"})


def test_repeated_ids_are_numbered():
    body = '<a id="proof-content"><a id="x"><a id="proof-content"><a id="proof">'
    assert unique_ids(body) == (
        '<a id="proof-content-1"><a id="x"><a id="proof-content-2"><a id="proof-1">'
    )


def test_the_real_ledger_can_be_shown():
    entries = list(claims.ledger())
    assert len({anchor(e.id) for e in entries}) == len(entries)
    assert all(details(e) for e in entries)
    assert overview(entries).count("claim-link") == len(entries)


def test_the_table_of_symbols_is_complete():
    lines = notation_table().splitlines()
    assert len(lines) == len(QUANTITIES) + 2
    assert len({line.count(" | ") for line in lines}) <= 2
