"""The sound of a microphone is in the video, where its time is, and never costs the video."""

from __future__ import annotations

import sys
from pathlib import Path

import av
import numpy as np
import pytest
from drifting_device import START, clicked, clicks
from fake_microphone import FakeDevice, listening
from fake_source import FakeSource, finish, until
from numpy.typing import NDArray

from desktop.commands import cli
from desktop.live.recording import RecordingOptions
from desktop.live.session import Session
from desktop.recordings.microphone import RATE, Microphone, open_device
from desktop.recordings.recording import Recording
from models.errors import RecordingError

FPS = 10
GREY = np.full((64, 96, 3), 90, np.uint8)


def sound_of(path: Path) -> NDArray[np.float32]:
    """(1, n): the sound of a video from its first frame on."""
    with av.open(str(path)) as file:
        frames = list(file.decode(audio=0))
    assert frames[0].time == pytest.approx(0.0, abs=1e-3)
    return np.concatenate([frame.to_ndarray() for frame in frames], axis=1)


def record(path: Path, device: FakeDevice, microphone: Microphone, seconds: int, *, late: float = 0.5) -> Recording:
    """A recording of frames that are written `late` seconds after they were taken, as the analysis makes them."""
    recording = Recording(path, source="camera:0", networks={}, program="0", microphone=microphone)
    for number in range(seconds * FPS):
        taken = START + 0.25 + number / FPS
        device.pass_until(taken + late)
        recording.write(GREY, taken, scene=None, analysed=False)
    return recording


@pytest.mark.parametrize("off", [200e-6, -200e-6])
def test_every_second_is_heard_within_40_ms_of_the_frame_of_its_time(tmp_path: Path, off: float) -> None:
    """Ten minutes of it are in `test_drift`."""
    seconds = 8
    device = FakeDevice(clicks(RATE, off, seconds + 3), RATE, off)
    microphone = listening(device)
    recording = record(tmp_path / "out.mp4", device, microphone, seconds)
    device.end()
    files = recording.close()
    assert files is not None
    assert microphone.stopped
    assert device.closed.is_set()
    heard = clicked(sound_of(tmp_path / "out.mp4"), RATE, START)  # seconds from the first frame, taken at START + 0.25
    assert len(heard) == seconds
    assert np.abs(heard - (np.arange(1, seconds + 1) - 0.25)).max() < 0.040
    with av.open(str(tmp_path / "out.mp4")) as file:
        assert len(list(file.decode(video=0))) == seconds * FPS


def test_a_microphone_that_is_lost_costs_its_sound_alone(tmp_path: Path) -> None:
    device = FakeDevice(clicks(RATE, 0.0, 10), RATE, 0.0)
    microphone = listening(device)
    recording = record(tmp_path / "out.mp4", device, microphone, 2)
    device.end(lost=True)
    until(lambda: microphone.stopped, "it is noticed")
    for number in range(20, 40):
        recording.write(GREY, START + 0.25 + number / FPS, scene=None, analysed=False)
    assert recording.notes == ("The microphone was lost: the recording goes on without sound.",)
    recording.close()
    assert len(clicked(sound_of(tmp_path / "out.mp4"), RATE, START)) == 2
    with av.open(str(tmp_path / "out.mp4")) as file:
        assert len(list(file.decode(video=0))) == 40


def test_while_it_is_muted_nothing_is_heard(tmp_path: Path) -> None:
    device = FakeDevice(clicks(RATE, 0.0, 10), RATE, 0.0)
    recording = record(tmp_path / "out.mp4", device, listening(device), 2)
    recording.mute(True)
    device.pass_until(START + 4.5)
    recording.mute(False)
    for number in range(45, 65):
        device.pass_until(START + 0.75 + number / FPS)
        recording.write(GREY, START + 0.25 + number / FPS, scene=None, analysed=False)
    device.end()
    recording.close()
    heard = clicked(sound_of(tmp_path / "out.mp4"), RATE, START) + 0.25
    assert np.round(heard).tolist() == [1, 2, 5, 6]
    assert np.abs(heard - np.round(heard)).max() < 0.040


def test_a_recording_that_never_began_lets_go_of_the_microphone(tmp_path: Path) -> None:
    for end in (Recording.close, Recording.abort):
        device = FakeDevice(clicks(RATE, 0.0, 1), RATE, 0.0)
        recording = Recording(
            tmp_path / "out.mp4", source="camera:0", networks={}, program="0", microphone=listening(device)
        )
        device.end()
        assert end(recording) is None
        assert device.closed.is_set()


def test_a_microphone_that_is_not_there_is_refused_in_one_sentence() -> None:
    with pytest.raises(RecordingError, match="microphone"):
        Microphone("there is none of this name")


@pytest.mark.skipif(
    sys.platform != "linux" or not Path("/usr/share/alsa/alsa.conf").exists(), reason="ALSA's null device is Linux's"
)
def test_the_null_device_of_alsa_starts_and_is_heard() -> None:
    """What it gives is whatever was in memory, without a pause: no more than that it starts can be told."""
    device = open_device("null")
    try:
        blocks = [device.read() for _ in range(50)]
    finally:
        device.close()
    assert sum(block.shape[1] for block in blocks if block is not None) >= 50


def test_a_session_records_a_microphone_and_is_silent_while_it_is_paused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = FakeDevice(clicks(RATE, 0.0, 12), RATE, 0.0)
    monkeypatch.setattr("desktop.live.recorders.Microphone", lambda _name, **_more: listening(device))
    source = FakeSource(size=(96, 64), times=lambda number: round((START + 0.25 + number / FPS) * 1e9))
    session = Session(source, clock=lambda: round(device.now * 1e9))
    session.start()
    session.start_recording(tmp_path / "out.mp4", RecordingOptions(microphone="default"), program="0")

    def give(count: int) -> None:
        for _ in range(count):
            captured = session.figures().captured
            device.pass_until(START + 0.25 + captured / FPS)
            source.give()
            until(lambda captured=captured: session.figures().captured > captured, "it is captured")  # type: ignore[misc]

    give(20)
    session.pause_recording()
    give(20)
    session.resume_recording()
    give(20)
    device.pass_until(START + 7)
    device.end()
    assert finish(session, source)
    heard = clicked(sound_of(tmp_path / "out.mp4"), RATE, START) + 0.25
    assert np.round(heard).tolist() == [1, 2, 5, 6]
    assert np.abs(heard - np.round(heard)).max() < 0.040
    assert device.closed.is_set()


def test_a_recording_that_cannot_begin_lets_go_of_the_microphone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = FakeDevice(clicks(RATE, 0.0, 1), RATE, 0.0)
    device.end()
    monkeypatch.setattr("desktop.live.recorders.Microphone", lambda _name, **_more: listening(device))
    source = FakeSource()
    session = Session(source)
    session.start()
    (tmp_path / "out.mp4").write_bytes(b"")
    with pytest.raises(RecordingError, match="exists"):
        session.start_recording(tmp_path / "out.mp4", RecordingOptions(microphone="default"), program="0")
    assert device.closed.is_set()
    assert finish(session, source)


def test_record_says_in_one_sentence_that_there_is_no_such_microphone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blind = ["--no-objects", "--no-faces", "--no-bodies", "--encoder", "libx264"]
    target = str(tmp_path / "out.mp4")
    assert cli.run(["record", "demo", "-o", target, "--duration", "1", "--microphone", "nobody's", *blind]) == 1
    assert "microphone nobody's cannot be opened" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
