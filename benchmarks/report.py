"""What a run prints: every ratio next to its goal and to the committed baseline."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.table import Table
from rich.text import Text
from store import change, change_of_figure

from simlib.book._benchmarks import Goal

Record = Mapping[str, Any]

_STYLES = {"reached": "green", "missed": "red", "better": "green", "worse": "red"}


def case_table(record: Record, goals: Iterable[Goal], stored: Record) -> Table:
    """The ways of one case, the first one against each."""
    bounds = {(g.name, g.way): g for g in goals if not g.on}
    old = _ways(stored)
    notes = [record["notes"]] if record["notes"] else []
    notes += [
        f"Skipped, as {package} is not installed: {way}."
        for way, package in record["missing"].items()
    ]
    title = f"{record['name']}: {record['unit']}"
    result = Table(title=title, caption=" ".join(notes) or None, title_justify="left")
    result.add_column("way")
    for head in ("millions/s", "first faster by", "range", "goal", "baseline", ""):
        result.add_column(head, justify="right")
    for way in record["ways"]:
        place = (record["name"], way["way"])
        result.add_row(
            way["way"],
            f"{way['rate'] / 1e6:.3g}",
            f"{way['ratio']:.3g}",
            f"{way['low']:.2g}–{way['high']:.2g}",
            _against(bounds.get(place), way["ratio"]),
            f"{old[place]['ratio']:.3g}" if place in old else "",
            _styled(change(old[place], way) if place in old else ""),
        )
    return result


def figure_table(records: Iterable[Record], goals: Iterable[Goal], stored: Record) -> Table:
    """Numbers that are no speeds."""
    bounds = {g.name: g for g in goals if not g.way and not g.on}
    old = {record["name"]: record for record in stored["figures"]}
    result = Table(title="other figures", title_justify="left")
    result.add_column("figure")
    for head in ("value", "goal", "baseline", ""):
        result.add_column(head, justify="right")
    for record in records:
        name = record["name"]
        result.add_row(
            name,
            f"{record['value']:.3g} {record['unit']}",
            _against(bounds.get(name), record["value"]),
            f"{old[name]['value']:.3g}" if name in old else "",
            _styled(change_of_figure(old[name], record) if name in old else ""),
        )
    return result


def summary(
    cases: Iterable[Record], figures: Iterable[Record], goals: Iterable[Goal], stored: Record
) -> str:
    """One line: goals reached, and what became worse."""
    values = {(c["name"], w["way"]): w["ratio"] for c in cases for w in c["ways"]}
    values |= {(f["name"], ""): f["value"] for f in figures}
    old, olds = _ways(stored), {record["name"]: record for record in stored["figures"]}
    met = [
        g.reached(values[g.name, g.way]) for g in goals if (g.name, g.way) in values and not g.on
    ]
    worse = [
        f"{c['name']} against {w['way']}" for c in cases for w in c["ways"]
        if (place := (c["name"], w["way"])) in old and change(old[place], w) == "worse"
    ]  # fmt: skip
    worse += [
        f["name"] for f in figures
        if f["name"] in olds and change_of_figure(olds[f["name"]], f) == "worse"
    ]  # fmt: skip
    text = f"{sum(met)} of {len(met)} goals reached."
    return text + (f" Worse than the baseline: {'; '.join(worse)}." if worse else "")


def _ways(stored: Record) -> dict[tuple[str, str], Record]:
    return {(c["name"], w["way"]): w for c in stored["cases"] for w in c["ways"]}


def _against(goal: Goal | None, value: float) -> Text:
    if goal is None:
        return Text("")
    verdict = "reached" if goal.reached(value) else "missed"
    sign, bound = ("≥", goal.least) if goal.least is not None else ("≤", goal.most)
    return Text(f"{sign} {bound:g} {verdict}", style=_STYLES[verdict])


def _styled(text: str) -> Text:
    return Text(text, style=_STYLES.get(text, ""))
