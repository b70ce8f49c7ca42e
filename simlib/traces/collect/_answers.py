"""Collecting the family `answers`: the exact success probability of every item."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import polars as pl

from .._schema import TABLES
from .._tasks import TASKS, Group, make_group
from ._lazy import LazyModel
from ._model import LocalModel
from ._plan import FamilyPlan, Job, frame
from ._score import AnswerScore, score_answers

CONDITION = "clean"


def all_groups() -> tuple[tuple[str, int], ...]:
    """Every task with every one of its levels."""
    return tuple((task.name, level) for task in TASKS.values() for level in task.levels)


@dataclass(frozen=True, kw_only=True)
class AnswersPlan(FamilyPlan):
    """What a collection of `answers` asks for.

    Attributes
    ----------
    groups
        Tasks and levels; by default all of them.
    items_per_group, shots
        Items, and worked examples before each, per task and level.
    chunk
        Items scored in one batch.
    """

    family: ClassVar[str] = "answers"
    tables: ClassVar[tuple[str, ...]] = ("attempts", "steps")

    groups: tuple[tuple[str, int], ...] = field(default_factory=all_groups)
    items_per_group: int = 512
    shots: int = 8
    chunk: int = 32

    def choices(self) -> dict[str, Any]:
        return super().choices() | {"groups": [f"{task}-{level}" for task, level in self.groups]}

    def draw_groups(self) -> list[Group]:
        """The worked examples and items of every group."""
        return [
            make_group(
                task, level, items=self.items_per_group, shots=self.shots, entropy=self.entropy
            )
            for task, level in self.groups
        ]

    def items(self) -> pl.DataFrame:
        return items_table(self.draw_groups())

    def prefixes(self) -> dict[str, str]:
        return {group.name: group.prefix for group in self.draw_groups()}

    def jobs(self) -> list[Job]:
        jobs = []
        for group in self.draw_groups():
            names = item_ids(group)
            for start in range(0, len(names), self.chunk):
                part = slice(start, start + self.chunk)
                pairs = group.items[part]
                tokens = sum(len(prompt) + len(answer) for prompt, answer in pairs)
                work = _worker(group, names[part], pairs)
                jobs.append(Job(f"{group.name}-{start:05d}", f"score {group.name}", tokens, work))
        return jobs


def _worker(group: Group, names: Sequence[str], pairs: Sequence[tuple[str, str]]) -> Any:
    def work(lazy: LazyModel) -> dict[str, pl.DataFrame]:
        scores = score_answers(lazy.model, lazy.shared(group.prefix), pairs)
        steps = steps_table(lazy.model, names, scores)
        return {"attempts": exact_attempts(steps), "steps": steps}

    return work


def item_ids(group: Group) -> list[str]:
    """The names of a group's items, in order."""
    return [f"answers/{group.name}/{number:04d}" for number in range(len(group.items))]


def items_table(groups: Sequence[Group]) -> pl.DataFrame:
    """The items table of some groups."""
    rows = [
        (name, "answers", group.task, group.level, prompt, answer)
        for group in groups
        for name, (prompt, answer) in zip(item_ids(group), group.items, strict=True)
    ]
    return frame("items", rows)


def steps_table(
    model: LocalModel, names: Sequence[str], scores: Sequence[AnswerScore]
) -> pl.DataFrame:
    """The steps table of scored answers."""
    lengths = [len(score.tokens) for score in scores]
    tokens = [token for score in scores for token in score.tokens]
    columns: dict[str, Any] = {
        "item_id": np.repeat(np.array(names, dtype=object), lengths).tolist(),
        "model": [model.spec.name] * len(tokens),
        "condition": [CONDITION] * len(tokens),
        "position": [position for length in lengths for position in range(length)],
        "token_id": tokens,
        "token": [model.vocabulary.texts[token] for token in tokens],
        "log_prob": np.concatenate([score.log_prob for score in scores]),
        "entropy": np.concatenate([score.entropy for score in scores]),
        "rank": np.concatenate([score.rank for score in scores]),
        "top_prob": np.concatenate([score.top_prob for score in scores]),
        "correct": [None] * len(tokens),
    }
    return pl.DataFrame(columns, schema=TABLES["steps"].schema)


def exact_attempts(steps: pl.DataFrame) -> pl.DataFrame:
    """One attempts row per item: the exact log-probability is the sum of its steps."""
    return (
        steps.group_by("item_id", "model", maintain_order=True)
        .agg(pl.col("log_prob").cast(pl.Float64).sum().alias("log_p"))
        .with_columns(
            n=pl.lit(0, pl.Int64), successes=pl.lit(0, pl.Int64), stop_rule=pl.lit("exact")
        )
        .select(TABLES["attempts"].schema.names())
    )
