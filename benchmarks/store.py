"""Stored measurements: what is kept of a run, and how two runs compare."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from timing import Figure, Timing

from simlib.traces._files import write_atomic

#: Changes below this share are noise even where the repetitions agree more closely.
LEAST_CHANGE = 0.05


def case_record(timing: Timing, **where: object) -> dict[str, Any]:
    """What is kept of a case; rates and ratios to four digits."""
    ways = []
    for way, rate in timing.rates.items():
        low, high = timing.ratio_range(way)
        numbers = {"rate": rate, "ratio": timing.ratio(way), "low": low, "high": high}
        ways.append({"way": way} | {name: _short(x) for name, x in numbers.items()})
    return {
        "name": timing.case.name,
        "unit": timing.case.unit,
        "notes": timing.case.notes,
        **where,
        "ways": ways,
        "missing": timing.missing,
    }


def figure_record(figure: Figure, values: list[float], **where: object) -> dict[str, Any]:
    """What is kept of a figure: the least of its values is the best."""
    ends = {"value": min(values), "low": min(values), "high": max(values)}
    return {
        "name": figure.name,
        "unit": figure.unit,
        "notes": figure.notes,
        **where,
        **{name: _short(x) for name, x in ends.items()},
    }


def _short(x: float) -> float:
    return float(f"{x:.4g}")


def change(old: Mapping[str, float], new: Mapping[str, float]) -> str:
    """`better`, `same` or `worse`: whether a ratio changed by more than it scatters.

    The ranges hold the ratios within each repetition of the two runs. Only if they do not touch,
    and the ratios differ by `LEAST_CHANGE` or more, something has changed.
    """
    if new["high"] < old["low"] and new["ratio"] < old["ratio"] * (1 - LEAST_CHANGE):
        return "worse"
    if new["low"] > old["high"] and new["ratio"] > old["ratio"] * (1 + LEAST_CHANGE):
        return "better"
    return "same"


def change_of_figure(old: Mapping[str, float], new: Mapping[str, float]) -> str:
    """The same for a figure, of which less is better."""
    if new["low"] > old["high"] and new["value"] > old["value"] * (1 + LEAST_CHANGE):
        return "worse"
    if new["high"] < old["low"] and new["value"] < old["value"] * (1 - LEAST_CHANGE):
        return "better"
    return "same"


def merged(
    stored: Mapping[str, Any],
    machine: Mapping[str, object],
    cases: Iterable[dict[str, Any]],
    figures: Iterable[dict[str, Any]],
    *,
    order: Iterable[str],
) -> dict[str, Any]:
    """The stored measurements with new ones in the place of those of the same name.

    Each record names its machine by number. `order` lists the names that exist: records of other
    names are dropped, and so are machines that no record names any more.
    """
    machines = [*stored["machines"]]
    if machine not in machines:
        machines.append(dict(machine))
    here, names = machines.index(machine), {name: i for i, name in enumerate(order)}
    kept = {}
    for kind, new in (("cases", cases), ("figures", figures)):
        records = {record["name"]: record for record in stored[kind]}
        records |= {record["name"]: record | {"machine": here} for record in new}
        kept[kind] = sorted(
            (r for r in records.values() if r["name"] in names), key=lambda r: names[r["name"]]
        )
    used = sorted({record["machine"] for kind in kept.values() for record in kind})
    for kind in kept:
        kept[kind] = [r | {"machine": used.index(r["machine"])} for r in kept[kind]]
    return {"machines": [machines[i] for i in used], **kept}


def write(path: Path, content: Mapping[str, Any]) -> None:
    """Replace the file in one step: a reader sees the old or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    write_atomic(path, (text + "\n").encode())
