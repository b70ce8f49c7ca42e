"""Plain tables: counts of attempts and successes, and runs up to their first error."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from ._json import name, text, whole
from ._limits import Limits, Place, fault, shown
from ._options import Options
from ._records import records
from ._rows import Rows, Tally
from ._tables import IMPORT_TABLES

_Row = tuple[Place, dict[str, Any]]


def read_counts(
    paths: list[Path], options: Options, limits: Limits
) -> tuple[pl.DataFrame, list[str]]:
    """Counts from plain tables, and remarks on what the reader had to decide."""
    tally, assumed = Tally(options.merge, limits), False
    fallback = options.stop_rule or "fixed"
    for place, row in _rows("counts", paths, options, limits):
        attempts = whole(_number(row["attempts"]), place, "attempts", 1)
        successes = whole(_number(row["successes"]), place, "successes")
        if successes > attempts:
            found = f"{successes} successes in {attempts} attempts"
            remedy = "there cannot be more successes than attempts; are the columns swapped?"
            fault(place, found, remedy, "successes")
        rule = row["stop_rule"]
        if rule is None:
            rule, assumed = fallback, assumed or options.stop_rule is None
        if rule not in ("fixed", "first_success"):
            found = f"the stop rule is {shown(rule)}"
            fault(place, found, "use fixed or first_success", "stop_rule")
        if rule == "first_success" and successes > 1:
            found = f"{successes} successes under stop rule first_success"
            fault(place, found, "such attempts end at their first success", "successes")
        problem = name(row["problem"], place, "problem", limits)
        model = options.model or _label(row["model"], place, "model", limits)
        benchmark = options.benchmark or _label(row["benchmark"], place, "benchmark", limits)
        tally.add((problem, model, benchmark, rule), attempts, successes, place)
    remark = "no stop rule is given; a fixed number of attempts was assumed (see --stop-rule)"
    return tally.frame(), [remark] if assumed else []


def read_runs(
    paths: list[Path], options: Options, limits: Limits
) -> tuple[pl.DataFrame, list[str]]:
    """Runs up to their first error from plain tables."""
    rows = Rows("runs", limits)
    seen: dict[tuple[str, str | None, str | None], Place] = {}
    for place, row in _rows("runs", paths, options, limits):
        run = name(row["run"], place, "run", limits)
        item = name(row["item"], place, "item", limits)
        length = whole(_number(row["length"]), place, "length", 1)
        error = _error(row["error"], place)
        model = options.model or _label(row["model"], place, "model", limits)
        task = options.task or _label(row["task"], place, "task", limits)
        if (run, model, task) in seen:
            found = f"the run {shown(run)} was read before, at {seen[run, model, task]}"
            remedy = "give every run a name of its own, such as item and repeat joined"
            fault(place, found, remedy, "run")
        seen[run, model, task] = place
        rows.append((run, item, length, error, model, task), place)
    return rows.frame(), []


def _rows(table: str, paths: list[Path], options: Options, limits: Limits) -> Iterator[_Row]:
    """Rows with the columns of the table, found under the names that the options give."""
    columns = IMPORT_TABLES[table].columns
    known = [column.name for column in columns]
    if unknown := [target for target in options.columns if target not in known]:
        raise ValueError(
            f"--map names the column '{unknown[0]}', which a {table} table does not have; "
            f"it has {', '.join(known)}."
        )
    source = {target: options.columns.get(target, target) for target in known}
    needed = [c.name for c in columns if not c.nullable and c.name != "stop_rule"]
    needed += [target for target in options.columns if target not in needed]
    for path in paths:
        kinds: dict[str, tuple[type, Place]] = {}
        for place, row in records(path, tuple(source.values()), limits):
            for target in needed:
                if source[target] not in row:
                    there = ", ".join(shown(key)[1:-1] for key in list(row)[:20])[:200]
                    fault(
                        place,
                        f"the column is missing; there are {there or 'none'}",
                        f"name the one that holds it with --map {target}=COLUMN",
                        source[target],
                    )
            found = {target: row.get(source[target]) for target in known}
            _check_kinds(found, kinds, place)
            yield place, found


def _check_kinds(row: dict[str, Any], kinds: dict[str, tuple[type, Place]], place: Place) -> None:
    """Refuse a column of names that holds text in one row and numbers in another."""
    for column in ("problem", "run", "item"):
        value = row.get(column)
        if type(value) not in (str, int):
            continue  # refused where the name is read
        kind, first = kinds.setdefault(column, (type(value), place))
        if kind is not type(value):
            found = f"{shown(value)} is of another type than the values from {first.part} on"
            fault(place, found, "write all as text or all as whole numbers", column)


def _number(value: Any) -> Any:
    """The number that a CSV field spells; anything else comes back as it is."""
    if not isinstance(value, str):
        return value
    stripped = value.strip()
    for kind in (int, float) if len(stripped) < 40 and "_" not in stripped else ():
        try:
            return kind(stripped)
        except ValueError:
            continue
    return value


def _error(value: Any, place: Place) -> int:
    if isinstance(value, str):
        value = {"true": 1, "false": 0}.get(value.strip().lower(), _number(value))
    if not isinstance(value, int | float) or value not in (0, 1):
        found = f"the value is {shown(value)}"
        fault(place, found, "use 1 for an error and 0 for a run that ended without one", "error")
    return int(value)


def _label(value: Any, place: Place, column: str, limits: Limits) -> str | None:
    return None if value is None else text(value, place, column, limits)
