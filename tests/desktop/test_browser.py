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
const pixel = () => {
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth; canvas.height = video.videoHeight;
    const context = canvas.getContext("2d");
    context.drawImage(video, 0, 0);
    return Array.from(context.getImageData(canvas.width >> 1, canvas.height >> 1, 1, 1).data.slice(0, 3));
};
const at = (time) => new Promise((done) => {
    video.onseeked = () => done({time: video.currentTime, pixel: pixel()});
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


@pytest.mark.skipif(shutil.which("chromium") is None, reason="the browser Chromium is not installed")
def test_chromium_plays_a_recording_whole_at_its_times_and_in_its_colours(tmp_path: Path) -> None:
    colours = [(0, 0, 200), (0, 180, 0), (210, 60, 0)]  # BGR, one a second, at an uneven rate
    times = [second + part for second in range(3) for part in (0.0, 0.05, 0.21, 0.5, 0.62)]
    writer = VideoWriter(tmp_path / "video.mp4", (321, 240))
    for time in times:
        writer.write(np.full((240, 321, 3), colours[int(time)], np.uint8), time)
    writer.close()

    with served(tmp_path / "video.mp4", [0.55, 1.3, 2.55]) as (address, told):
        command = ["chromium", *QUIET, f"--user-data-dir={tmp_path / 'profile'}", address]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as browser:
            try:
                seen = told.get(timeout=PATIENCE)
            finally:
                browser.terminate()

    assert "error" not in seen, seen
    assert seen["size"] == [322, 240]
    assert abs(seen["duration"] - writer.duration) < 0.02
    assert abs(seen["ended"] - seen["duration"]) < 0.05
    for moment, (blue, green, red) in zip(seen["seen"], colours, strict=True):
        assert np.abs(np.array(moment["pixel"]) - (red, green, blue)).max() <= 6, moment
