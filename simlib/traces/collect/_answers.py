"""Collecting the family `answers`: exact success probabilities, and sampled attempts to match."""

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from .._schema import SCHEMA_VERSION, TABLES
from .._tasks import TASKS, Group, make_group
from ._model import MODELS, LocalModel, load_model, require_libraries, software
from ._sample import sample_attempts
from ._score import AnswerScore, prefix_cache, score_answers
from ._store import ChunkStore

FAMILY = "answers"
CONDITION = "clean"
SAMPLED_CHUNK = 4  # items whose sampled attempts make one chunk
LONGEST_SAMPLED = 16  # characters of the longest answer that is sampled
SMALLEST_SAMPLED = 1e-4  # smallest success probability that is sampled

OnProgress = Callable[[str, int, int], None]
"""Called with a label, the number of finished chunks and their total."""


def all_groups() -> tuple[tuple[str, int], ...]:
    """Every task with every one of its levels."""
    return tuple((task.name, level) for task in TASKS.values() for level in task.levels)


@dataclass(frozen=True)
class Plan:
    """What a collection of `answers` asks for; every field decides the contents of the files.

    Attributes
    ----------
    model
        Short name of the model.
    entropy
        Entropy of all random streams.
    groups
        Tasks and levels; by default all of them.
    items, shots
        Items, and worked examples before each, per task and level.
    chunk
        Items scored in one batch.
    sampled
        How many items are also sampled, over all tasks.
    attempts
        Attempts at each of those.
    threads
        Threads of torch.
    """

    model: str
    entropy: int
    groups: tuple[tuple[str, int], ...] = field(default_factory=all_groups)
    items: int = 512
    shots: int = 8
    chunk: int = 32
    sampled: int = 200
    attempts: int = 400
    threads: int = 1

    def __post_init__(self) -> None:
        for name, value, low in (
            ("items", self.items, 1),
            ("shots", self.shots, 0),
            ("chunk", self.chunk, 1),
            ("sampled", self.sampled, 0),
            ("attempts", self.attempts, 1),
            ("threads", self.threads, 1),
            ("entropy", self.entropy, 0),
        ):
            if value < low:
                raise ValueError(f"{name} must be at least {low}, got {value}.")
        if self.model not in MODELS:
            raise ValueError(f"model must be one of {', '.join(MODELS)}, got {self.model!r}.")

    @property
    def dataset_id(self) -> str:
        """Name of the data set."""
        return f"{FAMILY}-{self.model}"

    def settings(self) -> dict[str, Any]:
        """The plan, the weights and the software as JSON values."""
        own = {name: getattr(self, name) for name in self.__dataclass_fields__}
        own["groups"] = [f"{task}-{level}" for task, level in self.groups]
        own["entropy"] = str(self.entropy)
        return own | {
            "schema_version": SCHEMA_VERSION,
            "model_sha256": MODELS[self.model].sha256,
            "software": software(),
        }

    def draw_groups(self) -> list[Group]:
        """The worked examples and items of every group."""
        return [
            make_group(task, level, items=self.items, shots=self.shots, entropy=self.entropy)
            for task, level in self.groups
        ]


@dataclass(frozen=True)
class Collected:
    """The finished tables, and the text before the items of each group."""

    items: pl.DataFrame
    attempts: pl.DataFrame
    steps: pl.DataFrame
    prefixes: dict[str, str]
    started: str


def item_ids(group: Group) -> list[str]:
    """The names of a group's items, in order."""
    return [f"{FAMILY}/{group.name}/{number:04d}" for number in range(len(group.items))]


def items_table(groups: Sequence[Group]) -> pl.DataFrame:
    """The items table of some groups."""
    rows = [
        (name, FAMILY, group.task, group.level, prompt, answer)
        for group in groups
        for name, (prompt, answer) in zip(item_ids(group), group.items, strict=True)
    ]
    return pl.DataFrame(rows, schema=TABLES["items"].schema, orient="row")


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


def choose_sampled(items: pl.DataFrame, exact: pl.DataFrame, count: int) -> list[str]:
    """Choose items to sample: for each task, evenly over the ranks of the exact probability.

    Items that are practically never solved, and long answers, are left out: their attempts cost
    most and say least about whether the exact probability is right.
    """
    tasks = items["task"].unique(maintain_order=True).to_list()
    frame = items.join(exact, on="item_id").filter(
        (pl.col("log_p") >= np.log(SMALLEST_SAMPLED))
        & (pl.col("answer").str.len_chars() <= LONGEST_SAMPLED)
    )
    chosen: set[str] = set()
    for index, task in enumerate(tasks):
        share = count // len(tasks) + (index < count % len(tasks))
        ranked = frame.filter(task=task).sort("log_p", "item_id")["item_id"]
        places = np.unique(np.linspace(0, len(ranked) - 1, min(share, len(ranked))).round())
        chosen.update(ranked.gather(places.astype(np.int64).tolist()).to_list())
    return [name for name in items["item_id"] if name in chosen]


class _LazyModel:
    """Loads the model when it is first needed, so that a finished run never does."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._model: LocalModel | None = None
        self._prefix: tuple[str, Any] = ("", None)

    @property
    def model(self) -> LocalModel:
        if self._model is None:
            self._model = load_model(self._plan.model, threads=self._plan.threads)
        return self._model

    def shared(self, group: Group) -> Any:
        if self._prefix[0] != group.name:
            self._prefix = (group.name, prefix_cache(self.model, group.prefix))
        return self._prefix[1]


def _score_chunks(groups: Sequence[Group], chunk: int) -> Iterator[tuple[str, Group, int]]:
    for group in groups:
        for start in range(0, len(group.items), chunk):
            yield f"{group.name}-{start:05d}", group, start


def collect_answers(plan: Plan, work: Path, *, on_progress: OnProgress | None = None) -> Collected:
    """Score every item of a plan and sample some, resuming what `work` already holds.

    Parameters
    ----------
    plan
        What to collect.
    work
        Working folder of finished chunks.
    on_progress
        Told about every finished chunk.

    Raises
    ------
    SettingsMismatchError
        If `work` belongs to another plan, other weights or other software.
    MissingModelError
        If the model or its libraries are not installed.
    """
    report = on_progress or (lambda label, done, total: None)
    groups = plan.draw_groups()
    require_libraries()
    lazy = _LazyModel(plan)
    with ChunkStore(work, plan.settings()) as store:
        chunks = list(_score_chunks(groups, plan.chunk))
        for done, (name, group, start) in enumerate(chunks):
            report(f"score {group.name}", done, len(chunks))
            if not store.has(name, "steps"):
                stop = start + plan.chunk
                scores = score_answers(lazy.model, lazy.shared(group), group.items[start:stop])
                frame = steps_table(lazy.model, item_ids(group)[start:stop], scores)
                store.write(name, "steps", frame)
        report("score", len(chunks), len(chunks))
        steps = pl.concat([store.read(name, "steps") for name, _, _ in chunks])
        items, exact = items_table(groups), exact_attempts(steps)
        sampled = _sample_chosen(plan, groups, items, exact, store, lazy, report)
        attempts = pl.concat([exact, *sampled])
        prefixes = {group.name: group.prefix for group in groups}
        return Collected(items, attempts, steps, prefixes, store.started)


def _sample_chosen(
    plan: Plan,
    groups: Sequence[Group],
    items: pl.DataFrame,
    exact: pl.DataFrame,
    store: ChunkStore,
    lazy: _LazyModel,
    report: OnProgress,
) -> list[pl.DataFrame]:
    chosen = set(choose_sampled(items, exact, plan.sampled))
    chunks: list[tuple[str, Group, list[tuple[str, str, str]]]] = []
    for group in groups:
        named = [
            (name, *pair)
            for name, pair in zip(item_ids(group), group.items, strict=True)
            if name in chosen
        ]
        chunks += [
            (f"{group.name}-{start:05d}", group, named[start : start + SAMPLED_CHUNK])
            for start in range(0, len(named), SAMPLED_CHUNK)
        ]
    for done, (name, group, rows) in enumerate(chunks):
        report(f"sample {group.name}", done, len(chunks))
        if not store.has(name, "attempts"):
            store.write(name, "attempts", _sample_rows(plan, lazy, group, rows))
    report("sample", len(chunks), len(chunks))
    return [store.read(name, "attempts") for name, _, _ in chunks]


def _sample_rows(
    plan: Plan, lazy: _LazyModel, group: Group, rows: Sequence[tuple[str, str, str]]
) -> pl.DataFrame:
    made = []
    for name, prompt, answer in rows:
        stream = np.random.SeedSequence(plan.entropy, spawn_key=(zlib.crc32(name.encode()), 0))
        outcome = sample_attempts(
            lazy.model,
            lazy.shared(group),
            prompt,
            attempts=plan.attempts,
            max_tokens=len(answer) + 1,
            rng=np.random.default_rng(stream),
        )
        made.append((name, plan.model, outcome.n, outcome.successes, "fixed", None))
    return pl.DataFrame(made, schema=TABLES["attempts"].schema, orient="row")
