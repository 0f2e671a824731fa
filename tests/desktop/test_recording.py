"""A recording is a video and a sidecar that belong together, from the first frame to the end."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from scenes import scene, thing

from desktop.recordings.leftovers import find_leftovers
from desktop.recordings.locking import is_locked
from desktop.recordings.placing import Placing, free_name
from desktop.recordings.recording import Recording
from desktop.recordings.sidecar_reader import End, Header, Line, read_sidecar
from models.errors import RecordingError
from models.scene import EMPTY, Scene


def picture(width: int = 160, height: int = 120) -> NDArray[np.uint8]:
    return np.full((height, width, 3), (40, 120, 200), np.uint8)


def begun(path: Path, *, overwrite: bool = False, face_points: bool = True) -> Recording:
    return Recording(
        path,
        source="camera:0",
        networks={"faces": "face-mesh"},
        program="0.1.0",
        start=datetime(2026, 11, 22, 10, tzinfo=UTC),
        overwrite=overwrite,
        face_points=face_points,
    )


def video_times(path: Path) -> list[float]:
    with av.open(str(path)) as file:
        return [frame.time or 0.0 for frame in file.decode(video=0)]


def lines(path: Path) -> list[Line]:
    return [entry for entry in read_sidecar(path) if isinstance(entry, Line)]


def test_video_and_sidecar_have_the_same_frames_at_the_same_times(tmp_path: Path) -> None:
    recording = begun(tmp_path / "a.mp4")
    times = [50.0, 50.04, 50.11, 50.11, 50.9]
    for index, time in enumerate(times):
        recording.write(picture(), time, scene=scene(), analysed=index % 2 == 0, index=index, position=3.0 + index)
    assert recording.close(dropped=2, skipped=2, late=1) == (tmp_path / "a.jsonl", tmp_path / "a.mp4")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.jsonl", "a.mp4"]
    header, *between, end = read_sidecar(tmp_path / "a.jsonl")
    assert isinstance(header, Header)
    assert (header.size, header.start) == ((160, 120), "2026-11-22T10:00:00.000Z")
    assert end == End(frames=5, dropped=2, skipped=2, late=1)
    assert len(between) == recording.frames == 5
    rows = lines(tmp_path / "a.jsonl")
    assert [row.time for row in rows] == pytest.approx(video_times(tmp_path / "a.mp4"), abs=2e-6)
    assert [row.analysed for row in rows] == [True, False, True, False, True]
    assert [row.position for row in rows] == [3.0, 4.0, 5.0, 6.0, 7.0]


def test_files_are_made_with_the_first_frame_under_temporary_names_and_held(tmp_path: Path) -> None:
    recording = begun(tmp_path / "a.mp4")
    assert [file.name for file in tmp_path.iterdir()] == ["a.mp4.part"]
    assert (tmp_path / "a.mp4.part").stat().st_size == 0
    recording.write(picture(), 0.0, scene=EMPTY, analysed=True)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.jsonl.part", "a.mp4.part"]
    assert is_locked(tmp_path / "a.mp4.part")
    recording.close()
    assert not is_locked(tmp_path / "a.mp4")


@pytest.mark.parametrize("overwrite", [False, True])
def test_without_a_frame_there_is_no_file(tmp_path: Path, overwrite: bool) -> None:
    recording = begun(tmp_path / "a.mp4", overwrite=overwrite)
    assert recording.close() is None
    assert list(tmp_path.iterdir()) == []
    assert begun(tmp_path / "a.mp4", overwrite=overwrite).abort() is None
    assert list(tmp_path.iterdir()) == []


def test_two_that_were_begun_before_either_had_a_frame_have_names_of_their_own(tmp_path: Path) -> None:
    recordings = [begun(free_name(tmp_path / "a.mp4")) for _ in range(2)]
    assert find_leftovers(tmp_path) == []  # what is empty and held is not offered for repair
    for recording in recordings:
        recording.write(picture(), 0.0, scene=EMPTY, analysed=True)
    for recording in recordings:
        recording.close()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a-2.jsonl", "a-2.mp4", "a.jsonl", "a.mp4"]


def test_one_that_ended_without_a_frame_leaves_the_name_to_the_next(tmp_path: Path) -> None:
    ended = begun(tmp_path / "a.mp4")
    ended.close()
    after = begun(tmp_path / "a.mp4")
    ended.abort()
    after.write(picture(), 0.0, scene=EMPTY, analysed=True)
    assert after.close() == (tmp_path / "a.jsonl", tmp_path / "a.mp4")


def test_what_an_interrupted_run_left_stays_where_no_frame_came_to_replace_it(tmp_path: Path) -> None:
    left = tmp_path / "a.mp4.part"
    left.write_bytes(b"an hour of video")
    begun(tmp_path / "a.mp4", overwrite=True).close()
    assert left.read_bytes() == b"an hour of video"


@pytest.mark.parametrize("name", ["a.mp4", "a.jsonl"])
def test_an_existing_video_or_sidecar_is_refused_at_once_and_kept(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"precious")
    with pytest.raises(RecordingError, match=f"{name} exists"):
        begun(tmp_path / "a.mp4")
    assert [file.name for file in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_bytes() == b"precious"


def test_an_existing_recording_is_replaced_where_that_is_allowed(tmp_path: Path) -> None:
    for count in (3, 1):
        recording = begun(tmp_path / "a.mp4", overwrite=True)
        for number in range(count):
            recording.write(picture(), number / 10, scene=None, analysed=False)
        recording.close()
    assert len(video_times(tmp_path / "a.mp4")) == len(lines(tmp_path / "a.jsonl")) == 1


def test_a_folder_that_is_not_there_is_told_before_the_first_frame(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="the folder does not exist"):
        begun(tmp_path / "missing" / "a.mp4")


def test_what_is_watched_may_have_a_name_that_is_no_text(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "a.mp4", source="bad\udcff.mp4", networks={}, program="0")
    recording.write(picture(), 0.0, scene=None, analysed=False)
    recording.close()
    header = next(read_sidecar(tmp_path / "a.jsonl"))
    assert isinstance(header, Header)
    assert header.source == "bad\ufffd.mp4"


def test_an_error_of_nobodys_at_the_first_frame_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_arguments: object, **_names: object) -> None:
        raise LookupError

    monkeypatch.setattr("desktop.recordings.sidecar.SidecarWriter.header", fails)
    recording = begun(tmp_path / "a.mp4")
    with pytest.raises(LookupError):
        recording.write(picture(), 0.0, scene=None, analysed=False)
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_would_be_the_sidecars_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"end it with \.mp4"):
        begun(tmp_path / "a.jsonl")


def test_two_recordings_of_one_name_are_never_mixed(tmp_path: Path) -> None:
    first = begun(tmp_path / "a.mp4")
    with pytest.raises(RecordingError, match="is being written by another"):
        begun(tmp_path / "a.mp4", overwrite=True)
    first.write(picture(), 0.0, scene=None, analysed=False)
    with pytest.raises(RecordingError, match="is being written by another"):
        begun(tmp_path / "a.mp4", overwrite=True)
    first.write(picture(), 0.1, scene=None, analysed=False)
    first.close()
    assert len(video_times(tmp_path / "a.mp4")) == 2


def test_coordinates_follow_a_size_that_changes(tmp_path: Path) -> None:
    recording = begun(tmp_path / "a.mp4")
    recording.write(picture(160, 120), 0.0, scene=Scene((thing(),)), analysed=True)
    recording.write(picture(320, 480), 0.1, scene=Scene((thing(),)), analysed=True)
    recording.close()
    same, placed = (line.scene for line in lines(tmp_path / "a.jsonl"))
    assert same is not None
    assert placed is not None
    # 320x480 goes into 160x120 at a quarter: 80 wide, 40 from the left.
    expected = np.array([10.25 / 4 + 40, 5.0, 110 / 4 + 40, 90.5 / 4])
    assert np.abs(placed.objects[0].box - expected).max() <= 0.06
    assert np.abs(same.objects[0].box - thing().box).max() <= 0.06


def test_frames_that_are_read_only_are_recorded(tmp_path: Path) -> None:
    recording = begun(tmp_path / "a.mp4")
    for number, size in enumerate(((161, 121), (161, 121), (80, 90))):
        pixels = picture(*size)
        pixels.setflags(write=False)
        recording.write(pixels, number / 10, scene=None, analysed=False)
    recording.close()
    assert len(video_times(tmp_path / "a.mp4")) == 3


def test_points_of_faces_can_be_switched_off(tmp_path: Path) -> None:
    recording = begun(tmp_path / "a.mp4", face_points=False)
    recording.write(picture(), 0.0, scene=scene(), analysed=True)
    recording.close()
    assert (tmp_path / "a.jsonl").stat().st_size < 6000


def test_an_aborted_recording_keeps_what_it_has_under_temporary_names(tmp_path: Path) -> None:
    recording = begun(tmp_path / "a.mp4")
    for number in range(4):
        recording.write(picture(), number / 10, scene=None, analysed=False)
    assert recording.abort() == (tmp_path / "a.jsonl.part", tmp_path / "a.mp4.part")
    assert recording.abort() is None
    assert len(video_times(tmp_path / "a.mp4.part")) == len(lines(tmp_path / "a.jsonl.part")) == 4


def test_an_ended_recording_takes_no_more_and_ends_twice(tmp_path: Path) -> None:
    recording = begun(tmp_path / "a.mp4")
    recording.write(picture(), 0.0, scene=None, analysed=False)
    recording.close()
    assert recording.close() is None
    with pytest.raises(RecordingError, match="has ended already"):
        recording.write(picture(), 1.0, scene=None, analysed=False)


def test_a_target_that_appears_while_recording_is_not_replaced_and_nothing_is_lost(tmp_path: Path) -> None:
    recording = begun(tmp_path / "a.mp4")
    recording.write(picture(), 0.0, scene=None, analysed=False)
    (tmp_path / "a.mp4").write_bytes(b"theirs")
    with pytest.raises(RecordingError, match="kept as"):
        recording.close()
    assert recording.abort() == (tmp_path / "a.jsonl.part", tmp_path / "a.mp4.part")
    assert recording.abort() is None
    assert (tmp_path / "a.mp4").read_bytes() == b"theirs"
    assert len(video_times(tmp_path / "a.mp4.part")) == 1
    assert len(lines(tmp_path / "a.jsonl.part")) == 1


FULL = """
import resource, sys
from pathlib import Path
import numpy as np
from desktop.recordings.recording import Recording
from models.errors import RecordingError

resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
recording = Recording(Path(sys.argv[1]), source="test", networks={}, program="0")
rng = np.random.default_rng(1)
errors = []
try:
    for frame in range(300):
        recording.write(rng.integers(0, 255, (480, 640, 3), np.uint8), frame / 30, scene=None, analysed=False)
except RecordingError as error:
    errors.append(str(error))
kept = recording.abort()
sys.stdout.write(f"{len(errors)} {recording.frames} {kept is not None}")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of a file's size")
def test_a_full_disk_leaves_a_video_and_a_sidecar_that_can_be_read(tmp_path: Path) -> None:
    target = tmp_path / "a.mp4"
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(target)], capture_output=True, text=True, timeout=100, check=True
    )
    errors, frames, kept = done.stdout.split()
    assert (errors, kept) == ("1", "True")
    assert not target.exists()
    assert len(lines(tmp_path / "a.jsonl.part")) == int(frames) > 0
    with av.open(str(tmp_path / "a.mp4.part")) as file:
        assert next(file.decode(video=0)).width == 640


FULL_AT_ONCE = """
import resource, sys
from pathlib import Path
import numpy as np
from desktop.recordings.recording import Recording
from models.errors import RecordingError

resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))  # the video's beginning fits, the header of the data does not
recording = Recording(Path(sys.argv[1]), source="test", networks={"faces": "face-mesh"}, program="0")
try:
    recording.write(np.zeros((48, 64, 3), np.uint8), 0.0, scene=None, analysed=False)
except RecordingError as error:
    sys.stdout.write(str(error))
assert recording.abort() is None
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of a file's size")
def test_a_disk_that_is_full_from_the_first_line_on_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_AT_ONCE, str(tmp_path / "a.mp4")],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "a.jsonl.part cannot be written further: the file is larger" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="a locked file cannot be renamed there")
def test_nobody_can_repair_a_recording_between_its_end_and_its_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[int] = []
    names: list[str] = []
    finish = Placing.finish

    def looked(place: Placing) -> Path:
        names.append(place.temporary.name)
        found.append(len(find_leftovers(tmp_path)))  # as another program does that repairs the folder
        assert is_locked(place.temporary)
        return finish(place)

    monkeypatch.setattr(Placing, "finish", looked)
    recording = begun(tmp_path / "a.mp4")
    recording.write(picture(), 0.0, scene=None, analysed=False)
    recording.close()
    assert names == ["a.jsonl.part", "a.mp4.part"]
    assert found == [0, 0]
    assert not any(map(is_locked, tmp_path.iterdir()))
