"""A user's own detector: its layout is recognised by running it, and its boxes lie where it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import small_networks as small
from numpy.typing import NDArray

from models.classes import COCO
from models.errors import NetworkError
from models.importing import layouts
from models.importing.foreign import ForeignDetector
from models.importing.inspecting import Wishes, inspect
from models.importing.look import Look
from models.importing.recipe import classes_in

PICTURE = np.random.default_rng(5).integers(0, 256, (48, 64, 3)).astype(np.uint8)

ANSWERS: dict[str, dict[str, NDArray[Any]]] = {
    "yolox-raw": small.one(small.yolox(3, decoded=False)),
    "yolox": small.one(small.yolox(3, decoded=True)),
    "yolo": small.one(small.yolo(3)),
    "yolo-anchors": small.one(small.anchors(3)),
    "nanodet": small.one(small.nanodet(3)),
    "detr": small.detr(),
    "yolo-end-to-end": small.one(small.end_to_end()),
}
SIZE = (small.SIDE, small.SIDE)


def batched(layout: str) -> list[NDArray[Any]]:
    return list(ANSWERS[layout].values())


@pytest.mark.parametrize("layout", ANSWERS)
def test_each_layout_is_taken_for_itself_and_for_no_other_and_its_thing_lies_where_it_is(layout: str) -> None:
    family, classes = layouts.recognise(batched(layout), lambda _look: [batched(layout)], SIZE, None, None)
    assert family.key == layout
    assert classes in (3, 0)
    found = family.decode(batched(layout), SIZE, 3, 0.5)
    np.testing.assert_allclose(found.boxes, [small.THING], atol=1e-3)
    assert found.scores[0] == pytest.approx(small.HIGH, abs=1e-5)
    assert list(found.classes) == [1 if layout == "yolo-end-to-end" else 0]


def test_an_objectness_that_is_always_1_is_told_from_one_that_means_something() -> None:
    rows = small.yolox(3, decoded=True)
    rows[:, 4] = 1
    family, _ = layouts.recognise([rows[None]], lambda _look: [[rows[None]]], SIZE, None, None)
    assert (family.key, family.look.colour, family.look.range) == ("yolo-one", "rgb", 1.0)


@pytest.mark.parametrize(
    "answers",
    [
        [np.zeros((1, 1000), np.float32)],  # names of whole pictures
        [np.zeros((1, 21, 64, 64), np.float32)],  # a map
        [np.full((1, 84, 7), 0.5, np.float32), np.full((1, 32, 16, 16), 0.5, np.float32)],  # boxes with masks
        [small.yolox(3, decoded=True)[None] * np.nan],
        [small.yolo(3)[None] * 100],  # scores that are none
    ],
)
def test_other_answers_are_refused_and_the_known_layouts_named(answers: list[NDArray[Any]]) -> None:
    with pytest.raises(NetworkError, match=r"no layout that is known here: it gives \[1, .* known are .*yolox-raw"):
        layouts.recognise(answers, lambda _look: [answers], SIZE, None, None)


def test_numbers_that_no_box_can_have_are_left_out_without_a_word() -> None:
    for layout in ANSWERS:
        answers = [np.array(one) for one in batched(layout)]
        for one in answers:
            if one.dtype.kind == "f":
                one.reshape(-1)[::7] = np.nan
                one.reshape(-1)[3::11] = np.inf
        with np.errstate(all="ignore"):
            layouts.named(layout).decode(answers, SIZE, 3, 0.01)


@pytest.mark.parametrize("layout", ["yolox-raw", "detr"])
def test_a_file_is_recognised_in_a_child_process_and_then_a_detector(layout: str, tmp_path: Path) -> None:
    path = small.save(tmp_path / "own.onnx", ANSWERS[layout], sizes=layout == "detr")
    recognised = inspect(path, PICTURE)
    assert recognised.layout == layout
    assert recognised.recipe.labels == ("class 0", "class 1", "class 2")
    detector = ForeignDetector(path.read_bytes(), recognised.recipe, key="own", threads=1)
    found = detector.find(PICTURE, 0.5)
    there = small.THING * np.array([1, 0.75, 1, 0.75]) if layout == "detr" else small.THING  # stretched, or not
    np.testing.assert_allclose(found.boxes, there[None], atol=0.01)
    np.testing.assert_allclose(recognised.found.boxes[0], found.boxes[0], atol=0.01)
    assert (detector.device, detector.precision, detector.size) == ("cpu", "f32", SIZE)


def test_half_precision_free_sizes_and_names_in_the_file_are_understood(tmp_path: Path) -> None:
    path = small.save(
        tmp_path / "half.onnx",
        small.one(small.yolo(2)),
        half=True,
        free=True,
        metadata={"names": "{0: 'heron', 1: 'it\\'s\\x1b[0m'}", "task": "detect", "imgsz": "[64, 64]"},
    )
    recognised = inspect(path, PICTURE)
    assert recognised.recipe.free
    assert recognised.recipe.size == (64, 64)
    assert recognised.recipe.labels[0] == "heron"
    assert all(sign.isprintable() for sign in recognised.recipe.labels[1])
    assert recognised.classes_from == "the file"
    assert len(ForeignDetector(path.read_bytes(), recognised.recipe, key="half", threads=1).find(PICTURE, 0.5)) == 1


def test_what_the_user_says_counts_more_than_what_is_usual(tmp_path: Path) -> None:
    path = small.save(tmp_path / "own.onnx", ANSWERS["yolo"])
    wishes = Wishes(colour="bgr", range=255, fit="stretch", labels=("a", "b", "c"))
    recipe = inspect(path, PICTURE, wishes).recipe
    assert (recipe.look.colour, recipe.look.range, recipe.look.fit) == ("bgr", 255, "stretch")
    assert recipe.labels == ("a", "b", "c")
    with pytest.raises(NetworkError, match="for 2 classes"):
        inspect(path, PICTURE, Wishes(labels=("a", "b")))


@pytest.mark.parametrize(
    ("wishes", "sentence"),
    [
        ({"layout": "yolo9000"}, "no layout 'yolo9000'"),
        ({"colour": "hsv"}, "no order of colours 'hsv'"),
        ({"fit": "crop"}, "no way 'crop'"),
        ({"range": 0.0}, "above 0"),
        ({"std": (1.0, 0.0, 1.0)}, "above 0"),
        ({"mean": (float("nan"), 0.0, 0.0)}, "no absurd size"),
        ({"size": (100_000, 64)}, "makes no sense"),
    ],
)
def test_wishes_that_make_no_sense_are_refused(wishes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(NetworkError, match=sentence):
        Wishes(**wishes)


def test_a_look_is_what_it_says() -> None:
    pixels = np.array([[[10, 20, 255]]], np.uint8)  # blue, green, red
    assert Look("rgb", 1.0, "stretch").values(pixels).ravel() == pytest.approx([1.0, 20 / 255, 10 / 255])
    look = Look("bgr", 255.0, "stretch", (10.0, 10.0, 55.0), (1.0, 2.0, 100.0))
    assert look.values(pixels).ravel() == pytest.approx([0.0, 5.0, 2.0], abs=1e-4)


@pytest.mark.parametrize(
    "text",
    ["cat\ndog\n", "cat, dog", "['cat', 'dog']", '["cat", "dog"]', "{0: 'cat', 1: 'dog'}", '{"1": "dog", "0": "cat"}'],
)
def test_classes_are_read_however_people_write_them(text: str) -> None:
    assert classes_in(text) == ("cat", "dog")


@pytest.mark.parametrize(
    "text", ["", "[", "{1: 'cat'}", "{'a': 'cat'}", "[[1]]", "[" * 5000, "{0: 'a', 0.5: 'b'}", "x" * 300_000]
)
def test_lists_of_classes_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(NetworkError, match="list of classes"):
        classes_in(text)


@pytest.mark.parametrize(
    ("file", "layout"),
    [("yolox_nano.onnx", "yolox-raw"), ("nanodet_plus_m_416.onnx", "nanodet"), ("deimv2_femto.onnx", "detr")],
)
def test_published_networks_are_recognised_and_see_what_is_there(
    file: str, layout: str, shared_models: Path, shared_data: Path
) -> None:
    pixels = cv2.imread(str(sorted((shared_data / "lsp" / "images").iterdir())[0]))
    assert pixels is not None
    recognised = inspect(shared_models / file, pixels.astype(np.uint8), threads=2)
    assert (recognised.layout, recognised.recipe.size, recognised.recipe.labels) == (layout, (416, 416), COCO)
    assert COCO[recognised.found.classes[0]] == "person"


def test_a_cell_of_yolox_speaks_for_its_best_class_alone() -> None:
    rows = small.yolox(3, decoded=True)
    rows[rows[:, 4] == 1, 6] = 0.8  # beside the first one's 0.9
    found = layouts.named("yolox").decode([rows[None]], SIZE, 3, 0.5)
    assert list(found.classes) == [0]


def test_nanodets_pictures_are_stretched_by_the_warp_that_it_was_trained_with() -> None:
    shown, fit = layouts.named("nanodet").look.fitted(PICTURE, (96, 128))
    np.testing.assert_array_equal(shown[::2, ::2], PICTURE)
    np.testing.assert_allclose(fit.back(np.array([[128, 96]], np.float32)), [[64, 48]])
