"""Committed measurements of speed, and the goals they are held against.

`benchmarks/run.py --update` writes the measurements; pages and the appendix only read them, so
that a build on a busy machine prints the same numbers as one on a quiet machine.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._paths import data_directory

#: Below `data/`. Read by name, so that pages which use them are built anew when they change.
BASELINE, ACCELERATOR, GOALS = (
    "benchmarks/baseline.json",
    "benchmarks/accelerator.json",
    "benchmarks/goals.toml",
)


@dataclass(frozen=True)
class Benchmark:
    """One way of doing one job, as measured.

    Parameters
    ----------
    case, way
        Their names in `benchmarks/`.
    unit
        What is counted per second.
    rate
        Units per second, best of the repetitions.
    ratio, low, high
        How many times faster the first way of the case is than this one: best against best, and
        the smallest and largest ratio within one repetition.
    date
        Day of the measurement.
    machine
        Processor, number of cores, versions.
    """

    case: str
    way: str
    unit: str
    rate: float
    ratio: float
    low: float
    high: float
    date: str
    machine: Mapping[str, Any]


@dataclass(frozen=True)
class Goal:
    """What a measurement should reach.

    Parameters
    ----------
    name
        Name of a case, or of a figure that is not a speed.
    way
        The way that the first one of the case is compared with; empty for a figure, and for a
        goal `on` an accelerator.
    least, most
        The ratio should be at least, the figure at most this; one of the two is given.
    meaning
        What is reached with it, in a few words.
    on
        `"accelerator"`: speed of the first way there over its speed here.
    why
        Why it is missed, if it is; shown only then.
    """

    name: str
    way: str
    least: float | None
    most: float | None
    meaning: str
    on: str = ""
    why: str = ""

    def reached(self, value: float) -> bool:
        """Whether a measured value is good enough."""
        return value >= self.least if self.least is not None else value <= (self.most or 0.0)


@dataclass(frozen=True)
class Outcome:
    """A goal and what was measured; `value` is None where nothing was."""

    goal: Goal
    value: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str = ""

    @property
    def verdict(self) -> str:
        """`reached`, `missed` or `not measured`."""
        if self.value is None:
            return "not measured"
        return "reached" if self.goal.reached(self.value) else "missed"


def benchmark(case: str, way: str) -> Benchmark:
    """One committed measurement, for a page that quotes it.

    Parameters
    ----------
    case, way
        Names as in the appendix on benchmarks.

    Returns
    -------
    Benchmark
        Rate of this way, and how much faster the first way of the case is.

    Raises
    ------
    KeyError
        If there is no such case or way; the message lists those that exist.

    Examples
    --------
    >>> found = benchmark("first errors, uniform (rate 1e-3)", "NumPy geometric sampler")
    >>> found.low <= found.ratio <= found.high
    True
    """
    known = {(x.case, x.way): x for x in benchmarks(read_baseline())}
    if (case, way) not in known:
        near = [f"{c}: {w}" for c, w in known if c == case] or sorted({c for c, _ in known})
        raise KeyError(f"no benchmark {way!r} in case {case!r}; there are {', '.join(near)}.")
    return known[case, way]


def benchmarks(stored: Mapping[str, Any]) -> Iterator[Benchmark]:
    """All ways of all cases in a stored file."""
    for case in stored["cases"]:
        for way in case["ways"]:
            yield Benchmark(
                case["name"], way["way"], case["unit"], way["rate"],
                way["ratio"], way["low"], way["high"], case["date"],
                stored["machines"][case["machine"]],
            )  # fmt: skip


def read_baseline(name: str = BASELINE) -> dict[str, Any]:
    """A stored file, or one without measurements if it does not exist."""
    path = data_directory() / name
    if not path.is_file():
        return {"machines": [], "cases": [], "figures": []}
    return json.loads(path.read_text("utf-8"))


def read_goals(path: Path | None = None) -> tuple[Goal, ...]:
    """The goals, in the order of their file.

    Raises
    ------
    ValueError
        If an entry has unknown or missing fields, not exactly one bound, or a twin.
    """
    path = path or data_directory() / GOALS
    goals = tuple(_goal(entry, path) for entry in tomllib.loads(path.read_text("utf-8"))["goal"])
    places = [(goal.name, goal.way, goal.on) for goal in goals]
    if twins := {place for place in places if places.count(place) > 1}:
        raise ValueError(f"{path}: {sorted(twins)[0]} has two goals; keep one.")
    return goals


def _goal(entry: dict[str, Any], path: Path) -> Goal:
    unknown = sorted(
        set(entry) - {"case", "figure", "way", "least", "most", "meaning", "on", "why"}
    )
    name = entry.get("case", entry.get("figure"))
    complete = ("case" in entry) != ("figure" in entry) and entry.get("meaning")
    if unknown or not complete or ("least" in entry) == ("most" in entry):
        raise ValueError(
            f"{path}: a goal has `case` (with `way`, or `on`) or `figure`, one of `least` and "
            f"`most`, a `meaning`, and perhaps a `why`; got {entry}."
        )
    if ("case" in entry) != (("way" in entry) != ("on" in entry)):
        raise ValueError(f"{path}: a case needs `way` or `on`, a figure neither; got {entry}.")
    return Goal(
        str(name), entry.get("way", ""), entry.get("least"), entry.get("most"),
        entry["meaning"], entry.get("on", ""), entry.get("why", ""),
    )  # fmt: skip


def outcomes(
    goals: tuple[Goal, ...], stored: Mapping[str, Any], accelerator: Mapping[str, Any]
) -> list[Outcome]:
    """Each goal with what was measured."""
    ratios = {(x.case, x.way): x for x in benchmarks(stored)}
    figures = {x["name"]: x for x in stored["figures"]}
    first_there, first_here = _first_rates(accelerator), _first_rates(stored)
    found = []
    for goal in goals:
        if goal.on and goal.name in first_there and goal.name in first_here:
            found.append(Outcome(goal, first_there[goal.name] / first_here[goal.name]))
        elif (goal.name, goal.way) in ratios and not goal.on:
            x = ratios[goal.name, goal.way]
            found.append(Outcome(goal, x.ratio, x.low, x.high))
        elif goal.name in figures:
            x = figures[goal.name]
            found.append(Outcome(goal, x["value"], x["low"], x["high"], x["unit"]))
        else:
            found.append(Outcome(goal))
    return found


def _first_rates(stored: Mapping[str, Any]) -> dict[str, float]:
    return {case["name"]: case["ways"][0]["rate"] for case in stored["cases"]}
