"""Is every frame of a recording at its true time? A camera that jitters burns its stamps in; ffmpeg reads them back.

    python benchmarks/recording_time.py [--seconds 600] [--size 640x360]

A made camera delivers after 17 to 43 ms each, and paints the moment of arrival into the pixels (bar code, 0.1 ms). The
session of the program records it. The file is then decoded by the ffmpeg program, which nobody here wrote: the time of
each picture is compared with the stamp in it, the duration with the time from the first arrival to the last, and the
`start` of the sidecar with the wall clock when the first and the last frame came.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

import barcode
import numpy as np
from made_camera import MadeCamera, textured

from desktop.live.figures import RecordingFigures
from desktop.live.recording import RecordingOptions
from desktop.live.session import Session
from desktop.recordings.options import VideoOptions
from desktop.recordings.sidecar_reader import Header, read_sidecar

LEAST, MOST = 0.017, 0.043  # seconds between two frames


def record(camera: MadeCamera, path: Path) -> RecordingFigures:
    """Record it to its end."""
    session = Session(camera)

    def begin() -> None:
        session.start_recording(path, RecordingOptions(VideoOptions(encoder="libx264")), program="benchmark")

    session.start(begin)
    while session.figures().state in ("opening", "running"):
        time.sleep(0.5)
    if not session.stop(60.0):
        sys.exit(f"still running: {', '.join(session.unended)}")
    return session.recordings[0]


def shown_at(path: Path) -> tuple[list[float], float]:
    """The time of each picture and the duration of the file in seconds, as ffprobe says."""
    asked = ["-show_entries", "frame=pts_time:format=duration", "-show_frames", "-of", "json"]
    told = json.loads(
        subprocess.run(
            ["ffprobe", "-v", "error", "-select_streams", "v:0", *asked, str(path)],
            capture_output=True,
            check=True,
        ).stdout
    )
    return [float(frame["pts_time"]) for frame in told["frames"]], float(told["format"]["duration"])


def stamps(path: Path, width: int, height: int, latest: int) -> list[int | None]:
    """The stamp (ns) in each picture as ffmpeg decodes it; `latest`: none is after this."""
    command = ["ffmpeg", "-v", "fatal", "-i", str(path), "-fps_mode", "passthrough", "-f", "rawvideo"]
    read: list[int | None] = []
    with subprocess.Popen([*command, "-pix_fmt", "bgr24", "-"], stdout=subprocess.PIPE) as decoder:
        assert decoder.stdout is not None
        while len(data := decoder.stdout.read(width * height * 3)) == width * height * 3:
            read.append(barcode.read(np.frombuffer(data, np.uint8).reshape(height, width, 3), latest))
    if decoder.returncode:
        sys.exit(f"ffmpeg ended with {decoder.returncode}")
    return read


def started(path: Path) -> float:
    """The moment of the first frame as the sidecar says it (seconds of the wall clock)."""
    header = next(iter(read_sidecar(path)))
    assert isinstance(header, Header)
    return datetime.fromisoformat(header.start).timestamp()


def main() -> None:
    parser = argparse.ArgumentParser(description="Time of every frame of a recording against the moment it came.")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--size", default="640x360")
    wanted = parser.parse_args()
    width, height = map(int, wanted.size.split("x"))
    chance = random.Random(1)
    camera = MadeCamera(textured(width, height), wanted.seconds, lambda: chance.uniform(LEAST, MOST))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.mp4"
        figures = record(camera, path)
        if figures.state != "finished":
            sys.exit(f"The recording has {figures.state}: {figures.error}")
        times, duration = shown_at(path)
        burnt = stamps(path, width, height, camera.arrivals[-1])
        start = started(path.with_suffix(".jsonl"))
    print(f"captured {figures.captured}, in the file {figures.frames}, dropped {figures.dropped}")
    print(f"pictures that ffmpeg decodes: {len(burnt)}, of which {burnt.count(None)} could not be read")
    if not len(times) == len(burnt) == figures.frames or figures.frames + figures.dropped != figures.captured:
        sys.exit("The frames do not add up.")
    pairs = [(time, stamp) for time, stamp in zip(times, burnt, strict=True) if stamp is not None]
    errors = 1e3 * np.array([time - pairs[0][0] - (stamp - pairs[0][1]) / 1e9 for time, stamp in pairs])
    print(f"time of a frame: off by {np.abs(errors).max():.3f} ms at most, {np.abs(errors).mean():.3f} in the mean")
    gaps = np.diff(camera.arrivals) / 1e6
    print(f"frames came {gaps.min():.1f} to {gaps.max():.1f} ms after one another, {np.median(gaps):.1f} in the middle")
    true = (camera.arrivals[-1] - camera.arrivals[0]) / 1e9
    print(f"from the first to the last frame {true:.4f} s, in the file {times[-1] - times[0]:.4f} s")
    print(f"duration {duration:.4f} s: {1e3 * (duration - true):+.1f} ms, of which the last frame lasts one interval")
    first, last = start - camera.walls[0], start + times[-1] - camera.walls[-1]
    print(f"start against the wall clock: {1e3 * first:+.1f} ms at the first frame, {1e3 * last:+.1f} at the last")


if __name__ == "__main__":
    main()
