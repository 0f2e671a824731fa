"""The window fetches a detector only after it showed size and licence, and lets go at once when it is closed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback_server import File, Handler, LoopbackServer, missing, serving
from PySide6.QtCore import Qt
from PySide6.QtTest import QSignalSpy
from pytestqt.qtbot import QtBot

from desktop.fetching.entries import Entry, named_by_user
from desktop.window.fetch_dialog import FetchDialog

CONTENT = bytes(range(256)) * 500
SUM = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackServer]:
    for name in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_proxy".upper(), raising=False)
    with serving({"/eye.onnx": File(CONTENT)}) as served:
        yield served


def of_list(server: LoopbackServer) -> Entry:
    user = named_by_user(url=server.url("/eye.onnx"), sha256=SUM, licence="MIT", name="eye")
    return Entry("eye", "An eye", user.address, SUM, "MIT", len(CONTENT))


def opened(qtbot: QtBot, folder: Path, *entries: Entry) -> FetchDialog:
    dialog = FetchDialog(entries, folder)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)  # a test looks at it afterwards
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def press(qtbot: QtBot, dialog: FetchDialog) -> None:
    dialog.go.click()
    qtbot.waitUntil(lambda: not dialog.runs)


def type_in(dialog: FetchDialog, **texts: str) -> None:
    for key, text in texts.items():
        dialog.lines[key].setText(text)


def test_opening_it_asks_nobody(qtbot: QtBot, server: LoopbackServer, tmp_path: Path) -> None:
    dialog = opened(qtbot, tmp_path, of_list(server))
    dialog.reject()
    assert server.requests == []


def test_one_of_the_list_is_shown_with_size_and_licence_and_fetched_on_the_second_press(
    qtbot: QtBot, server: LoopbackServer, tmp_path: Path
) -> None:
    dialog = opened(qtbot, tmp_path, of_list(server))
    assert not dialog.lines["url"].isVisible()
    spy = QSignalSpy(dialog.fetched)
    press(qtbot, dialog)
    assert dialog.said.splitlines()[:3] == ["An eye", "Licence: MIT", "Size: 128 kB"]
    assert [one.method for one in server.requests] == ["HEAD"]
    assert dialog.go.text() == "Fetch"
    press(qtbot, dialog)
    path, entry = spy.at(0)
    assert (path.read_bytes(), entry) == (CONTENT, of_list(server))
    assert not dialog.isVisible()


def test_an_address_is_typed_with_its_sum_and_licence_and_what_is_wrong_is_said(
    qtbot: QtBot, server: LoopbackServer, tmp_path: Path
) -> None:
    dialog = opened(qtbot, tmp_path)
    assert dialog.lines["url"].isVisible()
    press(qtbot, dialog)
    assert "Only addresses that begin with https://" in dialog.said
    type_in(dialog, url=server.url("/eye.onnx?token=canary"), sha256=SUM[1:], licence="<b>MIT</b>")
    press(qtbot, dialog)
    assert "64 hexadecimal digits" in dialog.said
    type_in(dialog, sha256=SUM)
    assert dialog.said == ""
    press(qtbot, dialog)
    assert "Licence: <b>MIT</b>" in dialog.said
    assert "canary" not in dialog.said
    press(qtbot, dialog)
    assert (tmp_path / "eye.onnx").read_bytes() == CONTENT


def test_what_is_typed_after_looking_has_to_be_looked_at_again(
    qtbot: QtBot, server: LoopbackServer, tmp_path: Path
) -> None:
    dialog = opened(qtbot, tmp_path)
    type_in(dialog, url=server.url("/eye.onnx"), sha256=SUM, licence="MIT")
    press(qtbot, dialog)
    type_in(dialog, licence="GPL-3.0-only")
    assert dialog.go.text() == "Look"
    press(qtbot, dialog)
    assert "GPL-3.0-only" in dialog.said
    assert {one.method for one in server.requests} == {"HEAD"}


def test_what_cannot_be_had_is_said_and_can_be_tried_again(
    qtbot: QtBot, server: LoopbackServer, tmp_path: Path
) -> None:
    dialog = opened(qtbot, tmp_path, of_list(server))
    press(qtbot, dialog)
    server.files["/eye.onnx"] = missing
    press(qtbot, dialog)
    assert "no such file (404)" in dialog.said
    server.files["/eye.onnx"] = File(CONTENT)
    press(qtbot, dialog)
    assert (tmp_path / "eye.onnx").read_bytes() == CONTENT


def test_closing_it_ends_a_server_that_says_nothing_more_and_keeps_what_came(
    qtbot: QtBot, server: LoopbackServer, tmp_path: Path
) -> None:
    def stalls(handler: Handler) -> None:
        handler.head(200, Content_Length=len(CONTENT), ETag='"one"')
        handler.body(CONTENT[:50_000])
        handler.wfile.flush()
        handler.server.ending.wait(60)

    dialog = opened(qtbot, tmp_path, of_list(server))
    press(qtbot, dialog)
    server.files["/eye.onnx"] = stalls
    dialog.go.click()
    qtbot.waitUntil(lambda: dialog.said == "50 kB of 128 kB")
    dialog.reject()  # that no thread is left is held for every test
    server.files["/eye.onnx"] = File(CONTENT)
    again = opened(qtbot, tmp_path, of_list(server))
    press(qtbot, again)
    qtbot.waitUntil(lambda: next(tmp_path.glob("*.part")).stat().st_size == 50_000)
    press(qtbot, again)
    assert server.requests[-1].headers["Range"] == "bytes=50000-"


def test_what_it_says_takes_no_room_from_what_is_typed(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = opened(qtbot, tmp_path)
    qtbot.waitExposed(dialog)
    before = [line.height() for line in dialog.lines.values()]
    type_in(dialog, url="gopher://example.org/eye.onnx")
    dialog.go.click()
    assert "Only addresses" in dialog.said
    qtbot.waitUntil(lambda: dialog.go.geometry().bottom() < dialog.height())
    assert [line.height() for line in dialog.lines.values()] == before
