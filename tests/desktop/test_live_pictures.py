"""What a live recording stores: with marks, without, both, and never what is to be hidden."""

from __future__ import annotations

import itertools
from pathlib import Path

import av
import numpy as np
import pytest
from fake_source import PATIENCE, FakeLooker, FakeSource, finish, until
from numpy.typing import NDArray
from scenes import face

from desktop.drawing.privacy import Hide
from desktop.frame import Frame
from desktop.live.figures import RecordingFigures
from desktop.live.recording import RecordingOptions
from desktop.live.session import Session
from desktop.recordings.sidecar_reader import Line, read_sidecar
from models.errors import RecordingError
from models.scene import Scene

STEP = 33_000_000
LEFT, TOP, SIDE = 100, 60, 120
KINDS = frozenset({"faces"})


def _scene(_number: int) -> Scene:
    return Scene(faces=(face(LEFT, TOP, SIDE),), looked_for=KINDS)


class _Canary(FakeSource):
    """Frames in which a chequered canary sits where the face is found."""

    def read(self) -> Frame | None:
        frame = super().read()
        if frame is None:
            return None
        pixels = frame.pixels.copy()
        rows, columns = np.mgrid[:SIDE, :SIDE]
        pixels[TOP : TOP + SIDE, LEFT : LEFT + SIDE] = np.where((rows // 8 + columns // 8) % 2, 255, 0)[..., None]
        return Frame(pixels, frame.index, frame.time)


def _wait(session: Session, count: int) -> None:
    until(lambda: session.figures().captured == count, f"{count} frames are captured")


def _wait_for(numbers: list[int], number: int) -> None:
    until(lambda: numbers[-1:] == [number], f"the looker has come to frame {number}")


def _record(path: Path, options: RecordingOptions, looks: list[int], frames: int) -> RecordingFigures:
    """Record `frames` frames, of which the looker finishes those in `looks`, 0 first, and hangs with the last."""
    source = _Canary(size=(320, 240), times=lambda number: number * STEP)
    looker = FakeLooker(free=False, find=_scene)
    clock = [0]
    session = Session(source, look=lambda _progress: looker, clock=lambda: clock[0])
    session.start()
    until(lambda: session.figures().analysis == "running", "the looker is loaded")
    session.start_recording(path, options, program="0.1.0")
    source.give()
    until(lambda: looker.taken == [0], "the looker has the first frame")
    for done, following in itertools.pairwise([*looks, frames - 1]):
        source.give(following - done)
        _wait(session, following + 1)
        looker.allow()
        _wait_for(looker.seen, done)
        _wait_for(looker.taken, following)
    clock[0] = 10**12
    session.stop_recording()
    assert session.join_recordings(PATIENCE)
    looker.allow(100)
    assert finish(session, source)
    (figures,) = session.recordings
    assert (figures.state, figures.frames) == ("finished", frames)
    return figures


def _pictures(path: Path) -> list[NDArray[np.uint8]]:
    with av.open(str(path)) as container:
        return [np.asarray(frame.to_ndarray(format="bgr24"), np.uint8) for frame in container.decode(video=0)]


def _canary(picture: NDArray[np.uint8]) -> bool:
    """Whether the squares of the canary are still to be told from one another."""
    inside = picture[TOP + 40 : TOP + 80, LEFT + 40 : LEFT + 80].mean(axis=2)
    squares = inside.reshape(5, 8, 5, 8).mean(axis=(1, 3))
    return bool(squares.max() - squares.min() > 128)


def _coloured(picture: NDArray[np.uint8]) -> bool:
    """Whether marks are drawn: the frames themselves are grey."""
    return bool(np.ptp(picture[8:].astype(int), axis=2).max() > 60)


def test_with_marks_and_without_are_two_videos_of_the_same_frames(tmp_path: Path) -> None:
    figures = _record(tmp_path / "a.mp4", RecordingOptions(clean=True), [0, 3, 6], 8)
    assert [path.name for path in figures.files] == ["a.jsonl", "a.mp4", "a.clean.mp4"]
    annotated, clean = _pictures(tmp_path / "a.mp4"), _pictures(tmp_path / "a.clean.mp4")
    assert len(annotated) == len(clean) == 8
    assert all(map(_coloured, annotated))
    assert not any(map(_coloured, clean))
    assert all(map(_canary, clean))


def test_without_marks_alone_is_one_video_and_all_that_was_found(tmp_path: Path) -> None:
    figures = _record(tmp_path / "a.mp4", RecordingOptions(annotated=False, clean=True), [0, 3, 6], 8)
    assert [path.name for path in figures.files] == ["a.jsonl", "a.mp4"]
    assert not any(map(_coloured, _pictures(tmp_path / "a.mp4")))
    lines = [entry for entry in read_sidecar(figures.files[0]) if isinstance(entry, Line)]
    assert [line.frame for line in lines if line.scene] == [0, 3, 6]
    assert [line.frame for line in lines if line.interpolated] == [1, 2, 4, 5]


def test_neither_is_nothing_and_is_refused() -> None:
    with pytest.raises(RecordingError, match="Nothing would be recorded"):
        RecordingOptions(annotated=False)


@pytest.mark.parametrize("interpolate", [True, False])
def test_a_hidden_face_is_in_no_frame_of_any_video(tmp_path: Path, interpolate: bool) -> None:
    """Those before its frame was analysed, those in between and those after the analysis hung included."""
    options = RecordingOptions(clean=True, hide=Hide(), interpolate=interpolate)
    figures = _record(tmp_path / "a.mp4", options, [0, 3, 6, 9], 40)
    for path in figures.files[1:]:
        pictures = _pictures(path)
        assert len(pictures) == 40
        assert not any(map(_canary, pictures))
    lines = [entry for entry in read_sidecar(figures.files[0]) if isinstance(entry, Line)]
    found = [one for line in lines if line.scene is not None for one in line.scene.faces]
    assert len(found) == 4
    assert all(np.isnan(one.points).all() for one in found), "the shape of a hidden face is in the sidecar"


def test_what_was_not_asked_to_be_hidden_is_there(tmp_path: Path) -> None:
    """The canary is found where it is: else the test above could not fail."""
    _record(tmp_path / "a.mp4", RecordingOptions(annotated=False, clean=True), [0, 3], 8)
    assert all(map(_canary, _pictures(tmp_path / "a.mp4")))


def test_points_of_hidden_faces_are_stored_where_they_are_asked_for(tmp_path: Path) -> None:
    options = RecordingOptions(hide=Hide(), face_points=True)
    figures = _record(tmp_path / "a.mp4", options, [0], 3)
    (scene,) = [line.scene for line in read_sidecar(figures.files[0]) if isinstance(line, Line) and line.scene]
    assert np.isfinite(scene.faces[0].points).all()
