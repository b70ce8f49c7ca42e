"""What is not a speed: seconds to the first result, compilations, memory, scaling."""

import os
import subprocess
import sys
import tempfile
import time

from precision import KEY, LONG, UNIFORM
from reduction import REDUCTION_FIGURES
from timing import Figure

from simlib.simulate import rare_survival

_FIRST_CALL = """
import time
import jax
jax.config.update("jax_enable_x64", True)
from simlib import Uniform
from simlib.simulate import survival
jax.block_until_ready(jax.numpy.zeros(1) + 1)  # the device is up
began = time.perf_counter()
survival(Uniform(0.001), [100, 1000], key=jax.random.key(0), replicates=2**16)
print(time.perf_counter() - began)
"""

_COMPILATIONS = """
import jax
jax.config.update("jax_enable_x64", True)
from simlib import KeyTokens, PowerGrowth
from simlib.simulate import survival
compiled = []
jax.monitoring.register_event_duration_secs_listener(
    lambda name, *_, **__: compiled.append(name) if "backend_compile" in name else None
)
def run(rate, exponent, n, seed):
    process = KeyTokens(rate, PowerGrowth(2.0, exponent))
    survival(process, [100, 1000], key=jax.random.key(seed), replicates=n)
run(0.001, 0.5, 2**16, 0)
assert compiled, "the first call compiles something"
compiled.clear()
run(0.002, 0.6, 2**18 + 7, 1)
print(len(compiled))
"""

_MEMORY = """
import os, pathlib, re, resource, sys
import jax
jax.config.update("jax_num_cpu_devices", os.cpu_count() or 1)
jax.config.update("jax_enable_x64", True)
from simlib import Uniform
from simlib.simulate import survival
n = int(float(sys.argv[1]))
mesh = jax.sharding.Mesh(jax.devices(), ("replicates",))
survival(Uniform(0.001), [100, 1000], key=jax.random.key(0), replicates=max(n, 1), mesh=mesh)
# A new program inherits ru_maxrss from the one that started it: ask Linux for its own peak.
status = pathlib.Path("/proc/self/status")
if status.exists():
    print(int(re.search(r"VmHWM:\\s*(\\d+) kB", status.read_text())[1]) / 2**10)
else:
    unit = 2**20 if sys.platform == "darwin" else 2**10
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit)
"""


def _alone(program: str, *arguments: object, cache: str | None = None) -> float:
    """The number that a program prints, run in a process of its own; by default without a cache."""
    environment = {k: v for k, v in os.environ.items() if k != "JAX_COMPILATION_CACHE_DIR"}
    if cache is not None:
        environment["JAX_COMPILATION_CACHE_DIR"] = cache
        environment["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return float(done.stdout.split()[-1])


def _second_call(_: float) -> float:
    """Seconds of the first call in a process that finds the programs of another."""
    with tempfile.TemporaryDirectory() as cache:
        _alone(_FIRST_CALL, cache=cache)
        return _alone(_FIRST_CALL, cache=cache)


def _rare(scale: float) -> float:
    """Seconds of an estimate whose relative error is 1 % at full scale."""
    run = lambda: rare_survival(UNIFORM, LONG, key=KEY, particles=max(2, int(2**15 * scale)))
    run()  # compile
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


FIGURES = [
    Figure(
        "first call of survival in a new process",
        "s",
        lambda scale: _alone(_FIRST_CALL),
        notes="Compilation and 65,536 sequences, after the imports.",
    ),
    Figure(
        "first call of survival where the compiled programs of another process are found",
        "s",
        _second_call,
        notes="JAX's cache on disk, which the commands of simlib use.",
    ),
    Figure(
        "compilations for other parameters and another number of sequences",
        "compilations",
        lambda scale: _alone(_COMPILATIONS),
        repeats=False,
    ),
    Figure(
        "peak memory of a hundred billion streamed sequences",
        "MB",
        lambda scale: _alone(_MEMORY, 1e11 * scale),
        repeats=False,
        notes="The whole process, Python and JAX included.",
    ),
    Figure(
        "survival of 1e-9 to a relative error of 1 %, uniform errors",
        "s",
        _rare,
        notes="Importance splitting; counting would need ten trillion sequences.",
    ),
    *REDUCTION_FIGURES,
]
