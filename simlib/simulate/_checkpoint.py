"""A long run on disk: what was counted so far, written whole or not at all."""

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from ._counts import Counts

# Seconds between two writes; a killed run loses at most as much work.
_EVERY = 10.0


class Checkpoint:
    """The file behind one run of `survival_counts`, or nothing if `path` is None.

    Of several processes that share a run the first reads and writes, and tells the others where
    to go on, so that the file need not be on a folder that all see.
    """

    def __init__(self, path: str | os.PathLike[str] | None, devices: Sequence[Any]):
        self._path = None if path is None else Path(path)
        self._shared = len({device.process_index for device in devices}) > 1
        self._writes = not self._shared or jax.process_index() == 0
        self._written: float | None = (
            None  # the first write is early, to learn whether it can be done
        )
        if self._path is not None and self._shared and len(devices) < jax.device_count():
            raise ValueError(
                "a checkpoint needs a mesh of all devices of all processes, or of one process; got "
                f"{len(devices)} of {jax.device_count()} devices."
            )

    def resume(self, empty: Counts, key: str, start: int, stop: int) -> Counts:
        """The counts in the file, or `empty` if there is no file yet.

        Raises
        ------
        ValueError
            If the file belongs to another process, key, precision, span or set of lengths.
        """
        if self._path is None:
            return empty
        found = empty
        if self._writes and self._path.exists():
            found = self._checked(Counts.load(self._path), empty, key, start, stop)
        if self._shared:
            from jax.experimental.multihost_utils import broadcast_one_to_all

            # In two halves: whole numbers of 64 bits would be cut in single precision.
            state = np.array([found.replicates, *found.survived], np.int64).view(np.uint32)
            done, *survived = np.asarray(broadcast_one_to_all(state)).view(np.int64).tolist()
            spans = ((key, start, start + done),) if done else ()
            found = Counts(empty.lengths, tuple(survived), spans, empty.process)
        return found

    def save(self, counts: Counts, *, now: bool = False) -> None:
        """Write `counts` if the last write is some time ago, or `now`."""
        if self._path is None or not self._writes or not counts.replicates:
            return
        if now or self._written is None or time.monotonic() - self._written >= _EVERY:
            counts.save(self._path)
            self._written = time.monotonic()

    def _checked(self, found: Counts, empty: Counts, key: str, start: int, stop: int) -> Counts:
        differs = [
            what
            for what, same in (
                ("lengths", found.lengths == empty.lengths),
                ("process, its parameters or the precision", found.process == empty.process),
                ("key", {digest for digest, *_ in found.spans} == {key}),
            )
            if not same
        ]
        remedy = "pass what the run began with, or another file to begin anew."
        if differs:
            raise ValueError(f"checkpoint {self._path} has other {' and '.join(differs)}; {remedy}")
        spans = [(first, last) for _, first, last in found.spans]
        if len(spans) != 1 or spans[0][0] != start or spans[0][1] > stop:
            held = " and ".join(f"{first} to {last - 1}" for first, last in spans)
            raise ValueError(
                f"checkpoint {self._path} holds replicates {held}, which do not begin replicates "
                f"{start} to {stop - 1}; {remedy}"
            )
        return found


def encode(counts: Counts) -> bytes:
    """Counts as JSON."""
    fields = {
        "format": "simlib counts 1",
        "process": counts.process,
        "spans": counts.spans,
        "lengths": counts.lengths,
        "survived": counts.survived,
    }
    return (json.dumps(fields) + "\n").encode()


def decode(content: bytes, path: Path) -> Counts:
    """Counts from JSON; errors name the file."""
    try:
        fields = json.loads(content)
        if fields["format"] != "simlib counts 1":
            raise ValueError(f"the format is {fields['format']!r}")
        return Counts(
            lengths=tuple(map(int, fields["lengths"])),
            survived=tuple(map(int, fields["survived"])),
            spans=tuple((str(key), int(start), int(stop)) for key, start, stop in fields["spans"]),
            process=str(fields["process"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path} does not hold counts that `Counts.save` wrote ({error}); remove it to begin "
            "anew."
        ) from error
