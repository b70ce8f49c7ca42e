"""Where the built book lies and which pages it has."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "_build" / "html"


def pages() -> list[str]:
    """Every page of the built book, as a path below the site; empty before it is built."""
    if not (SITE / "index.html").is_file():
        return []
    skip = ("_static", "reports")
    found = (p.relative_to(SITE).as_posix() for p in SITE.rglob("*.html"))
    # `index.html` only forwards to the first page.
    return sorted(p for p in found if not p.startswith(skip) and p != "index.html")


def open_tab(browser, **options):
    """A new tab in a context of its own; a busy machine is no fault of a page."""
    context = browser.new_context(**options)
    context.set_default_timeout(120_000)
    return context.new_page()
