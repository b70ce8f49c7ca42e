"""Speed of simlib next to NumPy, SciPy and plain JAX, all measured in this run.

    python benchmarks/run.py                      every case (some minutes)
    python benchmarks/run.py --only gamma         cases whose name contains a word
    python benchmarks/run.py --scale 0.1          a tenth of the work
    python benchmarks/run.py --json result.json   store rates, ratios and machine

Absolute rates belong to one machine and its load; the ratios travel better.
"""

import argparse
import json
import sys

import jax
from timing import Timing, machine, measure, processors

# One device per processor, before JAX starts.
jax.config.update("jax_num_cpu_devices", processors())
jax.config.update("jax_enable_x64", True)

from cases import CASES  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--scale", type=float, default=1.0, help="share of the work (default 1)")
    parser.add_argument("--repeat", type=int, default=5, help="repetitions, best kept (default 5)")
    parser.add_argument("--only", default="", help="run cases whose name contains this")
    parser.add_argument("--json", help="store the result in this file; - prints it")
    options = parser.parse_args()
    chosen = [case for case in CASES if options.only in case.name]
    if not chosen:
        names = "\n  ".join(case.name for case in CASES)
        parser.error(f"no case contains {options.only!r}; there are\n  {names}")
    where = machine()
    console = Console(stderr=options.json == "-")
    console.print("  ".join(f"{name} {value}" for name, value in where.items()), style="dim")
    timings = []
    for case in chosen:
        timing = measure(case, scale=options.scale, repeat=options.repeat)
        timings.append(timing)
        console.print(table(timing))
    if options.json:
        text = json.dumps(
            {
                "machine": where,
                "scale": options.scale,
                "repeat": options.repeat,
                "cases": [as_dict(timing) for timing in timings],
            },
            indent=1,
        )
        if options.json == "-":
            print(text)
        else:
            with open(options.json, "w", encoding="utf-8") as file:
                file.write(text + "\n")
    sys.stdout.flush()


def table(timing: Timing) -> Table:
    title = f"{timing.case.name}: {timing.case.unit}"
    result = Table(title=title, caption=timing.case.notes or None, title_justify="left")
    result.add_column("way")
    result.add_column("millions/s", justify="right")
    result.add_column("first faster by", justify="right")
    result.add_column("scatter", justify="right")
    for way, rate in timing.rates.items():
        result.add_row(
            way,
            f"{rate / 1e6:.3g}",
            f"{timing.ratio(way):.3g}",
            f"{100 * timing.scatter[way]:.0f} %",
        )
    return result


def as_dict(timing: Timing) -> dict[str, object]:
    return {
        "name": timing.case.name,
        "unit": f"{timing.case.unit} per second",
        "ways": [
            {
                "way": way,
                "rate": rate,
                "first_is_faster_by": timing.ratio(way),
                "scatter": timing.scatter[way],
            }
            for way, rate in timing.rates.items()
        ],
    }


if __name__ == "__main__":
    main()
