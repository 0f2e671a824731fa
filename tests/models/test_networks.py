"""Our networks give what Google's interpreter gave for the same pictures, and only what was asked for."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import resources
from models.catalogue import NETWORKS, Network
from models.checking import ANSWERS, kept
from models.layers import Conv, NamedOutputs, channels_to_space
from models.weights import build, load, manifest

DATA = resources.path(ANSWERS)
TOLERANCE = 1e-3  # of the range of an output
SHAPES = {
    "face-detector-short": {"boxes": (896, 16), "scores": (896,)},
    "face-detector-full": {"boxes": (2304, 16), "scores": (2304,)},
    "face-mesh": {"points": (468, 3), "presence": ()},
    "body-detector": {"boxes": (2254, 12), "scores": (2254,)},
    "body-landmarks": {
        "points": (39, 5),
        "presence": (),
        "world": (39, 3),
        "heatmap": (39, 64, 64),
        "mask": (256, 256),
    },
}
EACH = [(key, output) for key, outputs in SHAPES.items() for output in outputs]


def scaled(network: Network, pictures: NDArray[np.uint8]) -> torch.Tensor:
    """(N, H, W, 3) RGB -> (N, 3, H, W) in the range that the network wants."""
    low, high = np.asarray(network.low), np.asarray(network.high)
    values = pictures.astype(np.float32) / 255 * (high - low) + low
    return torch.from_numpy(np.ascontiguousarray(values.transpose(0, 3, 1, 2), np.float32))


def whole(key: str) -> NamedOutputs:
    """The network with everything that its class can give."""
    return build(NETWORKS[key], tuple(SHAPES[key]))


@pytest.mark.parametrize(("key", "output"), EACH)
def test_every_output_is_the_original_interpreters(key: str, output: str) -> None:
    with np.load(DATA) as golden:
        picture, expected = golden[f"{key}/input"], golden[f"{key}/{output}"]
    with torch.inference_mode():
        found = whole(key)(scaled(NETWORKS[key], picture[None]))[output].numpy()
    found = kept(NETWORKS[key], output, found)
    assert found.shape == expected.shape
    spread = float(np.ptp(expected)) if expected.size > 1 else max(1.0, float(np.abs(expected).max()))
    assert float(np.abs(found - expected).max()) <= TOLERANCE * spread


def test_the_stored_picture_shows_a_face_and_a_body_so_that_parity_means_something() -> None:
    with np.load(DATA) as golden:
        assert golden["face-detector-short/scores"].max() > 1
        assert golden["face-detector-full/scores"].max() > 1
        assert golden["body-detector/scores"].max() > 1
        assert golden["face-mesh/presence"].item() > 1
        assert golden["body-landmarks/presence"].item() > 0.5


@pytest.mark.parametrize("key", SHAPES)
def test_a_batch_gives_each_pictures_own_answer(key: str) -> None:
    network, module = NETWORKS[key], whole(key)
    height, width = network.input
    pictures = np.random.default_rng(1).integers(0, 256, (2, height, width, 3), np.uint8)
    with torch.inference_mode():
        together = module(scaled(network, pictures))
        second = module(scaled(network, pictures[1:]))
    assert {name: tuple(values.shape[1:]) for name, values in together.items()} == SHAPES[key]
    for name, values in together.items():
        spread = float(np.ptp(values[1].numpy())) or 1.0
        assert float((values[1] - second[name][0]).abs().max()) <= TOLERANCE * spread


@pytest.mark.parametrize("network", NETWORKS.values(), ids=lambda network: network.key)
def test_a_network_gives_the_outputs_that_the_catalogue_names(network: Network) -> None:
    with torch.inference_mode():
        found = build(network)(torch.zeros(1, 3, *network.input))
    assert tuple(found) == network.outputs


@pytest.mark.parametrize(("key", "output"), EACH)
def test_one_output_alone_is_the_same_as_among_all(key: str, output: str) -> None:
    network = NETWORKS[key]
    pictures = scaled(network, np.random.default_rng(2).integers(0, 256, (1, *network.input, 3), np.uint8))
    with torch.inference_mode():
        alone = build(network, (output,))(pictures)
        assert tuple(alone) == (output,)
        assert torch.allclose(alone[output], whole(key)(pictures)[output], rtol=1e-4, atol=1e-4)


def test_without_mask_and_heat_map_their_branches_do_not_run() -> None:
    module = build(NETWORKS["body-landmarks"], ("points", "presence", "world"))
    ran = set()
    for name, part in module.named_modules():
        if isinstance(part, torch.nn.Conv2d):
            part.register_forward_hook(lambda *_, name=name: ran.add(name.split(".")[0]))
    with torch.inference_mode():
        module(torch.zeros(1, 3, 256, 256))
    assert ran == {"trunk", "head", "points", "presence", "world"}


@pytest.mark.parametrize("outputs", [(), ("points", "hair")], ids=["nothing", "unknown"])
def test_outputs_that_cannot_be_given_are_refused(outputs: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="FaceMesh gives"):
        build(NETWORKS["face-mesh"], outputs)


def test_padding_is_tensorflows_same() -> None:
    # At stride 2 TensorFlow pads 3x3 by one column on the right only: the first output starts at the first pixel.
    conv = Conv(1, 1, 3, 2)
    assert conv.bias is not None
    with torch.no_grad():
        conv.weight.fill_(1.0)
        conv.bias.zero_()
        assert conv(torch.ones(1, 1, 4, 4))[0, 0].tolist() == [[9.0, 6.0], [6.0, 4.0]]


def test_channels_become_space_in_tensorflows_order() -> None:
    # TensorFlow's documentation of depth_to_space: channels (1..12) of one pixel, three of them in each new pixel.
    made = channels_to_space(torch.arange(1.0, 13.0).reshape(1, 12, 1, 1))
    assert made[0].permute(1, 2, 0).tolist() == [[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]]]


@pytest.mark.skipif("ONLOOKER_MEDIAPIPE_WHEEL" not in os.environ, reason="ONLOOKER_MEDIAPIPE_WHEEL names no wheel")
def test_porting_again_gives_the_same_weights_and_golden_data(tmp_path: Path) -> None:
    mediapipe = pytest.importorskip("models.porting.mediapipe", reason="the extra porting is not installed")
    entries = mediapipe.port_all(Path(os.environ["ONLOOKER_MEDIAPIPE_WHEEL"]), tmp_path)
    assert {entry["file"]: entry["sha256"] for entry in entries} == {
        name: entry["sha256"] for name, entry in manifest().items()
    }
    with np.load(DATA) as kept, np.load(tmp_path / "answers.npz") as made:
        assert set(kept.files) == set(made.files)
        for name in kept.files:
            spread = 0.0 if name.endswith("/input") else float(np.ptp(kept[name])) or 1.0
            difference = np.abs(kept[name].astype(np.float64) - made[name].astype(np.float64)).max()
            assert difference <= TOLERANCE * spread, name


def test_parameters_are_as_many_as_the_manifest_says() -> None:
    entries = manifest()
    for network in NETWORKS.values():
        tensors = load(network)
        assert sum(tensor.size for tensor in tensors.values()) == entries[network.weights]["parameters"]
