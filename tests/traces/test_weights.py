"""Weights from a path: names, hashes and what is wrong with a path, without a model."""

import hashlib
import json

import pytest
from typer.testing import CliRunner

from simlib.cli._collect import collect_app
from simlib.traces._errors import DataError
from simlib.traces.collect import (
    MODELS,
    AnswersPlan,
    LocalSpec,
    MissingModelError,
    load_model,
    register_model,
    spec_from_path,
)
from simlib.traces.collect._weights import hash_weights
from tests.traces.small_data import FAMILIES


@pytest.fixture(autouse=True)
def models(monkeypatch):
    """What a test registers is forgotten after it."""
    known = dict(MODELS)
    yield known
    MODELS.clear()
    MODELS.update(known)


def local(path, name="mine"):
    return LocalSpec(
        name=name,
        title="Mine",
        quantisation="none",
        licence="unknown: see the source",
        source="local",
        distribution="none: local files",
        parts=(),
        sha256=hash_weights(path),
        start=(),
        end_of_text=("</s>",),
        bytewise=True,
        path=path,
    )


def folder(tmp_path, **files):
    for name, content in files.items():
        (tmp_path / name.replace("__", ".")).write_text(content)
    return tmp_path


@pytest.mark.parametrize("name", ["", "Mine", "a/b", "..", "a b", "-a", "a--b"])
def test_a_short_name_is_part_of_file_names(tmp_path, name):
    with pytest.raises(ValueError, match=r"name must be lower-case letters"):
        spec_from_path(name, tmp_path)


def test_nothing_at_the_path(tmp_path):
    with pytest.raises(MissingModelError, match=r"weights must be .*nowhere.*check the spelling"):
        spec_from_path("mine", tmp_path / "nowhere")


def test_a_folder_without_a_model(tmp_path):
    with pytest.raises(DataError, match=r"weights '.*': the folder has no config\.json; give") as c:
        spec_from_path("mine", tmp_path)
    assert str(tmp_path) in str(c.value)
    folder(tmp_path, config__json="{}")
    with pytest.raises(DataError, match=r"no weights \(\*\.safetensors or .*fetch the whole"):
        spec_from_path("mine", tmp_path)
    folder(tmp_path, model__safetensors="", config__json="{broken")
    with pytest.raises(DataError, match=r"config\.json': this is not JSON .*fetch the file again"):
        spec_from_path("mine", tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 zipped", b"gguf"])
def test_a_file_that_is_not_gguf(tmp_path, content):
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"model\.gguf': this is not a GGUF file .*give a \.gguf"):
        spec_from_path("mine", path)


def test_the_hash_of_a_folder_is_that_of_its_sorted_file_hashes(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / ".cache").mkdir()
    folder(tmp_path, b="two", a="one")
    (tmp_path / "sub" / "c").write_text("three")
    (tmp_path / ".cache" / "lock").write_text("changes")
    each = [hashlib.sha256(text).hexdigest() for text in (b"one", b"two", b"three")]
    lines = f"{each[0]}  a\n{each[1]}  b\n{each[2]}  sub/c\n"
    assert hash_weights(tmp_path) == hashlib.sha256(lines.encode()).hexdigest()
    before = hash_weights(tmp_path)
    folder(tmp_path, b="other")
    assert hash_weights(tmp_path) != before


def test_a_registered_model_is_known_to_plans(tmp_path):
    path = folder(tmp_path, config__json="{}")
    with pytest.raises(ValueError, match="model must be one of"):
        AnswersPlan(model="mine", entropy=1)
    register_model(local(path))
    register_model(local(path))  # the same weights again
    plan = AnswersPlan(model="mine", entropy=1, groups=(("add", 1),))
    assert plan.settings()["model_sha256"] == hash_weights(path)
    assert plan.dataset_id == "answers-mine"
    assert plan.spec.file == path.name


def test_a_name_of_other_weights_is_refused(tmp_path, models):
    with pytest.raises(ValueError, match=r"model 'smollm2' is the name of other weights .*choose"):
        register_model(local(tmp_path, name="smollm2"))
    assert models == MODELS


def test_weights_that_change_or_vanish_are_noticed(tmp_path):
    path = folder(tmp_path, config__json="{}")
    spec = local(path)
    assert spec.locate() == path
    folder(path, config__json='{"changed": 1}')
    with pytest.raises(DataError, match=r"sha256 is .*expected .*the weights were changed"):
        spec.locate()
    (path / "config.json").unlink()
    path.rmdir()
    with pytest.raises(MissingModelError, match="where there is nothing"):
        spec.locate()


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_takes_weights(tmp_path, family):
    call = [family, "--model", "mine", "--weights", str(tmp_path), "--work", str(tmp_path / "w")]
    with pytest.raises(DataError, match=r"the folder has no config\.json"):
        CliRunner().invoke(collect_app, call, catch_exceptions=False)
    assert not (tmp_path / "w").exists()
    assert "mine" not in MODELS


def test_unknown_names_still_have_no_model():
    with pytest.raises(ValueError, match="model must be one of smollm2, gemma3, got 'mine'"):
        load_model("mine")
    assert json.dumps(sorted(MODELS)) == '["gemma3", "smollm2"]'
