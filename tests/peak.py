"""Peak memory of a program that runs in a process of its own."""

#: Source of `peak()`, to stand at the beginning of such a program.
PEAK = """
def peak():  # MB
    import pathlib, re, resource, sys
    # Linux lets a new program inherit ru_maxrss from the one that started it: ask for its own.
    status = pathlib.Path("/proc/self/status")
    if status.exists():
        return int(re.search(r"VmHWM:\\s*(\\d+) kB", status.read_text())[1]) / 2**10
    unit = 2**20 if sys.platform == "darwin" else 2**10  # macOS counts bytes
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
"""
