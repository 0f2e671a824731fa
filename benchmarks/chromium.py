"""Plays video files in Chromium, headless, and tells what it saw of them: not our decoder, and not our container."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
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
_POLL = 10.0  # seconds for which the page waits for its next file before it asks again
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
            const shown = new Promise((done) => video.requestVideoFrameCallback(done));
            video.currentTime = time;
            await wait(video, "seeked");
            await Promise.race([shown, new Promise((done) => setTimeout(done, 2000))]);  // before that it may be black
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
        video.play().catch(() => {});  // what is over at once interrupts it; what cannot be played is an error besides
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
        if (!job.address) continue;
        const told = {...await play(job), address: job.address};
        await fetch("/told", {method: "POST", body: JSON.stringify(told)});
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
    """One Chromium, which plays one file after another. To be used in `with`, by one thread.

    Its page is served by a process of its own, so that no thread of that is anybody's here.
    """

    def __init__(self) -> None:
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self._server: subprocess.Popen[str] | None = None
        self._browser: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Player:
        command = [sys.executable, __file__]
        self._server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._server.stdout is not None
        address = self._server.stdout.readline().strip()
        command = ["chromium", *_QUIET, f"--user-data-dir={self._profile.name}", address]
        self._browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _: TracebackType | None
    ) -> None:
        for process in (self._browser, self._server):
            if process is not None:
                process.terminate()
                try:
                    process.wait(PATIENCE)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        if self._server is not None:
            for pipe in (self._server.stdin, self._server.stdout):
                if pipe is not None:
                    pipe.close()
        self._profile.cleanup()

    def play(self, video: Path, times: Sequence[float] = (), *, rate: float = 1.0, sound: bool = False) -> Played:
        """Show it at `times` (seconds), then play it from its beginning to its end, `rate` times as fast as life."""
        assert self._server is not None
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        job = {"path": str(video.resolve()), "times": list(times), "rate": rate, "sound": sound}
        self._server.stdin.write(json.dumps(job) + "\n")
        self._server.stdin.flush()
        told = json.loads(self._server.stdout.readline())
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


def _serve() -> None:
    """In a process of its own: say the page's address, then play what each line of stdin names, and say what came."""
    jobs: Queue[dict[str, Any]] = Queue()
    told: Queue[dict[str, Any]] = Queue()
    files: list[Path] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(jobs, told, files))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="page", daemon=True).start()
    print(f"http://127.0.0.1:{server.server_address[1]}/", flush=True)
    for line in sys.stdin:
        job = json.loads(line)
        files.append(Path(job.pop("path")))
        job["address"] = f"/video/{len(files) - 1}"
        jobs.put(job)
        print(json.dumps(_answer(told, job["address"])), flush=True)


def _answer(told: Queue[dict[str, Any]], address: str) -> dict[str, Any]:
    """What the page says of this file, and not of one that it came to its end with too late."""
    while True:
        try:
            answer = told.get(timeout=PATIENCE)
        except Empty:
            return {"error": f"it does not come to an end within {PATIENCE:.0f} s"}
        if answer["address"] == address:
            return answer


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


if __name__ == "__main__":
    _serve()
