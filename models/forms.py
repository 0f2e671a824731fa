"""Makes OpenVINO forms of networks: torch modules traced, converted and stored. Runs as a child process.

    python -m models.forms --cache FOLDER [--make KEY]… [--time KEY]… [--sizes KEY]…
    python -m models.forms --all FOLDER        all, as a bundle ships them (resources/forms)

Forms are made first, then precisions are timed, then input sizes in the precision that was chosen.

It says how far it is on stdout, a line each: a part 0..1, then what is being done; what went wrong is one line that
begins with "error: ". A child, because importing torch stalls all threads of a process for a good part of a second.
"""

from __future__ import annotations

import argparse
import copy
import importlib
import json
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from models import precisions, runtime, shelf, sizes
from models.catalogue import NETWORKS, Network
from models.errors import OnlookerError
from models.making import ERROR
from models.weights import build

if TYPE_CHECKING:
    from models.layers import NamedOutputs


def convert(network: Network) -> Any:
    """The network as `traced` gives it, as OpenVINO runs it fastest. Raises as that does."""
    return sliced(traced(network))


def sliced(model: Any) -> Any:
    """An OpenVINO model with a slice in the place of each part of a split, which takes it less time; changed in place.

    Not before a model is quantised: what is quantised once before a split has one scale for all parts.
    """
    ops = importlib.import_module(f"{runtime.openvino().__name__}.opset13")
    for split in [node for node in model.get_ops() if node.get_type_name() == "VariadicSplit"]:
        axis, lengths = (split.input_value(place).get_node().get_data() for place in (1, 2))
        ends = np.cumsum(lengths)
        for part, (begin, end) in enumerate(zip(ends - lengths, ends, strict=True)):
            takers = list(split.output(part).get_target_inputs())
            if takers:
                bounds = (np.array([value], np.int64) for value in (begin, end, 1, int(axis)))
                slice_of = ops.slice(split.input_value(0), *bounds)
                for taker in takers:
                    taker.replace_source_output(slice_of.output(0))
    model.validate_nodes_and_infer_types()
    return model


def traced(network: Network, module: NamedOutputs | None = None) -> Any:
    """The network as an OpenVINO model: `pictures` (N, H, W, 3) BGR uint8, any N, in; outputs by their names, f32.

    H and W are free where the network takes more than one size. Maps come as (N, H, W, C). `module`: another with the
    same inputs and outputs in its place, one that does not ship. Raises NetworkError as `weights.build` does,
    ImportError without torch.
    """
    import torch

    from models.layers import OnPictures

    ov = runtime.openvino()
    built = build(network) if module is None else copy.deepcopy(module)  # `OnPictures` turns its first weights round
    on_pictures = OnPictures(built.quick(), network.low, network.high).eval()
    example = torch.zeros((2, *network.input, 3), dtype=torch.uint8)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # torch's own, that tracing is old
        # Its check runs the network three times more; ours is the comparison with the stored answer.
        trace: Any = torch.jit.trace
        traced = trace(on_pictures, example, check_trace=False)
        sides = (-1, -1) if network.multiple else network.input
        model = ov.convert_model(traced, example_input=example, input=[ov.PartialShape([-1, *sides, 3])])
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
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--cache", type=Path, metavar="FOLDER", help="the cache folder that gets them")
    where.add_argument("--all", type=Path, metavar="FOLDER", help="make all, as a bundle ships them")
    parser.add_argument("--make", action="append", choices=NETWORKS, default=[], help="make this network's form")
    parser.add_argument("--time", action="append", choices=NETWORKS, default=[], help="choose its precision")
    parser.add_argument("--sizes", action="append", choices=NETWORKS, default=[], help="time it at several input sizes")
    parser.add_argument("--threads", type=int, default=2, help="threads of the networks that are timed")
    arguments = parser.parse_args(argv)
    try:
        if arguments.all is not None:
            for network in NETWORKS.values():
                shelf.discard(arguments.all / network.key)
            _make_all([(network, arguments.all / network.key) for network in NETWORKS.values()], 1.0)
        else:
            timed = len(arguments.time) + len(arguments.sizes)
            share = len(arguments.make) / max(len(arguments.make) + timed, 1)
            _make_all([(NETWORKS[key], shelf.place(NETWORKS[key], arguments.cache)) for key in arguments.make], share)
            step = (1 - share) / max(timed, 1)
            _time_all([NETWORKS[key] for key in arguments.time], arguments.cache, arguments.threads, share, step)
            share += step * len(arguments.time)
            _size_all([NETWORKS[key] for key in arguments.sizes], arguments.cache, arguments.threads, share, step)
    except OnlookerError as error:
        sys.stdout.write(f"{ERROR}{error}\n")
        return 1
    except OSError as error:
        sys.stdout.write(f"{ERROR}Prepared networks could not be stored: {error}.\n")
        return 1
    _say(1.0, "Networks are prepared")
    return 0


def _make_all(wanted: Sequence[tuple[Network, Path]], share: float) -> None:
    if wanted:
        _say(0.0, "Starting torch")
        importlib.import_module("torch")
    for done, (network, folder) in enumerate(wanted):
        _say(share * (done + 0.5) / (len(wanted) + 0.5), f"Preparing {network.title}")
        make(network, folder)


def _time_all(networks: Sequence[Network], cache: Path, threads: int, share: float, step: float) -> None:
    for done, network in enumerate(networks):
        _say(share + step * done, f"Timing {network.title}")
        folder = shelf.find(network, cache)
        if folder is not None:
            precisions.keep(network, cache, *precisions.measure(network, shelf.read(folder), threads))


def _size_all(networks: Sequence[Network], cache: Path, threads: int, share: float, step: float) -> None:
    for done, network in enumerate(networks):
        _say(share + step * done, f"Timing {network.title} at several sizes")
        folder = shelf.find(network, cache)
        if folder is not None:
            precision = precisions.chosen(network, cache) or "f32"
            form = precisions.form_of(network, precision, shelf.read(folder))
            sizes.keep(network, precision, cache, threads, sizes.measure(network, form, precision, threads))


def _say(part: float, text: str) -> None:
    sys.stdout.write(f"{part:.3f} {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
