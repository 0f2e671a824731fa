"""Videos cut and damaged at any place: frames in order and at most one sentence, never anything else (TRAPS T13)."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from movies import noise, write_movie

from desktop.frame import Frame
from desktop.sources.video import VideoSource
from models.errors import SourceError

TIMES = [0, 40, 41, 90, 400, 433, 466, 500, 900, 930]  # ms: a phone that had other things to do
KINDS: dict[str, dict[str, object]] = {
    "phone.mp4": {"muxing": {"movflags": "faststart"}},
    "live.mp4": {"muxing": {"movflags": "frag_keyframe+empty_moov"}},
    "clip.mkv": {},
    "clip.ts": {},
    "clip.avi": {"codec": "mpeg4"},
}
TOLD = {"phone.mp4": 10, "live.mp4": 0, "clip.mkv": 7, "clip.ts": 0, "clip.avi": 0}
"""Up to so many frames that are left, what is missing is told: some kinds of file name their end, others just end."""


def whole(folder: Path, kind: str) -> Path:
    """A short one, its frames at TIMES where its container can hold them; the phone's is turned, and of odd width."""
    how: dict[str, object] = {"time_base": Fraction(1, 1000), "encoding": {"g": "3"}, **KINDS[kind]}
    if kind == "phone.mp4":
        how |= {"rotation": 90, "pix_fmt": "yuv444p"}
    times = list(range(len(TIMES))) if kind == "clip.avi" else TIMES
    if kind == "clip.avi":
        how["time_base"] = Fraction(1, 25)
    size = (75, 43) if kind == "phone.mp4" else (80, 48)
    return write_movie(folder / kind, noise(len(TIMES), size), times, **how)  # type: ignore[arg-type] # as KINDS says


def read(path: Path) -> tuple[list[Frame], str]:
    """All that can be read, and the sentence with which it was refused or ended, "" for a whole one."""
    source = VideoSource(path)
    frames: list[Frame] = []
    try:
        source.open()
        while (frame := source.read()) is not None:
            frames.append(frame)
    except SourceError as error:
        return frames, str(error)
    finally:
        source.close()
    return frames, ""


@pytest.mark.parametrize("kind", KINDS)
def test_wherever_a_video_is_cut_what_was_there_is_given_and_the_rest_is_told(tmp_path: Path, kind: str) -> None:
    path = whole(tmp_path, kind)
    data = path.read_bytes()
    frames, said = read(path)
    assert (len(frames), said) == (len(TIMES), "")
    if kind != "clip.avi":
        assert [round(frame.time / 1e6) for frame in frames] == TIMES
    size = (43, 75) if kind == "phone.mp4" else (80, 48)
    counts = []
    for share in np.linspace(0.0, 0.995, 30):
        path.write_bytes(data[: int(len(data) * share)])
        part, said = read(path)
        counts.append(len(part))
        assert not said or said.startswith(str(path))
        assert "\n" not in said
        assert said or len(part) > TOLD[kind], f"not told: cut at {share:.0%}, {len(part)} frames"
        assert [frame.time for frame in part] == [frame.time for frame in frames[: len(part)]]
        assert {frame.size for frame in part} <= {size}
    assert counts == sorted(counts)
    assert counts[0] == 0
    assert counts[-1] >= len(TIMES) - 4  # what is lost is what was cut, and what stood on it


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_is_wrong_in_a_video_it_ends_with_frames_in_order_or_a_sentence(tmp_path: Path, kind: str) -> None:
    path = whole(tmp_path, kind)
    data = np.frombuffer(path.read_bytes(), np.uint8)
    random = np.random.default_rng(7)
    for _ in range(25):
        damaged = data.copy()
        places = random.integers(0, len(data), random.integers(1, 60))
        damaged[places] = random.integers(0, 256, len(places))
        path.write_bytes(damaged.tobytes())
        frames, said = read(path)
        assert [frame.index for frame in frames] == list(range(len(frames)))
        assert all(before.time <= after.time for before, after in pairwise(frames))
        assert "\n" not in said
        assert frames or said
