"""The ledger: definitions of claims joined with their stored verdicts."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .._paths import data_directory
from ._finding import LEVEL, Finding
from ._model import COLUMNS, Claim, Column, Verdict, read_claims
from ._store import Verdicts, read_verdicts


@dataclass(frozen=True)
class Entry:
    """A claim and what the evidence says about it.

    Parameters
    ----------
    claim
        The definition.
    findings
        One per column, one per model among the traces; empty before the first
        `simlib claims --update`.
    """

    claim: Claim
    findings: tuple[Finding, ...]

    @property
    def id(self) -> str:
        """Id of the claim."""
        return self.claim.id

    def column(self, column: Column) -> tuple[Finding, ...]:
        """The findings of one column: one, or one per model for `"traces"`."""
        return tuple(x for x in self.findings if x.column == column)

    @property
    def contradicted(self) -> bool:
        """Whether any evidence disagrees with the claim."""
        return any(x.verdict is Verdict.DISAGREES for x in self.findings)


def claims_directory() -> Path:
    """The folder that holds definitions and verdicts, `data/claims`."""
    return data_directory() / "claims"


def verdicts_path() -> Path:
    """The generated file of verdicts."""
    return claims_directory() / "verdicts.json"


def claims(ids: Iterable[str] | None = None) -> tuple[Claim, ...]:
    """Definitions, sorted by topic file and then as written there.

    Parameters
    ----------
    ids
        Ids of claims, or topics (all claims of that topic); everything if omitted.

    Raises
    ------
    KeyError
        If an id or topic does not exist; the message names the closest ones.
    FileNotFoundError
        If there is no claims folder.
    ValueError
        If a definition is faulty.
    """
    files = sorted(claims_directory().glob("*.toml"))
    known = {claim.id: claim for file in files for claim in read_claims(file)}
    if ids is None:
        return tuple(known.values())
    wanted: set[str] = set()
    for name in ids:
        members = {x for x, claim in known.items() if name in (x, claim.topic)}
        if not members:
            raise _unknown(name, known)
        wanted |= members
    return tuple(claim for claim in known.values() if claim.id in wanted)


def ledger(verdicts: Verdicts | None = None) -> tuple[Entry, ...]:
    """All claims with their verdicts.

    Parameters
    ----------
    verdicts
        Verdicts to join; those stored in `data/claims/verdicts.json` if omitted.

    Raises
    ------
    FileNotFoundError, ValueError
        If definitions or stored verdicts cannot be read.
    """
    stored = read_verdicts(verdicts_path()) if verdicts is None else verdicts
    return tuple(Entry(claim, _findings(claim, stored.get(claim.id, ()))) for claim in claims())


def entry(id: str) -> Entry:
    """One claim with its stored verdicts.

    Raises
    ------
    KeyError
        If there is no such claim; the message names the closest ids.

    Examples
    --------
    >>> entry("uniform.geometric_law").claim.formula
    'uniform.survival'
    """
    everything = {x.id: x for x in ledger()}
    if id not in everything:
        raise _unknown(id, {name: x.claim for name, x in everything.items()})
    return everything[id]


def expected_false_verdicts(entries: Iterable[Entry]) -> tuple[int, float]:
    """Number of verdicts that chance could have made wrong, and how many of them it would.

    Each rests on a two-sided interval at `LEVEL`; the second number is the upper bound, reached
    only if every true effect lay at the edge of its margin.
    """
    count = sum(x.is_random for item in entries for x in item.findings)
    return count, count * (1 - LEVEL) / 2


def _findings(claim: Claim, collected: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """What was collected, and the reasons for what cannot be, in the order of the columns."""
    found = [x for x in collected if x.column not in claim.not_applicable]
    found += [
        Finding(column, Verdict.NOT_APPLICABLE, note=claim.not_applicable[column])
        for column in COLUMNS
        if column in claim.not_applicable
    ]
    return tuple(sorted(found, key=lambda x: (COLUMNS.index(x.column), x.model)))


def _unknown(name: str, known: Mapping[str, Claim]) -> KeyError:
    topics = sorted({claim.topic for claim in known.values()})
    close = difflib.get_close_matches(name, [*known, *topics], n=3, cutoff=0.5)
    if close:
        hint = f"did you mean {' or '.join(repr(x) for x in close)}?"
    else:
        hint = f"topics are {', '.join(topics) or 'none yet'}; `simlib claims` lists all claims."
    return KeyError(f"no claim or topic {name!r}; {hint}")
