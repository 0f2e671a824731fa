"""Rules are carried out while a session runs: recordings, snapshots and programs are whole, whatever ends first."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path

import av
import cv2
from fake_source import FakeLooker, FakeSource, finish, until
from scenes import thing

from desktop.live.recording import RecordingOptions
from desktop.live.ruling import Deeds, Ruling, Told, longest_before
from desktop.live.session import Session
from desktop.live.showing import Shown
from desktop.live.snapshot import take
from desktop.recordings.rule_file import make
from desktop.recordings.sidecar_reader import Line, read_sidecar
from models.errors import RecordingError
from models.scene import EMPTY, Scene

SEEN = Scene((thing(),))


class Stage:
    """A session with rules, on a clock that goes on with the frames alone. `told`: what the rules said."""

    def __init__(self, folder: Path, *said: Mapping[str, object], refuses: str = "") -> None:
        self.folder, self.refuses, self.gone = folder, refuses, ""
        self.told: list[Told] = []
        self.there = self.breaks = False
        self.now = 0
        self.source = FakeSource(times=self.tick)
        self.looker = FakeLooker(find=lambda _number: SEEN if self.there else EMPTY)
        self.session = Session(self.source, look=lambda _progress: self.looker, clock=lambda: self.now)
        usual = {"name": "Dog", "what": ["dog"], "seconds": 0, "gap": 0, "cooldown": 0}
        self.rules = [make({**usual, **one}) for one in said]
        deeds = Deeds(
            record=self.record,
            snapshot=self.snapshot,
            tell=self.told.append,
            clock=lambda: self.now,
        )
        self.ruling = Ruling(self.session, self.rules, folder, deeds)

    def tick(self, _number: int) -> int:
        self.now += 40_000_000
        return self.now

    def record(self, before: float) -> Path:
        if refused := self.refuses or (self.gone if before else ""):
            raise RecordingError(refused)
        self.before = before
        path = self.folder / f"clip {len(self.session.recordings)}.mp4"
        self.session.start_recording(path, program="test", before=before)
        return path

    def snapshot(self, shown: Shown, moment: datetime) -> Path:
        if self.breaks:
            raise ZeroDivisionError("a rule met a number that is none")
        return take(shown, self.folder, moment)

    def show(self, dog: bool, frames: int = 1) -> None:
        """So many more frames, each judged before the next."""
        self.there = dog
        before = self.ruling.judged
        for number in range(before + 1, before + frames + 1):
            self.source.give()
            until(partial(self._has_judged, number), "a frame is judged")

    def _has_judged(self, number: int) -> bool:
        return self.ruling.judged >= number

    def kinds(self) -> list[str]:
        return [one.kind for one in self.told]

    def await_kind(self, kind: str, times: int = 1) -> Told:
        until(lambda: self.kinds().count(kind) >= times, f"{kind} {times} times, not {self.kinds()}")
        return [one for one in self.told if one.kind == kind][times - 1]


@contextmanager
def stage(folder: Path, *said: Mapping[str, object], refuses: str = "") -> Iterator[Stage]:
    made = Stage(folder, *said, refuses=refuses)
    made.session.start()
    until(lambda: made.session.figures().analysis == "running", "the looker is loaded")
    made.ruling.start()
    try:
        yield made
    finally:
        assert finish(made.session, made.source)


def test_what_is_found_and_gone_is_told_with_the_moment_of_its_frame(tmp_path: Path) -> None:
    with stage(tmp_path, {}) as it:
        before = datetime.now().astimezone()
        it.show(True)
        found = it.await_kind("found")
        it.show(False)
        gone = it.await_kind("gone")
        assert before <= found.moment <= gone.moment <= datetime.now().astimezone()
        assert found.notify
        assert found.sentence == "Dog: dog, 91% sure."
        assert found.as_json()["event"] == "found"
    assert it.kinds() == ["found", "gone"]


def test_a_recording_goes_on_while_the_thing_is_there_and_after_it_has_gone(tmp_path: Path) -> None:
    with stage(tmp_path, {"record": {"before": 2.0, "after": 0.0}}) as it:
        it.show(True)
        it.await_kind("recording")
        it.show(True, 5)
        assert it.session.recordings[0].state == "running"
        it.show(False)
        recorded = it.await_kind("recorded")
        it.show(False, 3)
    assert it.before == 2.0  # its frame is the newest one
    assert recorded.files == (tmp_path / "clip 0.jsonl", tmp_path / "clip 0.mp4")
    with av.open(str(tmp_path / "clip 0.mp4")) as video:
        assert len(list(video.decode(video=0))) >= 5


def test_a_recording_begins_with_what_led_to_the_finding(tmp_path: Path) -> None:
    rule = {"record": {"before": 1.0, "after": 0.0}}
    with stage(tmp_path, rule) as it:
        seconds = longest_before(it.rules)
        it.session.arm(RecordingOptions(), seconds)
        it.show(False, 60)
        it.show(True, 5)
        it.show(False)
        it.await_kind("recorded")
    (first, *_, last) = [entry for entry in read_sidecar(tmp_path / "clip 0.jsonl") if isinstance(entry, Line)]
    found = 60
    before = (found - (first.index or 0)) * 0.04
    assert 1.0 <= before <= 1.6  # from a keyframe at most half a second earlier
    assert (last.index or 0) >= 64


def test_where_what_led_to_it_is_gone_it_is_recorded_from_then_on(tmp_path: Path) -> None:
    with stage(tmp_path, {"record": {"before": 1.0, "after": 0.0}}) as it:
        it.gone = "What led to this moment is gone: start the recording again."
        it.show(True, 3)
        it.show(False)
        it.await_kind("recorded")
    assert "problem" not in it.kinds()


def test_only_rules_that_are_on_want_something_to_be_kept_from_before() -> None:
    usual = {"what": ["dog"], "record": {"before": 7.0}}
    assert longest_before([make({"name": "a", **usual}), make({"name": "b", "what": ["cat"]})]) == 8.0
    assert longest_before([make({"name": "a", **usual, "on": False})]) == 0.0
    assert longest_before([make({"name": "a", **usual, "record": {"before": 60}})]) == 60.0


def test_what_comes_back_in_time_goes_on_in_the_same_recording(tmp_path: Path) -> None:
    with stage(tmp_path, {"record": {"before": 0.0, "after": 3600.0}, "cooldown": 3600.0}) as it:
        it.show(True)
        it.await_kind("recording")
        it.show(False, 3)
        it.await_kind("gone")
        it.show(True, 3)
        assert [one.state for one in it.session.recordings] == ["running"]
    assert it.kinds() == ["found", "recording", "gone", "recorded"]


def test_two_rules_share_one_recording(tmp_path: Path) -> None:
    both = {"record": {"before": 0.0, "after": 0.0}}
    with stage(tmp_path, both, both | {"name": "Two"}) as it:
        it.show(True)
        it.await_kind("found", 2)
        it.show(True, 3)
        it.show(False)
        it.await_kind("recorded")
    assert it.kinds().count("recording") == 1
    assert len(it.session.recordings) == 1


def test_a_recording_that_the_user_began_is_left_to_the_user(tmp_path: Path) -> None:
    with stage(tmp_path, {"record": {"before": 0.0, "after": 0.0}}) as it:
        it.session.start_recording(tmp_path / "mine.mp4", program="test")
        it.show(True)
        it.await_kind("found")
        it.show(False, 2)
        it.await_kind("gone")
        assert [(one.path.name, one.state) for one in it.session.recordings] == [("mine.mp4", "running")]
    assert it.kinds() == ["found", "gone"]


def test_a_recording_that_the_user_stopped_is_not_begun_again_for_the_same_thing(tmp_path: Path) -> None:
    with stage(tmp_path, {"record": {"before": 0.0, "after": 0.0}}) as it:
        it.show(True)
        it.await_kind("recording")
        it.show(True)
        it.session.stop_recording()
        it.await_kind("recorded")
        it.show(True, 3)
        assert len(it.session.recordings) == 1
        it.show(False)
        it.show(True)
        it.await_kind("recording", 2)


def test_a_recording_that_cannot_begin_is_told_and_the_rules_go_on(tmp_path: Path) -> None:
    with stage(tmp_path, {"record": {"before": 0.0}, "run": ["x", "{file}"]}, refuses="The disk is full.") as it:
        it.show(True)
        assert it.await_kind("problem").sentence == "The disk is full."
        it.show(False)
        it.show(True)
        it.await_kind("found", 2)
    assert "ran" not in it.kinds()


def test_a_snapshot_shows_the_frame_that_was_found(tmp_path: Path) -> None:
    with stage(tmp_path, {"snapshot": True}) as it:
        it.show(False, 4)
        it.show(True)
        (path,) = it.await_kind("snapshot").files
    picture = cv2.imread(str(path))
    assert picture is not None
    assert picture[47, 63, 0] == 4  # beside the marks


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_program_that_is_told_the_file_runs_when_that_is_whole(tmp_path: Path) -> None:
    code = "import os, sys; open('seen', 'w').write(f'{os.path.getsize(sys.argv[1]) > 0} {sys.argv[2]}')"
    run = [*python(code), "{file}", "{rule}: {label}"]
    with stage(tmp_path, {"record": {"before": 0.0, "after": 0.0}, "run": run}) as it:
        it.show(True, 3)
        it.await_kind("recording")
        assert "ran" not in it.kinds()
        it.show(False)
        it.await_kind("ran")
    assert (tmp_path / "seen").read_text() == "True Dog: dog"
    assert it.kinds() == ["found", "recording", "gone", "recorded", "ran"]


def test_at_the_end_of_the_session_recordings_are_closed_and_their_programs_run(tmp_path: Path) -> None:
    code = "import sys; open('seen', 'w').write(sys.argv[1])"
    run = [*python(code), "{file}"]
    with stage(tmp_path, {"record": {"before": 0.0, "after": 60.0}, "run": run}) as it:
        it.show(True, 3)
        it.await_kind("recording")
        it.show(True, 3)
    assert (tmp_path / "seen").read_text() == str(tmp_path / "clip 0.mp4")
    assert it.kinds()[-2:] == ["recorded", "ran"]


def test_where_the_analysis_dies_the_recording_does_not_run_for_ever(tmp_path: Path) -> None:
    with stage(tmp_path, {"record": {"before": 0.0, "after": 0.0}}) as it:
        it.show(True, 2)
        it.await_kind("recording")
        it.session.set_looker(None)
        it.source.give(2)
        it.now += 4_000_000_000
        it.await_kind("recorded")
    assert it.kinds() == ["found", "recording", "gone", "recorded"]


def test_rules_that_are_changed_hold_from_the_next_scene_on(tmp_path: Path) -> None:
    with stage(tmp_path, {"what": ["cat"]}) as it:
        it.show(True, 2)
        it.ruling.change([make({"name": "Dog", "what": ["dog"], "seconds": 0})])
        it.show(True)
        it.await_kind("found")
        assert it.ruling.present == {"Dog"}


def test_a_rule_that_goes_while_it_records_lets_the_recording_end(tmp_path: Path) -> None:
    with stage(tmp_path, {"record": {"before": 0.0, "after": 0.0}}) as it:
        it.show(True, 2)
        it.await_kind("recording")
        it.ruling.change([])
        it.show(True)
        it.await_kind("recorded")


def test_an_error_in_the_rules_is_told_and_touches_nothing_else(tmp_path: Path) -> None:
    with stage(tmp_path, {"snapshot": True}) as it:
        it.breaks = True
        it.there = True
        it.source.give()
        assert "no longer judged" in it.await_kind("problem").sentence
        it.source.give(3)
        until(lambda: it.session.figures().captured == 4, "the session goes on")


def test_a_program_that_still_waits_for_the_users_recording_when_rules_end_is_told(tmp_path: Path) -> None:
    with stage(tmp_path, {"snapshot": True, "record": {"before": 0.0}, "run": ["x", "{file}"]}) as it:
        it.session.start_recording(tmp_path / "mine.mp4", program="test")
        it.show(True)
        it.await_kind("snapshot")
        it.show(False)
        it.breaks = it.there = True
        it.source.give()  # the rules end by an error, and what the user records goes on
        it.await_kind("problem", 2)
        assert it.session.recordings[0].state == "running"
    sentences = [one.sentence for one in it.told if one.kind == "problem"]
    assert "no longer judged" in sentences[0]
    assert sentences[1:] == [
        f"Dog: its program was not run, since {tmp_path / 'mine.mp4'} was not whole yet when the rules ended."
    ]
    assert "ran" not in it.kinds()
