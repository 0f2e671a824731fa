"""`onlooker models`: which networks there are, and how they run here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from desktop import folders
from desktop.commands.options import Debug, Json, Quiet
from desktop.commands.talk import Talk, table
from desktop.commands.versions import machine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.catalogue import Network
    from models.importing.added import Added


def models(json: Json = False, quiet: Quiet = False, debug: Debug = False) -> None:
    """List the networks, their licences, and where they run."""
    from models.catalogue import NETWORKS
    from models.devices import usable_devices
    from models.importing import added

    talk = Talk(quiet=quiet, debug=debug)
    entries = [_entry(network) for network in NETWORKS.values()]
    own, damaged = added.listed(folders.networks())
    devices = [device for device in usable_devices() if device.there]
    if json:
        known = [{"device": one.name, "title": one.title, "usable": one.usable, "why": one.reason} for one in devices]
        talk.answer_json({"networks": entries, "added": [_of_added(one) for one in own], "devices": known})
        for sentence in damaged:
            talk.fail(sentence)
        return
    rows = [("NETWORK", "WHAT IT IS", "INPUT", "PARAMETERS", "WEIGHTS", "LICENCE", "ON THE PROCESSOR")]
    rows += [
        (
            entry["key"],
            entry["title"],
            _input(entry),
            f"{entry['parameters']:,}",
            f"{entry['bytes'] / 1e6:.1f} MB",
            entry["licence"],
            entry["precision"] if entry["prepared"] and entry["precision"] else "prepared when first used",
        )
        for entry in entries
    ]
    talk.answer(table(rows))
    talk.answer("")
    if own:
        talk.answer(table(_rows_of_added(own)))
        talk.answer("")
    for sentence in damaged:
        talk.fail(sentence)
    for one in devices:
        title = machine() if one.name == "cpu" else one.title
        talk.answer(f"{one.name}: {title if one.usable else f'cannot be used: {one.reason}'}")


def _input(entry: dict[str, Any]) -> str:
    """The size of a network's input, and which others it takes."""
    height, width = entry["input"]
    return f"{width}x{height}" + (f" or other multiples of {entry['multiple']}" if entry["multiple"] else "")


def _entry(network: Network) -> dict[str, Any]:
    from models import precisions, shelf
    from models.weights import manifest

    known = manifest()[network.weights]
    return {
        "key": network.key,
        "title": network.title,
        "kind": network.kind,
        "input": list(network.input),
        "multiple": network.multiple,
        "outputs": list(network.outputs),
        "labels": list(network.labels),
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


def _rows_of_added(own: Sequence[Added]) -> list[tuple[str, ...]]:
    from models.importing.layouts import named

    rows: list[tuple[str, ...]] = [("ADDED", "LAYOUT", "INPUT", "CLASSES", "SIZE", "LICENCE", "ADDED ON")]
    for one in own:
        height, width = one.recipe.size
        title, size = named(one.recipe.layout).title, f"{one.bytes / 1e6:.1f} MB"
        rows.append(
            (one.key, title, f"{width}x{height}", str(len(one.recipe.labels)), size, one.licence, one.date[:10])
        )
    return rows


def _of_added(one: Added) -> dict[str, Any]:
    return {
        "key": one.key,
        **one.recipe.described(),
        "file": one.file,
        "sha256": one.sha256,
        "bytes": one.bytes,
        "licence": one.licence,
        "date": one.date,
    }
