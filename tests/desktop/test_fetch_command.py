"""`onlooker models fetch` asks before it fetches, shows no secret, and lists what there is."""

from __future__ import annotations

import hashlib
import io
import json
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from loopback_server import File, serving

from desktop.commands import cli
from desktop.commands import fetch as command
from desktop.commands.talk import Talk
from desktop.fetching.download import Progress
from models.importing.added import listed

CONTENT = bytes(range(256)) * 500
SUM = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_proxy".upper(), raising=False)
    monkeypatch.setenv("ONLOOKER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ONLOOKER_NETWORKS", str(tmp_path / "networks"))
    return tmp_path / "cache"


def named(url: str, *more: str) -> list[str]:
    return ["models", "fetch", "--url", url, "--sha256", SUM, "--licence", "MIT", *more]


def test_the_list_says_how_another_is_fetched(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["models", "fetch"]) == 0
    assert "onlooker models fetch --url ADDRESS --sha256 SUM --licence LICENCE" in capsys.readouterr().out
    assert cli.run(["models", "fetch", "--json"]) == 0
    assert isinstance(json.loads(capsys.readouterr().out)["detectors"], list)


def test_nothing_is_fetched_before_licence_and_size_were_shown_and_somebody_agreed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    with serving({"/eye.onnx": File(CONTENT)}) as server:
        url = server.url("/eye.onnx?token=canary").replace("http://", "http://joe:canary@")
        for stdin, sentence in ((io.StringIO(), "add --yes"), (Terminal("n\n"), "Nothing was fetched.")):
            monkeypatch.setattr(sys, "stdin", stdin)
            assert cli.run(named(url)) == 1
            shown = capsys.readouterr()
            assert f"eye: 128 kB, licence MIT, from {server.url('/eye.onnx')}?…" in shown.err
            assert sentence in shown.err
            assert "canary" not in shown.err + shown.out
    assert {one.method for one in server.requests} == {"HEAD"}
    assert not cache.exists()


def test_ctrl_c_ends_it_and_the_next_time_it_goes_on(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    @contextmanager
    def interrupting(_talk: Talk, _name: str) -> Iterator[Callable[[Progress], None]]:
        yield lambda progress: signal.raise_signal(signal.SIGINT) if progress.done else None

    with serving({"/eye.onnx": File(CONTENT)}) as server:
        with monkeypatch.context() as patched:
            patched.setattr(command, "fetching", interrupting)
            assert cli.run(named(server.url("/eye.onnx"), "--yes")) == 130
        (part,) = (cache / "fetched").glob("*.part")
        there = part.stat().st_size
        cli.run(named(server.url("/eye.onnx"), "--yes"))
    assert there > 0
    assert server.requests[-1].headers["Range"] == f"bytes={there}-"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--url", "https://example.org/x"],
        ["--sha256", SUM],
        ["x", "--licence", "MIT"],
        ["x", "--url", "https://example.org/x", "--sha256", SUM, "--licence", "MIT"],
    ],
)
def test_half_a_name_is_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["models", "fetch", *arguments]) == 2
    assert "Invalid value" in capsys.readouterr().err


def test_what_cannot_be_had_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with serving({}) as server:
        assert cli.run(named(server.url("/eye.onnx"), "--yes")) == 1
    assert capsys.readouterr().err == "127.0.0.1 has no such file (404): look at the address.\n"


def test_what_was_fetched_is_shown_and_added_under_its_licence_and_then_not_needed_any_more(
    capsys: pytest.CaptureFixture[str], cache: Path, shared_models: Path
) -> None:
    network = (shared_models / "yolox_nano.onnx").read_bytes()
    with serving({"/YOLOX Nano.onnx": File(network), "/YOLOX%20Nano.onnx": File(network)}) as server:
        arguments = ["models", "fetch", "--url", server.url("/YOLOX Nano.onnx"), "--licence", "Apache-2.0", "--yes"]
        arguments += ["--sha256", hashlib.sha256(network).hexdigest()]
        assert cli.run(arguments) == 0
        shown = capsys.readouterr()
        assert "YOLOX" in shown.out
        assert "Added: --detector yolox-nano" in shown.err
        asked = len(server.requests)
        assert cli.run([*arguments, "--name", "yolox-nano"]) == 1
        assert "There is a network yolox-nano already" in capsys.readouterr().err
        assert len(server.requests) == asked  # known before anything was asked
    (one,) = listed(cache.parent / "networks")[0]
    assert (one.key, one.licence) == ("yolox-nano", "Apache-2.0")
    assert list((cache / "fetched").iterdir()) == []


def test_what_is_no_detector_is_refused_like_any_file_and_kept_for_another_try_without_the_server(
    capsys: pytest.CaptureFixture[str], cache: Path
) -> None:
    with serving({"/eye.onnx": File(CONTENT)}) as server:
        for _ in range(2):
            assert cli.run(named(server.url("/eye.onnx"), "--yes")) == 1
            assert (
                f"The file is kept: `onlooker models add {cache / 'fetched' / 'eye.onnx'}`" in capsys.readouterr().err
            )
        assert [one.method for one in server.requests] == ["HEAD", "GET"]
    assert not (cache.parent / "networks").exists()
