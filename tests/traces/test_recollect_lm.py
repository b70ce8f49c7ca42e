"""Measuring again: small collections of every family, killed ones, and the committed data."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import simlib
from simlib.traces import load, verify
from simlib.traces._files import parquet_bytes, sha256
from simlib.traces.collect import (
    MODELS,
    TOLERANCE,
    AnswersPlan,
    AttemptsPlan,
    ChainsPlan,
    PivotsPlan,
    PlantedPlan,
    SurprisalPlan,
    collect,
    publish,
    recollect,
)
from tests.traces.local_models import NEEDS_MODELS, loaded

pytestmark = NEEDS_MODELS

ROOT = Path(simlib.__file__).parents[1]
SMALL = {
    "answers": lambda name: AnswersPlan(
        model=name, entropy=3, groups=(("add", 2), ("copy", 4)), items_per_group=4, chunk=2
    ),
    "attempts": lambda name: AttemptsPlan(
        model=name, entropy=3, cells=(("add", 2),), items_per_cell=4, attempts=20, chunk=2
    ),
    "chains": lambda name: ChainsPlan(
        model=name, entropy=3, tasks=("copy", "sum"), items_per_task=2, steps=20, runs=2, warm=4,
        until=10, shot_steps=4, chunk=2,
    ),
    "pivots": lambda name: PivotsPlan(
        model=name, entropy=3, tasks=("copy", "stride"), items_per_task=2, steps=8, warm=5,
        rollouts=2, shot_steps=4, chunk=2,
    ),
    "planted": lambda name: PlantedPlan(
        model=name, entropy=3, tasks=("copy", "lookup"), items_per_task=2, steps=24,
        shares=(0.25, 0.5), shot_steps=4, chunk=2,
    ),
    "surprisal": lambda name: SurprisalPlan(
        model=name, entropy=3, length=130, short_length=80, contexts=(16, 32), root=ROOT
    ),
}  # fmt: skip


@pytest.fixture(scope="module", params=list(MODELS))
def model(request):
    return loaded(request.param)


@pytest.mark.parametrize("family", list(SMALL))
def test_every_family_is_found_again_and_a_false_number_is_not(
    model, tmp_path, monkeypatch, family
):
    for module in ("_lazy", "_check"):
        monkeypatch.setattr(f"simlib.traces.collect.{module}.load_model", lambda *_, **__: model)
    plan = SMALL[family](model.spec.name)
    folder = tmp_path / "data"
    publish(plan, collect(plan, tmp_path / "work"), folder)
    found = recollect(plan.dataset_id, items=5, entropy=21, directory=folder)
    assert 4 <= len(found) <= 5
    assert [row for row in found if not row.ok] == []
    assert max(row.largest_difference for row in found) < TOLERANCE / 2
    table, column = {
        "answers": ("steps", "log_prob"),
        "attempts": ("attempts", "log_p"),
        "chains": ("chain_steps", "log_prob"),
        "pivots": ("chain_steps", "log_prob"),
        "planted": ("chain_steps", "log_prob"),
        "surprisal": ("steps", "log_prob"),
    }[family]
    kind = pl.read_parquet(folder / plan.dataset_id / f"{table}.parquet").schema[column]
    falsify(folder, (pl.col(column) - 0.01).cast(kind), plan.dataset_id, table)
    found = recollect(plan.dataset_id, items=5, entropy=21, directory=folder)
    assert not any(row.ok for row in found)
    assert all(0.009 < row.largest_difference < np.inf for row in found)


def start(out, work, *more):
    command = [sys.executable, "-m", "simlib.cli", "collect", "answers", "--out", str(out)]
    command += ["--work", str(work), "--task", "add-1", "--task", "copy-4", "--items", "24"]
    command += ["--chunk", "4", *more]
    environment = os.environ | {"NO_COLOR": "1"}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )


def kill_when(process, ready):
    """Wait until `ready`, then kill the process at once and unconditionally."""
    while not ready():
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def test_a_killed_collection_resumes_to_the_same_files(tmp_path):
    whole, broken, work = tmp_path / "whole", tmp_path / "broken", tmp_path / "work"
    done = start(whole, tmp_path / "other", "--entropy", "31", "--json")
    out, err = done.communicate()
    assert done.returncode == 0, err
    assert json.loads(out)["id"] == "answers-smollm2"

    def chunks():
        return list(work.glob("steps/*.parquet"))

    kill_when(start(broken, work, "--entropy", "31"), lambda: len(chunks()) > 2)
    first = {path: path.stat().st_mtime_ns for path in chunks()}
    kill_when(start(broken, work), lambda: len(chunks()) > len(first) + 2)
    done = start(broken, work)  # the entropy comes from the working folder
    _, err = done.communicate()
    assert done.returncode == 0, err

    assert len(chunks()) == 12
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in first.items())
    for name in ("items.parquet", "attempts.parquet", "steps.parquet", "prompts.json"):
        path = f"answers-smollm2/{name}"
        assert (broken / path).read_bytes() == (whole / path).read_bytes()
    assert not list(work.rglob("*.tmp"))
    faulty = [check.path for check in verify(directory=broken) if not check.ok]
    assert faulty == ["cards/answers.md"]  # cards are written by hand

    done = start(broken, work, "--threads", "2")
    _, err = done.communicate()
    assert done.returncode == 2
    assert "threads: was 1, now 2" in err


@pytest.fixture
def copied(tmp_path):
    """A copy of the committed data, for tests to falsify."""
    from simlib._paths import data_directory

    folder = tmp_path / "data"
    shutil.copytree(data_directory(), folder)
    return folder


def falsify(folder, change, dataset="answers-smollm2", table="steps"):
    """Rewrite a stored table and the hash that protects it."""
    path = folder / dataset / f"{table}.parquet"
    registry = folder / "registry.toml"
    old = sha256(path)
    path.write_bytes(parquet_bytes(pl.read_parquet(path).with_columns(change)))
    registry.write_text(registry.read_text().replace(old, sha256(path)))


def test_random_items_of_the_committed_data_are_found_again():
    found = recollect("answers-smollm2", items=20, entropy=12)
    assert len(found) == 20
    assert len({row.item_id.split("/")[1] for row in found}) > 5
    assert max(row.largest_difference for row in found) < 1e-3
    assert all(row.ok for row in found)
    stored = dict(load("answers-smollm2").exact().select("item_id", "log_p").iter_rows())
    assert all(row.stored == stored[row.item_id] for row in found)


def test_falsified_numbers_are_noticed(copied):
    falsify(copied, (pl.col("log_prob") * 1.01).cast(pl.Float32))
    found = recollect("answers-smollm2", items=5, entropy=12, directory=copied)
    assert not any(row.ok for row in found)
    falsify(copied, (pl.col("token_id") + 1).cast(pl.Int32))
    found = recollect("answers-smollm2", items=2, entropy=12, directory=copied)
    assert [row.largest_difference for row in found] == [float("inf")] * 2


def test_arguments_of_a_comparison_are_checked():
    with pytest.raises(ValueError, match="items must be at least 1, got 0"):
        recollect("answers-smollm2", items=0, entropy=1)
    with pytest.raises(ValueError, match="tolerance must be positive, got 0"):
        recollect("answers-smollm2", tolerance=0.0, entropy=1)
