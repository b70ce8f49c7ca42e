"""`{benchmark-goals}`, `{benchmark-cases}`, `{benchmark-machines}`: the committed measurements."""

from collections.abc import Mapping, Sequence
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from ..._paths import data_directory
from .._benchmarks import ACCELERATOR, BASELINE, GOALS, Outcome, outcomes, read_baseline, read_goals
from .._text import polish

#: With signs, so that no verdict depends on colour.
SIGNS = {"reached": "✓ reached", "missed": "✗ **missed**", "not measured": "not measured"}


def goals_text(found: Sequence[Outcome]) -> str:
    """How many goals are reached, a table of all, and why some are missed; in MyST."""
    count = {verdict: [x for x in found if x.verdict == verdict] for verdict in SIGNS}
    summary = f"{len(count['reached'])} of {len(found)} goals are reached"
    summary += f", {len(count['missed'])} missed" if count["missed"] else ""
    summary += f", {len(count['not measured'])} not measured" if count["not measured"] else ""
    rows = [
        (_job(x), SIGNS[x.verdict], _value(x), _bound(x), x.goal.meaning) for x in found
    ]  # fmt: skip
    # The verdict comes early: on a phone the rest is reached by scrolling.
    head = ("what is measured", "verdict", "measured", "goal", "what it means")
    reasons = [f"* {_job(x)}: {x.goal.why}" for x in count["missed"] if x.goal.why]
    parts = [f"{summary}.", _table(head, rows)]
    if reasons:
        parts += ["Why some are missed:", "\n".join(reasons)]
    return "\n\n".join(parts)


def cases_text(stored: Mapping[str, Any]) -> str:
    """Every case with all its ways, and the figures that are no speeds; in MyST."""
    parts = []
    for case in stored["cases"]:
        rows = [
            (way["way"], _number(way["rate"] / 1e6), _number(way["ratio"]), _span(way))
            for way in case["ways"]
        ]
        head = ("way", f"million {case['unit']} per second", "first is faster by", "range")
        notes = [case["notes"]] if case["notes"] else []
        notes += [
            f"Not measured, as {library} was not installed: {way}."
            for way, library in case["missing"].items()
        ]
        notes.append(_origin(case, stored))
        parts += [f"**{_capital(case['name'])}**", _table(head, rows), " ".join(notes)]
    if stored["figures"]:
        rows = [
            (x["name"], f"{_number(x['value'])} {x['unit']}", x["notes"]) for x in stored["figures"]
        ]
        parts += ["**Other figures**", _table(("figure", "value", "notes"), rows)]
        parts.append(_origin(stored["figures"][0], stored))
    return "\n\n".join(parts)


def machines_text(stored: Mapping[str, Any]) -> str:
    """Machines and versions, one column each; in MyST."""
    machines = stored["machines"]
    if not machines:
        return "Nothing has been measured yet."
    names = list(dict.fromkeys(name for machine in machines for name in machine))
    head = ("", *(f"machine {i}" for i in range(1, len(machines) + 1)))
    rows = [(name, *(str(machine.get(name, "")) for machine in machines)) for name in names]
    return _table(head, rows)


class BenchmarksDirective(SphinxDirective):
    """One part of the page on benchmarks; the name of the directive says which."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        """Nodes of the tables; the page is read again when a measurement or a goal changes."""
        for name in (BASELINE, ACCELERATOR, GOALS):
            self.env.note_dependency(str(data_directory() / name))
        stored, accelerator = read_baseline(), read_baseline(ACCELERATOR)
        both = [stored, accelerator] if accelerator["cases"] else [stored]
        if self.name == "benchmark-goals":
            text = goals_text(outcomes(read_goals(), stored, accelerator))
        elif self.name == "benchmark-cases":
            text = "\n\n".join(map(cases_text, both))
        else:
            text = "\n\n".join(map(machines_text, both))
        return self.parse_text_to_nodes(text)


def _job(outcome: Outcome) -> str:
    goal = outcome.goal
    where = "this processor" if goal.on else goal.way
    against = f", against {where}" if where else ""
    return f"{goal.name}{', on an ' + goal.on if goal.on else ''}{against}"


def _bound(outcome: Outcome) -> str:
    goal = outcome.goal
    sign, bound = ("≥", goal.least) if goal.least is not None else ("≤", goal.most)
    unit = outcome.unit or ("×" if goal.way or goal.on else "")
    return f"{sign} {bound:g} {unit}".strip()


def _value(outcome: Outcome) -> str:
    if outcome.value is None:
        return ""
    text = f"{_number(outcome.value)} {outcome.unit or '×'}"
    if outcome.low is None or outcome.high is None or outcome.low == outcome.high:
        return text
    return f"{text} ({_number(outcome.low)} to {_number(outcome.high)})"


def _span(way: Mapping[str, Any]) -> str:
    return "" if way["low"] == way["high"] else f"{_number(way['low'])} to {_number(way['high'])}"


def _origin(record: Mapping[str, Any], stored: Mapping[str, Any]) -> str:
    """When, and on which machine if there are several."""
    many = len(stored["machines"]) > 1
    where = f" on machine {record['machine'] + 1}" if many else ""
    busy = f", {record['load']:g} programs running on average" if record.get("load") else ""
    return f"Measured on {record['date']}{where}{busy}."


def _number(x: float) -> str:
    """Three digits, without an exponent where that is easy to read."""
    return polish(f"{x:,.0f}" if x >= 999.5 else f"{x:.3g}")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    clean = lambda cell: cell.replace("|", "\\|")
    return "\n".join("| " + " | ".join(map(clean, cells)) + " |" for cells in lines)


def register(app: Sphinx) -> None:
    """Add the directives."""
    for part in ("goals", "cases", "machines"):
        app.add_directive(f"benchmark-{part}", BenchmarksDirective)
