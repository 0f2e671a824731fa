"""Pure colours of a video are the same in every reader, at every size, with every preset (trap T15)."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import av
import numpy as np
import pytest
from colour_bars import bars, far

from desktop.recordings.options import VideoOptions
from desktop.recordings.video_writer import VideoWriter

SIZES = [(160, 120), (321, 241), (1280, 720), (1920, 1080)]


def written(path: Path, size: tuple[int, int], options: VideoOptions) -> Path:
    writer = VideoWriter(path, size, options=options)
    writer.write(bars(*size), 0.0)
    writer.close()
    return path


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("quality", [12, 21])
def test_pure_colours_read_back_by_pyav_are_within_four_levels(
    tmp_path: Path, size: tuple[int, int], quality: int
) -> None:
    path = written(tmp_path / "a.mp4", size, VideoOptions(quality=quality, encoder="libx264"))
    with av.open(str(path)) as file:
        (frame,) = file.decode(video=0)
        assert far(np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)) <= 4


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="the ffmpeg program is not installed")
@pytest.mark.parametrize("size", SIZES)
def test_pure_colours_read_back_by_the_ffmpeg_program_are_within_four_levels(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    path = written(tmp_path / "a.mp4", size, VideoOptions(encoder="libx264"))
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "rawvideo", "-pix_fmt", "bgr24", "-"]
    raw = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    width, height = (side + side % 2 for side in size)
    assert far(np.frombuffer(raw, np.uint8).reshape(height, width, 3)) <= 4


@pytest.mark.parametrize("size", SIZES)
def test_file_and_stream_say_the_same_of_their_colours_at_every_size(tmp_path: Path, size: tuple[int, int]) -> None:
    path = written(tmp_path / "a.mp4", size, VideoOptions(encoder="libx264"))
    with av.open(str(path)) as file:
        context = file.streams.video[0].codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (6, 1, 1, 1)
    # ISO/IEC 14496-12, 12.1.5: the box "colr" of kind "nclx" has primaries, transfer, matrix, and a bit for full range.
    data = path.read_bytes()
    place = data.index(b"colrnclx") + len(b"colrnclx")
    assert [int.from_bytes(data[place + at : place + at + 2], "big") for at in (0, 2, 4)] == [1, 1, 6]
    assert data[place + 6] >> 7 == 0
