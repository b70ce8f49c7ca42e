"""The ledger as text: one line per finding, one Markdown table for the page."""

import math
from collections.abc import Iterable

from ._finding import LEVEL, Finding
from ._ledger import Entry, expected_false_verdicts
from ._model import COLUMNS, Column, Margin, Verdict

#: A sign for each verdict; always printed next to the word.
SIGNS = {
    Verdict.AGREES: "✓",
    Verdict.DISAGREES: "✗",
    Verdict.INCONCLUSIVE: "?",
    Verdict.NOT_APPLICABLE: "–",
}


def margin_text(margin: Margin) -> str:
    """The margin in words.

    Examples
    --------
    >>> margin_text(Margin(0.98, 1.02, "ratio of survivals", "1", "two per cent"))
    '0.98 to 1.02'
    >>> margin_text(Margin(-math.inf, 0, "log-ratio", "1", "never above zero"))
    'at most 0'
    """
    unit = "" if margin.unit == "1" else f" {margin.unit}"
    if math.isinf(margin.lower):
        return f"at most {margin.upper:g}{unit}"
    if math.isinf(margin.upper):
        return f"at least {margin.lower:g}{unit}"
    return f"{margin.lower:g} to {margin.upper:g}{unit}"


def finding_text(finding: Finding) -> str:
    """Verdict, effect and interval of one finding in one line.

    Examples
    --------
    >>> finding = Finding("simulated", Verdict.AGREES, "", 1.0012, 0.0011, 0.9983, 1.0041, 40000)
    >>> finding_text(finding)
    'agrees: 1.0012 (99 % interval 0.9983 to 1.0041, n = 40,000)'
    """
    word = f"{finding.verdict} ({finding.model})" if finding.model else str(finding.verdict)
    if finding.verdict is Verdict.NOT_APPLICABLE:
        return f"{word}: {finding.note}"
    if finding.n is None:
        return f"{word}: {finding.method}" if finding.method else word
    if finding.n == 0 and finding.lower == finding.upper:
        return f"{word}: {effect_text(finding)}"
    worst = f", least favourable of {finding.entries}" if finding.entries > 1 else ""
    value, _, interval = effect_text(finding).partition(" ")
    return (
        f"{word}: {value} ({100 * LEVEL:g} % interval {interval[1:-1]}, n = {finding.n:,}{worst})"
    )


def effect_text(finding: Finding) -> str:
    """Effect and interval, rounded to the standard error; empty if there is no number.

    Examples
    --------
    >>> effect_text(Finding("simulated", Verdict.AGREES, "", 1.0012, 0.0011, 0.9983, 1.0041, 400))
    '1.0012 (0.9983 to 1.0041)'
    """
    if finding.n is None:
        return ""
    value = _number(finding.value, finding.stderr)
    if finding.n == 0 and finding.lower == finding.upper:
        return f"{value} (exact)"
    lower, upper = (_number(x, finding.stderr) for x in (finding.lower, finding.upper))
    return f"{value} ({lower} to {upper})"


def markdown_table(entries: Iterable[Entry], *, cite: bool = True) -> str:
    """The ledger as a Markdown table.

    Parameters
    ----------
    entries
        From `ledger`.
    cite
        Write sources as MyST citations; as plain keys otherwise (for a terminal or a note).

    Returns
    -------
    str
        One row per claim: statement with id, source and margin, then the three columns.
    """
    head = "| claim | " + " | ".join(COLUMNS) + " |\n|---|" + "---|" * len(COLUMNS)
    return "\n".join([head, *(_row(entry, cite) for entry in entries)]) + "\n"


def error_rate_text(entries: Iterable[Entry]) -> str:
    """One sentence on how many of these verdicts chance can have made wrong."""
    count, expected = expected_false_verdicts(entries)
    return (
        f"{count} verdicts rest on a random sample; each is wrong with probability at most "
        f"{100 * (1 - LEVEL) / 2:g} % towards either side of its margin, so at most "
        f"{expected:.2g} wrong ones are to be expected among them."
    )


def _row(entry: Entry, cite: bool) -> str:
    claim = entry.claim
    key = f"{{cite:t}}`{claim.source.key}`" if cite else claim.source.key
    source = f"{key}, {claim.source.where}" if claim.source.key else claim.source.where
    lines = [claim.statement, f"`{claim.id}`; {source}"]
    if claim.margin is not None:
        lines.append(f"Effect: {claim.margin.effect}; agrees within {margin_text(claim.margin)}")
    cells = [_join(lines), *(_cell(entry, column) for column in COLUMNS)]
    return "| " + " | ".join(cells) + " |"


def _cell(entry: Entry, column: Column) -> str:
    found = entry.column(column)
    if not found:
        return "not run yet"
    return _join(f"{SIGNS[x.verdict]} {finding_text(x)}" for x in found)


def _join(lines: Iterable[str]) -> str:
    """One table cell: no line ends, no bare column separators."""
    return "<br>".join(" ".join(line.split()).replace("|", "\\|") for line in lines)


def _number(x: float | None, stderr: float | None) -> str:
    """As many decimals as the rounding to the standard error left."""
    if x is None:
        return "not finite"
    if not stderr or not math.isfinite(stderr):
        return f"{x:g}"
    decimals = 1 - math.floor(math.log10(stderr))
    return f"{x:.{decimals}f}" if 0 <= decimals <= 6 else f"{x:.4g}"
