"""Commands that run for long say that their source was lost, and that it is there again."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from blind import Blind
from fake_source import FakeSource, until

from desktop.commands import cli

TROUBLE = "No connection to fake:0 (the server closed the connection): it is called again."
AGAIN = "fake:0 is there again."
RULES = 'version = 1\n[[rule]]\nname = "Dog"\nwhat = ["dog"]\n'


class BlindWithoutClasses(Blind):
    labels: tuple[str, ...] = ()


@pytest.mark.parametrize("command", ["record", "watch"])
def test_a_source_that_is_lost_and_back_is_told_once_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    source = FakeSource()
    told: list[str] = []
    monkeypatch.setattr("desktop.sources.naming.make_source", lambda _name: source)
    monkeypatch.setattr("desktop.commands.watch.load", lambda *_: BlindWithoutClasses())
    monkeypatch.setattr("desktop.commands.talk._to_stderr", told.append)
    rules = tmp_path / "rules.toml"
    rules.write_text(RULES, encoding="utf-8")

    def day() -> None:
        try:
            for losses in (1, 2):
                source.give()
                source.trouble = TROUBLE
                until(lambda losses=losses: told.count(TROUBLE) == losses, "the loss is told", 15.0)  # type: ignore[misc]
                source.trouble = ""
                source.give()
                until(lambda losses=losses: told.count(AGAIN) == losses, "that it is back is told", 15.0)  # type: ignore[misc]
        finally:
            source.end()

    thread = threading.Thread(target=day)
    thread.start()
    arguments = ["-o", str(tmp_path / "a.mp4"), "--no-objects", "--no-faces", "--no-bodies"]
    if command == "watch":
        arguments = ["-o", str(tmp_path), "--rules", str(rules)]
    assert cli.run([command, "fake:0", *arguments]) == 0
    thread.join()
    assert [one for one in told if one in (TROUBLE, AGAIN)] == [TROUBLE, AGAIN] * 2
