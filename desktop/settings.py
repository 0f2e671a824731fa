"""What the window remembers: one typed object, one TOML file in the user's configuration folder."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Annotated, Literal

import tomlkit
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable

from desktop import folders
from models.catalogue import DETECTOR
from models.errors import SettingsError

NAME = "settings.toml"
_HEADING = "Onlooker writes this file. It may be edited while the program is closed, and deleted to start afresh."

Count = Annotated[int, Field(ge=1, le=32)]
Score = Annotated[float, Field(ge=0.0, le=1.0)]
Gigabytes = Annotated[float, Field(ge=0.0, le=1e6)]
Side = Annotated[int, Field(ge=32, le=2048, multiple_of=32)]


class Settings(BaseModel):
    """All that is remembered from one start to the next. Values are checked whenever they are set.

    `source`: what is watched, "" for nothing yet. `device`: where networks run. `objects`, `faces`, `bodies`: what is
    looked for; `score`: least score 0..1 of every kind, None = each kind's own; `max_faces`, `max_bodies`: how many are
    followed. `classes`: the names of the objects that are wanted, None = all, those of a later detector too;
    `class_scores`: another least score for some classes. `detector`: the key of the network that finds objects;
    `input_size`: height and width of its input in pixels, None = what this machine does in time. `smooth`:
    One-Euro smoothing. `labels`: names and track numbers are drawn. `mirror`: the preview is mirrored. `loop`: files
    start over at their end. `recent`: what was watched lately, the latest first. `folder`: where recordings go, "" =
    `folders.videos()`. `video`: what a recording stores, the picture with marks, without, or both; `quality`: of the
    video on x264's scale, lower is better; `height`: most lines of it, None = as it comes; `encoder`: "auto" or its
    name; `before`: seconds that are kept in memory so that a recording begins with them, 0 = none; `warn_free`,
    `stop_free`: gigabytes free on the disk under which a recording is warned of that, and stopped. `hide_faces`,
    `hidden_classes`: what is hidden in all that is shown and stored; `hide_how`: by what. `geometry`: where the window
    stood, text that only the window understands.
    """

    model_config = ConfigDict(strict=True, validate_assignment=True, extra="ignore", allow_inf_nan=False)

    source: str = ""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    objects: bool = True
    faces: bool = True
    bodies: bool = True
    score: Score | None = None
    max_faces: Count = 4
    max_bodies: Count = 4
    classes: list[str] | None = None
    class_scores: dict[str, Score] = Field(default_factory=dict)
    detector: Annotated[str, Field(min_length=1)] = DETECTOR
    input_size: Side | None = None
    smooth: bool = True
    labels: bool = True
    mirror: bool = False
    loop: bool = True
    recent: Annotated[list[str], Field(max_length=32)] = Field(default_factory=list)
    theme: Literal["system", "light", "dark"] = "system"
    folder: str = ""
    video: Literal["annotated", "clean", "both"] = "annotated"
    quality: Annotated[int, Field(ge=10, le=40)] = 21
    height: Annotated[int, Field(ge=64, le=16384)] | None = None
    encoder: Literal["auto", "libx264", "h264_nvenc", "h264_qsv", "h264_amf", "h264_videotoolbox"] = "auto"
    before: Annotated[int, Field(ge=0, le=60)] = 0
    warn_free: Gigabytes = 5.0
    stop_free: Gigabytes = 1.0
    hide_faces: bool = False
    hidden_classes: list[str] = Field(default_factory=list)
    hide_how: Literal["pixelate", "blur", "fill"] = "pixelate"
    geometry: str = ""


def load(path: Path | None = None) -> tuple[Settings, str]:
    """The settings, and a sentence for the banner, "" when all is well. Never raises.

    `path`: the file, settings.toml in `folders.config()` unless given; where there is none, the defaults hold. A file
    that cannot be understood is renamed to settings.toml.damaged, and the defaults hold. Keys of other versions are
    ignored.
    """
    file = _file(path)
    try:
        return Settings.model_validate(tomlkit.parse(file.read_text(encoding="utf-8")).unwrap()), ""
    except FileNotFoundError:
        return Settings(), ""
    except OSError as error:
        return Settings(), f"The settings in {file} cannot be read ({_cause(error)}): the defaults are used."
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][:1])
        return Settings(), _set_aside(file, f"hold a {where} that makes no sense")
    except (UnicodeDecodeError, TOMLKitError, ValueError, RecursionError):
        return Settings(), _set_aside(file, "are damaged")


def save(settings: Settings, path: Path | None = None) -> None:
    """Write the settings, all or nothing; the file's comments and keys of other versions stay. Raises SettingsError.

    Names of files that are no UTF-8 cannot be written into TOML: they are forgotten.
    """
    file = _file(path)
    document = _document(file)
    for name, value in settings.model_dump().items():
        if value is None or not _is_text(value):
            document.pop(name, None)
        elif isinstance(value, list):
            document[name] = [one for one in value if _is_text(one)]
        elif isinstance(value, dict):
            document[name] = _in_one_line({key: one for key, one in value.items() if _is_text(key)})
        else:
            document[name] = value
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        target = file.resolve()  # a link stays a link
        _write(target, tomlkit.dumps(document))
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: links in a circle
        raise SettingsError(f"The settings cannot be saved in {file}: {_cause(error)}.") from error


def _file(path: Path | None) -> Path:
    return folders.config() / NAME if path is None else path


def _set_aside(file: Path, what: str) -> str:
    aside = file.with_name(file.name + ".damaged")
    try:
        file.replace(aside)
    except OSError:
        return f"The settings in {file} {what}: the defaults are used."
    return f"The settings {what}: the file was set aside as {aside}, and the defaults are used."


def _document(file: Path) -> tomlkit.TOMLDocument:
    """What is in the file, to be changed; a new one where that cannot be had."""
    with contextlib.suppress(OSError, UnicodeDecodeError, TOMLKitError, ValueError, RecursionError):
        return tomlkit.parse(file.read_text(encoding="utf-8"))
    document = tomlkit.document()
    document.add(tomlkit.comment(_HEADING))
    return document


def _in_one_line(values: dict[str, float]) -> InlineTable:
    """A table in braces: one with a heading would take in whatever is written after it."""
    table = tomlkit.inline_table()
    table.update(values)
    return table


def _is_text(value: object) -> bool:
    """Whether UTF-8 can hold it; what is no str can be held."""
    if isinstance(value, str):
        with contextlib.suppress(UnicodeEncodeError):
            value.encode("utf-8")
            return True
        return False
    return True


def _write(target: Path, text: str) -> None:
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", newline="\n", dir=target.parent, prefix=target.name, suffix=".part", delete=False
    ) as part:
        try:
            part.write(text)
            part.flush()
            os.fsync(part.fileno())
        except BaseException:
            Path(part.name).unlink(missing_ok=True)
            raise
    try:
        Path(part.name).replace(target)
    except OSError:
        Path(part.name).unlink(missing_ok=True)
        raise


def _cause(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) else str(error)
    return (text or type(error).__name__).rstrip(".").lower()
