"""What commands say, and where: answers to stdout, talk, progress and errors to stderr, no credentials anywhere."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import typer

from desktop.recordings.reasons import why
from desktop.sources.address import without_secrets
from models.errors import RecordingError


class Talk:
    """How one command talks. `quiet`: only answers and errors. `debug`: logs tell more, and errors their traceback."""

    def __init__(self, *, quiet: bool = False, debug: bool = False) -> None:
        self.quiet = quiet
        self._write: Callable[[str], None] = _to_stderr
        if debug:
            logging.getLogger().setLevel(logging.DEBUG)

    def say(self, sentence: str) -> None:
        """Tell the user something, on stderr."""
        if not self.quiet:
            self._write(without_secrets(sentence))

    def fail(self, sentence: str) -> None:
        """Tell the user what could not be done, on stderr, quiet or not."""
        self._write(without_secrets(sentence))

    @contextmanager
    def by(self, write: Callable[[str], None]) -> Iterator[None]:
        """Within it sentences are written by `write`: a bar that is drawn on stderr has to make room for them."""
        before, self._write = self._write, write
        try:
            yield
        finally:
            self._write = before

    def answer(self, text: str) -> None:
        """The command's answer, on stdout. Raises RecordingError where it cannot be written."""
        try:
            typer.echo(text)
        except BrokenPipeError:
            raise  # who reads it has read enough
        except OSError as error:
            # What did not go out waits in the stream: at the end of the program it would be tried again.
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise RecordingError(f"The answer cannot be written: {why(error)}.") from error

    def answer_json(self, answer: object) -> None:
        """The command's answer for a program, on stdout: ASCII only, whatever the terminal's encoding."""
        self.answer(json.dumps(answer, indent=2))

    @property
    def shows_progress(self) -> bool:
        """Whether there is a terminal to draw a bar on."""
        return not self.quiet and sys.stderr.isatty()


def _to_stderr(sentence: str) -> None:
    typer.echo(sentence, err=True)


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells in aligned columns, two spaces between them, as plain text of any width."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


class RedactedFormatter(logging.Formatter):
    """Formats log lines, tracebacks included, without credentials."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        return without_secrets(super().format(record))


@contextmanager
def logs_on_stderr() -> Iterator[None]:
    """Within it warnings of the log go to stderr; `Talk(debug=True)` adds the rest."""
    root = logging.getLogger()
    level = root.level
    handler = logging.StreamHandler()
    handler.setFormatter(RedactedFormatter("%(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
