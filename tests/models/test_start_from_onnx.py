"""A training starts from an ONNX of a known design: every convolution finds its own, and what is another is refused."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from models import runtime
from models.classes import COCO
from models.detector import Detector, DetectorDesign
from models.errors import NetworkError, OnlookerError
from models.neck import Ghost
from models.porting.nanodet_onnx import VARIANTS
from models.training import checkpoint, start

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's, of its exporter that needs no package
FOUR = replace(VARIANTS["NanoDet-Plus-m"], classes=4)


class Levels(nn.Module):
    """What an exporter writes of a detector: its levels, B, G, R in."""

    def __init__(self, detector: Detector) -> None:
        super().__init__()
        self.detector = detector
        with torch.no_grad():
            first = detector.get_parameter("backbone.stem.0.weight")
            first.copy_(first.flip(1))

    def forward(self, x: Tensor) -> list[Tensor]:
        """Its levels."""
        return self.detector.levels(x)


def spelled_out(x: Tensor, groups: int) -> Tensor:
    """A channel shuffle, for which ONNX has no word."""
    count, channels, height, width = x.shape
    return x.view(count, groups, channels // groups, height, width).transpose(1, 2).reshape(x.shape)


def exported(design: DetectorDesign, file: Path, change: Callable[[Detector], None] = lambda _: None) -> Detector:
    """A detector with weights of chance and its ONNX, whose exporter names them as it likes."""
    torch.manual_seed(1)
    kept, detector = Detector(design).eval(), Detector(design).eval()
    detector.load_state_dict(kept.state_dict())
    change(detector)
    with patch.object(functional, "channel_shuffle", spelled_out):
        torch.onnx.export(Levels(detector), (torch.rand(1, 3, 64, 64),), str(file), dynamo=False, opset_version=13)
    return kept


def test_weights_are_those_of_the_file_whatever_they_are_called_there(tmp_path: Path) -> None:
    wanted = exported(FOUR, tmp_path / "four.onnx")
    given = start.network(("a", "b", "c", "d"), tmp_path / "four.onnx").state_dict()
    whole = start.weights(tmp_path / "four.onnx")
    for name, value in wanted.state_dict().items():
        assert torch.equal(whole[name], value), name
        if "heads" not in name or value.shape != given[name].shape:
            assert torch.equal(given[name], value), name
    sides = wanted.get_parameter("heads.levels.0.2.weight")[4:]
    assert torch.equal(given["heads.levels.0.2.weight"][4:], sides)
    checkpoint.write({name: value.numpy() for name, value in given.items()}, tmp_path / "weights.npz")
    settings = {"names": ["a", "b", "c", "d"]}
    checkpoint.save(checkpoint.Checkpoint(1, settings, dict.fromkeys(checkpoint.PARTS, given), []), tmp_path / "state")
    assert start.network(("a", "b"), tmp_path / "weights.npz").design == replace(FOUR, classes=2)


def later_alpha(detector: Detector) -> None:
    for module in detector.neck.modules():
        if isinstance(module, nn.LeakyReLU):
            module.negative_slope = 0.2


class Turned(Ghost):
    """A ghost whose halves lie the other way round."""

    def forward(self, x: Tensor) -> Tensor:
        primary = self.primary(x)
        return torch.cat((self.cheap(primary), primary), 1)


def other_order(detector: Detector) -> None:
    next(module for module in detector.neck.modules() if type(module) is Ghost).__class__ = Turned


@pytest.mark.parametrize("change", [later_alpha, other_order])
def test_what_is_calculated_otherwise_is_refused_though_its_shapes_are_the_same(
    tmp_path: Path, change: Callable[[Detector], None]
) -> None:
    exported(FOUR, tmp_path / "other.onnx", change)
    with pytest.raises(NetworkError, match=r"another design.*NanoDet-Plus-m or NanoDet-Plus-m-1\.5x.*models add"):
        start.network(("a",), tmp_path / "other.onnx")


def test_other_sizes_of_the_design_are_refused(tmp_path: Path) -> None:
    exported(replace(FOUR, widths=(32, 64, 128)), tmp_path / "small.onnx")
    with pytest.raises(NetworkError, match="another design"):
        start.network(("a",), tmp_path / "small.onnx")


@pytest.mark.parametrize("content", [b"", b"no network", None])
def test_what_is_no_onnx_is_refused_in_a_sentence(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "broken.onnx"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(OnlookerError, match=r"broken\.onnx"):
        start.network(("a",), file)


@pytest.mark.skipif("ONLOOKER_MODELS" not in os.environ, reason="no folder of published networks: ONLOOKER_MODELS")
def test_the_published_nanodet_is_a_start_and_gives_what_its_file_gives_and_the_others_are_refused() -> None:
    folder = Path(os.environ["ONLOOKER_MODELS"])
    file = folder / "nanodet_plus_m_416.onnx"
    ours = start.network(COCO, file).eval()
    shown = torch.rand(1, 3, 416, 416, generator=torch.Generator().manual_seed(0))
    compiled = runtime.core().compile_model(str(file), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    theirs = torch.from_numpy(next(iter(compiled(shown.flip(1).numpy()).values())))
    with torch.inference_mode():
        given = ours(shown)
    torch.testing.assert_close(given["scores"].sigmoid(), theirs[..., :80], rtol=0, atol=1e-5)
    torch.testing.assert_close(given["sides"], theirs[..., 80:], rtol=0, atol=1e-3)
    for other in ("yolox_nano.onnx", "deimv2_femto.onnx"):
        with pytest.raises(NetworkError, match="another design"):
            start.network(COCO, folder / other)
