"""`onlooker models fetch`: a further detector by choice, its licence and size shown first."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from desktop import folders
from desktop.commands.add import add
from desktop.commands.bars import fetching
from desktop.commands.options import Debug, Json, Quiet
from desktop.commands.talk import Talk, table
from models.errors import FetchError, NetworkError, OnlookerError

if TYPE_CHECKING:
    from desktop.fetching.download import Offer
    from desktop.fetching.entries import Entry


def fetch(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="A detector of the list.")] = None,
    url: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Where an ONNX file lies (https or http).")] = None,
    sha256: Annotated[str | None, typer.Option(metavar="SUM", help="The SHA-256 that the file has to have.")] = None,
    licence: Annotated[str | None, typer.Option(metavar="LICENCE", help="Under which the file may be used.")] = None,
    called: Annotated[str | None, typer.Option("--name", metavar="NAME", help="What it shall be called.")] = None,
    picture: Annotated[
        str | None, typer.Option(metavar="FILE", help="A picture or video to show it on; without: the demo.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Fetch and add it without a question.")] = False,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Fetch a further detector, or list them.

    Without NAME and --url it lists what can be fetched. Licence and size are shown before anything is fetched; what
    breaks off, or is ended with Ctrl-C, is gone on with the next time. HTTPS_PROXY, HTTP_PROXY and NO_PROXY count.
    Then it is shown on a picture and added, as `onlooker models add` does.
    """
    from desktop.fetching import entries
    from desktop.fetching.download import fetch as download
    from desktop.fetching.download import look, there

    talk = Talk(quiet=quiet, debug=debug)
    if name is None and url is None:
        if sha256 is not None or licence is not None or called is not None:
            raise typer.BadParameter(f"nothing says where it lies: {entries.HOW_TO_ADD}.")
        _list(talk, entries.listed(), json=json)
        return
    if url is None:
        if sha256 is not None or licence is not None or called is not None:
            raise typer.BadParameter("--sha256, --licence and --name belong to --url: the list has them for its own.")
        entry = entries.find(str(name), entries.listed())
    elif name is not None or sha256 is None or licence is None:
        raise typer.BadParameter(f"what lies elsewhere is named whole: {entries.HOW_TO_ADD}.")
    else:
        entry = entries.named_by_user(url=url, sha256=sha256, licence=licence, name=called)
    key = _free(entry, chosen=url is None or called is not None)
    path = there(entry, folders.fetched())
    if path is None:
        _ask(talk, entry, look(entry), yes=yes)
        with fetching(talk, entry.title) as tell:
            path = download(entry, folders.fetched(), tell=tell)
        talk.say(f"Fetched whole: {path}")
    try:
        add(path, name=key, picture=picture, yes=yes, licence=entry.licence, json=json, quiet=quiet, debug=debug)
    except OnlookerError as error:
        raise FetchError(f"{error} The file is kept: `onlooker models add {path}` tries it again.") from error
    with contextlib.suppress(OSError):  # it is added: that a copy stays in the cache is no failure
        path.unlink(missing_ok=True)


def _free(entry: Entry, *, chosen: bool) -> str:
    """What it will be called, known before anything is fetched. Raises NetworkError where another is called so."""
    from models.importing import added

    if not chosen:
        return added.free_key(folders.networks(), entry.name)
    added.check_key(entry.name)
    if (folders.networks() / entry.name).exists():
        raise NetworkError(f"There is a network {entry.name} already: choose another name, or remove that one first.")
    return entry.name


def _list(talk: Talk, known: tuple[Entry, ...], *, json: bool) -> None:
    from desktop.fetching.download import size_text
    from desktop.fetching.entries import HOW_TO_ADD

    if json:
        talk.answer_json({"detectors": [_of(entry) for entry in known]})
        return
    rows = [("NAME", "WHAT IT IS", "LICENCE", "SIZE", "FROM")]
    rows += [(one.name, one.title, one.licence, size_text(one.bytes or 0), one.address.host) for one in known]
    if known:
        talk.answer(table(rows))
    else:
        talk.answer("The list of detectors is empty: only what was fetched and run by us stands in it.")
    talk.answer(f"To fetch one of elsewhere: {HOW_TO_ADD}")


def _of(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "title": entry.title,
        "address": str(entry.address),
        "sha256": entry.sha256,
        "bytes": entry.bytes,
        "licence": entry.licence,
    }


def _ask(talk: Talk, entry: Entry, offer: Offer, *, yes: bool) -> None:
    """Show what it is, and go on only if that is wanted."""
    from desktop.fetching.download import size_text

    size = "of unknown size" if offer.bytes is None else size_text(offer.bytes)
    way = "" if offer.address.host == entry.address.host else f" by way of {offer.address.host}"
    talk.say(f"{entry.title}: {size}, licence {entry.licence}, from {entry.address}{way}")
    if yes:
        return
    if not sys.stdin.isatty():
        raise FetchError("Nothing is fetched unasked: add --yes to fetch it without a question.")
    if not typer.confirm("Fetch it?", err=True):
        raise FetchError("Nothing was fetched.")
