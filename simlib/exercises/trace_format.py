"""Exercises of the page on the traces."""

import numpy as np
import polars as pl

from ..traces import load
from ._exercise import Exercise, WrongAnswer
from ._kinds import Number

# 1, 2 and 3: attempts at one cell
_TASK, _LEVEL = "mul", 1
# 4: chains
_CHAIN = "copy"


def _sampled(stop_rule: str) -> pl.DataFrame:
    rows = load("attempts-smollm2").sampled()
    return rows.filter(task=_TASK, level=_LEVEL, stop_rule=stop_rule)


def _never_solved() -> float:
    return float((_sampled("fixed")["successes"] == 0).sum())


def _never_expected(attempts: int | None = None) -> float:
    rows = _sampled("fixed")
    n = rows["n"].to_numpy() if attempts is None else attempts
    return float(((1 - rows["p"].to_numpy()) ** n).sum())


def _pooled_stopped() -> float:
    rows = _sampled("first_success")
    return float(rows["successes"].sum()) / float(rows["n"].sum())


def _survival() -> np.ndarray:
    """Probability that no step so far was wrong, items by steps."""
    rows = load("chains-smollm2").chains_with_items().filter(task=_CHAIN, condition="clean")
    table = rows.pivot(on="position", index="item_id", values="log_prob")
    return np.exp(np.cumsum(table.drop("item_id").to_numpy().astype(float), axis=1))


def _begun(begin: int) -> float:
    s = _survival()
    return float((s[:, begin:] / s[:, begin - 1 : begin]).sum(1).mean())


EXERCISES = (
    Exercise(
        id="trace_format.1",
        title="Never solved",
        difficulty=1,
        statement=(
            f"How many items of task `{_TASK}`, level {_LEVEL}, in `attempts-smollm2` have no "
            "success among their fixed number of attempts?"
        ),
        hint="`load(...).sampled()` has the columns `task`, `level`, `stop_rule`, `successes`.",
        kind=Number(),
        answer=_never_solved,
        wrong=(
            WrongAnswer(
                "the runs that stop at the first success",
                lambda: float((_sampled("first_success")["successes"] == 0).sum()),
                "This counts the other stop rule: filter for `fixed`.",
            ),
        ),
    ),
    Exercise(
        id="trace_format.2",
        title="How many should there be?",
        difficulty=2,
        statement=(
            "For the same items: how many would be expected to have no success, given their exact "
            "success probabilities?"
        ),
        hint="An item with success probability $p$ has no success in $n$ attempts with "
        "probability $(1-p)^n$.",
        kind=Number(),
        answer=_never_expected,
        wrong=(
            WrongAnswer(
                "all items with their mean probability",
                lambda: float(
                    len(_sampled("fixed"))
                    * (1 - _sampled("fixed")["p"].mean()) ** int(_sampled("fixed")["n"][0])  # type: ignore[operator]
                ),
                "This gives every item the mean success probability; the hard ones decide.",
            ),
            WrongAnswer(
                "one attempt",
                lambda: _never_expected(1),
                "This is the expected number of failures in a single attempt at each.",
            ),
        ),
    ),
    Exercise(
        id="trace_format.3",
        title="What a stopped run estimates",
        difficulty=3,
        statement=(
            "Take the runs of the same items that stop at the first success. Divide their "
            "successes, added up, by their attempts, added up."
        ),
        hint="Compare the result with the mean success probability before you explain it.",
        kind=Number(),
        answer=_pooled_stopped,
        wrong=(
            WrongAnswer(
                "the mean success probability",
                lambda: float(_sampled("fixed")["p"].mean()),  # type: ignore[arg-type]
                "Hard items make most of the attempts, so they weigh most; the ratio is far below "
                "the mean of the success probabilities.",
            ),
            WrongAnswer(
                "the mean of the shares",
                lambda: float((1 / _sampled("first_success")["n"]).mean()),  # type: ignore[arg-type]
                "Add up first, divide then.",
            ),
        ),
    ),
    Exercise(
        id="trace_format.4",
        title="Steps before the first error",
        difficulty=4,
        statement=(
            f"Along the clean `{_CHAIN}` chains of SmolLM2: how many right steps does a run make "
            "before its first error, in expectation and up to the end of the chain, if its first "
            "sixteen steps are given and the others are sampled? Average over the items."
        ),
        hint="The expected number of right steps is the sum of the survival probabilities.",
        kind=Number(),
        answer=lambda: _begun(16),
        wrong=(
            WrongAnswer(
                "nothing given",
                lambda: float(_survival().sum(1).mean()),
                "This starts at the first step; sixteen right steps are given.",
            ),
            WrongAnswer(
                "the expected number of right steps after errors too",
                lambda: float(
                    np.exp(
                        load("chains-smollm2")
                        .chains_with_items()
                        .filter(pl.col("position") >= 16, task=_CHAIN, condition="clean")[
                            "log_prob"
                        ]
                        .to_numpy()
                        .astype(float)
                    ).mean()
                    * 184
                ),
                "The sum of the step probabilities counts right steps on a clean history, whether "
                "or not the run got there.",
            ),
        ),
    ),
)
