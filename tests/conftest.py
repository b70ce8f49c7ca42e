"""Set before JAX starts: double precision, eight simulated devices, no window for figures."""

import gc
import os
from pathlib import Path

# The suite computes on the processor, so that its numbers do not depend on the machine; tests of
# accelerators run under their own marker.
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import matplotlib
import pytest

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_num_cpu_devices", 8)
matplotlib.use("Agg")


@pytest.fixture(scope="module", autouse=True)
def few_compiled_programs():
    """Forget compiled programs before they fill the process's table of memory maps.

    Each holds several maps, and Linux allows a process 65,530: beyond, the compiler crashes.
    """
    yield
    maps = Path("/proc/self/maps")
    if maps.exists() and maps.read_bytes().count(b"\n") > 20_000:
        jax.clear_caches()
        gc.collect()
