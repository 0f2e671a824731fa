"""Chromium listens to a video: where its own decoder hears clicks, which no part of ours takes part in."""

from __future__ import annotations

import json
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

PATIENCE = 60.0  # seconds; a hang, not a measure
_QUIET = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--mute-audio", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"),
)
_PAGE = """<!doctype html><script>
const tell = (what) => fetch("/told", {method: "POST", body: JSON.stringify(what)});
const heard = async (name) => {
    const data = await (await fetch(name)).arrayBuffer();
    const sound = await new OfflineAudioContext(1, 48000, 48000).decodeAudioData(data);
    const samples = sound.getChannelData(0), clicks = [];
    let last = -1e9;
    for (let i = 0; i < samples.length; i++) if (Math.abs(samples[i]) > 0.25) {
        if (i - last > 0.1 * sound.sampleRate) clicks.push(i / sound.sampleRate);
        last = i;
    }
    return clicks;
};
(async () => {
    const all = {};
    for (const name of NAMES) all[name] = await heard(name).catch((error) => "" + error);
    tell(all);
})();
</script>"""


def heard_by_chromium(videos: list[Path], profile: Path) -> dict[str, Any]:
    """For each name of a video, all in one folder, the seconds at which clicks begin; a text where it cannot decode."""
    told: Queue[dict[str, Any]] = Queue()
    page = _PAGE.replace("NAMES", json.dumps([video.name for video in videos])).encode()

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            named = [video for video in videos if self.path == f"/{video.name}"]
            body = named[0].read_bytes() if named else page
            self.send_response(200)
            self.send_header("Content-Type", "video/mp4" if named else "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

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
        address = f"http://127.0.0.1:{server.server_address[1]}/"
        command = ["chromium", *_QUIET, f"--user-data-dir={profile}", address]
        try:
            with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as browser:
                try:
                    return told.get(timeout=PATIENCE)
                finally:
                    browser.terminate()
        finally:
            server.shutdown()
            thread.join(PATIENCE)
