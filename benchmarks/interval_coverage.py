"""Recovery of the truth and coverage of intervals, for every process that is fitted to runs.

    python benchmarks/interval_coverage.py                500 data sets of 300 runs each
    python benchmarks/interval_coverage.py --sets 2000    sharper: the standard error is 0.5 %
    python benchmarks/interval_coverage.py --only power   processes whose name contains a word
    python benchmarks/interval_coverage.py --posterior   posterior instead of profile intervals

Prints, for every parameter and horizon, truth, median estimate and the share of 95 % intervals
that contain the truth. Where the truth lies inside its range the share of profile intervals should
be 95 %. That of posterior intervals is 95 % on the average over truths drawn from the prior; at one
truth it comes near 95 % as the prior loses its say.
"""

import argparse
import sys

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)

from rich.console import Console  # noqa: E402
from rich.progress import track  # noqa: E402
from rich.table import Table  # noqa: E402

from simlib.fit import (  # noqa: E402
    FrailPower,
    PowerHazard,
    Runs,
    fit_items,
    fit_process,
    posterior_items,
    posterior_process,
)
from simlib.mixing import Gamma  # noqa: E402
from simlib.processes import (  # noqa: E402
    HeavyTailed,
    KeyTokens,
    LogarithmicGrowth,
    SaturatingGrowth,
    Uniform,
)
from simlib.simulate import first_error  # noqa: E402

CUT = 200
# Name: family, process, parameters.
TRUTHS = {
    "uniform": ("uniform", Uniform(0.02), {"error_rate": 0.02}),
    "power, falling": ("power", PowerHazard(60.0, 0.6), {"exponent": 0.6, "scale": 60.0}),
    "power, rising": ("power", PowerHazard(60.0, 1.6), {"exponent": 1.6, "scale": 60.0}),
    "logarithmic": (
        "logarithmic",
        KeyTokens(1 - np.exp(-0.4), LogarithmicGrowth(1.0)),
        {"power": 0.4},
    ),
    "saturating": (
        "saturating",
        KeyTokens(1 - np.exp(-0.03), SaturatingGrowth(40.0, 40.0)),
        {"plateau": np.exp(-1.2), "scale": 40.0},
    ),
    "heavy_tailed": (
        "heavy_tailed",
        HeavyTailed(Gamma(0.03, 0.03**2)),
        {"mean_hazard": 0.03, "frailty_variance": 1.0},
    ),
    "log_logistic": (
        "log_logistic",
        FrailPower(50.0, 1.2, 1.0),
        {"exponent": 1.2, "half_life": 50.0},
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sets", type=int, default=500, help="data sets of each process")
    parser.add_argument("--runs", type=int, default=300, help="runs of each data set")
    parser.add_argument("--only", default="", help="processes whose name contains this")
    parser.add_argument("--posterior", action="store_true", help="posterior intervals")
    options = parser.parse_args()
    console = Console()
    table = Table("process", "number", "truth", "median", "coverage", "fits that failed")
    for name in [*TRUTHS, "items"]:
        if options.only in name:
            rows, failed = study(name, options.sets, options.runs, options.posterior)
            for number, truth, found, covered in rows:
                share = covered.mean()
                error = np.sqrt(0.95 * 0.05 / len(covered))
                table.add_row(
                    name, number, f"{truth:.4g}", f"{np.median(found):.4g}",
                    f"{100 * share:.1f} ± {100 * error:.1f} %", str(failed),
                )  # fmt: skip
    console.print(table)
    sys.stdout.flush()


def study(name, sets, runs, posterior=False):
    """Estimates and hits of every number, and how many fits failed."""
    found, failed = {}, 0
    truths = {}
    for seed in track(range(sets), description=name, console=Console(file=sys.stderr)):
        try:
            fit, truths = one(name, seed, runs, posterior)
        except (ValueError, RuntimeError):
            failed += 1
            continue
        for number, truth in truths.items():
            x = fit.horizons[0.5] if number == "half-life" else fit.parameters[number]
            found.setdefault(number, []).append((float(x.value), bool(x.contains(truth))))
    rows = []
    for number, pairs in found.items():
        value, hit = (np.array(column) for column in zip(*pairs, strict=True))
        rows.append((number, float(truths[number]), value, hit))
    return rows, failed


def one(name, seed, runs, posterior=False):
    """One data set and its fit, with the true numbers."""
    if name == "items":
        theta, exponent, repeats = 0.8, 0.7, 6
        rng = np.random.default_rng(seed)
        items = max(runs // repeats, 2)
        z = rng.gamma(1 / theta, theta, (items, 1))
        first = np.ceil(30 * (rng.exponential(size=(items, repeats)) / z) ** (1 / exponent))
        first = first.ravel().clip(1, CUT + 1)
        data = Runs.from_columns(
            np.minimum(first, CUT), first <= CUT, item=np.repeat(np.arange(items), repeats)
        )
        half = float(FrailPower(30.0, exponent, theta).horizon(0.5))
        truths = {"exponent": exponent, "frailty_variance": theta, "half-life": half}
        return (posterior_items if posterior else fit_items)(data, horizons=(0.5,)), truths
    family, process, parameters = TRUTHS[name]
    first = np.asarray(first_error(process, key=jax.random.key(seed), shape=(runs,)))
    data = Runs.from_columns(np.minimum(first, CUT), first <= CUT)
    half = float(process.horizon(0.5))
    fitted = (posterior_process if posterior else fit_process)(data, family, horizons=(0.5,))
    return fitted, parameters | {"half-life": half}


if __name__ == "__main__":
    main()
