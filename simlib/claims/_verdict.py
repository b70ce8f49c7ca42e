"""From an effect and a margin, or from proofs, to a finding of the ledger."""

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

import numpy as np

from .._estimate import STUDENT, Estimate
from ..formulas import Proof
from ._finding import MINIMUM_N, MINIMUM_UNITS, Finding, joint_level, judge_interval
from ._model import Column, Margin, Verdict

_EXACT_DIGITS = 6
#: One entry outside the margin refutes the claim; one undecided entry keeps it open.
_WORST_FIRST = (Verdict.DISAGREES, Verdict.INCONCLUSIVE, Verdict.AGREES)


def judge(
    effect: Estimate, margin: Margin, column: Column, *, model: str = "", note: str = ""
) -> Finding:
    """Compare an effect (a scalar, or an array of any shape) with its margin.

    The verdict is that of the rounded interval, so the printed numbers imply it.

    Raises
    ------
    ValueError
        If the effect is empty, or its intervals have a lower level than the ledger demands.
    """
    fields = (effect.value, effect.stderr, effect.lower, effect.upper)
    rows = np.stack([np.ravel(np.asarray(x, dtype=np.float64)) for x in fields], axis=1)
    entries = len(rows)
    if entries == 0:
        raise ValueError("the effect is empty; return at least one number.")
    if not effect.is_exact and effect.level < joint_level(entries) - 1e-9:
        raise ValueError(
            f"the effect has {entries} interval(s) at level {effect.level:g}; the ledger needs "
            f"level=simlib.claims.joint_level({entries}), that is {joint_level(entries):.6g}."
        )
    rounded = [_round_outwards(*row) for row in rows.tolist()]
    verdicts = [judge_interval(lower, upper, margin) for _, _, lower, upper in rounded]
    verdict = min(verdicts, key=_WORST_FIRST.index)
    room = _distance_outside if verdict is Verdict.DISAGREES else _room_inside
    shown = min(
        (i for i in range(entries) if verdicts[i] is verdict),
        key=lambda i: room(*rounded[i][2:], margin),
    )
    reason = _unusable(rows, effect)
    if reason:
        verdict, note = Verdict.INCONCLUSIVE, f"{reason}. {note}".strip()
    value, stderr, lower, upper = (x if math.isfinite(x) else None for x in rounded[shown])
    return Finding(
        column=column,
        model=model,
        verdict=verdict,
        value=value,
        stderr=stderr,
        lower=lower,
        upper=upper,
        n=effect.n,
        entries=entries,
        method=effect.method,
        note=note,
    )


def judge_proofs(proofs: tuple[Proof | None, ...], *, note: str = "") -> Finding:
    """The column `derived`: every proof must hold, one refutation is enough to disagree."""
    refuted = [proof for proof in proofs if proof is not None and not proof.holds]
    if refuted:
        verdict, method = Verdict.DISAGREES, str(refuted[0])
    elif not proofs or None in proofs:
        verdict, method = Verdict.INCONCLUSIVE, "SymPy could not decide"
    else:
        verdict = Verdict.AGREES
        method = "; ".join(sorted({str(proof) for proof in proofs}))
    return Finding("derived", verdict, entries=max(len(proofs), 1), method=method, note=note)


def _unusable(rows: np.ndarray, effect: Estimate) -> str:
    """Why these numbers cannot carry a verdict; empty if they can."""
    if not np.isfinite(rows).all():
        return "value, standard error or interval is not finite"
    if effect.is_exact:
        return ""
    least = MINIMUM_UNITS if STUDENT in effect.method else MINIMUM_N
    if effect.n < least:
        return f"n = {effect.n} is below {least}"
    if (rows[:, 2] == rows[:, 3]).any():
        return f"an interval of width zero cannot come from n = {effect.n} observations"
    return ""


def _room_inside(lower: float, upper: float, margin: Margin) -> float:
    """Room between the interval and the ends of the margin; negative if it sticks out."""
    room = min(lower - margin.lower, margin.upper - upper)
    return -math.inf if math.isnan(room) else room


def _distance_outside(lower: float, upper: float, margin: Margin) -> float:
    """Minus the gap between margin and interval: the clearest contradiction comes first."""
    return -max(margin.lower - upper, lower - margin.upper)


def _round_outwards(
    value: float, stderr: float, lower: float, upper: float
) -> tuple[float, float, float, float]:
    """Keep two digits of the standard error, so that machines with other last bits agree."""
    if not (math.isfinite(stderr) and stderr > 0):
        digits = lambda x: float(f"{x:.{_EXACT_DIGITS - 1}e}") if math.isfinite(x) else x
        return digits(value), stderr, digits(lower), digits(upper)
    unit = Decimal(1).scaleb(math.floor(math.log10(stderr)) - 1)

    def to_unit(x: float, rounding: str) -> float:
        return float(Decimal(x).quantize(unit, rounding)) if math.isfinite(x) else x

    return (
        to_unit(value, ROUND_HALF_EVEN),
        to_unit(stderr, ROUND_HALF_EVEN),
        to_unit(lower, ROUND_FLOOR),
        to_unit(upper, ROUND_CEILING),
    )
