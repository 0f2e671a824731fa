"""Pictures: upright, in 8 bits and colour whatever they were; folders in the order people count; one sentence each."""

from __future__ import annotations

import logging
import os
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from movies import CORNERS, corners_of, quarters
from numpy.typing import NDArray
from PIL import Image

from desktop.sources.bgr import bgr
from desktop.sources.orientation import by_exif
from desktop.sources.pictures import (
    PICTURE_SUFFIXES,
    FolderSource,
    PictureSource,
    exif_orientation,
    picture_paths,
    read_picture,
)
from models.errors import SourceError

Pixels = NDArray[np.uint8]


def write(path: Path, pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> Path:
    """A picture file (BGR, or as it is) of the kind that the ending says."""
    ok, data = cv2.imencode(path.suffix, pixels)
    assert ok
    path.write_bytes(data.tobytes())
    return path


def refusal(path: Path) -> str:
    with pytest.raises(SourceError) as error:
        read_picture(path)
    return str(error.value)


@pytest.mark.parametrize("suffix", sorted(PICTURE_SUFFIXES - {".jpe", ".jfif", ".dib", ".pbm", ".pgm", ".pnm"}))
def test_every_usual_kind_is_read(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"picture{suffix}", quarters(64, 48))
    pixels = read_picture(path)
    assert pixels.shape == (48, 64, 3)
    assert corners_of(pixels) == CORNERS


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("value", range(1, 9))
def test_a_turned_photo_is_given_upright_once(tmp_path: Path, kind: str, value: int) -> None:
    upright = quarters(64, 48)
    # The inverse of each way is itself, but for the two quarter turns, which undo each other.
    stored = by_exif({6: 8, 8: 6}.get(value, value)).upright(upright)
    exif = Image.Exif()
    exif[0x0112] = value
    path = tmp_path / "photo"
    Image.fromarray(stored[..., ::-1]).save(path, kind, exif=exif)
    pixels = read_picture(path)
    assert pixels.shape == upright.shape
    assert corners_of(pixels) == CORNERS


@pytest.mark.parametrize("size", [(1, 1), (17, 4000), (7680, 4320), (3, 1)])
def test_no_size_is_too_odd(tmp_path: Path, size: tuple[int, int]) -> None:
    path = write(tmp_path / "picture.png", np.full((size[1], size[0], 3), 90, np.uint8))
    pixels = read_picture(path)
    assert pixels.shape == (size[1], size[0], 3)
    assert (pixels == 90).all()


def test_grey_becomes_three_equal_channels(tmp_path: Path) -> None:
    pixels = read_picture(write(tmp_path / "grey.png", np.full((4, 6), 77, np.uint8)))
    assert pixels.shape == (4, 6, 3)
    assert (pixels == 77).all()


def test_sixteen_bits_are_scaled_by_their_whole_range(tmp_path: Path) -> None:
    colours = np.array([[[0, 0, 0], [257 * 100, 257 * 200, 65535]]], np.uint16)
    assert read_picture(write(tmp_path / "deep.png", colours)).tolist() == [[[0, 0, 0], [100, 200, 255]]]
    assert read_picture(write(tmp_path / "deep.tiff", colours[..., 0])).tolist() == [[[0, 0, 0], [100, 100, 100]]]


def test_transparent_parts_are_laid_over_black(tmp_path: Path) -> None:
    see_through = np.full((2, 2, 4), 200, np.uint8)
    see_through[..., 3] = [[0, 51], [255, 128]]
    pixels = read_picture(write(tmp_path / "cut_out.png", see_through))
    assert pixels[..., 0].tolist() == [[0, 40], [200, 100]]


def test_grey_with_alpha_palettes_and_single_bits_are_read(tmp_path: Path) -> None:
    picture = Image.fromarray(quarters(64, 48)[..., ::-1])
    for mode in ("P", "1", "L", "LA", "RGBA"):
        path = tmp_path / f"{mode}.png"
        picture.convert(mode).save(path)
        assert read_picture(path).shape == (48, 64, 3), mode
    picture.convert("P").save(tmp_path / "see_through.png", transparency=0)
    assert read_picture(tmp_path / "see_through.png").shape == (48, 64, 3)


def test_a_printer_s_jpeg_keeps_its_colours(tmp_path: Path) -> None:
    Image.fromarray(quarters(64, 48)[..., ::-1]).convert("CMYK").save(tmp_path / "print.jpg")
    assert corners_of(read_picture(tmp_path / "print.jpg")) == CORNERS


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (np.array([[0.0, 0.5, 1.0, 7.0, -1.0, np.nan]], np.float32), [0, 128, 255, 255, 0, 0]),
        (np.array([[False, True]]), [0, 255]),
        (np.array([[0, 32767, -5]], np.int16), [0, 255, 0]),
        (np.array([[0, 2**32 - 1]], np.uint32), [0, 255]),
    ],
)
def test_every_type_of_number_becomes_eight_bits(given: NDArray[np.generic], expected: list[int]) -> None:
    assert bgr(given)[0, :, 1].tolist() == expected


def test_more_than_four_channels_keep_the_first_three() -> None:
    assert bgr(np.arange(6, dtype=np.uint8).reshape(1, 1, 6)).tolist() == [[[0, 1, 2]]]


def _png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(9))) + chunk(b"IEND", b"")


def test_a_picture_of_billions_of_pixels_is_refused_without_taking_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(_png(60_000, 60_000))
    assert "more pixels than are read" in refusal(path)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tiff", ".bmp"])
def test_half_a_picture_is_refused(tmp_path: Path, suffix: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    path = write(tmp_path / f"half{suffix}", noise)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert str(path) in refusal(path)


def test_what_is_no_picture_has_its_sentence(tmp_path: Path) -> None:
    assert refusal(tmp_path / "gone.png") == f"There is no file {tmp_path / 'gone.png'}."
    assert "folder" in refusal(tmp_path)
    (tmp_path / "empty.png").touch()
    assert "is empty" in refusal(tmp_path / "empty.png")
    (tmp_path / "letter.png").write_text("Dear Sir or Madam", encoding="utf-8")
    assert "no picture" in refusal(tmp_path / "letter.png")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_picture_that_may_not_be_read_says_so(tmp_path: Path) -> None:
    path = write(tmp_path / "secret.png", quarters(4, 4))
    path.chmod(0)
    assert "permissions" in refusal(path)


def test_names_may_hold_any_letters(tmp_path: Path) -> None:
    assert read_picture(write(tmp_path / "größe 图 ☃.png", quarters(4, 4))).shape == (4, 4, 3)


@pytest.mark.parametrize(
    "block",
    [
        b"",
        b"II",
        b"XX*\0\x08\0\0\0",
        b"II*\0\xff\xff\xff\xff",
        b"MM\0*\0\0\0\x08\xff\xff",
        b"II*\0\x08\0\0\0\x05\0\x12",
    ],
)
def test_a_damaged_exif_block_leaves_the_picture_as_it_is(block: bytes) -> None:
    assert exif_orientation(block) == 1


# One picture, and folders, as sources


def test_one_picture_is_one_frame(tmp_path: Path) -> None:
    source = PictureSource(write(tmp_path / "a.png", quarters(64, 48)))
    info = source.open()
    assert (info.size, info.frames) == ((64, 48), 1)
    frame = source.read()
    assert frame is not None
    assert (frame.index, frame.time, frame.size) == (0, 0, (64, 48))
    assert source.read() is None
    source.close()


def test_a_folder_is_read_in_the_order_people_count(tmp_path: Path) -> None:
    names = ["img2.png", "img10.png", "IMG1.jpg", "b.webp", "03.bmp", "1a.tif"]
    for name in names:
        write(tmp_path / name, quarters(8, 8))
    (tmp_path / "notes.txt").touch()
    (tmp_path / ".hidden.png").touch()
    (tmp_path / "inner.png").mkdir()
    assert [path.name for path in picture_paths(tmp_path)] == [
        "1a.tif",
        "03.bmp",
        "b.webp",
        "IMG1.jpg",
        "img2.png",
        "img10.png",
    ]


def test_the_pictures_of_a_folder_come_one_a_second_whatever_their_sizes(tmp_path: Path) -> None:
    for number, size in enumerate([(8, 8), (20, 10), (1, 1)]):
        write(tmp_path / f"{number}.png", quarters(*size))
    source = FolderSource(tmp_path)
    info = source.open()
    assert (info.size, info.frames, info.duration, info.fps) == ((8, 8), 3, 3.0, 1.0)
    frames = [source.read(), source.read(), source.read()]
    assert [frame and (frame.index, frame.time, frame.size) for frame in frames] == [
        (0, 0, (8, 8)),
        (1, 1_000_000_000, (20, 10)),
        (2, 2_000_000_000, (1, 1)),
    ]
    assert source.read() is None
    source.close()


def test_a_looped_folder_goes_on_in_time_and_sees_what_was_added(tmp_path: Path) -> None:
    write(tmp_path / "0.png", np.full((4, 4, 3), 0, np.uint8))
    source = FolderSource(tmp_path, loop=True)
    source.open()
    first = [source.read(), source.read()]
    write(tmp_path / "1.png", np.full((4, 4, 3), 1, np.uint8))
    later = [source.read(), source.read(), source.read()]
    source.close()
    frames = [frame for frame in (*first, *later) if frame is not None]
    assert [int(frame.pixels[0, 0, 0]) for frame in frames] == [0, 0, 0, 1, 0]
    assert [frame.time // 10**9 for frame in frames] == [0, 1, 2, 3, 4]


def test_pictures_that_cannot_be_read_are_left_out_and_named_at_the_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("a.png", "c.png"):
        write(tmp_path / name, quarters(8, 8))
    for name in ("b.png", "d.png", "e.png", "f.png"):
        (tmp_path / name).write_text("none", encoding="utf-8")
    source = FolderSource(tmp_path)
    with caplog.at_level(logging.WARNING):
        source.open()
        assert [frame.index for frame in (source.read(), source.read()) if frame is not None] == [0, 1]
        with pytest.raises(SourceError) as error:
            source.read()
    source.close()
    assert str(error.value) == f"4 of 6 pictures in {tmp_path} could not be read: b.png, d.png, e.png and 1 more."
    assert "b.png cannot be read" in caplog.text


def test_a_folder_without_a_picture_that_can_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds no pictures"):
        FolderSource(tmp_path).open()
    (tmp_path / "a.png").touch()
    with pytest.raises(SourceError, match="1 of 1 pictures"):
        FolderSource(tmp_path).open()
    with pytest.raises(SourceError, match="There is no folder"):
        FolderSource(tmp_path / "gone").open()


def test_pictures_are_not_kept(tmp_path: Path) -> None:
    source = PictureSource(write(tmp_path / "a.png", quarters(8, 8)))
    source.open()
    source.close()
    assert source.read() is None
