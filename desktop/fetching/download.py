"""A file fetched whole: asked for its size first, gone on with after a break, taken only if its sum is right."""

from __future__ import annotations

import hashlib
import re
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from email.utils import parsedate_to_datetime
from pathlib import Path

from desktop.fetching.address import Address
from desktop.fetching.connection import Answer, BrokenOffError, Caller
from desktop.fetching.entries import Entry
from desktop.fetching.partial import Partial
from desktop.recordings.reasons import why
from models.errors import FetchError

LARGEST = 512 << 20
"""Bytes; no detector that runs live is as large."""
RESERVE = 64 << 20
"""Bytes that are left free on the disk."""
ATTEMPTS = 4
_PAUSES = (0.5, 2.0, 5.0)  # seconds before another attempt
_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")
_PASSWORD, _PROXY_PASSWORD, _TOO_FAR = 401, 407, 416
_NOT_THERE = (404, 410)
_FORBIDDEN = (403, 451)
_HEAD_COUNTS = (_PASSWORD, *_NOT_THERE, _PROXY_PASSWORD)


class StoppedError(FetchError):
    """Somebody wanted it to stop."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a server offers under an address. `bytes`: None where it does not say. `address`: where it sends on to."""

    address: Address
    bytes: int | None


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` bytes of `total`, which is None where nobody knows."""

    done: int
    total: int | None


def look(entry: Entry, caller: Caller | None = None) -> Offer:
    """Ask how large the file is, without fetching it.

    Raises FetchError where there is none, it is not the size that the list says, or it is too large.
    """
    caller = Caller() if caller is None else caller
    try:
        with caller.ask(entry.address, {}, method="HEAD") as answer:
            if answer.status in _HEAD_COUNTS:
                raise _refused(answer)
            # Some servers sign an address for GET alone, or know no HEAD: then nobody knows the size yet.
            said = _size_said(answer.headers) if answer.status == 200 else None
            offer = Offer(answer.address, entry.bytes if said is None else said)
    except BrokenOffError as error:
        raise FetchError(f"{_capital(str(error))}: try again later.") from error
    _check_size(entry, offer.address, offer.bytes)
    return offer


def there(entry: Entry, folder: Path) -> Path | None:
    """The file of an entry that was fetched into `folder` before, None where there is none or it is another one."""
    path = folder / f"{entry.name}.onnx"
    try:
        with path.open("rb") as file:
            return path if hashlib.file_digest(file, "sha256").hexdigest() == entry.sha256 else None
    except OSError:
        return None


def fetch(
    entry: Entry,
    folder: Path,
    *,
    tell: Callable[[Progress], None] = lambda _progress: None,
    caller: Caller | None = None,
    stop: threading.Event | None = None,
    pauses: tuple[float, ...] = _PAUSES,
) -> Path:
    """Fetch an entry into `folder`; gives the file NAME.onnx, whose sum is right.

    What a break, a stop or Ctrl-C leaves is kept under the sum and gone on with the next time. `tell` gets the progress
    with every piece. `stop` ends it (call `caller.hang_up` too, to end it at once). `pauses`: seconds between attempts.
    Raises FetchError where it cannot be had, StoppedError where it was stopped.
    """
    caller, stop = Caller() if caller is None else caller, threading.Event() if stop is None else stop
    with Partial(folder, entry.sha256) as partial:
        try:
            if not partial.is_whole:  # a stop between the last byte and the name
                _Fetching(entry, partial, tell, caller, stop, pauses).run()
            return partial.finish(folder / f"{entry.name}.onnx")
        except OSError as error:
            raise FetchError(f"{folder} cannot be written: {why(error)}.") from error


class _Fetching:
    """The attempts to make one partial file whole."""

    def __init__(
        self,
        entry: Entry,
        partial: Partial,
        tell: Callable[[Progress], None],
        caller: Caller,
        stop: threading.Event,
        pauses: tuple[float, ...],
    ) -> None:
        self._entry, self._partial, self._tell = entry, partial, tell
        self._caller, self._stop, self._pauses = caller, stop, pauses
        self._pieced = False
        """Whether what is there was put together from more than one answer: then a wrong sum may be the seam's."""

    def run(self) -> None:
        """Ask until the file is whole. Raises FetchError where it does not become so."""
        for attempt in range(ATTEMPTS):
            try:
                self._ask()
            except BrokenOffError as error:
                self._refuse_stopped()
                if not self._partial.is_whole:  # else only its length was a lie
                    if attempt == ATTEMPTS - 1:
                        raise FetchError(f"{_capital(str(error))}, {self._kept()}.") from error
                    self._stop.wait(self._pauses[min(attempt, len(self._pauses) - 1)])
            self._refuse_stopped()
            if self._partial.is_whole:
                return
        raise self._wrong()

    def _ask(self) -> None:
        """One request, and what comes of it into the partial file. Raises BrokenOffError, or FetchError for good."""
        partial = self._partial
        with self._caller.ask(self._entry.address, _from(partial)) as answer:
            if answer.status == _TOO_FAR and partial.done:
                partial.begin_again()  # it has fewer bytes than are here, which are not the right ones
                return
            if answer.status not in (200, 206):
                raise _refused(answer)
            if answer.headers.get("Content-Encoding", "identity") != "identity":
                raise FetchError(
                    f"{answer.address.host} packs the file on its way, unasked: its sum cannot be checked."
                )
            total = self._place(answer)
            if total is not None:
                _check_room(partial.path.parent, total - partial.done)
            self._take(answer, total)
        if total is not None and partial.done < total:
            raise BrokenOffError(f"{self._entry.address.host} sent a part only")
        if not partial.is_whole:
            if not self._pieced:
                raise self._wrong()
            partial.begin_again()
            self._pieced = False

    def _place(self, answer: Answer) -> int | None:
        """Make the partial file end where the answer begins; gives the whole file's size where it is known."""
        partial, validator = self._partial, _validator(answer.headers)
        if answer.status == 206:
            first, total = _range(answer)
            _check_size(self._entry, answer.address, total)
            if first == partial.done:
                self._pieced = first > 0
                if not first:
                    partial.begin_again(validator)
                return total
            partial.begin_again()
            raise BrokenOffError(f"{answer.address.host} sends another part than was asked for")
        _check_size(self._entry, answer.address, answer.length)
        partial.begin_again(validator)
        self._pieced = False
        return answer.length

    def _take(self, answer: Answer, total: int | None) -> None:
        partial, most = self._partial, self._entry.bytes or LARGEST
        self._tell(Progress(partial.done, total))
        while piece := answer.read():
            self._refuse_stopped()
            if partial.done + len(piece) > most:
                partial.begin_again()
                raise FetchError(f"{answer.address.host} sends more than {size_text(most)}: another file, or no end.")
            partial.add(piece)
            self._tell(Progress(partial.done, total))

    def _refuse_stopped(self) -> None:
        if self._stop.is_set():
            raise StoppedError(f"Stopped, {self._kept()}.")

    def _kept(self) -> str:
        done = self._partial.done
        return f"{size_text(done)} are kept: fetch it again to go on" if done else "nothing was fetched"

    def _wrong(self) -> FetchError:
        self._partial.begin_again()
        return FetchError(
            f"What {self._entry.address.host} sends is not the file that was meant: its SHA-256 is another. "
            "Nothing was kept."
        )


def size_text(count: int) -> str:
    """A number of bytes for people: "640 bytes", "12 kB", "4.9 MB"."""
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1e3:.0f} kB" if count < 999_500 else f"{count / 1e6:,.1f} MB"


def _from(partial: Partial) -> dict[str, str]:
    """Headers that ask for what is missing (RFC 9110, sections 13.1.5 and 14.2), only if the file is the same still."""
    if not partial.done:
        return {}
    asked = {"Range": f"bytes={partial.done}-"}
    return asked if partial.validator is None else asked | {"If-Range": partial.validator}


def _validator(headers: Message) -> str | None:
    """What names the server's version of the file: a strong ETag, else its date (no If-Range takes a weak one)."""
    etag = headers.get("ETag", "")
    if len(etag) > 2 and etag.startswith('"') and etag.endswith('"') and etag.isprintable():
        return etag
    date = headers.get("Last-Modified", "")
    try:
        parsedate_to_datetime(date)
    except ValueError:
        return None
    return date if date.isprintable() else None


def _range(answer: Answer) -> tuple[int, int | None]:
    """Where a part begins, -1 where the answer does not say, and how large the whole is, None where nobody knows."""
    found = _RANGE.fullmatch(answer.headers.get("Content-Range", "").strip())
    if found is None or found[1] is None:
        return -1, None
    return int(found[1]), None if found[3] == "*" else int(found[3])


def _size_said(headers: Message) -> int | None:
    text = headers.get("Content-Length", "").strip()
    return int(text) if text.isascii() and text.isdigit() else None


def _check_size(entry: Entry, address: Address, size: int | None) -> None:
    if size is not None and entry.bytes is not None and size != entry.bytes:
        raise FetchError(
            f"{address.host} offers {size_text(size)} where {size_text(entry.bytes)} were expected: it is another "
            "file. Nothing was fetched."
        )
    if size is not None and size > LARGEST:
        raise FetchError(f"{address.host} offers {size_text(size)}: more than {size_text(LARGEST)} are not fetched.")


def _check_room(folder: Path, missing: int) -> None:
    # Twice: the file is copied to where detectors lie before the fetched one is taken away.
    free = shutil.disk_usage(folder).free
    if free < 2 * missing + RESERVE:
        wanted = size_text(2 * missing + RESERVE)
        raise FetchError(f"There is too little room in {folder}: {wanted} are needed, {size_text(free)} are free.")


def _refused(answer: Answer) -> FetchError:
    host, status = answer.address.host, answer.status
    if status in _NOT_THERE:
        return FetchError(f"{host} has no such file ({status}): look at the address.")
    if status == _PASSWORD:
        return FetchError(f"{host} wants a name and a password, or others than those of the address ({status}).")
    if status == _PROXY_PASSWORD:
        return FetchError(f"The proxy on the way to {host} wants a name and a password ({status}).")
    if status in _FORBIDDEN:
        return FetchError(f"{host} does not give this file to everybody ({status}).")
    later = ": try again later" if status >= 500 or status == 429 else ""
    return FetchError(f"{host} does not send the file (it answers {status}){later}.")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
