"""Memory does not grow with the number of sequences."""

import os
import subprocess
import sys

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
