"""The command line: which commands there are, and what becomes of their errors.

Data goes to stdout or into files, talk and progress to stderr. Exit status: 0 done, 1 could not (one sentence), 2 wrong
usage, 130, 143 and 129 interrupted (Ctrl-C, SIGTERM, a closed terminal). Commands import what they need inside their
functions, so that help comes at once.
"""

from __future__ import annotations

import difflib
import errno
import logging
from collections.abc import Sequence
from typing import Annotated

import typer

from desktop import __version__
from desktop.commands.add import add, remove
from desktop.commands.annotate import annotate
from desktop.commands.bench import bench
from desktop.commands.cameras import cameras
from desktop.commands.evaluate import evaluate
from desktop.commands.export import export
from desktop.commands.fetch import fetch
from desktop.commands.interruption import Interrupted, at_once
from desktop.commands.models import models
from desktop.commands.options import Debug, Json, Quiet
from desktop.commands.record import record
from desktop.commands.render import render
from desktop.commands.repair import repair
from desktop.commands.self_check import self_check
from desktop.commands.talk import logs_on_stderr
from desktop.commands.train import train
from desktop.commands.watch import watch
from desktop.commands.window import window
from desktop.recordings.locking import ExistsError
from desktop.sources.address import without_secrets
from models.errors import OnlookerError, SourceError, WrongNameError

logger = logging.getLogger(__name__)

app = typer.Typer(
    name="onlooker",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
)
_OWN_OPTIONS = ("-h", "--help", "--version", "--install-completion", "--show-completion")
_WRONG_USAGE = 2
_ANYWHERE = ("--debug", "--quiet", "-q")


@app.callback(invoke_without_command=True)
def onlooker(
    version: Annotated[bool, typer.Option("--version", help="Say which version this is.")] = False,
) -> None:
    """Watch a camera, a video or pictures, and show live what is in them.

    `onlooker` and `onlooker SOURCE` open the window; SOURCE is camera:0, camera:NAME,
    rtsp://…, http://…, screen:0, a video, a picture, a folder of pictures, or demo. The commands below need no window.
    """
    if version:
        typer.echo(f"onlooker {__version__}")
        raise typer.Exit


app.command("annotate")(annotate)
app.command("cameras")(cameras)
app.command("bench")(bench)
app.command("evaluate")(evaluate)
app.command("export")(export)
app.command("repair")(repair)
app.command("render")(render)
app.command("record")(record)
app.command("self-check")(self_check)
app.command("train")(train)
app.command("watch")(watch)
app.command("window", hidden=True)(window)

networks = typer.Typer(context_settings={"help_option_names": ["-h", "--help"]}, rich_markup_mode=None)
app.add_typer(networks, name="models")


@networks.callback(invoke_without_command=True)
def list_models(context: typer.Context, json: Json = False, quiet: Quiet = False, debug: Debug = False) -> None:
    """List the networks, fetch further ones, or add one of your own."""
    if context.invoked_subcommand is None:
        models(json=json, quiet=quiet, debug=debug)


networks.command("list")(models)
networks.command("fetch")(fetch)
networks.command("add")(add)
networks.command("remove")(remove)


def with_command(arguments: Sequence[str]) -> list[str]:
    """The arguments with the command they mean: what does not begin with a command is meant for the window."""
    words = list(arguments)
    leading = 0
    while leading < len(words) and words[leading] in _ANYWHERE:
        leading += 1
    if leading < len(words) and words[leading] in _names():
        of_models = words[leading] == "models" and words[leading + 1 : leading + 2]
        end = leading + (2 if of_models and of_models[0] in _of_models() else 1)
        return [*words[leading:end], *words[:leading], *words[end:]]  # `onlooker --debug annotate …` too
    if words and words[0] in _OWN_OPTIONS:
        return words
    return ["window", *words]


def _meant(words: Sequence[str]) -> str:
    """What somebody meant who wrote `onlooker modles`, which was taken for a source; "" where nothing is near."""
    first = next((word for word in words[1:] if not word.startswith("-")), "")
    near = difflib.get_close_matches(first, [name for name in _names() if name != "window"], 1)
    return f"Did you mean `onlooker {near[0]}`?" if near and words[0] == "window" else ""


def _instead(words: Sequence[str]) -> str:
    """What to do where a word names neither a source nor a command; "" where there was a command."""
    return _meant(words) or ("`onlooker --help` lists the commands." if words[0] == "window" else "")


def _names() -> list[str]:
    named = [command.name for command in app.registered_commands] + [group.name for group in app.registered_groups]
    return [name for name in named if isinstance(name, str)]


def _of_models() -> list[str]:
    return [command.name for command in networks.registered_commands if command.name is not None]


def run(arguments: Sequence[str]) -> int:
    """Run the command that `arguments` name; gives the exit status. Errors are told on stderr, in one sentence."""
    words = with_command(arguments)
    with logs_on_stderr():
        try:
            with at_once():
                app(args=words, prog_name="onlooker")
        except SystemExit as end:
            return _status(end, words)
        except Interrupted as end:
            return end.status
        except ExistsError as error:
            return _could_not(f"{error} With --overwrite what is there is replaced.")
        except WrongNameError as error:
            return _could_not(str(error), _WRONG_USAGE)
        except OnlookerError as error:
            return _could_not(f"{error} {_instead(words) if isinstance(error, SourceError) else ''}".rstrip())
        except MemoryError:
            return _could_not("There is not enough memory for this: close other programs, or take a smaller picture.")
        except OSError as error:
            return _could_not(
                "The disk is full: make room, and try again." if error.errno == errno.ENOSPC else _unforeseen(error)
            )
        except Exception as error:  # noqa: BLE001 - the one place where errors are shown; --debug tells where from
            return _could_not(_unforeseen(error))
    return 0


def _unforeseen(error: Exception) -> str:
    what = f"{type(error).__name__}: {error}".removesuffix(": ").partition("\n")[0]
    return f"This should not have happened ({what}): run it again with --debug and report it."


def _could_not(sentence: str, status: int = 1) -> int:
    """Tell it, and give the exit status; the exception in hand goes into the log, which --debug shows."""
    logger.debug("this ended the command", exc_info=True)
    typer.echo(without_secrets(sentence), err=True)
    return status


def _status(end: SystemExit, words: Sequence[str]) -> int:
    status = end.code if isinstance(end.code, int) else 0
    if status == _WRONG_USAGE and (hint := _meant(words)):
        typer.echo(hint, err=True)
    return status
