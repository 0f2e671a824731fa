"""What is lost when a recording is killed? Records, kills with SIGKILL at a random moment, looks, repairs, looks again.

    python benchmarks/kill.py [--kills 100] [--size 1280x720] [--seed 0] [--look 0] [--without-chromium]
        [--without-ffprobe]

Each run is a process of its own: a real session with a made camera (30 or 5 frames a second, a picture that moves or
one that stands still) and a looker that finds a face and a thing, at once or after some time, recording with a sidecar;
every third with a clean video besides. Every fifth is killed within 30 ms of being told to stop, while it closes its
files. Judged are the file as the kill left it, which has to play up to at most one second before the kill, and what the
repair makes of it: as many lines as frames, an ordinary MP4, no file under a final name that is broken. Judges:
ffprobe, which decodes every frame, and Chromium.

SIGKILL ends the process, not the system: what was written is in the system's memory and reaches the disk. This tests
nothing of a power loss.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
from chromium import Played, Player, is_there

from desktop.batch.repair import gather, repair_all
from desktop.frame import Frame, Pixels
from desktop.live.recording import RecordingOptions
from desktop.live.session import Session
from desktop.recordings.options import PLAIN
from desktop.recordings.playable import playable
from desktop.recordings.sidecar_reader import End, Header, Line, read_sidecar
from desktop.sources.source import SourceInfo
from models.errors import OnlookerError
from models.scene import FACE_POINTS, Detection, Face, Scene

MOST_LOST = 1.0
"""Seconds before the kill up to which a file has to play at least."""

_NAME, _CLEAN = "killed.mp4", "killed.clean.mp4"
_LONGEST = 5.0  # seconds recorded
_CLOSING = 0.03  # seconds after the request to stop
_PATIENCE = 60.0


class MadeCamera:
    """A live source of made pictures at a steady rate: a pattern that wanders, or one that stands still."""

    live = True
    name = "made:0"

    def __init__(self, size: tuple[int, int], fps: float, *, moving: bool) -> None:
        self._size, self._fps, self._moving = size, fps, moving
        width, height = size
        rows, columns = np.mgrid[:height, : width + 256]
        wave = 128 + 60 * np.sin(columns / 17) + 50 * np.cos(rows / 11 + columns / 71)
        self._pattern = np.repeat(wave.astype(np.uint8)[..., None], 3, axis=2)
        self._closed = threading.Event()
        self._begun = time.perf_counter()
        self._count = 0

    def open(self) -> SourceInfo:
        """Begin."""
        self._begun = time.perf_counter()
        return SourceInfo(self._size, self._fps)

    def read(self) -> Frame | None:
        """The next frame, when its time has come."""
        due = self._begun + self._count / self._fps
        if self._closed.wait(max(0.0, due - time.perf_counter())):
            return None
        shift = self._count * 3 % 256 if self._moving else 0
        pixels: Pixels = np.ascontiguousarray(self._pattern[:, shift : shift + self._size[0]])
        self._count += 1
        return Frame(pixels, self._count - 1, time.perf_counter_ns())

    def close(self) -> None:
        """End."""
        self._closed.set()


class MadeLooker:
    """Finds a face and a thing in every frame it looks at, for so many seconds each: long lines for the sidecar."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def analyze(self, pixels: Pixels, _time_ns: int) -> Scene:
        """What is in it."""
        time.sleep(self._seconds)
        height, width = pixels.shape[:2]
        box = np.array((width / 4, height / 4, width / 2, height / 2), np.float32)
        points = np.zeros((FACE_POINTS, 3), np.float32)
        points[:, :2] = box[:2] + np.arange(FACE_POINTS, dtype=np.float32)[:, None] / 8
        return Scene((Detection(box, 0.9, "dog", 1),), (Face(box, 0.9, points, 1),))


def record(folder: Path, size: tuple[int, int], fps: float, look: float, *, moving: bool, both: bool) -> None:
    """Record until killed; says "recording" once there are frames, and stops at the first line on stdin."""
    camera = MadeCamera(size, fps, moving=moving)
    session = Session(camera, look=lambda _progress: MadeLooker(look))
    session.start()
    while session.figures().state != "running":
        time.sleep(0.01)
    options = RecordingOptions(video=PLAIN, clean=both)
    session.start_recording(folder / _NAME, options, program="kill", networks={"faces": "made"})
    while session.recordings[0].frames == 0:
        time.sleep(0.01)
    sys.stdout.write("recording\n")
    sys.stdout.flush()
    sys.stdin.readline()
    session.stop_recording()
    session.join_recordings(_PATIENCE)
    time.sleep(_PATIENCE)  # to be killed


@dataclass(slots=True)
class Kill:
    """One run. `both`: a clean video besides the annotated one. `look`: seconds that the looker takes.

    `recorded`: seconds from the first frame to the kill, or to the request to stop where it was `closing`. `lost`,
    `lost_in_chromium`: seconds of them that do not play (None: not asked); `behind`: of those, how many the recording
    had taken already. `faults`: what is not as it has to be.
    """

    fps: float
    moving: bool
    closing: bool
    both: bool = False
    look: float = 0.0
    recorded: float = 0.0
    frames: int = 0
    lost: float = 0.0
    behind: float = 0.0
    lost_in_chromium: float | None = None
    faults: list[str] = field(default_factory=list)

    @property
    def lost_too_much(self) -> bool:
        """More than `MOST_LOST` does not play."""
        return max(self.lost, self.lost_in_chromium or 0.0) > MOST_LOST


@contextmanager
def _recording(folder: Path, size: tuple[int, int], kill: Kill) -> Iterator[subprocess.Popen[bytes]]:
    width, height = size
    moving = "moving" if kill.moving else "still"
    both = "both" if kill.both else "one"
    how = [f"{width}x{height}", str(kill.fps), str(kill.look), moving, both]
    command = [sys.executable, __file__, "--record", str(folder), *how]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        if child.stdout.readline() != b"recording\n":
            raise RuntimeError("the process that was to record has ended")
        yield child
    finally:
        child.kill()
        child.communicate()


def run_one(
    kill: Kill,
    size: tuple[int, int],
    chance: random.Random,
    player: Player | None,
    *,
    ffprobe: bool,
    longest: float = _LONGEST,
) -> None:
    """Record for at most `longest` seconds, kill, judge, repair, judge again; what came of it is noted in `kill`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with _recording(folder, size, kill) as child:
            time.sleep(chance.uniform(0.0, longest))
            ended = time.time()
            if kill.closing:
                assert child.stdin is not None
                child.stdin.write(b"\n")
                child.stdin.flush()
                time.sleep(chance.uniform(0.0, _CLOSING))
            child.kill()
            child.wait()
        data = next(path for path in (folder / f"killed.jsonl{end}" for end in (".part", "")) if path.exists())
        kill.recorded = ended - _begun(data)
        _judge_left(kill, folder, player, ffprobe=ffprobe)
        lines = _whole_lines(data)
        kill.behind = json.loads(lines[-1])["time"] - (kill.recorded - kill.lost) if lines else 0.0
        outcome = repair_all(gather([folder]))
        if kill.frames:
            kill.faults += outcome.failures
            _judge_whole(kill, folder, lines, player, ffprobe=ffprobe)


def _whole_lines(data: Path) -> list[bytes]:
    """The lines of frames, as they are."""
    lines = data.read_bytes().split(b"\n")[1:-1]
    return lines[:-1] if lines and b'"end"' in lines[-1] else lines


def _begun(data: Path) -> float:
    header = next(iter(read_sidecar(data)))
    assert isinstance(header, Header)
    return datetime.fromisoformat(header.start).timestamp()


def _judge_left(kill: Kill, folder: Path, player: Player | None, *, ffprobe: bool) -> None:
    """What the kill left: what plays of it, and that whatever has its final name is whole."""
    whole, part = folder / _NAME, folder / f"{_NAME}.part"
    if whole.exists() and not playable(whole).whole:
        kill.faults.append("the video has its name and is not whole")
    if (folder / "killed.jsonl").exists() and not _is_ended(folder / "killed.jsonl"):
        kill.faults.append("the sidecar has its name and is not whole")
    video = whole if whole.exists() else part
    try:
        times = playable(video).times
    except OnlookerError:
        times = ()
    kill.frames = len(times)
    kill.lost = kill.recorded - times[-1] if times else kill.recorded
    if ffprobe:
        probed, complaint = probe(video) if times else ([], "")
        if len(probed) != len(times) or complaint:
            kill.faults.append(f"ffprobe plays {len(probed)} frames of {len(times)}: {complaint}")
    if player is not None and times:
        played = player.play(video, rate=4.0)
        kill.lost_in_chromium = _judge_played(kill, played, times)


def _judge_whole(kill: Kill, folder: Path, left: list[bytes], player: Player | None, *, ffprobe: bool) -> None:
    """What the repair made; `left`: the lines that were there before."""
    if sorted(path.name for path in folder.iterdir()) != [*[_CLEAN] * kill.both, "killed.jsonl", _NAME]:
        kill.faults.append("after the repair there are other files than videos and sidecar")
        return
    video = playable(folder / _NAME)
    if kill.both and playable(folder / _CLEAN) != video:
        kill.faults.append("the clean video has other frames than the annotated one")
    if not video.whole or len(video.times) < kill.frames - kill.both:
        kill.faults.append(f"the repaired video is no ordinary MP4 of {kill.frames} frames")
    if ffprobe:
        probed, complaint = probe(folder / _NAME)
        if complaint or np.abs(np.array(probed) - video.times).max() > 1e-4:
            kill.faults.append(f"ffprobe does not play the repaired video whole: {complaint}")
    lines = [entry for entry in read_sidecar(folder / "killed.jsonl") if isinstance(entry, Line)]
    if [line.frame for line in lines] != list(range(len(video.times))) or not _is_ended(folder / "killed.jsonl"):
        kill.faults.append(f"{len(lines)} lines for {len(video.times)} frames")
    elif np.abs(np.array([line.time for line in lines]) - video.times).max() > 1e-4:
        kill.faults.append("the times of lines and frames differ")
    elif _whole_lines(folder / "killed.jsonl") != left[: len(lines)]:
        kill.faults.append("lines are others than they were before, or came from nowhere")
    if player is not None:
        _judge_played(kill, player.play(folder / _NAME, rate=4.0), video.times)


def _judge_played(kill: Kill, played: Played, times: tuple[float, ...]) -> float | None:
    """Note what Chromium makes of a video; seconds that it does not play."""
    if played.error:
        kill.faults.append(f"Chromium: {played.error}")
        return None
    if not times[-1] - 0.05 <= played.ended <= times[-1] + 1.0:
        kill.faults.append(f"Chromium ends at {played.ended:.2f} s, the last frame is at {times[-1]:.2f} s")
    return kill.recorded - min(played.ended, times[-1])


def _is_ended(data: Path) -> bool:
    *_, last = read_sidecar(data)
    return isinstance(last, End)


def probe(video: Path) -> tuple[list[float], str]:
    """The times of the frames that ffprobe decodes, from the first, and what it complains of."""
    command = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "frame=pts_time", "-of", "json"]
    done = subprocess.run([*command, f"file:{video}"], capture_output=True, text=True, check=False, timeout=_PATIENCE)
    frames = json.loads(done.stdout or "{}").get("frames", [])
    times = [float(frame["pts_time"]) for frame in frames]
    return [moment - times[0] for moment in times], done.stderr.strip().partition("\n")[0]


def run_all(
    count: int, size: tuple[int, int], seed: int, look: float, player: Player | None, *, ffprobe: bool
) -> Iterator[Kill]:
    """Kill so many times: in turn at 30 and 5 frames a second, moving and still, every fifth while closing."""
    chance = random.Random(seed)
    for number in range(count):
        kill = Kill((30.0, 5.0)[number % 2], moving=number // 2 % 2 == 0, closing=number % 5 == 4, both=number % 3 == 2)
        kill.look = look
        run_one(kill, size, chance, player, ffprobe=ffprobe)
        yield kill


def _report(kills: list[Kill]) -> None:
    print(f"{'':24}{'kills':>6}{'nothing yet':>13}{'lost, median':>14}{'95 %':>7}{'most':>7}{'in Chromium, most':>19}")
    for fps in (30.0, 5.0):
        for moving in (True, False):
            these = [one for one in kills if (one.fps, one.moving) == (fps, moving) and not one.closing]
            lost = [one.lost for one in these]
            seen = [one.lost_in_chromium for one in these if one.lost_in_chromium is not None]
            if lost:
                middle, high = np.percentile(lost, (50, 95))
                print(
                    f"{fps:2.0f} frames/s, {'moving' if moving else 'still':9}{len(these):>6}"
                    f"{sum(not one.frames for one in these):>13}{middle:>13.2f}s{high:>6.2f}s{max(lost):>6.2f}s"
                    + (f"{max(seen):>18.2f}s" if seen else f"{'-':>19}")
                )
    closing = [one for one in kills if one.closing]
    print(f"while closing: {len(closing)} kills, {sum(bool(one.faults) for one in closing)} with faults")
    for number, one in enumerate(kills):
        for fault in one.faults:
            print(f"kill {number} ({one}): {fault}")
    too_much = sum(one.lost_too_much for one in kills)
    faulty = sum(bool(one.faults) for one in kills)
    print(f"{len(kills)} kills, {faulty} with faults, {too_much} with more than {MOST_LOST} s lost")


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    return int(width), int(height)


def main() -> None:
    parser = argparse.ArgumentParser(description="Kill recordings and look what is left.")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--size", type=_size, default=(1280, 720), metavar="WIDTHxHEIGHT")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--look", type=float, default=0.0, help="seconds that the looker takes for a frame")
    parser.add_argument("--without-chromium", action="store_true")
    parser.add_argument("--without-ffprobe", action="store_true")
    parser.add_argument("--record", nargs=6, help=argparse.SUPPRESS)  # what is killed
    wanted = parser.parse_args()
    if wanted.record:
        folder, size, fps, look, moving, both = wanted.record
        record(Path(folder), _size(size), float(fps), float(look), moving=moving == "moving", both=both == "both")
        return
    if not wanted.without_ffprobe and shutil.which("ffprobe") is None:
        sys.exit("ffprobe is not installed: install ffmpeg, or say --without-ffprobe.")
    if not wanted.without_chromium and not is_there():
        sys.exit("Chromium is not installed: install it, or say --without-chromium.")
    kills: list[Kill] = []

    def go(player: Player | None) -> None:
        for kill in run_all(
            wanted.kills, wanted.size, wanted.seed, wanted.look, player, ffprobe=not wanted.without_ffprobe
        ):
            kills.append(kill)
            print(len(kills), kill, flush=True)

    if wanted.without_chromium:
        go(None)
    else:
        with Player() as player:
            go(player)
    _report(kills)
    sys.exit(any(kill.faults or kill.lost_too_much for kill in kills))


if __name__ == "__main__":
    main()
