"""Hostile logs end in one clear error, in little memory, and leave nothing behind."""

import json
import os
import shutil
import subprocess
import sys
import zipfile

import pytest

from simlib.traces import DataError
from simlib.traces.importers import Options, import_logs
from simlib.traces.importers._limits import shown
from tests.peak import PEAK
from tests.traces.importers.archives import sample, write_eval
from tests.traces.importers.logs import CHAT, EVAL, EVAL_JSON, LM_REPEATS, read_lines, write_rows

LINE_FORMATS = ["lm-eval", "completions", "counts", "runs"]


@pytest.mark.parametrize("kind", LINE_FORMATS)
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the file is empty; was the evaluation finished"),
        (b"\n \n\n", "only blank lines"),
        (b'\n{"b": ', r"line 2: this is not JSON .*cut short"),
        (b'{"a": "x', r"line 1: this is not JSON .*cut short"),
        (b"{'a': 1}", "line 1: this is not JSON"),
        (b"[]\n", "line 1: expected a JSON object, found a list"),
        (b"3\n", "line 1: expected a JSON object, found 3"),
        (b'{"a": "\xe9"}\n', "line 1: byte 8 is not UTF-8; convert"),
        ('{"a": 1}'.encode("utf-16"), "the text is UTF-16; convert it to UTF-8"),
        (b"\x1f\x8b\x08\x00rest", "compressed with gzip; unpack"),
        (b"PK\x03\x04rest", "zip archive"),
        (b"PAR1rest", "this is a Parquet file"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b'{"a": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001, "nested too deeply"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "this JSON cannot be read"),
        (b'{"a": [' + b"0," * 5_000_000 + b"0]}", "more than 4000000 values; split"),
        (b'{"a": 1, "a": 2}', "the key 'a' stands twice in one object"),
    ],
)
def test_faulty_lines(tmp_path, kind, content, says):
    path = tmp_path / "samples_x.jsonl"
    path.write_bytes(content)
    with pytest.raises(DataError, match=says) as caught:
        import_logs(kind, [path])
    assert str(caught.value).startswith(str(path))
    assert len(str(caught.value)) < len(str(path)) + 250


@pytest.mark.parametrize("kind", [*LINE_FORMATS, "inspect"])
def test_things_that_are_not_files(tmp_path, kind):
    (folder := tmp_path / "x.jsonl").mkdir()
    with pytest.raises(DataError, match="this is a folder; name the files in it"):
        import_logs(kind, [folder])
    with pytest.raises(DataError, match=r"cannot be found \(No such file"):
        import_logs(kind, [tmp_path / "none.jsonl"])
    os.mkfifo(tmp_path / "pipe.jsonl")
    with pytest.raises(DataError, match="not an ordinary file; save it"):
        import_logs(kind, [tmp_path / "pipe.jsonl"])
    with pytest.raises(ValueError, match="at least one file"):
        import_logs(kind, [])
    with pytest.raises(ValueError, match="format must be one of lm-eval, inspect"):
        import_logs("lm_eval", [LM_REPEATS])


def test_a_long_line_is_never_read_whole(tmp_path):
    path = tmp_path / "x.jsonl"
    with path.open("wb") as handle:
        handle.write(b'{"a": "')
        handle.truncate(1 << 40)  # a terabyte of zeros that takes no space
    with pytest.raises(DataError, match=r"line 1: the line is longer than 16777216 .*max-line"):
        import_logs("lm-eval", [path])
    with pytest.raises(DataError, match=r"more than 67108864 bytes.*inspect log convert"):
        import_logs("inspect", [path])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"doc_id": None}, "column 'doc_id': expected a name, found None"),
        ({"doc_id": 1.5}, "column 'doc_id': expected a name, found 1.5"),
        ({"doc_id": 0}, "the problem '0' stands twice in this file"),
        ({"metrics": ["acc"]}, "there is no metric 'acc'; this line has acc"),
        ({"metrics": []}, "no metric is named"),
        ({"metrics": "pass@1"}, "no metric is named"),
        ({"metrics": ["doc"]}, "there is no metric 'doc'"),
        ({"filter": "other"}, "filters 'all' and 'other'; choose one with --filter"),
        ({"filter": 3}, "column 'filter': expected text, found 3"),
        ({"pass@1": 0.3}, "the value 0.3 is not a share of 4 responses"),
        ({"pass@1": 1e308}, "the value 1e[+]308 is not a share"),
        ({"pass@1": -0.25}, "the value -0.25 is not a share"),
        ({"pass@1": 1.25}, "the value 1.25 is not a share"),
        ({"pass@1": float("nan")}, "column 'pass@1': expected a finite number, found nan"),
        ({"pass@1": None}, "expected a finite number, found None"),
        ({"pass@1": []}, "the list of marks is empty"),
        ({"pass@1": [1, 0, 2]}, "the mark 2 is neither 0 nor 1; .*--threshold"),
        ({"resps": 3}, "the mark 0.5 is neither 0 nor 1"),
        ({"metrics": ["pass@4"], "pass@4": 1.0}, "pass@4 is not a mean over the 4 responses"),
    ],
)
def test_faulty_lm_eval(tmp_path, change, says):
    rows = read_lines(LM_REPEATS)[:2]
    rows[1] |= {"pass@1": 0.5} | change
    if change.get("metrics") == ["pass@4"]:
        rows = rows[1:]
    with pytest.raises(DataError, match=says):
        import_logs("lm-eval", [write_rows(tmp_path / "x.jsonl", rows)])


def test_lists_of_marks_and_thresholds(tmp_path):
    row = {"doc_id": 1, "metrics": ["m"], "m": [1.0, 0.0, True, 0.4], "filter": "none"}
    path = write_rows(tmp_path / "x.jsonl", [row])
    with pytest.raises(DataError, match=r"the mark 0.4 is neither"):
        import_logs("lm-eval", [path])
    found = import_logs("lm-eval", [path], Options(threshold=0.4)).summary()
    assert (found["attempts"], found["successes"]) == (4, 3)
    with pytest.raises(ValueError, match="threshold must be a number, got NaN"):
        import_logs("lm-eval", [path], Options(threshold=float("nan")))
    with pytest.raises(ValueError, match="'errors_fail' does not apply to the format 'lm-eval'"):
        import_logs("lm-eval", [path], Options(errors_fail=True))
    with pytest.raises(DataError, match="threshold for single marks cannot be used"):
        import_logs("lm-eval", [LM_REPEATS], Options(threshold=0.5))


@pytest.mark.parametrize(
    ("samples", "says"),
    [
        ([], "the log has no samples"),
        ({}, r"expected a list(?: of samples)?, found an object"),
        ([3], "sample 1: expected a JSON object, found 3"),
        ([sample(), sample()], "sample 2, column 'epoch': the sample 'a' has epoch 1 twice"),
        ([sample(1), sample("1")], "sample 2, column 'epoch': the sample '1' has epoch 1 twice"),
        ([sample(epoch=0)], "column 'epoch': the value 0 is below 1"),
        ([sample(epoch="1")], "column 'epoch': expected a whole number"),
        ([sample(None)], "column 'id': expected a name"),
        ([sample(value=0.5)], "column 'match': the mark 0.5 is neither 0 nor 1"),
        ([sample(value="P")], "column 'match': the mark 0.5 is neither 0 nor 1"),
        ([sample(value="maybe")], "expected a finite number, found 'maybe'"),
        ([sample(value=float("inf"))], "expected a finite number, found inf"),
        ([sample(value="nan")], "expected a finite number, found nan"),
        ([sample(value=[1])], "expected a finite number, found a list"),
        ([sample(value={"x": 1, "y": 0})], "several values: x, y; choose one with --metric match/"),
        ([sample() | {"scores": []}], "column 'scores': expected an object"),
        ([sample() | {"scores": {"a": 1}}], "there is no score 'a'"),
        ([sample() | {"scores": None}], r"nothing to import; samples without a score"),
        ([sample(value=float("nan"))], "nothing to import; samples that the scorer did not score"),
    ],
)
@pytest.mark.parametrize("suffix", [".eval", ".json"])
def test_faulty_inspect(tmp_path, suffix, samples, says):
    path = tmp_path / f"x{suffix}"
    if suffix == ".eval":
        write_eval(path, samples)
    else:
        path.write_text(json.dumps({"eval": {"task": "t", "model": "m"}, "samples": samples}))
    with pytest.raises(DataError, match=says):
        import_logs("inspect", [path])


def test_samples_with_errors_and_partial_credit(tmp_path):
    samples = [
        sample(epoch=1),
        sample(epoch=2, value="P"),
        sample(epoch=3) | {"scores": None, "error": "out of memory"},
        sample(epoch=4, value="N"),
    ]
    header = {"status": "error", "eval": {"task": "t", "model": "m"}}
    path = write_eval(tmp_path / "x.eval", samples, header)
    left_out = import_logs("inspect", [path], Options(threshold=1))
    assert left_out.frame.rows() == [("a", 3, 1, "m", "t", "fixed")]
    assert "left out; --errors-fail counts them (1 times)" in " ".join(left_out.notes)
    assert "status 'error'" in left_out.notes[0]
    counted = import_logs("inspect", [path], Options(threshold=0.5, errors_fail=True))
    assert counted.frame.rows() == [("a", 4, 2, "m", "t", "fixed")]


def test_an_interrupted_log_is_read_from_its_journal(tmp_path):
    path = tmp_path / "x.eval"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("_journal/start.json", json.dumps({"eval": {"task": "t", "model": "m"}}))
        for i in (1, 2, 10):
            archive.writestr(f"_journal/summaries/{i}.json", json.dumps([sample(epoch=i)]))
    assert import_logs("inspect", [path]).frame["attempts"].to_list() == [3]


def test_messages_never_repeat_what_a_log_holds_at_length():
    for value in ("\x1b[31m" * 1000, "\u202e" * 99, list(range(10**6)), {"a": 1}, 10**300, b"x"):
        assert len(shown(value)) <= 80
        assert shown(value).isascii()
        assert shown(value).isprintable()


MEMORY = f"""
{PEAK}
import sys
from pathlib import Path
from simlib.traces.importers import import_logs
try:
    import_logs("lm-eval", [Path(sys.argv[1])])
except ValueError as error:
    print(error, file=sys.stderr)
print(peak())
"""


@pytest.mark.parametrize(
    "content", [b"[]," * 1_900_000, b'"",' * 3_900_000, b"{}," * 1_900_000, b"1e5," * 3_900_000]
)
def test_memory_is_bounded(tmp_path, content):
    """With the worst lines that pass the limits the process stays under half a gibibyte."""
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"a": [' + content + b"1]}\n")
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(path)],
        capture_output=True, text=True, check=True, env={**os.environ, "JAX_PLATFORMS": "cpu"},
    )  # fmt: skip
    assert "column 'doc_id': expected a name" in done.stderr, "the line must have been parsed"
    assert float(done.stdout) < 512


def test_results_file_beside_a_log_is_not_trusted_either(tmp_path):
    log = tmp_path / "samples_copy_2026-01-01T00-00-00.5.jsonl"
    shutil.copy(LM_REPEATS, log)
    assert import_logs("lm-eval", [log]).frame["model"].to_list() == [None] * 12
    results = tmp_path / "results_2026-01-01T00-00-00.5.json"
    results.write_text('{"model_name": 3}')
    with pytest.raises(DataError, match=r"results_.*column 'model_name': expected text, found 3"):
        import_logs("lm-eval", [log])
    assert import_logs("lm-eval", [log], Options(model="m")).summary()["models"] == ["m"]


@pytest.mark.parametrize(
    ("kind", "path"), [("inspect", LM_REPEATS), ("lm-eval", CHAT), ("completions", LM_REPEATS),
                       ("lm-eval", EVAL), ("completions", EVAL_JSON), ("counts", LM_REPEATS)]
)  # fmt: skip
def test_the_wrong_format_is_noticed(kind, path):
    with pytest.raises(DataError):
        import_logs(kind, [path])
