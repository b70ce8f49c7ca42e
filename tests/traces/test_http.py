"""Completions from scripted servers: faults, retries, the key, resuming, and the command line."""

import json
import logging
import random
import re
import time
import traceback
from email.utils import formatdate

import polars as pl
import pytest
from typer.testing import CliRunner

from simlib.cli import main
from simlib.cli._collect import collect_app
from simlib.traces import load
from simlib.traces._tasks import make_group, solve
from simlib.traces.collect import CompletionServer, ServerError, ServerPlan, collect, publish
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
    free_port,
    hang,
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


def files_in(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


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


# --- collecting ---


def plan_for(server, **options):
    chosen = {
        "model": "scripted",
        "entropy": 17,
        "server": client(server, timeout=30.0),
        "server_model": "vendor/name",
        "cells": (("add", 2), ("count", 8)),
        "items_per_cell": 4,
        "attempts": 6,
        "chunk": 2,
        "concurrency": 3,
    }
    return ServerPlan(**chosen | options)


def prompt_of(body):
    return body["prompt"].rsplit("\n", 1)[1]


def play(connection, request):
    """A model that is right for a third of the seeds, wrong or endless for the others."""
    time.sleep(0.005)
    body = json.loads(request.split(b"\r\n\r\n", 1)[1])
    right = solve(prompt_of(body))
    log_probs = {"tokens": [right], "token_logprobs": [-1.5]}
    kinds = (
        completion(right, logprobs=log_probs),
        completion(f"{right}0", logprobs=log_probs),
        completion(right, reason="length", logprobs=log_probs),
    )
    kinds[body["seed"] % 3](connection, request)


def expected_successes(bodies):
    found = {}
    for body in bodies:
        prompt = prompt_of(body)
        found[prompt] = found.get(prompt, 0) + (body["seed"] % 3 == 0)
    return found


def test_a_collection_asks_grades_and_publishes(tmp_path):
    with Loopback(play) as server:
        plan = plan_for(server)
        collected = collect(plan, tmp_path / "work")
        bodies = server.bodies
        assert 1 < server.busiest <= 3
    entry = publish(plan, collected, tmp_path / "data")
    traces = load("server-scripted", directory=tmp_path / "data")
    assert len(bodies) == 2 * 4 * 6
    assert traces.attempts["n"].to_list() == [6] * 8
    assert set(traces.attempts["stop_rule"]) == {"fixed"}
    joined = traces.items.join(traces.attempts, on="item_id")
    assert dict(joined.select("prompt", "successes").iter_rows()) == expected_successes(bodies)
    assert 0 < traces.attempts["successes"].sum() < 48
    votes = traces.votes
    assert votes["count"].sum() == 48
    assert votes.filter("correct")["count"].sum() == traces.attempts["successes"].sum()
    unended = sum(body["seed"] % 3 == 2 for body in bodies)
    assert votes.filter(pl.col("answer").is_null())["count"].sum() == unended

    group = make_group("add", 2, items=4, shots=8, entropy=17)
    first = next(body for body in bodies if prompt_of(body) == group.items[0][0])
    assert first["prompt"] == group.prefix + group.items[0][0]
    asked = {name: first[name] for name in ("temperature", "top_p", "n", "stop", "top_k", "min_p")}
    assert asked == {
        "temperature": 1.0,
        "top_p": 1.0,
        "n": 1,
        "stop": ["\n"],
        "top_k": -1,
        "min_p": 0.0,
    }
    assert first["model"] == "vendor/name"
    assert first["max_tokens"] == 1 + max(len(answer) for _, answer in group.items)
    assert "logprobs" not in first
    assert len({body["seed"] for body in bodies}) == len(bodies)
    assert entry.model["source"] == server.url
    assert any("Not reproducible" in fault for fault in entry.known_faults)
    assert "threads" not in entry.sampling


def test_only_standard_fields_are_sent_on_demand(tmp_path):
    with Loopback(play) as server:
        plan = plan_for(server, standard_fields=True)
        collect(plan, tmp_path / "work")
        standard = {"model", "prompt", "max_tokens", "temperature", "top_p", "n", "stop", "seed"}
        assert {frozenset(body) for body in server.bodies} == {frozenset(standard)}
    assert plan.choices()["vocabulary"] == "as the server has it"


def test_log_probabilities_lie_beside_the_chunks(tmp_path):
    with Loopback(play) as server:
        plan = plan_for(server, log_probs=tmp_path / "work" / "log_probs")
        collect(plan, tmp_path / "work")
        assert {body["logprobs"] for body in server.bodies} == {1}
    paths = sorted((tmp_path / "work" / "log_probs").iterdir())
    assert [path.stem for path in paths] == sorted(job.name for job in plan.jobs())
    rows = [json.loads(line) for path in paths for line in path.read_text().splitlines()]
    assert len(rows) == 48
    assert {row["attempt"] for row in rows} == set(range(6))
    assert {tuple(row["log_prob"]) for row in rows} == {(-1.5,)}


def test_a_run_that_fails_is_resumed_and_repeats_no_finished_chunk(tmp_path):
    whole, work = tmp_path / "whole", tmp_path / "work"
    with Loopback(play) as server:
        plan = plan_for(server)
        expected = collect(plan, whole)
        count = len(server.requests)
        # Both other requests of the moment hang; they must not hold the error back.
        server.script = {count + 26: hang, count + 27: hang, count + 28: status(404)}
        start = time.monotonic()
        with pytest.raises(ServerError, match="status 404"):
            collect(plan, work)
        assert time.monotonic() - start < 5
        finished = {path: path.stat().st_mtime_ns for path in work.rglob("*.parquet")}
        assert len(finished) == 4  # two tables of two chunks of 12 requests
        assert not list(work.rglob("*.tmp"))
        before = len(server.requests)
        found = collect(plan, work)
        assert len(server.requests) - before == 48 - 24
        assert all(path.stat().st_mtime_ns == stamp for path, stamp in finished.items())
        again = len(server.requests)
        collect(plan, work)
        assert len(server.requests) == again
    for table, frame in expected.tables.items():
        assert found.tables[table].equals(frame)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"attempts": 0}, "attempts must be at least 1, got 0"),
        ({"concurrency": 0}, "concurrency must be at least 1, got 0"),
        ({"cells": ()}, "cells must name at least one task"),
        ({"cells": (("divide", 1),)}, "task must be one of add"),
        ({"model": "../evil"}, "model must be lower-case letters"),
        ({"server_model": " "}, "server_model must be the name"),
        ({"entropy": -1}, "entropy must be at least 0, got -1"),
    ],
)
def test_wrong_plans_are_explained(options, says):
    server = CompletionServer("http://localhost/v1")
    fields = {"model": "m", "entropy": 1, "server_model": "n", "cells": (("add", 1),)}
    with pytest.raises(ValueError, match=says):
        ServerPlan(**{"server": server, **fields, **options})


# --- the command line ---


def command(server_url, folder, *more):
    fixed = ["--server-model", "n", "--model", "scripted", "--entropy", "3"]
    folders = ["--work", str(folder / "work"), "--out", str(folder / "data")]
    return ["server", "--url", server_url, *fixed, *folders, *more]


@pytest.mark.parametrize(
    ("url", "more", "says"),
    [
        ("localhost:80", ("--task", "add-1"), "url must look like http://localhost:8000/v1, got"),
        ("http://localhost/v1", (), "--task is missing"),
        ("http://localhost/v1", ("--task", "add"), "--task must look like add-2, got 'add'"),
        ("http://localhost/v1", ("--task", "divide-1"), "task must be one of add"),
        ("http://localhost/v1", ("--task", "add-1", "--concurrency", "0"), "concurrency must be"),
        ("http://localhost/v1", ("--task", "add-1", "--timeout", "0"), "timeout must be"),
        ("http://localhost/v1", ("--task", "add-1", "--retries", "-1"), "retries must be"),
        ("http://localhost/v1", ("--task", "add-1", "--items", "0"), "items_per_cell must be"),
    ],
)
def test_wrong_use_of_the_command_is_explained(tmp_path, capsys, url, more, says):
    with pytest.raises(SystemExit) as caught:
        main(["collect", *command(url, tmp_path, *more)])
    assert caught.value.code == 2
    assert says in capsys.readouterr().err
    assert not files_in(tmp_path)


def test_a_server_that_is_not_there_ends_the_command_with_one_message(tmp_path, capsys):
    url = f"http://127.0.0.1:{free_port()}/v1"
    with pytest.raises(SystemExit) as caught:
        main(["collect", *command(url, tmp_path, "--task", "add-1", "--retries", "0")])
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert f"Error: {url}/completions: the connection failed (ConnectionRefusedError" in said
    assert "Traceback" not in said
    assert not (tmp_path / "data").exists()


def test_the_command_counts_and_collects(tmp_path):
    runner = CliRunner()
    with Loopback(play) as server:
        call = command(server.url, tmp_path, "--task", "add-1", "--items", "3", "--attempts", "4")
        done = runner.invoke(collect_app, [*call, "--dry-run", "--json"], catch_exceptions=False)
        counts = {"id": "server-scripted", "jobs": 1, "jobs_left": 1, "requests_left": 12}
        assert json.loads(done.stdout) == counts
        assert not server.requests
        done = runner.invoke(collect_app, [*call, "--logprobs", "--json"], catch_exceptions=False)
        assert json.loads(done.stdout)["id"] == "server-scripted"
        assert len(server.requests) == 12
    assert load("server-scripted", directory=tmp_path / "data").attempts.height == 3
    assert len(files_in(tmp_path / "work" / "log_probs")) == 1
