"""Collecting sampled attempts from any server that speaks the OpenAI completions protocol.

vLLM, llama.cpp and Ollama are such servers.  Every attempt is one request: the worked examples and
the item as the prompt, temperature 1, no truncation of the distribution, and a seed of its own.
The attempts are graded from their text; nothing that the server says about itself is trusted.

Servers do not guarantee reproducibility.  The seeds are fixed by the entropy, and they keep a
server with a fixed default seed from returning the same text every time, but what a seed means
depends on the server, its version, its batches and its hardware.  A collection that is repeated
draws other attempts; one that is resumed keeps those of its finished chunks.
"""

import json
import zlib
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from .._files import write_atomic
from .._schema import SCHEMA_VERSION
from .._tasks import Group, grade
from ._answers import item_ids
from ._attempts import AttemptsPlan, votes_rows
from ._completion import Completion
from ._http import Cancellation, CompletionServer
from ._lazy import LazyModel
from ._model import ModelSpec, software
from ._plan import Job, frame
from ._sample import SampledAttempts
from ._weights import NAME

#: Libraries that the items or the tables depend on; the model runs elsewhere.
LIBRARIES = ("reasoning_gym", "numpy", "polars")
#: Fields beyond the OpenAI protocol.  Without them vLLM and llama.cpp cut off unlikely tokens or
#: lower repeated ones by default, and the attempts would come from another distribution.
WHOLE_DISTRIBUTION = {
    "top_k": -1,
    "min_p": 0.0,
    "repeat_penalty": 1.0,
    "repetition_penalty": 1.0,
}


@dataclass(frozen=True, kw_only=True)
class ServerPlan(AttemptsPlan):
    """What a collection from a server asks for.

    Attributes
    ----------
    model
        Short name of the model in the tables, of your choice.
    server
        Address and patience. Only the address decides the contents of the files.
    server_model
        Name of the model on the server.
    concurrency
        Requests under way at a time.
    log_probs
        Folder that gets, for each chunk, a JSON-lines file with the log-probabilities of the
        sampled tokens as the server reports them; or None. They stay outside the data set, whose
        table of steps also needs the token's id, its rank and the entropy, which the protocol does
        not give. The line break that ends an answer usually has no entry.
    standard_fields
        Ask with fields of the OpenAI protocol only, for servers that refuse others.

    Raises
    ------
    ValueError
        If a number is too small or a name has another form.
    """

    family: ClassVar[str] = "server"
    tables: ClassVar[tuple[str, ...]] = ("attempts", "votes")

    server: CompletionServer
    server_model: str
    cells: tuple[tuple[str, int], ...] = ()
    items_per_cell: int = 32
    attempts: int = 20
    concurrency: int = 4
    log_probs: Path | None = None
    standard_fields: bool = False

    def __post_init__(self) -> None:
        for name in ("items_per_cell", "attempts", "chunk", "concurrency"):
            if (value := getattr(self, name)) < 1:
                raise ValueError(f"{name} must be at least 1, got {value}.")
        for name in ("shots", "entropy"):
            if (value := getattr(self, name)) < 0:
                raise ValueError(f"{name} must be at least 0, got {value}.")
        if not NAME.fullmatch(self.model):
            raise ValueError(
                f"model must be lower-case letters and digits, with single dots, dashes or "
                f"underscores between them, got {self.model!r}; it becomes part of file names."
            )
        if not self.server_model.strip():
            raise ValueError("server_model must be the name of the model on the server, got ''.")
        if not self.cells:
            raise ValueError("cells must name at least one task and level, such as add-2; got ().")
        self.groups()  # unknown tasks are found before anything is asked

    @property
    def spec(self) -> ModelSpec:
        """What is known about a model that runs elsewhere."""
        unknown = "unknown: the server decides"
        return ModelSpec(
            name=self.model,
            title=self.server_model,
            quantisation=unknown,
            licence="unknown: see the source",
            source=self.server.url,
            distribution="none: reached over HTTP",
            parts=(("", "unknown"),),
            sha256=unknown,
            start=(),
            end_of_text=(),
            bytewise=True,
        )

    def software(self) -> dict[str, str]:
        """Versions of the libraries that the items or the tables depend on."""
        return {name: version for name, version in software().items() if name in LIBRARIES}

    def require(self) -> None:
        """Check nothing: no language-model library is needed."""

    def choices(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "entropy": str(self.entropy),
            "cells": [f"{task}-{level}" for task, level in self.cells],
            "items_per_cell": self.items_per_cell,
            "shots": self.shots,
            "attempts": self.attempts,
            "chunk": self.chunk,
            "url": self.server.url,
            "server_model": self.server_model,
            "log_probs": self.log_probs is not None,
            "standard_fields": self.standard_fields,
            "vocabulary": "as the server has it"
            if self.standard_fields
            else "all tokens, as asked of the server",
        }

    def settings(self) -> dict[str, Any]:
        return self.choices() | {
            "family": self.family,
            "schema_version": SCHEMA_VERSION,
            "software": self.software(),
        }

    def jobs(self) -> list[Job]:
        jobs = []
        for group in self.groups():
            names = item_ids(group)
            for start in range(0, len(names), self.chunk):
                part = slice(start, start + self.chunk)
                rows = list(zip(names[part], group.items[part], strict=True))
                batch = _Batch(self, group, rows, f"{group.name}-{start:05d}")
                count = len(rows) * self.attempts
                jobs.append(Job(batch.name, f"ask {group.name}", count, batch.work))
        return jobs

    def request(self, prompt: str, *, item: str, attempt: int, max_tokens: int) -> dict[str, Any]:
        """The fields of one request.

        Parameters
        ----------
        prompt
            Worked examples and item.
        item
            Name of the item; with the entropy and the number of the attempt it fixes the seed.
        attempt
            0-based number of the attempt.
        max_tokens
            Where an answer that has not ended is cut off.
        """
        key = (zlib.crc32(item.encode()), 2, attempt)
        seed = np.random.SeedSequence(self.entropy, spawn_key=key).generate_state(1)[0] >> 1
        fields = {
            "model": self.server_model,
            "prompt": prompt,
            "max_tokens": max_tokens,
            "temperature": 1.0,
            "top_p": 1.0,
            "n": 1,
            "stop": ["\n"],
            "seed": int(seed),
        }
        fields |= {"logprobs": 1} if self.log_probs is not None else {}
        return fields | ({} if self.standard_fields else WHOLE_DISTRIBUTION)


@dataclass(frozen=True)
class _Batch:
    """The attempts at some items of a group, done as a whole or not at all."""

    plan: ServerPlan
    group: Group
    rows: list[tuple[str, tuple[str, str]]] = field(repr=False)
    name: str

    def work(self, _: LazyModel) -> dict[str, Any]:
        """Ask for all attempts, and make the rows of the tables."""
        texts = self._ask()
        attempts, votes = [], []
        for name, (prompt, _answer) in self.rows:
            run = _run_of(prompt, texts[name])
            attempts.append((name, self.plan.model, run.n, run.successes, "fixed", None))
            votes += votes_rows(name, self.plan.model, prompt, run)
        if self.plan.log_probs is not None:
            self._write_log_probs(texts, self.plan.log_probs)
        return {"attempts": frame("attempts", attempts), "votes": frame("votes", votes)}

    def _ask(self) -> dict[str, list[Completion]]:
        """The attempts at each item, in the order of their numbers."""
        plan, cancellation = self.plan, Cancellation()
        # One more than the longest right answer has characters: none is cut off before its end.
        limit = 1 + max(len(answer) for _, answer in self.group.items)

        def ask(name: str, prompt: str, attempt: int) -> Completion:
            text = self.group.prefix + prompt
            request = plan.request(text, item=name, attempt=attempt, max_tokens=limit)
            return plan.server.complete(
                request, log_probs=plan.log_probs is not None, cancellation=cancellation
            )

        with ThreadPoolExecutor(plan.concurrency) as pool:
            futures = {
                name: [pool.submit(ask, name, prompt, number) for number in range(plan.attempts)]
                for name, (prompt, _) in self.rows
            }
            try:
                for future in as_completed([each for some in futures.values() for each in some]):
                    future.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                cancellation.cancel()
                raise
        return {name: [each.result() for each in some] for name, some in futures.items()}

    def _write_log_probs(self, texts: dict[str, list[Completion]], folder: Path) -> None:
        lines = [
            {
                "item_id": name,
                "attempt": number,
                "text": attempt.text,
                "ended": attempt.ended,
                "tokens": [token for token, _ in attempt.log_probs],
                "log_prob": [value for _, value in attempt.log_probs],
            }
            for name, attempts in texts.items()
            for number, attempt in enumerate(attempts)
        ]
        content = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        write_atomic(folder / f"{self.name}.jsonl", content.encode())


def _run_of(prompt: str, attempts: list[Completion]) -> SampledAttempts:
    """Attempts at one item, graded from their texts; one that was cut off is wrong."""
    answers: dict[str, int] = {}
    for attempt in attempts:
        # A stop string that a server left in the text is an end as well.
        if attempt.ended or "\n" in attempt.text:
            answers[attempt.text] = answers.get(attempt.text, 0) + 1
    right = sum(count for text, count in answers.items() if grade(prompt, text))
    return SampledAttempts(len(attempts), right, len(attempts), answers)
