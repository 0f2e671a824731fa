"""Plays video files in Chromium, headless, and tells what it saw of them: not our decoder, and not our container."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue
from types import TracebackType
from typing import Any

PATIENCE = 90.0  # seconds; a hang, not a measure
_POLL = 1.0  # seconds for which the page waits for its next file before it asks again
_QUIET = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--mute-audio"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
    "--autoplay-policy=no-user-gesture-required",
)
_PAGE = """<!doctype html><body><script>
const wait = (video, name) => new Promise((done, failed) => {
    video.addEventListener(name, done, {once: true});
    video.addEventListener("error", () => failed(new Error(video.error.message || video.error.code)), {once: true});
});
const pixels = (video) => {
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth; canvas.height = video.videoHeight;
    const context = canvas.getContext("2d");
    context.drawImage(video, 0, 0);
    const one = (x) => Array.from(context.getImageData(x, canvas.height >> 1, 1, 1).data.slice(0, 3));
    return [1, 3, 5, 7, 9, 11, 13, 15].map((part) => one(Math.floor(part * canvas.width / 16)));
};
const play = async (job) => {
    const video = document.createElement("video");
    document.body.append(video);
    try {
        video.muted = !job.sound; video.preload = "auto"; video.src = job.address;
        await wait(video, "loadeddata");
        const seen = [];
        for (const time of job.times) {
            video.currentTime = time;
            await wait(video, "seeked");
            seen.push({time: video.currentTime, pixels: pixels(video)});
        }
        if (job.times.length) { video.currentTime = 0; await wait(video, "seeked"); }
        const clock = [];
        let last = 0;
        const shown = (now, frame) => {
            last = frame.mediaTime;
            clock.push([now / 1000, video.currentTime]);
            video.requestVideoFrameCallback(shown);
        };
        video.requestVideoFrameCallback(shown);
        video.playbackRate = job.rate;
        const ended = wait(video, "ended");
        await video.play();
        await ended;
        const quality = video.getVideoPlaybackQuality();
        return {
            error: "", duration: video.duration, size: [video.videoWidth, video.videoHeight], seen, clock,
            ended: video.currentTime, last, frames: quality.totalVideoFrames, dropped: quality.droppedVideoFrames,
            heard: video.webkitAudioDecodedByteCount};
    } catch (error) {
        return {error: String(error.message || error)};
    } finally {
        video.removeAttribute("src"); video.load(); video.remove();
    }
};
(async () => {
    for (;;) {
        const job = await (await fetch("/next")).json();
        if (job.address) await fetch("/told", {method: "POST", body: JSON.stringify(await play(job))});
    }
})();
</script>"""


@dataclass(frozen=True, slots=True)
class Played:
    """What Chromium says of a file that it played to its end.

    `error`: why it could not, "" where it could, and then only the rest is known. `duration` and `ended` in seconds:
    what it says the file lasts, where it stood at the end; `last`: the time of the last frame that it showed, as far as
    it told. `seen`: for each time asked for, eight colours (red, green, blue) along the middle row of the picture.
    `clock`: for frames shown, seconds of the wall and of the video. `heard`: bytes of sound that it decoded.
    """

    error: str
    duration: float = 0.0
    size: tuple[int, int] = (0, 0)
    seen: tuple[tuple[tuple[int, int, int], ...], ...] = ()
    clock: tuple[tuple[float, float], ...] = ()
    ended: float = 0.0
    last: float = 0.0
    frames: int = 0
    dropped: int = 0
    heard: int = 0


def is_there() -> bool:
    """Whether Chromium is installed."""
    return shutil.which("chromium") is not None


class Player:
    """One Chromium, which plays one file after another. To be used in `with`, by one thread."""

    def __init__(self) -> None:
        self._jobs: Queue[dict[str, Any]] = Queue()
        self._told: Queue[dict[str, Any]] = Queue()
        self._files: list[Path] = []
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self._jobs, self._told, self._files))
        self._server.daemon_threads = True  # the page may wait for its next file still
        self._thread = threading.Thread(target=self._server.serve_forever, name="page")
        self._browser: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Player:
        self._thread.start()
        address = f"http://127.0.0.1:{self._server.server_address[1]}/"
        command = ["chromium", *_QUIET, f"--user-data-dir={self._profile.name}", address]
        self._browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _: TracebackType | None
    ) -> None:
        if self._browser is not None:
            self._browser.terminate()
            try:
                self._browser.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._browser.kill()
                self._browser.wait()
        self._jobs.put({})
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(PATIENCE)
        self._profile.cleanup()

    def play(self, video: Path, times: Sequence[float] = (), *, rate: float = 1.0, sound: bool = False) -> Played:
        """Show it at `times` (seconds), then play it from its beginning to its end, `rate` times as fast as life."""
        self._files.append(video)
        address = f"/video/{len(self._files) - 1}"
        self._jobs.put({"address": address, "times": list(times), "rate": rate, "sound": sound})
        try:
            told = self._told.get(timeout=PATIENCE)
        except Empty:
            return Played(f"it does not come to an end within {PATIENCE:.0f} s")
        if told["error"]:
            return Played(told["error"])
        return Played(
            "",
            float("inf") if told["duration"] is None else told["duration"],
            (told["size"][0], told["size"][1]),
            tuple(tuple((red, green, blue) for red, green, blue in one["pixels"]) for one in told["seen"]),
            tuple((wall, media) for wall, media in told["clock"]),
            told["ended"],
            told["last"],
            told["frames"],
            told["dropped"],
            told["heard"],
        )


def _handler(
    jobs: Queue[dict[str, Any]], told: Queue[dict[str, Any]], files: list[Path]
) -> type[BaseHTTPRequestHandler]:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/next":
                try:
                    job = jobs.get(timeout=_POLL)
                except Empty:
                    job = {}
                self._send(200, "application/json", json.dumps(job).encode())
            elif self.path.startswith("/video/"):
                path = files[int(self.path.removeprefix("/video/"))]
                self._send(*_part(path.read_bytes(), self.headers.get("Range")))
            else:
                self._send(200, "text/html", _PAGE.encode())

        def _send(self, status: int, kind: str, body: bytes, span: str = "") -> None:
            self.send_response(status)
            headers = {"Content-Type": kind, "Content-Length": str(len(body)), "Accept-Ranges": "bytes"}
            for name, value in (headers | ({"Content-Range": span} if span else {})).items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(body)
            except ConnectionError:
                return  # it has enough of it

        def do_POST(self) -> None:
            told.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._send(200, "text/plain", b"")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            del format, args

    return Page


def _part(whole: bytes, wanted: str | None) -> tuple[int, str, bytes, str]:
    """Status, kind, bytes and their place of the range of a video that a header asks for."""
    if wanted is None:
        return 200, "video/mp4", whole, ""
    first, _, last = wanted.removeprefix("bytes=").partition("-")
    start, end = int(first), min(int(last or len(whole) - 1), len(whole) - 1)
    return 206, "video/mp4", whole[start : end + 1], f"bytes {start}-{end}/{len(whole)}"
