"""The digest of a page: it changes with everything that the page uses, and with nothing else."""

import ast
import json

import pytest

from simlib.book.sphinx_ext._inputs import DYNAMIC, Project, code_of, is_notebook

HEADER = "---\nkernelspec: {name: python3}\n---\n\n"


def page(*cells):
    return HEADER + "\n\n".join(f"```{{code-cell}} ipython3\n{cell}\n```" for cell in cells) + "\n"


@pytest.fixture
def project(tmp_path):
    files = {
        "requirements.lock": "jax==0.10.2 \\\n    --hash=sha256:00\nnumpy==2.4.6\n",
        "simlib/__init__.py": "from ._a import a as a\nfrom ._b import b as b\n",
        "simlib/_a.py": "def a():\n    return 1\n",
        "simlib/_b.py": "def b():\n    return 2\n",
        "simlib/_loads.py": "def load(name='numbers'):\n    return name\n",
        "simlib/_constants.py": "def constant(name):\n    return open('constants.toml')\n",
        "simlib/claims/__init__.py": "from ._ledger import ledger as ledger\n",
        "simlib/claims/_ledger.py": "def ledger():\n    return ()\n",
        "simlib/formulas/__init__.py": "from ._formula import formula as formula\n",
        "simlib/formulas/_formula.py": "def formula(name):\n    return name\n",
        "simlib/formulas/colour.py": "RED = 1\n",
        "data/registry.toml": '[numbers]\nsha256 = "aa"\n[letters]\nsha256 = "bb"\n',
        "data/constants.toml": "x = 1\n",
        "data/claims/a.toml": '[[claim]]\nid = "a.one"\nstatement = "One."\n'
        '[[claim]]\nid = "a.two"\nstatement = "Two."\n',
        "data/claims/verdicts.json": json.dumps({"verdicts": {"a.one": ["agrees"]}}),
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path


def inputs(root, text):
    return set(Project(root).inputs(text))


def changes(root, text, name, content):
    """Whether the digest of a page changes when a file gets another content."""
    before = Project(root).digest(text)
    (root / name).write_text(content, "utf-8")
    return Project(root).digest(text) != before


USES_A = page("import simlib as sl\nsl.a()")


def test_inputs_are_named(project):
    assert inputs(project, USES_A) == {"module simlib._a", "versions"}
    loads = page("import simlib\nsimlib._loads.load('letters')")
    assert inputs(project, loads) >= {"data letters", "data numbers", "module simlib._loads"}
    assert "data numbers" not in inputs(project, page("name = 'letters'"))


def test_a_module_that_is_used(project):
    assert changes(project, USES_A, "simlib/_a.py", "def a():\n    return 3\n")


def test_a_module_that_is_not_used(project):
    assert not changes(project, USES_A, "simlib/_b.py", "def b():\n    return 3\n")


def test_a_name_that_moves_to_another_module(project):
    content = "from ._b import b as a\nfrom ._b import b as b\n"
    assert changes(project, USES_A, "simlib/__init__.py", content)


def test_a_new_name_in_the_package(project):
    content = (project / "simlib/__init__.py").read_text() + "from ._loads import load as load\n"
    assert not changes(project, USES_A, "simlib/__init__.py", content)


def test_the_data_that_are_named(project):
    text = (project / "data/registry.toml").read_text()
    uses = page("load('numbers')")
    assert not changes(project, uses, "data/registry.toml", text.replace('"bb"', '"cc"'))
    assert changes(project, uses, "data/registry.toml", text.replace('"aa"', '"dd"'))


def test_another_data_file_that_is_named(project):
    assert changes(project, page("read('constants.toml')"), "data/constants.toml", "x = 2\n")
    assert not changes(project, page("read('other.toml')"), "data/constants.toml", "x = 3\n")
    through_a_module = page("from simlib import _constants\n_constants.constant('x')")
    assert changes(project, through_a_module, "data/constants.toml", "x = 4\n")


def test_the_claims_that_are_named(project):
    uses = page("from simlib import claims\nclaims.ledger('a.one')")
    assert "claim a.one" in inputs(project, uses)
    assert "claim a.two" not in inputs(project, uses)
    verdicts = "data/claims/verdicts.json"
    assert changes(project, uses, verdicts, '{"verdicts": {"a.one": ["disagrees"]}}')


def test_the_whole_ledger_counts_if_no_claim_is_named(project):
    uses = page("from simlib import claims\nclaims.ledger()")
    assert {"claim a.one", "claim a.two"} <= inputs(project, uses)
    assert not any(x.startswith("claim") for x in inputs(project, USES_A))


def test_a_formula_that_is_looked_up_by_name(project):
    uses = page("from simlib.formulas import formula\nformula('colour.red')")
    assert "module simlib.formulas.colour" in inputs(project, uses)


def test_locked_versions_but_not_their_hashes(project):
    lock = "requirements.lock"
    text = (project / lock).read_text()
    assert not changes(project, USES_A, lock, text.replace("sha256:00", "sha256:11"))
    assert changes(project, USES_A, lock, text.replace("0.10.2", "0.10.3"))


def test_code_that_does_not_parse_depends_on_everything(project):
    assert {"module simlib._a", "module simlib._b"} <= inputs(project, page("def ("))


def test_prose_is_no_input(project):
    assert Project(project).digest(USES_A + "\nA sentence.\n") == Project(project).digest(USES_A)


def test_code_is_read_as_the_notebook_reader_reads_it():
    text = page(
        ":tags: [hide-input]\n:name: x\n\na = 1",
        "---\ntags: [remove-cell]\n---\nb = 2",
        ":mystnb:\n:  figure:\n:    caption: words\n%matplotlib inline\nc = 3",
        "!ls\nif c:\n    d = 4",
    )
    names = {n.id for n in ast.walk(ast.parse(code_of(text))) if isinstance(n, ast.Name)}
    assert names == {"a", "b", "c", "d"}
    assert is_notebook(text)
    assert not is_notebook("# A page\n\nWithout code.\n")


def test_every_import_by_name_in_simlib_is_known(request):
    """A module that imports by a computed name must be listed, or its pages could go stale."""
    root = request.config.rootpath
    found = set()
    for path in (root / "simlib").rglob("*.py"):
        text = path.read_text("utf-8")
        if "import_module(" in text:
            parts = path.relative_to(root).with_suffix("").parts
            found.add(".".join(parts).removesuffix(".__init__"))
    # Packages that load their public names on first use mirror them under TYPE_CHECKING.
    lazy = {"simlib", "simlib.book", "simlib.claims"}
    assert found - lazy == set(DYNAMIC)
    for name in lazy:
        path = root / name.replace(".", "/") / "__init__.py"
        assert "if TYPE_CHECKING:" in path.read_text("utf-8")


def test_lazy_names_resolve_to_their_modules(request):
    graph = Project(request.config.rootpath).graph
    assert graph.resolve("simlib", "KeyTokens") == {"simlib.processes._key_tokens"}
    assert graph.resolve("simlib.claims", "run") == {"simlib.claims._run"}
