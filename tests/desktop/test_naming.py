"""What names a source, and what is told of what names none."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import numbered, write_clip

from desktop.sources.camera import CameraSource
from desktop.sources.naming import NAMES, is_live, is_picture, make_source, name_of, path_of
from desktop.sources.pictures import FolderSource, PictureSource
from desktop.sources.screen import ScreenSource
from desktop.sources.stream import StreamSource
from desktop.sources.video import VideoSource
from models.errors import SourceError


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder that holds a video, pictures and a folder, some of them with names that mislead."""
    clip = write_clip(tmp_path / "clip.mp4", numbered(3), [0.0, 0.1, 0.2])
    picture = np.zeros((8, 8, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "picture.png"), picture)
    (tmp_path / "folder.mp4").mkdir()
    cv2.imwrite(str(tmp_path / "folder.mp4" / "a.png"), picture)
    for name in ("talk: part 1.mp4", "C:\\x.mp4", "demo", "ping:pong", "user:password@home.mp4"):
        (tmp_path / name).write_bytes(clip.read_bytes())
    (tmp_path / "photo").write_bytes((tmp_path / "picture.png").read_bytes())
    (tmp_path / "SHOUT.JPG").write_bytes((tmp_path / "picture.png").read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("camera:0", CameraSource),
        ("camera:Integrated Camera", CameraSource),
        ("camera:Twin#2", CameraSource),
        ("camera:/dev/video0", CameraSource),
        ("CAMERA:1", CameraSource),
        ("rtsp://host/stream", StreamSource),
        ("rtsps://user:password@host:322/stream", StreamSource),
        ("http://[fe80::1]:8080/x.mp4", StreamSource),
        ("HTTPS://host/x.mp4", StreamSource),
        ("screen:0", ScreenSource),
        ("screen:0:1,2,3,4", ScreenSource),
        ("SCREEN:1", ScreenSource),
        ("demo", VideoSource),
        ("./demo", VideoSource),
        ("clip.mp4", VideoSource),
        (" clip.mp4 ", VideoSource),
        ("~/clip.mp4", VideoSource),
        ("talk: part 1.mp4", VideoSource),
        ("ping:pong", VideoSource),
        ("C:\\x.mp4", VideoSource),
        ("picture.png", PictureSource),
        ("SHOUT.JPG", PictureSource),
        ("photo", PictureSource),
        ("folder.mp4", FolderSource),
        (".", FolderSource),
    ],
)
@pytest.mark.usefixtures("here")
def test_each_name_names_one_kind_of_source(name: str, kind: type) -> None:
    assert type(make_source(name)) is kind
    assert is_live(name) == (kind in (CameraSource, StreamSource, ScreenSource))


def test_files_are_also_named_as_desktops_name_what_is_dropped(here: Path) -> None:
    assert isinstance(make_source((here / "talk: part 1.mp4").as_uri()), VideoSource)
    assert isinstance(make_source((here / "picture.png").as_uri()), PictureSource)
    with pytest.raises(SourceError, match="no file or folder file:///nowhere"):
        make_source("file:///nowhere/x.mp4")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("gopher://host/x", "gopher:// is not known"),
        ("missing.mp4", "There is no file or folder missing.mp4"),
        ("D:\\missing.mp4", "There is no file or folder D:\\missing.mp4"),
        ("C:/missing.mp4", "There is no file or folder C:/missing.mp4"),
        ("foo:bar", "There is no file or folder foo:bar"),
        ("camera", "There is no file or folder camera"),
        ("camera0", "There is no file or folder camera0"),
        ("Demo", "There is no file or folder Demo"),
        ("x" * 5000, "There is no file or folder xxx"),
        ("a\0b", "There is no file or folder a"),
        ("", "Nothing is named"),
        ("  ", "Nothing is named"),
    ],
)
@pytest.mark.usefixtures("here")
def test_what_names_nothing_is_answered_with_what_can_be_named(name: str, sentence: str) -> None:
    with pytest.raises(SourceError) as error:
        make_source(name)
    assert str(error.value).startswith(sentence)
    assert str(error.value).endswith(f": name {NAMES}.")
    assert "\n" not in str(error.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_pipes_and_devices_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    for name in (str(tmp_path / "pipe.png"), "/dev/null"):
        with pytest.raises(SourceError, match="is neither a file nor a folder"):
            make_source(name)


@pytest.mark.parametrize("name", ["rtsp://h/s", "http://h/x", "https://h/x", "screen:0", "camera:0"])
def test_what_comes_as_it_comes_is_live(name: str) -> None:
    assert is_live(name)


@pytest.mark.parametrize(
    "name",
    [
        "rtsp:/user:canary@host/stream",
        "RTSP://user:canary@host:port",
        "rtsp://user:cana ry@host/",
        "rtsp://user:canary/canary@host/stream",
        "https://user:canary@/x.mp4?token=canary",
        "gopher://user:canary@host/x",
        "ftp://user:canary@host/x.mp4",
        "srt://host?passphrase=canary",
        "user:canary@host/stream",
        "user:canary@missing.mp4",
    ],
)
def test_no_sentence_gives_a_password_away(name: str) -> None:
    with pytest.raises(SourceError) as error:
        make_source(name)
    assert "canary" not in str(error.value)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such names")
def test_a_file_of_any_name_can_be_named(here: Path) -> None:
    for name in ("trail.mp4 ", " lead.mp4", "~nobody.mp4", "http:x.mp4", "camera:x.mp4", "demo"):
        (here / name).write_bytes(b"a video")
        assert path_of(str(here / name)) == here / name
        assert path_of(name_of(Path(name))).resolve() == here / name
        assert isinstance(make_source(name_of(Path(name))), VideoSource)
        assert isinstance(make_source(str(here / name)), VideoSource)
    assert make_source("trail.mp4 ").name == "trail.mp4 "
    with pytest.raises(SourceError, match=r"no file or folder ~nobody/x\.mp4"):
        make_source("~nobody/x.mp4")


def test_a_source_is_called_what_the_user_called_it(here: Path) -> None:
    for name in (
        "camera:Twin#2",
        "screen:0:1,2,3,4",
        "rtsp://host/x",
        "demo",
        "clip.mp4",
        "picture.png",
        "folder.mp4",
        "~/clip.mp4",
    ):
        assert make_source(name).name == name
    assert make_source(str(here / "clip.mp4")).name == str(here / "clip.mp4")


def test_naming_a_source_opens_nothing(monkeypatch: pytest.MonkeyPatch, here: Path) -> None:
    def opened(*_arguments: object) -> None:
        pytest.fail("a camera was opened or searched for")

    monkeypatch.setattr(cv2, "VideoCapture", opened)
    monkeypatch.setattr("desktop.sources.cameras.list_cameras", opened)
    make_source("camera:0", size=(640, 480), fps=15.0)
    (here / "clip.mp4").write_bytes(b"no video")
    make_source("clip.mp4")


def test_endings_say_what_a_file_is_and_first_bytes_where_they_say_nothing(here: Path) -> None:
    assert is_picture(here / "picture.png")
    assert is_picture(here / "gone.jpeg")
    assert is_picture(here / "photo")
    assert not is_picture(here / "clip.mp4")
    assert not is_picture(here / "demo")
    (here / "misnamed.mp4").write_bytes((here / "picture.png").read_bytes())
    assert not is_picture(here / "misnamed.mp4")
