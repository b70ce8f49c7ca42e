"""Which modules of a package does a piece of code really use?

Static analysis of import statements and attribute access, without importing anything. Flat
re-exports are followed to the module that defines the name: a page that says `sl.KeyTokens`
depends on `simlib/processes/_key_tokens.py` and on what that module uses, not on all of `simlib`.
Where the code is too dynamic to tell, the whole (sub)package counts: a page may run again
needlessly, but never shows a stale result.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class PackageGraph:
    """Static import graph of one package.

    Parameters
    ----------
    folder
        Folder of the package, e.g. `.../simlib`.
    dynamic
        Modules that import others by name at run time, and the package that they choose from.
        Ids such as `"key_tokens.3"` in the code of a page tell which (`chosen`).
    """

    folder: Path
    dynamic: Mapping[str, str] = field(default_factory=dict)
    _trees: dict[str, ast.Module] = field(default_factory=dict, repr=False)
    _direct: dict[str, frozenset[str]] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """Name of the package."""
        return self.folder.name

    def path(self, module: str) -> Path | None:
        """File of a dotted module name, or None if there is no such module."""
        parts = module.split(".")
        if parts[0] != self.name:
            return None
        base = self.folder.joinpath(*parts[1:])
        for candidate in (
            base.with_suffix(".py") if len(parts) > 1 else None,
            base / "__init__.py",
        ):
            if candidate is not None and candidate.is_file():
                return candidate
        return None

    def is_package(self, module: str) -> bool:
        """Whether the module is a folder with an `__init__.py`."""
        path = self.path(module)
        return path is not None and path.name == "__init__.py"

    def modules_below(self, package: str) -> set[str]:
        """All modules of a (sub)package, itself included."""
        path = self.path(package)
        if path is None:
            return set()
        if path.name != "__init__.py":
            return {package}
        found = set()
        for file in path.parent.rglob("*.py"):
            parts = file.relative_to(path.parent).with_suffix("").parts
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            found.add(".".join((package, *parts)))
        return found

    def tree(self, module: str) -> ast.Module:
        """Syntax tree of a module."""
        if module not in self._trees:
            path = self.path(module)
            assert path is not None, module
            self._trees[module] = ast.parse(path.read_text(encoding="utf-8"), str(path))
        return self._trees[module]

    # -- names -----------------------------------------------------------------------------

    def resolve(self, module: str, name: str, seen: frozenset = frozenset()) -> set[str]:
        """Modules that define `module.name`, following re-exports."""
        if not self.is_package(module):
            return {module}
        if (module, name) in seen:
            # Packages that import the name from each other: the first to ask takes all of it.
            return self.modules_below(module)
        seen |= {(module, name)}
        for statement in _top_level(self.tree(module)):
            if isinstance(statement, ast.ImportFrom):
                source = self._absolute(module, statement)
                for alias in statement.names:
                    if (alias.asname or alias.name) == name and source is not None:
                        return self._imported(source, alias.name, seen)
                    if alias.name == "*" and source is not None:
                        # Cannot tell which names a star brings: take all of it.
                        return self.modules_below(source)
            elif name in _bound_names(statement):
                return {module}
        if self.path(f"{module}.{name}") is not None:
            return {f"{module}.{name}"}
        return self.modules_below(module)

    def _imported(self, source: str, name: str, seen: frozenset = frozenset()) -> set[str]:
        """What `from source import name` refers to."""
        return (
            {f"{source}.{name}"}
            if self.path(f"{source}.{name}") is not None and not self._defines(source, name)
            else self.resolve(source, name, seen)
        )

    def _defines(self, package: str, name: str) -> bool:
        """Whether a package's `__init__` binds `name` to something other than the submodule."""
        for statement in _top_level(self.tree(package)):
            if isinstance(statement, ast.ImportFrom):
                source = self._absolute(package, statement)
                for alias in statement.names:
                    if (alias.asname or alias.name) == name and source != package:
                        return True
            elif name in _bound_names(statement):
                return True
        return False

    def _absolute(self, module: str, statement: ast.ImportFrom) -> str | None:
        """Dotted source of a `from` import inside `module`; None outside the package."""
        if statement.level == 0:
            source = statement.module or ""
        else:
            parts = module.split(".")
            keep = len(parts) - statement.level + (1 if self.is_package(module) else 0)
            source = ".".join(parts[:keep] + ([statement.module] if statement.module else []))
        return source if source.split(".")[0] == self.name and self.path(source) else None

    # -- references ------------------------------------------------------------------------

    def references(self, tree: ast.AST, *, module: str = "", on_use: bool = False) -> set[str]:
        """Modules of the package that a syntax tree refers to directly.

        Parameters
        ----------
        tree
            The code of a page or of a module.
        module
            Dotted name of the module, for relative imports.
        on_use
            Count `from` imports only where the name is used (for `__init__` files, which import
            everything only to re-export it).
        """
        aliases: dict[str, str] = {}  # local name -> module that it stands for
        names: dict[str, set[str]] = {}  # local name -> modules that define it
        found: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if self.path(alias.name) is None:
                        continue
                    target = alias.name if alias.asname else self.name
                    aliases[alias.asname or self.name] = target
            elif isinstance(node, ast.ImportFrom):
                source = self._absolute(module, node)
                if source is None:
                    continue
                for alias in node.names:
                    local = alias.asname or alias.name
                    if alias.name == "*":
                        found |= self.modules_below(source)
                        continue
                    targets = self._imported(source, alias.name)
                    if targets == {f"{source}.{alias.name}"}:
                        aliases[local] = f"{source}.{alias.name}"
                    else:
                        names[local] = targets
                        if not on_use:
                            found |= targets
        if on_use:
            used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
            found |= set().union(*(names[name] for name in used & set(names)))
        for name, chain in _attribute_chains(tree, set(aliases)):
            found |= self._follow(aliases[name], chain)
        return {m for m in found if self.path(m) is not None}

    def _follow(self, module: str, chain: list[str]) -> set[str]:
        """Modules behind `module.a.b.c`."""
        for attribute in chain:
            if not self.is_package(module):
                return {module}
            targets = self._imported(module, attribute)
            if targets != {f"{module}.{attribute}"}:
                return targets
            module = f"{module}.{attribute}"
        # The module itself is passed around: anything in it may be used.
        return self.modules_below(module)

    def direct(self, module: str) -> frozenset[str]:
        """Modules that one module refers to (for a package: what its own statements use)."""
        if module not in self._direct:
            tree: ast.AST = self.tree(module)
            package = self.is_package(module)
            if package:
                tree = ast.Module(
                    [*_imports(self.tree(module)), *residue(self.tree(module))], type_ignores=[]
                )
            found = self.references(tree, module=module, on_use=package)
            self._direct[module] = frozenset(found)
        return self._direct[module]

    def chosen(self, strings: Iterable[str], modules: Iterable[str]) -> set[str]:
        """Modules that the dynamic ones among `modules` import, given the strings of a page.

        The topic of an id selects a module; without any id that fits, all of them count.
        """
        topics = {text.split(".")[0] for text in strings if "." in text}
        found: set[str] = set()
        for module in set(modules) & set(self.dynamic):
            package = self.dynamic[module]
            public = {
                m
                for m in self.modules_below(package) - {package}
                if not m.removeprefix(package).startswith("._")
            }
            named = {m for m in public if m.removeprefix(f"{package}.").split(".")[0] in topics}
            found |= named or public
        return found

    def closure(self, modules: Iterable[str]) -> set[str]:
        """`modules`, all that they use in turn, and the packages they live in."""
        found: set[str] = set()
        waiting = list(modules)
        while waiting:
            module = waiting.pop()
            if module in found or self.path(module) is None:
                continue
            found.add(module)
            waiting.extend(self.direct(module))
            parent = module.rpartition(".")[0]
            if parent:
                waiting.append(parent)
        return found


def residue(tree: ast.Module) -> list[ast.stmt]:
    """Statements of an `__init__` that do more than re-export: no imports, docstring, `__all__`."""
    kept = []
    for statement in tree.body:
        if _only_imports(statement):
            continue
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        if _bound_names(statement) == {"__all__"}:
            continue
        kept.append(statement)
    return kept


def _only_imports(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.If):
        return all(map(_only_imports, [*statement.body, *statement.orelse]))
    return isinstance(statement, (ast.Import, ast.ImportFrom))


def _top_level(tree: ast.Module) -> Iterator[ast.stmt]:
    """Statements of a module, and those under `if TYPE_CHECKING`, `try` and the like."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        for child in ast.iter_child_nodes(waiting.pop()):
            if isinstance(child, ast.stmt):
                yield child
                if isinstance(child, (ast.If, ast.Try, ast.With)):
                    waiting.append(child)


def _imports(tree: ast.Module) -> list[ast.stmt]:
    return [s for s in _top_level(tree) if isinstance(s, (ast.Import, ast.ImportFrom))]


def _bound_names(statement: ast.stmt) -> set[str]:
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {statement.name}
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, (ast.AnnAssign, ast.AugAssign)):
        targets = [statement.target]
    return {node.id for t in targets for node in ast.walk(t) if isinstance(node, ast.Name)}


def _attribute_chains(tree: ast.AST, names: set[str]) -> Iterator[tuple[str, list[str]]]:
    """Every maximal `name.a.b` in the tree whose root is one of `names`."""
    inner: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and id(node) not in inner:
            chain: list[str] = []
            current: ast.expr = node
            while isinstance(current, ast.Attribute):
                inner.add(id(current))
                chain.append(current.attr)
                current = current.value
            inner.add(id(current))
            if isinstance(current, ast.Name) and current.id in names:
                yield current.id, chain[::-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in names and id(node) not in inner:
            yield node.id, []
