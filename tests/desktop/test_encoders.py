"""The encoder that is used is one that works, and a recording survives one that does not."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import fake_encoders
import numpy as np
import psutil
import pytest
from fake_encoders import HABITS, faking
from numpy.typing import NDArray

from desktop.recordings import encoder_trial, encoders
from desktop.recordings.apart import Apart
from desktop.recordings.encoder import Encoder, Packet
from desktop.recordings.encoders import PRESETS, TICKS, Choice, Chooser
from desktop.recordings.encoding import Encoding
from desktop.recordings.options import AUTO, HARDWARE, PLAIN, X264, VideoOptions
from desktop.recordings.pixels import i420, nv12
from desktop.recordings.recording import Recording
from desktop.recordings.ring import Ring
from desktop.recordings.video_file import VideoFile
from models import child
from models.errors import RecordingError

NVENC, QSV = "h264_nvenc", "h264_qsv"
GOOD = ("works", "holds two back")


def numbered(number: int) -> NDArray[np.uint8]:
    return np.full((96, 160, 3), 20 + 5 * (number % 40), np.uint8)


def numbers_of(path: Path) -> list[int]:
    with av.open(str(path)) as file:
        pictures = [frame.to_ndarray(format="bgr24") for frame in file.decode(video=0)]
    return [round((float(picture[40:60, 60:100].mean()) - 20) / 5) for picture in pictures]


def fake_trial(habit: str, timeout: float = 60.0) -> str:
    command = [sys.executable, fake_encoders.__file__, habit, NVENC]
    return encoders.tried(NVENC, command, timeout)


def chosen(name: str) -> Chooser:
    """Whoever asks gets the encoder `name`, as where it was tried and worked."""
    return Chooser(lambda _names: Choice(name))


@pytest.fixture
def everything_may_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoders, "_absent", lambda _name: "")


# Trying


def test_an_encoder_that_works_is_found_to_work_in_a_child_process() -> None:
    assert encoders.tried(X264) == ""


@pytest.mark.parametrize("habit", sorted(set(HABITS) - {"hangs", "aborts"}))
@pytest.mark.parametrize("name", [NVENC, QSV])
def test_only_encoders_that_do_all_that_is_needed_work(habit: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoders, "create", faking(habit))
    assert encoder_trial.main([name]) == (0 if habit in GOOD else 1)


def test_an_encoder_that_fails_at_the_fifth_frame_says_why_from_its_process() -> None:
    assert fake_trial("fails at the fifth frame") == "it cannot be opened or used: the driver was reset"


def test_an_encoder_that_kills_its_process_does_not_kill_ours() -> None:
    assert fake_trial("aborts") != ""


def test_an_encoder_that_hangs_is_given_up() -> None:
    assert "took longer than 2 seconds" in fake_trial("hangs", 2.0)


def test_a_machine_without_graphics_is_not_made_to_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoders, "_has_device", lambda _name: False)
    monkeypatch.setattr(sys, "platform", "linux")
    choice = encoders.find(HARDWARE, lambda _name: pytest.fail("was tried"))
    assert choice.name == X264
    assert [name for name, _ in choice.refused] == list(HARDWARE)


# Choosing


@pytest.mark.usefixtures("everything_may_work")
def test_the_first_that_works_is_chosen_and_the_others_have_their_reasons() -> None:
    asked: list[str] = []

    def attempt(name: str) -> str:
        asked.append(name)
        return "" if name == "h264_amf" else f"{name} is broken"

    assert encoders.find(HARDWARE, attempt) == Choice(
        "h264_amf", ((NVENC, f"{NVENC} is broken"), (QSV, f"{QSV} is broken"))
    )
    assert asked == [NVENC, QSV, "h264_amf"]
    assert encoders.find((NVENC,), attempt) == Choice(X264, ((NVENC, f"{NVENC} is broken"),))


def test_an_answer_is_kept_and_one_that_gave_up_is_not_used_again() -> None:
    asked: list[Sequence[str]] = []

    def find(names: Sequence[str]) -> Choice:
        asked.append(names)
        return Choice(NVENC)

    chooser = Chooser(find)
    assert chooser.choice(AUTO, 60.0) == chooser.choice(AUTO, 0.0) == Choice(NVENC)
    assert asked == [HARDWARE]
    assert chooser.choice(X264) == Choice(X264)
    chooser.gave_up(NVENC, "it was hot")
    assert chooser.choice(AUTO) == Choice(X264, ((NVENC, "it was hot"),))


@pytest.mark.usefixtures("everything_may_work")
def test_a_recording_does_not_wait_long_for_an_answer() -> None:
    known = threading.Event()

    def find(_names: Sequence[str]) -> Choice:
        known.wait(60.0)
        return Choice(NVENC)

    chooser = Chooser(find)
    assert chooser.choice(AUTO, 0.0).name == X264
    known.set()
    assert chooser.choice(AUTO, 60.0).name == NVENC


ENDS = """
import subprocess, sys, threading
from desktop.recordings import encoders

began = threading.Event()

class Popen(subprocess.Popen):
    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        print(self.pid, flush=True)
        began.set()

subprocess.Popen = Popen
encoders._absent = lambda _name: ""
encoders.child.command = lambda _module, name: [sys.executable, sys.argv[1], "hangs", name]
encoders.tried.__defaults__ = (None, 3600.0, None)
encoders.chooser.begin()
began.wait()
"""


def test_the_program_ends_though_drivers_hang_and_leaves_no_trial_behind() -> None:
    command = [sys.executable, "-c", ENDS, fake_encoders.__file__]
    status, said = child.run(command, env=child.environment(), timeout=100.0)
    assert status == 0
    (trial,) = said.split()  # the first alone: those after it were not begun
    assert not psutil.pid_exists(int(trial))


@pytest.mark.usefixtures("everything_may_work")
def test_a_trial_that_begins_as_the_program_ends_is_ended_too(monkeypatch: pytest.MonkeyPatch) -> None:
    chooser = Chooser()
    processes: list[subprocess.Popen[str]] = []

    class Late(subprocess.Popen[str]):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            processes.append(self)
            ending = threading.Thread(target=chooser.end)
            ending.start()
            ending.join()

    monkeypatch.setattr(encoders, "END", 0.0)
    hanging = [sys.executable, fake_encoders.__file__, "hangs", NVENC]
    monkeypatch.setattr(child, "command", lambda *_: hanging)
    monkeypatch.setattr(subprocess, "Popen", Late)
    assert chooser.choice(NVENC, 60.0).name == X264
    assert [process.poll() is not None for process in processes] == [True]


def test_a_name_that_is_no_encoder_is_refused_in_one_sentence() -> None:
    with pytest.raises(RecordingError, match=r"There is no encoder h265: choose auto, h264_nvenc, .* or libx264\."):
        VideoOptions(encoder="h265")


# Going on


def encoded(encoder: Encoder, path: Path, count: int) -> list[Packet]:
    """Pictures numbered 0, 1, …, twenty a second, through `encoder` into a file."""
    packets = [packet for number in range(count) for packet in encoder.encode(numbered(number), number / 20)]
    packets += encoder.finish()
    file = VideoFile(path)
    for packet in packets:
        file.write(packet)
    file.close()
    return packets


@pytest.mark.parametrize("habit", [*GOOD, "fails at open", "fails at the fifth frame", "holds all back", "missing"])
@pytest.mark.parametrize("name", [NVENC, QSV])
def test_every_frame_is_in_the_file_whatever_the_encoder_does(
    habit: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoders, "create", faking(habit))
    chooser = chosen(name)
    encoder = Encoder((160, 96), options=VideoOptions(encoder=name), chooser=chooser)
    packets = encoded(encoder, tmp_path / "a.mp4", 25)
    assert [packet.ticks for packet in packets] == [number * TICKS // 20 for number in range(25)]
    assert numbers_of(tmp_path / "a.mp4") == list(range(25))
    if habit in GOOD:
        assert (encoder.name, encoder.notes) == (name, [])
    else:
        assert encoder.name == X264
        assert len(encoder.notes) == 1
        assert f"The encoder {name} gave up (" in encoder.notes[0]
        # One that cannot be opened may not have liked the size; one that failed is not used again.
        assert chooser.choice(name).name == (name if habit in ("fails at open", "missing") else X264)


def test_an_encoder_of_the_machine_that_fails_while_recording_leaves_one_whole_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoders, "create", faking("fails at the fifth frame"))
    recording = Recording(
        tmp_path / "a.mp4",
        source="test",
        networks={},
        program="0",
        clean=True,
        chooser=chosen(NVENC),
    )
    for number in range(20):
        recording.write(numbered(number), number / 20, clean=numbered(number + 1), scene=None, analysed=False)
    assert recording.encoder == "libx264 veryfast"
    assert recording.notes == ("The encoder h264_nvenc gave up (the driver was reset): libx264 goes on.",)
    recording.close()
    assert numbers_of(tmp_path / "a.mp4") == list(range(20))
    assert numbers_of(tmp_path / "a.clean.mp4") == list(range(1, 21))


def test_an_encoder_that_hangs_while_recording_is_left_behind_and_no_frame_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()
    monkeypatch.setattr(fake_encoders, "released", released)
    monkeypatch.setattr(encoders, "create", faking("hangs"))
    monkeypatch.setattr("desktop.recordings.encoder.HANGS", 0.3)
    chooser = chosen(NVENC)
    encoder = Encoder((160, 96), options=VideoOptions(encoder=NVENC), chooser=chooser)
    try:
        encoded(encoder, tmp_path / "a.mp4", 25)
    finally:
        released.set()
    assert numbers_of(tmp_path / "a.mp4") == list(range(25))
    assert encoder.notes == ["The encoder h264_nvenc gave up (it does not answer): libx264 goes on."]
    assert chooser.choice(NVENC).name == X264


def test_calls_apart_end_their_thread_when_nobody_makes_them_any_more() -> None:
    apart = Apart("apart")
    assert apart(lambda: threading.current_thread().name, 60.0) == "apart"
    with pytest.raises(ZeroDivisionError):
        apart(lambda: 1 // 0, 60.0)
    (thread,) = (one for one in threading.enumerate() if one.name == "apart")
    del apart
    thread.join(60.0)
    assert not thread.is_alive()


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="the ffmpeg program is not installed")
def test_another_program_decodes_a_file_of_two_encoders_without_a_complaint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoders, "create", faking("fails at the fifth frame"))
    encoded(Encoder((160, 96), options=VideoOptions(encoder=NVENC), chooser=chosen(NVENC)), tmp_path / "a.mp4", 25)
    command = ["ffmpeg", "-v", "warning", "-i", str(tmp_path / "a.mp4"), "-f", "rawvideo", "-pix_fmt", "gray", "-"]
    done = subprocess.run(command, check=True, capture_output=True, timeout=60)
    assert done.stderr == b""
    assert len(done.stdout) == 25 * 160 * 96


def test_frames_that_an_encoder_holds_back_are_in_the_ring_and_its_recordings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoders, "create", faking("holds two back"))
    ring = Ring(5.0, chooser=chosen(NVENC))
    for number in range(12):
        ring.take(numbered(number), number / 10, scene=None, analysed=False)
    one = Recording(tmp_path / "a.mp4", source="test", networks={}, program="0", ring=ring, since=0.5)
    one.write(numbered(12), 1.2, scene=None, analysed=False)
    one.close()
    ring.take(numbered(13), 1.3, scene=None, analysed=False)
    two = Recording(tmp_path / "b.mp4", source="test", networks={}, program="0", ring=ring, since=1.0)
    two.write(numbered(14), 1.4, scene=None, analysed=False)
    two.close()
    assert numbers_of(tmp_path / "a.mp4") == list(range(5, 13))
    assert numbers_of(tmp_path / "b.mp4") == list(range(10, 15))


def test_an_encoder_that_was_asked_for_and_does_not_work_is_named() -> None:
    refused = Chooser(lambda _names: Choice(X264, ((NVENC, "there is no graphics device for it"),)))
    encoder = Encoder((160, 96), options=VideoOptions(encoder=NVENC), chooser=refused)
    assert encoder.notes == ["The encoder h264_nvenc is not used, libx264 is: there is no graphics device for it."]


# A preset that fits


class Slow:
    """A clock by which each frame takes `took` seconds to encode."""

    def __init__(self, took: float) -> None:
        self.took, self.now, self.ends = took, 0.0, False

    def __call__(self) -> float:
        self.now += self.took if self.ends else 0.0
        self.ends = not self.ends
        return self.now


def headers(data: bytes) -> list[bytes]:
    return [part.rstrip(b"\0") for part in data.split(b"\0\0\1") if part and part[0] & 31 in (7, 8)]


def test_x264_takes_a_faster_preset_after_a_second_that_took_it_too_long(tmp_path: Path) -> None:
    clock = Slow(0.030)  # of the 50 ms that a frame lasts
    encoder = Encoder((160, 96), share=0.5, clock=clock)
    packets: list[Packet] = []
    seen: list[str] = []
    for number in range(70):
        packets += encoder.encode(numbered(number), number / 20)
        seen.append(encoder.preset)
        if encoder.preset == "superfast":
            clock.took = 0.024
    packets += encoder.finish()
    # Known with the frame at 1.0 s, changed at the next keyframe; then it is fast enough.
    assert [seen.index(preset) for preset in ("veryfast", "superfast")] == [0, 30]
    assert seen[-1] == "superfast"
    file = VideoFile(tmp_path / "a.mp4")
    for packet in packets:
        file.write(packet)
    file.close()
    assert numbers_of(tmp_path / "a.mp4") == [number % 40 for number in range(70)]


def test_it_goes_to_the_fastest_and_no_further_and_the_headers_stay_the_same_bytes() -> None:
    encoder = Encoder((160, 96), share=0.5, clock=Slow(0.2))
    packets = [packet for number in range(120) for packet in encoder.encode(numbered(number), number / 20)]
    assert encoder.preset == PRESETS[-1]
    assert len({tuple(headers(packet.data)) for packet in packets if packet.key}) == 1
    assert len(headers(packets[0].data)) == 2


@pytest.mark.parametrize(("clean", "preset"), [(False, PRESETS[0]), (True, PRESETS[1])])
def test_two_videos_share_the_time_of_one(monkeypatch: pytest.MonkeyPatch, clean: bool, preset: str) -> None:
    def slow(*arguments: Any, **more: Any) -> Encoder:
        return Encoder(*arguments, clock=Slow(0.020), **more)  # of the 50 ms that a frame lasts

    monkeypatch.setattr("desktop.recordings.encoding.Encoder", slow)
    encoding = Encoding((160, 96), clean=clean, options=PLAIN)
    for number in range(40):
        encoding.take(numbered(number), number / 20, scene=None, analysed=False)
    assert encoding.encoder == f"libx264 {preset}"


def test_where_nothing_hurries_the_preset_stays() -> None:
    encoder = Encoder((160, 96), clock=Slow(10.0))
    for number in range(60):
        encoder.encode(numbered(number), number / 20)
    assert encoder.preset == PRESETS[0]


# Pixels


def test_nv12_is_what_ffmpeg_makes_of_the_same_picture() -> None:
    planes = i420(np.random.default_rng(2).integers(0, 255, (48, 64, 3), np.uint8))
    expected = av.VideoFrame.from_ndarray(planes, format="yuv420p").reformat(format="nv12").to_ndarray()
    assert np.array_equal(nv12(planes), expected)
