"""The root command: version, help, exit codes, and which errors become one message."""

import os
import subprocess
import sys

import pytest
import typer

import simlib
from simlib import cli
from simlib.cli import _errors


def run(*arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    streams = capsys.readouterr()
    return caught.value.code or 0, streams.out, streams.err


def subprocess_run(*command, **environment):
    # The jaxtyping hook of the test run does not reach a new process: this is what users run.
    return subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        text=True,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "120", **environment},
        timeout=120,
    )


def test_version(capsys):
    assert run("--version", capsys=capsys) == (0, f"simlib {simlib.__version__}\n", "")


def test_help_is_quick_because_it_does_not_import_jax():
    code = (
        "import sys\nfrom simlib.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit as stop:\n    assert not stop.code\n"
        "heavy = {'jax', 'sympy', 'scipy', 'matplotlib', 'polars', 'torch'} & set(sys.modules)\n"
        "print(sorted(heavy), file=sys.stderr)"
    )
    done = subprocess_run("-c", code)
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip() == "[]"
    for name in ("claims", "simulate", "data", "collect"):
        assert name in done.stdout


def test_the_installed_command_is_this_one():
    done = subprocess_run(
        "-c",
        "from importlib.metadata import entry_points as e\n"
        "print(*[x.value for x in e(group='console_scripts', name='simlib')])",
    )
    assert done.stdout.strip() == "simlib.cli:main"


def test_wrong_use_exits_with_2(capsys):
    code, out, err = run("clams", capsys=capsys)
    assert (code, out) == (2, "")
    assert "claims" in err  # suggests the closest command
    assert run("claims", "--nonsense", capsys=capsys)[0] == 2


def test_errors_raised_on_purpose_become_one_message(capsys):
    code, out, err = run("claims", "uniform.horizn", capsys=capsys)
    assert (code, out) == (2, "")
    assert err.startswith("Error: no claim or topic 'uniform.horizn'")
    assert "uniform.horizon" in err
    assert "Traceback" not in err


def test_a_missing_data_folder_is_a_message(tmp_path):
    done = subprocess_run("-m", "simlib.cli", "claims", SIMLIB_DATA=str(tmp_path / "nowhere"))
    assert done.returncode == 2
    assert done.stderr.startswith("Error: SIMLIB_DATA names")


@pytest.fixture
def broken(monkeypatch):
    """A command that raises the given error from code that belongs to `module`."""
    app = typer.Typer()
    monkeypatch.setattr(cli, "app", app)

    def install(error, module):
        space = {"__name__": module, "error": error}
        exec("def command():\n    raise error", space)
        app.command("first")(space["command"])
        app.command("second")(lambda: None)

    return install


@pytest.mark.parametrize(
    "error",
    [
        ValueError("rate must lie in (0, 1)"),
        KeyError("no data set 'x'; known: y"),
        FileNotFoundError("no data folder found"),
    ],
)
def test_user_errors_of_this_library(broken, capsys, error):
    broken(error, "simlib.traces._load")
    code, out, err = run("first", capsys=capsys)
    assert (code, out, err) == (2, "", f"Error: {error.args[0]}\n")


@pytest.mark.parametrize(
    ("error", "module"),
    [
        (ValueError("from a dependency"), "jax._src.core"),
        (KeyError("key"), "simlib.traces._load"),  # a failed look-up, not a sentence
        (TypeError("unexpected"), "simlib.traces._load"),
        (ValueError("simlibrary is not simlib"), "simlibrary"),
    ],
)
def test_internal_errors_keep_their_traceback(broken, error, module):
    broken(error, module)
    with pytest.raises(type(error)):
        cli.main(["first"])


def test_interrupt_exits_with_130(broken, capsys):
    broken(KeyboardInterrupt(), "simlib.simulate")
    assert run("first", capsys=capsys)[0] == 130


def test_notes_are_part_of_the_message():
    error = KeyError("no formula 'x.y'")
    error.add_note("while collecting derived evidence")
    assert _errors.message(error) == "no formula 'x.y'\nwhile collecting derived evidence"
