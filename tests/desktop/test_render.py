"""A clean video and its sidecar become, later, the video that was recorded with marks, frame by frame at its times."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import numbered, sizes_of, times_of, write_clip
from fake_source import PATIENCE, FakeLooker, FakeSource, finish, until
from scenes import body, face, scene, thing

from desktop.batch.render import Look, Rendered, Renderer
from desktop.commands import cli
from desktop.frame import Pixels
from desktop.live.recording import RecordingOptions
from desktop.live.session import Session
from desktop.recordings.overlay import Overlay
from desktop.recordings.recording import Recording
from desktop.recordings.sidecar import SidecarWriter
from desktop.recordings.sidecar_reader import Line, read_sidecar
from desktop.sources.video import VideoSource
from models.errors import RecordingError, SourceError
from models.scene import Detection, Scene

UNEVEN = [0.0, 0.04, 0.0734, 0.2, 0.21, 0.5, 0.9, 1.7]


def frames_of(path: Path) -> list[Pixels]:
    source = VideoSource(path)
    source.open()
    try:
        return [frame.pixels for frame in itertools.takewhile(bool, iter(source.read, None)) if frame is not None]
    finally:
        source.close()


def render(video: Path, sidecar: Path, target: Path, look: Look | None = None, **switches: object) -> list[str]:
    """Renders; gives what was said."""
    said: list[str] = []
    Renderer(look or Look(), noted=said.append, **switches).run(video, sidecar, target)  # type: ignore[arg-type]
    return said


def record(path: Path, times: list[float], analysed: set[int], size: tuple[int, int] = (320, 240)) -> Path:
    """A clean recording of grey frames of which some were analysed; gives the video."""
    recording = Recording(path, source="camera:0", networks={}, program="0.1.0")
    for number, time in enumerate(times):
        picture = np.full((size[1], size[0], 3), 90, np.uint8)
        seen = number in analysed
        recording.write(picture, time, scene=scene() if seen else None, analysed=seen)
    recording.close()
    return path


def changed(before: Path, after: Path) -> list[float]:
    """What share of each frame's pixels differs."""
    pairs = zip(frames_of(before), frames_of(after), strict=True)
    return [float((np.abs(one.astype(int) - other.astype(int)).max(2) > 40).mean()) for one, other in pairs]


def _moving(number: int) -> Scene:
    """A thing and a face that move to the right from frame to frame."""
    left = 20.0 + 10.0 * number
    box = np.array([left, 30.0, left + 60.0, 90.0], np.float32)
    return Scene((Detection(box, 0.9, "dog", 1),), (face(left, 120.0, 80.0),))


def test_the_result_is_what_was_recorded_with_marks(tmp_path: Path) -> None:
    """A session records with and without marks: frames analysed, between two scenes, held, and bare."""
    source = FakeSource(size=(320, 240), times=lambda number: number * 33_000_000)
    looker = FakeLooker(free=False, find=_moving)
    session = Session(source, look=lambda _progress: looker, clock=lambda: 0)
    session.start()
    until(lambda: session.figures().analysis == "running", "the looker is loaded")
    session.start_recording(tmp_path / "a.mp4", RecordingOptions(clean=True), program="0.1.0")
    source.give(1)
    until(lambda: looker.taken == [0], "the looker has frame 0")
    source.give(5)
    until(lambda: session.figures().captured == 6, "6 frames are captured")
    looker.allow()
    until(lambda: looker.taken == [0, 5], "the looker has frame 5")
    source.give(24)  # 0.8 s, of which the looker sees the last: too far for anything to lie between
    until(lambda: session.figures().captured == 30, "30 frames are captured")
    looker.allow(2)
    until(lambda: looker.seen == [0, 5, 29], "three frames are analysed")
    session.stop_recording()
    assert session.join_recordings(PATIENCE)
    assert finish(session, source)

    said = render(tmp_path / "a.clean.mp4", tmp_path / "a.jsonl", tmp_path / "b.mp4")
    assert said == []
    lines = [entry for entry in read_sidecar(tmp_path / "a.jsonl") if isinstance(entry, Line)]
    assert [line.frame for line in lines if line.interpolated] == [1, 2, 3, 4]
    assert times_of(tmp_path / "b.mp4") == times_of(tmp_path / "a.mp4")
    for number, (one, other) in enumerate(
        zip(frames_of(tmp_path / "a.mp4"), frames_of(tmp_path / "b.mp4"), strict=True)
    ):
        assert np.abs(one.astype(int) - other.astype(int)).mean() < 2.5, number  # encoded once more
    marked = changed(tmp_path / "a.clean.mp4", tmp_path / "b.mp4")
    assert min(marked[:6]) > 0.02
    assert max(marked[21:29]) < 0.005  # more than half a second after the last scene


def test_every_frame_keeps_its_time(tmp_path: Path) -> None:
    video = record(tmp_path / "a.mp4", UNEVEN, {0, 3})
    done = Renderer().run(video, tmp_path / "a.jsonl", tmp_path / "b.mp4")
    assert done == Rendered(tmp_path / "b.mp4", 8)
    assert times_of(tmp_path / "b.mp4") == times_of(video)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jsonl", "a.mp4", "b.mp4"]


def test_marks_are_held_for_half_a_second_and_no_longer(tmp_path: Path) -> None:
    video = record(tmp_path / "a.mp4", [0.0, 0.4, 0.5, 0.6, 1.0], {0})
    render(video, tmp_path / "a.jsonl", tmp_path / "b.mp4")
    own, held, at_last, after, later = changed(video, tmp_path / "b.mp4")
    assert own > 0.02
    assert min(held, at_last) > 0.01
    assert max(after, later) < 0.001


def test_what_is_not_wanted_is_not_drawn(tmp_path: Path) -> None:
    video = record(tmp_path / "a.mp4", [0.0, 0.1], {0, 1})
    shares = {}
    looks = {
        "all": Look(),
        "bare": Look(labels=False),
        "boxes": Look(face_points=False, labels=False),
        "no faces": Look(faces=False, labels=False),
        "cats": Look(faces=False, bodies=False, classes=frozenset({"cat"})),
        "dogs": Look(faces=False, bodies=False, classes=frozenset({"dog"})),
        "none": Look(False, False, False),
    }
    for name, look in looks.items():
        render(video, tmp_path / "a.jsonl", tmp_path / f"{name}.mp4", look)
        shares[name] = changed(video, tmp_path / f"{name}.mp4")[0]
    assert shares["all"] > shares["bare"] > shares["boxes"] > shares["no faces"] > shares["dogs"] > 0.005
    assert shares["none"] == shares["cats"] == 0.0


def test_odd_sizes_stay_odd_and_are_drawn_where_they_were(tmp_path: Path) -> None:
    video = record(tmp_path / "a.mp4", [0.0, 0.1], {0, 1}, (319, 239))
    assert sizes_of(video) == {(320, 240)}
    assert render(video, tmp_path / "a.jsonl", tmp_path / "b.mp4") == []
    assert sizes_of(tmp_path / "b.mp4") == {(320, 240)}


def test_a_smaller_copy_of_the_video_is_drawn_as_well(tmp_path: Path) -> None:
    record(tmp_path / "a.mp4", [0.0, 0.1], {0, 1}, (640, 480))
    small = write_clip(tmp_path / "small.mp4", [np.full((240, 320, 3), 90, np.uint8)] * 2, [0.0, 0.1])
    render(small, tmp_path / "a.jsonl", tmp_path / "b.mp4", Look(faces=False, bodies=False, labels=False))
    drawn = np.abs(frames_of(tmp_path / "b.mp4")[0].astype(int) - 90).max(2) > 40
    columns = np.flatnonzero(drawn.any(0))
    assert (columns[0], columns[-1]) == (pytest.approx(5, abs=3), pytest.approx(55, abs=3))  # the box at 10 to 110


def test_the_data_of_annotate_serves_the_video_of_its_name(tmp_path: Path) -> None:
    clips = [write_clip(tmp_path / f"{name}.mkv", numbered(2, (320, 240)), [0.0, 0.04]) for name in ("one", "two")]
    writer = SidecarWriter(tmp_path / "all.jsonl")
    for clip, found in zip(clips, (Scene((thing(),)), Scene()), strict=True):
        name = str(clip)
        writer.header(
            program="0", source=name, size=(320, 240), start="2026-11-22T10:00:00.000Z", networks={}, file=name
        )
        for frame in range(2):
            writer.line(frame, 0.04 * frame, found, file=name)
        writer.end(frames=2, file=name)
    writer.picture("x.png", (4, 4), Scene())
    writer.close()
    for clip in clips:
        render(clip, tmp_path / "all.jsonl", clip.with_suffix(".mp4"))
    assert min(changed(clips[0], tmp_path / "one.mp4")) > 0.005
    assert max(changed(clips[1], tmp_path / "two.mp4")) < 0.001
    other = shutil.copy(clips[0], tmp_path / "three.mkv")
    with pytest.raises(RecordingError, match=r"tells of 2 videos, and none of them is called three\.mkv"):
        render(Path(other), tmp_path / "all.jsonl", tmp_path / "three.mp4")


def test_it_says_in_what_the_two_do_not_quite_fit(tmp_path: Path) -> None:
    video = record(tmp_path / "a.mp4", [0.1 * number for number in range(10)], set(range(10)))
    lines = (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "a.jsonl").write_text("".join(lines[:4] + lines[5:9]), encoding="utf-8")  # without frames 3, 8 and 9
    (said,) = render(video, tmp_path / "a.jsonl", tmp_path / "b.mp4")
    assert said.endswith(
        "does not quite fit " + f"{video} (7 lines, 10 frames): 3 frames without a line, 0 lines without a frame."
    )
    assert min(changed(video, tmp_path / "b.mp4")) > 0.01  # what has no line is held
    shutil.copy(tmp_path / "b.mp4", tmp_path / "c.mp4")
    record(tmp_path / "long.mp4", [0.1 * number for number in range(14)], set(range(14)))
    (said,) = render(video, tmp_path / "long.jsonl", tmp_path / "d.mp4")
    assert "0 frames without a line, 4 lines without a frame" in said


@pytest.mark.parametrize(
    ("times", "size", "sentence"),
    [
        ([0.0, 0.05, 0.15, 0.25], (320, 240), r"is not the sidecar of .*: of its 4 frames 1 have a line at their time"),
        ([0.0, 0.1, 0.2, 0.3], (320, 200), r"tells of pictures of 320x240, and the video's have 320x200"),
    ],
)
def test_the_sidecar_of_another_video_is_refused(
    tmp_path: Path, times: list[float], size: tuple[int, int], sentence: str
) -> None:
    record(tmp_path / "a.mp4", [0.0, 0.1, 0.2, 0.3], {0})
    other = write_clip(tmp_path / "other.mp4", numbered(4, size), times)
    with pytest.raises(RecordingError, match=sentence):
        render(other, tmp_path / "a.jsonl", tmp_path / "b.mp4")
    assert not list(tmp_path.glob("b.mp4*"))


def test_a_damaged_sidecar_is_one_sentence_with_the_line(tmp_path: Path) -> None:
    video = record(tmp_path / "a.mp4", [0.0, 0.1, 0.2], {0})
    lines = (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "a.jsonl").write_text("".join([*lines[:2], "half\n", *lines[2:]]), encoding="utf-8")
    with pytest.raises(RecordingError, match=r"^Line 3 of .*a\.jsonl is no sidecar's"):
        render(video, tmp_path / "a.jsonl", tmp_path / "b.mp4")
    (tmp_path / "a.jsonl").write_text(lines[0], encoding="utf-8")
    with pytest.raises(RecordingError, match="tells of no frame"):
        render(video, tmp_path / "a.jsonl", tmp_path / "b.mp4")
    assert not list(tmp_path.glob("b.mp4*"))


def test_a_video_that_breaks_off_is_drawn_as_far_as_it_goes_and_what_was_there_stays(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    times = [number / 25 for number in range(20)]
    clip = write_clip(tmp_path / "a.mkv", [rng.integers(0, 255, (240, 320, 3), np.uint8) for _ in times], times)
    writer = SidecarWriter(tmp_path / "a.jsonl")
    for number, time in enumerate(times):
        writer.line(number, time, scene())
    writer.close()
    clip.write_bytes(clip.read_bytes()[: int(0.8 * clip.stat().st_size)])
    with pytest.raises(SourceError, match=r"damaged or cut off after .* What was read is in .*b\.mp4\.$"):
        render(clip, tmp_path / "a.jsonl", tmp_path / "b.mp4")
    assert 10 < len(times_of(tmp_path / "b.mp4")) < 20
    before = (tmp_path / "b.mp4").read_bytes()
    with pytest.raises(
        SourceError, match=r"kept as .*b\.mp4\.part; .*b\.mp4, which was there before, was not replaced"
    ):
        render(clip, tmp_path / "a.jsonl", tmp_path / "b.mp4", overwrite=True)
    assert (tmp_path / "b.mp4").read_bytes() == before


def test_who_ends_it_early_gets_what_was_done(tmp_path: Path) -> None:
    video = record(tmp_path / "a.mp4", UNEVEN, {0})
    asked: Iterator[bool] = iter([False, False, False, True])
    done = Renderer(stopped=lambda: next(asked)).run(video, tmp_path / "a.jsonl", tmp_path / "b.mp4")
    assert done == Rendered(tmp_path / "b.mp4", 3, interrupted=True)
    assert len(times_of(tmp_path / "b.mp4")) == 3


def test_the_overlay_reads_no_further_than_it_must() -> None:
    read: list[int] = []

    def lines() -> Iterator[Line]:
        for number in range(100_000):
            read.append(number)
            yield Line(number, number / 30, Scene() if number == 0 else None, interpolated=number > 0)

    overlay = Overlay(lines())
    for number in range(10):
        overlay.at(number / 30)
    assert len(read) < 40  # half a second ahead


def test_a_body_that_only_one_of_two_scenes_holds_is_carried_between_them() -> None:
    first, last = Scene((thing(),), (), (body(),)), Scene((thing(),))
    lines = [Line(0, 0.0, first), Line(1, 0.1, None, interpolated=True), Line(2, 0.2, last)]
    overlay = Overlay(lines)
    seen = [overlay.at(line.time) for line in lines]
    assert [(len(one.scene.objects), len(one.scene.bodies), one.held) for one in seen] == [
        (1, 1, False),
        (1, 1, False),
        (1, 0, False),
    ]


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["a.mp4", "a.jsonl", "-o", "b.mp4"], 0, "Wrote b.mp4 (3 frames)."),
        (["a.mp4", "a.jsonl", "-o", "a.mp4", "--overwrite"], 1, "a.mp4 is an input: choose another output."),
        (["a.mp4", "a.jsonl", "-o", "a.mkv"], 2, "a.mkv is no name for a video: end it with .mp4."),
        (["a.mp4", "a.jsonl", "-o", "b.MP4"], 2, "b.MP4 is no name for a video: end it with .mp4."),
        (
            ["a.mp4", "a.jsonl", "-o", "there.mp4"],
            1,
            "there.mp4 exists: choose another name. With --overwrite what is there is replaced.",
        ),
        (["a.mp4", "no.jsonl", "-o", "b.mp4"], 1, "The data file no.jsonl cannot be read: there is no such file."),
        (["a.mp4", "a.mp4", "-o", "b.mp4"], 1, "Line 1 of a.mp4 is no sidecar's"),
        (["no.mp4", "a.jsonl", "-o", "b.mp4"], 1, "There is no file no.mp4."),
        (["a.jsonl", "a.jsonl", "-o", "b.mp4"], 1, "a.jsonl cannot be read"),
        (["one.png", "a.jsonl", "-o", "b.mp4"], 1, "is not the sidecar of one.png"),
    ],
)
def test_the_command_says_what_it_did_or_why_not(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    arguments: list[str],
    status: int,
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    record(Path("a.mp4"), [0.0, 0.1, 0.2], {0})
    Path("there.mp4").write_bytes(b"dear")
    cv2.imwrite("one.png", numbered(1)[0])
    assert cli.run(["render", *arguments]) == status
    said = capfd.readouterr().err
    assert sentence in said
    assert "Traceback" not in said
    assert Path("there.mp4").read_bytes() == b"dear"
    assert Path("b.mp4").exists() == (status == 0)
    assert not list(tmp_path.glob("*.part"))
