"""Logs of real evaluations become the counts that one gets by hand."""

import json
import math

import pytest

from simlib.traces import DataError
from simlib.traces.importers import IMPORT_TABLES, Options, import_logs, validate_import
from tests.traces.importers.logs import (
    CHAT,
    EVAL,
    EVAL_JSON,
    LM_CHOICE,
    LM_FILTERS,
    LM_REPEATS,
    LM_RESULTS,
    TEXT,
    read_lines,
)


def counts(imported):
    """Attempts and successes by problem."""
    rows = imported.frame.select("problem", "attempts", "successes").iter_rows()
    return {problem: (attempts, successes) for problem, attempts, successes in rows}


def regraded(path, responses):
    """Compare responses with the answer in the log, without the log's own marks."""
    found = {}
    for row in read_lines(path):
        texts = responses(row)
        right = sum(text.strip() == row["doc"]["answer"] for text in texts)
        found[str(row["doc_id"])] = (len(texts), right)
    return found


def test_lm_eval_repeats():
    imported = import_logs("lm-eval", [LM_REPEATS])
    assert counts(imported) == regraded(LM_REPEATS, lambda row: row["resps"][0])
    summary = imported.summary()
    # What lm-eval itself reports for the task.
    reported = json.loads(LM_RESULTS.read_text())["results"]["copy_repeats"]["pass@1,all"]
    assert summary["successes"] / summary["attempts"] == pytest.approx(reported)
    assert summary["attempts"] == 12 * 4
    assert summary["models"] == ["smollm2-135m-instruct"]
    assert summary["benchmarks"] == ["copy_repeats"]
    assert "share of right ones" in summary["notes"][0]
    # The same by comparing texts.
    matched = import_logs("lm-eval", [LM_REPEATS], Options(match=True))
    assert counts(matched) == counts(imported)


@pytest.mark.parametrize("name", ["first", "vote"])
def test_lm_eval_filters(name):
    with pytest.raises(DataError, match=r"line 13.*'first' and 'vote'.*--filter"):
        import_logs("lm-eval", [LM_FILTERS])
    imported = import_logs("lm-eval", [LM_FILTERS], Options(filter=name))
    reported = json.loads(LM_RESULTS.read_text())["results"]["copy_filters"]
    found = imported.summary()
    assert found["attempts"] == 12
    assert found["successes"] / 12 == pytest.approx(reported[f"exact_match,{name}"])
    assert "3 responses, of which only one was marked" in found["notes"][0]
    matched = import_logs("lm-eval", [LM_FILTERS], Options(filter=name, match=True))
    assert counts(matched) == regraded(LM_FILTERS, lambda row: row["resps"][0])
    assert matched.summary()["attempts"] == 36
    assert counts(matched) != counts(imported)


def test_lm_eval_multiple_choice():
    with pytest.raises(DataError, match=r"several metrics: acc, acc_norm.*--metric"):
        import_logs("lm-eval", [LM_CHOICE])
    imported = import_logs("lm-eval", [LM_CHOICE], Options(metric="acc"))
    expected = {}
    for row in read_lines(LM_CHOICE):
        scores = [float(log_prob) for ((log_prob, _),) in row["resps"]]
        best = max(range(len(scores)), key=scores.__getitem__)
        expected[str(row["doc_id"])] = (1, int(best == int(row["target"])))
    assert counts(imported) == expected
    assert 0 < imported.summary()["successes"] < 12
    with pytest.raises(DataError, match="--match needs a task that generates text"):
        import_logs("lm-eval", [LM_CHOICE], Options(match=True))


def test_several_logs_make_one_table():
    options = Options(match=True, filter="first")
    both = import_logs("lm-eval", [LM_FILTERS], options).frame.height
    assert both == 12
    with pytest.raises(DataError, match="no line with the filter 'first'"):
        import_logs("lm-eval", [LM_FILTERS, LM_REPEATS], options)
    renamed = Options(match=True, benchmark="copy", filter="all")
    assert import_logs("lm-eval", [LM_REPEATS], renamed).summary()["benchmarks"] == ["copy"]


# What `inspect_ai.log.read_eval_log` of Inspect AI 0.3.285 shows for the two logs: the marks of
# the scorer `match` in the order of the epochs.
EVAL_MARKS = ["ICI", "III", "CCI", "III", "III", "ICI", "III", "IIC"]
JSON_MARKS = ["IC", "IC", "CI", "IC", "IC"]


@pytest.mark.parametrize("metric", ["match", "includes"])
@pytest.mark.parametrize(("path", "marks"), [(EVAL, EVAL_MARKS), (EVAL_JSON, JSON_MARKS)])
def test_inspect(path, marks, metric):
    with pytest.raises(DataError, match=r"several scorers: match, includes.*--metric"):
        import_logs("inspect", [path])
    imported = import_logs("inspect", [path], Options(metric=metric))
    expected = {
        f"answers/copy-4/{i:04}": (len(letters), letters.count("C"))
        for i, letters in enumerate(marks)
    }
    assert counts(imported) == expected
    assert imported.summary()["models"] == ["hf/smollm2-135m-instruct"]
    assert imported.summary()["benchmarks"] == ["copy_digits"]
    assert imported.notes == []


def test_inspect_logs_of_one_task_are_merged_on_request():
    options = {"metric": "match"}
    with pytest.raises(DataError, match=r"counted before, at .*\.eval.*--merge"):
        import_logs("inspect", [EVAL, EVAL_JSON], Options(**options))
    merged = import_logs("inspect", [EVAL, EVAL_JSON], Options(**options, merge=True))
    found = counts(merged)
    assert found["answers/copy-4/0000"] == (5, 2)
    assert found["answers/copy-4/0007"] == (3, 1)
    assert merged.summary()["attempts"] == 24 + 10


def test_chat_completions():
    imported = import_logs("completions", [CHAT])
    expected = [
        (body["id"], choice["index"], i, step["token"], step["logprob"], step["top_logprobs"])
        for body in read_lines(CHAT)
        for choice in body["choices"]
        for i, step in enumerate(choice["logprobs"]["content"])
    ]
    check_steps(imported, expected)


def test_older_completions():
    imported = import_logs("completions", [TEXT])
    expected = []
    for body in read_lines(TEXT):
        for choice in body["choices"]:
            said = choice["logprobs"]
            for i, token in enumerate(said["tokens"]):
                top = [{"logprob": x} for x in said["top_logprobs"][i].values()]
                row = (body["id"], choice["index"], i, token, said["token_logprobs"][i], top)
                expected.append(row)
    check_steps(imported, expected)


def check_steps(imported, expected):
    """Compare a steps table with rows of item, attempt, position, token, log_prob, top."""
    frame = imported.frame
    assert frame.height == len(expected) > 50
    names = ["item_id", "attempt", "position", "token"]
    assert frame.select(names).rows() == [row[:4] for row in expected]
    ranked = 0
    for row, (*_, log_prob, top) in zip(frame.iter_rows(named=True), expected, strict=True):
        assert row["log_prob"] == pytest.approx(log_prob, rel=1e-6)
        best = max(x["logprob"] for x in top)
        assert row["top_prob"] == pytest.approx(math.exp(best), rel=1e-6)
        if log_prob == best:
            assert row["rank"] == 1
        ranked += row["rank"] is not None
        assert row["token_id"] is None
        assert row["entropy"] is None
    assert 0 < ranked < frame.height


@pytest.mark.parametrize("table", IMPORT_TABLES)
def test_the_schema_is_checked(table):
    frames = {
        "counts": import_logs("lm-eval", [LM_REPEATS]).frame,
        "steps": import_logs("completions", [CHAT]).frame,
    }
    if table not in frames:
        return
    frame = frames[table]
    assert validate_import(table, frame) is frame
    key = list(IMPORT_TABLES[table].key)
    with pytest.raises(DataError, match="occurs more than once"):
        validate_import(table, frame.vstack(frame[:1]))
    with pytest.raises(DataError, match=f"column '{key[0]}': the column is missing"):
        validate_import(table, frame.drop(key[0]))
    with pytest.raises(DataError, match="no rows"):
        validate_import(table, frame[:0])
    with pytest.raises(DataError, match="no imported table 'items'"):
        validate_import("items", frame)
