"""Consumers come and go for as long as a session lasts."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np

from desktop.frame import Frame
from desktop.live.consumer import Consumer, Consumers


def joined(consumers: Consumers) -> None:
    for thread in consumers.threads():
        thread.join()


def test_consumers_that_ended_are_forgotten_but_for_what_they_dropped() -> None:
    consumers = Consumers(lambda _name, _sentence: None)
    kept: weakref.WeakSet[Consumer[Frame]] = weakref.WeakSet()
    frame = Frame(np.zeros((2, 2, 3), np.uint8), 0, 0)
    for _ in range(5):
        busy, go_on = threading.Event(), threading.Event()

        def take(_frame: Frame, busy: threading.Event = busy, go_on: threading.Event = go_on) -> None:
            busy.set()
            go_on.wait()

        consumers.every("rules", take, None, capacity=1)
        consumers.latest("rules", lambda _pair: None, None)
        kept.update(consumers._every)
        consumers.captured(frame)
        busy.wait()
        consumers.captured(frame)
        consumers.captured(frame)  # one more than may wait
        consumers.detach("rules")  # and the one that waits is dropped
        go_on.set()
        joined(consumers)
    assert consumers.dropped == 10
    gc.collect()
    assert len(kept) == 1
