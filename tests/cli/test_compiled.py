"""Commands keep compiled programs; programs that use the library keep their own configuration."""

import os
import sys
from pathlib import Path

import jax
import pytest

from simlib.cli import _compiled
from tests.cli.test_main import run, subprocess_run

NAMES = (
    "JAX_COMPILATION_CACHE_DIR",
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES",
)


@pytest.fixture
def fresh(monkeypatch, tmp_path):
    """As in a new process: JAX is not imported, and nothing is chosen."""
    for name in NAMES:
        monkeypatch.setenv(name, "")  # so that it is put back as it was
        monkeypatch.delenv(name)
    monkeypatch.delitem(sys.modules, "jax")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def test_a_folder_for_this_processor_that_others_cannot_write(fresh):
    _compiled.keep_compiled_programs()
    folder = Path(os.environ[NAMES[0]])
    assert folder.parent == fresh / "simlib" / "compiled"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [os.environ[name] for name in NAMES[1:]] == ["0", "-1"]


def test_another_processor_has_another_folder(fresh, monkeypatch):
    here = _compiled._processor()
    assert _compiled._processor() == here
    monkeypatch.setattr(_compiled.platform, "machine", lambda: "other")
    assert _compiled._processor() != here


def test_what_the_user_chose_stays(fresh, monkeypatch):
    monkeypatch.setenv(NAMES[0], "/elsewhere")
    _compiled.keep_compiled_programs()
    assert os.environ[NAMES[0]] == "/elsewhere"
    assert NAMES[1] not in os.environ
    assert not list(fresh.iterdir())


def test_without_a_folder_nothing_is_kept(fresh, monkeypatch):
    (fresh / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(fresh / "file"))
    _compiled.keep_compiled_programs()
    assert NAMES[0] not in os.environ


def test_the_oldest_programs_are_removed(fresh, monkeypatch):
    monkeypatch.setattr(_compiled, "_MOST", 3)
    folder = fresh / "simlib" / "compiled" / _compiled._processor()
    folder.mkdir(parents=True)
    for age in range(5):
        (folder / f"{age}").write_text("")
        os.utime(folder / f"{age}", (1e9 - age, 1e9 - age))
    _compiled.keep_compiled_programs()
    assert sorted(file.name for file in folder.iterdir()) == ["0", "1", "2"]


def test_a_program_that_uses_jax_is_left_alone(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    before = dict(os.environ), jax.config.values.copy()
    run("--version", capsys=capsys)
    assert (dict(os.environ), jax.config.values) == before
    assert not list(tmp_path.iterdir())


def test_the_second_command_reads_what_the_first_compiled(tmp_path):
    arguments = ("simulate", "uniform", "--error-rate", "0.01", "--replicates", "1e5", "--json")

    def simulate():
        done = subprocess_run(
            "-c",
            "from simlib.cli import main; main()",
            *arguments,
            XDG_CACHE_HOME=str(tmp_path),
            JAX_LOG_COMPILES="1",  # says what was found in the cache, too
        )
        assert done.returncode == 0, done.stderr
        rows = done.stdout[done.stdout.index('"survival"') :]
        return rows, done.stderr

    def programs():
        return {file.name for file in tmp_path.glob("simlib/*/*/*")}

    first, _ = simulate()
    kept = programs()
    # One was cut short when a command was killed: it is compiled anew without a word.
    largest = max(tmp_path.glob("simlib/*/*/jit__call*"), key=lambda file: file.stat().st_size)
    largest.write_bytes(largest.read_bytes()[:100])
    second, messages = simulate()
    assert second == first
    assert messages.count("compilation cache hit") >= len(kept) - 1 > 5
    assert "Warning" not in messages
    assert programs() == kept
