"""Execute the pages in parallel before the build: `python -m simlib.book.sphinx_ext.prefill`.

Jupyter Book runs pages one after the other. This command runs those whose results are not in the
execution cache on all available cores, and stores them where the build will look. It sees the
same transformed text as the builder (`stamp`), so that the keys match.
"""

import argparse
import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import yaml
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import single_nb_execution
from myst_nb.core.config import NbParserConfig
from myst_nb.core.read import create_nb_reader
from myst_parser.config.main import MdParserConfig
from nbformat import NotebookNode

from ._inputs import Project, is_notebook
from ._stamp import stamp

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def pages(root: Path) -> list[Path]:
    """Pages of the table of contents that have code, in reading order."""
    toc = yaml.safe_load((root / "_toc.yml").read_text("utf-8"))
    found: list[Path] = []

    def visit(node: object) -> None:
        if isinstance(node, dict):
            name = node.get("file") or node.get("root")
            if isinstance(name, str):
                found.append(root / f"{name}.md")
            for child in node.values():
                visit(child)
        elif isinstance(node, list):
            for child in node:
                visit(child)

    visit(toc)
    return [p for p in found if p.is_file() and is_notebook(p.read_text("utf-8"))]


def read(path: Path, project: Project) -> NotebookNode:
    """The notebook that the builder will see for a page."""
    text = stamp(path.read_text("utf-8"), project)
    reader = create_nb_reader(str(path), MdParserConfig(), NbParserConfig(), text)
    if reader is None:
        raise ValueError(f"{path} has code cells but no notebook header; add jupytext's header.")
    return reader.read(text)


def run(path: Path, notebook: NotebookNode, timeout: int) -> tuple[NotebookNode, float, str | None]:
    """Execute one notebook in the folder of its page."""
    result = single_nb_execution(
        notebook, cwd=str(path.parent), timeout=timeout, allow_errors=False
    )
    return result.nb, result.time, result.exc_string if result.err else None


def prefill(root: Path, *, workers: int | None = None) -> int:
    """Run every page whose result is not cached.

    Parameters
    ----------
    root
        Folder of `_toc.yml`.
    workers
        Pages to run at a time; default: the cores this process may use.

    Returns
    -------
    int
        Number of pages that failed.
    """
    config = yaml.safe_load((root / "_config.yml").read_text("utf-8"))
    timeout = int(config.get("execute", {}).get("timeout", 300))
    cache = get_cache(str(root / "_build" / ".jupyter_cache"))
    project = Project(root)
    waiting = {}
    for path in pages(root):
        notebook = read(path, project)
        try:
            cache.match_cache_notebook(notebook)
        except KeyError:
            waiting[path] = notebook
    if not waiting:
        print("all pages are up to date: nothing to execute")
        return 0

    workers = min(workers or len(os.sched_getaffinity(0)), len(waiting))
    print(f"executing {len(waiting)} page(s), {workers} at a time", flush=True)
    failed = 0
    # Threads are enough: the work is done by the kernels, which are processes of their own.
    with ThreadPoolExecutor(workers) as pool:
        jobs = {pool.submit(run, path, nb, timeout): path for path, nb in waiting.items()}
        for job in as_completed(jobs):
            path = jobs[job]
            name = path.relative_to(root).as_posix()
            executed, seconds, problem = job.result()
            if problem is not None:
                failed += 1
                if not sys.stderr.isatty():
                    problem = _COLOURS.sub("", problem)
                print(f"  FAILED {name}\n{problem}", file=sys.stderr, flush=True)
                continue
            cache.cache_notebook_bundle(
                CacheBundleIn(executed, str(path), data={"execution_seconds": seconds}),
                check_validity=False,
                overwrite=True,
            )
            print(f"  {name}: {seconds:.1f} s", flush=True)
    return failed


def main() -> None:
    """Command line: exit status 1 if a page failed."""
    parser = argparse.ArgumentParser(description="Execute the pages of the book in parallel.")
    parser.add_argument("root", nargs="?", type=Path, default=Path.cwd())
    parser.add_argument("--workers", type=int, default=None, help="pages to run at a time")
    arguments = parser.parse_args()
    failed = prefill(arguments.root.resolve(), workers=arguments.workers)
    if failed:
        sys.exit(f"{failed} page(s) failed; the tracebacks are above.")


if __name__ == "__main__":
    main()
