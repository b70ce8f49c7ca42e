"""The working folder of a collection: killed at any moment, it loses and doubles nothing."""

import os
import signal
import subprocess
import sys
import time

import pytest

from simlib.traces import DataError
from simlib.traces._files import parquet_bytes
from simlib.traces.collect import ChunkStore, SettingsMismatchError
from tests.traces.small_data import small_tables

CHUNKS = 30

# A collection in small: every chunk depends on its number alone, as those of a real one do.  The
# package is entered without running simlib/__init__, which would only make the start slower.
WORKER = """
import os, signal, sys, time, types
from pathlib import Path
import simlib_path
import polars as pl
from simlib.traces import _files
from simlib.traces._schema import TABLES
from simlib.traces.collect._store import ChunkStore

folder, die_at = Path(sys.argv[1]), int(sys.argv[2])
replace, replaced = os.replace, 0

def replace_or_die(source, target):
    global replaced
    replaced += 1
    if replaced == die_at:
        with open(source, "r+b") as handle:
            handle.truncate(100)       # the worst moment: half a file, not yet named
        os.kill(os.getpid(), signal.SIGKILL)
    replace(source, target)

os.replace = replace_or_die
with ChunkStore(folder, {"chunks": 30}) as store:
    for number in range(30):
        name = f"c-{number:03d}"
        if not store.has(name, "steps"):
            rows = [(f"i{number}", "m", "clean", j, j, "x", -0.5, 1.0, 1, 0.5, None)
                    for j in range(200)]
            frame = pl.DataFrame(rows, schema=TABLES["steps"].schema, orient="row")
            store.write(name, "steps", frame)
            print(name, flush=True)
"""
LIGHT = """
import sys, types
package = types.ModuleType("simlib")
package.__path__ = [{path!r}]
sys.modules["simlib"] = package
"""


@pytest.fixture
def worker(tmp_path):
    import simlib

    (tmp_path / "simlib_path.py").write_text(LIGHT.format(path=os.path.dirname(simlib.__file__)))
    (tmp_path / "worker.py").write_text(WORKER)

    def start(folder, die_at=0):
        return subprocess.Popen(
            [sys.executable, str(tmp_path / "worker.py"), str(folder), str(die_at)],
            stdout=subprocess.PIPE,
            text=True,
        )

    return start


def contents(folder):
    return {path.name: path.read_bytes() for path in sorted((folder / "steps").iterdir())}


def test_a_killed_run_ends_with_the_same_bytes(tmp_path, worker):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert len(worker(whole).communicate()[0].split()) == CHUNKS

    written = []
    for die_at in (1, 2, 9):  # within the first file, the first chunk, a later chunk
        process = worker(broken, die_at)
        written += process.communicate()[0].split()
        assert process.returncode == -signal.SIGKILL
        assert list(broken.rglob("*.tmp")), "the kill left no half-written file to recover from"

    process = worker(broken)  # killed from outside, wherever it happens to be
    assert process.stdout is not None
    written.append(process.stdout.readline().strip())
    os.kill(process.pid, signal.SIGKILL)
    written += process.communicate()[0].split()

    process = worker(broken)
    written += process.communicate()[0].split()
    assert process.returncode == 0
    # A chunk can be finished and its line not yet printed; none may be written twice.
    assert len(written) == len(set(written))
    assert contents(broken) == contents(whole)
    assert not list((broken / "steps").glob("*.tmp"))
    assert not list(broken.glob("*.tmp"))


def test_other_settings_are_refused_and_named(tmp_path):
    ChunkStore(tmp_path, {"items": 3, "model": "a"}).close()
    ChunkStore(tmp_path, {"model": "a", "items": 3}).close()  # the order does not matter
    with pytest.raises(SettingsMismatchError, match="items: was 3, now 4") as caught:
        ChunkStore(tmp_path, {"items": 4, "model": "a"})
    assert "model" not in str(caught.value).split("(")[1].split(")")[0]
    assert "another --work folder" in str(caught.value)
    with pytest.raises(SettingsMismatchError, match="shots: was None, now 8"):
        ChunkStore(tmp_path, {"items": 3, "model": "a", "shots": 8})
    ChunkStore(tmp_path, {"items": 3, "model": "a"}).close()  # the refusal left no lock behind


def test_two_processes_cannot_share_a_folder(tmp_path):
    with (
        ChunkStore(tmp_path, {}),
        pytest.raises(BlockingIOError, match="another process is collecting"),
    ):
        ChunkStore(tmp_path, {})


def test_faulty_chunks_are_not_written_and_damaged_ones_not_read(tmp_path):
    frame = small_tables()["steps"]
    with ChunkStore(tmp_path, {}) as store:
        with pytest.raises(DataError, match="the column is missing"):
            store.write("a", "steps", frame.drop("rank"))
        assert not store.has("a", "steps")
        store.write("a", "steps", frame)
        assert store.has("a", "steps")
        assert store.read("a", "steps").equals(frame)
        store.path("a", "steps").write_bytes(parquet_bytes(frame)[:-9])
        with pytest.raises(DataError, match="delete this chunk: the run will repeat it"):
            store.read("a", "steps")


def test_resuming_keeps_the_date_of_the_start(tmp_path):
    ChunkStore(tmp_path, {"a": 1}).close()
    manifest = tmp_path / "settings.json"
    text = manifest.read_text()
    started = time.strftime("%Y-%m-%d", time.gmtime())
    manifest.write_text(text.replace(started, "2020-02-02"))
    with ChunkStore(tmp_path, {"a": 1}) as store:
        assert store.started == "2020-02-02"
