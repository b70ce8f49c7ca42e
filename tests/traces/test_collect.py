"""Collecting without a model: resumed, killed, refused, published."""

import json
import random
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

import simlib
from simlib.traces import DataError, load, registry, validate
from simlib.traces._files import read_parquet
from simlib.traces.collect import (
    Collected,
    LocalModel,
    MissingModelError,
    SettingsMismatchError,
    Vocabulary,
    collect,
    estimate,
    publish,
)
from tests.traces.small_plan import SmallPlan, fault, rows_of


@pytest.fixture(autouse=True)
def log():
    SmallPlan.log.clear()
    return SmallPlan.log


class Stop(Exception):
    """What stops a collection in these tests."""


def test_all_jobs_are_done_in_order_and_the_tables_follow_them(tmp_path, log):
    plan = SmallPlan()
    collected = collect(plan, tmp_path / "work")
    assert log == [job.name for job in plan.jobs()]
    assert list(collected.tables) == ["items", "attempts", "votes"]
    assert rows_of(collected, "votes") == rows_of(collected, "attempts") == list(range(6))
    assert collected.prefixes == plan.prefixes()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", collected.started)


def test_a_resumed_collection_repeats_no_finished_job(tmp_path, log):
    work, plan = tmp_path / "work", SmallPlan()
    with pytest.raises(Stop):
        collect(fault(plan, 4, Stop()), work)
    names = [job.name for job in plan.jobs()]
    assert log == names[:4]
    log.clear()
    # A job of which one table is missing is done again as a whole.
    (work / "votes" / f"{names[2]}.parquet").unlink()
    resumed = collect(plan, work)
    assert log == [names[2], *names[4:]]
    log.clear()
    again = collect(plan, work)
    assert log == []
    whole = collect(plan, tmp_path / "other")
    for collected in (resumed, again):
        for name, table in whole.tables.items():
            assert collected.tables[name].equals(table)


@pytest.mark.parametrize("finished", [0, 3, 6])
def test_progress_never_falls_and_ends_at_the_whole(tmp_path, finished):
    plan = SmallPlan()
    if 0 < finished < plan.parts:
        with pytest.raises(Stop):
            collect(fault(plan, finished, Stop()), tmp_path)
    elif finished:
        collect(plan, tmp_path)
    seen = []
    collect(plan, tmp_path, on_progress=lambda *report: seen.append(report))
    total = sum(job.tokens for job in plan.jobs())
    assert {whole for *_, whole in seen} == {total}
    done = [part for _, part, _ in seen]
    assert done[0] == 0
    assert done == sorted(done)
    assert done[-1] == total
    assert [label for label, *_ in seen] == [job.label for job in plan.jobs()] + ["done"]


def test_another_plan_in_the_same_folder_is_refused(tmp_path, log):
    collect(SmallPlan(), tmp_path)
    log.clear()
    for changes, says in (
        ({"parts": 7}, "parts: was 6, now 7"),
        ({"entropy": 8}, "entropy: was '7', now '8'"),
        ({"model": "gemma3"}, "model_sha256: was"),
        ({"threads": 2}, "threads: was 1, now 2"),
    ):
        with pytest.raises(SettingsMismatchError, match=says):
            collect(SmallPlan(**changes), tmp_path)
    assert log == []
    collect(SmallPlan(), tmp_path)  # the refusals have let the folder go


def test_a_plan_without_jobs_does_not_bind_its_folder(tmp_path):
    class Impossible(SmallPlan):
        def jobs(self):
            raise ValueError("steps must be at most 250")

    with pytest.raises(ValueError, match="at most 250"):
        collect(Impossible(), tmp_path / "work")
    assert not (tmp_path / "work").exists()


def test_a_damaged_chunk_is_named(tmp_path):
    plan = SmallPlan()
    collect(plan, tmp_path)
    path = tmp_path / "votes" / f"{plan.jobs()[3].name}.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    with pytest.raises(DataError, match=r"delete this chunk: the run will repeat it") as caught:
        collect(plan, tmp_path)
    assert str(path) in str(caught.value)
    path.unlink()
    collect(plan, tmp_path)
    assert path.read_bytes() == whole


def test_a_published_collection_loads(tmp_path):
    plan = SmallPlan()
    entry = publish(plan, collect(plan, tmp_path / "work"), tmp_path / "data")
    traces = load(entry.id, directory=tmp_path / "data")
    assert traces.entry == entry == registry(directory=tmp_path / "data")["attempts-smollm2"]
    assert traces.votes.height == 6 * 200
    assert traces.steps.is_empty()
    assert entry.sampling["parts"] == 6
    assert entry.sampling["entropy"] == "7"
    assert entry.software == {"none": "0"}
    assert entry.card == "cards/attempts.md"
    assert entry.size(directory=tmp_path / "data") == sum(
        (tmp_path / "data" / file.path).stat().st_size for file in entry.files
    )


def test_a_table_with_strange_items_is_not_published(tmp_path):
    plan = SmallPlan()
    collected = collect(plan, tmp_path / "work")
    tables = collected.tables | {"items": collected.tables["items"][1:]}
    with pytest.raises(DataError, match="there is no item 'answers/copy-2/0000'"):
        publish(plan, Collected(tables, {}, "2025-01-01"), tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_the_cost_is_estimated_without_collecting(tmp_path, monkeypatch, log):
    plan, work = SmallPlan(), tmp_path / "work"
    stand_in = LocalModel(plan.spec, None, None, Vocabulary(("a",), frozenset(), frozenset()))
    timed = []
    monkeypatch.setattr("simlib.traces.collect._plan.require_libraries", lambda: None)
    monkeypatch.setattr("simlib.traces.collect._lazy.load_model", lambda name, threads: stand_in)
    monkeypatch.setattr(
        "simlib.traces.collect._text_score.score_text",
        lambda model, ids: (timed.append((model, len(ids))), time.sleep(1e-3)),
    )
    cost = estimate(plan, work)
    assert (cost.jobs, cost.jobs_left, cost.tokens_left) == (6, 6, 75)
    assert all(model is stand_in for model, _ in timed)
    assert cost.seconds_per_token >= 1e-3 / timed[-1][1]
    assert cost.minutes == pytest.approx(75 * cost.seconds_per_token / 60)
    assert not work.exists()
    with pytest.raises(Stop):
        collect(fault(plan, 2, Stop()), work)
    before = sorted(work.rglob("*"))
    cost = estimate(plan, work)
    assert (cost.jobs, cost.jobs_left, cost.tokens_left) == (6, 4, 75 - 10 - 11)
    assert sorted(work.rglob("*")) == before
    assert log == [job.name for job in plan.jobs()[:2]]


def test_estimates_need_the_libraries(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingModelError, match="torch, transformers, gguf, accelerate not inst"):
        estimate(SmallPlan(), tmp_path)


# Forks itself for every run that it is asked for: the imports are made once.  The package is
# entered without running simlib/__init__, which would only make the start slower.
SERVER = """
import os, signal, sys, time, types
from pathlib import Path

package = types.ModuleType("simlib")
package.__path__ = [sys.argv[1]]
sys.modules["simlib"] = package
sys.path.insert(0, sys.argv[2])
from simlib.traces.collect._plan import collect
from simlib.traces.collect._publish import publish
from tests.traces.small_plan import SmallPlan

for line in sys.stdin:
    work, out, delay = line.split()
    child = os.fork()
    if child == 0:
        plan = SmallPlan(parts=4)
        publish(plan, collect(plan, Path(work)), Path(out))
        os._exit(0)
    start = time.perf_counter()
    if float(delay) > 0:
        time.sleep(float(delay))
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    print(status, time.perf_counter() - start, flush=True)
"""
KILLS = 50


@pytest.fixture
def server(tmp_path):
    """Runs a collection in a process of its own, and kills it after so many seconds."""
    script = tmp_path / "server.py"
    script.write_text(SERVER)
    tests = Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, str(script), str(Path(simlib.__file__).parent), str(tests)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def run(work, out, delay=0.0):
        process.stdin.write(f"{work} {out} {delay}\n")
        process.stdin.flush()
        status, seconds = process.stdout.readline().split()
        return int(status), float(seconds)

    yield run
    process.stdin.close()
    process.wait(timeout=30)
    process.stdout.close()


def finished_files(folder):
    return [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".tmp"]


def check_finished(folder):
    """Every file that has its final name is whole."""
    for path in finished_files(folder):
        if path.suffix == ".parquet":
            table = path.stem if path.stem in ("items", "attempts", "votes") else path.parent.name
            validate(table, read_parquet(path), path)
        elif path.suffix == ".json":
            json.loads(path.read_text())
        elif path.name == "registry.toml":
            # The registry is written last, so whatever it names is there and right.
            assert load("attempts-smollm2", directory=path.parent).votes.height == 4 * 200


def published(out):
    """Bytes of the published files; the date on which a collection began is no part of them."""
    return {
        path.relative_to(out): re.sub(rb'collected = "[^"]*"', b"", path.read_bytes())
        for path in finished_files(out)
    }


def test_collections_killed_fifty_times_end_with_the_same_files(tmp_path, server):
    status, whole = server(tmp_path / "w", tmp_path / "whole")
    assert status == 0
    expected = published(tmp_path / "whole")
    assert len(expected) == 5
    rng = random.Random(3)
    kills = rounds = in_the_middle = 0
    # The moments are spread over the runs: not all before the first or after the last chunk.
    while kills < KILLS or in_the_middle < KILLS // 5:
        assert rounds < 10 * KILLS, "no run is ever killed in its middle"
        work, out = tmp_path / f"work{rounds}", tmp_path / f"out{rounds}"
        rounds += 1
        # At first at any moment of a whole run, then closer and closer, as less is left to do.
        for turn in range(8):
            status, _ = server(work, out, max(1e-3, rng.uniform(0, whole) / (1 + turn)))
            if status == 0:
                break
            assert status == 9
            kills += 1
            check_finished(work)
            check_finished(out)
            in_the_middle += 0 < len(list(work.rglob("*.parquet"))) < 8
        status, _ = server(work, out)
        assert status == 0
        assert published(out) == expected
        assert not list(work.rglob("*.tmp"))
