"""Puts trained weights into the program: the weights file, its entry in the manifest, and the answers to check it by.

    python -m models.training.shipping WEIGHTS --facts FACTS.json [--key onlooker-m]      (in the repository's root)

`WEIGHTS`: parameters by name, .npz as `models.training` keeps them, .safetensors, or .pt. They are stored as 16-bit
floats; what is compared later is what these give. There is no other original than the torch module: the stored answers
are its own, in f32 and evaluation mode, for the portrait that the other networks are checked with. `FACTS.json` is an
object that tells where the weights come from (origin, data, command, seed, date, figures); it becomes part of the
entry. The network must be in the catalogue. Needs the extra `dev` (scikit-image has the portrait).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save

from models.catalogue import DETECTOR, NETWORKS, Network
from models.checking import ANSWERS, kept
from models.errors import NetworkError, OnlookerError
from models.layers import NamedOutputs, OnPictures
from models.porting.arrays import write_arrays
from models.porting.pictures import stored_input
from models.weights import MANIFEST, manifest, unfilled

LARGEST = 6_000_000
"""Bytes that a weights file may have."""

Arrays = dict[str, NDArray[Any]]


def ship(network: Network, parameters: Mapping[str, NDArray[Any]], facts: Mapping[str, Any], folder: Path) -> None:
    """Write weights, entry and answers of a network into `folder`, where the others' are.

    `parameters`: by name. Raises NetworkError where they do not fit the network, hold what is no number or more than
    16-bit floats can, or are too large; OSError where something cannot be written.
    """
    halves = {name: np.ascontiguousarray(values, np.float16) for name, values in sorted(parameters.items())}
    if not all(np.isfinite(values).all() for values in halves.values()):
        raise NetworkError(f"The weights of {network.key} hold what is no number, or more than 16 bits can.")
    data = save(halves)
    if len(data) > LARGEST:
        raise NetworkError(f"The weights of {network.key} take {len(data)} bytes; {LARGEST} are the most.")
    answers = _answers(network, halves)
    entry = {
        "file": network.weights,
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "parameters": sum(values.size for values in halves.values()),
        "licence": network.licence,
        **facts,
        "checked_against": {"what": "the torch module with these weights, f32, evaluation mode, without a form"},
    }
    (folder / network.weights).write_bytes(data)
    enter([entry], folder)
    path = folder / Path(ANSWERS).name
    with np.load(path) as archive:
        others = {name: archive[name] for name in archive.files if not name.startswith(f"{network.key}/")}
    write_arrays(path, others | answers)


def enter(entries: Sequence[Mapping[str, Any]], folder: Path) -> None:
    """Put entries into the manifest in `folder`, in the place of those of the same files or behind all others."""
    files = manifest(folder) | {entry["file"]: entry for entry in entries}
    text = json.dumps({"version": 1, "files": list(files.values())}, indent=2, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def filled(network: Network, parameters: Mapping[str, NDArray[Any]]) -> NamedOutputs:
    """The network's module with these parameters, in f32 and evaluation mode. Raises NetworkError."""
    module = unfilled(network)
    try:
        module.load_state_dict(
            {name: torch.from_numpy(values.astype(np.float32)) for name, values in parameters.items()}
        )
    except RuntimeError as error:
        raise NetworkError(f"These weights are not those of {network.title}: {error}") from error
    return module.eval().requires_grad_(False)


def read(path: Path) -> Arrays:
    """Parameters by name. Raises OnlookerError where the file holds none."""
    try:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as archive:
                return {name: archive[name] for name in archive.files}
        if path.suffix == ".safetensors":
            return dict(load_tensors(path.read_bytes()))
        state = torch.load(path, map_location="cpu", weights_only=True)
        return {name: tensor.float().numpy() for name, tensor in state.items()}
    except Exception as error:  # each format has errors of its own
        raise OnlookerError(f"{path} holds no weights that can be read: {error}.") from error


def _answers(network: Network, parameters: Mapping[str, NDArray[Any]]) -> Arrays:
    """The stored picture as "key/input", the module's outputs for it as "key/output", thinned."""
    picture = stored_input(network)
    module = OnPictures(filled(network, parameters), network.low, network.high).eval()
    with torch.inference_mode():
        found = module(torch.from_numpy(np.ascontiguousarray(picture[None, ..., ::-1])))
    arrays: Arrays = {f"{network.key}/input": picture}
    for name, values in zip(network.outputs, found, strict=True):
        arrays[f"{network.key}/{name}"] = np.ascontiguousarray(kept(network, name, values.numpy()))
    return arrays


def main(argv: Sequence[str]) -> int:
    """The command; 0 where all was written."""
    parser = argparse.ArgumentParser(prog="python -m models.training.shipping", description=__doc__)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--facts", type=Path, required=True)
    parser.add_argument("--key", choices=NETWORKS, default=DETECTOR)
    arguments = parser.parse_args(argv)
    folder = Path.cwd() / "resources" / "weights"
    if not (folder / MANIFEST).exists():
        parser.error("run this in the repository's root: it writes resources/weights")
    try:
        facts = json.loads(arguments.facts.read_text(encoding="utf-8"))
        ship(NETWORKS[arguments.key], read(arguments.weights), facts, folder)
    except (OSError, ValueError, OnlookerError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
