"""Whatever is given to `annotate`: one sentence and exit status 1, and nothing half-written under a final name."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import numbered, times_of, write_clip

import resources
from desktop import folders
from desktop.commands import cli
from desktop.sources.pictures import read_picture
from desktop.sources.video import VideoSource
from models.analyzer import Analyzer, AnalyzerOptions, load_analyzer
from models.errors import SourceError

Capture = pytest.CaptureFixture[str]


_analyzers: dict[str, Analyzer] = {}


def _loaded(options: AnalyzerOptions) -> Analyzer:
    if repr(options) not in _analyzers:
        _analyzers[repr(options)] = load_analyzer(options, device="cpu", cache=folders.cache(), threads=2)
    return _analyzers[repr(options)]


@pytest.fixture(autouse=True)
def networks_are_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real networks, not loaded anew for each of these many runs."""
    monkeypatch.setattr("desktop.commands.annotate.load", lambda options, _device, _talk: _loaded(options))


def refused(capsys: Capture, *arguments: str | Path) -> str:
    """The one sentence with which `onlooker annotate …` ends."""
    assert cli.run(["annotate", *map(str, arguments)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1, said.err
    assert said.err.rstrip().endswith((".", "?", "`"))
    return said.err


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("missing.mp4", None),
        ("missing.png", None),
        ("missing", None),
        ("empty.mp4", b""),
        ("empty.jpg", b""),
        ("letter.mp4", b"Dear Sir or Madam,\n" * 50),
        ("letter.txt", b"Dear Sir or Madam,\n" * 50),
        ("letter.png", b"Dear Sir or Madam,\n" * 50),
        ("half.png", b"\x89PNG\r\n\x1a\n" + bytes(40)),
        ("noise.mkv", bytes(range(256)) * 40),
    ],
)
def test_what_is_no_video_and_no_picture_is_named_in_one_sentence(
    tmp_path: Path, capsys: Capture, name: str, content: bytes | None
) -> None:
    given = tmp_path / name
    if content is not None:
        given.write_bytes(content)
    before = files(tmp_path)
    picture = given.suffix in (".png", ".jpg")
    sentence = refused(
        capsys, given, "-o", tmp_path / f"out{'.png' if picture else '.mp4'}", "--data", tmp_path / "d.jsonl"
    )
    assert str(given) in sentence
    assert "camera:" not in sentence  # nothing that annotate does not take
    assert "rtsp" not in sentence
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    ("name", "more", "sentence"),
    [
        ("out.avi", [], "out.avi is no name for a video: end it with .mp4."),
        ("out.mp4", ["--data", "a.csv"], "a.csv is no name for the data, which are lines of JSON: end it with .jsonl"),
        ("out.mp4", ["--data", "a"], "make other formats of it with `onlooker export`."),
    ],
)
def test_an_output_of_another_kind_is_wrong_usage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture, name: str, more: list[str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.run(["annotate", "demo", "-o", name, *more]) == 2
    assert sentence in capsys.readouterr().err
    assert files(tmp_path) == set()


def test_a_folder_without_pictures_is_named(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "notes.txt").write_text("none", encoding="utf-8")
    assert "holds no pictures" in refused(capsys, tmp_path / "in", "-o", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["gopher://host/x", "foo:bar", "camera:0", "rtsp://me:canary@host/x", "screen:0"])
def test_a_name_of_nothing_and_of_something_live_is_answered_with_what_can_be_done(
    tmp_path: Path, capsys: Capture, name: str
) -> None:
    assert "canary" not in refused(capsys, name, "-o", tmp_path / "out.mp4")
    assert files(tmp_path) == set()


def test_a_video_cut_off_before_its_index_is_refused(tmp_path: Path, capsys: Capture) -> None:
    clip = write_clip(tmp_path / "clip.mp4", numbered(30), [number / 30 for number in range(30)])
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    refused(capsys, clip, "-o", tmp_path / "out.mp4", "--data", tmp_path / "out.jsonl")
    assert files(tmp_path) == {"clip.mp4"}


def test_what_can_be_read_of_a_truncated_video_is_kept_whole(tmp_path: Path, capsys: Capture) -> None:
    random = np.random.default_rng(0)
    noisy = [random.integers(0, 256, (64, 96, 3), np.uint8) for _ in range(30)]
    clip = write_clip(
        tmp_path / "clip.mp4", noisy, [number / 30 for number in range(30)], options={"movflags": "faststart"}
    )
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size * 2 // 3])
    assert cli.run(["annotate", str(clip), "-o", str(tmp_path / "out.mp4"), "--data", str(tmp_path / "o.jsonl")]) == 1
    said = capsys.readouterr().err
    assert f"What was read is in {tmp_path / 'out.mp4'}." in said
    frames = len(times_of(tmp_path / "out.mp4"))
    assert 10 < frames < 30
    end = json.loads((tmp_path / "o.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert (end["end"], end["frames"]) == (True, frames)
    assert files(tmp_path) == {"clip.mp4", "out.mp4", "o.jsonl"}


def test_one_bad_picture_does_not_stop_the_others(tmp_path: Path, capsys: Capture) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.png", "c.png"):
        cv2.imwrite(str(folder / name), numbered(1)[0])
    (folder / "b.png").write_bytes(b"no picture")
    assert cli.run(["annotate", str(folder), "-o", str(tmp_path / "out"), "--quiet"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "b.png" in said
    assert files(tmp_path / "out") == {"a.png", "c.png"}


def test_a_picture_that_its_kind_cannot_hold_does_not_stop_the_others(tmp_path: Path, capsys: Capture) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    cv2.imwrite(str(folder / "a.png"), numbered(1)[0])
    cv2.imwrite(str(folder / "wide.png"), np.full((4, 20_000, 3), 90, np.uint8))
    (folder / "wide.png").rename(folder / "wide.webp")  # its content decides what it is, its name where it goes
    assert cli.run(["annotate", str(folder), "-o", str(tmp_path / "out"), "--quiet"]) == 1
    assert "cannot hold a picture of this size" in capsys.readouterr().err
    assert files(tmp_path / "out") == {"a.png"}


def test_an_output_that_exists_is_kept_until_overwrite_is_said(tmp_path: Path, capsys: Capture) -> None:
    clip = write_clip(tmp_path / "clip.mkv", numbered(2), [0.0, 0.1])
    out = tmp_path / "out.mp4"
    out.write_bytes(b"mine")
    assert "--overwrite" in refused(capsys, clip, "-o", out)
    assert out.read_bytes() == b"mine"
    assert cli.run(["annotate", str(clip), "-o", str(out), "--overwrite", "-q"]) == 0
    assert len(times_of(out)) == 2


def test_a_folder_that_is_not_there_or_cannot_be_one_is_named(tmp_path: Path, capsys: Capture) -> None:
    clip = write_clip(tmp_path / "clip.mkv", numbered(2), [0.0, 0.1])
    assert "the folder does not exist" in refused(capsys, clip, "-o", tmp_path / "none" / "out.mp4")
    assert "a file, not a folder" in refused(capsys, clip, "-o", clip / "out.mp4")
    assert "the folder does not exist" in refused(capsys, clip, clip, "-o", tmp_path / "none" / "deep")
    assert files(tmp_path) == {"clip.mkv"}


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_to_is_named(tmp_path: Path, capsys: Capture) -> None:
    clip = write_clip(tmp_path / "clip.mkv", numbered(2), [0.0, 0.1])
    (tmp_path / "locked").mkdir(mode=0o500)
    assert "may not be written to" in refused(capsys, clip, "-o", tmp_path / "locked" / "out.mp4")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 192 kB."""
    folder = tmp_path / "small"
    folder.mkdir()
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("only root on Linux can mount a small disk")
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=192k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if made.returncode != 0:
        pytest.skip(f"no disk can be mounted here: {made.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)


def test_a_full_disk_ends_it_and_what_was_recorded_stays_under_its_temporary_name(
    tmp_path: Path, small_disk: Path, capsys: Capture
) -> None:
    random = np.random.default_rng(0)
    noisy = [random.integers(0, 256, (240, 320, 3), np.uint8) for _ in range(12)]
    clip = write_clip(tmp_path / "clip.mkv", noisy, [number / 4 for number in range(12)])
    sentence = refused(capsys, clip, "-o", small_disk / "out.mp4", "--no-bodies")
    assert "the disk is full" in sentence
    assert files(small_disk) == {"out.mp4.part"}
    assert 0 < _readable(small_disk / "out.mp4.part") < 12


def test_a_disk_that_is_read_only_is_named(tmp_path: Path, small_disk: Path, capsys: Capture) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    clip = write_clip(tmp_path / "clip.mkv", numbered(2), [0.0, 0.1])
    assert "the disk is read-only" in refused(capsys, clip, "-o", small_disk / "out.mp4")
    assert "the disk is read-only" in refused(capsys, clip, clip, "-o", small_disk / "new")
    assert "the disk is read-only" in refused(capsys, clip, "-o", tmp_path / "o.mp4", "--data", small_disk / "o.jsonl")


def test_a_full_disk_for_the_data_keeps_the_video_too_and_names_it(
    tmp_path: Path, small_disk: Path, capsys: Capture
) -> None:
    sentence = refused(capsys, "demo", "-o", tmp_path / "out.mp4", "--data", small_disk / "out.jsonl")
    assert f"the disk is full. The video so far is kept as {tmp_path / 'out.mp4.part'}." in sentence
    assert files(small_disk) == {"out.jsonl.part"}
    assert _readable(tmp_path / "out.mp4.part") >= 1


def test_a_full_disk_leaves_no_half_picture(tmp_path: Path, small_disk: Path, capsys: Capture) -> None:
    picture = tmp_path / "noise.png"
    cv2.imwrite(str(picture), np.random.default_rng(0).integers(0, 256, (400, 400, 3), np.uint8))
    assert "the disk is full" in refused(capsys, picture, "-o", small_disk / "out.png")
    assert files(small_disk) == set()


def test_damaged_weights_are_named_with_what_to_do(tmp_path: Path) -> None:
    """The networks' forms are made in a child process: a whole program with a damaged file."""
    place = tmp_path / "program" / "resources"
    shutil.copytree(resources.path("."), place)
    weights = place / "weights" / "face_mesh.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"?")
    picture = tmp_path / "a.png"
    cv2.imwrite(str(picture), numbered(1)[0])
    path = os.pathsep.join([str(place.parent), *sys.path])
    done = subprocess.run(
        [
            sys.executable,
            "-P",
            "-m",
            "desktop",
            "annotate",
            str(picture),
            "-o",
            str(tmp_path / "o.png"),
            "-q",
            "--no-bodies",
        ],
        env={**os.environ, "PYTHONPATH": path, "ONLOOKER_CACHE": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    assert "face_mesh.safetensors) are damaged" in done.stderr
    assert not (tmp_path / "o.png").exists()


def _readable(path: Path) -> int:
    """How many frames can be read of a file that was cut off."""
    source = VideoSource(path)
    source.open()
    frames = 0
    try:
        while source.read() is not None:
            frames += 1
    except SourceError:
        return frames
    finally:
        source.close()
    return frames


def _exif(rotation: int) -> bytes:
    """A JPEG's APP1 segment that says how the camera was held (EXIF 2.3, tag 0x0112)."""
    tiff = b"MM\x00\x2a" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, rotation, 0, 0)
    body = b"Exif\x00\x00" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


@pytest.mark.parametrize(
    ("name", "content", "size"),
    [
        ("one.png", np.full((1, 1, 3), 90, np.uint8), (1, 1)),
        ("thin.png", np.full((4000, 17, 3), 90, np.uint8), (17, 4000)),
        ("flat.png", np.full((17, 4000, 3), 90, np.uint8), (4000, 17)),
        ("grey.png", np.full((30, 40), 90, np.uint8), (40, 30)),
        ("clear.png", np.full((30, 40, 4), 90, np.uint8), (40, 30)),
        ("deep.png", np.full((30, 40, 3), 9000, np.uint16), (40, 30)),
        ("deepgrey.tiff", np.full((30, 40), 9000, np.uint16), (40, 30)),
        ("turned.jpg", 6, (30, 40)),
    ],
)
def test_pictures_of_every_shape_are_annotated(
    tmp_path: Path,
    capsys: Capture,
    name: str,
    content: np.ndarray[tuple[int, ...], np.dtype[np.uint8]] | int,
    size: tuple[int, int],
) -> None:
    picture = tmp_path / name
    if isinstance(content, int):
        plain = cv2.imencode(".jpg", np.full((30, 40, 3), 90, np.uint8))[1].tobytes()
        picture.write_bytes(plain[:2] + _exif(content) + plain[2:])
    else:
        cv2.imwrite(str(picture), content)
    out, data = tmp_path / f"out{picture.suffix}", tmp_path / "out.jsonl"
    assert cli.run(["annotate", str(picture), "-o", str(out), "--data", str(data), "-q"]) == 0
    assert capsys.readouterr().err == ""
    height, width = read_picture(out).shape[:2]
    assert (width, height) == size
    assert json.loads(data.read_text(encoding="utf-8"))["size"] == list(size)


def test_a_picture_of_33_megapixels_is_annotated(tmp_path: Path, capsys: Capture) -> None:
    picture = tmp_path / "large.jpg"
    cv2.imwrite(str(picture), np.full((4320, 7680, 3), 90, np.uint8))
    assert cli.run(["annotate", str(picture), "-o", str(tmp_path / "out.jpg"), "-q", "--no-bodies"]) == 0
    assert capsys.readouterr().err == ""
    assert read_picture(tmp_path / "out.jpg").shape == (4320, 7680, 3)


def test_the_window_is_refused_in_one_sentence_where_there_is_no_display(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("elsewhere there is always a display")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert cli.run(["demo"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "onlooker annotate" in said


def test_a_mistyped_command_is_told_what_was_meant(capsys: Capture) -> None:
    assert cli.run(["modles"]) == 1
    assert "Did you mean `onlooker models`?" in capsys.readouterr().err
    assert cli.run(["foo"]) == 1
    assert capsys.readouterr().err.endswith(", or demo. `onlooker --help` lists the commands.\n")
    assert cli.run(["anotate", "demo", "-o", "out.mp4"]) == 2
    assert "Did you mean `onlooker annotate`?" in capsys.readouterr().err
