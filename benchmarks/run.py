"""Speed of simlib next to NumPy, SciPy, numba, numpyro and plain JAX, all measured in this run.

    python benchmarks/run.py                      every case (some minutes)
    python benchmarks/run.py --only gamma         cases whose name contains a word
    python benchmarks/run.py --scale 0.1          a tenth of the work
    python benchmarks/run.py --json result.json   store rates, ratios and machine
    python benchmarks/run.py --update             replace the committed baseline (quiet machine!)

Each ratio stands next to its goal (data/benchmarks/goals.toml) and to the committed baseline
(data/benchmarks/baseline.json). Absolute rates belong to one machine and its load; the ratios
travel better. Cases whose library is missing are named; `make bench-libs` installs them.
"""

import argparse
import datetime
import json
import sys


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--scale", type=float, default=1.0, help="share of the work (default 1)")
    parser.add_argument("--repeat", type=int, default=5, help="repetitions, best kept (default 5)")
    parser.add_argument("--only", default="", help="run cases whose name contains this")
    parser.add_argument("--json", help="store the result in this file; - prints it")
    parser.add_argument("--update", action="store_true", help="replace the committed baseline")
    options = parser.parse_args()
    if options.update and options.scale != 1:
        parser.error(f"--update needs the whole work, not --scale {options.scale:g}.")

    import jax
    from timing import load, machine, measure, processors

    # One device per processor, before JAX starts.
    jax.config.update("jax_num_cpu_devices", processors())
    jax.config.update("jax_enable_x64", True)
    from cases import CASES
    from figures import FIGURES
    from report import case_table, figure_table, summary
    from rich.console import Console
    from store import case_record, figure_record, merged, write

    from simlib._paths import data_directory
    from simlib.book._benchmarks import ACCELERATOR, BASELINE, read_baseline, read_goals

    chosen = [case for case in CASES if options.only in case.name]
    figures = [figure for figure in FIGURES if options.only in figure.name]
    if not chosen and not figures:
        names = "\n  ".join(case.name for case in [*CASES, *FIGURES])
        parser.error(f"no case contains {options.only!r}; there are\n  {names}")
    file = BASELINE if jax.default_backend() == "cpu" else ACCELERATOR
    stored, goals, where = read_baseline(file), read_goals(), machine()
    console = Console(stderr=options.json == "-")
    if not console.is_terminal:
        console.width = 120
    console.print("  ".join(f"{name} {value}" for name, value in where.items()), style="dim")
    when = {"date": datetime.datetime.now(datetime.UTC).date().isoformat()}
    order = [x.name for x in [*CASES, *FIGURES]]
    cases, numbers = [], []

    def keep() -> None:
        """Store what there is, so that an interrupted update loses only what it did not reach."""
        if options.update:
            new = merged(read_baseline(file), where, cases, numbers, order=order)
            write(data_directory() / file, new)

    for case in chosen:
        timing = measure(case, scale=options.scale, repeat=options.repeat)
        cases.append(case_record(timing, load=load(), **when))
        console.print(case_table(cases[-1], goals, stored))
        keep()
    for figure in figures:
        repeat = min(options.repeat, 3) if figure.repeats else 1
        values = [figure.measure(options.scale) for _ in range(repeat)]
        numbers.append(figure_record(figure, values, load=load(), **when))
        keep()
    if numbers:
        console.print(figure_table(numbers, goals, stored))
    console.print(summary(cases, numbers, goals, stored))
    if options.update:
        console.print(f"{len(cases) + len(numbers)} measurements stored in data/{file}.")
    if options.json:
        result = {
            "machine": where, "scale": options.scale, "repeat": options.repeat,
            "cases": cases, "figures": numbers,
        }  # fmt: skip
        text = json.dumps(result, indent=1)
        if options.json == "-":
            print(text)
        else:
            with open(options.json, "w", encoding="utf-8") as handle:
                handle.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
