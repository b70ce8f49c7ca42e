"""Collecting attempts from a server: what is asked, graded, stored, resumed and explained."""

import json
import time

import polars as pl
import pytest
from typer.testing import CliRunner

from simlib.cli import main
from simlib.cli._collect import collect_app
from simlib.traces import load
from simlib.traces._tasks import make_group, solve
from simlib.traces.collect import CompletionServer, ServerError, ServerPlan, collect, publish
from simlib.traces.collect._secret import KEY_VARIABLE
from tests.traces.loopback import (
    Loopback,
    completion,
    files_in,
    free_port,
    hang,
    plan_for,
    status,
)

KEY = "sk-Zq7w9-Ab3kLm0pR5tX"
LEGACY = {"tokens": ["4", "2"], "token_logprobs": [-0.5, -0.25]}
CHAT = {"content": [{"token": "4", "logprob": -0.5}, {"token": "2", "logprob": -0.25}]}


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    monkeypatch.delenv(KEY_VARIABLE, raising=False)


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
