"""One request to one server: its redirects, its proxy, its silences.

Written on http.client, not on urllib's openers: here every redirect is looked at before it is followed, no scheme but
http and https can come in, and whoever waits may hang up from another thread.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message

from desktop import __version__
from desktop.fetching.address import Address, basic
from desktop.fetching.proxies import proxy_of
from models.errors import FetchError

REDIRECTS = 5
_SENDS_ON = (301, 302, 303, 307, 308)
_PIECE = 64 * 1024


class BrokenOffError(FetchError):
    """The connection ended, or was silent for too long, before all was there: worth another try.

    Its text is only a sentence's beginning, "example.org broke off": whoever gives up says what that means.
    """


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a server is waited for, in seconds.

    `connect`: until it is reached. `silence`: between two pieces. `head`: until its whole answer began. `window` and
    `least`: over so many seconds at least so many bytes a second have to come.
    """

    connect: float = 15.0
    silence: float = 30.0
    head: float = 60.0
    window: float = 60.0
    least: float = 1024.0


class _Watch(threading.Thread):
    """Looks on while a server answers, and cuts the connection when it is too slow: a trickle never times out."""

    def __init__(self, patience: Patience, cut: Callable[[], None]) -> None:
        super().__init__(name="watch of a server")
        self.got = 0
        self.slow = False
        self._patience, self._cut = patience, cut
        self._began, self._done = threading.Event(), threading.Event()

    def run(self) -> None:
        """Wait for the head, then count bytes, until closed."""
        before = 0
        waits = self._began.wait(self._patience.head)
        while waits and not self._done.wait(self._patience.window):
            waits = self.got - before >= self._patience.least * self._patience.window
            before = self.got
        if not waits:
            self.slow = True
            self._cut()

    def begin(self) -> bool:
        """The body comes; gives whether its head came in time."""
        self._began.set()
        return not self.slow

    def close(self) -> None:
        """It is over; more than once is fine."""
        self._done.set()
        self._began.set()
        if self.is_alive():
            self.join()


class Answer:
    """What a server answered: `status`, `headers`, the `address` that answered in the end; its body in pieces.

    `length`: how many bytes the body is said to have, None where that is not said; it never gives more.
    """

    def __init__(self, response: http.client.HTTPResponse, address: Address, watch: _Watch) -> None:
        self._response, self._watch = response, watch
        self.status = response.status
        self.headers: Message = response.headers
        self.address = address
        self.length = None if response.chunked else response.length
        self._left = self.length

    def read(self) -> bytes:
        """The next piece as soon as there is any, b"" at the end.

        Raises BrokenOffError where the connection breaks before it, FetchError where the server is too slow.
        """
        if self._left == 0:
            return b""
        try:
            piece = self._response.read1(_PIECE if self._left is None else min(_PIECE, self._left))
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise self._ended(silent=isinstance(error, TimeoutError)) from error
        if not piece and (self._left or self._watch.slow):
            raise self._ended()
        if self._left is not None:
            self._left -= len(piece)
        self._watch.got += len(piece)
        return piece

    def _ended(self, *, silent: bool = False) -> FetchError:
        if self._watch.slow:
            return FetchError(f"{self.address.host} is too slow: try again later, it goes on where it stopped.")
        return BrokenOffError(f"{self.address.host} fell silent" if silent else f"{self.address.host} broke off")


class Caller:
    """Asks servers, one at a time. `hang_up` may be called from any thread."""

    def __init__(self, patience: Patience | None = None) -> None:
        self.patience = Patience() if patience is None else patience
        self._socket: socket.socket | None = None
        self._guard = threading.Lock()
        self._hung_up = False

    def hang_up(self) -> None:
        """End the request in hand and let no other begin; whoever waits for it gets BrokenOffError."""
        self._hung_up = True
        self._cut()

    @contextmanager
    def ask(self, address: Address, headers: Mapping[str, str], *, method: str = "GET") -> Iterator[Answer]:
        """Within it the answer of `address`, or of where its server sends on to; closed at its end.

        Raises FetchError where no server answers or it sends on too often, in a circle, or to an unsafe place;
        BrokenOffError where the connection broke. The status is not looked at.
        """
        seen = [address]
        while True:
            with self._one(seen[-1], headers, method) as answer:
                location = answer.headers.get("Location")
                if answer.status not in _SENDS_ON or location is None:
                    yield answer
                    return
                new = seen[-1].follow(location)
            if new in seen:
                raise FetchError(f"{address.host} sends on in a circle: the address leads nowhere.")
            if len(seen) > REDIRECTS:
                raise FetchError(f"{address.host} sends on more than {REDIRECTS} times: the address leads nowhere.")
            seen.append(new)

    @contextmanager
    def _one(self, address: Address, headers: Mapping[str, str], method: str) -> Iterator[Answer]:
        proxy = proxy_of(address)
        connection = _connection(address, proxy, self.patience.connect)
        watch = _Watch(self.patience, self._cut)
        try:
            try:
                self._connect(connection)
                watch.start()
                connection.request(method, *_request(address, proxy, headers))
                response = connection.getresponse()
            except (OSError, ValueError, http.client.HTTPException) as error:
                raise (_hesitant(address) if watch.slow else _failed(error, address, proxy)) from error
            with response:
                if not watch.begin():
                    raise _hesitant(address)
                yield Answer(response, address, watch)
        finally:
            watch.close()
            with self._guard:
                self._socket = None
            connection.close()

    def _connect(self, connection: http.client.HTTPConnection) -> None:
        if self._hung_up:
            raise ConnectionAbortedError("hung up")
        connection.connect()
        connection.sock.settimeout(self.patience.silence)
        with self._guard:
            self._socket = connection.sock
        if self._hung_up:
            raise ConnectionAbortedError("hung up")

    def _cut(self) -> None:
        """Whoever reads from the socket reads its end; one of TLS would wait for the other side's word first."""
        with self._guard, contextlib.suppress(OSError):
            if self._socket is not None:
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def _connection(address: Address, proxy: Address | None, timeout: float) -> http.client.HTTPConnection:
    near = address if proxy is None else proxy
    if address.scheme == "http":
        return http.client.HTTPConnection(near.host, near.port, timeout=timeout)
    context = ssl.create_default_context()
    connection = http.client.HTTPSConnection(near.host, near.port, timeout=timeout, context=context)
    if proxy is not None:
        connection.set_tunnel(address.host, address.port, _for_proxy(proxy))
    return connection


def _request(address: Address, proxy: Address | None, headers: Mapping[str, str]) -> tuple[str, None, dict[str, str]]:
    """Target, no body, and headers of a request."""
    through = proxy is not None and address.scheme == "http"
    said = {
        "User-Agent": f"Onlooker/{__version__}",
        "Accept": "*/*",
        "Accept-Encoding": "identity",  # sums and sizes are of the bytes as they lie there
        "Connection": "close",
        **headers,
    }
    if through and proxy is not None:
        said |= _for_proxy(proxy)
    if address.authorization is not None:
        said["Authorization"] = address.authorization
    return (address.whole if through else address.target), None, said


def _for_proxy(proxy: Address) -> dict[str, str]:
    return {} if proxy.login is None else {"Proxy-Authorization": basic(*proxy.login)}


def _hesitant(address: Address) -> FetchError:
    return FetchError(f"{address.host} is too slow: it does not even begin to answer.")


def _failed(error: Exception, address: Address, proxy: Address | None) -> FetchError:
    """What a request that got no answer is, in one sentence."""
    near = address.host if proxy is None else f"the proxy {proxy.authority}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return FetchError(f"{address.host} cannot prove who it is ({error.verify_message}): nothing was fetched.")
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
        return FetchError(f"No safe connection to {address.host} is possible ({error.reason or 'TLS failed'}).")
    if isinstance(error, socket.gaierror):
        return FetchError(f"{near} is not known here: look at the address, and whether there is a network.")
    if isinstance(error, ConnectionRefusedError):
        return FetchError(f"{near} takes no connection: look at the address, or try again later.")
    if "Tunnel connection failed" in str(error):
        wanted = "wants a name and a password" if "407" in str(error) else f"lets nobody through to {address.host}"
        return FetchError(f"The proxy {near.removeprefix('the proxy ')} {wanted}.")
    if isinstance(error, TimeoutError):
        return BrokenOffError(f"{near} does not answer")
    if isinstance(error, ConnectionError | ssl.SSLEOFError):
        return BrokenOffError(f"{near} broke off")
    if isinstance(error, OSError):
        return FetchError(f"{near} cannot be reached ({error.strerror or type(error).__name__}).")
    return FetchError(f"{near} does not speak HTTP.")
