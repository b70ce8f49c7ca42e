"""Completions: wrapped, echoed, without probabilities, and faulty in every field."""

import pytest

from simlib.traces import DataError
from simlib.traces.importers import import_logs
from tests.traces.importers.logs import write_rows

STEP = {"token": "a", "logprob": -1.0, "top_logprobs": []}
BODY = {"id": "r", "model": "m"}


def chat(**step):
    return {"choices": [{"index": 0, "logprobs": {"content": [STEP | step]}}]}


def older(**said):
    said = {"tokens": ["a", "b"], "token_logprobs": [-1.0, -2.0]} | said
    return {"choices": [{"index": 0, "logprobs": said}]}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "there is no completion; drop failed requests"),
        ({"error": {"code": 429}, "choices": []}, "there is no completion"),
        ({"choices": []}, "column 'choices': expected a list"),
        ({"choices": [{"index": 0, "logprobs": None}]}, r"found None; ask the server .*logprobs"),
        ({"choices": [{"index": 0, "logprobs": {}}]}, "neither 'content' nor 'tokens' is a list"),
        ({"choices": [{"index": -1}]}, "column 'index': the value -1 is below 0"),
        ({"choices": [{"index": 2**40}]}, "column 'index': the number is too large"),
        ({"choices": [3]}, "column 'choices': expected an object, found 3"),
        ({**chat(), "model": None}, "column 'model': expected text"),
        ({**chat(), "id": None}, "column 'id': expected a name"),
        (chat(logprob=0.5), "token 0, column 'logprob': the log-probability 0.5 is above 0"),
        (chat(logprob=None), "column 'logprob': expected a number, found None"),
        (chat(logprob=float("nan")), "expected a finite number, found nan"),
        (chat(logprob="-1"), "expected a finite number, found '-1'"),
        (chat(token=None), "column 'token': expected text, found None"),
        (chat(top_logprobs=[1]), "column 'top_logprobs': expected objects"),
        (chat(top_logprobs=[{"logprob": 1}]), "the log-probability 1 is above 0"),
        (older(token_logprobs=[-1.0]), "column 'token_logprobs': a list does not go with 2 tokens"),
        (older(token_logprobs=[-1.0, None]), "token 1, .*expected a number, found None"),
        (older(top_logprobs=[{}]), "column 'top_logprobs': a list does not go with 2 tokens"),
        (older(top_logprobs=[[], []]), "column 'top_logprobs': expected an object"),
        (older(tokens=[]), "a list does not go with 0 tokens"),
    ],
)
def test_faulty_completions(tmp_path, body, says):
    path = write_rows(tmp_path / "x.jsonl", [BODY | body])
    with pytest.raises(DataError, match=says):
        import_logs("completions", [path])


def test_wrapped_echoed_and_impossible_completions(tmp_path):
    rows = [
        {"custom_id": "q", "response": {"status_code": 200, "body": BODY | chat()}},
        {"id": 7, "response": BODY | older(token_logprobs=[None, -float("inf")])},
        BODY | chat(logprob=1e-6, top_logprobs=[{"token": "a", "logprob": 1e-6}]),
    ]
    imported = import_logs("completions", [write_rows(tmp_path / "x.jsonl", rows)])
    columns = ["item_id", "position", "token", "log_prob", "rank"]
    assert imported.frame.select(columns).rows() == [
        ("q", 0, "a", -1.0, None),
        ("7", 1, "b", -float("inf"), None),
        ("r", 0, "a", 0.0, 1),
    ]
    assert imported.notes == ["tokens without a probability were left out (1)"]
    path = write_rows(tmp_path / "y.jsonl", [BODY | chat(), BODY | chat()])
    with pytest.raises(DataError, match="line 2, column 'id': sample 0 of 'r' was read before"):
        import_logs("completions", [path])


def test_the_last_listed_token_has_no_rank(tmp_path):
    """A server may list the sampled token after the likeliest ones, so its rank is unknown."""
    top = [{"logprob": x} for x in (-0.5, -0.9, -3.0)]
    rows = [
        {**BODY, "id": str(i), **chat(logprob=x, top_logprobs=top)}
        for i, x in enumerate((-0.5, -0.9, -3.0, -9.0))
    ]
    frame = import_logs("completions", [write_rows(tmp_path / "x.jsonl", rows)]).frame
    assert frame["rank"].to_list() == [1, 2, None, None]
