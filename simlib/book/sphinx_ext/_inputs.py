"""What the result of a page depends on, as one digest.

A page must run again when its code changes, when a module of `simlib` changes that it really
uses, when data or claims change that it names, or when a locked version changes; and only then.
"""

import ast
import hashlib
import json
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ._imports import PackageGraph, residue

#: Modules that import others by name at run time, and where they choose from.
DYNAMIC = {
    "simlib.exercises._check": "simlib.exercises",
    "simlib.claims._evidence": "simlib.claims.evidence",
}

_CELL = re.compile(
    r"^(?P<fence>`{3,}|:{3,})\s*\{code-cell\}[^\n]*\n(?P<body>.*?)^(?P=fence)\s*$",
    re.MULTILINE | re.DOTALL,
)


@dataclass
class Project:
    """The repository as seen by the digest.

    Parameters
    ----------
    root
        Folder with `simlib/`, `data/` and the lock file.
    dynamic
        See `PackageGraph`.
    """

    root: Path
    dynamic: Mapping[str, str] = field(default_factory=lambda: DYNAMIC)
    graph: PackageGraph = field(init=False)

    def __post_init__(self):
        self.graph = PackageGraph(self.root / "simlib", self.dynamic)

    # -- the parts -------------------------------------------------------------------------

    @cached_property
    def versions(self) -> str:
        """Digest of the locked versions and of the Python in use."""
        lock = self.root / "requirements.lock"
        pins = (
            re.findall(r"^[\w.-]+==[^\s\\]+", lock.read_text("utf-8"), re.MULTILINE)
            if (lock.is_file())
            else []
        )
        return _sha(json.dumps([sorted(pins), list(sys.version_info[:2])]).encode())

    @cached_property
    def datasets(self) -> dict[str, str]:
        """Digest of each registered data set: its registry entry, which holds the file hashes."""
        entries = {}
        for name, entry in registry_entries(self.root / "data"):
            entries[name] = _sha(json.dumps(entry, sort_keys=True, default=str).encode())
        return entries

    @cached_property
    def claims(self) -> dict[str, str]:
        """Digest of each claim: its record and its verdict."""
        return claim_digests(self.root / "data" / "claims")

    def module_digest(self, module: str) -> str | None:
        """Digest of a module; for an `__init__`, of what it does beyond re-exporting."""
        path = self.graph.path(module)
        assert path is not None, module
        if path.name == "__init__.py":
            kept = residue(self.graph.tree(module))
            return _sha("\n".join(map(ast.dump, kept)).encode()) if kept else None
        return _sha(path.read_bytes())

    # -- the whole -------------------------------------------------------------------------

    def inputs(self, text: str) -> dict[str, str]:
        """Everything that the result of a page rests on, beside its own cells.

        Parameters
        ----------
        text
            MyST source of the page.

        Returns
        -------
        dict
            Name of the input (`module simlib.x`, `data answers-smollm2`, `claim topic.name`,
            `file constants.toml`, `versions`) and its digest.
        """
        try:
            tree = ast.parse(code_of(text))
        except SyntaxError:
            # The page will fail when it runs; until then it depends on everything.
            tree = ast.parse("import simlib\nsimlib")
        strings = set(_strings(tree))
        modules = self.graph.closure(self.graph.references(tree))
        modules = self.graph.closure(modules | self.graph.chosen(strings, modules))
        # Formulas are looked up by name: `formula("uniform.survival")`, in a page or a module.
        names = strings.union(*(_strings(self.graph.tree(m)) for m in modules))
        modules = self.graph.closure(modules | self._formula_modules(names))
        found = {"versions": self.versions}
        for module in modules:
            digest = self.module_digest(module)
            if digest is not None:
                found[f"module {module}"] = digest
            # A module that names a data set or a data file reads it for the page.
            texts = set(_strings(self.graph.tree(module)))
            strings |= texts & set(self.datasets) | set(self._files_named(texts))
        found |= {f"data {name}": self.datasets[name] for name in strings & set(self.datasets)}
        found |= self._claims_used(strings, modules)
        found |= {
            f"file {name}": _sha((self.root / "data" / name).read_bytes())
            for name in self._files_named(strings)
        }
        return dict(sorted(found.items()))

    def digest(self, text: str) -> str:
        """One digest of `inputs`."""
        return _sha(json.dumps(self.inputs(text)).encode())

    def _formula_modules(self, names: Iterable[str]) -> set[str]:
        topics = {name.split(".")[0] for name in names if re.fullmatch(r"\w+\.\w+", name)}
        modules = {f"simlib.formulas.{topic}" for topic in topics}
        return {m for m in modules if self.graph.path(m) is not None}

    def _claims_used(self, strings: set[str], modules: set[str]) -> dict[str, str]:
        named = strings & set(self.claims)
        uses_ledger = any(m == "simlib.claims" or m.startswith("simlib.claims.") for m in modules)
        if uses_ledger and not named:
            named = set(self.claims)
        return {f"claim {name}": self.claims[name] for name in named}

    def _files_named(self, strings: Iterable[str]) -> Iterator[str]:
        """Strings that are paths of files below `data/`; the registry counts by its entries."""
        data = self.root / "data"
        for text in strings:
            path = 2 < len(text) < 100 and re.fullmatch(r"[\w./-]+\.\w+", text)
            if path and text != "registry.toml" and (data / text).is_file():
                yield text


def code_of(text: str) -> str:
    """The Python code of a MyST page: its code cells without options and notebook magics."""
    lines: list[str] = []
    for match in _CELL.finditer(text):
        body = match["body"].splitlines()
        # Options: lines that begin with a colon, or a YAML block between two `---`.
        if body and body[0].strip() == "---":
            end = next((i for i, line in enumerate(body[1:], 1) if line.strip() == "---"), 0)
            body = body[end + 1 :]
        else:
            while body and body[0].lstrip().startswith(":"):
                body = body[1:]
        lines += [
            "pass" if line.lstrip().startswith(("%", "!")) and not line.startswith(" ") else line
            for line in body
        ]
    return "\n".join(lines)


def is_notebook(text: str) -> bool:
    """Whether a page has code to execute."""
    return text.startswith("---") and _CELL.search(text) is not None


def registry_entries(data: Path) -> Iterator[tuple[str, dict]]:
    """Ids and entries of the data registry, read without importing anything."""
    path = data / "registry.toml"
    if not path.is_file():
        return
    for name, entry in tomllib.loads(path.read_text("utf-8")).items():
        if isinstance(entry, dict):
            yield name, entry


def claim_digests(folder: Path) -> dict[str, str]:
    """Digest of every claim of the ledger, read without importing anything."""
    path = folder / "verdicts.json"
    verdicts = json.loads(path.read_text("utf-8"))["verdicts"] if path.is_file() else {}
    records = {
        str(entry["id"]): entry
        for file in sorted(folder.glob("*.toml"))
        for entry in tomllib.loads(file.read_text("utf-8")).get("claim", [])
    }
    return {
        name: _sha(json.dumps([entry, verdicts.get(name)], sort_keys=True, default=str).encode())
        for name, entry in records.items()
    }


def _strings(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
