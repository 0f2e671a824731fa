"""From pictures to scenes: the networks put together.

`Analyzer.analyze` takes the frames of a moving picture one after the other and gives scenes whose things keep their
tracks; `Analyzer.look` takes one still picture and refines everything that can be found in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from models import boxes, decoding, regions, stills
from models.catalogue import NETWORKS, Precision
from models.followers import Followers
from models.kinds import VISIBLE, BodyKind, FaceKind, Found
from models.object_detector import ObjectDetector
from models.object_watch import SCORE, ObjectWatch
from models.objects import DEFAULT, EngineDetector, load_detector, wanted_size
from models.scene import Body, Detection, Face, Floats, Scene

if TYPE_CHECKING:
    from models.engine import Engine

Pixels = NDArray[np.uint8]

FACE_KEYS = ("face-detector-full", "face-mesh")
BODY_KEYS = ("body-detector", "body-landmarks")
ALL_FACES = 32
"""How many faces are followed where none is to be left out."""
MASK_KEYS = ("body-detector", "body-mask")


@dataclass(frozen=True, slots=True)
class AnalyzerOptions:
    """What to look for.

    `faces`, `bodies`: which kinds. `face_score`, `body_score`: least score 0..1, None = the kind's own. `max_faces`,
    `max_bodies`: how many are followed at a time in a moving picture (a still picture has no limit). `smooth`:
    One-Euro smoothing of what is followed. `masks`: the outline of every body, which costs a network more.

    `objects`: boxes and classes too. `object_score`: least score of an object, None = the usual one; `class_scores`:
    another one for some classes, by name. `classes`: the names of those that are wanted, None = all. `detector`: the
    key of the network that finds them, of the catalogue or one that was added. `input_size`: height and width of its
    input in pixels, None = what this machine does in time.
    """

    faces: bool = True
    bodies: bool = True
    face_score: float | None = None
    body_score: float | None = None
    max_faces: int = 4
    max_bodies: int = 4
    smooth: bool = True
    masks: bool = False
    objects: bool = True
    object_score: float | None = None
    classes: frozenset[str] | None = None
    class_scores: Mapping[str, float] = field(default_factory=dict)
    detector: str = DEFAULT
    input_size: int | None = None

    def networks(self) -> tuple[str, ...]:
        """The networks that are needed: keys of the catalogue, and of a detector that was added."""
        bodies = MASK_KEYS if self.masks else BODY_KEYS
        found = (FACE_KEYS if self.faces else ()) + (bodies if self.bodies else ())
        return (*found, self.detector) if self.objects else found

    def sparing(self, *, faces: bool, labels: frozenset[str]) -> AnalyzerOptions:
        """The same where no threshold or limit leaves out what is to be hidden: faces, and objects of these classes."""
        scores = dict(self.class_scores)
        for label in labels:
            if (score := scores.get(label, self.object_score)) is not None:
                scores[label] = min(score, SCORE)
        if not faces:
            return replace(self, class_scores=scores)
        least = None if self.face_score is None else min(self.face_score, FaceKind.landmark_threshold)
        return replace(self, class_scores=scores, face_score=least, max_faces=max(self.max_faces, ALL_FACES))

    def kinds(self) -> dict[str, str]:
        """Which network finds which kind, for headers of data: kind -> key."""
        found = {"faces": FACE_KEYS[-1]} if self.faces else {}
        found |= {"bodies": BODY_KEYS[-1]} if self.bodies else {}
        return found | ({"objects": self.detector} if self.detector in self.networks() else {})


class Analyzer:
    """Finds objects, faces and bodies. Used by one thread at a time.

    `engines`: by network key, at least those of `options.networks()`. `options` may be replaced between two calls;
    when the new ones need networks that are not there, `more` is asked for them (by key), which may take seconds.
    `detectors`: asked for the detector of objects by key and size of its input (None: the usual one); without it
    detectors are made of engines, and keep their sizes.
    """

    def __init__(
        self,
        engines: Mapping[str, Engine],
        options: AnalyzerOptions | None = None,
        *,
        more: Callable[[str], Engine] | None = None,
        detectors: Callable[[str, int | None], ObjectDetector] | None = None,
    ) -> None:
        self._engines = dict(engines)
        self._more = more
        self._detectors = detectors
        self._faces: Followers | None = None
        self._bodies: Followers | None = None
        self._objects: ObjectWatch | None = None
        self._detector: tuple[str, int | None] | None = None
        self.options = AnalyzerOptions() if options is None else options

    @property
    def options(self) -> AnalyzerOptions:
        """What is being looked for."""
        return self._options

    @options.setter
    def options(self, options: AnalyzerOptions) -> None:
        keys = options.networks()
        for key in keys:
            if key != options.detector:
                self._engine(key)
        if options.detector in keys:
            self._watch(options)
        self._options = options
        self._looked_for = self._kinds_and_classes(options)
        if options.faces:
            if self._faces is None:
                self._faces = Followers(FaceKind(*(self._engines[key] for key in FACE_KEYS)))
            self._faces.most, self._faces.threshold = options.max_faces, options.face_score
            self._faces.smooth = options.smooth
        if options.bodies:
            detector, landmarks = (self._engines[key] for key in (MASK_KEYS if options.masks else BODY_KEYS))
            if self._bodies is None:
                self._bodies = Followers(BodyKind(detector, landmarks))
            self._bodies.kind.landmarks = landmarks
            self._bodies.most, self._bodies.threshold = options.max_bodies, options.body_score
            self._bodies.smooth = options.smooth

    def _kinds_and_classes(self, options: AnalyzerOptions) -> frozenset[str]:
        kinds = {name for name in ("faces", "bodies") if getattr(options, name)}
        if options.objects and self._objects is not None:
            kinds |= {"objects", *(name for name in self.labels if options.classes is None or name in options.classes)}
        return frozenset(kinds)

    def _engine(self, key: str) -> Engine:
        if key not in self._engines:
            if self._more is None:
                raise KeyError(f"no engine for the network {key}")
            self._engines[key] = self._more(key)
        return self._engines[key]

    def _watch(self, options: AnalyzerOptions) -> None:
        """Have the detector that the options name, and tell what is wanted of it."""
        wanted = options.detector, options.input_size
        if self._objects is None or wanted != self._detector:
            detector = self._detectors(*wanted) if self._detectors else EngineDetector(self._engine(options.detector))
            if self._objects is None:
                self._objects = ObjectWatch(detector)
            self._objects.detector, self._detector = detector, wanted
        self._objects.want(options.object_score, options.class_scores, options.classes)

    @property
    def _running(self) -> list[Engine | ObjectDetector]:
        seeing = [] if self._objects is None else [self._objects.detector]
        return [*self._engines.values(), *seeing]

    @property
    def input_size(self) -> tuple[int, int] | None:
        """(height, width) of the picture that the detector of objects looks at; None where there is none."""
        return None if self._objects is None else self._objects.detector.size

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the classes that the detector of objects tells apart; none where there is none."""
        return () if self._objects is None else self._objects.detector.labels

    @property
    def device(self) -> str:
        """Where the networks run, such as "cpu"; several joined by a comma."""
        return ", ".join(dict.fromkeys(one.device for one in self._running))

    @property
    def precision(self) -> str:
        """The numbers that the networks calculate with, such as "f32"; several joined by a comma."""
        return ", ".join(dict.fromkeys(one.precision for one in self._running))

    @property
    def note(self) -> str:
        """Why another device than the wanted one is used, or ""."""
        return " ".join(dict.fromkeys(one.note for one in self._running if one.note))

    def begin(self) -> None:
        """The next frame is the first of another session: nobody is followed, and tracks are counted from 1 again."""
        for followed in (self._faces, self._bodies, self._objects):
            if followed is not None:
                followed.begin()

    def reset(self) -> None:
        """Forget who is followed: the next frame belongs to another picture. Numbers of tracks are not used again."""
        for followed in (self._faces, self._bodies, self._objects):
            if followed is not None:
                followed.reset()

    def analyze(self, pixels: Pixels, time_ns: int) -> Scene:
        """What the next frame of a moving picture shows. `pixels`: (height, width, 3) BGR uint8; `time_ns`: when."""
        time, options = time_ns / 1e9, self._options
        objects: tuple[Detection, ...] = ()
        faces: tuple[Face, ...] = ()
        bodies: tuple[Body, ...] = ()
        people: Floats | None = None
        if options.objects and self._objects is not None:
            seen_objects = self._objects.advance(pixels, time)
            objects, people = self._objects.wanted(seen_objects), self._objects.people(seen_objects)
        if options.faces and self._faces is not None:
            faces = tuple(
                Face(boxes.around(seen.points), seen.found.score, seen.points, seen.track)
                for seen in self._faces.advance(pixels, time)
            )
        if options.bodies and self._bodies is not None:
            seen_bodies = self._bodies.advance(pixels, time, people)
            bodies = tuple(_body(seen.found, seen.points, seen.world, pixels.shape, seen.track) for seen in seen_bodies)
        return Scene(objects, faces, bodies, self._looked_for)

    def look(self, pixels: Pixels) -> Scene:
        """Everything in one still picture, refined, small things too, best score first; no tracks, nothing smoothed."""
        options = self._options
        objects: tuple[Detection, ...] = ()
        face_finds: list[Found] = []
        body_finds: list[Found] = []
        people: Floats | None = None
        if options.objects and self._objects is not None:
            seen_objects = self._objects.look(pixels)
            objects, people = self._objects.wanted(seen_objects), self._objects.people(seen_objects)
        if options.faces and self._faces is not None:
            face_finds = stills.find(self._faces.kind, pixels, options.face_score)
        if options.bodies and self._bodies is not None:
            body_finds = stills.find(self._bodies.kind, pixels, options.body_score, people)
        return Scene(
            objects,
            faces=tuple(Face(boxes.around(one.points), one.score, one.points) for one in face_finds),
            bodies=tuple(_body(one, one.points, one.world, pixels.shape) for one in body_finds),
            looked_for=self._looked_for,
        )


def _body(found: Found, points: Floats, world: Floats, shape: tuple[int, ...], track: int = 0) -> Body:
    visible = points[points[:, 3] >= VISIBLE]
    box = boxes.around(visible if len(visible) > 1 else points)
    return Body(box, found.score, points, world, track, _mask(found, shape))


def _mask(found: Found, shape: tuple[int, ...]) -> NDArray[np.uint8] | None:
    """The person in the whole frame, (height, width) uint8, 255 = person, from the logits of its region."""
    if found.mask is None:
        return None
    size = BodyKind.landmark_size
    person = (decoding.sigmoid(found.mask.reshape(size[1], size[0])) * 255).astype(np.uint8)
    way = regions.matrix(found.region, size)
    return np.asarray(cv2.warpAffine(person, way, (shape[1], shape[0]), flags=cv2.INTER_LINEAR), np.uint8)


def load_analyzer(
    options: AnalyzerOptions | None = None,
    *,
    device: str = "auto",
    cache: Path,
    threads: int,
    added: Path | None = None,
    precision: Precision | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> Analyzer:
    """An analyzer with the engines that `options` need; others are loaded when the options change to need them.

    `device`: "auto", "cpu", "cuda" or "mps". `cache`: the folder of forms. `added`: the folder of networks that the
    user added. `precision`: see `engine.load_engines`. `progress`: what is being done and how far, 0..1, never falling.
    Raises NetworkError.
    """
    from models.engine import load_engine, load_engines

    chosen = AnalyzerOptions() if options is None else options

    def load(key: str) -> Engine:
        return load_engine(key, device=device, cache=cache, threads=threads, precision=precision)

    def detectors(key: str, size: int | None) -> ObjectDetector:
        return load_detector(
            key,
            size=size,
            device=device,
            cache=cache,
            threads=threads,
            added=added,
            precision=precision,
            engine=engines.pop(key, None),
        )

    engines = load_engines(
        [key for key in chosen.networks() if key in NETWORKS],
        device=device,
        cache=cache,
        threads=threads,
        precision=precision,
        progress=progress,
        sizes={chosen.detector: wanted_size(chosen.input_size)},
    )
    return Analyzer(
        {key: engine for key, engine in engines.items() if key != chosen.detector},
        chosen,
        more=load,
        detectors=detectors,
    )
