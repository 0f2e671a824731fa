"""Settings survive, and a damaged file never stands in the way."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from desktop import folders
from desktop.commands import object_choice
from desktop.settings import Settings, load, save
from models import objects
from models.errors import SettingsError

CHANGED = Settings(
    source='C:\\clips\\"odd" ü.mp4',
    device="cpu",
    faces=False,
    score=0.25,
    max_bodies=2,
    objects=False,
    classes=["dog", "Straßenhund"],
    class_scores={"dog": 0.6, 'my own "part"': 1.0},
    detector="mine",
    input_size=320,
    mirror=True,
    theme="dark",
    folder="/somewhere",
    geometry="AdnQywAD\n",
)


def test_without_a_file_the_defaults_hold_and_none_is_made(tmp_path: Path) -> None:
    assert load(tmp_path / "settings.toml") == (Settings(), "")
    assert list(tmp_path.iterdir()) == []


def test_what_was_saved_is_loaded_and_the_folder_is_made(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "settings.toml"
    save(CHANGED, file)
    assert load(file) == (CHANGED, "")
    assert list(file.parent.iterdir()) == [file]


def test_the_file_lies_in_the_configuration_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONLOOKER_CONFIG", str(tmp_path / "here"))
    save(CHANGED)
    assert (folders.config() / "settings.toml").is_file()
    assert load() == (CHANGED, "")


def test_a_score_that_is_each_kinds_own_again_is_taken_out_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    save(CHANGED, file)
    save(CHANGED.model_copy(update={"score": None}), file)
    assert load(file)[0].score is None


def test_no_class_at_all_is_not_all_classes(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    save(CHANGED.model_copy(update={"classes": []}), file)
    assert load(file)[0].classes == []
    save(CHANGED.model_copy(update={"classes": None, "class_scores": {}}), file)
    assert (load(file)[0].classes, load(file)[0].class_scores) == (None, {})


def test_the_usual_detector_is_the_one_of_the_networks() -> None:
    assert Settings().detector == object_choice.DEFAULT == objects.DEFAULT


def test_comments_and_keys_of_other_versions_stay_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('# mine\nfuture = [1, 2]\ntheme = "dark"  # at night\n', encoding="utf-8")
    settings, sentence = load(file)
    assert (settings.theme, sentence) == ("dark", "")
    save(settings.model_copy(update={"theme": "light"}), file)
    text = file.read_text(encoding="utf-8")
    assert all(part in text for part in ("# mine", "future = [1, 2]", 'theme = "light"', "# at night"))


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"theme = ", "damaged"),  # cut off
        (b"\x00\xff\xfe\x01", "damaged"),  # not even text
        (b'theme = "pink"\n', "theme"),  # no such theme
        (b"score = 7.0\n", "score"),  # out of range
        (b"score = nan\n", "score"),  # no number
        (b'faces = "yes"\n', "faces"),  # text where a switch belongs
        (b"max_faces = 0\n", "max_faces"),  # nobody to follow
        (b'classes = "dog"\n', "classes"),  # one word in place of a list
        (b"class_scores = {dog = 7}\n", "class_scores"),  # out of range
        (b"input_size = 333\n", "input_size"),  # no multiple of 32
        (b'detector = ""\n', "detector"),  # no name
        (b"a = " + b"[" * 5000, "damaged"),  # nested beyond reason
    ],
)
def test_a_file_that_makes_no_sense_is_set_aside_and_named(tmp_path: Path, content: bytes, word: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_bytes(content)
    settings, sentence = load(file)
    aside = tmp_path / "settings.toml.damaged"
    assert settings == Settings()
    assert word in sentence
    assert str(aside) in sentence
    assert aside.read_bytes() == content
    assert not file.exists()
    assert load(file) == (Settings(), "")


def test_a_folder_in_the_files_place_is_told_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.mkdir()
    settings, sentence = load(file)
    assert settings == Settings()
    assert str(file) in sentence
    with pytest.raises(SettingsError, match="cannot be saved"):
        save(CHANGED, file)
    assert [one.name for one in tmp_path.iterdir()] == ["settings.toml"]


def test_a_folder_that_cannot_be_made_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SettingsError, match="cannot be saved"):
        save(CHANGED, tmp_path / "file" / "settings.toml")


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links here")
def test_a_link_to_the_file_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "settings.toml"
    save(Settings(), real)
    link.symlink_to(real)
    save(CHANGED, link)
    assert link.is_symlink()
    assert load(real) == (CHANGED, "")


def test_a_name_that_is_no_text_is_forgotten_and_everything_else_saved(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    save(Settings(source="before.mp4"), file)
    recent = ["/clips/bad\udcff.mp4", "good.mp4"]
    save(CHANGED.model_copy(update={"source": "/clips/bad\udcff.mp4", "recent": recent}), file)
    assert load(file) == (CHANGED.model_copy(update={"source": "", "recent": ["good.mp4"]}), "")
    assert list(tmp_path.iterdir()) == [file]


def test_values_that_make_no_sense_cannot_be_set() -> None:
    settings = Settings()
    with pytest.raises(ValidationError):
        settings.max_faces = 0
    with pytest.raises(ValidationError):
        settings.device = "tpu"  # type: ignore[assignment]  # the point of this test
