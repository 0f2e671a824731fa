"""Does a recording lose frames, and does it say so? 720p at 30 frames a second, with everything on and with nothing.

    python benchmarks/recording_loss.py [--seconds 60] [--videos annotated|clean|both] [--only alone|everything]

A made camera gives the demo clip, 1280 x 720, thirty times a second. It is recorded twice by the session of the
program: alone, and while objects, faces and bodies are looked for, with the marks drawn. Frames in the file are those
that ffprobe decodes. On two cores; the process keeps to the first two where there are more.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import psutil
from made_camera import MadeCamera, Pixels

import resources
from desktop import cores, folders
from desktop.live.figures import Figures
from desktop.live.recording import RecordingOptions
from desktop.live.session import Session
from models.analyzer import Analyzer, AnalyzerOptions, load_analyzer

SIZE = (1280, 720)
FPS = 30.0
HELD = 90  # pictures of the clip that are held in memory, 250 MB


def clip() -> list[Pixels]:
    """The demo clip's first pictures, 1280 x 720."""
    reader = cv2.VideoCapture(str(resources.path("demo.mp4")))
    pictures: list[Pixels] = []
    while len(pictures) < HELD and (got := reader.read())[0]:
        pictures.append(np.asarray(cv2.resize(got[1], SIZE, interpolation=cv2.INTER_LINEAR), np.uint8))
    reader.release()
    return pictures


def frames_in(path: Path) -> int:
    """How many pictures ffprobe decodes."""
    asked = ["-count_frames", "-select_streams", "v:0", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0"]
    return int(subprocess.run(["ffprobe", "-v", "error", *asked, str(path)], capture_output=True, check=True).stdout)


def record(pictures: list[Pixels], looker: Analyzer | None, options: RecordingOptions, seconds: float) -> Figures:
    """Record for so long and say what became of the frames."""
    session = Session(MadeCamera(pictures, seconds, lambda: 1 / FPS), look=None if looker is None else lambda _: looker)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.mp4"
        process, begin, used = psutil.Process(), time.monotonic(), sum(psutil.Process().cpu_times()[:2])
        session.start(lambda: session.start_recording(path, options, program="benchmark"))
        while session.figures().state in ("opening", "running"):
            time.sleep(0.5)
        ended, spent = time.monotonic(), sum(process.cpu_times()[:2]) - used
        if not session.stop(120.0):
            sys.exit(f"still running: {', '.join(session.unended)}")
        drained = time.monotonic() - ended
        figures = session.figures()
        recording = figures.recording
        if recording is None or recording.state != "finished":
            sys.exit(f"The recording failed: {recording and recording.error}")
        found = [frames_in(file) for file in recording.files[1:]]
    print(f"  captured {recording.captured}, in the file {recording.frames}, dropped {recording.dropped}")
    print(f"  skipped {recording.skipped}, late {recording.late}, analysed {figures.analysed}")
    print(
        f"  {recording.encoder}, {spent / (ended - begin):.2f} cores, {drained:.1f} s to write what waited at the end"
    )
    told = (
        all(count == recording.frames for count in found) and recording.frames + recording.dropped == recording.captured
    )
    print(f"  pictures that ffprobe decodes: {', '.join(map(str, found))}, {'as told' if told else 'NOT as told'}")
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description="Frames of a recording: captured, in the file, dropped.")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--videos", choices=("annotated", "clean", "both"), default="annotated")
    parser.add_argument("--only", choices=("alone", "everything"))
    wanted = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    threads = cores.set_up(folders.cache).budget.inference
    cores.apply_to_opencv()
    options = RecordingOptions(annotated=wanted.videos != "clean", clean=wanted.videos != "annotated")
    pictures = clip()
    if wanted.only != "everything":
        print("alone")
        record(pictures, None, options, wanted.seconds)
    if wanted.only != "alone":
        looker = load_analyzer(AnalyzerOptions(), cache=folders.cache(), threads=threads)
        looker.analyze(pictures[0], 0)
        print("with objects, faces and bodies")
        record(pictures, looker, options, wanted.seconds)


if __name__ == "__main__":
    main()
