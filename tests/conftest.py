"""What every test stands on: no screen, no thread left behind, data from outside only where it is there."""

from __future__ import annotations

import os
import sys
import threading
import traceback
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("onlooker", deadline=None)  # a busy machine is slow, which says nothing of the program
settings.load_profile("onlooker")

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

_THREAD_GRACE = 5.0  # seconds that a thread which has been told to end is waited for


def _stack_of(thread: threading.Thread) -> str:
    frame = sys._current_frames().get(thread.ident or 0)
    return "".join(traceback.format_stack(frame)[-3:]) if frame else "(ended just now)"


@pytest.fixture(autouse=True)
def no_thread_is_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that leaves a thread running fails and names the line where that thread stands."""
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before]
    for thread in left:
        thread.join(_THREAD_GRACE)
    alive = [thread for thread in left if thread.is_alive()]
    if alive:
        stacks = "\n".join(f"{thread.name}:\n{_stack_of(thread)}" for thread in alive)
        pytest.fail(f"{request.node.name} left {len(alive)} thread(s) running:\n{stacks}", pytrace=False)


@pytest.fixture(autouse=True)
def no_timer_is_left(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A test that leaves a Qt timer running fails and names the line that started it."""
    if "qapp" not in request.fixturenames:  # there are no timers without an application
        yield
        return
    from PySide6.QtCore import QTimer
    from shiboken6 import isValid

    begin = QTimer.start
    started: list[tuple[weakref.ref[QTimer], str]] = []

    def start(timer: QTimer, *interval: int) -> None:
        started.append((weakref.ref(timer), traceback.format_stack(limit=2)[0]))
        begin(timer, *interval)

    monkeypatch.setattr(QTimer, "start", start)
    yield
    left = []
    for reference, line in started:
        timer = reference()
        if timer is not None and isValid(timer) and timer.isActive():
            timer.stop()
            left.append(line)
    if left:
        pytest.fail(
            f"{request.node.name} left {len(left)} timer(s) running, started here:\n{''.join(left)}", pytrace=False
        )


@pytest.fixture(autouse=True)
def folders_of_their_own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests write no settings, recordings or caches into the folders of whoever runs them."""
    base = tmp_path_factory.getbasetemp()
    for name in ("ONLOOKER_CONFIG", "ONLOOKER_VIDEOS", "ONLOOKER_NETWORKS"):
        monkeypatch.setenv(name, str(base / name.lower()))
    # One cache for the whole run: forms are made once.
    monkeypatch.setenv("ONLOOKER_CACHE", os.environ.get("ONLOOKER_TEST_CACHE", str(base / "cache")))


def _folder(variable: str, what: str) -> Path:
    """The folder that an environment variable names; the test is skipped, with the reason, where it is not set."""
    named = os.environ.get(variable)
    if not named:
        pytest.skip(f"{variable} names no folder of {what}")
    return Path(named)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of pictures and clips that are not ours to publish."""
    return _folder("ONLOOKER_DATA", "test pictures and clips")


@pytest.fixture(scope="session")
def shared_models() -> Path:
    """The folder of other people's networks that ours start from."""
    return _folder("ONLOOKER_MODELS", "published networks")


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The small, freely licensed files of this repository's tests/data."""
    return Path(__file__).resolve().parent / "data"
