"""A browser plays what is recorded: whole, at its times, in its colours."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

import numpy as np
import pytest
from colour_bars import PURE, bars
from fake_encoders import faking

from desktop.recordings import encoders
from desktop.recordings.encoders import Choice, Chooser
from desktop.recordings.recording import Recording
from desktop.recordings.ring import Ring
from desktop.recordings.video_writer import VideoWriter

PATIENCE = 60.0  # seconds; a hang, not a measure
QUIET = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--mute-audio"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
    "--autoplay-policy=no-user-gesture-required",
)
PAGE = """<!doctype html><video id="video" muted src="/video.mp4" preload="auto"></video><script>
const tell = (what) => fetch("/told", {method: "POST", body: JSON.stringify(what)});
const video = document.getElementById("video");
video.onerror = () => tell({error: video.error.message || video.error.code});
const pixels = () => {
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth; canvas.height = video.videoHeight;
    const context = canvas.getContext("2d");
    context.drawImage(video, 0, 0);
    const one = (x) => Array.from(context.getImageData(x, canvas.height >> 1, 1, 1).data.slice(0, 3));
    return [1, 3, 5, 7, 9, 11, 13, 15].map((part) => one(Math.floor(part * canvas.width / 16)));
};
const at = (time) => new Promise((done) => {
    video.onseeked = () => done({time: video.currentTime, pixels: pixels()});
    video.currentTime = time;
});
video.onloadeddata = async () => {
    const seen = [];
    for (const time of TIMES) seen.push(await at(time));
    video.onended = () => tell({
        duration: video.duration, size: [video.videoWidth, video.videoHeight], seen,
        ended: video.currentTime});
    await at(0);
    video.play();
};
</script>"""


@contextmanager
def served(video: Path, times: list[float]) -> Iterator[tuple[str, Queue[dict[str, Any]]]]:
    """The address of a page that plays `video` and tells what it saw; what it told."""
    told: Queue[dict[str, Any]] = Queue()

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            whole = (
                video.read_bytes() if self.path == "/video.mp4" else PAGE.replace("TIMES", json.dumps(times)).encode()
            )
            wanted = self.headers.get("Range")
            start, end = 0, len(whole) - 1
            if wanted:
                first, _, last = wanted.removeprefix("bytes=").partition("-")
                start, end = int(first), int(last or end)
            self.send_response(206 if wanted else 200)
            self.send_header("Content-Type", "video/mp4" if self.path == "/video.mp4" else "text/html")
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Length", str(end - start + 1))
            if wanted:
                self.send_header("Content-Range", f"bytes {start}-{end}/{len(whole)}")
            self.end_headers()
            self.wfile.write(whole[start : end + 1])

        def do_POST(self) -> None:
            told.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            del format, args

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        server.daemon_threads = False
        thread = threading.Thread(target=server.serve_forever, name="page")
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/", told
        finally:
            server.shutdown()
            thread.join(PATIENCE)


def played(video: Path, times: list[float], profile: Path) -> dict[str, Any]:
    """What Chromium tells of a video: its duration, size and end, and eight pixels of the middle row at `times`."""
    with served(video, times) as (address, told):
        command = ["chromium", *QUIET, f"--user-data-dir={profile}", address]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as browser:
            try:
                seen = told.get(timeout=PATIENCE)
            finally:
                browser.terminate()
    assert "error" not in seen, seen
    return seen


def far(pixel: list[int], colour: tuple[int, int, int]) -> int:
    """Levels by which a pixel, RGB, differs from a colour, BGR."""
    return int(np.abs(np.array(pixel) - colour[::-1]).max())


with_chromium = pytest.mark.skipif(shutil.which("chromium") is None, reason="the browser Chromium is not installed")


@with_chromium
def test_chromium_plays_a_recording_whole_at_its_times_and_in_its_colours(tmp_path: Path) -> None:
    colours = [(0, 0, 200), (0, 180, 0), (210, 60, 0)]  # BGR, one a second, at an uneven rate
    times = [second + part for second in range(3) for part in (0.0, 0.05, 0.21, 0.5, 0.62)]
    writer = VideoWriter(tmp_path / "video.mp4", (321, 240))
    for time in times:
        writer.write(np.full((240, 321, 3), colours[int(time)], np.uint8), time)
    writer.close()

    seen = played(tmp_path / "video.mp4", [0.55, 1.3, 2.55], tmp_path / "profile")
    assert seen["size"] == [322, 240]
    assert abs(seen["duration"] - writer.duration) < 0.02
    assert abs(seen["ended"] - seen["duration"]) < 0.05
    for moment, colour in zip(seen["seen"], colours, strict=True):
        assert max(far(pixel, colour) for pixel in moment["pixels"]) <= 4, moment


@with_chromium
@pytest.mark.parametrize("size", [(320, 240), (1920, 1080)])
def test_pure_colours_are_within_four_levels_in_chromium(tmp_path: Path, size: tuple[int, int]) -> None:
    picture = bars(*size)
    writer = VideoWriter(tmp_path / "video.mp4", size)
    for number in range(3):
        writer.write(picture, number / 10)
    writer.close()
    seen = played(tmp_path / "video.mp4", [0.15], tmp_path / "profile")
    assert seen["size"] == list(size)
    (moment,) = seen["seen"]
    assert max(far(pixel, colour) for pixel, colour in zip(moment["pixels"], PURE, strict=True)) <= 4, moment


@with_chromium
def test_chromium_plays_what_led_to_an_event_and_on_over_an_encoder_that_gave_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoders, "create", faking("fails at the fifth frame"))
    colours = [(0, 0, 200), (0, 180, 0), (210, 60, 0)]  # BGR, one a second
    ring = Ring(5.0, chooser=Chooser(lambda _names: Choice("h264_nvenc")))
    recording = Recording(tmp_path / "video.mp4", source="test", networks={}, program="0", ring=ring, since=0.0)
    for number in range(15):
        take = ring.take if number < 8 else recording.write
        picture = np.full((240, 320, 3), colours[number // 5], np.uint8)
        take(picture, number / 5, scene=None, analysed=False)
    recording.close()
    assert "gave up" in recording.notes[0]

    seen = played(tmp_path / "video.mp4", [0.5, 0.9, 1.5, 2.5], tmp_path / "profile")
    assert abs(seen["duration"] - 3.0) < 0.02
    assert abs(seen["ended"] - seen["duration"]) < 0.05
    for moment, colour in zip(seen["seen"], [colours[0], *colours], strict=True):
        assert max(far(pixel, colour) for pixel in moment["pixels"]) <= 6, moment
