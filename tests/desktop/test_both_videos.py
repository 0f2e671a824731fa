"""A recording has the annotated video, the clean one, or both, with one sidecar for all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from scenes import scene

from desktop.recordings.locking import is_locked
from desktop.recordings.options import VideoOptions
from desktop.recordings.placing import free_name
from desktop.recordings.recording import Recording
from desktop.recordings.sidecar_reader import End, Header, Line, read_sidecar
from models.errors import RecordingError

MARKED, CLEAN = (40, 120, 200), (200, 120, 40)


def picture(colour: tuple[int, int, int], width: int = 160, height: int = 120) -> NDArray[np.uint8]:
    return np.full((height, width, 3), colour, np.uint8)


def begun(path: Path, *, annotated: bool = True, clean: bool = True, video: VideoOptions | None = None) -> Recording:
    return Recording(path, source="camera:0", networks={}, program="0", annotated=annotated, clean=clean, video=video)


def written(recording: Recording, times: list[float]) -> None:
    for time in times:
        recording.write(picture(MARKED), time, clean=picture(CLEAN), scene=scene(), analysed=True)


def frames_of(path: Path) -> list[tuple[float, NDArray[np.uint8]]]:
    with av.open(str(path)) as file:
        return [
            (frame.time or 0.0, np.asarray(frame.to_ndarray(format="bgr24"), np.uint8))
            for frame in file.decode(video=0)
        ]


def is_of(pixels: NDArray[np.uint8], colour: tuple[int, int, int]) -> bool:
    return bool(np.abs(pixels.astype(int) - colour).max() <= 4)


TIMES = [7.0, 7.04, 7.3, 7.9, 8.2]


def test_both_videos_have_the_same_frames_at_the_same_times_beside_one_sidecar(tmp_path: Path) -> None:
    recording = begun(tmp_path / "a.mp4")
    written(recording, TIMES)
    inside = ["a.clean.mp4.part", "a.jsonl.part", "a.mp4.part"]
    assert sorted(file.name for file in tmp_path.iterdir()) == inside
    assert all(is_locked(tmp_path / name) for name in inside)
    names = [tmp_path / name for name in ("a.jsonl", "a.mp4", "a.clean.mp4")]
    assert recording.close() == tuple(names)
    assert sorted(tmp_path.iterdir()) == sorted(names)
    marked, clean = frames_of(tmp_path / "a.mp4"), frames_of(tmp_path / "a.clean.mp4")
    expected = [round(time - 7.0, 4) for time in TIMES]
    assert [time for time, _ in marked] == [time for time, _ in clean] == pytest.approx(expected, abs=2e-5)
    assert all(is_of(pixels, MARKED) for _, pixels in marked)
    assert all(is_of(pixels, CLEAN) for _, pixels in clean)
    lines = [entry for entry in read_sidecar(tmp_path / "a.jsonl") if isinstance(entry, Line)]
    assert [line.time for line in lines] == pytest.approx(expected, abs=2e-5)


@pytest.mark.parametrize(("annotated", "clean", "colour"), [(True, False, MARKED), (False, True, CLEAN)])
def test_the_only_video_has_the_name_that_was_asked_for(
    tmp_path: Path, annotated: bool, clean: bool, colour: tuple[int, int, int]
) -> None:
    recording = begun(tmp_path / "a.mp4", annotated=annotated, clean=clean)
    written(recording, TIMES)
    assert recording.close() == (tmp_path / "a.jsonl", tmp_path / "a.mp4")
    assert all(is_of(pixels, colour) for _, pixels in frames_of(tmp_path / "a.mp4"))


def test_frames_without_marks_are_given_once_for_both(tmp_path: Path) -> None:
    recording = begun(tmp_path / "a.mp4")
    recording.write(picture(CLEAN), 0.0, scene=None, analysed=False)
    recording.close()
    for name in ("a.mp4", "a.clean.mp4"):
        ((_, pixels),) = frames_of(tmp_path / name)
        assert is_of(pixels, CLEAN)


def test_a_recording_of_no_video_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="Nothing would be recorded"):
        begun(tmp_path / "a.mp4", annotated=False, clean=False)


def test_an_existing_clean_video_is_refused_at_once_and_its_name_is_not_free(tmp_path: Path) -> None:
    (tmp_path / "a.clean.mp4").write_bytes(b"precious")
    with pytest.raises(RecordingError, match=r"a\.clean\.mp4 exists"):
        begun(tmp_path / "a.mp4")
    assert free_name(tmp_path / "a.mp4") == tmp_path / "a-2.mp4"
    assert [file.name for file in tmp_path.iterdir()] == ["a.clean.mp4"]


def test_a_clean_video_that_appears_meanwhile_keeps_all_under_temporary_names(tmp_path: Path) -> None:
    recording = begun(tmp_path / "a.mp4")
    written(recording, TIMES)
    (tmp_path / "a.clean.mp4").write_bytes(b"theirs")
    with pytest.raises(RecordingError, match="kept as"):
        recording.close()
    assert recording.abort() == tuple(tmp_path / f"a.{end}.part" for end in ("jsonl", "mp4", "clean.mp4"))
    assert (tmp_path / "a.clean.mp4").read_bytes() == b"theirs"
    assert len(frames_of(tmp_path / "a.clean.mp4.part")) == len(TIMES)


def test_a_height_that_is_asked_for_makes_frames_smaller_and_coordinates_follow(tmp_path: Path) -> None:
    recording = begun(tmp_path / "a.mp4", video=VideoOptions(height=64))
    recording.write(picture(MARKED, 256, 128), 0.0, scene=scene(), analysed=True)
    recording.close()
    for name in ("a.mp4", "a.clean.mp4"):
        ((_, pixels),) = frames_of(tmp_path / name)
        assert pixels.shape == (64, 128, 3)
    header, line, end = read_sidecar(tmp_path / "a.jsonl")
    assert isinstance(header, Header)
    assert isinstance(line, Line)
    assert isinstance(end, End)
    assert header.size == (128, 64)
    assert line.scene is not None
    assert np.abs(line.scene.objects[0].box - scene().objects[0].box / 2).max() <= 0.06


def test_a_height_above_the_frames_own_changes_nothing(tmp_path: Path) -> None:
    recording = begun(tmp_path / "a.mp4", clean=False, video=VideoOptions(height=1080))
    written(recording, [0.0])
    recording.close()
    ((_, pixels),) = frames_of(tmp_path / "a.mp4")
    assert pixels.shape == (120, 160, 3)


def test_a_better_quality_makes_a_larger_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    noise = rng.integers(0, 255, (120, 160, 3), np.uint8)
    sizes = []
    for quality in (12, 21, 35):
        recording = begun(tmp_path / f"{quality}.mp4", clean=False, video=VideoOptions(quality=quality))
        recording.write(noise, 0.0, scene=None, analysed=False)
        recording.close()
        sizes.append((tmp_path / f"{quality}.mp4").stat().st_size)
    assert sizes[0] > sizes[1] > sizes[2]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda: VideoOptions(quality=9), r"quality of a video is a number from 10 \(best\) to 40"),
        (lambda: VideoOptions(quality=41), r"quality of a video is a number from 10 \(best\) to 40"),
        (lambda: VideoOptions(height=63), "at least 64 pixels high"),
        (lambda: VideoOptions(threads=-1), "0 threads"),
    ],
)
def test_options_that_cannot_be_are_refused_in_one_sentence(wrong: Callable[[], VideoOptions], sentence: str) -> None:
    with pytest.raises(RecordingError, match=sentence) as caught:
        wrong()
    assert "\n" not in str(caught.value)
