"""How good a detector is: equal to pycocotools, to VOC's rules by hand, and fair to what is not labelled."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest

from models.cells import Things
from models.errors import OnlookerError
from models.training import coco_reference, precision_recall
from models.training.annotations import Dataset, Picture
from models.training.comparison import Duel, compare
from models.training.evaluation import Scores, evaluate, look, measure

Box = tuple[float, float, float, float]
FAR: Box = (200, 200, 220, 220)
NEAR: Box = (0, 0, 10, 10)


def picture(
    boxes: Sequence[Box],
    classes: Sequence[int],
    *,
    names: int = 1,
    crowd: Sequence[int] = (),
    difficult: Sequence[int] = (),
    labelled: Sequence[int] | None = None,
    file: Path = Path("none.png"),
) -> Picture:
    count = len(boxes)
    return Picture(
        file=file,
        width=300,
        height=300,
        boxes=np.array(boxes, np.float32).reshape(-1, 4),
        classes=np.array(classes, np.intp),
        crowd=np.isin(np.arange(count), crowd),
        difficult=np.isin(np.arange(count), difficult),
        labelled=np.isin(np.arange(names), range(names) if labelled is None else labelled),
        key=file.name,
        difficult_missing=False,
    )


def dataset(*pictures: Picture, names: Sequence[str] = ("cat",)) -> Dataset:
    return Dataset(tuple(names), pictures, ())


def things(*found: tuple[Box, float, int]) -> Things:
    return Things(
        np.array([box for box, _, _ in found], np.float32).reshape(-1, 4),
        np.array([score for _, score, _ in found], np.float32),
        np.array([place for _, _, place in found], np.intp),
    )


def crowded_set(
    seed: int, pictures: int = 40, classes: int = 5, *, noise: float = 6, digits: int = 1
) -> tuple[list[Things], Dataset]:
    """Pictures with crowds, difficult things, classes that are not labelled, copies of boxes that are off by `noise`
    pixels, and scores of so many `digits`: of one, many are equal."""
    random = np.random.default_rng(seed)
    shown, found = [], []
    for _ in range(pictures):
        count = int(random.integers(0, 8))
        corners = random.uniform(0, 80, (count, 2))
        boxes = np.concatenate([corners, corners + random.uniform(5, 60, (count, 2))], 1)
        of = random.integers(0, classes, count)
        shown.append(
            picture(
                [tuple(box) for box in boxes],
                of.tolist(),
                names=classes,
                crowd=np.flatnonzero(random.random(count) < 0.15).tolist(),
                difficult=np.flatnonzero(random.random(count) < 0.1).tolist(),
                labelled=np.flatnonzero(random.random(classes) < 0.8).tolist(),
            )
        )
        copies = random.integers(0, 4, count)
        guesses = np.repeat(boxes, copies, 0) + random.normal(0, noise, (int(copies.sum()), 4))
        guesses[:, 2:] = np.maximum(guesses[:, 2:], guesses[:, :2] + 1)
        scores = np.round(random.random(len(guesses)), digits)
        found.append(
            Things(guesses.astype(np.float32), scores.astype(np.float32), np.repeat(of, copies).astype(np.intp))
        )
    return found, dataset(*shown, names=[f"class {place}" for place in range(classes)])


@pytest.mark.parametrize("seed", range(8))
def test_cocos_average_precision_is_that_of_pycocotools(seed: int) -> None:
    pytest.importorskip("pycocotools")
    found, truth = crowded_set(seed)
    ours = measure(found, truth)
    assert (ours.ap, ours.ap50, ours.ap75) == pytest.approx(coco_reference.average_precision(found, truth), abs=1e-9)
    assert 0 < ours.ap < 1


def test_no_more_than_a_hundred_of_a_class_in_a_picture_are_looked_at_as_by_pycocotools() -> None:
    pytest.importorskip("pycocotools")
    truth = dataset(picture([NEAR], [0]))
    found = [things(*[(FAR, 0.9, 0)] * 100, (NEAR, 0.5, 0))]
    assert measure(found, truth).ap == coco_reference.average_precision(found, truth)[0] == 0
    assert measure(found, truth).voc_ap > 0


def test_vocs_average_precision_is_the_area_under_the_curve_computed_by_hand() -> None:
    # By score: right, wrong, right; two of three found. Precision 1 up to recall 1/3, then 2/3 up to 2/3: 5/9.
    truth = dataset(picture([NEAR, (50, 0, 60, 10)], [0, 0]), picture([NEAR], [0]))
    found = [things((NEAR, 0.9, 0), (FAR, 0.8, 0), ((50, 0, 60, 10), 0.7, 0)), things()]
    assert measure(found, truth).voc_ap == pytest.approx(5 / 9)


def test_a_lower_precision_is_lifted_to_the_best_one_further_on() -> None:
    # Wrong, right, right: precision 1/2 then 2/3; at any recall up to 1 the best further on is 2/3.
    truth = dataset(picture([NEAR, (50, 0, 60, 10)], [0, 0]))
    found = [things((FAR, 0.9, 0), (NEAR, 0.8, 0), ((50, 0, 60, 10), 0.7, 0))]
    assert measure(found, truth).voc_ap == pytest.approx(2 / 3)


def test_the_second_box_on_one_thing_is_wrong_by_voc_though_another_thing_is_near() -> None:
    # Both overlap the first label most: VOC gives the second box to nothing; COCO lets it take the other label.
    truth = dataset(picture([(0, 0, 10, 10), (4, 0, 14, 10)], [0, 0]))
    found = [things(((0, 0, 10, 10), 0.9, 0), ((1.5, 0, 11.5, 10), 0.8, 0))]
    scores = measure(found, truth)
    assert scores.voc_ap == pytest.approx(0.5)
    assert scores.ap50 == pytest.approx(1.0)


def test_a_difficult_thing_counts_neither_as_hit_nor_as_miss() -> None:
    easy, hard = (50.0, 0.0, 60.0, 10.0), NEAR
    truth = dataset(picture([hard, easy], [0, 0], difficult=[0]))
    assert measure([things((hard, 0.9, 0), (hard, 0.85, 0), (easy, 0.8, 0))], truth).voc_ap == pytest.approx(1)
    assert measure([things((easy, 0.8, 0))], truth).voc_ap == pytest.approx(1)
    assert measure([things((easy, 0.8, 0))], truth).classes[0].objects == 1


def test_what_lies_in_a_crowd_is_ignored_and_what_lies_beside_it_is_wrong() -> None:
    truth = dataset(picture([(0, 0, 100, 100), (150, 0, 160, 10)], [0, 0], crowd=[0]))
    inside = [((20.0 * place, 0.0, 20.0 * place + 10, 30.0), 0.9, 0) for place in range(4)]
    right = ((150.0, 0.0, 160.0, 10.0), 0.5, 0)
    ignored = measure([things(*inside, right)], truth)
    assert [ignored.ap, ignored.voc_ap] == pytest.approx([1, 1])
    beside = measure([things((FAR, 0.9, 0), right)], truth)
    assert [beside.ap, beside.voc_ap] == pytest.approx([0.5, 0.5])


def test_a_class_is_judged_only_on_pictures_that_are_labelled_for_it() -> None:
    cats_only = picture([NEAR], [0], names=2, labelled=[0])
    both = picture([NEAR], [1], names=2)
    dog_seen_everywhere = things((NEAR, 0.9, 0), (FAR, 0.95, 1))
    scores = measure([dog_seen_everywhere, things((NEAR, 0.5, 1))], dataset(cats_only, both, names=["cat", "dog"]))
    assert [(one.name, one.voc) for one in scores.classes] == [("cat", 1.0), ("dog", 1.0)]


def test_classes_without_anything_to_be_found_are_no_part_of_the_mean() -> None:
    scores = measure([things((NEAR, 0.9, 0))], dataset(picture([NEAR], [0], names=3), names=["cat", "dog", "cow"]))
    assert [one.name for one in scores.classes] == ["cat"]
    assert scores.ap == scores.voc_ap == 1


def test_pictures_without_labels_give_no_number_and_nothing_found_gives_nought() -> None:
    assert np.isnan(measure([things((NEAR, 0.9, 0))], dataset(picture([], []))).ap)
    assert measure([things()], dataset(picture([NEAR], [0]))).ap == 0


def test_answers_that_do_not_fit_the_pictures_are_refused() -> None:
    with pytest.raises(ValueError, match="1 answers for 2 pictures"):
        measure([things()], dataset(picture([], []), picture([], [])))
    with pytest.raises(ValueError, match="classes go from 0 to 0"):
        measure([things((NEAR, 0.9, 3))], dataset(picture([NEAR], [0])))


def test_precision_recall_and_false_boxes_at_a_threshold() -> None:
    truth = dataset(picture([NEAR, FAR], [0, 0]), picture([], []))
    found = [things((NEAR, 0.9, 0), ((100, 100, 120, 120), 0.6, 0), (FAR, 0.2, 0)), things((NEAR, 0.6, 0))]
    scores = measure(found, truth)
    by_threshold = {one.threshold: one for one in scores.thresholds}
    low, middle, high = (by_threshold[threshold] for threshold in (0.1, 0.5, 0.8))
    assert (low.precision, low.recall, low.false_boxes) == (0.5, 1, 1)
    assert [middle.precision, middle.recall] == pytest.approx([1 / 3, 0.5])
    assert (high.precision, high.recall, high.false_boxes) == (1, 0.5, 0)


def test_the_mean_of_the_curve_is_the_average_precision() -> None:
    found, truth = crowded_set(3)
    scores = measure(found, truth)
    assert precision_recall.curve(scores.coco, 0).mean() == pytest.approx(scores.ap50, abs=1e-12)
    assert precision_recall.curve(scores.coco, 5).mean() == pytest.approx(scores.ap75, abs=1e-12)


def test_pictures_that_are_drawn_twice_weigh_as_two() -> None:
    found, truth = crowded_set(5, pictures=12, digits=9)
    weights = np.random.default_rng(1).multinomial(12, np.full(12, 1 / 12), 3)
    scores = measure(found, truth)
    for steps, judged in ((precision_recall.sampled, scores.coco), (precision_recall.whole, scores.voc)):
        drawn = precision_recall.areas(judged, steps, weights)
        for place, times in enumerate(weights):
            twice = np.repeat(np.arange(12), times)
            again = measure(
                [found[one] for one in twice], dataset(*(truth.pictures[one] for one in twice), names=truth.names)
            )
            same = again.coco if judged is scores.coco else again.voc
            assert drawn[place] == pytest.approx(precision_recall.areas(same, steps)[0], abs=1e-12, nan_ok=True)


def _worse(found: Sequence[Things], part: float) -> list[Things]:
    """The same answers without `part` of the boxes, by chance."""
    random = np.random.default_rng(7)
    fewer = []
    for one in found:
        kept = random.random(len(one)) >= part
        fewer.append(Things(one.boxes[kept], one.scores[kept], one.classes[kept]))
    return fewer


@pytest.mark.parametrize("kind", ["coco", "voc"])
def test_a_better_detector_is_told_from_an_equal_one(kind: Literal["coco", "voc"]) -> None:
    found, truth = crowded_set(11, pictures=80, noise=1)
    usual, worse = measure(found, truth), measure(_worse(found, 0.5), truth)
    better = compare([Duel("set", kind, worse, usual)], draws=200)
    assert better.better
    assert better.low < better.mean < better.high
    same = compare([Duel("set", kind, usual, usual)], draws=50)
    assert (same.mean, same.low, same.high) == (0, 0, 0)
    assert not same.better


def test_a_comparison_can_be_repeated_and_wants_the_same_pictures() -> None:
    found, truth = crowded_set(2)
    usual, worse = measure(found, truth), measure(_worse(found, 0.1), truth)
    assert compare([Duel("a", "voc", worse, usual)], draws=60) == compare([Duel("a", "voc", worse, usual)], draws=60)
    with pytest.raises(ValueError, match="same pictures"):
        compare([Duel("a", "voc", worse, measure(*crowded_set(2, pictures=39)))])
    with pytest.raises(ValueError, match="nothing to compare"):
        compare([])


class Seeing:
    """A detector that finds one box of each of its classes in every picture."""

    key, device, precision, note, size = "seeing", "cpu", "f32", "", (32, 32)

    def __init__(self, labels: tuple[str, ...]) -> None:
        self.labels = labels

    def find(self, pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], threshold: float) -> Things:
        assert pixels.shape == (300, 300, 3)
        assert threshold < 0.1
        return things(*((NEAR, 0.9, place) for place in range(len(self.labels))))


def _on_disk(folder: Path, *names: str) -> list[Picture]:
    files = [folder / name for name in names]
    for file in files:
        cv2.imwrite(str(file), np.zeros((300, 300, 3), np.uint8))
    return [picture([NEAR], [0], names=2, file=file) for file in files]


def test_a_detector_is_judged_by_the_classes_that_both_know_whatever_their_order(tmp_path: Path) -> None:
    pictures = _on_disk(tmp_path, "a.png", "b.png")
    done: list[tuple[int, int]] = []
    scores: Scores = evaluate(
        Seeing(("cow", "dog", "cat")),
        dataset(*pictures, names=["cat", "toaster"]),
        progress=lambda place, count: done.append((place, count)),
    )
    assert scores.names == ("cat",)
    assert scores.ap == 1
    assert done == [(1, 2), (2, 2)]


def test_pictures_that_cannot_be_read_are_left_out_and_counted(tmp_path: Path) -> None:
    good, bad = _on_disk(tmp_path, "a.png", "b.png")
    bad.file.write_bytes(b"no picture")
    looked = look(Seeing(("cat", "dog")), dataset(good, bad, names=["cat", "dog"]))
    assert len(looked.found) == len(looked.seconds) == len(looked.dataset.pictures) == 1
    assert looked.dataset.notes == ("1 of 2 pictures cannot be read and are left out: b.png.",)
    good.file.unlink()
    with pytest.raises(OnlookerError, match="None of the pictures can be read"):
        look(Seeing(("cat", "dog")), dataset(good, bad, names=["cat", "dog"]))


def test_a_detector_of_other_classes_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(OnlookerError, match=r"knows none of the classes.*it knows bolt.*they show cat"):
        evaluate(Seeing(("bolt",)), dataset(*_on_disk(tmp_path, "a.png"), names=["cat", "dog"]))


def test_without_pycocotools_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pycocotools.coco", None)
    with pytest.raises(OnlookerError, match=r"pip install 'onlooker\[training\]'"):
        coco_reference.average_precision([things()], dataset(picture([NEAR], [0])))
