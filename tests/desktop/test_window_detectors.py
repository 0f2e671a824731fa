"""Further detectors are brought into the window from its menu: from a file or fetched, shown before they are used."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_room import FakeRoom, events, window
from fake_source import until
from loopback_server import File, serving
from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication
from window_keys import press

from desktop.window.detector_deeds import demo_picture
from desktop.window.detector_dialog import DetectorDialog
from desktop.window.fetch_dialog import FetchDialog
from desktop.window.main_window import MainWindow
from models.importing.added import listed

CONTENT = bytes(range(256)) * 100


@pytest.fixture
def opened(qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    monkeypatch.setenv("ONLOOKER_NETWORKS", str(tmp_path / "networks"))
    monkeypatch.setenv("ONLOOKER_CACHE", str(tmp_path / "cache"))
    for name in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_proxy".upper(), raising=False)
    with window(qapp, FakeRoom()) as one:
        yield one


def dialog_of(opened: MainWindow, kind: type[DetectorDialog] | type[FetchDialog]) -> DetectorDialog | FetchDialog:
    events(lambda: opened.findChild(kind) is not None, f"a {kind.__name__} is open")
    found = opened.findChild(kind)
    assert isinstance(found, kind)
    return found


def test_a_file_of_ones_own_is_asked_for(opened: MainWindow) -> None:
    press(opened, "Ctrl+Shift+A")
    dialog = dialog_of(opened, DetectorDialog)
    assert dialog.isVisible()
    dialog.reject()


def fetched(opened: MainWindow, content: bytes) -> DetectorDialog:
    """Fetches it by the window's dialog; gives the dialog that comes then."""
    with serving({"/eye.onnx": File(content)}) as server:
        press(opened, "Ctrl+Shift+F")
        fetching = dialog_of(opened, FetchDialog)
        assert isinstance(fetching, FetchDialog)
        assert server.requests == []
        texts = {"url": server.url("/eye.onnx"), "sha256": hashlib.sha256(content).hexdigest(), "licence": "MIT"}
        for key, text in texts.items():
            fetching.lines[key].setText(text)
        fetching.go.click()
        events(lambda: not fetching.runs, "its size is known")
        fetching.go.click()
        adding = dialog_of(opened, DetectorDialog)
    assert isinstance(adding, DetectorDialog)
    return adding


def test_what_was_fetched_comes_before_the_same_eyes_as_any_file_with_its_name_and_licence(
    opened: MainWindow, tmp_path: Path
) -> None:
    adding = fetched(opened, CONTENT)
    assert Path(adding.lines["file"].text()).read_bytes() == CONTENT
    assert (adding.lines["name"].text(), adding.lines["licence"].text()) == ("eye", "MIT")
    adding.reject()
    assert not (tmp_path / "networks").exists()


def worked() -> bool:
    """Let the window work a while."""
    QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
    return True


def test_what_was_fetched_and_added_finds_the_objects_from_then_on(
    opened: MainWindow, tmp_path: Path, shared_models: Path
) -> None:
    adding = fetched(opened, (shared_models / "yolox_nano.onnx").read_bytes())
    adding.go.click()
    until(lambda: worked() and not adding.runs, "it was tried", 60)
    assert adding.go.text() == "Add"
    adding.go.click()
    until(lambda: worked() and opened.settings.detector == "eye", "it was added", 60)
    assert [one.key for one in listed(tmp_path / "networks")[0]] == ["eye"]
    assert list((tmp_path / "cache" / "fetched").iterdir()) == []


def test_without_a_picture_a_detector_is_tried_on_the_demo() -> None:
    assert demo_picture().shape == (720, 1280, 3)
