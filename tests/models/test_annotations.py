"""Labelled pictures as they are read: COCO JSON and VOCdevkit, ours and others', and what is said of bad ones."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from models.classes import COCO, COCO_IDS
from models.errors import OnlookerError
from models.training import examples
from models.training.annotations import read

CATEGORIES = [{"id": 18, "name": "dog"}, {"id": 3, "name": "car"}, {"id": 90, "name": "toothbrush"}]


def image(file: Path, width: int = 60, height: int = 40) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(file), np.full((height, width, 3), 90, np.uint8))
    return file


def coco(file: Path, labels: Sequence[Mapping[str, Any]], **more: Any) -> Path:
    """COCO JSON with one picture, a.png, and these labels."""
    file.parent.mkdir(parents=True, exist_ok=True)
    images = [{"id": 5, "file_name": "a.png", "width": 60, "height": 40}]
    content = {"images": images, "annotations": list(labels), "categories": CATEGORIES, **more}
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


def label(bbox: Sequence[float], category: int = 18, **more: Any) -> dict[str, Any]:
    return {"image_id": 5, "category_id": category, "bbox": list(bbox), **more}


def test_categories_with_gaps_become_places_by_rising_id(tmp_path: Path) -> None:
    image(tmp_path / "a.png")
    segments: dict[str, Any] = {"segmentation": [[1, 2, 3, 4]], "area": 3.5, "id": 1}
    labels = [label([10, 5, 20, 30], **segments), label([0, 0, 5, 5], 90, iscrowd=1), label([1, 1, 2, 2], 3)]
    dataset = read(coco(tmp_path / "instances_val.json", labels))
    assert dataset.names == ("car", "dog", "toothbrush")
    (picture,) = dataset.pictures
    assert picture.boxes.tolist() == [[10, 5, 30, 35], [0, 0, 5, 5], [1, 1, 3, 3]]
    assert picture.boxes.dtype == np.float32
    assert picture.classes.tolist() == [1, 2, 0]
    assert picture.crowd.tolist() == [False, True, False]
    assert not picture.difficult.any()
    assert picture.labelled.all()
    assert (picture.key, picture.file, dataset.notes) == ("a.png", tmp_path / "a.png", ())


@pytest.mark.parametrize(
    ("file", "picture"),
    [
        ("set/annotations.json", "set/a.png"),
        ("set/instances.json", "set/images/a.png"),
        ("annotations/instances.json", "images/a.png"),
    ],
)
def test_pictures_lie_beside_the_file_or_in_images(tmp_path: Path, file: str, picture: str) -> None:
    image(tmp_path / picture)
    given = coco(tmp_path / file, [label([1, 1, 5, 5])])
    path = given.parent if given.name == "annotations.json" else given
    assert read(path).pictures[0].file.resolve() == (tmp_path / picture).resolve()


def test_what_our_own_data_says_beyond_coco_is_understood(tmp_path: Path) -> None:
    image(tmp_path / "a.png")
    image(tmp_path / "b.png")
    facts = {"file_name": "b.png", "width": 60, "height": 40, "exhaustive": "coco80"}
    images = [
        {"id": 5, "file_name": "a.png", "width": 60, "height": 40, "exhaustive": "voc20"}
        | {"difficult_objects_missing": True},
        {"id": 6, **facts},
    ]
    info = {"exhaustive_classes": ["dog", "car"]}
    file = coco(tmp_path / "annotations.json", [label([1, 1, 9, 9], difficult=1)], images=images, info=info)
    first, second = read(tmp_path, ["toothbrush", "dog", "unicorn"]).pictures
    assert first.labelled.tolist() == [False, True, False]
    assert second.labelled.tolist() == [True, True, False]
    assert (first.difficult.tolist(), first.difficult_missing, second.difficult_missing) == ([True], True, False)
    assert file.is_file()


def test_boxes_are_cut_at_the_picture_and_those_without_area_are_counted(tmp_path: Path) -> None:
    image(tmp_path / "a.png")
    bad: list[list[float]] = [
        [70, 5, 10, 10],
        [-9, 3, 5, 5],
        [3, 3, 0, 8],
        [3, 3, 5, -2],
        [float("nan"), 1, 2, 3],
        [1, 1, 1e400, 5],
    ]
    dataset = read(coco(tmp_path / "x.json", [label([-5, 30, 100, 100]), *(label(box) for box in bad)]))
    assert dataset.pictures[0].boxes.tolist() == [[0, 30, 60, 40]]
    assert dataset.notes == ("Left out: 6 boxes that lie outside their picture or have no area.",)


def test_boxes_of_unknown_classes_and_pictures_are_counted(tmp_path: Path) -> None:
    image(tmp_path / "a.png")
    other = label([1, 1, 5, 5]) | {"image_id": 77}
    labels = [label([1, 1, 5, 5]), label([1, 1, 5, 5], 4), label([1, 1, 5, 5], 3), other]
    notes = read(coco(tmp_path / "x.json", labels), ["dog"]).notes
    assert set(notes) == {
        "Left out: 2 boxes of classes that are not wanted.",
        "Left out: 1 boxes of pictures that are not listed.",
    }


def test_missing_pictures_and_impossible_sizes_are_counted(tmp_path: Path) -> None:
    image(tmp_path / "a.png")
    sizes = [(60, 40), (10**9, 40), (60, 0), (60, 40), (60, 40)]
    called = ["a.png", "a.png", "a.png", "gone.png", "x" * 5000]
    images = [
        {"id": 5 + number, "file_name": name, "width": width, "height": height}
        for number, (name, (width, height)) in enumerate(zip(called, sizes, strict=True))
    ]
    dataset = read(coco(tmp_path / "x.json", [label([1, 1, 5, 5])], images=images))
    assert len(dataset.pictures) == 1
    assert set(dataset.notes) == {
        "Left out: 2 pictures of an impossible size.",
        "Left out: 2 pictures whose file is missing.",
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "cannot be read as JSON"),
        ("{", "cannot be read as JSON"),
        ("[" * 100_000, "cannot be read as JSON"),
        ("[1, 2]", "lists no pictures"),
        ('{"images": []}', "lists no pictures"),
        ('{"images": [{"id": 1, "file_name": "a.png", "width": 60, "height": 40}]}', "is no COCO JSON"),
        ('{"images": 7, "categories": []}', "is no COCO JSON"),
        ('{"images": [{"id": 1}], "categories": []}', "is no COCO JSON"),
        (
            '{"images": [{"id": 1, "file_name": "a.png", "width": Infinity, "height": 4}], "categories": []}',
            "is no COCO",
        ),
        ('{"images": [{"id": 1, "file_name": "a.png", "width": 60, "height": 40}], "categories": []}', "no object"),
        ('{"images": [{"id": 1, "file_name": "b.png", "width": 60, "height": 40}], "categories": []}', "is there"),
    ],
)
def test_a_file_that_labels_nothing_is_refused_in_one_sentence(tmp_path: Path, text: str, told: str) -> None:
    image(tmp_path / "a.png")
    (tmp_path / "annotations.json").write_text(text, encoding="utf-8")
    with pytest.raises(OnlookerError, match=told) as refused:
        read(tmp_path)
    assert "\n" not in str(refused.value)


def test_a_path_that_is_not_there_says_what_could_be_given(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere", tmp_path / "nowhere.json"):
        with pytest.raises(OnlookerError, match="give a folder with annotations"):
            read(path)


def test_coco_s_own_ids_give_our_names_in_order() -> None:
    assert tuple(COCO_IDS[number] for number in sorted(COCO_IDS)) == COCO


def voc(year: Path, name: str, objects: str, *, listed: str = "", size: str = "") -> None:
    image(year / "JPEGImages" / f"{name}.jpg")
    size = size or "<size><width>60</width><height>40</height><depth>3</depth></size>"
    (year / "Annotations").mkdir(exist_ok=True)
    text = f"<annotation><filename>{name}.jpg</filename>{size}{objects}</annotation>"
    (year / "Annotations" / f"{name}.xml").write_text(text, encoding="utf-8")
    if listed:
        lists = year / "ImageSets" / "Main"
        lists.mkdir(parents=True, exist_ok=True)
        with (lists / f"{listed}.txt").open("a", encoding="utf-8") as file:
            file.write(f"{name}  1\n")


def thing(name: str, box: tuple[float, float, float, float] = (11, 6, 30, 35), difficult: int = 0) -> str:
    corners = "".join(
        f"<{side}>{value}</{side}>" for side, value in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True)
    )
    return f"<object><name>{name}</name><difficult>{difficult}</difficult><bndbox>{corners}</bndbox></object>"


def test_voc_s_names_become_coco_s_and_its_corners_count_from_one(tmp_path: Path) -> None:
    voc(tmp_path / "VOC2007", "000001", thing("aeroplane") + thing("dog", difficult=1))
    dataset = read(tmp_path, COCO)
    (picture,) = dataset.pictures
    assert [COCO[place] for place in picture.classes] == ["airplane", "dog"]
    assert picture.boxes[0].tolist() == [10, 5, 30, 35]
    assert picture.difficult.tolist() == [False, True]
    assert picture.labelled.sum() == 20
    assert not picture.labelled[COCO.index("cup")]
    assert (picture.key, dataset.notes) == ("VOC2007/000001", ())


def test_a_voc_folder_of_one_s_own_classes_names_them(tmp_path: Path) -> None:
    voc(tmp_path, "x", thing("zorb") + thing("sofa"))
    assert read(tmp_path).names == ("couch", "zorb")
    dataset = read(tmp_path, ["zorb", "dog"])
    assert dataset.pictures[0].labelled.tolist() == [True, False]
    assert dataset.notes == ("Left out: 1 boxes of classes that are not wanted.",)


def test_of_voc_s_lists_one_is_taken_and_another_can_be_named(tmp_path: Path) -> None:
    year = tmp_path / "VOCdevkit" / "VOC2007"
    voc(year, "one", thing("dog"), listed="test")
    voc(year, "two", thing("cat"), listed="train")
    voc(year, "three", thing("cat"))
    assert [one.key for one in read(tmp_path / "VOCdevkit").pictures] == ["VOC2007/one"]
    named = year / "ImageSets" / "Main" / "train.txt"
    assert [one.key for one in read(named).pictures] == ["VOC2007/two"]
    for file in named.parent.iterdir():
        file.unlink()
    assert len(read(year).pictures) == 3


def test_voc_s_files_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    voc(tmp_path, "good", thing("dog"))
    voc(tmp_path, "cut", thing("dog"))
    (tmp_path / "Annotations" / "cut.xml").write_text("<annotation><object>", encoding="utf-8")
    voc(tmp_path, "empty", "")
    (tmp_path / "Annotations" / "empty.xml").write_text("", encoding="utf-8")
    voc(tmp_path, "bare", "")
    (tmp_path / "Annotations" / "bare.xml").write_text("<annotation/>", encoding="utf-8")
    voc(tmp_path, "word", "<object><name>dog</name><bndbox><xmin>left</xmin></bndbox></object>")
    voc(tmp_path, "huge", thing("dog"), size="<size><width>9000000</width><height>40</height></size>")
    voc(tmp_path, "gone", thing("dog"))
    (tmp_path / "JPEGImages" / "gone.jpg").unlink()
    voc(tmp_path, "long", thing("dog") + " " * 4_000_000)
    dataset = read(tmp_path)
    assert [one.key for one in dataset.pictures] == [f"{tmp_path.name}/good"]
    assert set(dataset.notes) == {
        "Left out: 4 annotations that are missing or cannot be read.",
        "Left out: 1 annotations that are too long.",
        "Left out: 1 pictures of an impossible size.",
        "Left out: 1 pictures whose file is missing.",
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp037"])
def test_entities_are_refused_in_whatever_encoding_they_hide(tmp_path: Path, encoding: str) -> None:
    voc(tmp_path, "good", thing("dog"))
    voc(tmp_path, "bomb", thing("dog"))
    inner = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE a [<!ENTITY n "dog">]><annotation>'
    inner += "<size><width>60</width><height>40</height></size>" + thing("&n;") + "</annotation>"
    (tmp_path / "Annotations" / "bomb.xml").write_bytes(inner.encode(encoding))
    dataset = read(tmp_path)
    assert [one.key for one in dataset.pictures] == [f"{tmp_path.name}/good"]
    assert dataset.notes == ("Left out: 1 annotations that are missing or cannot be read.",)


def test_unreadable_pictures_are_skipped_and_named(tmp_path: Path) -> None:
    image(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"\x89PNG cut off")
    (tmp_path / "c.png").write_bytes(b"")
    images = [
        {"id": 5 + number, "file_name": f"{name}.png", "width": 60, "height": 40} for number, name in enumerate("abc")
    ]
    dataset = read(coco(tmp_path / "x.json", [label([1, 1, 5, 5])], images=images))
    made, unreadable = examples.load(dataset)
    assert (len(made), unreadable) == (1, ["b.png", "c.png"])
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(OnlookerError, match="None of the pictures can be read"):
        examples.load(dataset)


def test_a_picture_of_another_size_than_its_labels_say_has_its_boxes_scaled(tmp_path: Path) -> None:
    image(tmp_path / "a.png", 120, 40)
    made, _ = examples.load(read(coco(tmp_path / "x.json", [label([10, 5, 20, 30])])))
    assert made[0].boxes.tolist() == [[20, 5, 60, 35]]
