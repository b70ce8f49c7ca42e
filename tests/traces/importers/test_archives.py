"""Hostile archives: names, sizes and lists of members that lie."""

import json
import zipfile

import pytest

from simlib.traces import DataError
from simlib.traces.importers import Limits, Options, import_logs
from tests.traces.importers.archives import sample, write_eval, write_zstd_member, zstd_frame
from tests.traces.importers.logs import EVAL


@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "a/../../x", "..\\x", "C:\\x", "c:/x", "\\\\host\\x", ".."]
)
def test_members_that_point_out_of_the_archive(tmp_path, name):
    path = write_eval(tmp_path / "x.eval", [sample()], extra=[(name, b"evil")])
    with pytest.raises(DataError, match=r"points out of the archive; do not use"):
        import_logs("inspect", [path])
    assert [p.name for p in tmp_path.iterdir()] == ["x.eval"]


def test_bombs(tmp_path):
    limits = Limits(document=1 << 20)
    bomb = b"[" + b" " * (8 << 20) + b"]"
    path = write_eval(tmp_path / "x.eval", [])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", json.dumps({"eval": {"task": "t", "model": "m"}}))
        archive.writestr("summaries.json", bomb)
    with pytest.raises(DataError, match="declares 8388610 bytes, more than 1048576"):
        import_logs("inspect", [path], None, limits)
    # The declared size lies: in the list of members and in front of the member.
    size = len(bomb).to_bytes(4, "little")
    assert path.read_bytes().count(size) == 2
    path.write_bytes(path.read_bytes().replace(size, (100).to_bytes(4, "little")))
    with pytest.raises(DataError, match=r"cannot be unpacked|differ from what"):
        import_logs("inspect", [path], None, limits)


def test_bombs_of_zstandard(tmp_path):
    path = tmp_path / "x.eval"
    blocks = [(b" ", 1 << 17)] * (1 << 16)  # 256 KiB that unpack to 8 GiB
    write_zstd_member(path, "summaries.json", zstd_frame(blocks), declared=100)
    assert path.stat().st_size < 300_000
    with pytest.raises(DataError, match="unpacks to more than 67108864 bytes"):
        import_logs("inspect", [path])


@pytest.mark.parametrize("checksum", [b"", b"\0\0\0\0"])
def test_zstandard_by_hand(tmp_path, checksum):
    content = json.dumps([sample()], indent=1).encode()
    frame = zstd_frame([content[:9], content[9:], (b" ", 70)])
    assert import_logs(
        "inspect",
        [write_zstd_member(tmp_path / "x.eval", "summaries.json", frame, content + b" " * 70)],
    ).frame.rows() == [("a", 1, 1, "m", "t", "fixed")]
    cases = {
        frame[:-1]: "a block is cut short",
        frame[:4]: "not a Zstandard frame",
        b"": "not a Zstandard frame",
        frame + b"x": "not a Zstandard frame",
        b"\x28\xb5\x2f\xfd\x00\x58\x07\0\0": "a block is malformed",
        zstd_frame([content], checksum=b"\1\2\3\4"): "the packed data are damaged",
        zstd_frame([content[:-1] + b"}"]): "size or checksum differ",
        zstd_frame([content[:-1] + b"\x1e"]): "damaged|checksum differ",
        zstd_frame([content[:-1] + b"\xff"]): "damaged|checksum differ",
    }
    for packed, says in cases.items():
        path = write_zstd_member(tmp_path / "x.eval", "summaries.json", packed, content)
        with pytest.raises(DataError, match=says):
            import_logs("inspect", [path])


def test_archives_that_are_damaged(tmp_path):
    whole = EVAL.read_bytes()
    options = Options(metric="match")
    path = tmp_path / "x.eval"
    for cut in (1, 22, 1000, len(whole) // 2, len(whole) - 5):
        path.write_bytes(whole[:-cut])
        with pytest.raises(DataError):
            import_logs("inspect", [path], options)
    # A list of members that claims to be huge, in the short and in the long form.
    end = whole.rindex(b"PK\x05\x06")
    path.write_bytes(whole[: end + 12] + b"\xff\xff\xff\x7f" + whole[end + 16 :])
    with pytest.raises(DataError, match="its list of members takes 2147483647 bytes"):
        import_logs("inspect", [path], options)
    record = b"PK\x06\x06" + bytes(36) + (1 << 40).to_bytes(8, "little") + bytes(8)
    locator = b"PK\x06\x07" + bytes(4) + end.to_bytes(8, "little") + bytes(4)
    path.write_bytes(whole[:end] + record + locator + whole[end:])
    with pytest.raises(DataError, match=f"takes {1 << 40} bytes"):
        import_logs("inspect", [path], options)
    write_eval(path, [sample()], compression=zipfile.ZIP_LZMA)
    with pytest.raises(DataError, match="packed with method 14"):
        import_logs("inspect", [path])
    content = bytearray(write_eval(path, [sample()]).read_bytes())
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="encrypted"):
        import_logs("inspect", [path])
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "x")
    with pytest.raises(DataError, match=r"no header.json; is this an Inspect log"):
        import_logs("inspect", [path])
