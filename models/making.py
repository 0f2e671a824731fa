"""Has forms made and precisions timed in a child process (`models.forms`), and reads what it says."""

from __future__ import annotations

import importlib.util
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from models import child, precisions, shelf
from models.catalogue import Network
from models.errors import NetworkError

Progress = Callable[[str, float], None]

ERROR = "error: "
"""How a line of the child begins that says in a sentence why it could not go on."""

_PROGRESS = re.compile(r"([01]\.\d{3}) (.+)")
_ROOM = 100_000_000  # bytes free on the disk; all forms take half of that
_TIMEOUT = 180.0  # seconds for all together; four networks take ten
_ENDED_BY_OTHERS = (-2, -9, -15, 0xC000013A)  # interrupted, killed, terminated: that says nothing of the processor


def prepare(
    make: Sequence[Network],
    measure: Sequence[Network],
    cache: Path,
    threads: int,
    report: Progress,
    *,
    sizes: Sequence[Network] = (),
) -> None:
    """Make the forms of `make`, then time the precisions of `measure`, then those of `sizes` at several input sizes,
    into the cache folder.

    The processor may end the child while it times: then those networks are f32 on this machine. Raises NetworkError
    where a form could not be made.
    """
    if make and importlib.util.find_spec("torch") is None:
        raise NetworkError(
            f"{make[0].title} is not prepared for this machine, and torch, which prepares it, is not installed. "
            "Install Onlooker again, or install torch."
        )
    begun = time.monotonic()
    status, sentence, last = _run({"--make": make, "--time": measure, "--sizes": sizes}, cache, threads, report)
    hung = time.monotonic() - begun >= _TIMEOUT
    lacking = [network for network in make if shelf.find(network, cache) is None]
    if lacking:
        raise NetworkError(sentence or f"{lacking[0].title} could not be prepared: {_last_words(status, last)}.")
    if _died(status, hung=hung):
        for network in measure:
            if precisions.chosen(network, cache) is None:
                precisions.keep(network, cache, "f32", {})
    if make:
        shelf.prune(cache)


def _died(status: int, *, hung: bool) -> bool:
    """Whether the processor ended the child, by a signal (Windows: an exception code), or let it hang until the
    time-out: it would do so again. Killed before that it was by somebody else, a system short of memory most likely."""
    return (status < 0 or status >= 0xC0000000) and (hung or status not in _ENDED_BY_OTHERS)


def _last_words(status: int, last: str) -> str:
    """Why the child ended, as far as it can be told: its own last line, which progress is not, or how it ended."""
    if status < 0:
        return f"its process was ended by signal {-status} (too little memory does that): start Onlooker again"
    own = [text for text in map(str.strip, last.splitlines()) if text and not _PROGRESS.fullmatch(text)]
    return own[-1].rstrip(".") if own else f"its process ended with status {status}"


def _run(wanted: Mapping[str, Sequence[Network]], cache: Path, threads: int, report: Progress) -> tuple[int, str, str]:
    """The child does what is `wanted`, by its options. Gives its status, its sentence of what went wrong or "", and its
    last words."""
    sentences: list[str] = []

    def line(text: str) -> None:
        if text.startswith(ERROR):
            sentences.append(text.removeprefix(ERROR).strip())
            return
        said = _PROGRESS.fullmatch(text.strip())
        if said is not None:  # else some library's own talk
            report(said[2], float(said[1]))

    arguments = ["--cache", str(cache), "--threads", str(threads)]
    for option, networks in wanted.items():
        for network in networks:
            arguments += [option, network.key]
    command = child.command("models.forms", *arguments)
    try:
        status, last = child.run(command, env=child.environment(), timeout=_TIMEOUT, line=line)
    except OSError as error:
        raise NetworkError(f"Networks could not be prepared: no child process could be started ({error}).") from error
    return status, "".join(sentences[:1]), last


@contextmanager
def writable(cache: Path) -> Iterator[Path]:
    """`cache`, or a temporary folder where it cannot be written to or its disk is full: then networks are prepared at
    every start."""
    if _can_hold_forms(cache):
        yield cache
    else:
        with tempfile.TemporaryDirectory(prefix="onlooker-", ignore_cleanup_errors=True) as folder:
            yield Path(folder)


def _can_hold_forms(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
        return shutil.disk_usage(folder).free >= _ROOM
    except OSError:
        return False
