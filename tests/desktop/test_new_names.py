"""Names that the program chooses never collide, whoever chooses one at the same moment."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from desktop.live.snapshot import file_name, in_new_name
from desktop.recordings.claim import Claim
from desktop.recordings.locking import NameTakenError, is_locked
from desktop.recordings.placing import Placing
from models.errors import RecordingError

MOMENT = datetime(2026, 11, 25, 10, 32, 7, tzinfo=UTC)


def test_a_name_that_was_taken_the_moment_it_was_chosen_is_followed_by_another(tmp_path: Path) -> None:
    rivals: list[Placing] = []

    def make(path: Path) -> Placing:
        if len(rivals) < 2:
            rivals.append(Placing(path))
        return Placing(path)

    stem = Path(file_name(MOMENT, "")).name
    assert in_new_name(tmp_path, MOMENT, ".mp4", make).target.name == f"{stem}-3.mp4"


def test_what_is_wrong_with_every_name_is_told(tmp_path: Path) -> None:
    tried: list[Path] = []

    def make(path: Path) -> None:
        tried.append(path)
        raise RecordingError("No.")

    with pytest.raises(RecordingError, match="No"):
        in_new_name(tmp_path, MOMENT, ".mp4", make)
    assert len(tried) == 1

    def never(path: Path) -> None:
        raise NameTakenError(f"{path} exists.")

    with pytest.raises(NameTakenError):
        in_new_name(tmp_path, MOMENT, ".mp4", never)


def test_a_claim_that_was_given_up_twice_leaves_the_next_alone(tmp_path: Path) -> None:
    first = Claim(tmp_path / "a.mp4", overwrite=False)
    with pytest.raises(NameTakenError):
        Claim(tmp_path / "a.mp4", overwrite=True)
    first.give_up()
    Claim(tmp_path / "a.mp4", overwrite=False)
    first.give_up()
    assert is_locked(tmp_path / "a.mp4.part")
