"""Seeded damage to logs, at the level of bytes, of JSON values, and of archives."""

import copy
import json
import zipfile
from io import BytesIO

# Values and texts that have broken readers before.
VALUES = [
    None, True, False, 0, -1, 1, 2, 0.5, -0.0, 1e308, 10**400, 2**63, 2**53 + 1, -(2**31),
    float("nan"), float("inf"), -float("inf"), "", "\x00", "\ud800", "a" * 9999, "C", "1", "NaN",
    "../x", "=1+1", "\u202e", "é", [], {}, [[]], [None], [1, "a"], {"": None}, {"value": {"a": 1}},
]  # fmt: skip
TOKENS = [
    b"NaN", b"-Infinity", b"1e999", b"-1", b"null", b"true", b"[]", b"{}", b'"', b"\\", b"\x00",
    b"\xff", b"\xef\xbb\xbf", b"\r", b"\n", b",", b"\t", b":", b"9" * 5000, b"[" * 2000, b'{"a":',
    b'"\\ud800"', b"PK\x05\x06", b"PK\x01\x02", b"PAR1", b"\x28\xb5\x2f\xfd", b"\x1e", b"\xff" * 8,
]  # fmt: skip


def mutated_bytes(rng, content, other):
    """Flip, cut, insert, repeat or splice bytes, one to four times."""
    data = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        at, length = rng.randrange(len(data) + 1), rng.choice([1, 2, 4, 8, 64, 1024])
        kind = rng.randrange(7)
        if kind == 0 and data:
            data[at % len(data)] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del data[at : at + length]
        elif kind == 2:
            data[at : at + rng.choice([0, length])] = rng.choice(TOKENS)
        elif kind == 3:
            data[at:at] = data[at : at + length]
        elif kind == 4:
            data[at : at + length] = rng.randbytes(length)
        elif kind == 5:
            start = rng.randrange(len(other))
            data[at : at + length] = other[start : start + length]
        elif rng.random() < 0.3:
            del data[at:]
    return bytes(data)


def mutated_value(rng, value):
    """A copy of a JSON value with one to three places changed."""
    value = json.loads(json.dumps(value))
    for _ in range(rng.randint(1, 3)):
        places = _places(value)
        if not places:
            return copy.deepcopy(rng.choice(VALUES))
        parent, key = rng.choice(places)
        kind = rng.randrange(5)
        if kind == 0:
            del parent[key]
        elif kind == 1:
            source, other = rng.choice(places)
            held = list(source) if isinstance(source, dict) else range(len(source))
            if other in held:
                parent[key] = json.loads(json.dumps(source[other]))
        elif kind == 2 and isinstance(parent, list):
            parent.append(parent[key])
        else:
            parent[key] = copy.deepcopy(rng.choice(VALUES))
    return value


def _places(value):
    found, todo = [], [value]
    while todo:
        node = todo.pop()
        keys = list(node) if isinstance(node, dict) else range(len(node))
        for key in keys:
            found.append((node, key))
            if isinstance(node[key], dict | list):
                todo.append(node[key])
    return found


def mutated_lines(rng, content):
    """JSONL with some lines changed as values, repeated, dropped or swapped."""
    rows = [json.loads(line) for line in content.splitlines()]
    for _ in range(rng.randint(1, 3)):
        i, kind = rng.randrange(len(rows)), rng.randrange(6)
        if kind == 0:
            rows.insert(rng.randrange(len(rows)), rows[i])
        elif kind == 1 and len(rows) > 1:
            del rows[i]
        else:
            rows[i] = mutated_value(rng, rows[i])
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def mutated_archive(rng, members):
    """An archive whose members are changed but whose sizes and checksums are right, mostly."""
    buffer = BytesIO()
    compression = rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_DEFLATED])
    victim = rng.choice(sorted(members))
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, value in members.items():
            content = json.dumps(value).encode()
            if name == victim:
                kind = rng.randrange(5)
                if kind == 0:
                    content = mutated_bytes(rng, content, content)
                elif kind == 1:
                    name = rng.choice(["../" + name, "/" + name, name + "\x00", "é" + name, "x"])
                elif kind == 2 and rng.random() < 0.3:
                    continue
                else:
                    content = json.dumps(mutated_value(rng, value)).encode()
            archive.writestr(name, content)
    packed = buffer.getvalue()
    return mutated_bytes(rng, packed, packed) if rng.random() < 0.2 else packed


def mutated_zstd(rng, content):
    """A real archive with bytes of a packed member changed and its checksum left alone."""
    data = bytearray(content)
    starts = [i for i in range(len(data) - 4) if data[i : i + 4] == b"\x28\xb5\x2f\xfd"]
    at = rng.choice(starts[-3:]) + rng.randrange(40)
    data[at] = rng.randrange(256)
    return bytes(data)
