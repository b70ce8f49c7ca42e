"""Text completions from a server that speaks the OpenAI protocol, over connections that can fail.

Everything is in the standard library.  Redirects are not followed, and proxies and `.netrc` are not
consulted: the key goes to the address that was given and nowhere else.
"""

import email.utils
import http.client
import json
import random
import socket
import ssl
import threading
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from math import isfinite
from typing import Any

from ._completion import Completion, Fault, ServerError, read_completion
from ._secret import KEY_VARIABLE, describe, excerpt, read_key, redact

LARGEST_ANSWER = 1 << 24  # bytes; a completion of a few tokens is far below
LONGEST_WAIT = 600.0  # seconds that a server may ask for before the run gives up
LONGEST_PAUSE = 30.0  # seconds between two tries when the server asks for nothing


class Cancellation:
    """Lets one thread end the requests and pauses of others."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._sockets: set[socket.socket] = set()

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._event.is_set()

    def cancel(self) -> None:
        """End all requests and pauses, now and later."""
        self._event.set()
        for each in tuple(self._sockets):
            _shut(each)

    def pause(self, seconds: float) -> bool:
        """Wait; true if cancelled meanwhile."""
        return self._event.wait(seconds)

    @contextmanager
    def watch(self, each: socket.socket, seconds: float) -> Iterator[threading.Event]:
        """Shut a socket down after some time or on `cancel`; the event says that time ran out.

        A time limit on single reads would let a server that sends a byte now and then hold the
        run for ever.
        """
        expired = threading.Event()

        def expire() -> None:
            expired.set()
            _shut(each)

        timer = threading.Timer(seconds, expire)
        timer.daemon = True
        self._sockets.add(each)
        if self.cancelled:
            _shut(each)
        timer.start()
        try:
            yield expired
        finally:
            timer.cancel()
            self._sockets.discard(each)


def _shut(each: socket.socket) -> None:
    with suppress(OSError):  # closed already
        # Below TLS, so that a thread that is reading sees the end of the stream.
        socket.socket.shutdown(each, socket.SHUT_RDWR)


@dataclass(frozen=True)
class CompletionServer:
    """An address under which completions are served, and how patiently it is asked.

    A try that fails in a way that may pass (no connection, a connection that breaks, an answer
    that does not come in time or makes no sense, status 408, 429 or 5xx) is repeated after a pause
    that doubles every time and is drawn at random between half and one and a half of that; if the
    server names a longer pause (`Retry-After`), that one is kept.  Any other refusal is final.

    The key, if the server wants one, is read from the environment variable `SIMLIB_API_KEY` for
    every request and kept nowhere.

    Parameters
    ----------
    url
        Base address, such as "http://localhost:8000/v1".
    timeout
        Seconds until a request must be answered in full.
    retries
        Further tries after the first.
    pause
        Seconds before the first further try, on average.

    Raises
    ------
    ValueError
        If the address has another form or carries a secret, or a number is out of range.
    """

    url: str
    timeout: float = 60.0
    retries: int = 5
    pause: float = 0.5

    def __post_init__(self) -> None:
        _check_url(self.url)
        for name in ("timeout", "pause"):
            value = getattr(self, name)
            if not (isfinite(value) and value > 0):
                raise ValueError(f"{name} must be a positive number of seconds, got {value}.")
        if self.retries < 0:
            raise ValueError(f"retries must be at least 0, got {self.retries}.")

    @property
    def endpoint(self) -> str:
        """The address that completions are asked from."""
        return f"{self.url.rstrip('/')}/completions"

    def complete(
        self,
        request: Mapping[str, Any],
        *,
        log_probs: bool = False,
        cancellation: Cancellation | None = None,
    ) -> Completion:
        """Ask for one completion.

        Parameters
        ----------
        request
            The fields of the request.
        log_probs
            Whether an answer without log-probabilities counts as faulty.
        cancellation
            Lets another thread end this call, which then raises.

        Raises
        ------
        ServerError
            If the server refuses, or every try failed.
        ValueError
            If the key cannot be sent.
        """
        cancellation = cancellation or Cancellation()
        content = json.dumps(request).encode()
        fault = Fault("it was not asked")
        for number in range(self.retries + 1):
            outcome = self._try(content, log_probs, cancellation)
            if isinstance(outcome, Completion):
                return outcome
            fault = outcome
            if fault.wait > LONGEST_WAIT:
                raise ServerError(
                    f"{self.endpoint}: {fault.reason}, and the server asks to wait "
                    f"{fault.wait:.0f} s; repeat the command then, finished chunks are kept."
                )
            mean = min(LONGEST_PAUSE, self.pause * 2.0**number)
            pause = max(fault.wait, mean * random.uniform(0.5, 1.5))
            if cancellation.cancelled or (number < self.retries and cancellation.pause(pause)):
                raise ServerError(f"{self.endpoint}: cancelled.")
        raise ServerError(
            f"{self.endpoint}: {fault.reason} (try {self.retries + 1} of {self.retries + 1}); "
            f"{fault.remedy}."
        )

    def _try(
        self, content: bytes, log_probs: bool, cancellation: Cancellation
    ) -> Completion | Fault:
        answer = self._post(content, cancellation)
        if isinstance(answer, Fault):
            return answer
        status, headers, body = answer
        if status == 200:
            return read_completion(body, log_probs)
        words = excerpt(body)
        said = f"status {status}, {words!r}" if words else f"status {status}"
        if status in (408, 429) or status >= 500:
            return Fault(said, "wait, or lower the number of requests at a time", _wait(headers))
        if 300 <= status < 400:
            target = excerpt((headers.get("location") or "nowhere").encode())
            raise ServerError(
                f"{self.endpoint}: status {status}, a redirect to {target!r}, which is not "
                "followed; if you trust that address, give it as the url."
            )
        if 400 <= status < 500:
            raise ServerError(f"{self.endpoint}: {said}; {_remedy(status)}.")
        return Fault(said)

    def _post(
        self, content: bytes, cancellation: Cancellation
    ) -> tuple[int, Mapping[str, str], bytes] | Fault:
        """Status, headers and body of one answer; nothing of an exception outlives this."""
        parts = urllib.parse.urlsplit(self.endpoint)
        kind = http.client.HTTPConnection
        if parts.scheme == "https":
            kind = http.client.HTTPSConnection
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        headers |= {"Connection": "close", "User-Agent": "simlib"}
        if key := read_key():
            headers["Authorization"] = f"Bearer {key}"
        connection = kind(parts.hostname or "", parts.port, timeout=self.timeout)
        start = time.monotonic()
        expired = None
        try:
            connection.connect()
            left = max(0.0, self.timeout - (time.monotonic() - start))
            with cancellation.watch(connection.sock, left) as expired:
                connection.request("POST", parts.path, body=content, headers=headers)
                with connection.getresponse() as response:
                    body = response.read(LARGEST_ANSWER + 1)
                    cut, status = bool(response.length), response.status
                    found = {name.lower(): value for name, value in response.headers.items()}
        except ssl.SSLCertVerificationError as error:
            return Fault(
                f"the certificate is not trusted ({redact(error.verify_message)})",
                "give the server one that this machine trusts, or name yours in SSL_CERT_FILE",
            )
        except TimeoutError:
            return self._late()
        except (OSError, http.client.HTTPException, ValueError) as error:
            if expired is not None and expired.is_set():
                return self._late()
            return Fault(f"the connection failed ({describe(error)})")
        finally:
            connection.close()
        if expired.is_set():
            return self._late()
        if len(body) > LARGEST_ANSWER:
            return Fault(f"the answer is longer than {LARGEST_ANSWER} bytes")
        if cut:
            return Fault(f"the connection broke after {len(body)} bytes of the answer")
        return status, found, body

    def _late(self) -> Fault:
        return Fault(
            f"no complete answer within {self.timeout:g} s",
            "allow a longer timeout, or lower the number of requests at a time",
        )


def _check_url(url: str) -> None:
    form = "url must look like http://localhost:8000/v1"
    try:
        parts = urllib.parse.urlsplit(url)
        host, port, secret = parts.hostname, parts.port, parts.username or parts.password
    except ValueError as error:
        raise ValueError(f"{form}, got {url!r} ({error}).") from None
    if secret or parts.query or parts.fragment:
        # The value may hold a secret, so it is not repeated.
        raise ValueError(
            f"{form}, without a user name, password, query or fragment; a key belongs into the "
            f"environment variable {KEY_VARIABLE}."
        )
    plain = url.isascii() and url.isprintable() and " " not in url
    if parts.scheme not in ("http", "https") or not host or port == 0 or not plain:
        raise ValueError(f"{form}, got {url!r}.")


def _wait(headers: Mapping[str, str]) -> float:
    """Seconds that the header Retry-After asks for, as a number or as a date."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _remedy(status: int) -> str:
    if status in (401, 403):
        return f"set the environment variable {KEY_VARIABLE} to a key that the server accepts"
    if status in (404, 405):
        return "check the url, which usually ends in /v1, and the name of the model on the server"
    return (
        "check the name of the model on the server; if it knows only the fields of the OpenAI "
        "protocol, ask for those alone (--standard-fields)"
    )
