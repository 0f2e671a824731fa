"""The address of something on the network: what opens it, and what may be shown of it, which are two things."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from models.errors import SourceError

SCHEMES = ("rtsp", "rtsps", "http", "https")
"""What a stream's address begins with, before ://"""

HIDDEN = "***"
"""Stands for what is not shown."""

_PARTS = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*):(?P<slashes>/*)(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_AUTHORITY_END = re.compile(r"[/?#]")
_HARMLESS = re.compile(
    r"(?:cam|camera|ch|channel|stream|subtype|profile|unicast|proto|fps|width|height|resolution|quality|q)",
    re.IGNORECASE,
)
"""Keys of a query whose values tell one stream of a camera from another, and nothing else."""
_IN_PATH = re.compile(
    r"(?P<key>user(?:name)?|passw(?:or)?d|pass|pwd|token|key|auth)=(?:(?!_[a-z0-9]+=)[^&;/\s])*", re.IGNORECASE
)
"""Of such parts of a path as user=eve_password=apple_channel=1.sdp: each value ends where the next key begins."""
_FORGOTTEN = re.compile(rf"[=/?&]{re.escape(HIDDEN)}(?:[_/?&;]|$)")
_BEGIN = r"(?:[a-z][a-z0-9+.-]{0,30}://|(?:rtsp|http)s?:(?=\S))"
_IN_TEXT = re.compile(
    # An address, to the next space or the next address; a password with spaces in it, to the @ after it.
    rf"(?P<address>{_BEGIN}(?:[^\s/?#@:\[]+:(?!\d{{1,5}}(?:[\s/?#.,;)'\"]|$))[^@\n]{{0,200}}@)?(?:(?!{_BEGIN})\S)*)"
    # user:password@host without what an address begins with; C:\clips\a@b.mp4 is none.
    r"|(?P<bare>(?:[^/\\@\s:'\"]{2,64}:(?!//)|[^/\\@\s:'\"]:(?![\\/]))(?:(?!://)\S){0,200}@)"
    # A value of a query, and what some cameras take in their path.
    rf"|(?P<pair>(?<=[?&])[^\s?&=]{{1,64}}=[^\s?&'\"]*)|{_IN_PATH.pattern}",
    re.IGNORECASE,
)
_AFTER = "'\"`.,;:)]}>"  # what may stand behind an address in a sentence
_TOKEN = 16  # letters and digits in a row that mean nothing to a reader
_MOST_CAPITALS = 3  # of such a row that may be a word


@dataclass(frozen=True, slots=True)
class Address:
    """Where a stream is. As text it is what may stand in titles, logs, errors and files: user, password, whatever a
    query says and what looks like a token in the path are hidden. `whole` is what opens it, and goes nowhere else.

    >>> str(Address("rtsp://eve:apple@cellar/live?token=7"))
    'rtsp://***@cellar/live?token=***'
    """

    whole: str = field(repr=False)

    def __str__(self) -> str:
        """What may be shown."""
        return redacted(self.whole)

    @property
    def scheme(self) -> str:
        """rtsp, rtsps, http or https."""
        return self.whole.partition(":")[0].lower()

    @property
    def forgotten(self) -> bool:
        """The credentials were left out when it was stored: it cannot be opened so."""
        user, _, rest = _split(self.whole.partition("://")[2])
        return user == HIDDEN or _FORGOTTEN.search(rest) is not None


def address_of(name: str) -> Address:
    """The address that a name is. Raises SourceError, without anything secret, where it is none."""
    found = _PARTS.fullmatch(name.strip())
    scheme = found["scheme"].lower() if found is not None else ""
    if found is None or scheme not in SCHEMES:
        raise SourceError(f"{redacted(name)} is no address of a stream.")
    form = f"write it as {scheme}://HOST/PATH, or {scheme}://USER:PASSWORD@HOST/PATH"
    if found["slashes"] != "//" or re.search(r"\s", found["rest"]) or not found["rest"].isprintable():
        raise SourceError(f"An address of {scheme} is written otherwise: {form}.")
    address = Address(found["scheme"].lower() + "://" + found["rest"])
    if address.forgotten:
        raise SourceError(f"{address} lacks its user and password, which are never stored: type them where *** stands.")
    user, host, _ = _split(found["rest"])
    if _AUTHORITY_END.search(user) or not _is_host(host):
        secret = " In a password /, ? and # are written %2F, %3F and %23." if "@" in found["rest"] else ""
        raise SourceError(f"An address of {scheme} is written otherwise: {form}.{secret}")
    return address


def redacted(name: str) -> str:
    """The name of any source as it may be shown: that of an address without what is secret, any other as it is."""
    found = _PARTS.match(name)
    if found is None or (found["scheme"].lower() not in SCHEMES and not found["slashes"].startswith("//")):
        return name
    user, host, rest = _split(found["rest"])
    path, mark, query = rest.partition("?")
    path = "/".join(_segment(one) for one in path.partition("#")[0].split("/"))
    query = "&".join(_value(one) for one in query.partition("#")[0].split("&")) if query else ""
    return f"{found['scheme']}:{found['slashes']}{HIDDEN + '@' if user else ''}{host}{path}{mark}{query}"


def without_secrets(text: str) -> str:
    """Any text as it may be shown or logged: what `redacted` hides of an address is hidden of each that it holds, and
    so are user and password, values of queries and of keys such as `password=` where no address begins.

    It rather hides too much than too little. A name that is to be known again is shown by `redacted`.
    """
    return _IN_TEXT.sub(_hidden, text)


def _hidden(found: re.Match[str]) -> str:
    if (address := found["address"]) is not None:
        end = len(address.rstrip(_AFTER))
        return redacted(address[:end]) + address[end:]
    if found["bare"] is not None:
        return f"{HIDDEN}@"
    return _value(found["pair"]) if found["pair"] is not None else f"{found['key']}={HIDDEN}"


def _split(rest: str) -> tuple[str, str, str]:
    """What follows scheme:// as user and password, host and port, and everything from the path on.

    A password that holds a / would be taken for a host: an @ after what cannot be host:port counts as the end of it.
    """
    end = _AUTHORITY_END.search(rest)
    cut = end.start() if end is not None else len(rest)
    at = rest.rfind("@", 0, cut)
    if at < 0 and "@" in rest:
        port = rest[:cut].rpartition(":")[2]
        if ":" in rest[:cut] and not rest.startswith("[") and not _is_port(port):
            at = rest.rfind("@")
            end = _AUTHORITY_END.search(rest, at)
            cut = end.start() if end is not None else len(rest)
    return rest[: max(at, 0)], rest[at + 1 : cut], rest[cut:]


def _is_host(text: str) -> bool:
    """Whether this is HOST, HOST:PORT, [IPv6] or [IPv6]:PORT."""
    found = re.fullmatch(r"(\[[0-9a-f:.%]+\]|[^\[\]:]+)(?::(?P<port>.*))?", text, re.IGNORECASE)
    return found is not None and (found["port"] is None or _is_port(found["port"]))


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and 0 < int(text) < 65536


def _segment(segment: str) -> str:
    """A part of the path: some cameras take their password there, others have a token for a name."""
    if _IN_PATH.search(segment):
        return _IN_PATH.sub(lambda found: f"{found['key']}={HIDDEN}", segment)
    row = segment.isascii() and segment.isalnum() and len(segment) >= _TOKEN
    mixed = any(one.isdigit() for one in segment) or sum(one.isupper() for one in segment[1:]) > _MOST_CAPITALS
    return HIDDEN if row and mixed else segment


def _value(pair: str) -> str:
    if pair == "…":  # hidden already, as where a file is fetched from is told
        return pair
    key, mark, _ = pair.partition("=")
    return pair if _HARMLESS.fullmatch(key) and mark else f"{key}={HIDDEN}" if mark else HIDDEN
