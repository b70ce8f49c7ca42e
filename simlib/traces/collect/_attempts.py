"""Collecting the family `attempts`: many sampled attempts at items whose exact odds are known."""

import zlib
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import polars as pl

from .._tasks import Group, grade, make_group
from ._answers import item_ids, items_table
from ._lazy import LazyModel
from ._plan import FamilyPlan, Job, frame
from ._sample import SampledAttempts, sample_runs
from ._score import score_answers

#: Short answers, so that a thousand attempts share few beginnings.
CELLS = (("add", 2), ("mul", 1), ("count", 8), ("gcd", 2))
SHARED_BEGINNINGS = 0.5  # rough share of attempts that need a forward pass of their own


@dataclass(frozen=True, kw_only=True)
class AttemptsPlan(FamilyPlan):
    """What a collection of `attempts` asks for.

    Attributes
    ----------
    cells
        Tasks and levels; the items are the first of those of the family `answers`.
    items, shots
        Items, and worked examples before each, per cell.
    attempts
        Attempts at each item, and the most of its run that stops at the first success.
    chunk
        Items of one job.
    """

    family: ClassVar[str] = "attempts"
    tables: ClassVar[tuple[str, ...]] = ("attempts", "votes")

    cells: tuple[tuple[str, int], ...] = CELLS
    items_per_cell: int = 128
    shots: int = 8
    attempts: int = 1000
    chunk: int = 4

    def choices(self) -> dict[str, Any]:
        return super().choices() | {"cells": [f"{task}-{level}" for task, level in self.cells]}

    def groups(self) -> list[Group]:
        """The worked examples and items of every cell.

        The generator makes distinct items one after the other, so the first items of a larger
        group are the same.
        """
        return [
            make_group(
                task, level, items=self.items_per_cell, shots=self.shots, entropy=self.entropy
            )
            for task, level in self.cells
        ]

    def items(self) -> pl.DataFrame:
        return items_table(self.groups())

    def prefixes(self) -> dict[str, str]:
        return {group.name: group.prefix for group in self.groups()}

    def jobs(self) -> list[Job]:
        jobs = []
        for group in self.groups():
            names = item_ids(group)
            for start in range(0, len(names), self.chunk):
                part = slice(start, start + self.chunk)
                rows = list(zip(names[part], group.items[part], strict=True))
                tokens = round(len(rows) * self.attempts * SHARED_BEGINNINGS)
                jobs.append(
                    Job(
                        f"{group.name}-{start:05d}",
                        f"sample {group.name}",
                        tokens,
                        _worker(self, group, rows),
                    )
                )
        return jobs


def _worker(plan: AttemptsPlan, group: Group, rows: list[tuple[str, tuple[str, str]]]) -> Any:
    def work(lazy: LazyModel) -> dict[str, pl.DataFrame]:
        shared = lazy.shared(group.prefix)
        scores = score_answers(lazy.model, shared, [pair for _, pair in rows])
        longest = max(len(answer) for _, answer in group.items)
        attempts, votes = [], []
        for (name, (prompt, _)), score in zip(rows, scores, strict=True):
            stream = np.random.SeedSequence(plan.entropy, spawn_key=(zlib.crc32(name.encode()), 1))
            rng = np.random.default_rng(stream)
            fixed, stopping = sample_runs(
                lazy.model,
                shared,
                prompt,
                runs=(plan.attempts, plan.attempts),
                max_tokens=longest + 1,
                rng=rng,
            )
            made, found = stop_at_first(stopping, rng=rng)
            attempts += [
                (name, plan.model, 0, 0, "exact", score.log_p),
                (name, plan.model, fixed.n, fixed.successes, "fixed", None),
                (name, plan.model, made, found, "first_success", None),
            ]
            votes += votes_rows(name, plan.model, prompt, fixed)
        return {"attempts": frame("attempts", attempts), "votes": frame("votes", votes)}

    return work


def stop_at_first(run: SampledAttempts, *, rng: np.random.Generator) -> tuple[int, int]:
    """Attempts until the first success, and whether there was one: `(n, successes)`.

    The attempts of a run are exchangeable: given how many of them succeeded, every order is
    equally likely, so the first success is the smallest of that many distinct places.
    """
    if run.successes == 0:
        return run.n, 0
    places = rng.choice(run.n, run.successes, replace=False)
    return int(places.min()) + 1, 1


def votes_rows(name: str, model: str, prompt: str, run: SampledAttempts) -> list[tuple[Any, ...]]:
    """Rows of the table of votes: how often each final answer to an item was given."""
    merged: dict[str, int] = {}
    for text, count in run.answers.items():
        answer = text.split("\n", 1)[0]
        merged[answer] = merged.get(answer, 0) + count
    rows: list[tuple[Any, ...]] = [
        (name, model, answer, count, grade(prompt, answer))
        for answer, count in sorted(merged.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    if unfinished := run.n - sum(merged.values()):
        rows.append((name, model, None, unfinished, False))
    return rows
