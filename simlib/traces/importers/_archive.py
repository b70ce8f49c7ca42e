"""Reading single members of a zip archive without trusting what it says about itself."""

import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from .._errors import DataError
from . import _zstd
from ._bytes import opened
from ._limits import Limits, Place, brief, fault

_ZSTD = 93
_END, _END64, _LOCATOR64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_DAMAGED = "the file is damaged or cut short; copy it again"


class Archive:
    """A zip archive open for reading; made by `archive`.

    Attributes
    ----------
    names
        Names of the members.
    """

    def __init__(self, handle: BinaryIO, path: Path, limits: Limits):
        self._handle, self._path, self._limits = handle, path, limits
        place = Place(path)
        _check_directory(handle, place, limits)
        try:
            self._zip = zipfile.ZipFile(handle)
        # Damaged archives make zipfile raise many kinds of error.
        except (zipfile.BadZipFile, ValueError, LookupError, OSError, struct.error,
                NotImplementedError) as error:  # fmt: skip
            fault(place, f"this is not a zip archive ({brief(error)})", _DAMAGED)
        # A name that stands twice is that of a rewritten member; the last one counts.
        self._members = {info.filename: info for info in self._zip.infolist()}
        for name in self._members:
            _check_name(name, place)
        self.names = frozenset(self._members)

    def read(self, name: str) -> tuple[Place, bytes]:
        """Place and unpacked content of a member."""
        place = Place(self._path, f"member {name!a}")
        info = self._members[name]
        limit = self._limits.document
        remedy = "this is not a log, or raise the limit with --max-document"
        if info.flag_bits & 1:
            fault(place, "the member is encrypted", "decrypt the archive first")
        if max(info.file_size, info.compress_size) > limit:
            found = f"the member declares {info.file_size} bytes"
            fault(place, f"{found}, more than {limit}", remedy)
        try:
            content = self._unpack(info, place)
        except DataError:
            raise
        except (zipfile.BadZipFile, ValueError, LookupError, EOFError, OSError, zlib.error,
                struct.error, RuntimeError) as error:  # fmt: skip
            fault(place, f"the member cannot be unpacked ({brief(error)})", _DAMAGED)
        if len(content) != info.file_size or zlib.crc32(content) != info.CRC:
            fault(place, "size or checksum differ from what the archive declares", _DAMAGED)
        return place, content

    def _unpack(self, info: zipfile.ZipInfo, place: Place) -> bytes:
        if info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            with self._zip.open(info) as member:
                return member.read(self._limits.document + 1)
        if info.compress_type != _ZSTD:
            fault(
                place,
                f"packed with method {info.compress_type}",
                "Inspect uses deflate or Zstandard; pack the archive again",
            )
        packed = self._packed(info)
        # The declared size may lie; that of the blocks cannot.
        if _zstd.size_bound(packed) > self._limits.document + (1 << 17):
            found = f"the member unpacks to more than {self._limits.document} bytes"
            fault(place, found, "this is not a log, or raise the limit with --max-document")
        content = _zstd.unpack(packed)
        return content + b"\n" if len(content) + 1 == info.file_size else content

    def _packed(self, info: zipfile.ZipInfo) -> bytes:
        """The packed bytes of a member, which stand after its own header."""
        self._handle.seek(info.header_offset)
        header = self._handle.read(30)
        if len(header) < 30 or header[:4] != b"PK\x03\x04":
            raise ValueError("its header is missing")
        self._handle.seek(sum(struct.unpack("<HH", header[26:30])), os.SEEK_CUR)
        return self._handle.read(info.compress_size)


@contextmanager
def archive(path: Path, limits: Limits) -> Iterator[Archive]:
    """Open a zip archive; nothing of it is ever written to disk."""
    with opened(path) as handle:
        yield Archive(handle, path, limits)


def _check_name(name: str, place: Place) -> None:
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or parts[0].endswith(":"):
        fault(
            place,
            f"the member {name[:80]!a} points out of the archive",
            "do not use this file: no evaluation tool writes such names",
        )


def _check_directory(handle: BinaryIO, place: Place, limits: Limits) -> None:
    """Bound the list of members before `zipfile` reads all of it."""
    size = handle.seek(0, os.SEEK_END)
    tail_size = min(size, 22 + 0xFFFF + 20 + 56)
    handle.seek(size - tail_size)
    tail = handle.read(tail_size)
    plain = tail[-22:-18] == _END and tail[-2:] == b"\0\0"
    at = len(tail) - 22 if plain else tail.rfind(_END)
    if at < 0 or at + 22 > len(tail):
        found = "this is not a zip archive (its list of members is missing)"
        fault(place, found, _DAMAGED)
    directory = struct.unpack("<L", tail[at + 12 : at + 16])[0]
    if at >= 76 and tail[at - 20 : at - 16] == _LOCATOR64:
        # Large archives have a second, longer record; readers differ in where they look for it.
        offset = struct.unpack("<Q", tail[at - 12 : at - 4])[0]
        handle.seek(min(offset, size))
        for record in (tail[at - 76 : at - 20], handle.read(56)):
            if len(record) == 56 and record[:4] == _END64:
                directory = max(directory, struct.unpack("<Q", record[40:48])[0])
    if directory > limits.directory:
        found = f"its list of members takes {directory} bytes, more than {limits.directory}"
        fault(place, found, "this is not a log, or it is damaged")
    handle.seek(0)
