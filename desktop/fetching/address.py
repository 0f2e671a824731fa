"""Where a file lies on the network: http and https alone, and never shown with what opens it."""

from __future__ import annotations

import base64
import string
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urljoin, urlsplit

from models.errors import FetchError

PORTS = {"http": 80, "https": 443}
_KEPT = "".join(sorted(set(string.punctuation) - set('"<>\\^`{|}')))
"""What stands in a path or a query as it is, % included: addresses are given as they are copied."""
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Address:
    """One address. `target`: path and query as they are sent. `str` shows neither name, password nor query.

    `host` is in ASCII, without brackets. `login`: (name, password), both None where it has none.
    """

    scheme: str
    host: str
    port: int
    target: str = field(repr=False)
    login: tuple[str, str] | None = field(default=None, repr=False)

    @property
    def authority(self) -> str:
        """Host and port as they stand in an address; the usual port is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def whole(self) -> str:
        """The address as a proxy wants it, without name and password; the query is in it: not to be shown."""
        return f"{self.scheme}://{self.authority}{self.target}"

    @property
    def name(self) -> str:
        """The last part of its path, "" where the path ends in a slash."""
        return unquote(urlsplit(self.target).path).rpartition("/")[2]

    @property
    def authorization(self) -> str | None:
        """The value of the header that logs in (RFC 7617), None without a name."""
        return None if self.login is None else basic(*self.login)

    def has_same_origin(self, other: Address) -> bool:
        """Whether both are of one server, so that what opens one may be told to the other (RFC 6454)."""
        return (self.scheme, self.host, self.port) == (other.scheme, other.host, other.port)

    def follow(self, location: str) -> Address:
        """The address that a server sends on to. Raises FetchError where it is none, or leaves https for http."""
        new = parse(urljoin(self.whole, location))
        if self.scheme == "https" and new.scheme == "http":
            raise FetchError(
                f"{self.host} sends on from https to {new}, which anybody on the way could change: refused."
            )
        if new.login is None and self.has_same_origin(new):
            return Address(new.scheme, new.host, new.port, new.target, self.login)
        return new

    def __str__(self) -> str:
        path, query, _rest = self.target.partition("?")
        return f"{self.scheme}://{self.authority}{path}{'?…' if query else ''}"


def basic(name: str, password: str) -> str:
    """Name and password as servers and proxies want them (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode("ascii")


def parse(url: str) -> Address:
    """The address that a text names. Raises FetchError, without the text's secrets, where it is no http(s) address."""
    text = url.strip()
    try:
        parts = urlsplit(text)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii")
    except ValueError as error:  # a port that is no number, a host that is none
        raise FetchError("This is no address: it should look like https://example.org/detector.onnx.") from error
    if parts.scheme not in PORTS or not host:
        raise FetchError(
            f"Only addresses that begin with https:// or http:// can be fetched{_but(parts.scheme)}: "
            "to add a file of this computer, use `onlooker models add FILE`."
        )
    if len(text) > _LONGEST or any(ord(sign) < ord(" ") for sign in text) or any(sign in host for sign in " %/\\"):
        raise FetchError("This is no address: it is too long, or has signs that no address has.")
    target = quote(parts.path or "/", safe=_KEPT) + (f"?{quote(parts.query, safe=_KEPT)}" if parts.query else "")
    login = None
    if parts.username is not None:
        login = (unquote(parts.username), unquote(parts.password or ""))
    return Address(parts.scheme, host, PORTS[parts.scheme] if port is None else port, target, login)


def _but(scheme: str) -> str:
    return f", not {scheme}:" if 0 < len(scheme) <= 12 else ""
