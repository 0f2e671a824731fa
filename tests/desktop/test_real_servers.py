"""Streams of servers that nobody here wrote: GStreamer's for RTSP, ffmpeg's for HTTP. Skipped where there is none."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import http_server
import numpy as np
import pytest
import rtsp_server
from clips import sizes_of, times_of
from fake_source import PATIENCE, until
from http_server import HttpServer
from rtsp_server import RtspServer

from desktop.live.session import Session
from desktop.sources.address import Address
from desktop.sources.naming import make_source
from desktop.sources.pauses import Pauses
from desktop.sources.stream import StreamSource
from models.errors import SourceError

GAP = 0.9  # seconds: what is called again waits one


@cache
def why_no_rtsp(codec: str) -> str:
    return rtsp_server.missing(codec)


def codec_here() -> str:
    """H.264, as cameras send it, where its encoder is installed, else Motion JPEG; skips where there is no server."""
    for codec in ("h264", "mjpeg"):
        if not why_no_rtsp(codec):
            return codec
    pytest.skip(why_no_rtsp("mjpeg"))


@pytest.fixture(params=["rtsp", "http"])
def server(request: pytest.FixtureRequest) -> Iterator[RtspServer | HttpServer]:
    """A server, not yet started."""
    if request.param == "http" and http_server.missing():
        pytest.skip(http_server.missing())
    one = RtspServer(codec=codec_here(), password="canary") if request.param == "rtsp" else HttpServer()
    yield one
    one.kill()


def opened(address: str) -> StreamSource:
    source = StreamSource(Address(address))
    source.open()
    return source


def test_a_server_that_is_killed_and_starts_again_leaves_one_valid_file_with_a_gap_in_its_times(
    server: RtspServer | HttpServer, tmp_path: Path
) -> None:
    server.start()
    session = Session(make_source(server.url))
    session.start()
    until(lambda: session.figures().captured > 3, "the stream is watched")
    session.start_recording(tmp_path / "clip.mp4", program="1")
    before = session.figures().captured
    until(lambda: session.figures().captured > before + 15, "it is recorded")
    server.kill()
    until(lambda: session.figures().trouble != "", "the loss was noticed")
    said = session.figures().trouble
    assert "127.0.0.1" in said
    assert "canary" not in said
    lost = session.figures().captured
    server.start()
    until(lambda: session.figures().captured > lost + 15, "it is watched again")
    assert session.figures().trouble == ""
    assert session.stop(PATIENCE)
    assert not session.abandoned
    assert session.errors == ()

    (recording,) = session.recordings
    times = times_of(tmp_path / "clip.mp4")
    steps = np.diff(times)
    assert recording.state == "finished"
    assert recording.dropped == 0
    assert len(times) == recording.frames > 30
    assert sizes_of(tmp_path / "clip.mp4") == {(320, 240)}
    assert (steps > 0).all()
    assert (steps > GAP).sum() == 1
    assert 12 < int(steps.argmax()) < len(steps) - 12
    lines = [json.loads(line) for line in (tmp_path / "clip.jsonl").read_text(encoding="utf-8").splitlines()]
    assert lines[0]["source"] == str(Address(server.url))
    assert len(lines) == len(times) + 2
    assert [line["time"] for line in lines[1:-1]] == pytest.approx(times, abs=0.001)
    assert lines[-1]["end"]
    assert not [path for path in tmp_path.iterdir() if b"canary" in path.read_bytes()]


def test_a_server_that_stops_in_its_tracks_is_called_again() -> None:
    with RtspServer(codec=codec_here()).running() as server:
        source = StreamSource(Address(server.url), patience=(10.0, 1.0), pauses=lambda: Pauses(0.2, 0.2))
        session = Session(source)
        session.start()
        until(lambda: session.figures().captured > 5, "it is watched")
        os.kill(server.pid, signal.SIGSTOP)
        until(lambda: "nothing came for 1 s" in session.figures().trouble, "the silence was noticed")
        before = session.figures().captured
        os.kill(server.pid, signal.SIGCONT)
        until(lambda: session.figures().captured > before + 5, "it goes on")
        assert session.figures().trouble == ""
        assert session.stop(PATIENCE)


def test_a_wrong_password_is_told_apart_from_a_server_that_is_not_there() -> None:
    with RtspServer(codec=codec_here(), password="canary").running() as server:
        name = f"rtsp://***@127.0.0.1:{server.port}/live"
        opened(server.url).close()
        for address, reason in {
            server.url.replace("canary", "wrongcanary"): "it wants another user or password",
            server.url.replace("eve:canary@", ""): "it wants another user or password",
            server.url.replace("/live", "/nothing"): "the server knows no such path",
        }.items():
            with pytest.raises(SourceError) as error:
                opened(address)
            shown = name.replace("/live", "/nothing") if "nothing" in address else name
            shown = shown if "@" in address else shown.replace("***@", "")
            assert str(error.value) == f"{shown} cannot be watched: {reason}."
    with pytest.raises(SourceError, match="nothing listens there"):
        opened(server.url)


@pytest.mark.parametrize(("codec", "udp"), [("vp8", False), ("mjpeg", True)])
def test_other_codecs_and_servers_that_know_no_tcp_are_watched_and_nothing_saved_up_is_given(
    codec: str, udp: bool
) -> None:
    """GStreamer's server sends a second of pictures at once, in which FFmpeg looks at the stream."""
    if why_no_rtsp(codec):
        pytest.skip(why_no_rtsp(codec))
    with RtspServer(codec=codec, udp=udp).running() as server:
        source = StreamSource(Address(server.url))
        info = source.open()
        frames = [frame for frame in (source.read() for _ in range(25)) if frame is not None]
        source.close()
    assert info.size == (320, 240)
    assert info.fps == 25
    assert all(frame.size == (320, 240) and frame.pixels.any() for frame in frames)
    assert (frames[-1].time - frames[0].time) / 1e9 > 0.4  # 24 steps of 40 ms; saved up they were 0.05 s
