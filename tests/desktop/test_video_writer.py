"""Videos are true in time and colour, of any size, and play after a crash (traps T10, T11, T12, T15)."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from desktop.recordings.encoders import TICKS
from desktop.recordings.video_writer import VideoWriter
from models.errors import RecordingError


def plain(width: int, height: int, colour: tuple[int, int, int] = (40, 120, 200)) -> NDArray[np.uint8]:
    return np.full((height, width, 3), colour, np.uint8)


def times_of(path: Path) -> list[Fraction]:
    with av.open(str(path)) as file:
        base = file.streams.video[0].time_base
        assert base is not None
        return [(frame.pts or 0) * base for frame in file.decode(video=0)]


def picture_of(frame: av.VideoFrame) -> NDArray[np.uint8]:
    return np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)


def written(path: Path, times: list[float], size: tuple[int, int] = (64, 48)) -> VideoWriter:
    writer = VideoWriter(path, size)
    for time in times:
        writer.write(plain(*size), time)
    writer.close()
    return writer


def test_jittered_times_come_back_within_a_tick_and_the_duration_within_a_frame(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    times = (1234.5 + np.cumsum(rng.uniform(0.004, 0.3, 60))).tolist()
    writer = written(tmp_path / "a.mp4", times)
    found = times_of(tmp_path / "a.mp4")
    assert len(found) == writer.frames == 60
    assert max(abs(float(there) - (time - times[0])) for there, time in zip(found, times, strict=True)) <= 1 / TICKS
    with av.open(str(tmp_path / "a.mp4")) as file:
        assert file.duration is not None
        duration = file.duration / av.time_base
    assert duration == pytest.approx(writer.duration, abs=2e-5)
    assert 0.0 < duration - (times[-1] - times[0]) <= 0.3


def test_the_last_frame_lasts_as_long_as_those_before(tmp_path: Path) -> None:
    assert written(tmp_path / "a.mp4", [frame / 25 for frame in range(50)]).duration == pytest.approx(2.0, abs=1e-4)
    with av.open(str(tmp_path / "a.mp4")) as file:
        assert file.duration is not None
        assert file.duration / av.time_base == pytest.approx(2.0, abs=1e-4)


def test_a_single_frame_is_a_video(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "a.mp4", (64, 48), fps=25.0)
    writer.write(plain(64, 48), 7.0)
    writer.close()
    assert times_of(tmp_path / "a.mp4") == [0]
    assert writer.duration == pytest.approx(1 / 25, abs=1e-4)


def test_equal_and_backward_times_are_moved_one_tick_on(tmp_path: Path) -> None:
    written(tmp_path / "a.mp4", [0.0, 0.1, 0.1, 0.05, 0.2])
    assert [round(time * TICKS) for time in times_of(tmp_path / "a.mp4")] == [0, 9000, 9001, 9002, 18000]


def test_a_keyframe_begins_at_least_every_half_second_of_time_however_few_frames(tmp_path: Path) -> None:
    times = [frame * 0.2 for frame in range(20)] + [4.0 + frame / 60 for frame in range(120)]
    written(tmp_path / "a.mp4", times)
    with av.open(str(tmp_path / "a.mp4")) as file:
        keys = [float(frame.time or 0.0) for frame in file.decode(video=0) if frame.key_frame]
    assert keys[0] == 0.0
    assert max(later - earlier for earlier, later in zip(keys, [*keys[1:], times[-1]], strict=True)) <= 0.71


def test_a_closed_file_is_an_ordinary_mp4(tmp_path: Path) -> None:
    written(tmp_path / "a.mp4", [frame / 30 for frame in range(45)])
    data = (tmp_path / "a.mp4").read_bytes()
    boxes, offset = [], 0
    while offset < len(data):
        boxes.append(data[offset + 4 : offset + 8])
        size = int.from_bytes(data[offset : offset + 4], "big")
        offset += size if size > 1 else int.from_bytes(data[offset + 8 : offset + 16], "big")
    assert b"moov" in boxes
    assert b"moof" not in boxes
    with av.open(str(tmp_path / "a.mp4")) as file:
        assert file.streams.video[0].frames == 45


PATCHES = [
    (0, 0, 0),
    (255, 255, 255),
    (128, 128, 128),
    (200, 60, 40),
    (40, 200, 60),
    (40, 60, 200),
    (180, 180, 30),
    (120, 30, 160),
]


def patches(width: int, height: int) -> NDArray[np.uint8]:
    picture = np.zeros((height, width, 3), np.uint8)
    for number, colour in enumerate(PATCHES):
        picture[:, number * width // 8 : (number + 1) * width // 8] = colour
    return picture


def assert_patches(picture: NDArray[np.uint8]) -> None:
    height, width = picture.shape[:2]
    for number, colour in enumerate(PATCHES):
        middle = picture[height // 2, (2 * number + 1) * width // 16].astype(int)
        assert np.abs(middle - colour).max() <= 4, (colour, middle)


@pytest.mark.parametrize("size", [(320, 240), (1280, 720)])
def test_colours_read_back_by_pyav_are_within_four_levels(tmp_path: Path, size: tuple[int, int]) -> None:
    writer = VideoWriter(tmp_path / "a.mp4", size)
    writer.write(patches(*size), 0.0)
    writer.close()
    with av.open(str(tmp_path / "a.mp4")) as file:
        context = file.streams.video[0].codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (6, 1, 1, 1)
        (frame,) = file.decode(video=0)
        assert_patches(picture_of(frame))


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="the ffmpeg program is not installed")
@pytest.mark.parametrize("size", [(320, 240), (1280, 720)])
def test_colours_read_back_by_the_ffmpeg_program_are_within_four_levels(tmp_path: Path, size: tuple[int, int]) -> None:
    writer = VideoWriter(tmp_path / "a.mp4", size)
    writer.write(patches(*size), 0.0)
    writer.close()
    command = ["ffmpeg", "-v", "error", "-i", str(tmp_path / "a.mp4"), "-f", "rawvideo", "-pix_fmt", "bgr24", "-"]
    raw = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    assert_patches(np.frombuffer(raw, np.uint8).reshape(size[1], size[0], 3))


@pytest.mark.parametrize("size", [(1, 1), (17, 401), (2, 1), (1, 300), (319, 2), (7, 4001)])
def test_odd_sizes_are_padded_by_one_repeated_row_or_column(tmp_path: Path, size: tuple[int, int]) -> None:
    writer = VideoWriter(tmp_path / "a.mp4", size)
    for time in (0.0, 0.1):
        writer.write(plain(*size), time)
    writer.close()
    with av.open(str(tmp_path / "a.mp4")) as file:
        pictures = [picture_of(frame) for frame in file.decode(video=0)]
    assert len(pictures) == 2
    assert pictures[0].shape == (size[1] + size[1] % 2, size[0] + size[0] % 2, 3)
    assert np.abs(pictures[0].astype(int) - (40, 120, 200)).max() <= 4


def test_a_size_that_changes_is_scaled_into_the_first_with_bars(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "a.mp4", (160, 90))
    writer.write(plain(160, 90), 0.0)
    writer.write(plain(90, 90, (200, 120, 40)), 0.1)
    writer.close()
    fit = writer.fit_of((90, 90))
    assert (fit.left, fit.top, fit.inner) == (35, 0, (90, 90))
    with av.open(str(tmp_path / "a.mp4")) as file:
        _, second = (picture_of(frame) for frame in file.decode(video=0))
    assert second.shape == (90, 160, 3)
    assert np.abs(second[45, 80].astype(int) - (200, 120, 40)).max() <= 6
    assert second[45, 5].max() <= 8
    assert second[45, 154].max() <= 8


def test_a_closed_writer_takes_no_more_and_closes_twice(tmp_path: Path) -> None:
    writer = written(tmp_path / "a.mp4", [0.0])
    writer.close()
    with pytest.raises(RecordingError, match="closed already"):
        writer.write(plain(64, 48), 1.0)


NO_FRAME = """
import resource, sys
from pathlib import Path
from desktop.recordings.video_writer import VideoWriter
from models.errors import RecordingError

folder = Path(sys.argv[1])
writer = VideoWriter(folder / "closed.mp4", (320, 180))
writer.close()
writer.close()
VideoWriter(folder / "forgotten.mp4", (320, 180))
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
try:
    VideoWriter(folder / "full.mp4", (320, 180))
except RecordingError as error:
    sys.stdout.write(str(error))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of a file's size")
def test_a_video_without_a_frame_ends_without_ending_the_program(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", NO_FRAME, str(tmp_path)], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "full.mp4 cannot be made: the file is larger" in done.stdout


def test_a_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="the folder does not exist") as caught:
        VideoWriter(tmp_path / "missing" / "a.mp4", (64, 48))
    assert "\n" not in str(caught.value)


KILLED = """
import sys
from pathlib import Path
import numpy as np
from desktop.recordings.recording import Recording
from models.scene import EMPTY

recording = Recording(Path(sys.argv[1]), source="test", networks={}, program="0")
picture = np.full((720, 1280, 3), 90, np.uint8)
for frame in range(24):
    recording.write(picture, frame / 5, scene=EMPTY, analysed=True)
sys.stdout.write("written\\n")
sys.stdout.flush()
sys.stdin.read()
"""


def test_a_recording_killed_at_five_frames_a_second_on_a_quiet_picture_loses_less_than_a_second(tmp_path: Path) -> None:
    target = tmp_path / "a.mp4"
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(target)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        try:
            assert child.stdout.readline() == "written\n"
        finally:
            child.kill()
        child.wait(30)
    assert child.returncode == -getattr(signal, "SIGKILL", -1)
    assert not target.exists()
    times = times_of(tmp_path / "a.mp4.part")
    assert 23 / 5 - float(times[-1]) < 1.0
    assert [round(float(time) * 5) for time in times] == list(range(len(times)))
    lines = (tmp_path / "a.jsonl.part").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["frame"] for line in lines[1:]] == list(range(24))


FULL = """
import resource, sys
from pathlib import Path
import numpy as np
from desktop.recordings.video_writer import VideoWriter
from models.errors import RecordingError

resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))
writer = VideoWriter(Path(sys.argv[1]), (640, 480))
rng = np.random.default_rng(1)
errors = []
for frame in range(200):
    try:
        writer.write(rng.integers(0, 255, (480, 640, 3), np.uint8), frame / 30)
    except RecordingError as error:
        errors.append(str(error))
        break
writer.close()
writer.close()
sys.stdout.write(f"{writer.frames}\\n" + "\\n".join(errors))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of a file's size")
def test_a_disk_that_is_full_is_told_once_and_what_was_written_plays(tmp_path: Path) -> None:
    target = tmp_path / "a.mp4"
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(target)], capture_output=True, text=True, timeout=100, check=True
    )
    frames, *errors = done.stdout.splitlines()
    assert len(errors) == 1, done.stdout
    assert "cannot be written further: the file is larger" in errors[0]
    assert target.stat().st_size <= 400_000
    with av.open(str(target)) as file:
        decoded = 0
        try:
            for _ in file.decode(video=0):
                decoded += 1
        except av.FFmpegError:
            pass  # the last fragment was cut off
    assert 0 < decoded <= int(frames) + 1


def test_sides_longer_than_the_encoder_takes_are_recorded_smaller(tmp_path: Path) -> None:
    written(tmp_path / "a.mp4", [0.0, 0.1], (20_000, 16))
    with av.open(str(tmp_path / "a.mp4")) as file:
        assert [(frame.width, frame.height) for frame in file.decode(video=0)] == [(16384, 14)] * 2
