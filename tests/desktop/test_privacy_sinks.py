"""Every part that writes pictures is known here, with the test that searches a hidden face in what it writes."""

from __future__ import annotations

import ast
import itertools
from functools import cache
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
import pytest
from canary import FOUND, CanaryLooker, CanarySource, frames_of, likeness, picture, scene_of
from clips import write_clip
from fake_source import FakeLooker, finish, until
from numpy.typing import NDArray

import desktop
import resources
from desktop import folders
from desktop.batch.annotate import Annotator
from desktop.batch.plan import plan
from desktop.batch.render import Renderer
from desktop.commands import cli
from desktop.drawing.privacy import Hide
from desktop.frame import Pixels
from desktop.live.recording import RecordingOptions
from desktop.live.session import Session
from desktop.live.watermark import Passage, Watermark
from desktop.sources.video import VideoSource
from models.analyzer import AnalyzerOptions, load_analyzer
from models.scene import Scene

HERE, CANARY = "test_privacy_sinks", "test_privacy_canary"
WRITERS = frozenset({"imencode", "imwrite", "Encoder", "Encoding", "VideoWriter", "VideoFile", "write_picture"})
WRITERS |= {"Recording", "Ring", "take", "add_stream", "tobytes", "grab", "toImage"}
"""What makes a file, a packet or a picture of pixels, by the name that it is called by."""

SINKS = {
    "batch.annotate": (
        f"{CANARY}: test_an_annotated_video_shows_no_face_though_some_frames_miss_it; "
        f"{CANARY}: test_annotated_pictures_show_no_face_each_by_itself"
    ),
    "batch.outputs": (
        f"{CANARY}: test_an_annotated_video_shows_no_face_though_some_frames_miss_it; "
        f"{CANARY}: test_annotated_pictures_show_no_face_each_by_itself"
    ),
    "batch.render": f"{HERE}: test_what_is_rendered_of_a_hidden_recording_shows_no_face",
    "commands.watch": f"{HERE}: test_what_rules_store_shows_no_face",
    "live.recorders": (
        f"{CANARY}: test_no_recorded_video_shows_a_face_though_some_looks_miss_it; "
        f"{HERE}: test_what_led_to_a_recording_shows_no_face"
    ),
    "live.snapshot": "test_window_privacy: test_a_snapshot_holds_what_is_on_the_screen",
    "recordings.encoding": f"{CANARY}: test_no_recorded_video_shows_a_face_though_some_looks_miss_it",
    "recordings.files": f"{CANARY}: test_no_recorded_video_shows_a_face_though_some_looks_miss_it",
    "recordings.recording": f"{CANARY}: test_no_recorded_video_shows_a_face_though_some_looks_miss_it",
    "recordings.ring": f"{HERE}: test_what_led_to_a_recording_shows_no_face",
    "recordings.video_file": f"{CANARY}: test_no_recorded_video_shows_a_face_though_some_looks_miss_it",
    "recordings.video_writer": f"{CANARY}: test_an_annotated_video_shows_no_face_though_some_frames_miss_it",
    "window.recording_deeds": "test_window_privacy: test_a_snapshot_holds_what_is_on_the_screen",
    "window.ruled": f"{HERE}: test_what_rules_store_shows_no_face",  # by the same way as commands.watch
}
HARMLESS = {
    "commands.add": "a picture that the user names, or of the demo, to try a detector",
    "commands.charts": "curves",
    "commands.checks": "a ramp of greys, to try the encoder",
    "recordings.encoder_trial": "a test picture, to try the encoder",
    "recordings.encoders": "a test picture, to try the encoder",
    "recordings.playable": "packets that are in a file already",
    "recordings.sound": "sound",
    "sources.screen": "takes pictures in",
    "window.preview": "the screen",
}
"""Modules that call something of such a name, and why it is no way out for a face that is to be hidden."""


def _callers() -> set[str]:
    """The modules of `desktop` that call one of WRITERS; `take` where it is the snapshot's."""
    root = Path(desktop.__path__[0])
    found = set()
    for path in root.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {
            node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
        } & WRITERS
        imports = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        if not any(module.endswith(".snapshot") for module in imports):
            names.discard("take")
        if not any(module == "cv2" or module.endswith((".recordings.encoder", ".outputs")) for module in imports):
            names.discard("tobytes")
        if names:
            found.add(".".join(path.relative_to(root).with_suffix("").parts))
    return found


def test_every_way_out_for_pictures_is_known() -> None:
    """A new one is named in SINKS, with a test that searches the canary in it, or in HARMLESS, with the reason."""
    callers = _callers()
    assert callers - SINKS.keys() - HARMLESS.keys() == set()


def _unnamed(sinks: dict[str, str]) -> list[str]:
    """Of what is said of sinks, all that names no test that is there."""
    said = {part for parts in sinks.values() for part in parts.split("; ")}
    return sorted(part for part in said if not _is_test(*part.partition(": ")[::2]))


def _is_test(file: str, test: str) -> bool:
    path = Path(__file__).parent / f"{file}.py"
    return test.startswith("test_") and path.is_file() and f"\ndef {test}(" in path.read_text(encoding="utf-8")


def test_every_test_that_a_sink_names_is_there() -> None:
    assert _unnamed(SINKS) == []
    wrong = [f"{CANARY}: annotated videos", f"{HERE}: test_that_is_not_there", "not_a_file: test_x", "plain words"]
    assert _unnamed({"a": "; ".join(wrong)}) == sorted(wrong)


# The ring


@pytest.mark.parametrize("looks", [0, 20])
def test_what_led_to_a_recording_shows_no_face(tmp_path: Path, looks: int) -> None:
    source, now = CanarySource(), [0]
    looker = FakeLooker(free=False, find=scene_of)
    session = Session(source, look=lambda _progress: looker, clock=lambda: now[0])
    session.start()
    until(lambda: session.figures().analysis == "running", "the looker is loaded")
    options = RecordingOptions(annotated=True, clean=True, hide=Hide())
    session.arm(options, 5.0)
    for number in range(30):
        now[0] = number * 33_000_000 + (0 if looks else 2 * 10**9)  # without looks nothing is waited for
        source.give()
        until(lambda number=number: session.figures().captured > number, "it is captured")  # type: ignore[misc]
        if number < looks:
            looker.allow()
            until(lambda number=number: session.figures().analysed > number, "it is seen")  # type: ignore[misc]

    def kept() -> bool:
        ring = session.figures().ring
        return ring is not None and ring.frames >= 10

    until(kept, "frames are kept")
    session.start_recording(tmp_path / "out.mp4", options, program="0", before=5.0)
    looker.allow(100)
    assert finish(session, source)
    figures = session.recordings[0]
    assert figures.frames >= 10
    videos = [path for path in figures.files if path.suffix == ".mp4"]
    assert len(videos) == 2
    assert max(likeness(frame) for video in videos for frame in frames_of(video)) < FOUND


def test_a_recording_that_hides_does_not_begin_with_what_was_kept_unhidden(tmp_path: Path) -> None:
    source = CanarySource()
    looker = FakeLooker(find=scene_of)
    session = Session(source, look=lambda _progress: looker, clock=lambda: 0)
    session.start()
    until(lambda: session.figures().analysis == "running", "the looker is loaded")
    session.arm(RecordingOptions(annotated=False, clean=True), 5.0)

    def give(count: int) -> None:
        for _ in range(count):
            before = session.figures().analysed
            source.give()
            until(lambda before=before: session.figures().analysed > before, "it is seen")  # type: ignore[misc]

    def kept() -> bool:
        ring = session.figures().ring
        return ring is not None and ring.frames >= 8

    give(10)
    until(kept, "frames are kept")
    hidden = RecordingOptions(annotated=False, clean=True, hide=Hide())
    session.start_recording(tmp_path / "out.mp4", hidden, program="0", before=5.0)
    give(10)
    assert finish(session, source)
    frames = frames_of(tmp_path / "out.mp4")
    assert len(frames) == 10
    assert max(map(likeness, frames)) < FOUND


def test_a_face_that_was_missed_is_hidden_from_the_look_before_on_though_nothing_is_interpolated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two looks 0.43 s apart, the first of which misses the face: what is between waits for the second."""

    class Still(CanarySource):
        def picture(self, number: int) -> Pixels:
            pixels = picture(50)
            pixels[0, 0] = number, 0, 0
            return pixels

    class Asked(Watermark):
        frames: ClassVar[list[int]] = []

        def wait(self, index: int, timeout: float) -> Passage:
            self.frames.append(index)
            return super().wait(index, timeout)

    monkeypatch.setattr("desktop.live.session.Watermark", Asked)
    source = Still()
    looker = FakeLooker(free=False, find=lambda number: scene_of(50) if number else Scene())
    session = Session(source, look=lambda _progress: looker, clock=lambda: 0)
    session.start()
    until(lambda: session.figures().analysis == "running", "the looker is loaded")
    hiding = RecordingOptions(annotated=False, clean=True, interpolate=False, hide=Hide())
    session.start_recording(tmp_path / "out.mp4", hiding, program="0")
    source.give()
    until(lambda: looker.taken == [0], "the first frame is looked at")
    source.give(13)
    until(lambda: session.figures().captured == 14, "the others are captured")
    looker.allow()
    until(lambda: looker.taken == [0, 13], "the last frame is looked at")
    until(lambda: 13 in Asked.frames, "those before it have been come to")
    looker.allow()
    assert finish(session, source)
    frames = frames_of(tmp_path / "out.mp4")
    assert len(frames) == 14
    assert max(map(likeness, frames[1:])) < FOUND


# What rules store


def test_what_rules_store_shows_no_face(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = write_clip(tmp_path / "in.mp4", [picture(n) for n in range(40)], [n / 20 for n in range(40)])
    rules = tmp_path / "rules.toml"
    rules.write_text(
        'version = 1\n[[rule]]\nname = "Face"\nwhat = ["face"]\nseconds = 0.1\nsnapshot = true\n'
        "record = { before = 1, after = 1 }\n",
        encoding="utf-8",
    )
    monkeypatch.setattr("desktop.commands.watch.load", lambda *_: CanaryLooker())
    found = {}
    for hide in ([], ["--hide", "faces"]):
        out = tmp_path / f"out{len(hide)}"
        assert cli.run(["watch", str(clip), "--rules", str(rules), "-o", str(out), "--quiet", *hide]) == 0
        written = [path for path in out.iterdir() if path.suffix in (".mp4", ".png")]
        assert {path.suffix for path in written} == {".mp4", ".png"}
        found[len(hide)] = max(likeness(frame) for path in written for frame in frames_of(path))
    assert found[0] > FOUND
    assert found[2] < FOUND


# The commands


@pytest.mark.parametrize(
    ("command", "more"),
    [("annotate", ["--data", "found.jsonl"]), ("record", ["--both", "--encoder", "libx264", "--no-between"])],
)
def test_what_a_command_writes_shows_no_face_where_it_is_told_to_hide_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, more: list[str]
) -> None:
    clip = write_clip(tmp_path / "in.mp4", [picture(n) for n in range(20)], [n / 20 for n in range(20)])
    monkeypatch.setattr(f"desktop.commands.{command}.load", lambda *_: CanaryLooker())
    seen = []
    for hide in ([], ["--hide", "faces"], ["--hide", "faces", "--keep-face-points"]):
        out = tmp_path / f"out{len(hide)}"
        out.mkdir()
        monkeypatch.chdir(out)
        assert cli.run([command, str(clip), "-o", "out.mp4", *more, *hide, "--quiet"]) == 0
        found = max(likeness(frame) for path in out.glob("*.mp4") for frame in frames_of(path))
        data = next(out.glob("*.jsonl")).read_text(encoding="utf-8")
        assert '"faces": [{' in data
        seen.append((found > FOUND, '"points"' in data))
    assert seen == [(True, True), (False, False), (False, True)]


# What is rendered


def test_what_is_rendered_of_a_hidden_recording_shows_no_face(tmp_path: Path) -> None:
    source, looker = CanarySource(), FakeLooker(free=False, find=scene_of)
    session = Session(source, look=lambda _progress: looker, clock=lambda: 0)
    session.start()
    until(lambda: session.figures().analysis == "running", "the looker is loaded")
    options = RecordingOptions(annotated=False, clean=True, hide=Hide())
    session.start_recording(tmp_path / "clean.mp4", options, program="0")
    for number in range(20):
        source.give()
        looker.allow()
        until(lambda number=number: session.figures().analysed > number, "it is seen")  # type: ignore[misc]
    assert finish(session, source)
    Renderer().run(tmp_path / "clean.mp4", tmp_path / "clean.jsonl", tmp_path / "out.mp4")
    frames = frames_of(tmp_path / "out.mp4")
    assert len(frames) == 20
    assert max(map(likeness, frames)) < FOUND


# A real face


class Replay:
    """Gives the scenes that were found before, in their order."""

    def __init__(self, scenes: list[Scene]) -> None:
        self._scenes = iter(scenes)

    def analyze(self, _pixels: Pixels, _time_ns: int) -> Scene:
        return next(self._scenes)

    def look(self, pixels: Pixels) -> Scene:
        return self.analyze(pixels, 0)

    def begin(self) -> None: ...

    def reset(self) -> None: ...


@cache
def real_face(cache_folder: Path) -> tuple[list[Pixels], list[Scene]]:
    """Some frames of the demo, and what our own networks find in them."""
    analyzer = load_analyzer(AnalyzerOptions(objects=False, bodies=False), cache=cache_folder, threads=1)
    source = VideoSource(resources.path("demo.mp4"))
    source.open()
    read = itertools.islice(iter(source.read, None), 100, 106)
    pictures = [frame.pixels for frame in read if frame is not None]
    source.close()
    return pictures, [analyzer.analyze(one, number * 33_000_000) for number, one in enumerate(pictures)]


def detail(pixels: Pixels, box: NDArray[np.float32]) -> NDArray[np.float32]:
    """What is fine in the part of a picture that a face's box holds: edges of eyes, nose and mouth."""
    x1, y1, x2, y2 = box.astype(int)
    part = cv2.cvtColor(pixels[y1:y2, x1:x2], cv2.COLOR_BGR2GRAY).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(part, (0, 0), 1.5) - cv2.GaussianBlur(part, (0, 0), (x2 - x1) / 10), np.float32)


def alike(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


@pytest.mark.parametrize("how", ["pixelate", "blur", "fill"])
def test_nothing_is_left_of_a_real_face(tmp_path: Path, how: str) -> None:
    """The face of the demo, found by our own networks; the search finds it in the same video unhidden."""
    pictures, scenes = real_face(folders.cache())
    clip = write_clip(tmp_path / "in.mp4", pictures, [number / 30 for number in range(len(pictures))])
    planned = plan([str(clip)], str(tmp_path / "out.mp4"))
    hide = Hide(how=how)  # type: ignore[arg-type]  # one of the three
    Annotator(Replay(scenes), networks={}, program="0", labels=False, hide=hide, face_points=False).run(planned)
    clear, hidden = [], []
    outputs = zip(pictures, scenes, frames_of(clip), frames_of(tmp_path / "out.mp4"), strict=True)
    for before, scene, recoded, after in outputs:
        box = scene.faces[0].box
        clear.append(alike(detail(before, box), detail(recoded, box)))
        hidden.append(alike(detail(before, box), detail(after, box)) if how != "fill" else _spread(after, box))
    assert min(clear) > 0.95
    assert max(hidden) < 0.35


def _spread(pixels: Pixels, box: NDArray[np.float32]) -> float:
    """How much of a filled part is another colour than the rest of it; the box and the nose that are drawn are."""
    x1, y1, x2, y2 = (box + np.array([12, 12, -12, -12], np.float32)).astype(int)
    part = pixels[y1:y2, x1:x2].astype(int)
    return float((np.abs(part - np.median(part, (0, 1))).max(2) > 12).mean())
