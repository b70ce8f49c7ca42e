"""All that can be said of a table of runs, and what cannot, as plain data."""

from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Key

from .._estimate import Estimate
from ._compare_processes import ProcessComparison, compare_processes
from ._distinguish import distinguish
from ._fit_items import ItemFit, fit_items
from ._goodness_of_runs import goodness_of_runs
from ._process_families import DEFAULT_FAMILIES, PROCESS_FAMILIES
from ._process_fit import HORIZONS, ProcessFit, error_free, fit_process
from ._runs import Runs

# Longest cut for which the number of runs needed is worked out.
_CUT = 100_000
# Runs whose marks agree in the first error may differ in all that follows.
_AFTERWARDS = (
    "Runs that end at their first error say nothing about what follows it: errors that breed "
    "errors (self-conditioning) and errors that are repaired (recovery) leave this table as it is."
)


def describe_runs(
    runs: Runs, *, key: Key[Array, ""], level: float = 0.95, replicates: int = 999
) -> dict[str, Any]:
    """Fit, compare and test all processes; say in words what the runs leave open.

    Never fails for runs that are poor: without errors, with one run, or with errors at the first
    step only, it says what is known and gives no fit.

    Parameters
    ----------
    runs
        The runs.
    key
        For folds and bootstrap.
    level
        Coverage of all intervals.
    replicates
        For the test of each fit.

    Returns
    -------
    dict
        Numbers, texts, lists and dicts, ready for JSON: an unbounded number is None. `processes`
        has one entry per family, best first; `items` the fit with a frailty per item, or None;
        `cannot_tell` sentences.
    """
    found: dict[str, Any] = {
        "runs": runs.runs,
        "errors": runs.errors,
        "items": None if runs.item is None else runs.items,
        "longest": runs.longest,
        "processes": [],
        "refused": {},
        "items_fit": None,
        "best": None,
    }
    if runs.errors == 0:
        found["bound"] = {name: as_data(x) for name, x in error_free(runs, level=level).items()}
        found["cannot_tell"] = [
            f"No run has an error, so no process can be fitted. With {runs.steps} steps observed, "
            f"the bounds hold with confidence {100 * level:g} % if the hazard is constant; no law "
            "of errors is excluded beyond that."
        ]
        return found
    if runs.errors == runs.steps:
        first = Estimate.from_counts(runs.runs, runs.runs, level=level, method="clopper-pearson")
        found["bound"] = {"error rate of step 1": as_data(first)}
        found["cannot_tell"] = [
            f"Every run ({runs.runs}) failed at step 1: nothing is known of later steps, and every "
            "process with a high first hazard fits alike."
        ]
        return found
    keys = jax.random.split(key)
    comparison = _compared(runs, keys[0], level)
    fits = comparison.fits if isinstance(comparison, ProcessComparison) else comparison
    held_out = comparison if isinstance(comparison, ProcessComparison) else None
    order = sorted(fits, key=lambda n: -fits[n].total)
    if held_out is not None:
        order = sorted(fits, key=lambda n: float(held_out.behind[n].value))
        found["best"] = held_out.best
    for name in order:
        entry = _process(fits[name], runs, held_out)
        entry["goodness_of_fit"] = _goodness(fits[name], runs, keys[1], level, replicates)
        found["processes"].append(entry)
    found["refused"] = _refused(runs)
    items = fit_items(runs, level=level) if runs.has_repeats else None
    found["items_fit"] = None if items is None else _item_entry(items)
    found["cannot_tell"] = _open_questions(runs, fits, held_out, items)
    return found


def as_data(x: Estimate) -> dict[str, float | None]:
    """Value, standard error and interval; None for infinity."""
    parts = {"value": x.value, "stderr": x.stderr, "lower": x.lower, "upper": x.upper}
    return {k: float(v) if np.isfinite(v) else None for k, v in parts.items()}


def _refused(runs: Runs) -> dict[str, str]:
    reasons = {name: PROCESS_FAMILIES[name].refuses(runs) for name in DEFAULT_FAMILIES}
    return {name: reason for name, reason in reasons.items() if reason}


def _compared(runs: Runs, key, level: float) -> ProcessComparison | dict[str, ProcessFit]:
    units = np.unique(runs.unit()[runs.error[runs.pair] == 1])
    if units.size >= 2:
        return compare_processes(runs, key=key, level=level)
    refused = _refused(runs)
    return {n: fit_process(runs, n, level=level) for n in DEFAULT_FAMILIES if n not in refused}


def _process(fit: ProcessFit, runs: Runs, held_out: ProcessComparison | None) -> dict[str, Any]:
    family = PROCESS_FAMILIES[fit.family]
    return {
        "name": fit.family,
        "meaning": family.meaning,
        "same_law": list(family.equivalents),
        "weight": None if held_out is None else held_out.weights[fit.family],
        "behind_best": None if held_out is None else as_data(held_out.behind[fit.family]),
        "log_likelihood": fit.total,
        "aic": fit.aic,
        "parameters": {name: as_data(x) for name, x in fit.parameters.items()},
        "horizons": _horizons(fit.horizons, runs),
        "notes": list(fit.notes),
    }


def _horizons(horizons: dict[float, Estimate], runs: Runs) -> dict[str, Any]:
    return {
        f"{100 * r:g} %": as_data(x) | {"extrapolated": bool(x.value > runs.longest)}
        for r, x in horizons.items()
    }


def _goodness(fit: ProcessFit, runs: Runs, key, level: float, replicates: int) -> dict[str, Any]:
    try:
        found = goodness_of_runs(fit, runs, key=key, level=level, replicates=replicates)
    except ValueError as reason:
        return {"p_value": None, "not_tested": str(reason)}
    return {
        "p_value": float(found.p_value.value),
        "distance": found.distance,
        "last_step": found.last.tolist(),
        "errors": found.errors.tolist(),
        "expected": found.expected.tolist(),
    }


def _item_entry(items: ItemFit) -> dict[str, Any]:
    return {
        "parameters": {name: as_data(x) for name, x in items.parameters.items()},
        "horizons": {f"{100 * r:g} %": as_data(x) for r, x in items.horizons.items()},
        "log_likelihood_lost_without": items.gain,
        "p_value": items.p_value,
        "notes": list(items.notes),
    }


def _open_questions(
    runs: Runs,
    fits: dict[str, ProcessFit],
    held_out: ProcessComparison | None,
    items: ItemFit | None,
) -> list[str]:
    said = []
    if held_out is None:
        said.append(
            f"Only one unit has an error ({runs.errors} of {runs.runs} runs), so nothing can be "
            "held out: the fits are listed by likelihood, without weights."
        )
        close = list(fits)
    else:
        close = list(held_out.undecided)
        others = [n for n in close if n != held_out.best]
        if others:
            said.append(_not_separated(runs, fits, held_out.best, others))
    said += [
        f"{name}: the same first errors come from {' or '.join(family.equivalents)}."
        for name, family in ((n, PROCESS_FAMILIES[n]) for n in close)
        if family.equivalents
    ]
    if items is None:
        said.append(
            "No item is known to have two runs: whether the hazard falls along every run, or is "
            "constant and differs between runs, cannot be decided from these data; repeat items."
        )
    elif float(items.parameters["frailty_variance"].lower) > 0:
        said.append(
            "Runs of one item are alike, so intervals of the processes, which take all runs as "
            "independent, are too short; those of the fit with items hold."
        )
    far = {
        f"{100 * r:g} %"
        for name in close
        for r in HORIZONS
        if fits[name].horizons[r].value > runs.longest
    }
    said.append(
        f"No step beyond {runs.longest} was observed"
        + (f"; the horizons at {', '.join(sorted(far))} rest on the formula alone." if far else ".")
    )
    if any(float(fits[name].horizons[0.99].value) < 1 for name in close):
        said.append(
            "A 99 % horizon below one step means that already the first step fails more often than "
            "once in a hundred; as a number of steps it has no meaning."
        )
    said.append(_AFTERWARDS)
    return said


def _not_separated(runs: Runs, fits: dict[str, ProcessFit], best: str, others: list[str]) -> str:
    cut = min(runs.longest, _CUT)
    parts = []
    for name in others:
        try:
            needed = distinguish(fits[best].process, name, length=cut).runs
        except (ValueError, RuntimeError):
            continue
        if needed > 1e12:
            parts.append(f"{name} (the same law up to that length)")
        else:
            parts.append(f"{name} (about {max(needed, 1):.2g} runs)")
    listed = ", ".join(others)
    sentence = f"These runs do not separate {best}, which predicts best, from {listed}."
    if parts:
        sentence += (
            f" If {best} is right, runs of {cut} steps would tell it from {', '.join(parts)} four "
            "times in five."
        )
    return sentence
