"""Collect the evidence and judge it."""

from collections.abc import Callable, Iterable

import jax

from .._estimate import Estimate
from ..formulas import Proof, formula
from ._evidence import RUNNERS, Evidence, Slot, claim_key, is_random, load_runners
from ._finding import Finding
from ._ledger import claims
from ._model import COLUMNS, Claim
from ._verdict import judge, judge_proofs

#: Called with the number of runners done, the number of runners, and what runs next.
Progress = Callable[[int, int, str], None]


def run(
    ids: Iterable[str] | None = None, *, progress: Progress | None = None
) -> dict[str, tuple[Finding, ...]]:
    """Run the evidence of all claims and return the verdicts.

    Computes in double precision whatever the global setting, which it leaves alone; the keys
    derive from the claims' names. The same code and data therefore give the same numbers, up to
    the last bits that differ between machines and that the rounding hides.

    Parameters
    ----------
    ids
        Claims or topics to run; all if omitted.
    progress
        Called before each runner, and once at the end.

    Returns
    -------
    dict
        What was found by claim id, in the order of the columns; columns that are not applicable
        are left out.

    Raises
    ------
    KeyError
        If an id, or a formula that a claim names, does not exist.
    ValueError
        If a column has neither a runner nor a reason for having none, if it has both, if a
        runner belongs to no claim, or if an effect lacks the level of the ledger.
    """
    load_runners()
    chosen = claims(ids)
    check_complete(chosen)
    slots = [slot for claim in chosen for column in COLUMNS for slot in _slots(claim.id, column)]
    found: dict[str, list[Finding]] = {claim.id: [] for claim in chosen}
    definitions = {claim.id: claim for claim in chosen}
    with jax.enable_x64(True):
        for done, slot in enumerate(slots):
            if progress is not None:
                progress(done, len(slots), f"{slot[0]}, {slot[1]}")
            found[slot[0]].append(_judge(definitions[slot[0]], slot))
    if progress is not None:
        progress(len(slots), len(slots), "")
    return {claim: tuple(findings) for claim, findings in found.items()}


def check_complete(chosen: Iterable[Claim]) -> None:
    """Raise unless every column of these claims has evidence or a reason for having none.

    Raises
    ------
    ValueError
        For a silent gap, for a column declared not applicable that has a runner, and for a
        runner on one of their topics that belongs to no claim at all.
    KeyError
        If a claim names a formula that does not exist.
    """
    chosen = tuple(chosen)
    known, topics = {claim.id for claim in claims()}, {claim.topic for claim in chosen}
    for slot in RUNNERS:
        if slot[0] not in known and slot[0].partition(".")[0] in topics:
            raise ValueError(
                f"{RUNNERS[slot].__module__} has evidence for {slot[0]!r}, which no file in "
                "data/claims defines; define the claim or correct the id."
            )
    for claim in chosen:
        if claim.formula:
            formula(claim.formula)
        for column in COLUMNS:
            has_runner, reason = bool(_slots(claim.id, column)), claim.not_applicable.get(column)
            if has_runner and reason:
                raise ValueError(
                    f"{claim.id}: {column} has a runner but is declared not applicable "
                    f"({reason!r}); drop one of them."
                )
            if not has_runner and not reason:
                raise ValueError(
                    f"{claim.id}: no evidence in column {column}; write a runner in "
                    f"simlib/claims/evidence/{claim.topic}.py or give the reason under "
                    f"[claim.not_applicable] in data/claims/{claim.topic}.toml."
                )


def _slots(claim: str, column: str) -> list[Slot]:
    return sorted(slot for slot in RUNNERS if slot[:2] == (claim, column))


def _judge(claim: Claim, slot: Slot) -> Finding:
    runner, (_, column, model) = RUNNERS[slot], slot
    try:
        found = runner(key=claim_key(*slot)) if is_random(runner) else runner()
        if not isinstance(found, Evidence):
            raise TypeError(f"a runner returns Evidence, got {type(found).__name__}.")
        effect, note = found.effect, found.note
        if isinstance(effect, Estimate):
            if claim.margin is None:
                raise ValueError("the effect needs a margin in the claim's definition.")
            return judge(effect, claim.margin, column, model=model, note=note)
        if column != "derived":
            raise TypeError(f"{column} evidence must be an Estimate, got {type(effect).__name__}.")
        proofs = effect if isinstance(effect, tuple) else (effect,)
        if not all(x is None or isinstance(x, Proof) for x in proofs):
            raise TypeError(f"derived evidence must consist of proofs, got {proofs!r}.")
        return judge_proofs(proofs, note=note)
    except Exception as error:
        error.add_note(f"while collecting {column} evidence of {claim.id} ({runner.__module__})")
        raise
