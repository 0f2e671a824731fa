"""The layout's import rule, held for every import, those inside functions included."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import desktop
import models
import resources

PACKAGES = {
    name: Path(package.__path__[0])
    for name, package in (("desktop", desktop), ("models", models), ("resources", resources))
}
LEAVES = {
    "models.errors",
    "models.scene",
    "models.boxes",
    "models.regions",
    "models.child",
    "desktop.frame",
    "resources",
}
ROOMS = ("sources", "recordings", "drawing")
FILE_READERS = (
    "models.weights",
    "models.catalogue",
    "models.checking",
    "models.devices",
    "models.engine",
    "models.forms",
    "models.making",
    "models.precisions",
    "models.shelf",
    "models.sizes",
    "models.training",
    "models.importing",
    "models.porting",
    "models.methods",
)
HEAVY = {"torch", "openvino", "pyqtgraph"}
TORCH_AT_TOP = (
    *("models.layers", "models.faces", "models.poses", "models.forms", "models.porting", "models.training"),
    *(
        "models.backbone",
        "models.neck",
        "models.heads",
        "models.detector",
        "models.receptive",
        "models.plain",
        "models.unshuffled",
    ),
)
LONGEST_FILE = 450


def _is_under(module: str, *roots: str) -> bool:
    return any(module == root or module.startswith(root + ".") for root in roots)


@cache
def _modules() -> dict[str, Path]:
    found = {}
    for name, folder in PACKAGES.items():
        for path in sorted(folder.rglob("*.py")):
            parts = (name, *path.relative_to(folder).with_suffix("").parts)
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def _imported(module: str, node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        package = module if _modules()[module].name == "__init__.py" else module.rpartition(".")[0]
        base = node.module or ""
        if node.level:
            parents = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*parents, *([node.module] if node.module else [])])
        for alias in node.names:
            whole = f"{base}.{alias.name}"
            yield whole if whole in _modules() else base


def _type_checking(tree: ast.Module) -> set[ast.AST]:
    """Nodes under `if TYPE_CHECKING:`, which import nothing when the program runs."""
    hidden: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            hidden.update(inner for child in node.body for inner in ast.walk(child))
    return hidden


@cache
def _imports(module: str) -> frozenset[str]:
    """All that `module` imports anywhere, for type checking included: types are dependencies too."""
    tree = ast.parse(_modules()[module].read_text(encoding="utf-8"))
    return frozenset(name for node in ast.walk(tree) for name in _imported(module, node))


@cache
def _imports_at_top(module: str) -> frozenset[str]:
    tree = ast.parse(_modules()[module].read_text(encoding="utf-8"))
    hidden = _type_checking(tree)
    inside = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
    }
    return frozenset(
        name for node in ast.walk(tree) if node not in hidden and node not in inside for name in _imported(module, node)
    )


def _broken(modules: list[str], allowed_of_ours: tuple[str, ...], forbidden: tuple[str, ...] = ()) -> list[str]:
    wrong = []
    for module in modules:
        for name in sorted(_imports(module)):
            ours = _is_under(name, "desktop", "models", "resources")
            if (
                ours and not _is_under(name, *allowed_of_ours) and name not in LEAVES and name != "desktop"
            ) or _is_under(name, *forbidden):
                wrong.append(f"{module} imports {name}")
    return wrong


def _of(*roots: str) -> list[str]:
    return [module for module in _modules() if _is_under(module, *roots)]


def test_models_know_nothing_of_the_desktop_of_qt_or_of_video_files() -> None:
    assert _broken(_of("models"), ("models", "resources"), ("desktop", "PySide6", "av", "platformdirs")) == []


def test_models_touch_files_only_where_weights_forms_and_data_live() -> None:
    wrong = [
        f"{module} imports {name}"
        for module in _of("models")
        for name in _imports(module)
        if name in {"pathlib", "shutil", "tempfile", "resources"} and not _is_under(module, *FILE_READERS)
    ]
    handed_on = {f"models.{module} imports pathlib" for module in ("analyzer", "objects")}  # folders, to the engine
    assert [line for line in wrong if line not in handed_on] == []


@pytest.mark.parametrize("room", ROOMS)
def test_sources_recordings_and_drawing_stand_on_leaves_alone(room: str) -> None:
    assert _broken(_of(f"desktop.{room}"), (f"desktop.{room}",)) == []


@pytest.mark.parametrize("floor", ["live", "batch"])
def test_live_and_batch_compose_the_rooms_and_not_each_other(floor: str) -> None:
    allowed = (f"desktop.{floor}", *(f"desktop.{room}" for room in ROOMS), "models.analyzer")
    assert _broken(_of(f"desktop.{floor}"), allowed) == []


def test_what_is_fetched_stands_on_leaves_and_the_locks_and_reasons_of_recordings() -> None:
    allowed = ("desktop.fetching", "desktop.recordings.locking", "desktop.recordings.reasons")
    assert _broken(_of("desktop.fetching"), allowed) == []


def test_only_what_is_fetched_by_choice_speaks_to_servers() -> None:
    speaking = ("http", "urllib", "requests", "httpx", "aiohttp", "ftplib", "PySide6.QtNetwork")
    speakers = [module for module in _modules() if any(_is_under(name, *speaking) for name in _imports(module))]
    # The parser of names takes addresses and paths apart, no more.
    assert [module for module in speakers if not _is_under(module, "desktop.fetching", "desktop.sources.naming")] == []


def test_settings_are_read_by_commands_and_window_only() -> None:
    wrong = [
        module
        for module in _modules()
        if "desktop.settings" in _imports(module)
        and not _is_under(module, "desktop.commands", "desktop.window", "desktop.settings")
    ]
    assert wrong == []


def test_only_the_window_command_imports_the_window_and_inside_its_function() -> None:
    outside = [module for module in _modules() if not _is_under(module, "desktop.window")]
    importers = [module for module in outside if any(_is_under(name, "desktop.window") for name in _imports(module))]
    assert importers in ([], ["desktop.commands.window"])
    assert not any(_is_under(name, "desktop.window") for module in importers for name in _imports_at_top(module))


def test_only_the_window_imports_qt() -> None:
    outside = [module for module in _modules() if not _is_under(module, "desktop.window")]
    at_top = [
        module for module in outside if any(_is_under(name, "PySide6", "shiboken6") for name in _imports_at_top(module))
    ]
    anywhere = [
        module for module in outside if any(_is_under(name, "PySide6", "shiboken6") for name in _imports(module))
    ]
    assert at_top == []
    assert set(anywhere) <= {
        "desktop.commands.window",
        "desktop.commands.self_check",
    }  # they ask whether Qt loads at all


def test_the_window_stands_on_live_batch_marks_and_settings() -> None:
    allowed = (
        *(f"desktop.{name}" for name in ("window", "live", "batch", "settings", "cores", "folders")),
        *("desktop.drawing", "desktop.sources", "desktop.recordings", "models.analyzer", "models.catalogue"),
        *("desktop.fetching", "models.devices", "models.importing"),  # what there is to choose from
    )
    assert _broken(_of("desktop.window"), allowed) == []


def test_heavy_libraries_are_imported_when_first_needed() -> None:
    wrong = []
    for module in _modules():
        for name in _imports_at_top(module):
            root = name.partition(".")[0]
            if root in HEAVY and not (root == "torch" and _is_under(module, *TORCH_AT_TOP)):
                wrong.append(f"{module} imports {name} at its top")
    assert wrong == []


def test_openvino_is_imported_only_where_its_telemetry_is_kept_out() -> None:
    users = [module for module in _modules() if any(_is_under(name, "openvino") for name in _imports(module))]
    assert users == ["models.runtime"]


def test_there_is_no_circle() -> None:
    modules = _modules()
    state: dict[str, int] = {}
    circles: list[str] = []

    def visit(module: str, path: tuple[str, ...]) -> None:
        state[module] = 1
        for name in sorted(_imports(module)):
            if name not in modules or name == module or module.startswith(name + "."):
                continue  # a package's own __init__ holds only a docstring
            if state.get(name) == 1:
                circles.append(
                    " -> ".join([*path[path.index(name) :], module, name] if name in path else [module, name])
                )
            elif name not in state:
                visit(name, (*path, module))
        state[module] = 2

    for module in modules:
        if module not in state:
            visit(module, ())
    assert circles == []


def test_nothing_finds_a_file_by_its_own_place_but_resources() -> None:
    users = [module for module, path in _modules().items() if "__file__" in path.read_text(encoding="utf-8")]
    assert set(users) <= {"resources"}


def test_files_are_short_enough_to_be_read() -> None:
    too_long = {
        module: lines
        for module, path in _modules().items()
        if (lines := path.read_text(encoding="utf-8").count("\n")) > LONGEST_FILE
    }
    assert too_long == {}


def test_no_file_has_a_name_that_says_nothing() -> None:
    empty_words = {"utils", "util", "helpers", "helper", "manager", "misc", "common"}
    assert [module for module in _modules() if set(module.split(".")) & empty_words] == []
