"""Where the built book lies and which pages it has."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
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


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Address of a local server for a folder, as `make serve` would give."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()
