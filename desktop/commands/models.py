"""`onlooker models`: which networks there are, and how they run here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from desktop.commands.options import Debug, Json, Quiet
from desktop.commands.talk import Talk, table

if TYPE_CHECKING:
    from models.catalogue import Network


def models(json: Json = False, quiet: Quiet = False, debug: Debug = False) -> None:
    """List the networks, their licences, and where they run."""
    from models.catalogue import NETWORKS

    talk = Talk(quiet=quiet, debug=debug)
    entries = [_entry(network) for network in NETWORKS.values()]
    if json:
        talk.answer_json(entries)
        return
    rows = [("NETWORK", "WHAT IT IS", "KIND", "INPUT", "PARAMETERS", "WEIGHTS", "LICENCE")]
    rows += [
        (
            entry["key"],
            entry["title"],
            entry["kind"],
            f"{entry['input'][1]}x{entry['input'][0]}",
            f"{entry['parameters']:,}",
            f"{entry['bytes'] / 1e6:.1f} MB",
            entry["licence"],
        )
        for entry in entries
    ]
    talk.answer(table(rows))


def _entry(network: Network) -> dict[str, Any]:
    from models.weights import manifest

    known = manifest()[network.weights]
    return {
        "key": network.key,
        "title": network.title,
        "kind": network.kind,
        "input": list(network.input),
        "outputs": list(network.outputs),
        "parameters": known["parameters"],
        "bytes": known["bytes"],
        "weights": network.weights,
        "sha256": known["sha256"],
        "licence": network.licence,
        "origin": known["origin"],
        "precisions": list(network.precisions),
    }
