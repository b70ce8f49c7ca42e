"""`simlib import`: output by suffix, JSON summary, never over a file, never half a file."""

import json
import os
import stat
import subprocess
import sys

import polars as pl
import pytest

from simlib import cli
from simlib.traces import DataError
from simlib.traces.importers import (
    IMPORT_TABLES,
    check_output,
    import_logs,
    validate_import,
    write_table,
)
from tests.traces.importers.logs import CHAT, COUNTS, EVAL, LM_FILTERS, LM_REPEATS, write_rows


def call(capsys, *arguments):
    """Exit code, stdout and stderr of the command."""
    with pytest.raises(SystemExit) as caught:
        cli.main(["import", *map(str, arguments)])
    streams = capsys.readouterr()
    return caught.value.code or 0, streams.out, streams.err


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_output_by_suffix(tmp_path, capsys, suffix):
    out = tmp_path / "new" / f"out{suffix}"
    code, text, notes = call(capsys, "lm-eval", LM_REPEATS, "-o", out)
    assert (code, "successes: 13" in text) == (0, True)
    assert notes.startswith("Note: pass@1 was read as the share")
    read = {".parquet": pl.read_parquet, ".csv": pl.read_csv, ".jsonl": pl.read_ndjson}[suffix]
    schema = IMPORT_TABLES["counts"].schema
    frame = validate_import("counts", read(out, schema_overrides=schema) if suffix != ".parquet"
                            else read(out))  # fmt: skip
    assert frame["attempts"].sum() == 48
    assert stat.S_IMODE(out.stat().st_mode) == 0o644
    # What was written can be read again as a plain table.
    again = tmp_path / "again.parquet"
    assert call(capsys, "counts", out, "-o", again)[0] == 0
    assert pl.read_parquet(again).equals(frame)


def test_json_summary(tmp_path, capsys):
    out = tmp_path / "out.parquet"
    arguments = ("inspect", EVAL, "-o", out, "--metric", "match", "--json")
    code, text, notes = call(capsys, *arguments)
    assert (code, notes) == (0, "")
    assert json.loads(text) == {
        "out": str(out),
        "table": "counts",
        "rows": 8,
        "attempts": 24,
        "successes": 5,
        "benchmarks": ["copy_digits"],
        "models": ["hf/smollm2-135m-instruct"],
        "notes": [],
    }


def test_a_file_is_replaced_only_on_request(tmp_path, capsys):
    out = tmp_path / "out.csv"
    out.write_text("precious")
    code, _, message = call(capsys, "lm-eval", LM_REPEATS, "-o", out)
    assert code == 2
    assert "the file exists; name another one, or replace it with --force" in message
    # A failing import with --force leaves the old file, too.
    code, _, message = call(capsys, "lm-eval", LM_FILTERS, "-o", out, "--force")
    assert (code, "choose one with --filter" in message) == (2, True)
    assert out.read_text() == "precious"
    assert call(capsys, "lm-eval", LM_REPEATS, "-o", out, "--force")[0] == 0
    assert out.read_text().startswith("problem,attempts,successes,model,benchmark,stop_rule\n")
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


def test_a_log_is_never_overwritten(tmp_path, capsys):
    path = write_rows(tmp_path / "x.csv", COUNTS)
    link = tmp_path / "link.csv"
    link.symlink_to(path)
    before = path.read_bytes()
    for out in (path, link):
        code, _, message = call(capsys, "counts", path, "-o", out, "--force")
        assert (code, "this is one of the logs" in message) == (2, True)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("out", "says"), [("x.xlsx", "use one of .parquet"), ("x", "use one of"), ("", "use one of")]
)
def test_unknown_suffixes(tmp_path, capsys, out, says):
    code, _, message = call(capsys, "lm-eval", LM_REPEATS, "-o", tmp_path / out)
    assert (code, says in message) == (2, True)


def test_outputs_that_cannot_be_written(tmp_path):
    frame = pl.DataFrame({"a": [1]})
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError, match="this is a folder"):
        check_output(tmp_path / "folder.csv", [])
    (tmp_path / "file").write_text("x")
    with pytest.raises(DataError, match="cannot be written"):
        write_table(frame, tmp_path / "file" / "x.csv")
    with pytest.raises(DataError, match="the suffix says"):
        write_table(frame, tmp_path / "x.txt")


def test_odd_paths_and_values(tmp_path):
    loop = tmp_path / "loop.csv"
    loop.symlink_to(loop)
    with pytest.raises(DataError, match="the file exists"):
        check_output(loop, [loop.with_name("x")])
    with pytest.raises(DataError, match="cannot be found"):
        import_logs("counts", [loop])
    long = tmp_path / ("x" * 300 + ".csv")
    check_output(long, [])
    with pytest.raises(DataError, match="cannot be written"):
        write_table(pl.DataFrame({"a": [1]}), long)
    impossible = pl.DataFrame({"log_prob": [-1.0, None, -float("inf")]})
    with pytest.raises(DataError, match="JSON cannot hold the infinite values"):
        write_table(impossible, tmp_path / "x.jsonl")
    write_table(impossible, tmp_path / "x.csv")
    assert "-inf" in (tmp_path / "x.csv").read_text()


def test_columns_are_mapped(tmp_path, capsys):
    rows = [{"task_id": "p", "n": 4, "c": 1}]
    path, out = write_rows(tmp_path / "x.jsonl", rows), tmp_path / "o.csv"
    columns = ["--map", "problem=task_id", "--map", "attempts=n"]
    code, _, message = call(capsys, "counts", path, "-o", out, *columns)
    assert code == 2
    assert "column 'successes': the column is missing; there are task_id, n, c" in message
    assert "--map successes=COLUMN" in message
    columns += ["--map", "successes=c"]
    assert call(capsys, "counts", path, "-o", out, *columns, "--benchmark", "b")[0] == 0
    assert out.read_text().splitlines()[1] == "p,4,1,,b,fixed"
    for wrong in ("problem", "=x", "problem="):
        code, _, message = call(capsys, "counts", path, "-o", out, "--force", "--map", wrong)
        assert (code, "--map must look like problem=task_id" in message) == (2, True)


def test_limits_and_options_that_do_not_apply(tmp_path, capsys):
    out = tmp_path / "o.csv"
    code, _, message = call(capsys, "completions", CHAT, "-o", out, "--filter", "x")
    assert (code, "'filter' does not apply to the format 'completions'" in message) == (2, True)
    code, _, message = call(capsys, "csv", CHAT, "-o", out)
    assert (code, "format must be one of lm-eval" in message) == (2, True)
    path = tmp_path / "long.jsonl"
    path.write_text(json.dumps({"doc_id": 1, "metrics": ["m"], "m": 1, "x": "a" * (2 << 20)}))
    code, _, message = call(capsys, "lm-eval", path, "-o", out, "--max-line", "1")
    assert (code, "longer than 1048576 bytes" in message) == (2, True)
    assert call(capsys, "lm-eval", path, "-o", out, "--max-line", "3")[0] == 0


def test_killed_while_writing_leaves_nothing_under_the_name(tmp_path):
    """The process ends, without any clean-up, after the bytes are written and before the name."""
    out = tmp_path / "out.parquet"
    code = (
        "import os, sys\n"
        "from simlib import cli\n"
        "os.replace = lambda *_: os._exit(9)\n"
        f"cli.main(['import', 'lm-eval', {str(LM_REPEATS)!r}, '-o', {str(out)!r}])"
    )
    done = subprocess.run([sys.executable, "-c", code], env=dict(os.environ), capture_output=True)
    assert done.returncode == 9
    assert not out.exists()


def test_names_in_a_log_do_not_reach_the_terminal(tmp_path, capsys):
    row = {"problem": "p", "attempts": 4, "successes": 1, "model": "\x1b[2Jm"}
    path = write_rows(tmp_path / "x.jsonl", [row, row])
    code, _, message = call(capsys, "counts", path, "-o", tmp_path / "o.csv")
    assert (code, "\x1b" in message) == (2, False)
    code, text, _ = call(capsys, "counts", path, "-o", tmp_path / "o.csv", "--merge")
    assert (code, "\x1b" in text) == (0, False)
    assert "\N{REPLACEMENT CHARACTER}[2Jm" in text
