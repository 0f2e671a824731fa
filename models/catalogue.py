"""The networks that there are, as data: what goes in, what comes out, where the weights lie. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from models.classes import COCO
from models.errors import NetworkError

Precision = Literal["f32", "bf16", "int8"]

Level = float | tuple[float, float, float]
"""One number for all channels, or one each for red, green and blue."""


@dataclass(frozen=True, slots=True)
class Network:
    """One network.

    `key`: its name in commands and caches. `title`: its name for people. `kind`: a detector looks at a whole picture, a
    landmark network at one region. `input`: (height, width) in pixels. `low`, `high`: what 0 and 255 of an RGB picture
    become. `outputs`: the names of what it gives, all computed unless fewer are chosen; shapes and units stand in the
    docstring of what `builder` ("module:name") names, which makes the module that gives chosen outputs. `weights`: its
    file in resources/weights. `precisions`: those it may use, f32 among them: where accuracy on data changes by less
    than 1 % and what is seen in a still picture does not begin to move (docs/precision.md has the figures). `licence`:
    of the weights (SPDX). `multiple`: 0 where only `input` will do; else height and width may be any multiples of it,
    and `input` is the usual size. `labels`: the names of the classes of a detector of objects, by place.
    """

    key: str
    title: str
    kind: Literal["detector", "landmarks"]
    input: tuple[int, int]
    low: Level
    high: Level
    outputs: tuple[str, ...]
    builder: str
    weights: str
    precisions: tuple[Precision, ...] = ("f32",)
    licence: str = "Apache-2.0"
    multiple: int = 0
    labels: tuple[str, ...] = ()

    def at(self, size: tuple[int, int]) -> Network:
        """The same network for pictures of another (height, width): its `input` is that, all else as it was.

        Raises NetworkError where it does not take that size.
        """
        height, width = size
        if size == self.input:
            return self
        if not self.multiple:
            usual = f"{self.input[1]} x {self.input[0]}"
            raise NetworkError(f"{self.title} looks at pictures of {usual} pixels, not of {width} x {height}.")
        if min(size) < self.multiple or height % self.multiple or width % self.multiple:
            raise NetworkError(
                f"{self.title} looks at pictures whose width and height are multiples of {self.multiple} pixels, "
                f"not {width} x {height}."
            )
        return replace(self, input=size)


_ALL = (
    Network(
        key="face-detector-short",
        title="Face detector, short range (BlazeFace)",
        kind="detector",
        input=(128, 128),
        low=-1.0,
        high=1.0,
        outputs=("boxes", "scores"),
        builder="models.faces:FaceDetectorShort",
        weights="face_detector_short.safetensors",
    ),
    Network(
        key="face-detector-full",
        title="Face detector, full range (BlazeFace)",
        kind="detector",
        input=(192, 192),
        low=-1.0,
        high=1.0,
        outputs=("boxes", "scores"),
        builder="models.faces:FaceDetectorFull",
        weights="face_detector_full.safetensors",
        precisions=("f32", "bf16"),
    ),
    Network(
        key="face-mesh",
        title="Face mesh, 468 points",
        kind="landmarks",
        input=(192, 192),
        low=0.0,
        high=1.0,
        outputs=("points", "presence"),
        builder="models.faces:FaceMesh",
        weights="face_mesh.safetensors",
    ),
    Network(
        key="body-detector",
        title="Body detector (BlazePose)",
        kind="detector",
        input=(224, 224),
        low=-1.0,
        high=1.0,
        outputs=("boxes", "scores"),
        builder="models.poses:BodyDetector",
        weights="body_detector.safetensors",
    ),
    Network(
        key="body-landmarks",
        title="Body landmarks, full (BlazePose)",
        kind="landmarks",
        input=(256, 256),
        low=0.0,
        high=1.0,
        outputs=("points", "presence", "world", "heatmap"),
        builder="models.poses:BodyLandmarks",
        weights="body_landmarks.safetensors",
    ),
    # The same network with the person mask, used instead of the one above only while a mask is wanted.
    Network(
        key="body-mask",
        title="Body landmarks with the person mask (BlazePose)",
        kind="landmarks",
        input=(256, 256),
        low=0.0,
        high=1.0,
        outputs=("points", "presence", "world", "heatmap", "mask"),
        builder="models.poses:BodyLandmarks",
        weights="body_landmarks.safetensors",
    ),
    Network(
        key="onlooker-m",
        title="Objects, Onlooker-M",
        kind="detector",
        input=(416, 416),
        low=(-2.117904, -2.035714, -1.804444),
        high=(2.248908, 2.428571, 2.64),
        outputs=("scores", "sides"),
        builder="models.detector:onlooker_m",
        weights="onlooker_m.safetensors",
        precisions=("f32", "bf16", "int8"),
        multiple=32,
        labels=COCO,
    ),
)

DETECTOR = "onlooker-m"
"""The key of the detector of objects that is used where no other is named."""

NETWORKS: dict[str, Network] = {network.key: network for network in _ALL}
