"""`annotate` keeps every frame, at its own time, with what was seen in it; what is cut short is whole."""

from __future__ import annotations

import gc
import itertools
import json
import os
import sys
import weakref
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from clips import numbered, sizes_of, times_of, write_clip

import resources
from desktop import folders
from desktop.batch.annotate import Annotator, Outcome, Progress
from desktop.batch.plan import plan
from desktop.frame import Pixels
from desktop.recordings.locking import is_locked
from desktop.recordings.placing import Placing
from desktop.recordings.sidecar_reader import End, Header, Line, read_sidecar
from desktop.sources.pictures import read_picture
from desktop.sources.video import VideoSource
from models.analyzer import Analyzer, load_analyzer
from models.errors import NetworkError, RecordingError, SourceError
from models.scene import Scene

UNEVEN = [0.0, 0.04, 0.0734, 0.2, 0.21, 0.5, 0.9, 1.7]
Annotate = Callable[..., Outcome]


@cache
def _analyzer(cache_folder: Path) -> Analyzer:
    return load_analyzer(cache=cache_folder, threads=2)


@pytest.fixture
def analyzer() -> Analyzer:
    """The real thing, made once."""
    return _analyzer(folders.cache())


@pytest.fixture
def annotate(analyzer: Analyzer) -> Annotate:
    """Plans and annotates, with the annotator's switches and `overwrite`."""

    def run(inputs: list[Path | str], output: Path, data: Path | None = None, **switches: Any) -> Outcome:
        planned = plan(
            [str(one) for one in inputs],
            str(output),
            None if data is None else str(data),
            overwrite=switches.pop("overwrite", False),
        )
        switches.setdefault("looker", analyzer)
        return Annotator(networks={"faces": "face-mesh"}, program="0.1.0", **switches).run(planned)

    return run


@cache
def demo_frames(count: int) -> list[Pixels]:
    """The first frames of the demo clip."""
    source = VideoSource(resources.path("demo.mp4"))
    source.open()
    try:
        return [frame.pixels for frame in itertools.islice(iter(source.read, None), count) if frame is not None]
    finally:
        source.close()


def entries(path: Path) -> list[Header | Line | End]:
    return list(read_sidecar(path))


def test_every_frame_is_there_at_the_sources_time_with_a_line_of_data(tmp_path: Path, annotate: Annotate) -> None:
    clip = write_clip(tmp_path / "clip.mkv", numbered(8), UNEVEN)
    outcome = annotate([clip], tmp_path / "out.mp4", tmp_path / "out.jsonl")
    assert outcome.written == [tmp_path / "out.mp4", tmp_path / "out.jsonl"]
    assert (outcome.frames, outcome.failures, outcome.interrupted) == (8, [], False)
    assert times_of(tmp_path / "out.mp4") == pytest.approx(times_of(clip), abs=1 / 90_000 + 1e-6)
    assert times_of(clip) == pytest.approx(UNEVEN, abs=1e-3)  # Matroska counts milliseconds
    header, *lines, end = entries(tmp_path / "out.jsonl")
    assert isinstance(header, Header)
    assert (header.file, header.source, header.size, header.program) == (str(clip), str(clip), (96, 64), "0.1.0")
    assert end == End(frames=8, file=str(clip))
    assert len(lines) == 8
    for number, line in enumerate(lines):
        assert isinstance(line, Line)
        assert (line.frame, line.file, line.analysed) == (number, str(clip), True)
        assert line.time == pytest.approx(times_of(clip)[number], abs=1e-4)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mkv", "out.jsonl", "out.mp4"]


@pytest.mark.skipif(sys.platform == "win32", reason="a locked file cannot be renamed there")
def test_nobody_can_repair_a_result_between_its_end_and_its_name(
    tmp_path: Path, annotate: Annotate, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[bool] = []
    finish = Placing.finish

    def looked(place: Placing) -> Path:
        held.append(is_locked(place.temporary))
        return finish(place)

    monkeypatch.setattr(Placing, "finish", looked)
    annotate([write_clip(tmp_path / "clip.mkv", numbered(2), [0.0, 0.1])], tmp_path / "out.mp4", tmp_path / "out.jsonl")
    assert held == [True, True]
    assert not any(map(is_locked, tmp_path.iterdir()))


def test_the_frames_are_those_of_the_source_in_their_order(tmp_path: Path, annotate: Annotate) -> None:
    clip = write_clip(tmp_path / "clip.mp4", numbered(8), UNEVEN)
    annotate([clip], tmp_path / "out.mp4")
    for before, after in zip(_pixels(clip), _pixels(tmp_path / "out.mp4"), strict=True):
        assert np.abs(before.astype(int) - after.astype(int)).mean() < 4


def test_what_is_seen_is_drawn_and_described_and_keeps_its_track(tmp_path: Path, annotate: Annotate) -> None:
    frames = demo_frames(6)
    clip = write_clip(tmp_path / "clip.mp4", frames, [number / 30 for number in range(6)])
    annotate([clip], tmp_path / "out.mp4", tmp_path / "out.jsonl")
    lines = [entry for entry in entries(tmp_path / "out.jsonl") if isinstance(entry, Line)]
    scenes = [line.scene for line in lines if line.scene is not None]
    assert all(scene.faces and scene.bodies for scene in scenes)
    assert {scene.faces[0].track for scene in scenes} == {1}
    assert len({scene.bodies[0].track for scene in scenes}) == 1
    for scene, before, after in zip(scenes, _pixels(clip), _pixels(tmp_path / "out.mp4"), strict=True):
        x1, y1, x2, y2 = scene.faces[0].box.astype(int)
        changed = np.abs(before.astype(int) - after.astype(int)).max(2) > 40
        assert changed[y1:y2, x1:x2].mean() > 0.02


def test_each_video_counts_its_tracks_from_1(tmp_path: Path, annotate: Annotate) -> None:
    clips = [write_clip(tmp_path / f"{name}.mp4", demo_frames(2), [0.0, 0.04]) for name in ("one", "other")]
    annotate(list(clips), tmp_path / "out", tmp_path / "all.jsonl")
    scenes = [entry.scene for entry in entries(tmp_path / "all.jsonl") if isinstance(entry, Line)]
    assert [(scene.faces[0].track, scene.bodies[0].track) for scene in scenes if scene] == [(1, 1)] * 4


def test_several_inputs_go_into_a_folder_each_with_header_and_end(tmp_path: Path, annotate: Annotate) -> None:
    first = write_clip(tmp_path / "first.mkv", numbered(3), [0.0, 0.1, 0.2])
    second = write_clip(tmp_path / "second.mp4", numbered(2), [0.0, 0.5])
    picture = tmp_path / "third.png"
    cv2.imwrite(str(picture), numbered(1)[0])
    outcome = annotate([first, picture, second], tmp_path / "out", tmp_path / "all.jsonl")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["first.mp4", "second.mp4", "third.png"]
    assert (outcome.frames, outcome.pictures) == (5, 1)
    raw = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["file"] for line in raw] == [str(first)] * 5 + [str(picture)] + [str(second)] * 4
    assert ["onlooker" in line for line in raw] == [True, *[False] * 5, True, *[False] * 3]
    assert [line.get("end", False) for line in raw] == [*[False] * 4, True, *[False] * 4, True]
    assert raw[5]["size"] == [96, 64]
    assert raw[5]["frame"] == 0
    assert len(entries(tmp_path / "all.jsonl")) == len(raw)


def test_pictures_keep_their_kind_where_it_can_be_written(tmp_path: Path, annotate: Annotate) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for suffix in ("png", "jpg", "JPEG", "webp", "bmp", "tiff", "ppm"):
        cv2.imwrite(str(folder / f"{suffix}.{suffix}"), numbered(1)[0])
    (folder / ".hidden.png").write_bytes(b"")
    (folder / "notes.txt").write_text("no picture", encoding="utf-8")
    outcome = annotate([folder], tmp_path / "out")
    assert outcome.failures == []
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["JPEG.JPEG", "bmp.bmp", "jpg.jpg", "png.png", "ppm.png", "tiff.tiff", "webp.webp"]
    kinds = {".png": b"\x89PNG", ".jpg": b"\xff\xd8", ".JPEG": b"\xff\xd8", ".webp": b"RIFF", ".bmp": b"BM"}
    for path in (tmp_path / "out").iterdir():
        assert path.read_bytes().startswith(kinds.get(path.suffix, b""))
        assert read_picture(path).shape == (64, 96, 3)


def test_a_single_picture_goes_into_the_file_that_is_named(tmp_path: Path, annotate: Annotate) -> None:
    picture = tmp_path / "in.png"
    cv2.imwrite(str(picture), demo_frames(1)[0])
    outcome = annotate([picture], tmp_path / "out.jpg", tmp_path / "out.jsonl")
    assert outcome.written == [tmp_path / "out.jpg", tmp_path / "out.jsonl"]
    (line,) = entries(tmp_path / "out.jsonl")
    assert isinstance(line, Line)
    assert line.scene is not None
    assert line.scene.faces[0].track == 0  # nothing is followed in a picture
    assert not np.array_equal(read_picture(tmp_path / "out.jpg"), read_picture(picture))


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such names")
def test_in_a_folder_every_file_is_a_file_whatever_its_name_and_nothing_else_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [" lead.png", "camera:x.png", "demo.png", "http:x.mp4", "ok.png", "~x.png"]
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    for name in names:
        Path(name).write_bytes(_png())
    Path("folder.png").mkdir()
    os.mkfifo("pipe.mp4")
    Path("nothing.png").symlink_to("nowhere.png")
    Path("circle.png").symlink_to("circle.png")
    made = plan(["."], "../out")
    assert [job.target.name for job in made.jobs] == names
    assert [Path(job.name).resolve() for job in made.jobs] == [tmp_path / "in" / name for name in names]
    assert {job.name for job in made.jobs} >= {"ok.png", "./~x.png", "./http:x.mp4"}
    assert [job.picture for job in made.jobs] == [name.endswith(".png") for name in names]


def test_a_folder_given_as_desktops_name_it_and_a_home_are_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(variable, str(tmp_path))
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(_png())
    made = plan([(tmp_path / "in").as_uri()], "~/out", "~/out.jsonl")
    assert [job.target for job in made.jobs] == [tmp_path / "out" / "a.png"]
    assert made.data == tmp_path / "out.jsonl"
    with pytest.raises(RecordingError, match="is an input"):
        plan(["~/in/a.png"], str(tmp_path / "in" / "a.png"), overwrite=True)


@pytest.mark.parametrize(
    ("output", "words"),
    [("", "No output is named"), (" ", "No output is named"), ("x" * 252 + ".png", "the name is too long")],
)
def test_an_output_that_no_file_can_have_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.png").write_bytes(_png())
    for inputs in (["a.png"], ["a.png", "a.png"]):
        with pytest.raises(RecordingError, match=words):
            plan(inputs, output)
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_names_that_would_collide_are_numbered(tmp_path: Path, annotate: Annotate) -> None:
    clips = [tmp_path / "a" / "x.mkv", tmp_path / "b" / "x.mp4", tmp_path / "c" / "X.mp4"]
    for clip in clips:
        clip.parent.mkdir()
        write_clip(clip, numbered(1), [0.0])
    outcome = annotate(list(clips), tmp_path / "out")
    assert [path.name for path in outcome.written] == ["x.mp4", "x-2.mp4", "X-2.mp4"] or [
        path.name.lower() for path in outcome.written
    ] == ["x.mp4", "x-2.mp4", "x-3.mp4"]
    assert len(list((tmp_path / "out").iterdir())) == 3


def test_an_existing_folder_takes_a_single_input(tmp_path: Path, annotate: Annotate) -> None:
    clip = write_clip(tmp_path / "clip.mkv", numbered(2), [0.0, 0.1])
    (tmp_path / "out").mkdir()
    assert annotate([clip], tmp_path / "out").written == [tmp_path / "out" / "clip.mp4"]


def test_who_asks_to_stop_gets_a_whole_video_and_its_end_line(tmp_path: Path, annotate: Annotate) -> None:
    clip = write_clip(tmp_path / "clip.mkv", numbered(8), UNEVEN)
    asked = itertools.count()
    outcome = annotate(
        [clip, clip], tmp_path / "out", tmp_path / "out.jsonl", stopped=lambda: next(asked) >= 5
    )  # asked once before each input, too
    assert outcome.interrupted
    assert len(times_of(tmp_path / "out" / "clip.mp4")) == outcome.frames == 4
    *_, end = entries(tmp_path / "out.jsonl")
    assert end == End(frames=4, file=str(clip))
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["clip.mp4"]


def test_who_asks_to_stop_before_the_first_frame_gets_nothing(tmp_path: Path, annotate: Annotate) -> None:
    clip = write_clip(tmp_path / "clip.mkv", numbered(2), [0.0, 0.1])
    outcome = annotate([clip, clip], tmp_path / "out", tmp_path / "out.jsonl", stopped=lambda: True)
    assert outcome.interrupted
    assert outcome.written == []
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mkv"]


class Watched:
    """The analyzer, and `before` called with the pixels of every frame that it is about to look at."""

    def __init__(self, analyzer: Analyzer, before: Callable[[Pixels], None]) -> None:
        self._analyzer, self._before = analyzer, before

    def analyze(self, pixels: Pixels, time_ns: int) -> Scene:
        """The next frame."""
        self._before(pixels)
        return self._analyzer.analyze(pixels, time_ns)

    def look(self, pixels: Pixels) -> Scene:
        """A picture."""
        return self._analyzer.look(pixels)

    def begin(self) -> None:
        """Another video."""
        self._analyzer.begin()

    def reset(self) -> None:
        """Another size."""
        self._analyzer.reset()


def test_an_analyzer_that_fails_loses_nothing_of_what_was_done(
    tmp_path: Path, analyzer: Analyzer, annotate: Annotate
) -> None:
    seen: list[int] = []

    def fail_at_the_fourth(pixels: Pixels) -> None:
        seen.append(len(pixels))
        if len(seen) > 3:
            raise NetworkError("The graphics card was lost.")

    clip = write_clip(tmp_path / "clip.mkv", numbered(8), UNEVEN)
    with pytest.raises(NetworkError, match="graphics card"):
        annotate([clip], tmp_path / "out.mp4", tmp_path / "out.jsonl", looker=Watched(analyzer, fail_at_the_fourth))
    assert len(times_of(tmp_path / "out.mp4")) == 3
    assert entries(tmp_path / "out.jsonl")[-1] == End(frames=3, file=str(clip))


def test_a_few_frames_are_held_however_long_the_video_is(
    tmp_path: Path, analyzer: Analyzer, annotate: Annotate
) -> None:
    held: list[weakref.ref[Pixels]] = []
    most: list[int] = []

    def count(pixels: Pixels) -> None:
        held.append(weakref.ref(pixels))
        gc.collect()
        most.append(sum(one() is not None for one in held))

    clip = write_clip(tmp_path / "clip.mkv", numbered(15), [number / 30 for number in range(15)])
    annotate([clip], tmp_path / "out.mp4", looker=Watched(analyzer, count))
    assert len(held) == 15
    assert max(most) <= 3


def test_progress_tells_input_frame_and_estimate(tmp_path: Path, annotate: Annotate) -> None:
    clip = write_clip(tmp_path / "clip.mp4", numbered(3), [0.0, 0.1, 0.2])
    picture = tmp_path / "p.png"
    cv2.imwrite(str(picture), numbered(1)[0])
    told: list[Progress] = []
    annotate([clip, picture], tmp_path / "out", progress=told.append)
    assert [(one.name, one.number, one.inputs, one.frames) for one in told] == [
        (str(clip), 1, 2, 1),
        (str(clip), 1, 2, 2),
        (str(clip), 1, 2, 3),
        (str(picture), 2, 2, 1),
    ]
    assert {one.total for one in told} <= {3, 1, None}


def test_a_video_whose_size_changes_keeps_its_first_size_and_its_data_follow(
    tmp_path: Path, annotate: Annotate
) -> None:
    frame = demo_frames(1)[0]
    half = np.ascontiguousarray(cv2.resize(frame, (frame.shape[1] // 4 * 2, frame.shape[0] // 4 * 2)), np.uint8)
    first = write_clip(tmp_path / "1.h264", [frame] * 4, [0.0, 0.1, 0.2, 0.3])
    second = write_clip(tmp_path / "2.h264", [half] * 4, [0.4, 0.5, 0.6, 0.7])
    joined = tmp_path / "joined.h264"  # plain frames, one after the other
    joined.write_bytes(first.read_bytes() + second.read_bytes())
    outcome = annotate([joined], tmp_path / "out.mp4", tmp_path / "out.jsonl")
    assert outcome.failures == []
    assert sizes_of(tmp_path / "out.mp4") == {(frame.shape[1], frame.shape[0])}
    lines = [entry for entry in entries(tmp_path / "out.jsonl") if isinstance(entry, Line)]
    assert len(lines) == outcome.frames == len(times_of(tmp_path / "out.mp4"))
    before, after = lines[0].scene, lines[-1].scene
    assert before is not None
    assert after is not None
    assert np.abs(before.faces[0].box - after.faces[0].box).max() < 0.03 * frame.shape[1]


@pytest.mark.parametrize("size", [(2, 2), (18, 400), (64, 48)])
@pytest.mark.parametrize("cut", [0, 1])
def test_videos_of_odd_and_tiny_sizes_keep_all_their_frames(
    tmp_path: Path, annotate: Annotate, size: tuple[int, int], cut: int
) -> None:
    pictures = [np.ascontiguousarray(picture[: size[1] - cut, : size[0] - cut]) for picture in numbered(4, size)]
    clip = write_clip(tmp_path / "clip.mkv", pictures, [0.0, 0.1, 0.2, 0.3], codec="ffv1")
    outcome = annotate([clip], tmp_path / "out.mp4", tmp_path / "out.jsonl")
    assert outcome.failures == []
    assert len(times_of(tmp_path / "out.mp4")) == 4
    header = entries(tmp_path / "out.jsonl")[0]
    assert isinstance(header, Header)
    assert header.size == (size[0] - cut, size[1] - cut)


def test_a_name_that_is_no_text_is_annotated_all_the_same(tmp_path: Path, annotate: Annotate) -> None:
    clip = write_clip(tmp_path / "clip.mkv", numbered(1), [0.0])
    (tmp_path / "in").mkdir()
    try:
        strange = Path(os.fsdecode(os.fsencode(tmp_path) + b"/in/caf\xe9"))
        strange.with_suffix(".png").write_bytes(_png())
    except (OSError, UnicodeError):
        pytest.skip("this file system takes no such name")
    clip.rename(strange.with_suffix(".mkv"))
    outcome = annotate([tmp_path / "in"], tmp_path / "out", tmp_path / "out.jsonl")
    assert outcome.failures == []
    assert {path.suffix for path in (tmp_path / "out").iterdir()} == {".mp4", ".png"}
    header, _line, _end, picture = entries(tmp_path / "out.jsonl")
    assert isinstance(header, Header)
    assert header.source.endswith("caf\ufffd.mkv")
    assert isinstance(picture, Line)
    assert picture.file is not None
    assert picture.file.endswith("caf\ufffd.png")


def test_what_exists_is_replaced_only_when_allowed(tmp_path: Path, annotate: Annotate) -> None:
    clip = write_clip(tmp_path / "clip.mkv", numbered(2), [0.0, 0.1])
    out, data = tmp_path / "out.mp4", tmp_path / "out.jsonl"
    for existing in (out, data):
        existing.write_bytes(b"mine")
        with pytest.raises(RecordingError, match=f"{existing.name} exists"):
            annotate([clip], out, data)
        assert existing.read_bytes() == b"mine"
        assert len(list(tmp_path.iterdir())) == 2
        existing.unlink()
    out.write_bytes(b"mine")
    data.write_bytes(b"mine")
    annotate([clip], out, data, overwrite=True)
    assert len(times_of(out)) == 2
    assert len(entries(data)) == 4


def test_nothing_that_is_there_is_lost_for_an_input_that_cannot_be_read(tmp_path: Path, annotate: Annotate) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"no video")
    left = [tmp_path / name for name in ("out.mp4", "out.mp4.part", "out.jsonl", "out.jsonl.part")]
    for file in left:
        file.write_bytes(b"precious")
    outcome = annotate([bad], tmp_path / "out.mp4", tmp_path / "out.jsonl", overwrite=True)
    assert (len(outcome.failures), outcome.written) == (1, [])
    with pytest.raises(RecordingError, match="does not exist"):
        annotate([bad], tmp_path / "out.mp4", tmp_path / "nowhere" / "out.jsonl", overwrite=True)
    assert [file.read_bytes() for file in left] == [b"precious"] * 4


def test_a_result_that_is_there_is_not_replaced_by_the_beginning_of_a_cut_off_input(
    tmp_path: Path, annotate: Annotate
) -> None:
    random = np.random.default_rng(0)
    noisy = [random.integers(0, 256, (64, 96, 3), np.uint8) for _ in range(20)]
    times = [number / 30 for number in range(20)]
    clip = write_clip(tmp_path / "clip.mp4", noisy, times, options={"movflags": "faststart"})
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size * 2 // 3])
    out, data = tmp_path / "out.mp4", tmp_path / "out.jsonl"
    out.write_bytes(b"whole")
    (sentence,) = annotate([clip], out, data, overwrite=True).failures
    assert sentence.endswith(f"What was read is kept as {out}.part; {out}, which was there before, was not replaced.")
    assert out.read_bytes() == b"whole"
    frames = len(times_of(tmp_path / "out.mp4.part"))
    assert entries(data)[-1] == End(frames=frames, file=str(clip))
    assert 0 < frames < 20


def test_a_folder_of_the_users_own_stays_when_nothing_came_of_it(tmp_path: Path, annotate: Annotate) -> None:
    (tmp_path / "bad.png").write_bytes(b"no picture")
    (tmp_path / "mine").mkdir()
    for name in ("mine", "new"):
        assert annotate([tmp_path / "bad.png", tmp_path / "bad.png"], tmp_path / name).written == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.png", "mine"]


def test_data_that_another_run_is_writing_are_not_replaced(tmp_path: Path, annotate: Annotate) -> None:
    clip = write_clip(tmp_path / "clip.mkv", numbered(2), [0.0, 0.1])
    data = tmp_path / "out.jsonl"
    refused: list[str] = []

    def run_another(_progress: Progress) -> None:
        with pytest.raises(RecordingError) as error:
            annotate([clip], tmp_path / "second.mp4", data, overwrite=True)
        refused.append(str(error.value))

    annotate([clip], tmp_path / "first.mp4", data, overwrite=True, progress=run_another)
    assert len(refused) == 2
    assert all("out.jsonl.part is being written by another" in sentence for sentence in refused)
    assert entries(data)[-1] == End(frames=2, file=str(clip))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mkv", "first.mp4", "out.jsonl"]


@pytest.mark.parametrize("way", ["same", "dotted", "linked", "hard"])
def test_an_input_is_never_replaced_not_even_when_allowed(tmp_path: Path, annotate: Annotate, way: str) -> None:
    clip = write_clip(tmp_path / "clip.mp4", numbered(2), [0.0, 0.1])
    before = clip.read_bytes()
    output = tmp_path / "other.mp4"
    if way == "linked":
        output.symlink_to(clip)
    elif way == "hard":
        output.hardlink_to(clip)
    else:
        output = clip if way == "same" else tmp_path / "." / "clip.mp4"
    with pytest.raises(RecordingError, match="is an input"):
        annotate([clip], output, overwrite=True)
    with pytest.raises(RecordingError, match="is an input"):
        annotate([clip], tmp_path / "free.mp4", output, overwrite=True)
    assert clip.read_bytes() == before


def test_a_folder_is_not_annotated_into_itself(tmp_path: Path, annotate: Annotate) -> None:
    (tmp_path / "a.png").write_bytes(_png())
    with pytest.raises(RecordingError, match="is an input"):
        annotate([tmp_path], tmp_path, overwrite=True)
    assert (tmp_path / "a.png").read_bytes() == _png()


def test_video_and_data_cannot_be_one_file(tmp_path: Path, annotate: Annotate) -> None:
    clip = write_clip(tmp_path / "clip.mkv", numbered(2), [0.0, 0.1])
    with pytest.raises(RecordingError, match="another name for the data"):
        annotate([clip], tmp_path / "out.mp4", tmp_path / "out.mp4")


@pytest.mark.parametrize(
    ("given", "output", "words"),
    [
        ("clip.mkv", "out.avi", "no name for a video: end it with .mp4"),
        ("clip.mkv", "out.MP4", "no name for a video: end it with .mp4"),  # a crash's rest would not be found
        ("clip.mkv", "out", "no name for a video"),
        ("a.png", "out.mp4", "no name for a picture: end it with .png"),
        ("a.png", "out.gif", "no name for a picture"),
        ("folder", "a.png", "is a file: several inputs, or a folder, are annotated into a folder"),
    ],
)
def test_an_output_of_the_wrong_kind_is_refused(
    tmp_path: Path, annotate: Annotate, given: str, output: str, words: str
) -> None:
    write_clip(tmp_path / "clip.mkv", numbered(1), [0.0])
    (tmp_path / "a.png").write_bytes(_png())
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "b.png").write_bytes(_png())
    with pytest.raises(RecordingError, match=words):
        annotate([tmp_path / given], tmp_path / output)


def test_live_sources_are_refused_with_what_to_do(tmp_path: Path, annotate: Annotate) -> None:
    with pytest.raises(SourceError, match=r"camera:0 is live, .* record it with `onlooker record`"):
        annotate(["camera:0"], tmp_path / "out.mp4")


def _pixels(path: Path) -> list[Pixels]:
    source = VideoSource(path)
    source.open()
    try:
        return [frame.pixels for frame in iter(source.read, None) if frame is not None]
    finally:
        source.close()


def _png() -> bytes:
    return bytes(cv2.imencode(".png", numbered(1)[0])[1].tobytes())
