"""The registry: what it accepts, and what loading and verifying refuse."""

import socket
import tomllib

import polars as pl
import pytest

from simlib.traces import TABLES, DataError, load, registry, verify
from simlib.traces._files import parquet_bytes, sha256
from simlib.traces._toml import to_toml
from tests.traces.small_data import FAMILIES, family_tables, small_tables, write_data


def test_an_intact_data_set_loads(data):
    traces = load("tiny", directory=data)
    assert traces.id == "tiny"
    for name, frame in small_tables().items():
        assert getattr(traces, name).equals(frame)
    exact = traces.exact()
    assert exact["log_p"].to_list() == [-0.75, -1.0]
    assert exact["p"].to_list() == pytest.approx([0.4723665527, 0.3678794412])
    sampled = traces.sampled()
    assert sampled.select("item_id", "n", "successes", "log_p").rows() == [
        ("answers/copy-2/0000", 10, 4, -1.0)
    ]
    assert traces.steps_with_items()["task"].to_list() == ["add"] * 2 + ["copy"] * 4
    assert set(traces.prompts) == {"add-1", "copy-2"}


@pytest.mark.parametrize("family", FAMILIES)
def test_tables_that_a_data_set_lacks_are_empty(tmp_path, family):
    tables = family_tables(family)
    write_data(tmp_path, tables, family=family)
    traces = load("tiny", directory=tmp_path)
    for name, table in TABLES.items():
        frame = getattr(traces, name)
        assert frame.schema == table.schema
        assert frame.equals(tables[name]) if name in tables else frame.is_empty()
    joined = {
        "steps": traces.steps_with_items(),
        "chain_steps": traces.chains_with_items(),
        "votes": traces.votes_with_items(),
        "pivots": traces.pivots_with_items(),
    }
    for name, frame in joined.items():
        assert frame.height == getattr(traces, name).height
        assert frame.columns[-2:] == ["task", "level"]
        assert frame["task"].null_count() == 0
    assert traces.exact().height == {"answers": 2, "attempts": 1}.get(family, 0)
    rules = traces.sampled()["stop_rule"].to_list()
    assert rules == (["fixed", "first_success"] if family == "attempts" else [])
    assert all(check.ok for check in verify(directory=tmp_path))


def test_the_size_is_that_of_the_files(data):
    entry = registry(directory=data)["tiny"]
    assert entry.size(directory=data) == sum(p.stat().st_size for p in (data / "tiny").iterdir())
    (data / "tiny" / "prompts.json").unlink()
    with pytest.raises(DataError, match=r"prompts\.json: the file is missing"):
        entry.size(directory=data)


def test_the_registry_survives_being_written(data):
    entry = registry(directory=data)["tiny"]
    assert entry == write_data(data)
    assert entry.known_faults[1] == "It has a back\\slash."
    write_data(data, id="other")
    assert list(registry(directory=data)) == ["other", "tiny"]


def test_toml_round_trip():
    tables = {
        "a-b": {"text": 'quote " slash \\ line\n\x7f é', "n": 3, "x": 0.1, "yes": True, "l": ["a"]},
        "c d": {"deep": {"deeper": {"n": 1}}, "many": [{"k": 1}, {"k": 2, "sub": {"z": []}}]},
    }
    assert tomllib.loads(to_toml(tables)) == tables
    with pytest.raises(TypeError, match="NoneType"):
        to_toml({"a": None})


def test_loading_opens_no_connection(data, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    (data / "tiny" / "steps.parquet").unlink()
    with pytest.raises(DataError, match="never downloaded"):
        load("tiny", directory=data)


def refused(data, says):
    """Loading fails with `says`, and verifying reports the same fault without stopping."""
    with pytest.raises(DataError, match=says) as caught:
        load("tiny", directory=data)
    faulty = [check for check in verify(directory=data) if not check.ok]
    assert [check.message for check in faulty] == [str(caught.value)]
    return str(caught.value)


def test_a_changed_byte_is_refused(data):
    path = data / "tiny" / "attempts.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    message = refused(data, "sha256 is")
    assert str(path) in message
    assert "git checkout" in message


def test_a_truncated_file_is_refused_even_with_a_matching_hash(data):
    path = data / "tiny" / "steps.parquet"
    path.write_bytes(path.read_bytes()[:-30])
    rewrite_hash(data, path)
    refused(data, "cut short")


def rewrite_hash(data, path):
    text = (data / "registry.toml").read_text()
    entry = registry(directory=data)["tiny"]
    old = next(file.sha256 for file in entry.files if file.path == f"tiny/{path.name}")
    (data / "registry.toml").write_text(text.replace(old, sha256(path)))


def replace_table(data, name, frame):
    path = data / "tiny" / f"{name}.parquet"
    path.write_bytes(parquet_bytes(frame))
    rewrite_hash(data, path)


def test_a_wrong_type_is_refused(data):
    frame = small_tables()["steps"].with_columns(pl.col("rank").cast(pl.Float64))
    replace_table(data, "steps", frame)
    refused(data, "column 'rank': the type is Float64; cast it to Int32")


def test_a_stray_item_is_refused(data):
    frame = small_tables()["attempts"].with_columns(item_id=pl.lit("gone") + pl.col("item_id"))
    replace_table(data, "attempts", frame)
    refused(data, "there is no item")


def test_a_missing_row_is_refused(data):
    replace_table(data, "steps", small_tables()["steps"][:-1])
    refused(data, "5 rows, the registry says 6")


def test_broken_prompts_are_refused(data):
    path = data / "tiny" / "prompts.json"
    for content, says in ((b"{", "not JSON"), (b"[1]", "object of texts"), (b"{}", "0 rows")):
        path.write_bytes(content)
        rewrite_hash(data, path)
        refused(data, says)


def test_a_missing_card_is_reported(data):
    (data / "cards" / "tiny.md").unlink()
    assert [check.path for check in verify("tiny", directory=data) if not check.ok] == [
        "cards/tiny.md"
    ]


def edit(data, old, new):
    path = data / "registry.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("schema_version = 2", "schema_version = 99", "schema_version is 99.*same commit"),
        ('licence = "CC-BY-4.0"', 'licence = ""', "'licence' is ''"),
        ('licence = "CC-BY-4.0"\n', "", "no 'licence'"),
        ('licence = "CC-BY-4.0"', 'license = "x"\nlicence = "x"', "unknown field 'license'"),
        ("rows = 3", 'rows = "3"', "file 1 is"),
        ('content = "steps"', 'content = "stairs"', "holds 'stairs'"),
        (
            'content = "steps"',
            'content = "items"',
            "two files hold 'items'; keep one file for each",
        ),
        ('content = "items"', 'content = "votes"', "no file holds 'items'"),
        ("[tiny]", "[tiny", "not TOML"),
    ],
)
def test_a_faulty_entry_is_refused(data, old, new, says):
    edit(data, old, new)
    with pytest.raises(DataError, match=f"(?s){says}") as caught:
        load("tiny", directory=data)
    assert "registry.toml" in str(caught.value)


def test_unknown_data_set_and_missing_registry(data, tmp_path):
    with pytest.raises(DataError, match="no data set 'large'; choose one of tiny"):
        load("large", directory=data)
    with pytest.raises(DataError, match="registry is missing"):
        registry(directory=tmp_path / "nowhere")
