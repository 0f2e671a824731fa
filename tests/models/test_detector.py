"""The fully convolutional detector: any size, the same answer wherever a thing stands, fields as computed."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from safetensors.numpy import save_file
from torch import Tensor, nn

from models import boxes, cells, fitting, receptive
from models.backbone import Backbone
from models.detector import Detector, DetectorDesign
from models.errors import NetworkError
from models.heads import PRIOR
from models.layers import Conv
from models.porting import nanodet

SMALL = DetectorDesign(stem=4, widths=(4, 6, 8), units=(1, 1, 1), neck=4, head_layers=0, classes=3, bins=4)
DEEP = DetectorDesign(stem=4, widths=(8, 8, 8), units=(4, 8, 4), neck=4, head_layers=2, classes=1, bins=2)


@pytest.fixture(autouse=True)
def same_weights_each_time() -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def parts(detector: Detector) -> nn.Module:
    """Picture in, maps of all levels out."""
    return nn.Sequential(detector.backbone, detector.neck, detector.heads)


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("size", [(192, 192), (416, 416), (192, 320), (640, 384), (224, 608)])
def test_every_size_that_is_a_multiple_of_32_gives_a_row_for_each_cell(size: tuple[int, int], count: int) -> None:
    detector = Detector(SMALL).eval()
    height, width = size
    with torch.inference_mode():
        found = detector(torch.zeros(count, 3, height, width))
        levels = detector.levels(torch.zeros(count, 3, height, width))
    cells_there = len(cells.grid(height, width))
    assert cells_there == sum(math.ceil(height / stride) * math.ceil(width / stride) for stride in cells.STRIDES)
    assert found["scores"].shape == (count, cells_there, SMALL.classes)
    assert found["sides"].shape == (count, cells_there, 4 * SMALL.bins)
    assert [tuple(level.shape[2:]) for level in levels] == [
        (math.ceil(height / stride), math.ceil(width / stride)) for stride in cells.STRIDES
    ]


def test_pictures_of_a_batch_do_not_see_each_other() -> None:
    detector = Detector(SMALL).eval()
    pictures = torch.randn(3, 3, 192, 224)
    with torch.inference_mode():
        together = detector(pictures)
        alone = [detector(picture[None]) for picture in pictures]
    for name, values in together.items():
        assert torch.allclose(values, torch.cat([found[name] for found in alone]), atol=1e-5)


def test_rows_of_an_output_stand_in_the_order_of_the_grid() -> None:
    detector = Detector(SMALL).eval()
    with torch.inference_mode():
        picture = torch.randn(1, 3, 192, 256)
        scores, levels = detector(picture)["scores"], detector.levels(picture)
    cell = np.flatnonzero((cells.grid(192, 256).strides == 16) & (cells.grid(192, 256).places == (48, 32)).all(1))
    assert torch.equal(scores[0, int(cell[0])], levels[1][0, : SMALL.classes, 2, 3])


def test_outputs_that_nobody_wants_are_not_given_and_unknown_ones_are_refused() -> None:
    assert list(Detector(SMALL, ["sides"])(torch.zeros(1, 3, 192, 192))) == ["sides"]
    with pytest.raises(ValueError, match="not"):
        Detector(SMALL, ["boxes"])


def test_before_training_every_class_has_the_prior_score() -> None:
    head = [part for part in Detector(SMALL).heads.modules() if isinstance(part, Conv)][-1]
    assert head.bias is not None
    assert torch.allclose(head.bias[: SMALL.classes].sigmoid(), torch.tensor(PRIOR))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"input": (416, 400)}, id="400 is no multiple of 32"),
        pytest.param({"input": (0, 416)}, id="no picture"),
        pytest.param({"widths": (175, 352, 704)}, id="a unit shares channels in halves"),
        pytest.param({"neck": 127}, id="a ghost too"),
        pytest.param({"units": (4, 0, 4)}, id="a stage without units makes no map"),
        pytest.param({"classes": 0}, id="nothing to find"),
        pytest.param({"bins": 1}, id="no distance but 0"),
        pytest.param({"deviation": (1.0, 0.0, 1.0)}, id="division by zero"),
    ],
)
def test_a_design_that_makes_no_network_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must be|has a stem"):
        DetectorDesign(**change)


def test_what_a_design_makes_of_black_and_white_is_its_mean_and_deviation() -> None:
    design = DetectorDesign(mean=(10.0, 20.0, 30.0), deviation=(2.0, 4.0, 5.0))
    assert np.allclose(design.low, [-5, -5, -6])
    assert np.allclose(design.high, [122.5, 58.75, 45])


def test_a_shift_by_the_coarsest_stride_shifts_the_answers_of_all_that_sees_no_edge() -> None:
    detector = Detector(SMALL).double().eval()
    stride, width = max(cells.STRIDES), 1024
    scene = torch.randn(1, 3, 192, width + stride, dtype=torch.double)
    with torch.inference_mode():
        there, moved = detector.levels(scene[..., :-stride]), detector.levels(scene[..., stride:])
    for field, before, after in zip(receptive.fields(parts(detector)), there, moved, strict=True):
        step = stride // field.stride
        inside = [
            cell
            for cell in range(step, width // field.stride)
            if field.seen(cell - step)[0] >= 0 and field.seen(cell)[1] < width
        ]
        assert inside
        earlier = [cell - step for cell in inside]
        assert torch.allclose(before[..., inside], after[..., earlier], rtol=1e-9, atol=1e-12)


def only_adding(detector: Detector) -> Detector:
    """With positive weights and no bias, in float64, nothing cancels: what sees a lit pixel is above zero."""
    with torch.no_grad():
        for part in detector.modules():
            if isinstance(part, Conv) and part.bias is not None:
                part.weight.fill_(1 / part.weight[0].numel())
                part.bias.zero_()
    return detector.double().eval()


@pytest.mark.parametrize("design", [SMALL, DEEP], ids=["small", "as deep as the product's"])
@pytest.mark.parametrize("across", [True, False], ids=["columns", "rows"])
def test_a_lit_pixel_is_seen_by_exactly_the_cells_whose_field_holds_it(design: DetectorDesign, across: bool) -> None:
    detector = only_adding(Detector(design))
    length = 64 * (12 if design is SMALL else 28)
    for pixel in (length // 2, length // 2 + 37):
        picture = torch.zeros(1, 3, 32, length, dtype=torch.double)
        picture[..., 16, pixel] = 1
        with torch.inference_mode():
            levels = detector.levels(picture if across else picture.transpose(2, 3).contiguous())
        for stride, field, level in zip(cells.STRIDES, receptive.fields(parts(detector)), levels, strict=True):
            assert field.stride == stride
            lit = level[0].sum(0).sum(0 if across else 1).nonzero()[:, 0].tolist()
            seen = [field.seen(cell) for cell in range(length // stride)]
            assert lit == [cell for cell, (first, last) in enumerate(seen) if first <= pixel <= last]
            assert 0 < len(lit) < len(seen)


def test_the_middle_of_what_the_trunk_sees_is_the_place_of_the_cell() -> None:
    for field in receptive.fields(Backbone(24, (176, 352, 704), (4, 8, 4))):
        assert len(field.reaches) == 1
        assert field.reaches[0][0] == -field.reaches[0][1]


def test_fields_of_known_layers_are_those_of_the_textbook() -> None:
    class Pair(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = Conv(3, 1, 3, 2, centred=True)
            self.second = Conv(1, 1, 3, 2)  # TensorFlow's: nothing before, one after

        def forward(self, x: Tensor) -> list[Tensor]:
            first = self.first(x)
            return [first, self.second(first)]

    fine, coarse = receptive.fields(Pair())
    assert (fine.stride, fine.reaches, fine.size) == (2, ((-1, 1),), 3)
    assert (coarse.stride, coarse.reaches, coarse.size) == (4, ((-1, 5),), 7)


def test_a_layer_whose_way_with_places_is_not_known_is_named() -> None:
    class Turned(nn.Module):
        def forward(self, x: Tensor) -> list[Tensor]:
            return [torch.rot90(x, 1, (2, 3))]

    with pytest.raises(ValueError, match="rot90"):
        receptive.fields(Turned())


def test_the_start_weights_are_read_whole_and_see_nothing_on_an_empty_wall(shared_models: Path) -> None:
    detector = nanodet.read(shared_models / nanodet.FILE)
    assert sum(parameter.numel() for parameter in detector.parameters()) == 2_461_080
    with torch.inference_mode():
        empty = detector(torch.zeros(1, 3, 192, 320))["scores"].sigmoid()
    assert float(empty.max()) < 0.3


def test_the_start_weights_find_large_things_where_they_are(shared_models: Path, shared_data: Path) -> None:
    detector = nanodet.read(shared_models / nanodet.FILE)
    folder = shared_data / "objects" / "coco-val"
    labels = json.loads((folder / "annotations.json").read_text(encoding="utf-8"))
    ids = sorted(category["id"] for category in labels["categories"])
    found = wanted = 0
    for picture in labels["images"][:12]:
        pixels = np.asarray(cv2.imread(str(folder / picture["file_name"])), np.uint8)
        shown, fit = fitting.stretch(pixels, 416, 416)
        scaled = (shown[..., ::-1] - np.array(detector.design.mean)) / np.array(detector.design.deviation)
        with torch.inference_mode():
            raw = detector(torch.from_numpy(scaled.astype(np.float32).transpose(2, 0, 1)[None]))
        things = cells.things(raw["scores"][0].numpy(), raw["sides"][0].numpy(), cells.grid(416, 416), 0.3)
        places = fit.back(things.boxes)
        for label in labels["annotations"]:
            if label["image_id"] == picture["id"] and label["area"] > 96**2 and not label["iscrowd"]:
                x, y, width, height = label["bbox"]
                overlaps = boxes.iou(np.array([[x, y, x + width, y + height]], np.float32), places)[0]
                wanted += 1
                found += bool((overlaps[things.classes == ids.index(label["category_id"])] > 0.6).any())
    assert wanted > 10
    assert found > 0.7 * wanted, f"{found} of {wanted}"


def stored(folder: Path) -> tuple[Path, dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float16]]]]:
    """A file as the published one, with random weights."""
    state = Detector(nanodet.DESIGN).state_dict()
    tensors = {nanodet.theirs(name): values.numpy().astype(np.float16) for name, values in state.items()}
    save_file(tensors, folder / nanodet.FILE)
    return folder / nanodet.FILE, tensors


def test_every_tensor_of_a_start_file_lands_in_a_parameter_and_blue_becomes_red(tmp_path: Path) -> None:
    path, tensors = stored(tmp_path)
    detector = nanodet.read(path)
    state = detector.state_dict()
    assert len(tensors) == len(state) == len({nanodet.theirs(name) for name in state})
    assert not detector.training
    for name, values in state.items():
        expected = tensors[nanodet.theirs(name)].astype(np.float32)
        assert np.array_equal(values.numpy(), expected[:, ::-1] if name == nanodet.FIRST else expected)


def test_a_start_file_of_another_network_is_refused_with_the_tensor_that_does_not_fit(tmp_path: Path) -> None:
    path, tensors = stored(tmp_path)
    save_file(tensors | {"head.4.0.bias": np.zeros(1, np.float16)}, path)
    with pytest.raises(NetworkError, match=r"head\.4\.0\.bias has no place"):
        nanodet.read(path)
    save_file(tensors | {"reduce.1.bias": np.zeros(1, np.float16)}, path)
    with pytest.raises(NetworkError, match=r"reduce\.1\.bias is \(1,\), not \(128,\)"):
        nanodet.read(path)
    save_file({name: values for name, values in tensors.items() if name != "conv1.bias"}, path)
    with pytest.raises(NetworkError, match=r"conv1\.bias is missing"):
        nanodet.read(path)
    path.write_bytes(b"nothing")
    with pytest.raises(NetworkError, match="cannot be read"):
        nanodet.read(path)
