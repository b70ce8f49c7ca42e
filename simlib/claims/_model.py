"""What a claim is, and the reader of its TOML definition."""

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

Column = Literal["derived", "simulated", "traces"]
COLUMNS: tuple[Column, ...] = ("derived", "simulated", "traces")

_ID = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")


class Verdict(StrEnum):
    """What one kind of evidence says about a claim."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    INCONCLUSIVE = "inconclusive"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True)
class Margin:
    """The effects that count as agreement.

    Parameters
    ----------
    lower, upper
        Closed range of the effect; one of them may be infinite.
    effect
        What the effect measures, in words: it heads the column of numbers.
    unit
        Unit of effect and margin; `1` for a pure number.
    why
        Why effects inside this range are as good as agreement.
    """

    lower: float
    upper: float
    effect: str
    unit: str
    why: str


@dataclass(frozen=True)
class Source:
    """Who makes the claim: citation key (empty for this book) and the place in that work."""

    key: str
    where: str


@dataclass(frozen=True)
class Claim:
    """One statement that evidence can support or contradict.

    Parameters
    ----------
    id
        `topic.snake_name`.
    statement
        Short Markdown.
    source
        Who claims it and where.
    formula
        Name of the formula it is about; empty where there is none.
    margin
        Effects that count as agreement; `None` if the claim is only derived.
    page
        Page that derives or tests it, as a path below the book's root.
    not_applicable
        Reason for each evidence column that cannot exist.
    """

    id: str
    statement: str
    source: Source
    formula: str
    margin: Margin | None
    page: str
    not_applicable: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def topic(self) -> str:
        return self.id.partition(".")[0]


def read_claims(path: Path) -> tuple[Claim, ...]:
    """The claims defined in one file `<topic>.toml`, in the order of the file.

    Raises
    ------
    ValueError
        If the file is not valid TOML, a field is missing, unknown or of the wrong type, an id
        is malformed, repeated or of another topic, or a margin is empty. The message names
        file, claim, field and remedy.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not valid TOML: {error}") from error
    unknown = sorted(set(tables) - {"claim"})
    if unknown or not isinstance(tables.get("claim"), list):
        raise ValueError(
            f"{path} must hold [[claim]] tables and nothing else; found {sorted(tables)}."
        )
    claims = [_claim(table, path, number) for number, table in enumerate(tables["claim"], 1)]
    seen: set[str] = set()
    for claim in claims:
        if claim.topic != path.stem:
            raise ValueError(
                f"{path}: claim {claim.id!r} belongs in {claim.topic}.toml; move or rename it."
            )
        if claim.id in seen:
            raise ValueError(f"{path}: claim {claim.id!r} is defined twice; rename one.")
        seen.add(claim.id)
    return tuple(claims)


def _claim(table: Mapping[str, Any], path: Path, number: int) -> Claim:
    where = f"{path}, claim {table.get('id', f'number {number}')!r}"
    fields = _Fields(table, where)
    name = fields.text("id")
    if not _ID.fullmatch(name):
        raise ValueError(f"{where}: id must look like 'topic.snake_name'.")
    source = fields.table("source")
    reasons = fields.table("not_applicable", required=False)
    claim = Claim(
        id=name,
        statement=fields.text("statement"),
        source=Source(source.text("key", required=False), source.text("where")),
        formula=fields.text("formula", required=False),
        margin=_margin(fields),
        page=fields.text("page"),
        not_applicable=MappingProxyType({key: reasons.text(key) for key in reasons.given}),
    )
    fields.finish()
    source.finish()
    strangers = sorted(set(claim.not_applicable) - set(COLUMNS))
    if strangers:
        raise ValueError(f"{where}: not_applicable names {strangers}; columns are {COLUMNS}.")
    if len(claim.not_applicable) == len(COLUMNS):
        raise ValueError(f"{where}: no column is applicable, so nothing can speak for the claim.")
    measured = {"simulated", "traces"} - set(claim.not_applicable)
    if measured and claim.margin is None:
        raise ValueError(f"{where}: {sorted(measured)} need a margin; add `margin = {{...}}`.")
    return claim


def _margin(fields: "_Fields") -> Margin | None:
    if "margin" not in fields.given:
        return None
    table = fields.table("margin")
    margin = Margin(
        lower=table.number("lower"),
        upper=table.number("upper"),
        effect=table.text("effect"),
        unit=table.text("unit"),
        why=table.text("why"),
    )
    table.finish()
    if not margin.lower < margin.upper or (margin.lower, margin.upper) == (
        -float("inf"),
        float("inf"),
    ):
        raise ValueError(
            f"{fields.where}: margin from {margin.lower} to {margin.upper} must have lower < "
            "upper and at least one finite end; otherwise no or every effect would agree."
        )
    return margin


class _Fields:
    """Reads a TOML table field by field, so that nothing misspelt is silently ignored."""

    def __init__(self, table: Any, where: str):
        if not isinstance(table, Mapping):
            raise ValueError(f"{where} must be a table, got {type(table).__name__}.")
        self.given, self.where, self._used = dict(table), where, set()

    def _get(self, name: str, required: bool, kinds: tuple[type, ...]) -> Any:
        self._used.add(name)
        if name not in self.given:
            if required:
                close = difflib.get_close_matches(name, self.given, n=1)
                hint = f" (did you mean it by {close[0]!r}?)" if close else ""
                raise ValueError(f"{self.where}: field {name!r} is missing{hint}.")
            return None
        value = self.given[name]
        if not isinstance(value, kinds) or isinstance(value, bool):
            expected = " or ".join(kind.__name__ for kind in kinds)
            raise ValueError(
                f"{self.where}: {name} must be {expected}, got {type(value).__name__} {value!r}."
            )
        return value

    def text(self, name: str, required: bool = True) -> str:
        value = self._get(name, required, (str,))
        if required and not value.strip():
            raise ValueError(f"{self.where}: {name} is empty; say it in words.")
        return "" if value is None else value.strip()

    def number(self, name: str) -> float:
        value = float(self._get(name, True, (int, float)))
        if value != value:
            raise ValueError(f"{self.where}: {name} is NaN; give a number or ±inf.")
        return value

    def table(self, name: str, required: bool = True) -> "_Fields":
        value = self._get(name, required, (dict,))
        return _Fields({} if value is None else value, f"{self.where}, {name}")

    def finish(self) -> None:
        unknown = sorted(set(self.given) - self._used)
        if unknown:
            raise ValueError(
                f"{self.where}: unknown field {unknown[0]!r}; known are {sorted(self._used)}."
            )
