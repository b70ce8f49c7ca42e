"""Processes that share a run, or divide it; one that is lost; one that is killed."""

import contextlib
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import jax
import pytest

from simlib.simulate import Counts, survival_counts
from simlib.simulate._keys import BLOCK

EXAMPLES = Path("examples").absolute()

# Run by each of two processes. Only the first has a checkpoint to begin from, on its own disk.
HOST = f"""
import sys
import jax
rank, port, folder = int(sys.argv[1]), sys.argv[2], sys.argv[3]
jax.distributed.initialize(f"127.0.0.1:{{port}}", num_processes=2, process_id=rank)
import numpy as np
from jax.sharding import Mesh
from simlib import ConstantRepair, HeavyTailed, Recoverable, Uniform, mixing
from simlib.simulate import conditional_survival, histories, survival_counts

ragged = 9 * {BLOCK} + 5
key = jax.random.key(0)
everywhere = Mesh(np.asarray(jax.devices()), ("everything",))
here = Mesh(np.asarray(jax.local_devices()[:1]), ("one",))
assert (everywhere.devices.size, here.devices.size) == (4, 1)

def bits(mesh, **options):
    counts = survival_counts(
        Uniform(0.01), [10, 100], key=key, replicates=ragged, mesh=mesh, **options
    )
    varied = HeavyTailed(mixing.Gamma(0.02, 0.0004))
    average = conditional_survival(varied, [5, 50], key=key, replicates=ragged, mesh=mesh)
    chain = Recoverable(0.05, ConstantRepair(0.02))
    walked = histories(chain, [1, 50], key=key, replicates=20_001, mesh=mesh)
    arrays = [np.asarray(x).tobytes().hex() for x in jax.tree.leaves((average, walked.__dict__))]
    return counts.survived, arrays

file = f"{{folder}}/only-{{rank}}.json"
if rank == 0:
    survival_counts(
        Uniform(0.01), [10, 100], key=key, replicates=2 * {BLOCK} + 7, checkpoint=file
    )
together = bits(everywhere, checkpoint=file)
assert together == bits(here)
print(together)
"""

# The second write of the checkpoint is cut short where it would take the place of the first.
KILLED = """
import os, runpy, signal, sys
from simlib.simulate import _checkpoint, _stream
_checkpoint._EVERY, _stream._BLOCKS_PER_CALL = 0.0, 1
replace, calls = os.replace, []
def dies(*arguments):
    calls.append(arguments)
    if len(calls) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    replace(*arguments)
os.replace = dies
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""

SRUN = """#!/bin/bash
# What SLURM's srun does for two tasks, on this machine.
shift
export SLURM_STEP_NODELIST=localhost SLURM_NTASKS=2 SLURM_LOCALID=0
for task in 0 1; do
    SLURM_PROCID=$task "$@" 2> "$RUNS/log-$task" & echo $! > "$RUNS/pid-$task"
done
wait "$(cat "$RUNS/pid-0")"
"""

ENVIRONMENT = {
    **os.environ,
    "JAX_PLATFORMS": "cpu",
    "JAX_ENABLE_X64": "1",
    "JAX_NUM_CPU_DEVICES": "2",
    "PYTHONPATH": os.getcwd(),
}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs signals and local sockets")


def free_port(*candidates):
    for port in candidates or (0,):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise OSError("no free port")


@pytest.fixture
def cluster():
    """The example's module."""
    specification = importlib.util.spec_from_file_location("cluster", EXAMPLES / "cluster.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def slurm(tmp_path):
    """The environment of a SLURM script: an srun of two tasks, and this Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in (("srun", SRUN), ("python", f'#!/bin/bash\nexec {sys.executable} "$@"\n')):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return {**ENVIRONMENT, "PATH": f"{folder}:{os.environ['PATH']}"}


def uninterrupted(cluster, n, tmp_path):
    return cluster.simulate(0, n, jax.devices()[:1], tmp_path / "uninterrupted.json")


def test_two_processes_give_the_bits_of_one_device(tmp_path):
    port = str(free_port())
    hosts = [
        subprocess.Popen(
            [sys.executable, "-c", HOST, str(rank), port, str(tmp_path)],
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    ended = [host.communicate(timeout=300) for host in hosts]
    for host, (_, err) in zip(hosts, ended, strict=True):
        assert host.returncode == 0, err[-3000:]
    first, second = (out.splitlines()[-1] for out, _ in ended)
    assert first == second
    assert sorted(path.name for path in tmp_path.iterdir()) == ["only-0.json"]


def test_a_lost_process_is_named_and_its_run_goes_on_from_the_checkpoint(tmp_path, cluster, slurm):
    # JAX derives the port from the number of the job.
    port = free_port(*range(61440 + os.getpid() % 4000, 65536))
    job = subprocess.Popen(
        ["bash", EXAMPLES / "together.slurm"],
        env={
            **slurm,
            "RUNS": str(tmp_path),
            "REPLICATES": "1e13",  # does not end by itself
            "SLURM_JOB_ID": str(port - 61440),
        },
        start_new_session=True,
    )
    try:
        file = tmp_path / "together.json"
        deadline = time.monotonic() + 200
        while not file.exists():
            assert job.poll() is None, (tmp_path / "log-0").read_text()[-3000:]
            assert time.monotonic() < deadline
            time.sleep(0.05)
        # Where process 0 is lost instead, JAX may end the others before they can say why.
        os.kill(int((tmp_path / "pid-1").read_text()), signal.SIGKILL)
        assert job.wait(timeout=60) == 1
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(job.pid, signal.SIGKILL)
    log = (tmp_path / "log-0").read_text()
    assert "Error: one of the 2 processes of this run is gone or out of reach" in log
    assert "checkpoint" in log
    # One process with eight devices takes over from two with two.
    done = Counts.load(file).replicates
    assert done % BLOCK == 0
    n = done + BLOCK + 17
    assert cluster.simulate(0, n, jax.devices(), file) == uninterrupted(cluster, n, tmp_path)


def test_shares_add_up_also_if_one_is_killed_while_it_writes(
    tmp_path, cluster, slurm, monkeypatch, capsys
):
    n = 12 * BLOCK + 35
    command = ["cluster.py", "apart", "--folder", str(tmp_path), "--replicates", str(n)]
    command += ["--of", "2", "--share"]
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(EXAMPLES / command[0]), *command[1:], "1"],
        env=ENVIRONMENT,
        timeout=300,
    )
    assert ended.returncode == -signal.SIGKILL
    early = Counts.load(tmp_path / "share-1.json")
    assert 0 < early.replicates < n // 2

    # The first share as task 0 of the array job, the killed one again as another would run it.
    array = {"SLURM_ARRAY_TASK_ID": "0", "SLURM_ARRAY_TASK_COUNT": "2"}
    task = {**slurm, **array, "RUNS": str(tmp_path), "REPLICATES": str(n)}
    subprocess.run(["bash", EXAMPLES / "apart.slurm"], env=task, check=True, timeout=300)
    monkeypatch.setenv("JAX_NUM_CPU_DEVICES", "8")
    for arguments in ([*command, "1"], [command[0], "merge", *command[2:4]]):
        monkeypatch.setattr(sys, "argv", arguments)
        cluster.main()
    printed = capsys.readouterr().out.splitlines()[-1]
    whole = uninterrupted(cluster, n, tmp_path)
    assert printed == " ".join(map(str, (n, *whole.survived)))


def test_the_example_asks_what_it_says(cluster):
    # Not only equal to itself: the counts agree with the formula.
    counts = survival_counts(
        process := cluster.KeyTokens(0.01, cluster.PowerGrowth(1.0, 0.5)),
        cluster.LENGTHS,
        key=jax.random.key(cluster.KEY),
        replicates=10**6,
    )
    z = counts.survival().z_score(process.survival(jax.numpy.asarray(cluster.LENGTHS, float)))
    assert abs(z).max() < 5
