"""The file of verdicts: generated, sorted, committed."""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from ._finding import LEVEL, Finding
from ._model import COLUMNS, Verdict

Verdicts = Mapping[str, tuple[Finding, ...]]

#: Shift between two runs, in combined standard errors, that is no longer chance: two honest runs
#: with unrelated random streams differ by more with probability 6e-5.
DRIFT = 4.0

_REMEDY = "run `simlib claims --update` to write it anew"


def to_json(verdicts: Verdicts) -> str:
    """The text of `verdicts.json`: one line per number, so that a diff reads well.

    What is not applicable is part of the definitions and not repeated here.
    """
    body = {
        claim: [
            {k: v for k, v in asdict(finding).items() if v not in (None, "")}
            for finding in sorted(_collected(verdicts[claim]), key=_order)
        ]
        for claim in sorted(verdicts)
    }
    return json.dumps({"level": LEVEL, "verdicts": body}, indent=1, ensure_ascii=False) + "\n"


def read_verdicts(path: Path) -> dict[str, tuple[Finding, ...]]:
    """The verdicts stored at `path`; none if the file does not exist yet.

    Raises
    ------
    ValueError
        If the file is cut short, was edited by hand into something unknown, or was judged at
        another level.
    """
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        level, body = content["level"], content["verdicts"]
        verdicts = {claim: tuple(_finding(x) for x in body[claim]) for claim in body}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is damaged ({error}); {_REMEDY}.") from error
    if level != LEVEL:
        raise ValueError(f"{path} was judged at level {level}, this code at {LEVEL}; {_REMEDY}.")
    return verdicts


def write_verdicts(verdicts: Verdicts, path: Path) -> None:
    """Write atomically: a reader sees the old file or the whole new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
            handle.write(to_json(verdicts))
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@dataclass(frozen=True)
class Change:
    """One difference between two runs of the ledger.

    `kind` is `verdict` (another verdict), `number` (the same verdict, but a number that chance
    does not explain), `text` (a reworded note), `added`, `removed`, or `noise` (a shift within
    chance, as another version of the random generator gives; not a failure).
    """

    claim: str
    place: str
    kind: Literal["verdict", "number", "text", "added", "removed", "noise"]
    old: str
    new: str

    @property
    def fails(self) -> bool:
        """Whether the ledger no longer holds as it is printed."""
        return self.kind != "noise"

    def __str__(self) -> str:
        return f"{self.claim}, {self.place}: {self.old} → {self.new} ({self.kind})"


def compare(old: Verdicts, new: Verdicts) -> tuple[Change, ...]:
    """What changed from `old` to `new`, sorted by claim and column.

    Examples
    --------
    >>> old = {"uniform.horizon": (Finding("derived", Verdict.AGREES),)}
    >>> new = {"uniform.horizon": (Finding("derived", Verdict.DISAGREES),)}
    >>> print(*compare(old, new))
    uniform.horizon, derived: agrees → disagrees (verdict)
    """
    before, after = (
        {(claim, x.column, x.model): x for claim in run for x in _collected(run[claim])}
        for run in (old, new)
    )
    changes = []
    for slot in sorted(
        before.keys() | after.keys(), key=lambda s: (s[0], COLUMNS.index(s[1]), s[2])
    ):
        a, b = before.get(slot), after.get(slot)
        if a is None and b is not None:
            changes.append(Change(slot[0], b.place, "added", "nothing", summary(b)))
        elif b is None and a is not None:
            changes.append(Change(slot[0], a.place, "removed", summary(a), "nothing"))
        elif a is not None and b is not None and a.verdict is not b.verdict:
            changes.append(Change(slot[0], a.place, "verdict", summary(a), summary(b)))
        elif a is not None and b is not None and _numbers(a) != _numbers(b):
            kind = "noise" if _within_chance(a, b) else "number"
            changes.append(Change(slot[0], a.place, kind, summary(a), summary(b)))
        elif a is not None and b is not None and a.note != b.note:
            changes.append(Change(slot[0], a.place, "text", a.note, b.note))
    return tuple(changes)


def summary(finding: Finding) -> str:
    """Verdict and interval in one line."""
    if finding.value is None:
        return str(finding.verdict)
    if finding.lower == finding.upper:
        return f"{finding.verdict} (effect {finding.value:g}, exact)"
    return (
        f"{finding.verdict} (effect {finding.value:g}, {100 * LEVEL:g} % interval "
        f"{_number(finding.lower)} to {_number(finding.upper)}, n = {finding.n})"
    )


def _number(x: float | None) -> str:
    return "not finite" if x is None else f"{x:g}"


def _collected(findings: tuple[Finding, ...]) -> list[Finding]:
    return [x for x in findings if x.verdict is not Verdict.NOT_APPLICABLE]


def _numbers(finding: Finding) -> tuple:
    return finding.value, finding.stderr, finding.lower, finding.upper, finding.n


def _within_chance(a: Finding, b: Finding) -> bool:
    if a.value is None or b.value is None or a.n != b.n or a.entries != b.entries:
        return False
    if not (a.stderr and b.stderr):  # exact numbers: only the last printed digit may move
        return abs(a.value - b.value) <= 2e-5 * max(abs(a.value), abs(b.value))
    # Neither the effect nor its standard error may move by more than chance explains.
    shift = abs(a.value - b.value) / (a.stderr**2 + b.stderr**2) ** 0.5
    return shift <= DRIFT and 0.5 <= a.stderr / b.stderr <= 2.0


def _order(finding: Finding) -> tuple[int, str]:
    return COLUMNS.index(finding.column), finding.model


def _finding(stored: dict[str, Any]) -> Finding:
    known = {f.name for f in fields(Finding)}
    strangers = sorted(set(stored) - known)
    if strangers or stored["column"] not in COLUMNS:
        raise ValueError(f"unknown field or column in {stored}")
    return Finding(**{**stored, "verdict": Verdict(stored["verdict"])})
