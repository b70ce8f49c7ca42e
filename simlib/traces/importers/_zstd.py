"""Unpacking Zstandard within bounds; Inspect packs the members of its archives with it.

The standard library reads Zstandard only from Python 3.14 on.  Polars carries a decoder, behind
its reader of compressed CSV, which unpacks everything at once.  The size is therefore bounded
beforehand from the headers of the blocks: no block unpacks to more than 128 KiB (RFC 8878,
section 3.1.1.2.4).
"""

import io

import polars as pl

from ._limits import brief

_MAGIC = b"\x28\xb5\x2f\xfd"
_BLOCK = 1 << 17
# A character that stands unescaped in no JSON text, so that every line is one column.
_NEVER = "\x1e"


def size_bound(content: bytes) -> int:
    """An upper bound of the unpacked size, from the headers of frames and blocks alone.

    Raises
    ------
    ValueError
        If the content is not a sequence of whole frames.
    """
    total, position = 0, 0
    while position < len(content) or not content:
        if content[position : position + 4] != _MAGIC or position + 5 > len(content):
            raise ValueError("this is not a Zstandard frame")
        descriptor = content[position + 4]
        position += 5 + _header_size(descriptor)
        last = False
        while not last:
            header = int.from_bytes(content[position : position + 3], "little")
            last, kind, size = bool(header & 1), header >> 1 & 3, header >> 3
            if kind == 3 or size > _BLOCK:
                raise ValueError("a block is malformed")
            total += _BLOCK if kind == 2 else size
            position += 3 + (1 if kind == 1 else size)
            if position > len(content):
                raise ValueError("a block is cut short")
        position += 4 if descriptor & 4 else 0
    return total


def _header_size(descriptor: int) -> int:
    """Bytes of a frame header after its descriptor: window, dictionary, content size."""
    single = bool(descriptor & 0x20)
    content = (1 if single else 0, 2, 4, 8)[descriptor >> 6]
    return (not single) + (0, 1, 2, 4)[descriptor & 3] + content


def unpack(content: bytes) -> bytes:
    """The text lines that were packed; only for JSON, and only after `size_bound`.

    Raises
    ------
    ValueError
        If the content cannot be unpacked, or holds something that JSON cannot.
    """
    try:
        frame = pl.read_csv(
            io.BytesIO(content),
            has_header=False,
            separator=_NEVER,
            quote_char=None,
            schema={"line": pl.String},
        )
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise ValueError(f"the packed data are damaged ({brief(error)})") from error
    return "\n".join(line or "" for line in frame["line"]).encode()
