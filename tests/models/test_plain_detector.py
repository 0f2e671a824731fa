"""The detector of plain convolutions: folded it does what it was trained to do, and sees what is computed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from torch import nn

from models import cells, detector, receptive
from models.detector import Detector, DetectorDesign, folded
from models.layers import Conv
from models.plain import Branches, Plain

DESIGN = DetectorDesign(
    stem=4, widths=(6, 8, 8), units=(3, 2, 1), neck=4, head_layers=1, classes=3, bins=4, blocks="plain", branches=True
)


@pytest.fixture(autouse=True)
def same_weights_each_time() -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def after_training(module: nn.Module) -> nn.Module:
    """With norms as training leaves them: nothing is 0 or 1."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d) and part.running_mean is not None and part.running_var is not None:
            nn.init.uniform_(part.weight, 0.5, 2.0)
            nn.init.normal_(part.bias)
            part.running_mean.normal_()
            part.running_var.uniform_(0.2, 3.0)
    return module.double().eval()


@pytest.mark.parametrize(("inputs", "outputs", "stride"), [(5, 5, 1), (5, 7, 1), (5, 5, 2), (3, 8, 2)])
@pytest.mark.parametrize("size", [(8, 8), (7, 9)])
def test_one_convolution_does_what_its_branches_do(
    inputs: int, outputs: int, stride: int, size: tuple[int, int]
) -> None:
    branches = after_training(Branches(inputs, outputs, stride))
    assert isinstance(branches, Branches)
    x = torch.randn(2, inputs, *size, dtype=torch.double)
    assert torch.allclose(branches(x), branches.fold()(x), rtol=1e-12, atol=1e-12)


def test_a_folded_detector_gives_what_the_trained_one_gives() -> None:
    trained = Detector(DESIGN)
    after_training(trained)
    plain = folded(trained)
    assert plain.design == replace(DESIGN, branches=False)
    assert not any(isinstance(part, nn.BatchNorm2d | Branches) for part in plain.modules())
    picture = torch.randn(2, 3, 96, 160, dtype=torch.double)
    with torch.inference_mode():
        expected, given = trained(picture), plain(picture)
    for name, values in expected.items():
        assert torch.allclose(values, given[name], rtol=1e-9, atol=1e-9)


def test_what_has_no_branches_cannot_be_folded_and_shuffle_units_have_none() -> None:
    with pytest.raises(ValueError, match="no branches to fold"):
        folded(Detector(replace(DESIGN, branches=False)))
    with pytest.raises(ValueError, match="must be those of plain blocks"):
        DetectorDesign(branches=True)


def parts(whole: Detector) -> nn.Module:
    """Picture in, maps of all levels out."""
    return nn.Sequential(whole.backbone, whole.neck, whole.heads)


def test_branches_see_what_the_folded_convolution_sees() -> None:
    trained = Detector(DESIGN).eval()
    assert receptive.fields(parts(trained)) == receptive.fields(parts(folded(trained)))


@pytest.mark.parametrize(
    "design",
    [replace(DESIGN, branches=False), replace(detector.SMALL, stem=2, widths=(2, 2, 2), neck=2, classes=1, bins=2)],
    ids=["small", "as deep as Onlooker-S"],
)
@pytest.mark.parametrize("across", [True, False], ids=["columns", "rows"])
def test_a_lit_pixel_is_seen_by_exactly_the_cells_whose_field_holds_it(design: DetectorDesign, across: bool) -> None:
    whole = Detector(design)
    with torch.no_grad():  # with positive weights and no bias nothing cancels
        for part in whole.modules():
            if isinstance(part, Conv) and part.bias is not None:
                part.weight.fill_(1 / part.weight[0].numel())
                part.bias.zero_()
    whole.double().eval()
    length = 64 * 14
    for pixel in (length // 2, length // 2 + 37):
        picture = torch.zeros(1, 3, 32, length, dtype=torch.double)
        picture[..., 16, pixel] = 1
        with torch.inference_mode():
            levels = whole.levels(picture if across else picture.transpose(2, 3).contiguous())
        for stride, field, level in zip(cells.STRIDES, receptive.fields(parts(whole)), levels, strict=True):
            assert field.stride == stride
            lit = level[0].sum(0).sum(0 if across else 1).nonzero()[:, 0].tolist()
            seen = [field.seen(cell) for cell in range(length // stride)]
            assert lit == [cell for cell, (first, last) in enumerate(seen) if first <= pixel <= last]
            assert 0 < len(lit) < len(seen)


def test_onlooker_s_is_made_of_nothing_but_dense_convolutions_and_relu() -> None:
    small = Detector(detector.SMALL)
    convolutions = [part for part in small.modules() if isinstance(part, Conv)]
    assert all(part.groups == 1 for part in convolutions)
    assert not any(isinstance(part, nn.LeakyReLU) for part in small.modules())
    assert all(part.conv.kernel_size == (3, 3) for part in small.modules() if isinstance(part, Plain))
    assert sum(parameter.numel() for parameter in small.parameters()) < 1_000_000


@pytest.mark.parametrize("last", [False, True], ids=["channels first", "channels last in memory"])
def test_gradients_reach_every_branch(last: bool) -> None:
    trained = Detector(DESIGN).train()
    found = trained(torch.randn(2, 64, 64, 3).permute(0, 3, 1, 2) if last else torch.randn(2, 3, 64, 64))
    (found["scores"].square().sum() + found["sides"].square().sum()).backward()
    assert all(parameter.grad is not None for parameter in trained.parameters())
