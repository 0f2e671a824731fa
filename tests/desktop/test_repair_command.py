"""`onlooker repair` does what was asked, says what became of it, and touches nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from clips import times_of
from cut_off import cut_off, cut_off_video, recorded

from desktop.batch.repair import gather, repair_all
from desktop.commands import cli


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_all_of_a_folder_is_repaired_but_what_is_being_recorded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut_off(tmp_path)
    cut_off_video(tmp_path / "other.mp4.part")
    running = recorded(tmp_path, name="running")
    assert cli.run(["repair", str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "walk.mp4" in said.err
    assert "39 frames" in said.err
    assert names(tmp_path) == ["other.mp4", "running.jsonl.part", "running.mp4.part", "walk.jsonl", "walk.mp4"]
    running.close()
    assert len(times_of(tmp_path / "running.mp4")) == 40


def test_the_answer_for_programs_names_files_frames_and_failures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut_off(tmp_path)
    (tmp_path / "empty.mp4.part").write_bytes(b"")
    assert cli.run(["repair", str(tmp_path), "--json", "--quiet"]) == 1
    said = capsys.readouterr()
    answer = json.loads(said.out)
    (one,) = answer["repaired"]
    assert one["files"] == [str(tmp_path / "walk.mp4"), str(tmp_path / "walk.jsonl")]
    assert (one["frames"], round(one["seconds"], 3)) == (39, 1.267)
    assert [sentence.split(" is empty")[0] for sentence in answer["failed"]] == [str(tmp_path / "empty.mp4.part")]
    assert said.err.strip() == answer["failed"][0]
    assert names(tmp_path) == ["empty.mp4.part", "walk.jsonl", "walk.mp4"]


def test_one_is_repaired_by_any_of_its_names_and_only_once(tmp_path: Path) -> None:
    cut_off(tmp_path)
    found = gather([tmp_path / "walk.mp4.part", tmp_path / "walk.jsonl.part", tmp_path])
    assert len(found) == 1
    assert cli.run(["repair", str(tmp_path / "walk.mp4")]) == 0
    assert names(tmp_path) == ["walk.jsonl", "walk.mp4"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("missing.mp4.part", "There is no file"),
        ("whole.mp4", "is nothing that an interrupted recording left"),
        ("text.txt", "is nothing that an interrupted recording left"),
    ],
)
def test_what_cannot_be_repaired_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, sentence: str
) -> None:
    for there in ("whole.mp4", "text.txt"):
        (tmp_path / there).write_bytes(b"")
    assert cli.run(["repair", str(tmp_path / name)]) == 1
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
    assert names(tmp_path) == ["text.txt", "whole.mp4"]


def test_a_folder_without_leftovers_is_no_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["repair", str(tmp_path)]) == 0
    assert "nothing to repair" in capsys.readouterr().err


def test_whoever_ends_it_finds_what_was_not_repaired_as_it_was(tmp_path: Path) -> None:
    cut_off(tmp_path, name="a")
    cut_off(tmp_path, name="b")
    told: list[str] = []
    outcome = repair_all(gather([tmp_path]), stopped=lambda: bool(told), told=told.append)
    assert outcome.interrupted
    assert len(outcome.repaired) == 1
    assert names(tmp_path) == ["a.jsonl", "a.mp4", "b.jsonl.part", "b.mp4.part"]
