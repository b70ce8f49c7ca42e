"""Memory does not grow with the number of sequences; several hosts give one answer."""

import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.peak import PEAK

GROWTH = f"""
{PEAK}
import jax
from simlib import Uniform
from simlib.simulate import first_error, survival

run = lambda n: survival(Uniform(0.001), [100, 1000], key=jax.random.key(0), replicates=n)
run(10**5)
small = peak()
run(2 * 10**7)
large = peak()
first_error(Uniform(0.001), key=jax.random.key(0), shape=(6 * 10**7,)).block_until_ready()
print(large - small, peak() - large)
"""

HOST = """
import sys
import jax
rank, port = int(sys.argv[1]), sys.argv[2]
jax.config.update("jax_num_cpu_devices", 2)
jax.distributed.initialize(f"127.0.0.1:{port}", num_processes=2, process_id=rank)
import numpy as np
from jax.sharding import Mesh
from simlib import Uniform
from simlib.simulate import survival_counts
mesh = Mesh(np.asarray(jax.devices()), ("everything",))
assert mesh.devices.size == 4
run = lambda mesh: survival_counts(
    Uniform(0.01), [10, 100], key=jax.random.key(0), replicates=9 * 2**16 + 5, mesh=mesh
)
here = Mesh(np.asarray(jax.local_devices()[:1]), ("one",))
assert run(mesh) == run(here)
print(run(mesh).survived)
"""


def run(program, *arguments):
    environment = {**os.environ, "JAX_PLATFORMS": "cpu", "PYTHONPATH": os.getcwd()}
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.split("\n")[-2]


def test_twenty_million_sequences_take_no_more_memory_than_a_hundred_thousand():
    engine, all_at_once = map(float, run(GROWTH).split())
    assert engine < 20  # MB
    # The same measurement sees a sampler that holds sixty million at once (240 MB of float32).
    assert all_at_once > 60


@pytest.mark.skipif(sys.platform == "win32", reason="needs local sockets between processes")
def test_two_hosts_give_the_counts_of_one_device():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda rank: run(HOST, str(rank), port), range(2)))
    assert results[0] == results[1]
