"""Collecting the families `chains` and `planted`."""

import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import polars as pl

from .._chains import CHAIN_TASKS, Chain, ChainGroup, make_chains, plant_errors
from ._chain_run import run_chains
from ._chain_score import score_chain
from ._lazy import LazyModel
from ._model import LocalModel
from ._plan import FamilyPlan, Job, frame


@dataclass(frozen=True, kw_only=True)
class ChainFamily(FamilyPlan):
    """What all families of chains ask for.

    Attributes
    ----------
    tasks
        Names in `CHAIN_TASKS`.
    items_per_task, steps
        Items of each task, and their length.
    shots, shot_steps
        Worked examples before each item, and their length.
    chunk
        Items of one job.
    """

    tables: ClassVar[tuple[str, ...]] = ("chain_steps",)

    tasks: tuple[str, ...] = tuple(CHAIN_TASKS)
    items_per_task: int = 16
    steps: int = 200
    shots: int = 2
    shot_steps: int = 10
    chunk: int = 4

    def choices(self) -> dict[str, Any]:
        return super().choices() | {"tasks": list(self.tasks)}

    @cached_property
    def groups(self) -> tuple[ChainGroup, ...]:
        """The worked examples and items of every task."""
        return tuple(
            make_chains(
                task,
                steps=self.steps,
                items=self.items_per_task,
                shots=self.shots,
                shot_steps=self.shot_steps,
                entropy=self.entropy,
            )
            for task in self.tasks
        )

    def items(self) -> pl.DataFrame:
        rows = [
            (
                name,
                self.family,
                group.task,
                self.steps,
                chain.head + "".join(chain.given),
                " ".join(map(chain.digits, chain.clean())),
            )
            for group in self.groups
            for name, chain in self.named(group)
        ]
        return frame("items", rows)

    def named(self, group: ChainGroup) -> list[tuple[str, Chain]]:
        """The items of a task with their names, which are the same in all families."""
        return [
            (f"chains/{group.task}-{self.steps}/{number:04d}", chain)
            for number, chain in enumerate(group.items)
        ]

    def prefixes(self) -> dict[str, str]:
        return {f"{group.task}-{self.steps}": group.prefix for group in self.groups}

    def rng(self, name: str, number: int) -> np.random.Generator:
        """The random stream of an item or a job."""
        key = (zlib.crc32(name.encode()), 2, number)
        return np.random.default_rng(np.random.SeedSequence(self.entropy, spawn_key=key))


@dataclass(frozen=True, kw_only=True)
class ChainsPlan(ChainFamily):
    """What a collection of `chains` asks for.

    Attributes
    ----------
    runs
        Free runs of each item.
    warm
        Right steps that stand before a free run: a list of digits can only be continued where it
        has been begun.
    until
        Step before which free runs end.
    """

    family: ClassVar[str] = "chains"
    runs: int = 6
    warm: int = 16
    until: int = 100

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.warm < self.until <= self.steps:
            raise ValueError(
                "warm, until and steps must increase (warm below until, until at most steps), got "
                f"{self.warm}, {self.until} and {self.steps}."
            )

    def jobs(self) -> list[Job]:
        jobs = []
        for group in self.groups:
            named = self.named(group)
            tokens = len(group.items[0].text(group.items[0].clean()))
            for start in range(0, len(named), self.chunk):
                part = named[start : start + self.chunk]
                free = round(tokens * self.runs * self.until / self.steps)
                for kind, work, cost in (
                    ("clean", _clean(self, group, part), tokens),
                    ("free", _free(self, group, part), free),
                ):
                    name = f"{group.task}-{kind}-{start:05d}"
                    jobs.append(Job(name, f"{kind} {group.task}", cost * len(part), work))
        return sorted(jobs, key=lambda job: job.label.startswith("free"))


def _clean(plan: ChainsPlan, group: ChainGroup, part: list[tuple[str, Chain]]) -> Any:
    def work(lazy: LazyModel) -> dict[str, pl.DataFrame]:
        rows = []
        for name, chain in part:
            rows += clean_rows(name, plan.model, lazy.model, lazy.shared(group.prefix), chain)
        return {"chain_steps": frame("chain_steps", rows)}

    return work


def clean_rows(
    name: str, model_name: str, model: LocalModel, shared: Any, chain: Chain
) -> list[tuple[Any, ...]]:
    """Rows of a history without errors: the probability of each step, given the ones before."""
    steps = chain.clean()
    score = score_chain(model, shared, chain, steps, mass=True)
    rows = []
    for i, step in enumerate(steps):
        text = chain.digits(step)
        rows.append(
            (name, model_name, "clean", 0, i, 0, int(score.tokens[i]), text,
             float(score.log_prob[i]), float(score.log_mass[i]), text, True)
        )  # fmt: skip
    return rows


def _free(plan: ChainsPlan, group: ChainGroup, part: list[tuple[str, Chain]]) -> Any:
    def work(lazy: LazyModel) -> dict[str, pl.DataFrame]:
        chains = [chain.first(plan.until) for _, chain in part]
        taken = run_chains(
            lazy.model,
            lazy.shared(group.prefix),
            chains,
            runs=plan.runs,
            warm=plan.warm,
            rng=plan.rng(part[0][0], 0),
        )
        rows = []
        for (name, _), chain, runs in zip(part, chains, taken, strict=True):
            for run, steps in enumerate(runs.tolist()):
                rows += free_rows(name, plan.model, chain, run, tuple(steps), plan.warm)
        return {"chain_steps": frame("chain_steps", rows)}

    return work


def free_rows(
    name: str, model: str, chain: Chain, run: int, taken: tuple[int, ...], warm: int
) -> list[tuple[Any, ...]]:
    """Rows of a free run: its steps after the warm-up, each marked given the step before it."""
    rows: list[tuple[Any, ...]] = []
    errors = 0
    for i, (step, right) in enumerate(zip(taken, chain.follow(taken), strict=True)):
        if i >= warm:
            texts = chain.digits(right), chain.digits(step)
            rows.append(
                (name, model, "free", run, i, errors, None, texts[0], None, None, texts[1],
                 step == right)
            )  # fmt: skip
        errors += step != right
    return rows


@dataclass(frozen=True, kw_only=True)
class PlantedPlan(ChainFamily):
    """What a collection of `planted` asks for.

    Attributes
    ----------
    shares
        Probabilities with which each step was made wrong. Every place of a history with
        share $r$ has its own number of errors before it, so few histories cross number and share.
    """

    family: ClassVar[str] = "planted"
    items_per_task: int = 8
    shares: tuple[float, ...] = (0.03125, 0.125, 0.25, 0.5)

    def __post_init__(self) -> None:
        super().__post_init__()
        for share in self.shares:
            if not 0 < share < 1:
                raise ValueError(f"shares must lie strictly between 0 and 1, got {share}.")

    def choices(self) -> dict[str, Any]:
        return super().choices() | {"shares": list(self.shares)}

    def jobs(self) -> list[Job]:
        jobs = []
        for group in self.groups:
            named = self.named(group)
            tokens = len(group.items[0].text(group.items[0].clean()))
            for number in range(len(self.shares)):
                for start in range(0, len(named), self.chunk):
                    part = named[start : start + self.chunk]
                    jobs.append(
                        Job(
                            f"{group.task}-{number}-{start:05d}",
                            f"planted {group.task}",
                            tokens * len(part),
                            _planted(self, group, part, number),
                        )
                    )
        return jobs


def _planted(
    plan: PlantedPlan, group: ChainGroup, part: list[tuple[str, Chain]], number: int
) -> Any:
    share = plan.shares[number]

    def work(lazy: LazyModel) -> dict[str, pl.DataFrame]:
        rows = []
        for name, chain in part:
            taken = plant_errors(chain, share, rng=plan.rng(name, number))
            score = score_chain(lazy.model, lazy.shared(group.prefix), chain, taken, mass=False)
            errors = 0
            for i, (step, right) in enumerate(zip(taken, chain.follow(taken), strict=True)):
                # The probability of the right step is known where the right step stands.
                if step == right:
                    text = chain.digits(right)
                    rows.append(
                        (name, plan.model, f"planted-{share:g}", 0, i, errors,
                         int(score.tokens[i]), text, float(score.log_prob[i]), None, text, True)
                    )  # fmt: skip
                errors += step != right
        return {"chain_steps": frame("chain_steps", rows)}

    return work
