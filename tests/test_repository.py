"""Rules of the repository: nothing points nowhere, nothing contradicts itself."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
GENERATED = {"_build", ".venv", ".git", ".pytest_cache", ".ruff_cache", ".hypothesis", ".collect"}


def tracked() -> list[Path]:
    """Files under version control, or all files that were not generated."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        found = [ROOT / line for line in listed.stdout.splitlines()]
    else:
        found = [
            p for p in ROOT.rglob("*")
            if p.is_file() and not GENERATED & set(p.relative_to(ROOT).parts)
        ]  # fmt: skip
    return sorted(p for p in found if p.is_file())


def text_of(path: Path) -> str | None:
    """Text of a file, or None if it is binary."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return None


TEXTS = {p: t for p in tracked() if (t := text_of(p)) is not None}
NAMES = {p.relative_to(ROOT).as_posix(): t for p, t in TEXTS.items()}
PROJECT = tomllib.loads(NAMES["pyproject.toml"])


class StrictLoader(yaml.SafeLoader):
    """YAML with an error for a key that stands twice."""


def _mapping(loader, node):
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    twice = {str(key) for key in keys if keys.count(key) > 1}
    if twice:
        raise yaml.YAMLError(f"repeated keys {sorted(twice)} in line {node.start_mark.line + 1}")
    return {
        k: loader.construct_object(v, deep=True) for k, (_, v) in zip(keys, node.value, strict=True)
    }


StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def test_versions_agree():
    version = PROJECT["project"]["version"]
    assert f'__version__ = "{version}"' in NAMES["simlib/__init__.py"]
    assert str(yaml.safe_load(NAMES["CITATION.cff"])["version"]) == version
    assert re.findall(r"^## (\d\S*)", NAMES["CHANGELOG.md"], re.M)[0] == version


def test_release_date_agrees():
    date = str(yaml.safe_load(NAMES["CITATION.cff"])["date-released"])
    assert re.search(r"^## \d\S* . (\S+)", NAMES["CHANGELOG.md"], re.M)[1] == date


YAML_FILES = sorted(n for n in NAMES if n.endswith((".yml", ".yaml", ".cff")))


@pytest.mark.parametrize("name", YAML_FILES)
def test_no_key_stands_twice(name):
    yaml.load(NAMES[name], StrictLoader)


@pytest.mark.parametrize("name", sorted(n for n in NAMES if n.startswith("chapters/")))
def test_no_key_stands_twice_in_a_header(name):
    if NAMES[name].startswith("---\n"):
        yaml.load(NAMES[name].split("---")[1], StrictLoader)


def test_the_strict_loader_is_strict():
    with pytest.raises(yaml.YAMLError, match="repeated keys"):
        yaml.load("a: 1\nb: {c: 1, c: 2}\n", StrictLoader)


def test_paths_of_pyproject_exist():
    tool = PROJECT["tool"]
    paths = [
        PROJECT["project"]["readme"],
        *PROJECT["project"]["license-files"],
        *tool["hatch"]["build"]["targets"]["wheel"]["packages"],
        *tool["hatch"]["build"]["targets"]["sdist"]["include"],
        *tool["pytest"]["ini_options"]["testpaths"],
        *tool["pyright"]["include"],
        *tool["ruff"].get("exclude", []),
        *tool["ruff"]["lint"].get("per-file-ignores", {}),
    ]
    missing = [p for p in paths if not list(ROOT.glob(p))]
    assert missing == []


def test_paths_of_the_book_exist():
    contents = re.findall(r"(?:file|root): (\S+)", NAMES["_toc.yml"])
    config = yaml.safe_load(NAMES["_config.yml"])
    paths = [f"{name}.md" for name in contents] + config["bibtex_bibfiles"]
    paths += [config["logo"], config["html"]["favicon"]]
    assert [p for p in paths if not (ROOT / p).is_file()] == []


def test_every_page_is_in_the_table_of_contents():
    contents = {f"{name}.md" for name in re.findall(r"(?:file|root): (\S+)", NAMES["_toc.yml"])}
    assert contents == {n for n in NAMES if re.fullmatch(r"chapters/.*\.md", n)}


def test_extensions_of_the_book_can_be_imported():
    config = yaml.safe_load(NAMES["_config.yml"])
    for name in config["sphinx"]["extra_extensions"]:
        __import__(name)


def make_targets() -> set[str]:
    return set(re.findall(r"^\.PHONY: (\S+)", NAMES["Makefile"], re.M))


def test_make_targets_that_are_mentioned_exist():
    missing = []
    for name, text in NAMES.items():
        if name.endswith((".md", ".py", ".yml", ".toml")) or name == ".ci/run":
            calls = re.findall(r"(?:^|[`\s\"'(])make ([a-z][a-z-]*)(?=[`\s.,;)\"']|$)", text, re.M)
            code = re.findall(r"`make ([a-z-]+)", text)
            words = set(code) | (set(calls) if name.endswith((".yml", "run")) else set())
            missing += [(name, w) for w in words if w not in make_targets() | {"test"}]
    assert missing == []


def test_files_that_make_and_ci_call_exist():
    text = "\n".join(NAMES[n] for n in NAMES if n.startswith((".ci/", ".github/")))
    text += NAMES["Makefile"] + NAMES[".pre-commit-config.yaml"]
    paths = set(re.findall(r"(?<![\w/.-])((?:tests|benchmarks|tools|\.ci)/[\w./-]+)", text))
    paths |= {"requirements.lock"}
    assert [p for p in sorted(paths) if not (ROOT / p).exists()] == []
    modules = re.findall(r"-m (simlib[\w.]+)", text)
    assert [m for m in modules if not (ROOT / (m.replace(".", "/") + ".py")).is_file()] == []


def test_continuous_integration_covers_the_supported_pythons():
    versions = yaml.safe_load(NAMES[".github/workflows/checks.yml"])
    matrix = versions["jobs"]["test"]["strategy"]["matrix"]["python"]
    low, high = re.search(r">=(\d\.\d+),<3\.(\d+)", PROJECT["project"]["requires-python"]).groups()
    assert matrix[0] == low
    assert matrix[-1] == f"3.{int(high) - 1}"


def test_python_files_are_short():
    long = {n: t.count("\n") for n, t in NAMES.items() if n.endswith(".py") and t.count("\n") > 400}
    assert long == {}


FORBIDDEN = {
    "a registry or mirror of packages": r"pypi\.org/simple|files\.pythonhosted|[-]-index[-]url ",
    "a path of one machine": r"(?<![\w.])/(?:home|root|Users|work|mnt)/\w",
    "a secret": r"ghp_\w{20}|sk-\w{20}|BEGIN (?:RSA|OPENSSH) PRIVATE",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names(what):
    found = {
        n: re.findall(FORBIDDEN[what], t)
        for n, t in NAMES.items()
        if n != "tests/test_repository.py"
    }
    assert {n: f for n, f in found.items() if f} == {}


def test_the_lock_is_hashed_and_names_no_host():
    lock = NAMES["requirements.lock"]
    pins = re.findall(r"^[\w.-]+==", lock, re.M)
    hashed = re.findall(r"^[\w.-]+==[^\n]*\\\n    --hash=sha256:", lock, re.M)
    assert len(pins) == len(hashed) > 100
    assert "http" not in lock


def test_the_lock_holds_every_dependency():
    normal = lambda name: re.sub(r"[-_.]+", "-", name).lower()
    locked = {normal(x) for x in re.findall(r"^([\w.-]+)==", NAMES["requirements.lock"], re.M)}
    groups = PROJECT["dependency-groups"]
    wanted = [*PROJECT["project"]["dependencies"]]
    wanted += [x for g in ("build", "book", "test", "lint") for x in groups[g]]
    names = {normal(re.match(r"[\w.-]+", x)[0]) for x in wanted}
    assert names <= locked
    # Reading the book must never need a language model, nor what benchmarks compare with.
    extras = [x for g in ("lm", "bench") for x in groups[g]]
    assert not {normal(re.match(r"[\w.-]+", x)[0]) for x in extras} & locked


def test_the_example_of_the_readme_runs():
    (code,) = re.findall(r"^```python\n(.*?)^```", NAMES["README.md"], re.M | re.S)
    assert len(code.strip().splitlines()) <= 14
    environment = {**os.environ, "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True, text=True, check=False, env=environment, cwd=ROOT / "tests",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) >= 6


def test_files_that_the_readme_links_exist():
    links = re.findall(r"\]\((?!http)([^)#]+)\)", NAMES["README.md"] + NAMES["CONTRIBUTING.md"])
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_a_missing_python_is_explained():
    done = subprocess.run(
        ["make", "install", "PYTHON=", "VENV=_build/no-such-environment"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "needs Python 3.11, 3.12 or 3.13" in done.stderr
    assert "make PYTHON=/path/to/python" in done.stderr


def test_help_lists_every_command():
    # Inside `make test` another make announces its folder, unless it is told not to.
    command = ["make", "--no-print-directory", "help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    listed = {line.split()[0] for line in done.stdout.splitlines()}
    assert listed >= {
        "book",
        "serve",
        "clean",
        "test",
        "lint",
        "format",
        "lock",
        "bench",
        "lm-test",
    }
    assert listed <= make_targets()
