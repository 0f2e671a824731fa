"""Has forms made and precisions timed in a child process (`models.forms`), and reads what it says."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from models import child, precisions, shelf
from models.catalogue import Network
from models.errors import NetworkError

Progress = Callable[[str, float], None]

ERROR = "error: "
"""How a line of the child begins that says in a sentence why it could not go on."""

_TIMEOUT = 300.0  # seconds for all together; four networks take ten
_ENDED_BY_OTHERS = (-2, -9, -15)  # interrupted, killed (by the time-out too), terminated: says nothing of the processor


def prepare(make: Sequence[Network], measure: Sequence[Network], cache: Path, threads: int, report: Progress) -> None:
    """Make the forms of `make`, then time the precisions of `measure`, into the cache folder.

    The child may die while it times: then those networks are f32 on this machine. Raises NetworkError where a form
    could not be made.
    """
    if make and importlib.util.find_spec("torch") is None:
        raise NetworkError(
            f"{make[0].title} is not prepared for this machine, and torch, which prepares it, is not installed. "
            "Install Onlooker again, or install torch."
        )
    status, sentence, last = _run(make, measure, cache, threads, report)
    lacking = [network for network in make if shelf.find(network, cache) is None]
    if lacking:
        words = last.strip().splitlines()[-1:] or [f"its process ended with status {status}"]
        raise NetworkError(sentence or f"{lacking[0].title} could not be prepared: {words[0]}")
    if status not in (0, 1, *_ENDED_BY_OTHERS):
        for network in measure:
            if precisions.chosen(network, cache) is None:
                precisions.keep(network, cache, "f32", {})
    if make:
        shelf.prune(cache)


def _run(
    make: Sequence[Network], measure: Sequence[Network], cache: Path, threads: int, report: Progress
) -> tuple[int, str, str]:
    """The child's status, its sentence of what went wrong or "", and its last words."""
    sentences: list[str] = []

    def line(text: str) -> None:
        if text.startswith(ERROR):
            sentences.append(text.removeprefix(ERROR).strip())
            return
        part, _, what = text.strip().partition(" ")
        try:
            report(what, float(part))
        except ValueError:
            return  # some library's own talk

    arguments = ["--cache", str(cache), "--threads", str(threads)]
    for option, networks in (("--make", make), ("--time", measure)):
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
    """`cache`, or a temporary folder where it cannot be written to: then networks are prepared at every start."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=cache).close()
    except OSError:
        with tempfile.TemporaryDirectory(prefix="onlooker-", ignore_cleanup_errors=True) as folder:
            yield Path(folder)
    else:
        yield cache
