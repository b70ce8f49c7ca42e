"""Collecting the family `pivots`: how each step of a run moves the probability of success."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import polars as pl

from .._chains import Chain, ChainGroup
from ._chain_run import run_chains
from ._chains import ChainFamily, clean_rows, free_rows
from ._lazy import LazyModel
from ._plan import Job, frame


@dataclass(frozen=True, kw_only=True)
class PivotsPlan(ChainFamily):
    """What a collection of `pivots` asks for.

    Attributes
    ----------
    warm
        Right steps that stand before the run; the first place from which rollouts start.
    rollouts
        Independent continuations in each of the two halves, at every place.
    """

    family: ClassVar[str] = "pivots"
    tables: ClassVar[tuple[str, ...]] = ("chain_steps", "pivots")

    tasks: tuple[str, ...] = ("copy",)
    items_per_task: int = 112
    steps: int = 18
    chunk: int = 16
    warm: int = 12
    rollouts: int = 8

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.warm < self.steps:
            raise ValueError(f"warm must be below steps, got {self.warm} and {self.steps}.")

    def jobs(self) -> list[Job]:
        jobs = []
        for group in self.groups:
            named, free = self.named(group), self.steps - self.warm
            chain = group.items[0]
            per_step = chain.width + len(chain.given[-1].split()) + 1
            # The run itself, and two halves of rollouts of what is left after each of its steps.
            places = free * (free + 1) // 2
            tokens = per_step * (self.steps + 2 * self.rollouts * places)
            for start in range(0, len(named), self.chunk):
                part = named[start : start + self.chunk]
                name = f"{group.task}-{start:05d}"
                work = _worker(self, group, part)
                jobs.append(Job(name, f"resample {group.task}", tokens * len(part), work))
        return jobs


def _worker(plan: PivotsPlan, group: ChainGroup, part: list[tuple[str, Chain]]) -> Any:
    def work(lazy: LazyModel) -> dict[str, pl.DataFrame]:
        chains, rng = [chain for _, chain in part], plan.rng(part[0][0], 0)
        model, shared = lazy.model, lazy.shared(group.prefix)
        own = run_chains(model, shared, chains, runs=1, warm=plan.warm, rng=rng)[:, 0]
        clean = np.array([chain.clean() for chain in chains])
        steps, pivots = [], []
        for (name, chain), taken in zip(part, own.tolist(), strict=True):
            steps += clean_rows(name, plan.model, model, shared, chain)
            steps += free_rows(name, plan.model, chain, 0, tuple(taken), plan.warm)
        for place in range(plan.warm, plan.steps):
            ends = run_chains(
                model, shared, chains,
                runs=2 * plan.rollouts, warm=place, rng=rng, begun=own[:, :place],
            )  # fmt: skip
            right = ends == clean[:, None]
            counts = [
                right_at.reshape(len(part), 2, -1).sum(-1)
                for right_at in (right.all(-1), right[:, :, -1])
            ]
            for row, (name, _) in enumerate(part):
                every, last = (count[row].tolist() for count in counts)
                pivots.append((name, plan.model, 0, place, plan.rollouts, *every, *last))
        return {"chain_steps": frame("chain_steps", steps), "pivots": frame("pivots", pivots)}

    return work
