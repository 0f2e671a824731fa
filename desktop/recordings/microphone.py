"""A microphone beside a recording: its sound on our clock, block by block, and as AAC in the video.

It is opened through FFmpeg's devices: ALSA on Linux, AVFoundation on macOS, DirectShow on Windows.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from numpy.typing import NDArray

from desktop.recordings.drift import Drift
from desktop.recordings.sound import AacTrack
from models.errors import RecordingError

Samples = NDArray[np.float32]
"""(channels, n), -1..1."""

RATE = 48000
CHANNELS = 1
DEFAULT = "default"

_FORMATS = {"linux": "alsa", "darwin": "avfoundation", "win32": "dshow"}
_LONGEST = 60.0  # seconds of sound that wait for their pictures; older is forgotten
_PATIENCE = 2.0  # seconds for which a device that hangs is waited for
_ALSA = Path("/usr/share/alsa/alsa.conf")  # PyAV's own library looks for it elsewhere


class Device(Protocol):
    """What hears: gives samples as they come."""

    def read(self) -> Samples | None:
        """The next block, mono, `RATE` a second by the device's own clock; None at its end. Raises RecordingError."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


def open_device(name: str) -> Device:
    """The device of this name, `DEFAULT` for the system's. Raises RecordingError."""
    return _AvDevice(name)


class _AvDevice:
    def __init__(self, name: str) -> None:
        kind = _FORMATS.get(sys.platform, "")
        if kind not in av.formats_available:
            raise RecordingError("No microphone can be used on this system.")
        if kind == "alsa" and _ALSA.exists():
            os.environ.setdefault("ALSA_CONFIG_PATH", str(_ALSA))
        file = {"avfoundation": f":{name}", "dshow": f"audio={name}"}.get(kind, name)
        options = {"sample_rate": str(RATE), "channels": "1"} if kind == "alsa" else {}
        try:
            opened = av.open(file, format=kind, options=options)
        except (FFmpegError, OSError, ValueError) as error:
            raise RecordingError(
                f"The microphone {name} cannot be opened ({str(error).rstrip('.')}): is it plugged in, and free?"
            ) from error
        assert isinstance(opened, InputContainer)
        self._name, self._container = name, opened
        self._frames = opened.decode(audio=0)
        self._resampler = AudioResampler("fltp", "mono", RATE)

    def read(self) -> Samples | None:
        try:
            frame = next(self._frames, None)
        except (FFmpegError, OSError) as error:
            raise RecordingError(
                f"The microphone {self._name} was lost: the recording goes on without sound."
            ) from error
        if frame is None:
            return None
        blocks = [one.to_ndarray().astype(np.float32) for one in self._resampler.resample(frame)]
        return np.concatenate([np.zeros((CHANNELS, 0), np.float32), *blocks], axis=1)

    def close(self) -> None:
        self._container.close()


class Microphone:
    """Listens in a thread of its own, from the moment it is made. May be used by several threads.

    `clock`: nanoseconds, that of the frames. `note`: what went wrong meanwhile, a sentence, "" while all is well.
    Raises RecordingError where the device cannot be opened.
    """

    def __init__(
        self,
        name: str = DEFAULT,
        *,
        clock: Callable[[], int] = time.perf_counter_ns,
        opens: Callable[[str], Device] = open_device,
    ) -> None:
        self._device = opens(name)
        self._clock = clock
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._muted = False
        self._blocks: deque[tuple[float, Samples]] = deque()
        self.note = ""
        # A native call that hangs cannot be interrupted: it is waited for, then left to itself.
        self._thread = threading.Thread(target=self._run, name=f"microphone {name}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        drift = Drift(RATE, CHANNELS)
        try:
            while not self._stopped.is_set() and (block := self._device.read()) is not None:
                given = drift.given
                samples = drift.put(block, self._clock() / 1e9)
                if samples.shape[1]:
                    self._keep(drift.begin + given / RATE, samples)
        except RecordingError as error:
            self.note = str(error)
        finally:
            self._device.close()

    def _keep(self, begun: float, samples: Samples) -> None:
        with self._lock:
            if not self._muted:
                self._blocks.append((begun, samples))
            while self._blocks and begun - self._blocks[0][0] > _LONGEST:
                self._blocks.popleft()

    def mute(self, muted: bool) -> None:
        """Hear nothing from now on, which becomes silence, or hear again: where a recording is paused."""
        with self._lock:
            self._muted = muted

    def until(self, moment: float) -> Iterator[tuple[float, Samples]]:
        """What was heard before `moment` (seconds of our clock) and not given yet: when each block begins, and it."""
        while True:
            with self._lock:
                if not self._blocks or self._blocks[0][0] >= moment:
                    return
                heard = self._blocks.popleft()
            yield heard

    def stop(self) -> None:
        """Listen no more; more than once is fine. What was heard can still be taken."""
        self._stopped.set()
        self._thread.join(_PATIENCE)

    @property
    def stopped(self) -> bool:
        """Whether its thread has ended."""
        return not self._thread.is_alive()


class HeardSound(AacTrack):
    """The sound of a microphone in one video: its packets are plain float samples, as `packet_of` makes them."""

    def __init__(self) -> None:
        super().__init__(RATE, "mono")

    def packets(self, packet: Packet[Any], time: float) -> Iterator[Packet[Any]]:
        """What is whole then; samples before the first frame are left out."""
        yield from self.put(round(time * RATE), np.frombuffer(bytes(packet), np.float32).reshape(CHANNELS, -1))


def packet_of(samples: Samples) -> Packet[Any]:
    """Samples as a packet for `HeardSound`."""
    packet: Packet[Any] = Packet(np.ascontiguousarray(samples, np.float32).tobytes())
    packet.time_base = Fraction(1, RATE)
    return packet
