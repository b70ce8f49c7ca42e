"""Compiled programs kept from one command to the next."""

import hashlib
import os
import platform
import sys
import warnings
from pathlib import Path

# Programs kept, the newest; a fit leaves about seventy, of fourteen kilobytes each.
_MOST = 5000


def keep_compiled_programs() -> None:
    """Have JAX keep what it compiles in the user's cache folder, if JAX has not started yet.

    Sets environment variables only, and none that is set: `JAX_COMPILATION_CACHE_DIR` chooses
    another folder and `JAX_ENABLE_COMPILATION_CACHE=0` switches the cache off. Without a folder
    that can be written nothing is kept.
    """
    if "jax" in sys.modules or "JAX_COMPILATION_CACHE_DIR" in os.environ:
        return
    try:
        folder = _base() / "simlib" / "compiled" / _processor()
        # Programs are executed: nobody else may write here.
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            return
        programs = sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime)
        for file in programs[:-_MOST]:
            file.unlink(missing_ok=True)
    except (OSError, RuntimeError):  # no home, no right, or another command tidies up
        return
    os.environ["JAX_COMPILATION_CACHE_DIR"] = str(folder)
    # JAX does not write in one step: what a killed or a simultaneous command left half done is
    # found damaged, with a warning, and compiled anew.
    warnings.filterwarnings("ignore", "Error (reading|writing) persistent compilation cache")
    # Many programs compile in a tenth of a second; together they take most of the time.
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")


def _base() -> Path:
    named = os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_CACHE_HOME")
    return Path(named) if named else Path.home() / ".cache"


def _processor() -> str:
    """A name for the kind of processor: JAX does not tell apart programs of different ones."""
    described = [platform.system(), platform.machine(), platform.processor()]
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        wanted = ("model name", "flags", "Features", "CPU part")
        lines = cpuinfo.read_text().split("\n\n")[0].splitlines()
        described += [line for line in lines if line.startswith(wanted)]
    return hashlib.sha256("\n".join(described).encode()).hexdigest()[:16]
