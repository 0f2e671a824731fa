"""A real HTTP server on this computer's own loopback, whose files behave as a test wants."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Behaviour = Callable[["Handler"], None]


@dataclass(frozen=True)
class Request:
    """One request that came: `target` as it stood in its first line."""

    method: str
    target: str
    headers: Message


class Handler(BaseHTTPRequestHandler):
    """Answers as the behaviour of the path says, HEAD and CONNECT too; remembers what came."""

    server: LoopbackServer

    def do_GET(self) -> None:
        """Do as the path's behaviour says."""
        self.server.requests.append(Request(self.command, self.path, self.headers))
        behave = self.server.files.get(self.path.partition("?")[0], missing)
        try:
            behave(self)
        except ConnectionError:
            self.close_connection = True  # the other side has gone

    do_HEAD = do_CONNECT = do_GET  # noqa: N815 - the names that http.server asks for

    def head(self, status: int, **headers: str | int) -> None:
        """Send the status and headers; `_` stands for `-`."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def body(self, content: bytes) -> None:
        """Send bytes, unless only the head was asked for."""
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_parts: Any) -> None:
        """Say nothing."""


class LoopbackServer(ThreadingHTTPServer):
    """Serves `files`, behaviours by path, until it is closed; `requests` are those that came."""

    daemon_threads = False

    def __init__(self, files: Mapping[str, Behaviour]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = dict(files)
        self.requests: list[Request] = []
        self.ending = threading.Event()

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """The address of a path."""
        return f"http://{host}:{self.server_port}{path}"

    def handle_error(self, *_about: Any) -> None:
        """What one connection suffered is of no interest."""


@contextmanager
def serving(files: Mapping[str, Behaviour]) -> Iterator[LoopbackServer]:
    """Within it a server runs; at the end it and all its connections are closed."""
    with LoopbackServer(files) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, name="loopback server")
        thread.start()
        try:
            yield server
        finally:
            server.ending.set()
            server.shutdown()
            thread.join()


def missing(handler: Handler) -> None:
    """There is no such file."""
    handler.head(404, Content_Length=0)


@dataclass(eq=False)
class File:
    """A file as good servers give it: ranges, If-Range, a strong ETag. Each field takes one virtue away.

    `cut`: each answer's body ends after so many bytes. `says`: the size that it claims. `ranges`: whether it honours
    Range. `etag`: "" for none.
    """

    content: bytes
    etag: str = '"one"'
    cut: int | None = None
    says: int | None = None
    ranges: bool = True
    extra: dict[str, str] = field(default_factory=dict)

    def __call__(self, handler: Handler) -> None:
        """Answer."""
        asked = handler.headers.get("Range", "")
        fresh = handler.headers.get("If-Range", self.etag) == self.etag
        begin = int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.ranges and fresh else 0
        size = len(self.content)
        headers: dict[str, str | int] = {**self.extra, **({"ETag": self.etag} if self.etag else {})}
        if begin >= size:
            handler.head(416, Content_Range=f"bytes */{size}", Content_Length=0)
            return
        if begin:
            headers["Content_Range"] = f"bytes {begin}-{size - 1}/{size}"
        headers["Content_Length"] = size - begin if self.says is None else self.says
        handler.head(206 if begin else 200, **headers)
        part = self.content[begin:]
        handler.body(part if self.cut is None else part[: self.cut])


def sends_on(location: str, status: int = 302) -> Behaviour:
    """Sends on to `location`."""
    return lambda handler: handler.head(status, Location=location, Content_Length=0)
