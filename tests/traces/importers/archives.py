"""Archives like those of Inspect, as hostile as one likes."""

import json
import struct
import zipfile
import zlib

HEADER = {"version": 2, "status": "success", "eval": {"task": "t", "model": "m"}}


def sample(name="a", epoch=1, value="C", **more):
    """A sample as it stands in a summary."""
    return {"id": name, "epoch": epoch, "scores": {"match": {"value": value}}, **more}


def write_eval(path, samples, header=HEADER, extra=(), compression=zipfile.ZIP_DEFLATED):
    """Write an `.eval` archive; `extra` holds pairs of name and content."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("header.json", json.dumps(header))
        archive.writestr("summaries.json", json.dumps(samples))
        for name, content in extra:
            archive.writestr(name, content)
    return path


def zstd_frame(blocks, *, checksum=b""):
    """A Zstandard frame of raw (content) and run-length (byte, count) blocks; RFC 8878."""
    frame = b"\x28\xb5\x2f\xfd" + (b"\x04" if checksum else b"\x00") + b"\x58"
    for i, block in enumerate(blocks):
        last = int(i == len(blocks) - 1)
        if isinstance(block, bytes):
            frame += (last | len(block) << 3).to_bytes(3, "little") + block
        else:
            byte, count = block
            frame += (last | 1 << 1 | count << 3).to_bytes(3, "little") + byte
    return frame + checksum


def write_zstd_member(path, name, packed, content=b"", *, declared=None):
    """Write an archive with `header.json` and one member packed with Zstandard."""
    members = [("header.json", 0, json.dumps(HEADER).encode(), json.dumps(HEADER).encode(), None)]
    members.append((name, 93, packed, content, declared))
    body, directory = b"", b""
    for member, method, data, plain, size in members:
        encoded = member.encode()
        size = len(plain) if size is None else size
        fields = struct.pack(
            "<HHHHHLLLHH", 20, 0, method, 0, 33, zlib.crc32(plain), len(data), size, len(encoded), 0
        )
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + fields
        directory += struct.pack("<HHHLL", 0, 0, 0, 0, len(body)) + encoded
        body += b"PK\x03\x04" + fields + encoded + data
    end = struct.pack("<HHHHLLH", 0, 0, 2, 2, len(directory), len(body), 0)
    path.write_bytes(body + directory + b"PK\x05\x06" + end)
    return path
