"""Completions from scripted servers: faults, retries, the key, resuming, and the command line."""

import json
import logging
import random
import re
import time
import traceback
from email.utils import formatdate

import pytest

from simlib.traces.collect import CompletionServer, ServerError, collect
from simlib.traces.collect._completion import Completion
from simlib.traces.collect._http import Cancellation
from simlib.traces.collect._secret import KEY_VARIABLE, MASK, redact
from tests.traces.loopback import (
    Loopback,
    answer,
    completion,
    cut,
    cut_chunked,
    drip,
    files_in,
    hang,
    plan_for,
    raw,
    reset,
    status,
)

KEY = "sk-Zq7w9-Ab3kLm0pR5tX"
LEGACY = {"tokens": ["4", "2"], "token_logprobs": [-0.5, -0.25]}
CHAT = {"content": [{"token": "4", "logprob": -0.5}, {"token": "2", "logprob": -0.25}]}


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    monkeypatch.delenv(KEY_VARIABLE, raising=False)


def client(server, **options):
    return CompletionServer(server.url, **{"timeout": 5.0, "pause": 0.01, **options})


FAULTS = {
    "closed without a word": raw(b""),
    "garbage": raw(b"\x00\x01 this is no HTTP \xff\r\n\r\n"),
    "reset": reset,
    "cut": cut,
    "cut chunked": cut_chunked,
    "408": status(408),
    "429": status(429),
    "500": status(500, b"<h1>Sorry</h1>"),
    "503": status(503, b"", Retry_After="0"),
    "no JSON": status(200, b'{"choices": [{"text": "4'),
    "no UTF-8": status(200, b'{"choices": "\xff"}'),
    "deep JSON": status(200, b"[" * 100_000),
    "no object": answer([1, 2]),
    "no choices": answer({"object": "text_completion"}),
    "empty choices": answer({"choices": []}),
    "no text": answer({"choices": [{"finish_reason": "stop"}]}),
    "aborted": completion("4", reason="abort"),
    "no log-probabilities": completion("42"),
    "log-probabilities of another length": completion(
        "42", logprobs={"tokens": ["4"], "token_logprobs": []}
    ),
    "log-probabilities without numbers": completion(
        "42", logprobs={"tokens": ["42"], "token_logprobs": [None]}
    ),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_that_may_pass_is_followed_by_the_same_request(fault):
    right = completion("42", logprobs=LEGACY)
    with Loopback(right, {0: fault, 1: fault}) as server:
        found = client(server).complete({"prompt": "6 * 7 = "}, log_probs=True)
        assert found == Completion("42", True, (("4", -0.5), ("2", -0.25)))
        assert server.bodies == [{"prompt": "6 * 7 = "}] * 3
    with Loopback(fault) as server:
        with pytest.raises(ServerError) as caught:
            client(server, retries=2).complete({}, log_probs=True)
        assert len(server.requests) == 3
        assert str(caught.value).startswith(f"{server.url}/completions: ")
        assert "(try 3 of 3); " in str(caught.value)


def test_a_refused_connection_is_tried_again_until_the_server_is_up():
    with Loopback(completion("42"), delay=0.4) as server:
        found = client(server, pause=0.1).complete({})
        assert found == Completion("42", True)
        assert len(server.requests) == 1
    with pytest.raises(ServerError, match=r"ConnectionRefusedError.*check that the server runs"):
        client(server, retries=1).complete({})


@pytest.mark.parametrize("behaviour", [hang, drip])
def test_a_server_that_does_not_finish_is_given_up_in_time(behaviour):
    with Loopback(behaviour) as server:
        start = time.monotonic()
        with pytest.raises(ServerError, match=r"no complete answer within 0\.3 s.*longer timeout"):
            client(server, timeout=0.3, retries=1).complete({})
        assert 0.6 <= time.monotonic() - start < 3
        assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (400, "--standard-fields"),
        (401, KEY_VARIABLE),
        (403, KEY_VARIABLE),
        (404, "usually ends in /v1"),
        (422, "--standard-fields"),
    ],
)
def test_a_refusal_is_final_and_says_what_to_do(code, remedy):
    with Loopback(status(code, b'{"error": "no\n such\x1b[31m thing"}')) as server:
        with pytest.raises(ServerError) as caught:
            client(server).complete({})
        assert len(server.requests) == 1
        for words in (f"{server.url}/completions", f"status {code}", "thing", remedy):
            assert words in str(caught.value)
        assert str(caught.value).isprintable()


def test_a_redirect_is_not_followed(monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    with Loopback(completion("42")) as other:
        target = status(307, Location=f"{other.url}/completions?{KEY}")
        with (
            Loopback(target) as server,
            pytest.raises(ServerError, match=rf"redirect to '{re.escape(other.url)}") as caught,
        ):
            client(server).complete({})
        assert len(server.requests) == 1
        assert not other.requests
        assert KEY not in str(caught.value)


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_the_pause_that_a_server_asks_for_is_kept(form):
    asked = "1" if form == "seconds" else formatdate(time.time() + 3, usegmt=True)
    least = 1.0 if form == "seconds" else 1.5  # a date is rounded to seconds
    with Loopback(completion("42"), {0: status(429, Retry_After=asked)}) as server:
        start = time.monotonic()
        client(server).complete({})
        assert time.monotonic() - start > least


@pytest.mark.parametrize("value", ["soon", "-5", "1e3", "Mon, 99 Foo", ""])
def test_a_pause_that_makes_no_sense_is_none(value):
    with Loopback(completion("42"), {0: status(503, Retry_After=value)}) as server:
        start = time.monotonic()
        client(server).complete({})
        assert time.monotonic() - start < 2


def test_a_server_that_asks_for_an_hour_is_not_waited_for():
    with (
        Loopback(status(429, Retry_After="3600")) as server,
        pytest.raises(ServerError, match="asks to wait 3600 s; repeat the command then"),
    ):
        client(server).complete({})


def test_pauses_double_and_are_random(monkeypatch):
    pauses = []
    monkeypatch.setattr(Cancellation, "pause", lambda self, seconds: bool(pauses.append(seconds)))
    monkeypatch.setattr("random.uniform", random.Random(5).uniform)
    with Loopback(status(500)) as server, pytest.raises(ServerError):
        client(server, retries=9, pause=0.5).complete({})
    means = [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    shares = [pause / mean for pause, mean in zip(pauses, means, strict=True)]
    assert all(0.5 <= share <= 1.5 for share in shares)
    assert max(shares) - min(shares) > 0.3


@pytest.mark.parametrize("form", [LEGACY, CHAT])
def test_both_forms_of_log_probabilities_are_read(form):
    with Loopback(completion("42", logprobs=form)) as server:
        found = client(server).complete({}, log_probs=True)
    assert found.log_probs == (("4", -0.5), ("2", -0.25))


def test_text_that_no_file_can_hold_is_replaced():
    with Loopback(completion("4\ud8002", reason="length")) as server:
        assert client(server).complete({}) == Completion("4?2", False)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("localhost:8000/v1", "got 'localhost:8000/v1'"),
        ("ftp://localhost/v1", "got 'ftp://localhost/v1'"),
        ("http:///v1", "got 'http:///v1'"),
        ("http://localhost:99999/v1", "got 'http://localhost:99999/v1'"),
        ("http://local host/v1", "got 'http://local host/v1'"),
        ("http://localhost/v1\r\nX: y", "url must look like"),
        ("", "got ''"),
    ],
)
def test_wrong_addresses_are_explained(url, says):
    with pytest.raises(ValueError, match=r"url must look like http://localhost:8000/v1") as caught:
        CompletionServer(url)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "url", [f"http://me:{KEY}@host/v1", f"http://host/v1?key={KEY}", f"http://host/v1#{KEY}"]
)
def test_secrets_in_an_address_are_refused_and_not_repeated(url):
    with pytest.raises(ValueError, match=KEY_VARIABLE) as caught:
        CompletionServer(url)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"timeout": 0.0}, "timeout must be a positive number of seconds, got 0"),
        ({"timeout": float("nan")}, "timeout must be a positive"),
        ({"pause": -1.0}, "pause must be a positive"),
        ({"retries": -1}, "retries must be at least 0, got -1"),
    ],
)
def test_wrong_numbers_are_explained(options, says):
    with pytest.raises(ValueError, match=says):
        CompletionServer("http://localhost/v1", **options)


# --- the key ---


def test_the_key_is_sent_as_a_bearer_token_and_only_if_there_is_one(monkeypatch):
    with Loopback(completion("42")) as server:
        client(server).complete({})
        monkeypatch.setenv(KEY_VARIABLE, KEY)
        client(server).complete({})
        without, with_key = server.requests
    assert b"authorization" not in without.lower()
    assert f"Authorization: Bearer {KEY}\r\n".encode() in with_key


ECHOES = {
    "refusal": status(401, f"wrong key: Bearer {KEY}.".encode()),
    "piece of it": status(401, f"wrong key: {KEY[:12]}...{KEY[-8:]}".encode()),
    "JSON": status(400, json.dumps({"headers": {"Authorization": f"Bearer {KEY}"}}).encode()),
    "at the edge of the excerpt": status(400, b"x" * 290 + KEY.encode()),
    "at the edge of what is read": status(400, b"x" * 3988 + KEY.encode()),
    "fault": status(500, KEY.encode()),
    "no JSON": status(200, f"echo {KEY}".encode()),
    "no choices": answer({"echo": KEY}),
    "status line": raw(f"{KEY} what?\r\n\r\n".encode()),
    "completion": completion(f"the key is {KEY}"),
    "token": completion("42", logprobs={"tokens": [KEY], "token_logprobs": [-1.0]}),
}


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES)
def test_a_key_that_the_server_repeats_goes_nowhere(echo, monkeypatch, caplog, capfd, tmp_path):
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    caplog.set_level(logging.DEBUG)
    with Loopback(echo) as server:
        plan = plan_for(server, log_probs=tmp_path / "work" / "log_probs")
        with pytest.raises(ServerError) as caught:
            collect(plan, tmp_path / "work")
    shown = "".join(traceback.format_exception(caught.value))
    printed = "".join(capfd.readouterr())
    written = "".join(path.read_bytes().decode("latin-1") for path in files_in(tmp_path))
    assert (tmp_path / "work" / "settings.json").is_file()
    for text in (shown, str(caught.value), repr(plan), repr(plan.server), caplog.text, printed):
        assert_no_piece_of_the_key(text)
    assert_no_piece_of_the_key(written)
    assert_no_piece_of_the_key(json.dumps(plan.settings()))


def assert_no_piece_of_the_key(text):
    assert not [KEY[at : at + 8] for at in range(len(KEY) - 7) if KEY[at : at + 8] in text]


@pytest.mark.parametrize("key", [f"{KEY}\n", f"{KEY} {KEY}", f"{KEY}\u00fc"])
def test_a_key_that_cannot_be_sent_is_not_shown(monkeypatch, key):
    monkeypatch.setenv(KEY_VARIABLE, key)
    with Loopback(completion("42")) as server:
        with pytest.raises(ValueError, match=KEY_VARIABLE) as caught:
            client(server).complete({})
        assert not server.requests
    assert_no_piece_of_the_key(str(caught.value))


def test_a_short_key_of_a_local_server_does_not_change_completions(monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "4")
    with Loopback(completion("42")) as server:
        assert client(server).complete({}).text == "42"
    assert redact("4") == MASK
