"""The ledger of claims: what is stated, what was derived, simulated and seen in traces.

Definitions live in `data/claims/<topic>.toml`, evidence in `simlib/claims/evidence/<topic>.py`,
generated verdicts in `data/claims/verdicts.json`. Reading the ledger needs neither JAX nor SymPy;
running it (`run`, `judge` and the tools for evidence runners) loads them on first use.
"""

from typing import TYPE_CHECKING

from ._finding import LEVEL as LEVEL
from ._finding import MINIMUM_N as MINIMUM_N
from ._finding import MINIMUM_UNITS as MINIMUM_UNITS
from ._finding import Finding as Finding
from ._finding import joint_level as joint_level
from ._finding import judge_interval as judge_interval
from ._ledger import Entry as Entry
from ._ledger import claims as claims
from ._ledger import claims_directory as claims_directory
from ._ledger import entry as entry
from ._ledger import expected_false_verdicts as expected_false_verdicts
from ._ledger import ledger as ledger
from ._ledger import verdicts_path as verdicts_path
from ._model import COLUMNS as COLUMNS
from ._model import Claim as Claim
from ._model import Margin as Margin
from ._model import Source as Source
from ._model import Verdict as Verdict
from ._model import read_claims as read_claims
from ._render import SIGNS as SIGNS
from ._render import effect_text as effect_text
from ._render import error_rate_text as error_rate_text
from ._render import finding_text as finding_text
from ._render import margin_text as margin_text
from ._render import markdown_table as markdown_table
from ._store import Change as Change
from ._store import compare as compare
from ._store import read_verdicts as read_verdicts
from ._store import write_verdicts as write_verdicts

if TYPE_CHECKING:
    from ._evidence import Evidence as Evidence
    from ._evidence import claim_key as claim_key
    from ._evidence import symbolic as symbolic
    from ._run import run as run
    from ._verdict import judge as judge
    from ._verdict import judge_proofs as judge_proofs

_LAZY = {
    "Evidence": "_evidence",
    "claim_key": "_evidence",
    "symbolic": "_evidence",
    "run": "_run",
    "judge": "_verdict",
    "judge_proofs": "_verdict",
}

__all__ = [
    "COLUMNS",
    "LEVEL",
    "MINIMUM_N",
    "MINIMUM_UNITS",
    "SIGNS",
    "Change",
    "Claim",
    "Entry",
    "Evidence",
    "Finding",
    "Margin",
    "Source",
    "Verdict",
    "claim_key",
    "claims",
    "claims_directory",
    "compare",
    "effect_text",
    "entry",
    "error_rate_text",
    "expected_false_verdicts",
    "finding_text",
    "joint_level",
    "judge",
    "judge_interval",
    "judge_proofs",
    "ledger",
    "margin_text",
    "markdown_table",
    "read_claims",
    "read_verdicts",
    "run",
    "symbolic",
    "verdicts_path",
    "write_verdicts",
]


def __getattr__(name: str) -> object:
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
