"""What all families of traces share: a plan is a list of jobs, and jobs can be resumed."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar

import polars as pl

from .._schema import SCHEMA_VERSION, TABLES
from ._lazy import LazyModel
from ._model import MODELS, ModelSpec, require_libraries, software
from ._store import ChunkStore

#: Called with a label, the token positions evaluated so far, and all of them.
OnProgress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Job:
    """A part of a collection that is done as a whole or not at all.

    Attributes
    ----------
    name
        Name of its chunk.
    label
        What the progress bar says.
    tokens
        Token positions to be evaluated, roughly; for estimates of cost.
    work
        Does the job; returns one frame for each table of the plan.
    """

    name: str
    label: str
    tokens: int
    work: Callable[[LazyModel], dict[str, pl.DataFrame]]


@dataclass(frozen=True)
class Collected:
    """The finished tables by name, and the text before the items by group."""

    tables: dict[str, pl.DataFrame]
    prefixes: dict[str, str]
    started: str


@dataclass(frozen=True, kw_only=True)
class FamilyPlan(ABC):
    """What a collection asks for; every field decides the contents of the files.

    Attributes
    ----------
    model
        Short name of the model.
    entropy
        Entropy of all random streams.
    threads
        Threads of torch.
    """

    family: ClassVar[str]
    tables: ClassVar[tuple[str, ...]]  # tables that the jobs fill

    model: str
    entropy: int
    threads: int = field(default=1)

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            low = 0 if item.name == "entropy" else 1
            if isinstance(value, int) and value < low:
                raise ValueError(f"{item.name} must be at least {low}, got {value}.")
        if self.model not in MODELS:
            raise ValueError(f"model must be one of {', '.join(MODELS)}, got {self.model!r}.")

    @property
    def dataset_id(self) -> str:
        """Name of the data set."""
        return f"{self.family}-{self.model}"

    @property
    def spec(self) -> ModelSpec:
        """What is known about the model."""
        return MODELS[self.model]

    def software(self) -> dict[str, str]:
        """Versions of the libraries that a number depends on."""
        return software()

    def require(self) -> None:
        """Check that what the jobs need is installed."""
        require_libraries()

    def choices(self) -> dict[str, Any]:
        """The fields as JSON values."""
        own = {item.name: getattr(self, item.name) for item in fields(self)}
        return own | {"entropy": str(self.entropy)}

    def settings(self) -> dict[str, Any]:
        """The plan, the weights and the software as JSON values."""
        return self.choices() | {
            "family": self.family,
            "schema_version": SCHEMA_VERSION,
            "model_sha256": self.spec.sha256,
            "software": self.software(),
        }

    @abstractmethod
    def jobs(self) -> list[Job]:
        """The parts of the collection, in order."""

    @abstractmethod
    def items(self) -> pl.DataFrame:
        """The table of items."""

    @abstractmethod
    def prefixes(self) -> dict[str, str]:
        """The text that stands before the items, by group."""


def collect(plan: FamilyPlan, work: Path, *, on_progress: OnProgress | None = None) -> Collected:
    """Do all jobs of a plan, except those whose chunks `work` already holds.

    Parameters
    ----------
    plan
        What to collect.
    work
        Working folder of finished chunks.
    on_progress
        Told about every job.

    Raises
    ------
    SettingsMismatchError
        If `work` belongs to another plan, other weights or other software.
    MissingModelError
        If the model or its libraries are not installed.
    """
    report = on_progress or (lambda label, done, total: None)
    plan.require()
    lazy = LazyModel(plan.model, threads=plan.threads)
    jobs, done = plan.jobs(), 0  # before the folder is bound to a plan that has none
    total = sum(job.tokens for job in jobs)
    with ChunkStore(work, plan.settings()) as store:
        for job in jobs:
            report(job.label, done, total)
            if not is_done(plan, store, job):
                for table, finished in job.work(lazy).items():
                    store.write(job.name, table, finished)
            done += job.tokens
        report("done", total, total)
        tables = {
            table: pl.concat([store.read(job.name, table) for job in jobs]) for table in plan.tables
        }
        return Collected({"items": plan.items(), **tables}, plan.prefixes(), store.started)


def jobs_left(plan: FamilyPlan, work: Path, jobs: list[Job]) -> list[Job]:
    """The jobs whose chunks are not all in a working folder, which is neither made nor locked."""
    return [
        job
        for job in jobs
        if not all((work / table / f"{job.name}.parquet").exists() for table in plan.tables)
    ]


@dataclass(frozen=True)
class Cost:
    """What a collection will take, before it is begun or resumed.

    Attributes
    ----------
    jobs, jobs_left
        Number of jobs, and of those not done yet.
    tokens_left
        Token positions to be evaluated, roughly.
    seconds_per_token
        Measured on this machine with a short text.
    """

    jobs: int
    jobs_left: int
    tokens_left: int
    seconds_per_token: float

    @property
    def minutes(self) -> float:
        """Estimated time; within a factor of two or so, since jobs differ in their batches."""
        return self.tokens_left * self.seconds_per_token / 60


def estimate(plan: FamilyPlan, work: Path) -> Cost:
    """Estimate the cost of a plan without collecting or writing anything.

    Loads the model and times it on a text of a few hundred tokens.

    Raises
    ------
    MissingModelError
        If the model or its libraries are not installed.
    """
    import time

    from ._text_score import score_text

    require_libraries()
    jobs = plan.jobs()
    left = jobs_left(plan, work, jobs)
    model = LazyModel(plan.model, threads=plan.threads).model
    ids = list(range(1000, 1256))
    score_text(model, ids[:32])  # the first pass is slower
    start = time.perf_counter()
    score_text(model, ids)
    pace = (time.perf_counter() - start) / len(ids)
    return Cost(len(jobs), len(left), sum(job.tokens for job in left), pace)


def is_done(plan: FamilyPlan, store: ChunkStore, job: Job) -> bool:
    """Whether all chunks of a job are there."""
    return all(store.has(job.name, table) for table in plan.tables)


def frame(table: str, rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    """Rows as a frame of a table."""
    return pl.DataFrame(rows, schema=TABLES[table].schema, orient="row")
