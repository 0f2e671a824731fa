"""A face is searched in everything that leaves memory, whatever the analysis does, and is found nowhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest
from canary import FOUND, SIDE, CanaryLooker, CanarySource, frames_of, likeness, picture, place_of, scene_of
from clips import write_clip
from fake_source import FakeLooker, finish, until

from desktop.batch.annotate import Annotator, Outcome
from desktop.batch.plan import plan
from desktop.drawing.mosaic import How, hide_parts
from desktop.drawing.privacy import Hide
from desktop.live.recording import RecordingOptions
from desktop.live.session import Session
from models.scene import EMPTY

FRAMES = 24
FACES = Hide()


def annotate(
    inputs: list[Path], output: Path, looker: CanaryLooker, hide: Hide | None, *, points: bool = False
) -> Outcome:
    planned = plan([str(one) for one in inputs], str(output), str(output.parent / "found.jsonl"))
    return Annotator(looker, networks={}, program="0", hide=hide, face_points=points).run(planned)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "in.mp4", [picture(n) for n in range(FRAMES)], [n / 30 for n in range(FRAMES)])


# The canary is no blind one


def test_the_canary_is_found_where_nothing_hides_it(tmp_path: Path, clip: Path) -> None:
    annotate([clip], tmp_path / "out.mp4", CanaryLooker(), None)
    assert min(map(likeness, frames_of(tmp_path / "out.mp4"))) > 0.9


@pytest.mark.parametrize("how", ["pixelate", "blur", "fill"])
def test_the_canary_is_not_found_where_it_is_hidden_but_is_when_a_quarter_of_it_is_not(how: How) -> None:
    x, y = place_of(7)
    whole = hide_parts(picture(7), [(x - 16, y - 16, x + SIDE + 16, y + SIDE + 16)], how)
    but_a_quarter = hide_parts(picture(7), [(x + SIDE / 2, y - 16, x + SIDE + 16, y + SIDE + 16)], how)
    assert likeness(whole) < FOUND - 0.1
    assert likeness(but_a_quarter) > 0.9


# What annotate writes


@pytest.mark.parametrize(
    ("missed", "how"),
    [
        ((), "blur"),
        ((0, 1, 2, 3), "pixelate"),
        ((9, 10, 11), "fill"),
        (tuple(range(1, FRAMES, 2)), "pixelate"),
        (tuple(range(FRAMES - 4, FRAMES)), "blur"),
    ],
)
def test_an_annotated_video_shows_no_face_though_some_frames_miss_it(
    tmp_path: Path, clip: Path, missed: tuple[int, ...], how: How
) -> None:
    outcome = annotate([clip], tmp_path / "out.mp4", CanaryLooker(frozenset(missed)), Hide(how=how))
    assert outcome.frames == FRAMES
    assert max(map(likeness, frames_of(tmp_path / "out.mp4"))) < FOUND


def test_what_is_left_of_a_video_whose_analysis_died_shows_no_face(tmp_path: Path, clip: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        annotate([clip], tmp_path / "out.mp4", CanaryLooker(fails=17), Hide())
    left = frames_of(tmp_path / "out.mp4")
    assert len(left) == 17
    assert max(map(likeness, left)) < FOUND


def test_annotated_pictures_show_no_face_each_by_itself(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number, suffix in enumerate(("png", "jpg", "webp", "bmp", "tif")):
        cv2.imwrite(str(folder / f"{number}.{suffix}"), picture(40 * number))
    outcome = annotate([folder], tmp_path / "out", CanaryLooker(), Hide())
    assert outcome.pictures == 5
    assert max(likeness(frames_of(path)[0]) for path in (tmp_path / "out").iterdir()) < FOUND


def test_data_of_hidden_faces_holds_their_boxes_and_no_points_unless_asked(tmp_path: Path, clip: Path) -> None:
    for points in (False, True):
        folder = tmp_path / f"{points}"
        folder.mkdir()
        annotate([clip], folder / "out.mp4", CanaryLooker(), Hide(), points=points)
        lines = [json.loads(line) for line in (folder / "found.jsonl").read_text().splitlines()]
        faces = [line["faces"][0] for line in lines if "faces" in line]
        assert len(faces) == FRAMES
        assert all("box" in face and ("points" in face) is points for face in faces)


# What a session records


Recorded = Callable[..., list[Path]]


@pytest.fixture
def record(tmp_path: Path) -> Recorded:
    """Records both videos of a session that is told to hide faces; gives the videos, then the sidecar."""

    def run(
        looker: FakeLooker | None,
        *,
        now: int = 0,
        allowed: int = 0,
        stalls: bool = False,
        hide: Hide | None = FACES,
        points: bool | None = None,
    ) -> list[Path]:
        source = CanarySource()
        session = Session(source, look=None if looker is None else lambda _progress: looker, clock=lambda: now)
        session.start()
        if looker is not None:
            until(lambda: session.figures().analysis == "running", "the looker is loaded")
        options = RecordingOptions(annotated=True, clean=True, hide=hide, face_points=points)
        session.start_recording(tmp_path / "out.mp4", options, program="0")
        for number in range(FRAMES):
            source.give()
            until(lambda number=number: session.figures().captured > number, "it is captured")  # type: ignore[misc]
            if looker is not None and (number < allowed):
                looker.allow()
                until(lambda number=number: session.figures().analysed > number, "it is seen")  # type: ignore[misc]
        if stalls:
            until(lambda: session.recordings[0].frames >= FRAMES - 12, "what nobody looks at is written")
        if looker is not None:
            looker.allow(FRAMES)
        assert finish(session, source)
        figures = session.recordings[0]
        assert figures.frames + figures.dropped == FRAMES
        assert {path.name for path in figures.files} == {"out.mp4", "out.clean.mp4", "out.jsonl"}
        return [tmp_path / "out.mp4", tmp_path / "out.clean.mp4", tmp_path / "out.jsonl"]

    return run


def test_a_recording_that_hides_nothing_shows_the_canary(record: Recorded) -> None:
    annotated, clean, _ = record(FakeLooker(free=False, find=scene_of), allowed=FRAMES, hide=None)
    assert min(map(likeness, frames_of(clean))) > 0.9
    assert max(map(likeness, frames_of(annotated))) > FOUND


@pytest.mark.parametrize("missed", [(), (0, 1, 2), (9, 10, 11, 12), tuple(range(1, FRAMES, 2))])
def test_no_recorded_video_shows_a_face_though_some_looks_miss_it(record: Recorded, missed: tuple[int, ...]) -> None:
    looker = FakeLooker(free=False, find=lambda number: EMPTY if number in missed else scene_of(number))
    videos = record(looker, allowed=FRAMES)[:2]
    assert max(likeness(frame) for video in videos for frame in frames_of(video)) < FOUND


@pytest.mark.parametrize("allowed", [0, 1, 12])
def test_no_recorded_video_shows_a_face_while_the_analysis_stalls(record: Recorded, allowed: int) -> None:
    looker = FakeLooker(free=False, find=scene_of)
    videos = record(looker, now=3600 * 10**9, allowed=allowed, stalls=True)[:2]
    assert max(likeness(frame) for video in videos for frame in frames_of(video)) < FOUND


def test_no_recorded_video_shows_a_face_when_the_analysis_dies(record: Recorded) -> None:
    looker = FakeLooker(free=False, find=scene_of, fails_after=5)
    videos = record(looker, allowed=5)[:2]
    assert max(likeness(frame) for video in videos for frame in frames_of(video)) < FOUND


def test_no_recorded_video_shows_a_face_when_there_is_no_analysis(record: Recorded) -> None:
    videos = record(None)[:2]
    assert max(likeness(frame) for video in videos for frame in frames_of(video)) < FOUND


@pytest.mark.parametrize("points", [None, True])
def test_a_recordings_data_holds_no_points_of_hidden_faces_unless_asked(record: Recorded, points: bool | None) -> None:
    sidecar = record(FakeLooker(free=False, find=scene_of), allowed=FRAMES, points=points)[2]
    faces = [line["faces"][0] for line in map(json.loads, sidecar.read_text().splitlines()) if line.get("faces")]
    assert len(faces) == FRAMES
    assert all("box" in face and ("points" in face) is bool(points) for face in faces)
