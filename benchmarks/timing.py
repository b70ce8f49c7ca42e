"""Fair timing: everything warmed up, repetitions interleaved, the best of each kept."""

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import jax


@dataclass(frozen=True)
class Case:
    """One job and several ways to do it; the first is ours, the others are references."""

    name: str
    unit: str
    """What is counted per second, such as sequences."""
    ways: dict[str, tuple[Callable[[int], object], int]]
    """Name: a function of a size, and the size at scale 1."""
    notes: str = ""


@dataclass
class Timing:
    """Units per second of each way, best of the repetitions, and how much they scattered."""

    case: Case
    rates: dict[str, float] = field(default_factory=dict)
    scatter: dict[str, float] = field(default_factory=dict)

    def ratio(self, way: str) -> float:
        """How many times faster the first way is than this one."""
        ours = next(iter(self.rates.values()))
        return ours / self.rates[way]


def measure(case: Case, *, scale: float, repeat: int) -> Timing:
    """Time every way of a case in turn, `repeat` times over."""
    sizes = {way: max(1, int(size * scale)) for way, (_, size) in case.ways.items()}
    seconds: dict[str, list[float]] = {way: [] for way in case.ways}
    for way, (function, _) in case.ways.items():
        jax.block_until_ready(function(sizes[way]))  # compile and fill caches
    for _ in range(repeat):
        # In turn, so that a busy moment of the machine hits all ways alike.
        for way, (function, _) in case.ways.items():
            began = time.perf_counter()
            jax.block_until_ready(function(sizes[way]))
            seconds[way].append(time.perf_counter() - began)
    timing = Timing(case)
    for way, times in seconds.items():
        timing.rates[way] = sizes[way] / min(times)
        timing.scatter[way] = max(times) / min(times) - 1
    return timing


def processors() -> int:
    """Processors that this program may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def machine() -> dict[str, object]:
    """What the numbers depend on."""
    names = [
        line.split(":", 1)[1].strip()
        for line in _read("/proc/cpuinfo").splitlines()
        if line.startswith("model name")
    ]
    return {
        "processor": names[0] if names else platform.processor() or platform.machine(),
        "cores": processors(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "devices": [str(device) for device in jax.devices()],
        "system": platform.platform(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("jax", "numpy", "scipy", "simlib")},
    }


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
