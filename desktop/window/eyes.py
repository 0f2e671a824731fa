"""The networks as the window uses them: loaded once for each device, handed from one session to the next."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from desktop.frame import Pixels
from desktop.live.analysis import Change, LoadLooker, Looker, Progress
from desktop.settings import Settings
from models.analyzer import Analyzer, AnalyzerOptions, load_analyzer
from models.errors import NetworkError
from models.scene import Scene

LoadAnalyzer = Callable[[AnalyzerOptions, str, Progress], Analyzer]
"""Loads an analyzer for these options and this device, telling its progress."""


def options_of(settings: Settings) -> AnalyzerOptions:
    """What the settings want to be looked for; what is to be hidden is looked for as well as can be."""
    options = AnalyzerOptions(
        objects=settings.objects,
        faces=settings.faces,
        bodies=settings.bodies,
        object_score=settings.score,
        face_score=settings.score,
        body_score=settings.score,
        max_faces=settings.max_faces,
        max_bodies=settings.max_bodies,
        smooth=settings.smooth,
        classes=None if settings.classes is None else frozenset(settings.classes),
        class_scores=dict(settings.class_scores),
        detector=settings.detector,
        input_size=settings.input_size,
    )
    if not settings.hide_faces and not settings.hidden_classes:
        return options
    return options.sparing(faces=settings.hide_faces, labels=frozenset(settings.hidden_classes))


def loading_from(cache: Path, threads: int, added: Path) -> LoadAnalyzer:
    """How analyzers are loaded: `cache` is the folder of forms, `threads` how many the networks may use, `added` the
    folder of networks that the user added."""

    def load(options: AnalyzerOptions, device: str, progress: Progress) -> Analyzer:
        return load_analyzer(options, device=device, cache=cache, threads=threads, added=added, progress=progress)

    return load


class Eyes:
    """Gives lookers for sessions, all of which look with the same networks, one at a time."""

    def __init__(self, load: LoadAnalyzer) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._analyzer: Analyzer | None = None
        self._loaded: frozenset[object] = frozenset()
        self._device = ""
        self._last: object = None
        self._closed = threading.Event()
        self._said: tuple[str, str] = ("", "")
        self._labels: tuple[str, ...] = ()
        self._input_size: tuple[int, int] | None = None

    @property
    def said(self) -> tuple[str, str]:
        """What the networks run on, such as "cpu, f32", and why another device than the wanted one is used, or ""."""
        return self._said

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes of objects that are told apart; none while no detector is loaded."""
        return self._labels

    @property
    def input_size(self) -> tuple[int, int] | None:
        """(height, width) of what the detector of objects looks at; None while none is loaded."""
        return self._input_size

    def have(self, options: AnalyzerOptions, device: str) -> bool:
        """Whether all that these options need is loaded: a change of options is then made between two frames."""
        return device == self._device and _needs(options) <= self._loaded

    def look(self, options: AnalyzerOptions, device: str) -> LoadLooker:
        """What a session calls, on its analysis thread, to get its looker."""

        def load(progress: Progress) -> Looker:
            def tell(text: str, part: float) -> None:
                if self._closed.is_set():
                    raise NetworkError("The networks are not loaded any further: the window was closed.")
                progress(text, part)

            tell("Loading the networks", 0.0)
            with self._lock:
                if self._analyzer is None or not self.have(options, device):
                    self._analyzer = self._load(options, device, tell)
                    self._loaded, self._device = _needs(options), device
                    self._tell_of(self._analyzer)
                return _Turn(self, self._analyzer, options)

        return load

    def close(self) -> None:
        """Load nothing any more: a form that is being made is given up at its next sign of progress."""
        self._closed.set()

    def change(self, options: AnalyzerOptions) -> Change:
        """A change for `Session.change`: look for this from the next frame on."""

        def change(looker: Looker) -> None:
            if isinstance(looker, _Turn):
                looker.options = options

        return change

    def _analyze(self, turn: _Turn, pixels: Pixels, time_ns: int) -> Scene:
        """Look for the one whose turn it is. Tracks do not go from one session to the next."""
        with self._lock:
            if self._last is not turn:
                turn.analyzer.reset()
                self._last = turn
            if turn.analyzer.options != turn.options:
                turn.analyzer.options = turn.options
            scene = turn.analyzer.analyze(pixels, time_ns)
            self._tell_of(turn.analyzer)  # a device may have failed on the way
            return scene

    def _tell_of(self, analyzer: Analyzer) -> None:
        self._said = _described(analyzer)
        self._labels, self._input_size = analyzer.labels, analyzer.input_size


class _Turn:
    """The looker of one session."""

    def __init__(self, eyes: Eyes, analyzer: Analyzer, options: AnalyzerOptions) -> None:
        self._eyes = eyes
        self.analyzer, self.options = analyzer, options

    def analyze(self, pixels: Pixels, time_ns: int) -> Scene:
        """What is in the next frame."""
        return self._eyes._analyze(self, pixels, time_ns)


def _needs(options: AnalyzerOptions) -> frozenset[object]:
    """What has to be loaded: networks by their keys, and the detector of objects at the size of its input."""
    keys = options.networks()
    sized = {(options.detector, options.input_size)} if options.detector in keys else set()
    return frozenset({*keys, *sized})


def _described(analyzer: Analyzer) -> tuple[str, str]:
    return ", ".join(part for part in (analyzer.device, analyzer.precision) if part), analyzer.note
