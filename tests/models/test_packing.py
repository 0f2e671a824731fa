"""Packed pictures: what comes out is what went in, in as many pieces as it takes, and damage is told in a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.errors import OnlookerError
from models.training import evaluation, examples, packed, packing
from models.training.annotations import read
from models.training.labelled import Dataset

HAND = {"id": 7, "name": "hand"}
CUP = {"id": 12, "name": "cup"}


def folder(at: Path, count: int = 5, side: int = 64) -> Path:
    """COCO JSON of noisy pictures with a cup each, every second one with a hand that is difficult."""
    random = np.random.default_rng(0)
    images, labels = [], []
    at.mkdir()
    for number in range(count):
        pixels = random.integers(0, 256, (side, side + number, 3)).astype(np.uint8)
        cv2.imwrite(str(at / f"p{number}.png"), pixels)
        images.append({"id": number, "file_name": f"p{number}.png", "width": side + number, "height": side})
        labels.append({"image_id": number, "category_id": 12, "bbox": [4, 5, 20.5, 10], "iscrowd": number == 1})
        if number % 2 == 0:
            labels.append({"image_id": number, "category_id": 7, "bbox": [1, 2, 30, 40], "difficult": 1})
    images[0]["difficult_objects_missing"] = True
    content = {
        "info": {"exhaustive_classes": ["cup"]},
        "images": images,
        "annotations": labels,
        "categories": [HAND, CUP],
    }
    (at / "annotations.json").write_text(json.dumps(content), encoding="utf-8")
    return at


def same(one: Dataset, other: Dataset) -> None:
    assert one.names == other.names
    assert [picture.key for picture in one.pictures] == [picture.key for picture in other.pictures]
    for first, second in zip(one.pictures, other.pictures, strict=True):
        for field in ("boxes", "classes", "crowd", "difficult", "labelled"):
            np.testing.assert_array_equal(getattr(first, field), getattr(second, field), err_msg=field)
        assert (first.width, first.height) == (second.width, second.height)
        assert first.difficult_missing == second.difficult_missing
        np.testing.assert_array_equal(examples.read_pixels(first), examples.read_pixels(second))
        np.testing.assert_array_equal(evaluation.pixels_of(first), evaluation.pixels_of(second))


def test_what_is_packed_comes_out_as_it_went_in(tmp_path: Path) -> None:
    before = read(folder(tmp_path / "data"))
    files, unreadable = packing.pack(before, tmp_path / "set.pack")
    assert (files, unreadable) == ([tmp_path / "set.pack"], [])
    same(before, read(tmp_path / "set.pack"))


def test_a_pack_that_grows_too_large_is_written_in_pieces_none_above_the_limit(tmp_path: Path) -> None:
    before = read(folder(tmp_path / "data"))
    files, _ = packing.pack(before, tmp_path / "set.pack", largest=32_000)
    assert [file.name for file in files] == ["set.pack", "set.2.pack", "set.3.pack"]
    assert max(file.stat().st_size for file in files) <= 32_000
    same(before, read(tmp_path / "set.pack"))


def test_pictures_are_made_smaller_with_their_boxes(tmp_path: Path) -> None:
    data = folder(tmp_path / "data", count=1, side=100)
    packing.pack(read(data), tmp_path / "set.pack", side=50)
    picture = read(tmp_path / "set.pack").pictures[0]
    pixels = examples.read_pixels(picture)
    assert pixels is not None
    assert pixels.shape == (50, 50, 3)
    assert (picture.width, picture.height) == (50, 50)
    np.testing.assert_allclose(picture.boxes[0], [2, 2.5, 12.25, 7.5])


def test_other_classes_may_be_wanted_of_a_pack_in_another_order(tmp_path: Path) -> None:
    packing.pack(read(folder(tmp_path / "data")), tmp_path / "set.pack")
    dataset = read(tmp_path / "set.pack", ["dog", "cup"])
    assert all((picture.classes == 1).all() and len(picture.boxes) == 1 for picture in dataset.pictures)
    assert all(picture.labelled.tolist() == [False, True] for picture in dataset.pictures)
    assert dataset.notes == ("Left out: 3 boxes of classes that are not wanted.",)


def test_unreadable_pictures_are_left_out_and_named(tmp_path: Path) -> None:
    data = folder(tmp_path / "data")
    (data / "p2.png").write_bytes(b"no picture")
    (data / "p3.png").write_bytes(b"")
    _, unreadable = packing.pack(read(data), tmp_path / "set.pack")
    assert unreadable == ["p2.png", "p3.png"]
    assert [picture.key for picture in read(tmp_path / "set.pack").pictures] == ["p0.png", "p1.png", "p4.png"]


def test_the_command_packs_and_tells_what_it_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = folder(tmp_path / "data")
    (data / "p2.png").write_bytes(b"no picture")
    assert packing.main([str(data), "--out", str(tmp_path / "set.pack"), "--side", "48"]) == 0
    assert "1 pictures that cannot be read: p2.png" in capsys.readouterr().err
    assert len(read(tmp_path / "set.pack").pictures) == 4
    assert packing.main([str(tmp_path / "nowhere"), "--out", str(tmp_path / "other.pack")]) == 1
    assert "is not there" in capsys.readouterr().err
    assert not (tmp_path / "other.pack").exists()


def test_where_nothing_can_be_read_or_written_nothing_is_left_behind(tmp_path: Path) -> None:
    data = folder(tmp_path / "data", count=1)
    dataset = read(data)
    with pytest.raises(OnlookerError, match=r"cannot be written to .*missing"):
        packing.pack(dataset, tmp_path / "missing" / "set.pack")
    (data / "p0.png").write_bytes(b"no picture")
    with pytest.raises(OnlookerError, match="None of the pictures can be read"):
        packing.pack(dataset, tmp_path / "set.pack")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda data: data[:-10], "cut off"),
        (lambda data: data[:100], "cut off"),
        (lambda data: data[:12], "cannot be read as packed pictures"),
        (lambda data: data[:24] + b"?" * 200 + data[224:], "cannot be read as packed pictures"),
        (lambda data: data[:16] + b"\xff" * 8 + data[24:], "cut off"),
        (lambda data: data[:8] + b"\x02" + data[9:], "not the piece that belongs here"),
    ],
)
def test_a_damaged_pack_is_refused_in_one_sentence(tmp_path: Path, damage: object, told: str) -> None:
    packing.pack(read(folder(tmp_path / "data")), tmp_path / "set.pack")
    data = (tmp_path / "set.pack").read_bytes()
    assert callable(damage)
    (tmp_path / "set.pack").write_bytes(damage(data))
    with pytest.raises(OnlookerError, match=told) as refused:
        read(tmp_path / "set.pack")
    assert "\n" not in str(refused.value)


def test_a_missing_piece_is_named(tmp_path: Path) -> None:
    files, _ = packing.pack(read(folder(tmp_path / "data")), tmp_path / "set.pack", largest=32_000)
    files[1].unlink()
    with pytest.raises(OnlookerError, match=r"set\.2\.pack is missing: of 3 pieces"):
        read(tmp_path / "set.pack")


def test_a_picture_that_was_damaged_in_the_pack_is_skipped_and_named(tmp_path: Path) -> None:
    packing.pack(read(folder(tmp_path / "data")), tmp_path / "set.pack")
    dataset = read(tmp_path / "set.pack")
    span = dataset.pictures[1].span
    assert span is not None
    with (tmp_path / "set.pack").open("r+b") as file:
        file.seek(span[0])
        file.write(bytes(span[1]))
    made, unreadable = examples.load(dataset)
    assert (len(made), unreadable) == (4, ["p1.png"])


def test_a_file_that_is_no_pack_is_read_as_json(tmp_path: Path) -> None:
    (tmp_path / "set.pack").write_bytes(b"ONLPACK2")
    assert not packed.is_pack(tmp_path / "set.pack")
    with pytest.raises(OnlookerError, match="cannot be read as JSON"):
        read(tmp_path / "set.pack")
