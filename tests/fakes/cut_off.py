"""What a killed run leaves: real files of a real recording, copied while it is being written."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from scenes import scene

from desktop.recordings.recording import Recording
from desktop.recordings.video_writer import VideoWriter

SIZE = (96, 64)


def recorded(folder: Path, frames: int = 40, *, fps: float = 30.0, name: str = "walk") -> Recording:
    """A recording that is being written in `folder`, with so many frames; the caller closes it."""
    recording = Recording(folder / f"{name}.mp4", source="camera:0", networks={"faces": "face-mesh"}, program="0")
    for number in range(frames):
        found = scene() if number % 2 == 0 else None
        pixels = np.full((SIZE[1], SIZE[0], 3), 40 + number % 100, np.uint8)
        recording.write(pixels, 5.0 + number / fps, scene=found, analysed=found is not None)
    return recording


def cut_off(folder: Path, frames: int = 40, *, fps: float = 30.0, name: str = "walk") -> Path:
    """Leave in `folder` what a kill after so many frames leaves; gives the name that the video was to get."""
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    recording = recorded(elsewhere, frames, fps=fps, name=name)
    for path in elsewhere.iterdir():
        shutil.copy(path, folder)
    recording.abort()
    shutil.rmtree(elsewhere)
    return folder / f"{name}.mp4"


def cut_off_video(path: Path, frames: int = 40) -> Path:
    """Leave at `path` a video without data that a kill after so many frames leaves."""
    growing = path.with_name("growing")
    writer = VideoWriter(growing, SIZE)
    for number in range(frames):
        writer.write(np.full((SIZE[1], SIZE[0], 3), 40 + number % 100, np.uint8), number / 30)
    shutil.copy(growing, path)
    writer.close()
    growing.unlink()
    return path
