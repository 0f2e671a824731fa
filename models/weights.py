"""The weights that ship with the program: which files, whether they are whole, and networks made of them."""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors

import resources
from models.catalogue import Network
from models.errors import NetworkError

if TYPE_CHECKING:
    from models.layers import NamedOutputs

MANIFEST = "manifest.json"
_REPAIR = "Install Onlooker again."


def manifest(folder: Path | None = None) -> dict[str, Mapping[str, Any]]:
    """What is known of each weights file, by its name: sha256, bytes, origin, licence, checked_against, parameters.

    `folder`: where files lie, resources/weights unless given. Raises NetworkError where the manifest is missing or
    damaged.
    """
    try:
        entries = json.loads(_read(MANIFEST, folder))["files"]
        return {entry["file"]: entry for entry in entries}
    except (ValueError, KeyError, TypeError) as error:
        raise NetworkError(f"The list of weights files ({MANIFEST}) is damaged. {_REPAIR}") from error


def load(network: Network, folder: Path | None = None) -> dict[str, NDArray[np.float32]]:
    """The weights of a network by the names of its parameters, widened to float32.

    Raises NetworkError where the file is missing, is not the one that the manifest names, or cannot be read.
    """
    entry = _entry(network, network.weights, folder)
    data = _whole(network, network.weights, entry, folder)
    try:
        tensors = load_tensors(data)
    except SafetensorError as error:
        raise NetworkError(f"The weights of {network.key} ({network.weights}) cannot be read. {_REPAIR}") from error
    return {name: np.asarray(tensor, np.float32) for name, tensor in tensors.items()}


def quantised_names(network: Network) -> tuple[str, str]:
    """What a network's OpenVINO form for int8 is called in resources/weights: its XML and its weights."""
    stem = Path(network.weights).stem
    return f"{stem}.int8.xml", f"{stem}.int8.bin"


def quantised(network: Network, folder: Path | None = None) -> tuple[bytes, bytes]:
    """The network's form for int8, XML and weights, as `models.training.quantisation` made it.

    Raises NetworkError where a file is missing, is not the one that the manifest names, or was made from other weights
    than the network has.
    """
    found = []
    for name in quantised_names(network):
        entry = _entry(network, name, folder)
        if entry.get("made_from") != _entry(network, network.weights, folder).get("sha256"):
            raise NetworkError(f"{name} was not made from the weights of {network.key}. {_REPAIR}")
        found.append(_whole(network, name, entry, folder))
    return found[0], found[1]


def build(network: Network, outputs: Collection[str] | None = None, folder: Path | None = None) -> NamedOutputs:
    """The torch module of a network with its weights, in evaluation mode; imports torch.

    `outputs`: the names of what it shall give, the network's own unless chosen; any that its builder knows may be.
    Raises NetworkError as `load` does, and where weights do not fit the module; ValueError for an unknown output.
    """
    import torch  # here, not above: the light edition has no torch

    module = unfilled(network, network.outputs if outputs is None else outputs)
    tensors = {key: torch.from_numpy(value) for key, value in load(network, folder).items()}
    try:
        module.load_state_dict(tensors)
    except RuntimeError as error:
        raise NetworkError(f"The weights of {network.key} ({network.weights}) do not fit it. {_REPAIR}") from error
    return module.eval().requires_grad_(False)


def unfilled(network: Network, outputs: Collection[str] | None = None) -> NamedOutputs:
    """The torch module of a network with the weights that it is made with; all outputs unless some are chosen."""
    name, _, builder = network.builder.partition(":")
    module: NamedOutputs = getattr(importlib.import_module(name), builder)(outputs)
    return module


def _entry(network: Network, name: str, folder: Path | None) -> Mapping[str, Any]:
    entry = manifest(folder).get(name)
    if entry is None:
        raise NetworkError(f"The weights of {network.key} ({name}) are in no list of weights. {_REPAIR}")
    return entry


def _whole(network: Network, name: str, entry: Mapping[str, Any], folder: Path | None) -> bytes:
    data = _read(name, folder)
    if hashlib.sha256(data).hexdigest() != entry.get("sha256"):
        raise NetworkError(f"The weights of {network.key} ({name}) are damaged. {_REPAIR}")
    return data


def _read(name: str, folder: Path | None) -> bytes:
    try:
        return (resources.path(f"weights/{name}") if folder is None else folder / name).read_bytes()
    except OSError as error:
        raise NetworkError(f"The weights file {name} is missing or cannot be read. {_REPAIR}") from error
