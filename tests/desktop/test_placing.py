"""No file is replaced, and nothing half-written has a final name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from desktop.recordings.locking import Lock, is_locked
from desktop.recordings.placing import Placing, free_name
from models.errors import RecordingError


def test_a_file_takes_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "a.mp4"
    placing = Placing(target)
    placing.temporary.write_bytes(b"half")
    assert placing.temporary == tmp_path / "a.mp4.part"
    assert not target.exists()
    assert placing.finish() == target
    assert target.read_bytes() == b"half"
    assert [file.name for file in tmp_path.iterdir()] == ["a.mp4"]


def test_an_aborted_file_leaves_nothing(tmp_path: Path) -> None:
    placing = Placing(tmp_path / "a.mp4")
    placing.abort()
    placing.abort()
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_refused_and_untouched(tmp_path: Path) -> None:
    target = tmp_path / "a.mp4"
    target.write_bytes(b"precious")
    with pytest.raises(RecordingError, match=r"exists: choose another name\.$"):  # no word of the command line's
        Placing(target)
    assert [file.name for file in tmp_path.iterdir()] == ["a.mp4"]
    assert target.read_bytes() == b"precious"


def test_an_existing_file_is_replaced_at_the_end_when_that_is_allowed(tmp_path: Path) -> None:
    target = tmp_path / "a.mp4"
    target.write_bytes(b"old")
    placing = Placing(target, overwrite=True)
    placing.temporary.write_bytes(b"new")
    assert target.read_bytes() == b"old"
    placing.finish()
    assert target.read_bytes() == b"new"


def test_a_file_that_appeared_meanwhile_is_not_replaced_and_the_new_one_is_kept(tmp_path: Path) -> None:
    placing = Placing(tmp_path / "a.mp4")
    placing.temporary.write_bytes(b"mine")
    placing.target.write_bytes(b"theirs")
    with pytest.raises(RecordingError, match=r"kept as .*a\.mp4\.part"):
        placing.finish()
    assert placing.target.read_bytes() == b"theirs"
    assert placing.temporary.read_bytes() == b"mine"


def test_what_an_interrupted_run_left_is_not_overwritten(tmp_path: Path) -> None:
    left = tmp_path / "a.mp4.part"
    left.write_bytes(b"an hour of video")
    with pytest.raises(
        RecordingError, match="was cut off; move it away first, or make it whole with `onlooker repair`"
    ):
        Placing(tmp_path / "a.mp4")
    assert left.read_bytes() == b"an hour of video"


def test_what_an_interrupted_run_left_stays_until_something_is_written_in_its_place(tmp_path: Path) -> None:
    left = tmp_path / "a.mp4.part"
    left.write_bytes(b"an hour of video")
    placing = Placing(tmp_path / "a.mp4", overwrite=True)
    assert left.read_bytes() == b"an hour of video"
    placing.abort()
    assert left.read_bytes() == b"an hour of video"
    placing = Placing(tmp_path / "a.mp4", overwrite=True)
    left.write_bytes(b"new")
    placing.abort()
    assert list(tmp_path.iterdir()) == []


# A folder that may not be written to is none for root, who runs these tests in containers; these are for everybody.
@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("missing/a.mp4", "the folder does not exist"),
        ("file/a.mp4", "a part of its path is a file, not a folder"),
        ("x" * 300 + ".mp4", "the name is too long"),
        ("folder", "is a folder: name a file inside it"),
    ],
)
def test_a_place_that_cannot_be_written_is_named_in_one_sentence(tmp_path: Path, name: str, sentence: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    with pytest.raises(RecordingError, match=sentence) as caught:
        Placing(tmp_path / name)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "folder"]


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links here")
def test_a_link_is_refused_like_a_file_and_stays_a_link_where_it_may_be_overwritten(tmp_path: Path) -> None:
    link, file = tmp_path / "link.mp4", tmp_path / "elsewhere" / "a.mp4"
    file.parent.mkdir()
    link.symlink_to(file)
    assert free_name(link) == tmp_path / "link-2.mp4"
    for content in (b"first", b"second"):
        with pytest.raises(RecordingError, match="exists: choose another name"):
            Placing(link)
        placing = Placing(link, overwrite=True)
        placing.temporary.write_bytes(content)
        assert placing.finish() == link
        assert link.is_symlink()
        assert file.read_bytes() == content
    round_trip = tmp_path / "round.mp4"
    round_trip.symlink_to(round_trip)
    with pytest.raises(RecordingError, match="leads nowhere"):
        Placing(round_trip, overwrite=True)


def test_what_another_program_is_writing_is_not_replaced_even_when_replacing_is_allowed(tmp_path: Path) -> None:
    theirs = Placing(tmp_path / "a.mp4")
    theirs.temporary.write_bytes(b"growing")
    lock = Lock(theirs.temporary)
    try:
        with pytest.raises(RecordingError, match="is being written by another"):
            Placing(tmp_path / "a.mp4", overwrite=True)
    finally:
        lock.release()
    assert theirs.temporary.read_bytes() == b"growing"


def test_a_free_name_collides_with_no_video_sidecar_or_unfinished_file(tmp_path: Path) -> None:
    target = tmp_path / "walk.mp4"
    assert free_name(target) == target
    for taken in ("walk.mp4", "walk-2.jsonl", "walk-3.mp4.part", "walk-4.jsonl.part"):
        (tmp_path / taken).write_bytes(b"")
    assert free_name(target) == tmp_path / "walk-5.mp4"


def test_a_file_being_written_is_held_by_one(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4.part"
    assert not is_locked(path)
    path.write_bytes(b"")
    lock = Lock(path)
    try:
        assert is_locked(path)
        with pytest.raises(RecordingError, match="is being written by another"):
            Lock(path)
    finally:
        lock.release()
        lock.release()
    assert not is_locked(path)
