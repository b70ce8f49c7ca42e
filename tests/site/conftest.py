"""The built book in a real browser."""

import os
import shutil
from pathlib import Path

import pytest

from tests.site.built import SITE, pages, served

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(item.fspath).parent == Path(__file__).parent:
            item.add_marker("site")


@pytest.fixture(scope="session")
def site() -> Path:
    """Folder of the built book."""
    if not pages():
        pytest.fail(
            f"no built book in {SITE}; run `make book` first (`make test` does it for you)."
        )
    return SITE


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium, the one installed on this machine."""
    named = os.environ.get("SIMLIB_BROWSER")
    path = named or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None or not Path(path).is_file():
        pytest.fail(
            f"no browser found ({named or ', '.join(BROWSERS)}); install Chromium "
            "(Debian: apt-get install chromium) or set SIMLIB_BROWSER to the path of one."
        )
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Containers have no user namespaces for Chromium's sandbox; the pages are our own.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def address(site) -> str:
    """Address of a local server for the book."""
    with served(site) as address:
        yield address
