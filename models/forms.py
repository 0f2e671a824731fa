"""Makes OpenVINO forms of networks: torch modules traced, converted and stored. Runs as a child process.

    python -m models.forms --cache FOLDER KEY…     forms of these networks into a cache folder
    python -m models.forms --all FOLDER            forms of all networks, as a bundle ships them (resources/forms)

It says how far it is on stdout, a line each: a part 0..1, then what is being done; what went wrong is one line that
begins with "error: ". A child, because importing torch stalls all threads of a process for a good part of a second.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models import runtime, shelf
from models.catalogue import NETWORKS, Network
from models.errors import NetworkError, OnlookerError
from models.weights import build

ERROR = "error: "


def convert(network: Network) -> Any:
    """The network as an OpenVINO model: `pictures` (N, H, W, 3) BGR uint8, any N, in; outputs by their names, f32.

    Maps come as (N, H, W, C). Raises NetworkError as `weights.build` does, ImportError without torch.
    """
    import torch

    from models.layers import OnPictures

    ov = runtime.openvino()
    module = OnPictures(build(network), network.low, network.high).eval()
    example = torch.zeros((2, *network.input, 3), dtype=torch.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own, of tracing, which the comparison with stored answers covers
        model = ov.convert_model(module, example_input=example, input=[ov.PartialShape([-1, *network.input, 3])])
    model.inputs[0].get_tensor().set_names({"pictures"})
    for output, name in zip(model.outputs, network.outputs, strict=True):
        output.get_tensor().set_names({name})
    return model


def make(network: Network, folder: Path) -> None:
    """Write the network's form, whole or not at all. Raises NetworkError, and OSError where it cannot be written."""
    model = convert(network)
    with shelf.replacing(folder) as part:
        # Said because the default stores 16 bits.
        runtime.openvino().save_model(model, str(part / shelf.XML), compress_to_fp16=False)
        (part / shelf.FACTS).write_text(json.dumps(shelf.facts(network), indent=1), encoding="utf-8")


def main(argv: Sequence[str]) -> int:
    """The command; 0 where all forms were made."""
    parser = argparse.ArgumentParser(prog="python -m models.forms", description="Makes OpenVINO forms of networks.")
    parser.add_argument("keys", nargs="*", choices=[*NETWORKS, []], metavar="KEY", help="networks")
    parser.add_argument("--cache", type=Path, help="the cache folder that gets them")
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="make all, as a bundle ships them")
    arguments = parser.parse_args(argv)
    if arguments.all is not None:
        wanted = [(network, arguments.all / network.key) for network in NETWORKS.values()]
        shutil.rmtree(arguments.all, ignore_errors=True)
    elif arguments.cache is not None and arguments.keys:
        networks = [NETWORKS[key] for key in arguments.keys]
        wanted = [(network, shelf.place(network, arguments.cache)) for network in networks]
    else:
        parser.error("name networks and a cache folder, or --all")
    try:
        _say(0.0, "Starting torch")
        for done, (network, folder) in enumerate(wanted):
            _say((done + 0.5) / (len(wanted) + 0.5), f"Preparing {network.title}")
            make(network, folder)
    except OnlookerError as error:
        sys.stdout.write(f"{ERROR}{error}\n")
        return 1
    except OSError as error:
        sys.stdout.write(f"{ERROR}{NetworkError(f'The prepared networks could not be stored: {error}.')}\n")
        return 1
    _say(1.0, "Networks are prepared")
    return 0


def _say(part: float, text: str) -> None:
    sys.stdout.write(f"{part:.3f} {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
