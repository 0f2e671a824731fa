"""What cannot be watched is refused before networks are loaded for it."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest
from clips import numbered

from desktop.commands import cli

Capture = pytest.CaptureFixture[str]

RULE = '[[rule]]\nname = "Dog"\nwhat = ["dog"]\n'


class LoadedError(Exception):
    """Networks were loaded."""


@pytest.fixture(autouse=True)
def networks_are_not_loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def load(*_: object) -> None:
        raise LoadedError

    for command in ("annotate", "record", "watch"):
        monkeypatch.setattr(f"desktop.commands.{command}.load", load)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", ["junk.mp4", "junk.png", "none.mp4", "camera:99"])
@pytest.mark.parametrize(
    "words", [["annotate", "-o", "new/"], ["record", "-o", "new/"], ["watch", "--rules", "rules.toml"]]
)
def test_what_cannot_be_opened_is_told_in_one_sentence_and_nothing_is_made(
    words: list[str], name: str, tmp_path: Path, capsys: Capture
) -> None:
    for junk in ("junk.mp4", "junk.png"):
        (tmp_path / junk).write_text("junk", encoding="utf-8")
    (tmp_path / "rules.toml").write_text(RULE, encoding="utf-8")
    assert cli.run([words[0], name, *words[1:]]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "LoadedError" not in said
    assert not (tmp_path / "new").exists()


def test_a_folder_of_junk_is_told_picture_by_picture(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a.png", "b.png"):
        (tmp_path / "in" / name).write_text("junk", encoding="utf-8")
    assert cli.run(["annotate", "in", "-o", "out"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 2
    assert "a.png" in said
    assert "b.png" in said


def test_one_picture_that_can_be_read_is_enough(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "a.png").write_text("junk", encoding="utf-8")
    cv2.imwrite(str(tmp_path / "b.png"), numbered(1)[0])
    assert cli.run(["annotate", "a.png", "b.png", "-o", "out"]) == 1
    assert "LoadedError" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["annotate", "demo", "-o", "a.mp4"], ["record", "demo"], ["watch", "demo", "--rules", "none"]]
)
@pytest.mark.parametrize("hide", [[], ["--hide", "person"]])
def test_points_of_faces_cannot_be_kept_that_nothing_leaves_out(
    words: list[str], hide: list[str], capsys: Capture
) -> None:
    assert cli.run([*words, *hide, "--keep-face-points"]) == 2
    assert "goes with --hide faces" in " ".join(capsys.readouterr().err.replace("│", " ").split())
