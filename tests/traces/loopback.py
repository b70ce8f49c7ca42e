"""A server on the loopback interface whose every answer, or failure to answer, is scripted."""

import json
import re
import socket
import struct
import threading
import time
from contextlib import suppress

from simlib.traces.collect import CompletionServer, ServerPlan


def free_port():
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Loopback:
    """Plays one behaviour per connection, by the number of the request, and records them all.

    A behaviour is called with the connection and the request as bytes. `script` maps numbers of
    requests, from 0, to behaviours; all others get `default`. Listening starts after `delay`
    seconds; until then connections are refused.
    """

    def __init__(self, default, script=None, *, delay=0.0):
        self.default, self.script, self.delay = default, dict(script or {}), delay
        self.requests, self.busy, self.busiest = [], 0, 0
        self.port = free_port()
        self._lock, self._closing, self._threads = threading.Lock(), threading.Event(), []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def bodies(self):
        """The JSON contents of the requests."""
        return [json.loads(request.split(b"\r\n\r\n", 1)[1]) for request in self.requests]

    def __enter__(self):
        self._opened = threading.Event()
        self._main = threading.Thread(target=self._listen, daemon=True)
        self._main.start()
        assert self.delay or self._opened.wait(10)
        return self

    def __exit__(self, *_):
        self._closing.set()
        self._main.join()
        for thread in self._threads:
            thread.join()

    def _listen(self):
        if self._closing.wait(self.delay):
            return
        with socket.create_server(("127.0.0.1", self.port), backlog=64) as listener:
            listener.settimeout(0.02)
            self._opened.set()
            while not self._closing.is_set():
                with suppress(TimeoutError):
                    connection, _ = listener.accept()
                    thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
                    self._threads.append(thread)
                    thread.start()

    def _serve(self, connection):
        with connection, suppress(OSError):  # the client may be gone
            request = read_request(connection)
            with self._lock:
                number = len(self.requests)
                self.requests.append(request)
                self.busy += 1
                self.busiest = max(self.busiest, self.busy)
            try:
                behaviour = self.script.get(number, self.default)
                behaviour(connection, request)
            finally:
                with self._lock:
                    self.busy -= 1


def read_request(connection):
    """A whole request, headers and body."""
    connection.settimeout(10)
    found = b""
    while b"\r\n\r\n" not in found:
        found += _some(connection)
    head = found.split(b"\r\n\r\n", 1)[0]
    length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
    while len(found) < len(head) + 4 + length:
        found += _some(connection)
    return found


def _some(connection):
    if not (part := connection.recv(65536)):
        raise ConnectionError("the client closed the connection")
    return part


def raw(content):
    """Sends bytes and closes the connection."""

    def behaviour(connection, _):
        connection.sendall(content)

    return behaviour


def status(code, body=b"", **headers):
    """A whole answer; header names are given with underscores."""
    lines = [f"HTTP/1.1 {code} Words", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return raw("\r\n".join([*lines, "", ""]).encode() + body)


def answer(content):
    """Status 200 with JSON."""
    return status(200, json.dumps(content).encode())


def completion(text, reason="stop", **more):
    """A completion as servers write it."""
    return answer({"choices": [{"index": 0, "text": text, "finish_reason": reason, **more}]})


def cut(connection, _):
    """Breaks off within the body."""
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{"choices": [')


def cut_chunked(connection, _):
    """Breaks off within a body of unknown length."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{")


def reset(connection, _):
    """Resets the connection instead of answering."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hang(connection, _):
    """Never answers; ends when the client gives up."""
    connection.settimeout(30)
    connection.recv(1)


def drip(connection, _):
    """Sends a byte now and then for ever, so that no single read takes long."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        connection.sendall(b" ")
        time.sleep(0.05)


def forward_to(port, change=None):
    """Passes the request on to another server; `change` may rewrite the answer."""

    def behaviour(connection, request):
        with socket.create_connection(("127.0.0.1", port)) as other:
            other.settimeout(60)
            other.sendall(request)
            found = b""
            while part := other.recv(65536):
                found += part
        connection.sendall(found if change is None else change(found))

    return behaviour


def plan_for(server, **options):
    """A small plan for a loopback server."""
    chosen = {
        "model": "scripted",
        "entropy": 17,
        "server": CompletionServer(server.url, timeout=30.0, pause=0.01),
        "server_model": "vendor/name",
        "cells": (("add", 2), ("count", 8)),
        "items_per_cell": 4,
        "attempts": 6,
        "chunk": 2,
        "concurrency": 3,
    }
    return ServerPlan(**chosen | options)


def files_in(folder):
    """All files below a folder."""
    return [path for path in folder.rglob("*") if path.is_file()]
