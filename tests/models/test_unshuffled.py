"""The detector that forms are made of has no channel shuffles, and gives what the trained one gives."""

from __future__ import annotations

from itertools import chain
from typing import Any

import pytest
import torch

from models.detector import ONLOOKER_M, SMALL, Detector, DetectorDesign
from models.unshuffled import Unshuffled, plan

DESIGNS = {
    "Onlooker-M": ONLOOKER_M,
    "one unit a stage": DetectorDesign(stem=8, widths=(16, 24, 32), units=(1, 1, 1), neck=16, classes=3),
    "odd halves": DetectorDesign(stem=6, widths=(10, 22, 34), units=(2, 5, 3), neck=16, head_layers=1, classes=2),
}


def _with_any_weights(design: DetectorDesign) -> Detector:
    torch.manual_seed(1)
    detector = Detector(design).eval()
    with torch.no_grad():
        for parameter in detector.parameters():
            parameter.copy_(torch.randn_like(parameter) / (parameter[0].numel() ** 0.5 if parameter.dim() > 1 else 10))
    return detector


@pytest.mark.parametrize("name", DESIGNS)
@pytest.mark.parametrize("size", [(64, 96), (96, 32)])
def test_without_shuffles_the_outputs_are_the_same(name: str, size: tuple[int, int]) -> None:
    detector = _with_any_weights(DESIGNS[name])
    before = {key: value.clone() for key, value in detector.state_dict().items()}
    pictures = torch.randn(2, 3, *size)
    quick = detector.quick()
    with torch.inference_mode():
        expected, found = detector(pictures), quick(pictures)
    for key, values in expected.items():
        assert float(values.abs().max()) > 0.1  # or equality would mean little
        assert torch.allclose(found[key], values, atol=2e-5, rtol=2e-5), key
    assert isinstance(quick.backbone, Unshuffled)
    assert all(bool((value == before[key]).all()) for key, value in detector.state_dict().items())
    assert quick.quick() is quick


@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")
def test_the_traced_one_shuffles_nothing() -> None:
    detector = _with_any_weights(DESIGNS["odd halves"])
    pictures = torch.zeros(1, 3, 64, 64)
    trace: Any = torch.jit.trace
    written = [str(trace(one.backbone, pictures).inlined_graph) for one in (detector, detector.quick())]
    assert ["channel_shuffle" in text for text in written] == [True, False]


def test_what_is_built_without_shuffles_stays_as_it_is() -> None:
    detector = Detector(SMALL)
    assert detector.quick() is detector


@pytest.mark.parametrize("units", [1, 2, 4, 8])
@pytest.mark.parametrize("width", [2, 10, 176])
def test_every_channel_goes_to_one_taker_and_none_is_lost(units: int, width: int) -> None:
    planned = plan(units, width)
    assert all(sorted(maker) == list(range(width // 2)) for maker in planned.makers)
    assert all(sum(parts) == width // 2 for parts in planned.parts)
    for place, taker in enumerate(planned.takers):
        assert sorted(taker) == list(range(width if place == units - 1 else width // 2))
        assert sum(parts[place] for parts in planned.parts) == len(taker)
    assert sum(chain.from_iterable(planned.parts)) == (units + 1) * (width // 2)
