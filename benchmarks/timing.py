"""Fair timing: everything warmed up, repetitions interleaved, the best of each kept."""

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import jax
import numpy as np


@dataclass(frozen=True)
class Missing:
    """Stands for a way whose library is not installed."""

    package: str

    def __call__(self, size: int) -> object:
        raise ModuleNotFoundError(f"{self.package} is not installed; `make bench-libs` does it.")


@dataclass(frozen=True)
class Case:
    """One job and several ways to do it; the first is ours, the others are references."""

    name: str
    unit: str
    """What is counted per second, such as sequences."""
    ways: dict[str, tuple[Callable[[int], object], int]]
    """Name: a function of a size, and the size at scale 1."""
    notes: str = ""


@dataclass(frozen=True)
class Figure:
    """A number that is not a speed, such as seconds to a first result or a peak of memory."""

    name: str
    unit: str
    measure: Callable[[float], float]
    """A function of the scale."""
    repeats: bool = True
    """Whether it is measured several times and the least kept."""
    notes: str = ""


@dataclass
class Timing:
    """Seconds of every repetition of each way, in turn."""

    case: Case
    sizes: dict[str, int]
    seconds: dict[str, list[float]]
    missing: dict[str, str] = field(default_factory=dict)

    @property
    def rates(self) -> dict[str, float]:
        """Units per second, best of the repetitions."""
        return {way: self.sizes[way] / min(times) for way, times in self.seconds.items()}

    @property
    def scatter(self) -> dict[str, float]:
        """How much longer than the shortest the longest repetition took."""
        return {way: max(times) / min(times) - 1 for way, times in self.seconds.items()}

    def ratio(self, way: str) -> float:
        """How many times faster the first way is than this one."""
        rates = self.rates
        return next(iter(rates.values())) / rates[way]

    def ratio_range(self, way: str) -> tuple[float, float]:
        """Smallest and largest ratio within one repetition; the ratio of the best lies inside."""
        ours = next(iter(self.seconds))
        first, other = (np.array(self.seconds[w]) / self.sizes[w] for w in (ours, way))
        ratios = other / first
        return float(ratios.min()), float(ratios.max())


def measure(case: Case, *, scale: float, repeat: int) -> Timing:
    """Time every way of a case in turn, `repeat` times over."""
    missing = {w: f.package for w, (f, _) in case.ways.items() if isinstance(f, Missing)}
    ways = {w: function for w, (function, _) in case.ways.items() if w not in missing}
    sizes = {way: max(1, int(case.ways[way][1] * scale)) for way in ways}
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for way, function in ways.items():
        jax.block_until_ready(function(sizes[way]))  # compile and fill caches
    for _ in range(repeat):
        # In turn, so that a busy moment of the machine hits all ways alike.
        for way, function in ways.items():
            began = time.perf_counter()
            jax.block_until_ready(function(sizes[way]))
            seconds[way].append(time.perf_counter() - began)
    return Timing(case, sizes, seconds, missing)


def processors() -> int:
    """Processors that this program may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def load() -> float | None:
    """Programs that were running or waiting during the last minute."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


#: Packages whose versions matter; those that are not installed are left out.
PACKAGES = ("jax", "numpy", "scipy", "simlib", "numba", "numpyro", "lifelines")


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
        "devices": f"{jax.device_count()} × {jax.devices()[0].device_kind}",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: found for name in PACKAGES if (found := _version(name))},
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except ModuleNotFoundError:
        return ""


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
