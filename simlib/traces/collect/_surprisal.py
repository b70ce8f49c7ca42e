"""Collecting the family `surprisal`: every token of some texts, with long and short contexts."""

import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import polars as pl

from .._schema import TABLES
from .._tasks import make_group
from ._lazy import LazyModel
from ._model import LocalModel
from ._plan import FamilyPlan, Job, frame
from ._text_score import score_text, write_text

OPENINGS = (
    "Every long calculation has a step at which it can still be saved.",
    "The first rule of the workshop was to write down what went wrong.",
)
_CELL = re.compile(r"^```.*?^```\n", re.DOTALL | re.MULTILINE)
_LINES = (("copy", 8), ("sort", 5), ("add", 3), ("count", 8))


@dataclass(frozen=True, kw_only=True)
class SurprisalPlan(FamilyPlan):
    """What a collection of `surprisal` asks for.

    Attributes
    ----------
    length
        Tokens of the long text of each kind; texts that run out are shorter.
    short_length, short_texts
        Tokens and number of the other texts of each kind.
    contexts
        Numbers of tokens of the short contexts (see `windows`).
    root
        Folder of the book whose pages and modules are read.
    """

    family: ClassVar[str] = "surprisal"
    tables: ClassVar[tuple[str, ...]] = ("steps",)

    length: int = 8192
    short_length: int = 2048
    short_texts: int = 2
    contexts: tuple[int, ...] = (32, 128, 512)
    root: Path = Path()

    def choices(self) -> dict[str, Any]:
        checks = {name: zlib.crc32(text.encode()) for name, text in self.texts.items()}
        return super().choices() | {
            "contexts": list(self.contexts),
            "root": "",
            "texts": [f"{name} (crc32 {check:08x})" for name, check in checks.items()],
        }

    @cached_property
    def texts(self) -> dict[str, str]:
        """The texts by name, longer than needed; those of the model's own are their openings."""
        pages = sorted((self.root / "chapters").rglob("*.md"))
        modules = sorted((self.root / "simlib").rglob("*.py"))
        sources = {
            "prose": [_CELL.sub("", page.read_text(encoding="utf-8")) for page in pages],
            "code": [module.read_text(encoding="utf-8") for module in modules],
            "procedural": [self._lines()],
        }
        found: dict[str, str] = {}
        for kind, parts in sources.items():
            whole, need = "\n".join(parts), 8 * self.short_length
            for number in range(self.short_texts):
                found[f"{kind}-{number}"] = whole[number * need : (number + 1) * need]
            found[f"{kind}-long"] = whole[self.short_texts * need :][: 8 * self.length]
        for number in range(self.short_texts):
            found[f"own-{number}"] = OPENINGS[number % len(OPENINGS)]
        empty = [name for name, text in found.items() if not text]
        if empty:
            raise ValueError(
                f"root has no text for {', '.join(empty)}, got {self.root}; run in the book's "
                "folder or ask for shorter texts."
            )
        return found

    def _lines(self) -> str:
        # Four lines have more than a hundred characters; see `texts` for the number needed.
        count = 8 * (self.length + self.short_texts * self.short_length) // 100
        groups = [
            make_group(task, level, items=count, shots=0, entropy=self.entropy)
            for task, level in _LINES
        ]
        lines = zip(*(group.items for group in groups), strict=True)
        return "".join(f"{prompt}{answer}\n" for line in lines for prompt, answer in line)

    def items(self) -> pl.DataFrame:
        rows = [
            (self._name(name), self.family, name.rpartition("-")[0], self._tokens(name), text, "")
            for name, text in self.texts.items()
        ]
        return frame("items", rows)

    def prefixes(self) -> dict[str, str]:
        return {}

    def _tokens(self, name: str) -> int:
        return self.length if name.endswith("-long") else self.short_length

    def _name(self, name: str) -> str:
        return f"surprisal/{name}"

    def jobs(self) -> list[Job]:
        jobs = []
        # The long texts come last, and only with the longest of the short contexts.
        for name in sorted(self.texts, key=lambda name: name.endswith("-long")):
            short = self.contexts[-1:] if name.endswith("-long") else self.contexts
            for context in (None, *short):
                tokens = self._tokens(name) * (1 if context is None else 2)
                condition = "full" if context is None else f"short-{context}"
                jobs.append(
                    Job(
                        f"{name}-{condition}",
                        f"{condition} {name}",
                        tokens,
                        _worker(self, name, context),
                    )
                )
        return jobs

    def token_ids(self, model: LocalModel, name: str) -> list[int]:
        """The tokens of a text; those of the model's own texts are sampled."""
        length = self._tokens(name)
        if name.startswith("own-"):
            key = (zlib.crc32(name.encode()), 3)
            rng = np.random.default_rng(np.random.SeedSequence(self.entropy, spawn_key=key))
            return write_text(model, self.texts[name], length, rng=rng)
        return model.encode(self.texts[name])[:length]


def _worker(plan: SurprisalPlan, name: str, context: int | None) -> Any:
    def work(lazy: LazyModel) -> dict[str, pl.DataFrame]:
        ids = _remembered(plan, lazy, name)
        score = score_text(lazy.model, ids, context=context)
        texts = lazy.model.vocabulary.texts
        chosen = [ids[position] for position in score.position]
        count = len(chosen)
        columns: dict[str, Iterable[Any]] = {
            "item_id": [plan._name(name)] * count,
            "model": [plan.model] * count,
            "condition": ["full" if context is None else f"short-{context}"] * count,
            "position": score.position,
            "token_id": chosen,
            "token": [texts[token] for token in chosen],
            "log_prob": score.log_prob,
            "entropy": score.entropy,
            "rank": score.rank,
            "top_prob": score.top_prob,
            "correct": [None] * count,
        }
        return {"steps": pl.DataFrame(columns, schema=TABLES["steps"].schema)}

    return work


def _remembered(plan: SurprisalPlan, lazy: LazyModel, name: str) -> list[int]:
    """The tokens of a text, kept for its other contexts: a model's own text takes long to write."""
    kept: dict[str, list[int]] = lazy.__dict__.setdefault("texts", {})
    if name not in kept:
        kept[name] = plan.token_ids(lazy.model, name)
    return kept[name]
