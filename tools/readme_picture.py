"""Draw the picture of the README from the code and the data: `python tools/readme_picture.py`."""

import sys
from pathlib import Path

import jax
import matplotlib.pyplot as plt
import numpy as np

import simlib as sl
from simlib import plots, simulate, traces
from simlib.book import setup

SHOWN = (("add", 1), ("add", 3), ("copy", 16), ("mul", 3))


def draw(path: Path) -> None:
    """Write the picture to `path`."""
    setup()
    plt.rcParams["savefig.facecolor"] = "white"
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8))

    half_life = 500.0
    rate = -np.log(0.5) / half_life
    theta = 2.0  # variance of the frailty; the mean hazard that gives the same half-life
    mean = (2.0**theta - 1.0) / (theta * half_life)
    processes = {
        "uniform": sl.Uniform(-np.expm1(-rate)),
        "key tokens, $k\\propto\\sqrt{n}$": sl.KeyTokens(
            0.05, sl.PowerGrowth(np.log(0.5) / np.log1p(-0.05) / half_life**0.5, 0.5)
        ),
        "gamma frailty": sl.HeavyTailed(sl.Gamma(mean, theta * mean**2)),
    }
    lengths = np.array([10, 30, 100, 300, 1_000, 3_000, 10_000])
    grid = np.geomspace(5, 20_000, 120)
    keys = jax.random.split(jax.random.key(2026), len(processes))
    for (name, process), key in zip(processes.items(), keys, strict=True):
        plots.survival_curve(grid, sl.Estimate.exact(process.survival(grid)), left, label=name)
        dots = simulate.survival(process, lengths, key=key, replicates=20_000, level=0.99)
        color = left.get_lines()[-1].get_color()
        below, above = dots.value - dots.lower, dots.upper - dots.value
        error = np.stack([np.asarray(below), np.asarray(above)])
        left.errorbar(lengths, np.asarray(dots.value), error, fmt="o", ms=4, color=color)
    left.set(xscale="log", title="derived, computed, simulated")
    handles, labels = left.get_legend_handles_labels()
    kept = [(h, x) for h, x in zip(handles, labels, strict=True) if x in processes]
    left.legend(*zip(*kept, strict=True), fontsize=8)

    items = traces.load("answers-smollm2").exact()
    for task, level in SHOWN:
        log_p = np.sort(items.filter(task=task, level=level)["log_p"].to_numpy()) / np.log(10)
        share = np.arange(1, len(log_p) + 1) / len(log_p)
        band = np.sqrt(np.log(2 / 0.05) / (2 * len(log_p)))
        (line,) = right.step(log_p, share, where="post", label=f"{task} {level} (n = {len(log_p)})")
        low, high = np.clip(share - band, 0, 1), np.clip(share + band, 0, 1)
        right.fill_between(
            log_p, low, high, step="post", alpha=0.2, color=line.get_color(), linewidth=0
        )
    right.set(
        xlabel=r"$\log_{10}$ of the success probability of one attempt",
        ylabel="share of items at or below",
        title="confronted with a real model",
    )
    right.legend(fontsize=8)
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)


if __name__ == "__main__":
    root = Path(__file__).resolve().parent.parent
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else root / "_static" / "readme.png")
