"""Loading a data set: hashes first, then schema, then the links between the tables."""

import json
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from .._paths import data_directory
from ._errors import DataError
from ._files import read_parquet
from ._registry import Entry, FileEntry, check_file, find_entry, registry
from ._schema import TABLES, validate, validate_links


@dataclass(frozen=True)
class Traces:
    """A loaded data set.

    Attributes
    ----------
    entry
        Its registry entry: model, sampling, licence, known faults.
    items, attempts, votes, steps, chain_steps, pivots
        The tables; those that the data set does not have are empty.
    prompts
        The text that stands before the items, by group ("add-2").
    """

    entry: Entry
    items: pl.DataFrame
    attempts: pl.DataFrame
    votes: pl.DataFrame
    steps: pl.DataFrame
    chain_steps: pl.DataFrame
    pivots: pl.DataFrame
    prompts: dict[str, str]

    @property
    def id(self) -> str:
        """Name of the data set."""
        return self.entry.id

    def exact(self) -> pl.DataFrame:
        """Items with the exact success probability of one attempt.

        One row per item that has one: the columns of `items`, `model`, `log_p` (natural
        logarithm) and `p`.
        """
        rows = self.attempts.filter(stop_rule="exact").select("item_id", "model", "log_p")
        joined = self.items.join(rows, on="item_id", how="inner", maintain_order="left")
        return joined.with_columns(p=pl.col("log_p").exp())

    def sampled(self) -> pl.DataFrame:
        """Items with sampled attempts: the columns of `exact` and `n`, `successes`, `stop_rule`."""
        rows = self.attempts.filter(pl.col("stop_rule") != "exact").drop("log_p")
        return self.exact().join(rows, on=("item_id", "model"), how="inner", maintain_order="left")

    def steps_with_items(self) -> pl.DataFrame:
        """Steps with the task and the level of their item."""
        return self._with_items(self.steps)

    def chains_with_items(self) -> pl.DataFrame:
        """Steps of chains with the task and the level (the length) of their item."""
        return self._with_items(self.chain_steps)

    def pivots_with_items(self) -> pl.DataFrame:
        """Rollouts along runs with the task and the level (the length) of their item."""
        return self._with_items(self.pivots)

    def votes_with_items(self) -> pl.DataFrame:
        """Votes with the task and the level of their item."""
        return self._with_items(self.votes)

    def _with_items(self, table: pl.DataFrame) -> pl.DataFrame:
        columns = self.items.select("item_id", "task", "level")
        return table.join(columns, on="item_id", how="left", maintain_order="left")


def _read_table(entry: Entry, content: str, directory: Path) -> pl.DataFrame:
    file = entry.file(content)
    path = check_file(file, directory)
    frame = validate(content, read_parquet(path), path)
    _check_rows(path, file, frame.height)
    return frame


def _check_rows(path: Path, file: FileEntry, found: int) -> None:
    if found != file.rows:
        raise DataError(
            f"{path}: {found} rows, the registry says {file.rows}; correct the registry entry or "
            "collect the data set again."
        )


def _read_prompts(entry: Entry, directory: Path) -> dict[str, str]:
    file = entry.file("prompts")
    path = check_file(file, directory)
    try:
        prompts = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{path}: this is not JSON ({error}); restore it with git.") from error
    if not isinstance(prompts, dict) or not all(isinstance(v, str) for v in prompts.values()):
        raise DataError(f"{path}: expected an object of texts; restore it with git.")
    _check_rows(path, file, len(prompts))
    return prompts


def load(dataset_id: str, *, directory: Path | None = None) -> Traces:
    """Load a data set from the data folder; nothing is ever downloaded.

    Parameters
    ----------
    dataset_id
        Name of the data set, such as "answers-smollm2".
    directory
        The data folder; by default the book's own.

    Raises
    ------
    DataError
        If the data set is unknown, or a file is missing, damaged, of another schema version, or
        not what the registry says.
    """
    directory = directory or data_directory()
    entry = find_entry(dataset_id, directory=directory)
    present = {file.content for file in entry.files}
    tables = {
        name: _read_table(entry, name, directory)
        if name in present or name == "items"
        else table.schema.to_frame()
        for name, table in TABLES.items()
    }
    for name in present - {"items", "prompts"}:
        validate_links(tables["items"], tables[name], directory / entry.file(name).path)
    return Traces(entry=entry, prompts=_read_prompts(entry, directory), **tables)


@dataclass(frozen=True)
class FileCheck:
    """Whether one registered file is intact.

    Attributes
    ----------
    dataset, path
        Which file.
    ok
        Whether it can be trusted.
    message
        "intact", or what is wrong and what to do.
    """

    dataset: str
    path: str
    ok: bool
    message: str


def verify(dataset_id: str | None = None, *, directory: Path | None = None) -> list[FileCheck]:
    """Check hash, schema, row count and links of the registered files, without stopping.

    Parameters
    ----------
    dataset_id
        One data set, or None for all.
    directory
        The data folder; by default the book's own.

    Returns
    -------
    list[FileCheck]
        One entry per file, and one per data card.

    Raises
    ------
    DataError
        If the registry itself cannot be read or has no such data set.
    """
    directory = directory or data_directory()
    if dataset_id is None:
        entries = list(registry(directory=directory).values())
    else:
        entries = [find_entry(dataset_id, directory=directory)]
    return [check for entry in entries for check in _verify_entry(entry, directory)]


def _verify_entry(entry: Entry, directory: Path) -> list[FileCheck]:
    checks = []
    frames: dict[str, pl.DataFrame] = {}
    for file in entry.files:
        try:
            if file.content == "prompts":
                _read_prompts(entry, directory)
            else:
                frames[file.content] = _read_table(entry, file.content, directory)
                if file.content != "items" and "items" in frames:
                    validate_links(frames["items"], frames[file.content], directory / file.path)
            checks.append(FileCheck(entry.id, file.path, True, "intact"))
        except DataError as error:
            checks.append(FileCheck(entry.id, file.path, False, str(error)))
    card = directory / entry.card
    message = "present" if card.is_file() else f"{card}: the data card is missing; write one."
    return [*checks, FileCheck(entry.id, entry.card, card.is_file(), message)]
