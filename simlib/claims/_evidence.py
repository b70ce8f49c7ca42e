"""Evidence runners: functions that measure the effect a claim is about."""

import hashlib
import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import jax
import sympy as sp
from jaxtyping import Array, Key

from .._estimate import Estimate
from ..formulas import Proof
from ._model import COLUMNS, Column


@dataclass(frozen=True)
class Evidence:
    """What a runner returns.

    Parameters
    ----------
    effect
        The measured effect with intervals at `LEVEL` (an array: at `joint_level(size)`); or, in
        the column `derived`, a proof or several proofs that must all hold. `None` stands for a
        proof that SymPy could not decide.
    note
        One sentence for the ledger: what was simulated, which items were used.
    """

    effect: Estimate | Proof | tuple[Proof | None, ...] | None
    note: str = ""


Runner = Callable[..., Evidence]
RunnerType = TypeVar("RunnerType", bound=Callable)
Slot = tuple[str, Column, str]

RUNNERS: dict[Slot, Runner] = {}

#: Models whose traces are committed; what one shows, the others may not.
TRACED_MODELS = ("smollm2", "gemma3")


def evidence(claim: str, column: Column, *, model: str = "") -> Callable[[RunnerType], RunnerType]:
    """Register a function as the evidence of one column of one claim.

    The function takes no argument, or a keyword-only `key` if it is random. The key derives
    from claim, column and model, so that adding a claim never changes another one's numbers.

    Parameters
    ----------
    claim
        Id of the claim.
    column
        `"derived"`, `"simulated"` or `"traces"`.
    model
        The traced model; for `"traces"` only, and required there.

    Raises
    ------
    ValueError
        If the column is unknown, the model is missing or misplaced, or the slot is taken.
    TypeError
        If the function takes anything but a keyword-only `key`.
    """
    if column not in COLUMNS:
        raise ValueError(f"column must be one of {COLUMNS}, got {column!r}.")
    if (column == "traces") != bool(model):
        raise ValueError(
            f"{claim}: evidence from traces names its model (model='smollm2') and no other "
            f"column does; got column {column!r} with model {model!r}."
        )

    def register(runner: RunnerType) -> RunnerType:
        parameters = inspect.signature(runner).parameters
        if any(p.kind is not p.KEYWORD_ONLY or p.name != "key" for p in parameters.values()):
            raise TypeError(
                f"{claim}, {column}: a runner takes nothing or `*, key`, got "
                f"({', '.join(map(str, parameters.values()))})."
            )
        slot = (claim, column, model)
        if slot in RUNNERS and _origin(RUNNERS[slot]) != _origin(runner):
            raise ValueError(
                f"{slot} already has the runner {'.'.join(_origin(RUNNERS[slot]))}; remove one."
            )
        RUNNERS[slot] = runner
        return runner

    return register


def traced(claim: str) -> Callable[[RunnerType], RunnerType]:
    """Register a function of `model` as the evidence from the traces of every model.

    The function takes the keyword-only argument `model`, and `key` if it is random.

    Parameters
    ----------
    claim
        Id of the claim.
    """

    def register(runner: RunnerType) -> RunnerType:
        for model in TRACED_MODELS:
            evidence(claim, "traces", model=model)(_for_model(runner, model))
        return runner

    return register


def _for_model(runner: Callable, model: str) -> Runner:
    def random(*, key) -> Evidence:
        return runner(model=model, key=key)

    def fixed() -> Evidence:
        return runner(model=model)

    bound = random if is_random(runner) else fixed
    bound.__module__, bound.__qualname__ = runner.__module__, runner.__qualname__
    return bound


def _origin(runner: Callable) -> tuple[str, str]:
    return runner.__module__, runner.__qualname__


def is_random(runner: Callable) -> bool:
    """Whether the runner asks for a key."""
    return "key" in inspect.signature(runner).parameters


def symbolic(condition: object) -> Proof | None:
    """A proof from a condition that SymPy has decided, for instance a sign or a limit.

    `True` holds, `False` is refuted; anything SymPy left open gives `None`, which makes the
    column inconclusive.

    Examples
    --------
    >>> x = sp.Symbol("x", positive=True)
    >>> str(symbolic((x + 1).is_positive)), symbolic((x - 1).is_positive) is None
    ('proved symbolically', True)
    """
    if not any(condition is known for known in (True, False, sp.true, sp.false)):
        return None
    return Proof(holds=bool(condition), method="symbolic")


def claim_key(claim: str, column: Column, model: str = "") -> Key[Array, ""]:
    """The random key of one place in the ledger, derived from its name.

    Examples
    --------
    >>> first = claim_key("uniform.horizon", "simulated")
    >>> bool(first == claim_key("uniform.horizon", "simulated"))
    True
    """
    digest = hashlib.sha256(f"simlib claim {claim}/{column}/{model}".encode()).digest()
    # 31 bits: the same key with and without double precision.
    return jax.random.key(int.from_bytes(digest[:4], "big") >> 1)


def load_runners() -> None:
    """Import every module of `simlib.claims.evidence`; importing registers the runners."""
    package = importlib.import_module(f"{__package__}.evidence")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
