"""What commands say, and where: answers to stdout, talk, progress and errors to stderr, no credentials anywhere."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import typer

_SECRETS = (
    re.compile(r"(?<=://)[^/\s@]+@"),  # user:password@ of an address
    re.compile(r"(?<=[?&])((?:pass\w*|pwd|token|secret|key|auth\w*)=)[^&\s'\"]+", re.IGNORECASE),
)


def redacted(text: str) -> str:
    """The text without the names and passwords that addresses carry."""
    return _SECRETS[1].sub(r"\1***", _SECRETS[0].sub("***@", text))


class Talk:
    """How one command talks. `quiet`: only answers and errors. `debug`: logs tell more, and errors their traceback."""

    def __init__(self, *, quiet: bool = False, debug: bool = False) -> None:
        self.quiet = quiet
        if debug:
            logging.getLogger().setLevel(logging.DEBUG)

    def say(self, sentence: str) -> None:
        """Tell the user something, on stderr."""
        if not self.quiet:
            typer.echo(redacted(sentence), err=True)

    def fail(self, sentence: str) -> None:
        """Tell the user what could not be done, on stderr, quiet or not."""
        typer.echo(redacted(sentence), err=True)

    def answer(self, text: str) -> None:
        """The command's answer, on stdout."""
        typer.echo(text)

    def answer_json(self, answer: object) -> None:
        """The command's answer for a program, on stdout: ASCII only, whatever the terminal's encoding."""
        typer.echo(json.dumps(answer, indent=2))

    @property
    def shows_progress(self) -> bool:
        """Whether there is a terminal to draw a bar on."""
        return not self.quiet and sys.stderr.isatty()


def table(rows: Sequence[Sequence[str]], *, indent: str = "") -> str:
    """Rows of cells in aligned columns, two spaces between them, as plain text of any width."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(indent + line.rstrip() for line in lines)


class RedactedFormatter(logging.Formatter):
    """Formats log lines, tracebacks included, without credentials."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        return redacted(super().format(record))


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
