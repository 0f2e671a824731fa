"""What an interrupted run left becomes a whole recording, and nothing is lost on the way."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import av
import numpy as np
import pytest
from blind import Blind
from clips import times_of
from cut_off import cut_off, cut_off_video, recorded
from talkies import clicks, clicks_of, flashes_of, write_talkie

from desktop.batch.annotate import Annotator, Progress
from desktop.batch.plan import plan
from desktop.recordings import repair as repairing
from desktop.recordings.leftovers import Leftover, find_leftovers, leftover_of
from desktop.recordings.locking import Lock
from desktop.recordings.placing import free_name
from desktop.recordings.playable import Halted, playable
from desktop.recordings.recording import Recording
from desktop.recordings.repair import Repaired, repair
from desktop.recordings.sidecar_reader import End, Header, Line, read_sidecar
from models.errors import RecordingError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def lines_of(path: Path) -> list[Line]:
    return [entry for entry in read_sidecar(path) if isinstance(entry, Line)]


def end_of(path: Path) -> End:
    *_, end = read_sidecar(path)
    assert isinstance(end, End)
    return end


def repaired(path: Path) -> Repaired:
    leftover = leftover_of(path)
    assert leftover is not None
    return repair(leftover)


def assert_whole(video: Path, frames: int) -> None:
    """An ordinary MP4 of so many frames, with a line for each at its time, and an end line."""
    times = times_of(video)
    assert len(times) == frames
    assert playable(video).whole
    data = video.with_suffix(".jsonl")
    assert [line.frame for line in lines_of(data)] == list(range(frames))
    assert [line.time for line in lines_of(data)] == pytest.approx(times, abs=2e-6)
    assert end_of(data).frames == frames
    assert isinstance(next(iter(read_sidecar(data))), Header)


def test_a_killed_recording_becomes_a_whole_one(tmp_path: Path) -> None:
    video = cut_off(tmp_path)
    assert names(tmp_path) == ["walk.jsonl.part", "walk.mp4.part"]
    (found,) = find_leftovers(tmp_path)
    assert found.promising
    result = repair(found)
    assert names(tmp_path) == ["walk.jsonl", "walk.mp4"]
    assert_whole(video, 39)  # the last frame is written when the next one comes
    assert result.files == (video, tmp_path / "walk.jsonl")
    assert result.frames == 39
    assert result.seconds == pytest.approx(38 / 30, abs=1e-4)
    assert "39 frames, 1.3 s" in result.sentence
    assert find_leftovers(tmp_path) == []


def test_the_end_line_says_that_it_was_repaired_and_how_many_frames_were_not_analysed(tmp_path: Path) -> None:
    repaired(cut_off(tmp_path))
    assert end_of(tmp_path / "walk.jsonl") == End(frames=39, skipped=19, repaired=True)


def test_packets_are_copied_as_they_are(tmp_path: Path) -> None:
    video = cut_off(tmp_path)

    def packets(path: Path) -> list[tuple[bytes, int | None, int | None]]:
        with av.open(str(path), format="mp4") as file:
            return [(bytes(packet), packet.pts, packet.duration) for packet in file.demux(video=0) if packet.size]

    before = packets(tmp_path / "walk.mp4.part")
    repaired(video)
    assert packets(video) == before


def test_wherever_the_video_is_cut_what_plays_of_it_is_kept(tmp_path: Path) -> None:
    """Every 101st place of a file of fifty fragments, those included where FFmpeg would read nothing at all of it."""
    whole = cut_off_video(tmp_path / "whole.part", 50).read_bytes()
    counts = [_frames_after_repair(tmp_path / "cut", whole[:size]) for size in (*range(0, len(whole), 101), len(whole))]
    assert counts == sorted(counts)
    assert (counts[0], counts[-1]) == (0, 49)


def _frames_after_repair(folder: Path, cut: bytes) -> int:
    """How many frames the repaired video has, 0 where nothing could be made of it, and it is still there."""
    folder.mkdir()
    (folder / "a.mp4.part").write_bytes(cut)
    (found,) = find_leftovers(folder)
    try:
        frames = repair(found).frames
    except RecordingError:
        frames = 0
    assert names(folder) == (["a.mp4"] if frames else ["a.mp4.part"])
    assert frames == (len(times_of(folder / "a.mp4")) if frames else 0)
    shutil.rmtree(folder)
    return frames


def test_wherever_the_sidecar_is_cut_there_is_a_line_for_every_frame(tmp_path: Path) -> None:
    cut_off(tmp_path)
    video, data = ((tmp_path / f"walk.{kind}.part").read_bytes() for kind in ("mp4", "jsonl"))
    header = data.index(b"\n") + 1
    for size in range(header, len(data), 29_989):
        folder = tmp_path / "cut"
        folder.mkdir()
        (folder / "walk.mp4.part").write_bytes(video)
        (folder / "walk.jsonl.part").write_bytes(data[:size])
        repaired(folder / "walk.mp4")
        assert names(folder) == ["walk.jsonl", "walk.mp4"]
        assert_whole(folder / "walk.mp4", 39)
        shutil.rmtree(folder)


def test_a_damaged_line_costs_its_own_frame_alone(tmp_path: Path) -> None:
    video = cut_off(tmp_path)
    data = tmp_path / "walk.jsonl.part"
    lines = data.read_bytes().splitlines(keepends=True)
    lines[5] = b"\0" * (len(lines[5]) - 1) + b"\n"
    lines[8] = lines[8].replace(b'"time": 0.', b'"time": 9.')
    data.write_bytes(b"".join(lines))
    result = repaired(video)
    assert_whole(video, 39)
    assert [line.frame for line in lines_of(tmp_path / "walk.jsonl") if line.frame % 2 == 0 and not line.analysed] == [
        4
    ]
    assert "2 of its frames have no data" in result.sentence


def test_a_video_without_data_is_repaired_alone(tmp_path: Path) -> None:
    cut_off_video(tmp_path / "a.mp4.part")
    assert "no data beside it" in repaired(tmp_path / "a.mp4.part").sentence
    assert names(tmp_path) == ["a.mp4"]
    assert len(times_of(tmp_path / "a.mp4")) == 39


def test_a_recording_that_was_killed_before_its_first_frame_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "walk.mp4.part").touch()
    (found,) = find_leftovers(tmp_path)
    assert not found.promising  # so that the window does not offer it
    with pytest.raises(RecordingError, match=r"walk\.mp4\.part is empty: .* It can be deleted"):
        repair(found)
    assert names(tmp_path) == ["walk.mp4.part"]


def test_data_without_a_video_are_closed(tmp_path: Path) -> None:
    cut_off(tmp_path)
    (tmp_path / "walk.mp4.part").unlink()
    data = tmp_path / "walk.jsonl.part"
    data.write_bytes(data.read_bytes()[:-5])
    (found,) = find_leftovers(tmp_path)
    assert not found.promising
    assert "without a video" in repair(found).sentence
    assert names(tmp_path) == ["walk.jsonl"]
    assert len(lines_of(tmp_path / "walk.jsonl")) == 39
    assert end_of(tmp_path / "walk.jsonl") == End(frames=39, skipped=19, repaired=True)


def test_data_of_several_videos_are_closed_by_themselves(tmp_path: Path) -> None:
    cut_off_video(tmp_path / "a.mp4.part")
    one = [
        {
            "file": "x.mp4",
            "onlooker": 1,
            "program": "0",
            "source": "x.mp4",
            "size": [8, 8],
            "start": "",
            "networks": {},
        },
        {"file": "x.mp4", "frame": 0, "time": 0, "analysed": True},
    ]
    written = "".join(json.dumps(line) + "\n" for line in (*one, *one))
    (tmp_path / "a.jsonl.part").write_text(written)
    assert "several videos" in repaired(tmp_path / "a.mp4").sentence
    assert names(tmp_path) == ["a.jsonl.part", "a.mp4"]
    repaired(tmp_path / "a.jsonl")
    assert [type(entry) for entry in read_sidecar(tmp_path / "a.jsonl")] == [Header, Line, End] * 2
    assert end_of(tmp_path / "a.jsonl").file == "x.mp4"


def test_a_pair_that_was_whole_and_not_yet_named_only_gets_its_names(tmp_path: Path) -> None:
    recorded(tmp_path).close(dropped=3)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for name in before:
        (tmp_path / name).rename(tmp_path / f"{name}.part")
    repaired(tmp_path / "walk.mp4")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert end_of(tmp_path / "walk.jsonl") == End(frames=40, dropped=3)


def test_a_sidecar_that_has_its_name_already_stays_its_videos(tmp_path: Path) -> None:
    recorded(tmp_path).close()
    (tmp_path / "walk.mp4").rename(tmp_path / "walk.mp4.part")
    assert repaired(tmp_path / "walk.mp4").files == (tmp_path / "walk.mp4", tmp_path / "walk.jsonl")
    assert_whole(tmp_path / "walk.mp4", 40)


def test_a_clean_video_whose_companions_have_their_names_already_gets_its_own(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "walk.mp4", source="camera:0", networks={}, program="0", clean=True)
    for number in range(20):
        recording.write(np.full((64, 96, 3), number, np.uint8), number / 30, scene=None, analysed=False)
    recording.close()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    (tmp_path / "walk.clean.mp4").rename(tmp_path / "walk.clean.mp4.part")
    (found,) = find_leftovers(tmp_path)
    repair(found)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("taken", ["walk.mp4", "walk.jsonl"])
def test_no_file_is_replaced(tmp_path: Path, taken: str) -> None:
    cut_off(tmp_path)
    (tmp_path / taken).write_bytes(b"precious")
    (tmp_path / "walk-2.mp4.part").write_bytes(b"")
    repaired(tmp_path / "walk.mp4")
    assert (tmp_path / taken).read_bytes() == b"precious"
    assert names(tmp_path) == sorted([taken, "walk-2.mp4.part", "walk-3.jsonl", "walk-3.mp4"])
    assert_whole(tmp_path / "walk-3.mp4", 39)


def test_what_is_being_written_is_never_touched(tmp_path: Path) -> None:
    recording = recorded(tmp_path)
    leftover = leftover_of(tmp_path / "walk.mp4")
    assert find_leftovers(tmp_path) == []
    assert leftover is not None
    with pytest.raises(RecordingError, match="is being written by another"):
        repair(leftover)
    recording.close()
    assert_whole(tmp_path / "walk.mp4", 40)


def test_a_video_and_its_clean_one_are_cut_to_the_same_frames(tmp_path: Path) -> None:
    video = cut_off(tmp_path)
    cut_off_video(tmp_path / "walk.clean.mp4.part", 26)  # half a second behind
    assert len(find_leftovers(tmp_path)) == 1
    assert repaired(video).files == (video, tmp_path / "walk.clean.mp4", tmp_path / "walk.jsonl")
    assert_whole(video, 25)
    assert len(times_of(tmp_path / "walk.clean.mp4")) == 25


def test_the_sentence_of_a_repaired_recording_names_its_folder_once() -> None:
    folder = Path("/here/videos")
    files = (folder / "walk.mp4", folder / "walk.clean.mp4", folder / "walk.jsonl")
    sentences = [Repaired(files[:number], 2, 0.5).sentence.partition(" repaired")[0] for number in (1, 2, 3)]
    first = str(files[0])
    assert sentences == [first, f"{first} and walk.clean.mp4", f"{first}, walk.clean.mp4 and walk.jsonl"]


def test_a_clean_video_of_which_nothing_plays_is_left_and_named(tmp_path: Path) -> None:
    video = cut_off(tmp_path)
    cut_off_video(tmp_path / "walk.clean.mp4.part", 1)
    assert "walk.clean.mp4.part" in repaired(video).sentence
    assert names(tmp_path) == ["walk.clean.mp4.part", "walk.jsonl", "walk.mp4"]
    (left,) = find_leftovers(tmp_path)
    assert not left.promising


def test_a_video_that_ended_before_its_first_fragment_is_one_sentence_and_stays(tmp_path: Path) -> None:
    cut_off(tmp_path, 1)
    (found,) = find_leftovers(tmp_path)
    assert not found.promising
    with pytest.raises(RecordingError, match=r"walk\.mp4\.part holds nothing that plays"):
        repair(found)
    assert names(tmp_path) == ["walk.jsonl.part", "walk.mp4.part"]


@pytest.mark.parametrize("data", [b"", b"no json\n", b'{"frame": 0, "time": 0, "analysed": false}\n'])
def test_data_that_cannot_be_read_are_left_beside_the_video(tmp_path: Path, data: bytes) -> None:
    video = cut_off(tmp_path)
    (tmp_path / "walk.jsonl.part").write_bytes(data)
    assert "no header" in repaired(video).sentence
    assert names(tmp_path) == ["walk.jsonl.part", "walk.mp4"]
    assert len(times_of(video)) == 39


@pytest.mark.parametrize("codec", ["aac", "libmp3lame"])
def test_sound_goes_with_the_video_in_time(tmp_path: Path, codec: str) -> None:
    flashes = [0.4, 1.2, 2.0, 3.2]
    times = [number / 25 for number in range(100)]
    write_talkie(tmp_path / "in.mp4", times, flashes, [(codec, clicks(flashes, 4.0, 48000), 0.0)])
    part, left = tmp_path / "out.mp4.part", tmp_path / "left.mp4.part"

    def copy(progress: Progress) -> None:
        if progress.frames == 80:  # at 3.2 s: that flash is not on the disk yet
            shutil.copy(part, left)

    annotator = Annotator(Blind(), networks={}, program="0", progress=copy)
    annotator.run(plan([str(tmp_path / "in.mp4")], str(tmp_path / "out.mp4"), None))
    frames = repaired(tmp_path / "left.mp4").frames
    assert 80 - 0.5 * 25 <= frames <= 80  # what was on the disk: fragments of 0.2 s, and what had been encoded
    assert flashes_of(tmp_path / "left.mp4") == pytest.approx(flashes[:3], abs=1e-3)
    assert clicks_of(tmp_path / "left.mp4", 0) == pytest.approx(flashes[:3], abs=0.02)
    with av.open(str(tmp_path / "left.mp4")) as file:
        last = max(float(packet.pts * packet.time_base) for packet in file.demux(audio=0) if packet.pts is not None)
    assert last <= frames / 25 + 0.1  # no sound without a picture


class Kill(BaseException):
    """As a kill, a moment later nothing of this process runs any more."""


@pytest.mark.parametrize("step", range(5))
def test_a_kill_during_the_repair_loses_nothing(tmp_path: Path, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before each of the four renamings, and at the end: whatever lies there is repaired to the same result."""
    video = cut_off(tmp_path)
    done = 0

    def killed(path: Path, target: Path) -> None:
        nonlocal done
        if done == step:
            raise Kill
        done += 1
        os.rename(path, target)  # noqa: PTH104 - Path's own is this function now

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", killed)
        patched.setattr(Path, "rename", killed)
        patched.setattr(Path, "unlink", lambda _path, **_how: None)
        leftover = leftover_of(video)
        assert leftover is not None
        if step < 4:
            with pytest.raises(Kill):
                repair(leftover)
        else:
            repair(leftover)
    for found in find_leftovers(tmp_path):
        repair(found)
    assert_whole(video, 39)
    assert [name for name in names(tmp_path) if not name.endswith(".repair")] == ["walk.jsonl", "walk.mp4"]


@pytest.mark.parametrize("what", ["remux", "cut_sidecar"])
def test_a_full_disk_is_one_sentence_and_all_stays_as_it_was(
    tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_off(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(_source: Path, target: Path, *_rest: object) -> None:
        target.write_bytes(b"half")
        raise RecordingError(f"{target} cannot be written: {os.strerror(errno.ENOSPC)}.")

    monkeypatch.setattr(repairing, what, full)
    with pytest.raises(RecordingError, match="No space left"):
        repaired(tmp_path / "walk.mp4")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_whoever_wants_it_to_stop_stops_it_and_all_stays_as_it_was(tmp_path: Path) -> None:
    cut_off(tmp_path, 600, fps=100.0)
    before = names(tmp_path)
    (found,) = find_leftovers(tmp_path)
    with pytest.raises(Halted):
        repair(found, lambda _share: False)
    assert names(tmp_path) == before
    told: list[float] = []

    def going(share: float) -> bool:
        told.append(share)
        return True

    repair(found, going)
    assert told == sorted(told)
    assert 0 < told[0] < told[-1] <= 1


def test_what_somebody_else_has_repaired_meanwhile_is_said(tmp_path: Path) -> None:
    cut_off(tmp_path)
    (found,) = find_leftovers(tmp_path)
    repair(found)
    with pytest.raises(RecordingError, match="was repaired or moved meanwhile"):
        repair(found)


def test_names_of_new_recordings_never_meet_leftovers(tmp_path: Path) -> None:
    video = cut_off(tmp_path)
    assert free_name(video) == tmp_path / "walk-2.mp4"


def test_the_leftover_of_a_file_is_found_by_any_of_its_names(tmp_path: Path) -> None:
    cut_off(tmp_path)
    cut_off_video(tmp_path / "walk.clean.mp4.part")
    wanted = leftover_of(tmp_path / "walk.mp4")
    assert isinstance(wanted, Leftover)
    assert len(wanted.parts) == 3
    for name in ("walk.mp4.part", "walk.clean.mp4.part", "walk.jsonl.part", "walk.jsonl", "walk.clean.mp4"):
        assert leftover_of(tmp_path / name) == wanted
    for name in ("other.mp4", "walk", "walk.avi.part"):
        assert leftover_of(tmp_path / name) is None


def test_a_recording_called_clean_is_one_of_its_own(tmp_path: Path) -> None:
    video = cut_off(tmp_path, name="walk.clean")
    assert repaired(video).files == (tmp_path / "walk.clean.mp4", tmp_path / "walk.clean.jsonl")


def test_what_another_repairs_at_the_same_time_is_refused(tmp_path: Path) -> None:
    video = cut_off(tmp_path)
    lock = Lock(tmp_path / "walk.jsonl.part")
    try:
        assert find_leftovers(tmp_path) == []
        with pytest.raises(RecordingError, match="is being written by another"):
            repaired(video)
    finally:
        lock.release()
