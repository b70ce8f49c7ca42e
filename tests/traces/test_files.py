"""Writing is atomic and deterministic; every kind of damaged file has a message of its own."""

import polars as pl
import pytest

from simlib.traces import DataError
from simlib.traces._files import parquet_bytes, read_parquet, sha256, write_atomic
from tests.traces.small_data import small_tables


def test_write_and_hash(tmp_path):
    path = tmp_path / "folder" / "file"
    write_atomic(path, b"abc")
    # SHA-256 of "abc": FIPS 180-2, appendix B.1.
    assert sha256(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    write_atomic(path, b"abd")
    assert path.read_bytes() == b"abd"
    assert [p.name for p in path.parent.iterdir()] == ["file"]


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_atomic(path, b"old")

    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="disk full"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_the_same_table_gives_the_same_bytes():
    frame = small_tables()["steps"]
    assert parquet_bytes(frame) == parquet_bytes(frame.clone())
    # Chunked in memory or not must make no difference: resumed runs concatenate.
    split = pl.concat([frame[:2], frame[2:]], rechunk=False)
    assert parquet_bytes(split) == parquet_bytes(frame)


def damage(content, kind):
    if kind == "cut":
        return content[:-20]
    if kind == "corrupt":
        middle = len(content) // 2
        return content[:4] + bytes(255 - b for b in content[4:middle]) + content[middle:]
    if kind == "footer":
        return content[:-60] + b"\xff" * 52 + content[-8:]
    return {"empty": b"", "text": b"item_id,model\n"}[kind]


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("cut", "cut short"),
        ("corrupt", "corrupt"),
        ("footer", "corrupt"),
        ("empty", "not a Parquet file"),
        ("text", "not a Parquet file"),
    ],
)
def test_damaged_files(tmp_path, kind, says):
    path = tmp_path / "x.parquet"
    path.write_bytes(damage(parquet_bytes(small_tables()["steps"]), kind))
    with pytest.raises(DataError, match=says) as caught:
        read_parquet(path)
    assert str(path) in str(caught.value)
    assert "git checkout" in str(caught.value)


def test_missing_file(tmp_path):
    with pytest.raises(DataError, match="missing; restore"):
        read_parquet(tmp_path / "none.parquet")
