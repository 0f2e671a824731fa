"""`onlooker models`: which networks there are, and how they run here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from desktop import folders
from desktop.commands.options import Debug, Json, Quiet
from desktop.commands.talk import Talk, table
from desktop.commands.versions import machine

if TYPE_CHECKING:
    from models.catalogue import Network


def models(json: Json = False, quiet: Quiet = False, debug: Debug = False) -> None:
    """List the networks, their licences, and where they run."""
    from models.catalogue import NETWORKS
    from models.devices import usable_devices

    talk = Talk(quiet=quiet, debug=debug)
    entries = [_entry(network) for network in NETWORKS.values()]
    devices = [device for device in usable_devices() if device.there]
    if json:
        known = [{"device": one.name, "title": one.title, "usable": one.usable, "why": one.reason} for one in devices]
        talk.answer_json({"networks": entries, "devices": known})
        return
    rows = [("NETWORK", "WHAT IT IS", "INPUT", "PARAMETERS", "WEIGHTS", "LICENCE", "ON THE PROCESSOR")]
    rows += [
        (
            entry["key"],
            entry["title"],
            f"{entry['input'][1]}x{entry['input'][0]}",
            f"{entry['parameters']:,}",
            f"{entry['bytes'] / 1e6:.1f} MB",
            entry["licence"],
            entry["precision"] if entry["prepared"] and entry["precision"] else "prepared when first used",
        )
        for entry in entries
    ]
    talk.answer(table(rows))
    talk.answer("")
    for one in devices:
        title = machine() if one.name == "cpu" else one.title
        talk.answer(f"{one.name}: {title if one.usable else f'cannot be used: {one.reason}'}")


def _entry(network: Network) -> dict[str, Any]:
    from models import precisions, shelf
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
        "prepared": shelf.find(network, folders.cache()) is not None,
        "precision": precisions.chosen(network, folders.cache()),
    }
