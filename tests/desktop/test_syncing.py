"""What is recorded is on the disk within a second, and a disk that takes its time delays no frame."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from cut_off import cut_off

from desktop.recordings import syncing
from desktop.recordings.leftovers import find_leftovers, leftover_of
from desktop.recordings.recording import Recording
from desktop.recordings.repair import repair
from desktop.recordings.sidecar_reader import Line, read_sidecar
from desktop.recordings.syncing import EVERY, Syncing
from desktop.recordings.video_writer import VideoWriter
from models.errors import RecordingError

PATIENCE = 60.0


class Disk:
    """Stands in for `syncing.sync`: notes what is synced, and may take its time or fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.synced: list[str] = []
        self.error: OSError | None = None
        self.free, self.asked = threading.Event(), threading.Event()
        self.free.set()
        for module in ("syncing", "video_file", "sidecar"):
            monkeypatch.setattr(f"desktop.recordings.{module}.sync", self)

    def __call__(self, file: int) -> None:
        self.asked.set()
        assert self.free.wait(PATIENCE)
        self.synced.append(Path(f"/proc/self/fd/{file}").readlink().name)
        if self.error is not None:
            raise self.error


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    if not Path("/proc/self/fd").exists():
        pytest.skip("this system does not tell the name of an open file")
    return Disk(monkeypatch)


def begun(path: Path, monkeypatch: pytest.MonkeyPatch, clock: list[float]) -> Recording:
    monkeypatch.setattr("desktop.recordings.files.Syncing", lambda: Syncing(lambda: clock[0]))
    return Recording(path, source="test", networks={}, program="0", clean=True)


def write(recording: Recording, number: int) -> None:
    recording.write(np.full((48, 64, 3), 9, np.uint8), number / 10, scene=None, analysed=False)


def settle() -> None:
    """Wait until no file is being synced."""
    for thread in threading.enumerate():
        if thread.name == "sync":
            thread.join(PATIENCE)


def test_all_files_of_a_recording_are_synced_each_second_and_before_they_have_their_names(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    recording = begun(tmp_path / "a.mp4", monkeypatch, clock)
    for number in range(35):
        clock[0] = number / 10
        write(recording, number)
        settle()
    parts = ["a.mp4.part", "a.clean.mp4.part", "a.jsonl.part"]
    assert disk.synced == parts * 3
    recording.close()
    assert disk.synced == parts * 4


def test_their_names_are_on_the_disk_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[Path, list[str]]] = []

    def sync_folder(folder: Path) -> None:
        seen.append((folder, sorted(path.name for path in folder.iterdir())))

    monkeypatch.setattr("desktop.recordings.files.sync_folder", sync_folder)
    recording = begun(tmp_path / "a.mp4", monkeypatch, [0.0])
    write(recording, 0)
    recording.close()
    assert seen == [(tmp_path, ["a.clean.mp4", "a.jsonl", "a.mp4"])]


def test_frames_are_written_while_the_disk_takes_its_time_and_nothing_piles_up(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    recording = begun(tmp_path / "a.mp4", monkeypatch, clock)
    write(recording, 0)
    disk.free.clear()
    for number in range(1, 40):
        clock[0] = float(number)
        write(recording, number)
        assert disk.asked.wait(PATIENCE)
        assert sum(thread.name == "sync" for thread in threading.enumerate()) == 1
    assert recording.frames == 40
    assert disk.synced == []
    disk.free.set()
    assert recording.close() is not None
    assert len([line for line in read_sidecar(tmp_path / "a.jsonl") if isinstance(line, Line)]) == 40


def test_a_disk_that_fails_ends_the_recording_in_one_sentence_and_what_there_is_is_kept(
    tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    recording = begun(tmp_path / "a.mp4", monkeypatch, clock)
    write(recording, 0)
    disk.error = OSError(errno.EIO, "Input/output error")
    clock[0] = EVERY
    write(recording, 1)
    settle()
    with pytest.raises(RecordingError, match="cannot be brought onto the disk: the disk reports an error") as caught:
        write(recording, 2)
    assert "\n" not in str(caught.value)
    assert recording.abort() == tuple(tmp_path / f"a.{end}.part" for end in ("jsonl", "mp4", "clean.mp4"))


def test_a_video_whose_end_does_not_reach_the_disk_is_not_said_to_be_whole(tmp_path: Path, disk: Disk) -> None:
    writer = VideoWriter(tmp_path / "a.mp4", (64, 48))
    writer.write(np.full((48, 64, 3), 9, np.uint8), 0.0)
    disk.error = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(RecordingError, match=r"end of the video .* cannot be written: the disk is full"):
        writer.close()


def test_what_is_no_file_on_a_disk_need_not_be_synced() -> None:
    reading, writing = os.pipe()
    syncing.sync(writing)
    os.close(reading)
    os.close(writing)
    with pytest.raises(OSError, match="descriptor"):
        syncing.sync(writing)


def test_what_was_cut_off_is_repaired_though_its_disk_knows_no_syncing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = cut_off(tmp_path)

    def refused(_file: int) -> None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))  # of a folder of another machine, for instance

    monkeypatch.setattr(os, "fsync", refused)
    leftover = leftover_of(video)
    assert leftover is not None
    assert repair(leftover).frames > 0
    assert find_leftovers(tmp_path) == []
