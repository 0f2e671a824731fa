"""A network camera that speaks HTTP: Motion JPEG on a real server on the loopback, which behaves as a test wants."""

from __future__ import annotations

import base64
import queue
import threading

import cv2
import numpy as np
from loopback_server import Handler
from numpy.typing import NDArray

PATIENCE = 30.0
"""Seconds after which something that should have happened is taken to hang."""
_STEP = 0.02
_BOUNDARY = "frame"


def picture(number: int, size: tuple[int, int] = (160, 96)) -> bytes:
    """JPEG of an even grey that says `number` (0 to 24), see `number_in`."""
    pixels = np.full((size[1], size[0], 3), 10 * number + 5, np.uint8)
    return cv2.imencode(".jpg", pixels)[1].tobytes()


def number_in(pixels: NDArray[np.uint8]) -> int:
    """The number that a picture says."""
    return int(pixels.mean()) // 10


class NetworkCamera:
    """The behaviour of one path: sends to whoever is connected what the test gives it.

    `give` pictures, `send` raw bytes; `hang_up` ends the connection. `password`: what it asks for, "" for nothing.
    `status`: of its answer, 200 for pictures. `steady`: it sends pictures by itself, 50 a second, to everybody.
    `calls`: how often it was called; `connected` is set while somebody is.
    """

    def __init__(self, *, password: str = "", status: int = 200, steady: bool = False) -> None:
        self.password, self.status, self.steady = password, status, steady
        self.calls = 0
        self.connected = threading.Event()
        self._script: queue.Queue[bytes | None] = queue.Queue()

    def give(self, *pictures: bytes) -> None:
        """Send these pictures, one after the other, as fast as the network takes them."""
        for jpeg in pictures:
            self.send(_part(jpeg))

    def send(self, data: bytes) -> None:
        """Send this, whatever it is."""
        self._script.put(data)

    def hang_up(self) -> None:
        """End the connection after what was given before."""
        self._script.put(None)

    def sent(self) -> bool:
        """Whether all that was given was sent."""
        return self._script.empty()

    def __call__(self, handler: Handler) -> None:
        """Answer one call."""
        self.calls += 1
        wanted = "Basic " + base64.b64encode(f"eve:{self.password}".encode()).decode()
        if self.password and handler.headers.get("Authorization") != wanted:
            handler.head(401, WWW_Authenticate='Basic realm="cellar"', Content_Length=0)
            return
        if self.status != 200:
            handler.head(self.status, Content_Length=0)
            return
        handler.close_connection = True
        handler.head(200, Content_Type=f"multipart/x-mixed-replace; boundary={_BOUNDARY}")
        self.connected.set()
        try:
            number = 0
            while not handler.server.ending.is_set():
                if self.steady:
                    number += 1
                    handler.body(_part(picture(number % 25)))
                try:
                    data = self._script.get(timeout=_STEP)
                except queue.Empty:
                    continue
                if data is None:
                    return
                handler.body(data)
        finally:
            self.connected.clear()


def _part(jpeg: bytes) -> bytes:
    head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
    return head.encode() + jpeg + b"\r\n"
